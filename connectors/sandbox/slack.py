"""Slack's Web API as the sandbox plays it: a workspace with rooms, read as its people would read it."""

import base64
import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.places import Shown, Walls, places_of
from connectors.sandbox.provider import Provider

CREDENTIALS = {
    "access_token": "sandbox-slack-bot-token",
    "refresh_token": "sandbox-slack-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-slack-client-secret",
}
SIGNING_SECRET = "sandbox-slack-signing-secret"  # noqa: S105 - of the sandbox, where nothing is secret
VERSION = ""
LONGEST_TEXT = 40_000

_HOME = "https://lindgruen.slack.com/"
_TEAM = {"id": "T0123LINDG", "name": "Lindgrün"}
_BOT = {"user_id": "U0123ABOTU", "bot_id": "B0123ABOTB"}
_HOURS_A_TOKEN_LASTS = 12
# Rooms that nobody writes into any more; they fill pages of which nothing is left when they are left out.
_ARCHIVED = tuple({"id": f"C0{number:03}OLDIE", "name": f"archived-{number}"} for number in range(6))
# By what RFC 6749 calls them.
_SIGN_IN_ERRORS = {
    "invalid_client": "bad_client_secret",
    "invalid_grant": "invalid_code",
    "unsupported_grant_type": "invalid_grant_type",
}
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_BOLD = re.compile(r"\*(\S[^*]*)\*")
_WEB_ADDRESS = re.compile(r"https?://[^\s<>]+")

Said = dict[str, Any]


class _Message(msgspec.Struct):
    channel: str
    text: str = ""
    mrkdwn: bool = True


class _Refused(Exception):
    """Good news by its status, bad news by its body."""

    def __init__(self, error: str) -> None:
        self.answer = _refused(error)


