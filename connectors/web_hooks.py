"""Web hooks that we send: signed as Standard Webhooks are, never redirected, and never sent again unseen."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from connectors.answers import Answer, retry_after
from connectors.errors import Duplicate, Forbidden, Invalid, RateLimited, Transient, UnknownOutcome
from connectors.face import utc_now
from connectors.writes import once

_PREFIX = "whsec_"
_LONGEST_ANSWER = 2000
# However slowly it drips, an answer is over by then.
_LONGEST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class WebHook:
    """Where to post; the address may hold a secret itself, so that it is never shown whole."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def name(self) -> str:
        """Tells one address from another without giving it away."""
        return f"{self.host} #{hashlib.sha256(self.url.encode()).hexdigest()[:12]}"


def post(
    http: httpx.Client,
    hook: WebHook,
    body: bytes,
    key: str,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> str:
    """Posts JSON once under a key by which the receiver knows a copy, and gives the answer's beginning."""
    headers = _headers(hook, body, key, int(clock().timestamp()))
    answer = once(http, "POST", hook.url, where=hook.host, heard=_beginning, content=body, headers=headers)
    said = _printable(answer.body)
    _judge(answer, said, hook.host)
    return f"{answer.status} {said}".strip()


def signature(secret: str, key: str, at: int, body: bytes) -> str:
    """By the Standard Webhooks specification: HMAC-SHA256 over id, time and body."""
    signed = f"{key}.{at}.".encode() + body
    digest = hmac.digest(base64.b64decode(secret.removeprefix(_PREFIX)), signed, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def _headers(hook: WebHook, body: bytes, key: str, at: int) -> dict[str, str]:
    headers = {"content-type": "application/json", "webhook-id": key, "webhook-timestamp": str(at)}
    # What is cut off in the middle can be read only as long as it was not compressed.
    headers |= {"idempotency-key": key, "accept-encoding": "identity"}
    if hook.secret:
        headers["webhook-signature"] = signature(hook.secret, key, at, body)
    return headers


def _beginning(response: httpx.Response) -> bytes:
    """The start of an answer; whoever answers for ever is not listened to for ever."""
    heard, began = bytearray(), time.monotonic()
    for piece in response.iter_raw():
        heard += piece
        if len(heard) >= _LONGEST_ANSWER or time.monotonic() - began > _LONGEST_SECONDS:
            break
    return bytes(heard[:200])


def _printable(answer: bytes) -> str:
    """Whoever answers is not trusted with the page on which it is shown."""
    said = answer.decode(errors="replace")
    return "".join(letter if letter.isprintable() else " " for letter in said).strip()


def _judge(answer: Answer, said: str, where: str) -> None:
    """What an answer that is no yes means; a gateway's trouble says nothing of who stands behind it."""
    status, code = answer.status, str(answer.status)
    match status:
        case _ if answer.is_success:
            return
        case 409:
            raise Duplicate(what=said or "is there already", where=where, code=code)
        case 429:
            raise RateLimited(
                what=said or "too many", where=where, code=code, retry_after=retry_after(answer.headers)
            )
        case 503:
            raise Transient(what=said or "is not available now", where=where, code=code)
        case 401 | 403:
            raise Forbidden(what=said or "refused", where=where, code=code)
        case _ if status >= 500 or status == 408:
            raise UnknownOutcome(what=said or "broke down over it", where=where, code=code)
        case _ if 300 <= status < 400:
            raise Invalid(what="leads elsewhere, and redirects are not followed", where=where, code=code)
        case _:
            raise Invalid(what=said or "refused", where=where, code=code)
