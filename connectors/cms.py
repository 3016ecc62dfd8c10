"""A content management system of anybody's: told by web hooks, signed as Standard Webhooks are."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from connectors import web_hooks
from connectors.answers import credentials_as
from connectors.errors import Invalid
from connectors.face import Ask, Capability, Channel, Consent, Endpoint, Wire
from connectors.web_hooks import WebHook

WHERE = "Content management system"
SHORTEST_KEY = 24

_PRINTED = re.compile(r"[\x21-\x7e]{1,2000}")
# A full stop in the id would let its signature be read as that of another id and another body.
_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,255}")
# Names without a dot, and this very machine: in production the network's guard lets nobody go there.
_INSIDE = re.compile(r"[a-z][a-z0-9-]*|127(?:\.[0-9]{1,3}){3}|::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsCredentials:
    """The address may hold a secret itself."""

    address: str = field(repr=False)
    secret: str = field(repr=False)


class Cms:
    """One receiver of web hooks; nothing can be asked of it, so that its first hook is what tests it."""

    channel: ClassVar[Channel] = Channel.CMS
    title: ClassVar[str] = "Content management system"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEBHOOKS})
    endpoint: ClassVar[Endpoint] = Endpoint()
    consent: ClassVar[Consent | None] = None
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask(
            "address",
            "Address of its web hook",
            "https://…, where it takes what is published.",
            is_secret=False,
        ),
        Ask(
            "secret",
            "Signing secret",
            "whsec_ and 24 bytes or more in base64; the receiver keeps the same one.",
        ),
    )

    def __init__(self, credentials: CmsCredentials, wire: Wire) -> None:
        self._hook = WebHook(credentials.address, credentials.secret)
        self._wire = wire

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        known = credentials_as(CmsCredentials, credentials, where=WHERE)
        _require_address(known.address)
        _require_secret(known.secret)
        return cls(known, wire)

    def deliver(self, event_body: bytes, message_id: str) -> str:
        if not _ID.fullmatch(message_id):
            raise Invalid(
                what="is not of letters, digits and signs without a full stop",
                where=WHERE,
                field="message_id",
            )
        return web_hooks.post(self._wire.http, self._hook, event_body, message_id, clock=self._wire.clock)


def _require_address(address: str) -> None:
    """Without encryption nobody outside is told anything."""
    try:
        given = urlsplit(address) if _PRINTED.fullmatch(address) else None
        host = given and given.port != 0 and given.hostname
    except ValueError:
        given, host = None, None
    if not given or not host or given.username is not None or given.fragment:
        raise Invalid(
            what="must be an address like https://cms.example.com/hooks", where=WHERE, field="address"
        )
    if given.scheme != "https" and not (given.scheme == "http" and _INSIDE.fullmatch(host)):
        raise Invalid(what="must start with https://", where=WHERE, field="address")


def _require_secret(secret: str) -> None:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < SHORTEST_KEY:
        what = f"must be whsec_ followed by {SHORTEST_KEY} bytes or more in base64 (openssl rand -base64 32)"
        raise Invalid(what=what, where=WHERE, field="secret")