class SlackStandIn:
    """One workspace whose app rotates its tokens."""

    def __init__(self, page_rows: int, accepted: Accepted, clock: Callable[[], datetime]) -> None:
        self._page_rows, self._clock = page_rows, clock
        self._walls = Walls(Channel.SLACK, accepted)
        self._rooms = {place.id: place for place in places_of(Channel.SLACK)}
        self._numbers = count(100)
        self._tokens = Tokens("Slack", CREDENTIALS, lasts=_HOURS_A_TOKEN_LASTS * 3600, rotating=True)
        self._ask, self._consent, self._exchange = self._tokens.routes()

    def provider(self) -> Provider:
        return Provider(
            Channel.SLACK,
            api=[
                self._method("auth.test", self._who),
                self._method("users.conversations", self._conversations),
                self._method("conversations.history", self._history),
                self._method("chat.postMessage", self._post),
            ],
            sign_in=[self._ask, self._consent, Route("/token", self._token, methods=["POST"])],
            refusal=_refusal,
        )

    def _method(self, name: str, answer: Callable[[Mapping[str, Any]], Said]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                if not self._tokens.holds(request):
                    raise _Refused("invalid_auth")
                return JSONResponse({"ok": True, **answer(await _arguments(request)), **_warned(request)})
            except _Refused as refused:
                return refused.answer

        return Route(f"/{name}", endpoint, methods=["GET", "POST"])

    async def _token(self, request: Request) -> Response:
        """What RFC 6749 says, in Slack's words."""
        said = msgspec.json.decode((await self._exchange.endpoint(request)).body)
        if "error" in said:
            return _refused(_SIGN_IN_ERRORS[said["error"]])
        told = {"token_type": "bot", "bot_user_id": _BOT["user_id"], "app_id": "A0123LINDG", "team": _TEAM}
        return JSONResponse({"ok": True, **said, **told, "authed_user": {"id": "U0123HUMAN"}})

    def _who(self, _: Mapping[str, Any]) -> Said:
        return {"url": _HOME, "team": _TEAM["name"], "user": "launch bot", "team_id": _TEAM["id"], **_BOT}

    def _conversations(self, asked: Mapping[str, Any]) -> Said:
        """What is left out is left out of a page after it was cut, so that a page may be empty and not the last."""
        kinds = str(asked.get("types", "public_channel")).split(",")
        rooms: list[Said] = [{**room, "is_archived": True} for room in _ARCHIVED]
        for place in self._rooms.values():
            is_private = place.id.startswith("G")
            if ("private_channel" if is_private else "public_channel") in kinds:
                rooms.append({"id": place.id, "name": place.name, "is_private": is_private})
        page, following = self._page(rooms, asked)
        if asked.get("exclude_archived") == "true":
            page = [room for room in page if not room.get("is_archived")]
        return {"channels": page, "response_metadata": {"next_cursor": following}}

    def _history(self, asked: Mapping[str, Any]) -> Said:
        """Newest first, as Slack keeps it."""
        room = self._room(asked)
        since = float(asked.get("oldest", 0))
        newest = [_kept(shown) for shown in reversed(self._walls.of(room)) if float(shown.id) >= since]
        page, following = self._page(newest, asked)
        more = {"has_more": bool(following), "response_metadata": {"next_cursor": following}}
        return {"messages": page, **more}

    def _post(self, asked: Mapping[str, Any]) -> Said:
        try:
            message = msgspec.convert(dict(asked), _Message)
        except msgspec.ValidationError:
            raise _Refused("invalid_arguments") from None
        room = self._room(asked)
        if not message.text.strip():
            raise _Refused("no_text")
        if len(message.text) > LONGEST_TEXT:
            raise _Refused("msg_too_long")
        now = self._clock()
        moment = f"{int(now.timestamp())}.{next(self._numbers):06}"
        shown = Shown(moment, _as_read(message), link="", image="", at=now)
        self._walls.show(room, shown)
        return {"channel": room, "ts": moment, "message": _kept(shown)}

    def _room(self, asked: Mapping[str, Any]) -> str:
        room = str(asked.get("channel", ""))
        if room in {each["id"] for each in _ARCHIVED}:
            raise _Refused("is_archived")
        if room not in self._rooms:
            raise _Refused("channel_not_found")
        return room

    def _page(self, rows: list[Said], asked: Mapping[str, Any]) -> tuple[list[Said], str]:
        start = _offset(str(asked.get("cursor", "")))
        end = start + min(int(asked.get("limit", 100)), self._page_rows)
        return rows[start:end], _cursor(end) if end < len(rows) else ""


def signed(body: bytes, at: int) -> dict[str, str]:
    """The headers under which Slack calls an app about a button, a command or an event."""
    digest = hmac.digest(SIGNING_SECRET.encode(), f"v0:{at}:".encode() + body, "sha256").hex()
    return {"x-slack-request-timestamp": str(at), "x-slack-signature": f"v0={digest}"}


async def _arguments(request: Request) -> Mapping[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return request.query_params
    try:
        return msgspec.json.decode(await request.body(), type=dict[str, Any])
    except msgspec.DecodeError:
        raise _Refused("invalid_json") from None


def _warned(request: Request) -> Said:
    """Slack warns of what it takes all the same."""
    if "charset" in request.headers.get("content-type", "charset"):
        return {}
    return {"warning": "missing_charset", "response_metadata": {"warnings": ["missing_charset"]}}


def _as_read(message: _Message) -> str:
    """As people see it: what stands in angle brackets has become a mention or a link, and stars are gone."""
    text = _IN_BRACKETS.sub(r"[called: \1]", message.text)
    text = _BOLD.sub(r"\1", text) if message.mrkdwn else text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _kept(shown: Shown) -> Said:
    """As Slack keeps it: addresses found, and emoji by their names."""
    text = shown.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = "".join(map(_named, _WEB_ADDRESS.sub(lambda found: f"<{found[0]}>", text)))
    return {
        "type": "message",
        "text": text,
        "ts": shown.id,
        "user": _BOT["user_id"],
        "bot_id": _BOT["bot_id"],
    }


def _named(letter: str) -> str:
    if unicodedata.category(letter) != "So":
        return letter
    return f":{unicodedata.name(letter, 'unnamed').lower().replace(' ', '_')}:"


def _cursor(offset: int) -> str:
    return base64.b64encode(f"after:{offset}".encode()).decode()


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("after:"))
    except ValueError:
        raise _Refused("invalid_cursor") from None


def _refused(error: str, status: int = 200) -> Response:
    return JSONResponse({"ok": False, "error": error}, status_code=status)


def _refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.RATE_LIMITED:
            limited = _refused("ratelimited", 429)
            limited.headers["retry-after"] = str(trouble.hint_seconds or 1)
            return limited
        case Fault.EXPIRED_TOKEN:
            return _refused("token_expired")
        case Fault.TOO_MUCH_DATA:
            return _refused("msg_too_long")
        case _:
            return _refused("internal_error")
