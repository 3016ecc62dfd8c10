"""A content management system as the sandbox plays it: it takes what is signed, and what it has taken it takes once."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.provider import Provider

PATH = "/hooks"
CREDENTIALS = {
    "address": f"http://127.0.0.1:8790/cms{PATH}",
    "secret": "whsec_c2FuZGJveC1jbXMtc2lnbmluZy1zZWNyZXQtMDAwMA==",
}
VERSION = ""
TOLERANCE = 300


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a hook became."""

    body: bytes
    answer: dict[str, str]


class CmsStandIn:
    """By the id of its hook, each entry."""

    def __init__(self, accepted: Accepted, clock: Callable[[], datetime]) -> None:
        self._accepted, self._clock = accepted, clock
        self._entries: dict[str, _Entry] = {}

    def provider(self) -> Provider:
        hooks = Route(PATH, self._take, methods=["POST"])
        return Provider(Channel.CMS, api=[hooks], sign_in=[], refusal=_refusal)

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        if not self._is_signed(request, body):
            return _refused(401, "the signature does not match, or is older than five minutes")
        try:
            event = msgspec.json.decode(body)
        except msgspec.DecodeError as wrong:
            return _refused(400, str(wrong))
        key = request.headers["webhook-id"]
        if key not in self._entries:
            self._entries[key] = self._published(key, body, event)
        elif self._entries[key].body != body:
            return _refused(409, "another event came under this id")
        return JSONResponse(self._entries[key].answer)

    def _is_signed(self, request: Request, body: bytes) -> bool:
        key, at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not at.isdecimal() or abs(self._clock().timestamp() - int(at)) > TOLERANCE:
            return False
        secret = base64.b64decode(CREDENTIALS["secret"].removeprefix("whsec_"))
        made = hmac.new(secret, b"%b.%b.%b" % (key.encode(), at.encode(), body), hashlib.sha256).digest()
        expected = f"v1,{base64.b64encode(made).decode()}"
        given = request.headers.get("webhook-signature", "").split(" ")
        return any(hmac.compare_digest(expected.encode(), each.encode()) for each in given)

    def _published(self, key: str, body: bytes, event: Any) -> _Entry:
        number = len(self._entries) + 1
        self._accepted.note(Channel.CMS, "hook", id=key, body=event)
        answer = {
            "external_id": f"entry-{number}",
            "url": f"https://cms.example/entries/{number}",
            "status": "published",
        }
        return _Entry(body, answer)


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)


def _refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.RATE_LIMITED:
            limited = _refused(429, "too many at once")
            limited.headers["retry-after"] = str(trouble.hint_seconds or 1)
            return limited
        case Fault.EXPIRED_TOKEN:
            return _refused(401, "this secret holds no more")
        case Fault.TOO_MUCH_DATA:
            return _refused(413, "the event is too large")
        case _:
            return _refused(500, "internal server error")
