"""Calls to an address that somebody gave us: one JSON body, signed by Standard Webhooks, and no redirect followed."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from connectors import public_network
from connectors.errors import ChannelError, Forbidden, Transient
from connectors.public_network import PrivateAddress

USER_AGENT = "MarketingPipelines/0.1 (web hook)"
SHORTEST_KEY = 24
PREFIX = "whsec_"


class WebHook:
    """The address may be a secret in itself, so that no error repeats it."""

    def __init__(self, url: str, *, secret: str, allow_private: bool, timeout_seconds: float = 10.0) -> None:
        self._url, self._key = url, key_of(secret) if secret else b""
        self._client = public_network.client(
            allow_private=allow_private,
            user_agent=USER_AGENT,
            timeout=httpx.Timeout(timeout_seconds, connect=min(5.0, timeout_seconds)),
        )

    def close(self) -> None:
        self._client.close()

    def call(self, call_id: str, body: Mapping[str, Any]) -> None:
        """Returns when the other side has said that it has it; the same id says that it is the same call again."""
        written = msgspec.json.encode(body)
        headers = {"content-type": "application/json", **self._signature(call_id, written)}
        try:
            with self._client.stream("POST", self._url, content=written, headers=headers) as answer:
                status = answer.status_code
        except PrivateAddress:
            raise Forbidden(what="it leads to a private address", where="web hook") from None
        except httpx.TimeoutException:
            raise _trouble("it took too long to answer") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as broken:
            raise _trouble(f"it cannot be reached ({type(broken).__name__})") from None
        if 300 <= status <= 399:
            raise _trouble("it redirects, which is not followed", str(status))
        if not 200 <= status <= 299:
            raise _trouble("it refused the call", str(status))

    def _signature(self, call_id: str, body: bytes) -> dict[str, str]:
        if not self._key:
            return {"webhook-id": call_id}
        moment = str(int(time.time()))
        signed = b".".join((call_id.encode(), moment.encode(), body))
        digest = hmac.new(self._key, signed, hashlib.sha256).digest()
        return {
            "webhook-id": call_id,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }


def key_of(secret: str) -> bytes:
    """`whsec_` and the key in base64; a ValueError says what is wrong with it."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        raise ValueError(f"must be {PREFIX} followed by base64") from None
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"must be of at least {SHORTEST_KEY} bytes, written as base64")
    return key


def _trouble(what: str, code: str = "") -> ChannelError:
    return Transient(what=what, where="web hook", code=code)
