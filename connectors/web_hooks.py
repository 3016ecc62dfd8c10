"""Web hooks that we send: signed as Standard Webhooks are, never redirected, and never sent again unseen."""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from connectors.answers import retry_after
from connectors.errors import Duplicate, Forbidden, Invalid, RateLimited, Transient, UnknownOutcome
from connectors.face import utc_now
from connectors.public_network import NotAllowed

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


def post(http: httpx.Client, hook: WebHook, body: bytes, key: str) -> str:
    """Posts JSON once under a key by which the receiver knows a copy, and gives the answer."""
    try:
        with http.stream(
            "POST", hook.url, content=body, headers=_headers(hook, body, key), follow_redirects=False
        ) as response:
            said = _beginning(response)
            _judge(response, said, hook.host)
            return f"{response.status_code} {said}".strip()
    except NotAllowed as inside:
        raise Forbidden(what=str(inside), where=hook.host) from inside
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as away:
        # Nothing of the message has left.
        raise Transient(what=f"cannot be reached: {type(away).__name__}", where=hook.host) from away
    except httpx.TimeoutException as slow:
        raise UnknownOutcome(what="took too long to answer", where=hook.host) from slow
    except httpx.RequestError as broken:
        raise UnknownOutcome(what=f"no whole answer: {type(broken).__name__}", where=hook.host) from broken


def signature(secret: str, key: str, at: int, body: bytes) -> str:
    """By the Standard Webhooks specification: HMAC-SHA256 over id, time and body."""
    signed = f"{key}.{at}.".encode() + body
    digest = hmac.digest(base64.b64decode(secret.removeprefix(_PREFIX)), signed, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def _headers(hook: WebHook, body: bytes, key: str) -> dict[str, str]:
    at = int(utc_now().timestamp())
    headers = {"content-type": "application/json", "webhook-id": key, "webhook-timestamp": str(at)}
    headers["idempotency-key"] = key
    if hook.secret:
        headers["webhook-signature"] = signature(hook.secret, key, at, body)
    return headers


def _beginning(response: httpx.Response) -> str:
    """The start of an answer; whoever answers for ever is not listened to for ever."""
    heard, began = bytearray(), time.monotonic()
    for piece in response.iter_raw():
        heard += piece
        if len(heard) >= _LONGEST_ANSWER or time.monotonic() - began > _LONGEST_SECONDS:
            break
    return heard[:200].decode(errors="replace").strip()


def _judge(response: httpx.Response, said: str, where: str) -> None:
    """What an answer that is no yes means; a gateway's trouble says nothing of who stands behind it."""
    status, code = response.status_code, str(response.status_code)
    match status:
        case _ if response.is_success:
            return
        case 409:
            raise Duplicate(what=said or "is there already", where=where, code=code)
        case 429:
            raise RateLimited(
                what=said or "too many", where=where, code=code, retry_after=retry_after(response.headers)
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
