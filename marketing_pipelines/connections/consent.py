"""Consent: people are led to a provider, which asks them, and come back with a code that becomes credentials.

Nothing is kept meanwhile: the state says, under our seal, who asked for what, and the proof of the code (PKCE) is drawn from
its nonce with a key that never leaves the house.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from connectors import CONNECTORS
from connectors.access_tokens import SettlesGrants, issue
from connectors.face import Channel, Wire
from connectors.retries import Patience
from marketing_pipelines.connections.apps import App
from store.clock import now
from store.records.schema import ConnectionId, TenantId, UserId
from store.settings import Service, Settings

LASTS = timedelta(minutes=15)
CALLBACK = "/connections/callback"
LONGEST_STATE, LONGEST_CODE = 1_000, 4_000


class NotConsented(Exception):
    """Nothing was granted; the text says why and what to do."""


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked for what: a new connection, or one that is to be connected again."""

    tenant: int
    user: int
    channel: Channel
    connection: int | None = None
    until: int
    nonce: str


@dataclass(frozen=True, slots=True)
class Granted:
    """What somebody has granted."""

    channel: Channel
    connection: ConnectionId | None
    credentials: Mapping[str, Any] = field(repr=False)
    scopes: tuple[str, ...]


def address(
    settings: Settings, app: App, tenant: TenantId, user: UserId, again: ConnectionId | None = None
) -> str:
    """Where somebody is led who wants to connect the app's channel."""
    asking = Asking(
        tenant=tenant,
        user=user,
        channel=app.channel,
        connection=again,
        until=int((now() + LASTS).timestamp()),
        nonce=secrets.token_urlsafe(18),
    )
    asked = {
        "response_type": "code",
        app.consent.client_named: app.given["client_id"],
        "redirect_uri": _callback(settings),
        "scope": app.consent.between_scopes.join(app.consent.scopes),
        "state": _sealed(settings, asking),
        "code_challenge": _challenge(_verifier(settings, asking)),
        "code_challenge_method": "S256",
        **app.consent.asked_with,
    }
    return f"{app.endpoint.authorize_url}?{urlencode(asked)}"


def asked_by(settings: Settings, tenant: TenantId, user: UserId, state: str, at: datetime) -> Asking:
    """What a state says, to the person who set out with it; to anybody else it says nothing."""
    asking = _opened(settings, state)
    if asking is None or (asking.tenant, asking.user) != (tenant, user):
        raise NotConsented("This way back is not yours: start from Connections, in the tenant you are in.")
    if asking.until < at.timestamp():
        raise NotConsented("It took longer than a quarter of an hour: start from Connections again.")
    return asking


def granted(settings: Settings, app: App, asking: Asking, code: str, http: httpx.Client) -> Granted:
    """Exchanges the code, once; the provider's refusal is a ChannelError."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _callback(settings),
        "code_verifier": _verifier(settings, asking),
        app.consent.client_named: app.given["client_id"],
        "client_secret": app.given["client_secret"],
    }
    connector = CONNECTORS[app.channel]
    wire = Wire(http=http, endpoint=app.endpoint, patience=Patience(attempts=1))
    issued = issue(
        wire,
        app.endpoint.token_url,
        form,
        where=f"{connector.title} sign-in",
        with_basic_auth=app.consent.with_basic_auth,
    )
    if isinstance(connector, SettlesGrants):
        issued = connector.settled(issued, app.given, wire)
    number = None if asking.connection is None else ConnectionId(asking.connection)
    credentials = issued.beside(app.given, now().timestamp())
    return Granted(app.channel, number, credentials, _scopes(app, issued.scope))


def _scopes(app: App, said: str) -> tuple[str, ...]:
    """A provider that does not say what was granted has granted what was asked for (RFC 6749, section 5.1)."""
    return tuple(said.replace(",", " ").split()) or app.consent.scopes


def _callback(settings: Settings) -> str:
    return f"{settings.address(Service.CONSOLE)}{CALLBACK}"


def _sealed(settings: Settings, asking: Asking) -> str:
    said = msgspec.json.encode(asking)
    return f"{_text(said)}.{_text(_seal(settings, said))}"


def _opened(settings: Settings, state: str) -> Asking | None:
    said, _, seal = state[:LONGEST_STATE].partition(".")
    try:
        body = _bytes(said)
        is_ours = hmac.compare_digest(_bytes(seal), _seal(settings, body))
        return msgspec.json.decode(body, type=Asking) if is_ours else None
    except (binascii.Error, ValueError):
        return None


def _seal(settings: Settings, said: bytes) -> bytes:
    return hmac.digest(settings.derived("oauth-state"), said, "sha256")


def _verifier(settings: Settings, asking: Asking) -> str:
    return _text(hmac.digest(settings.derived("oauth-proof"), asking.nonce.encode(), "sha256"))


def _challenge(verifier: str) -> str:
    return _text(hashlib.sha256(verifier.encode()).digest())


def _text(some: bytes) -> str:
    return base64.urlsafe_b64encode(some).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
