"""Buffer as the sandbox plays it: one address for GraphQL, posts that take a moment to go out, and tokens that hold once."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.buffer_questions import Operation, Unreadable, chosen, read
from connectors.sandbox.faults import Fault, Trouble
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.organic import PostHistory
from connectors.sandbox.performance import World
from connectors.sandbox.places import Place, Shown, Walls, places_of
from connectors.sandbox.provider import Provider

CREDENTIALS = {
    "access_token": "sandbox-buffer-access-token",
    "refresh_token": "sandbox-buffer-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-buffer-client-secret",
}
VERSION = ""

_ORGANIZATION = "5f0e1d2c3b4a59687766554a"
_LASTS = 3600
_USUAL_PAGE = 20
_FIRST_POST = 1
_LOOKS_UNTIL_OUT = 2
_LONGEST = {"mastodon": 500, "facebook": 5_000}
_ASKED_FOR = {"channelId", "schedulingType", "mode"}
_MAY_BE_TOLD = _ASKED_FOR | {"text", "assets", "metadata", "dueAt", "tagIds", "saveToDraft", "aiAssisted"}
_NEEDED = {
    "account": "account:read",
    "channels": "posts:read",
    "channel": "posts:read",
    "posts": "posts:read",
    "post": "posts:read",
    "createPost": "posts:write",
}
_INTERFACES = {"InvalidInputError": "MutationError", "NotFoundError": "MutationError"}

Said = dict[str, Any]


class _Refused(Exception):
    def __init__(self, code: str, message: str, status: int = 200) -> None:
        self.answer = _refused(code, message, status)


class BufferStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._page_rows, self._clock = page_rows, world.clock
        self._places = {place.id: place for place in places_of(Channel.BUFFER)}
        self._walls = Walls(Channel.BUFFER, accepted)
        self._history = PostHistory(world.seed, world.clock)
        self._numbers = count(_FIRST_POST)
        self._looks: dict[str, int] = {}
        self._tokens = Tokens("Buffer", CREDENTIALS, lasts=_LASTS, rotating=True)
        self._work: dict[str, Callable[[Said], Any]] = {
            "account": self._account,
            "channels": self._channels,
            "channel": self._channel,
            "posts": self._posts,
            "post": self._post,
            "createPost": self._create,
        }

    def provider(self) -> Provider:
        return Provider(
            Channel.BUFFER,
            api=[Route("/", self._answer, methods=["POST"])],
            sign_in=self._tokens.routes(),
            refusal=_refusal,
        )

    async def _answer(self, request: Request) -> Response:
        try:
            asked = _body(await request.body())
            operation = _read(str(asked.get("query", "")))
            self._require(request, operation)
            told = self._work[operation.root](asked.get("variables") or {})
            answer = JSONResponse({"data": {operation.root: _chosen(told, operation)}})
        except _Refused as refused:
            answer = refused.answer
        answer.headers["ratelimit"] = '"100-in-15min";r=97;t=840, "250-in-1day";r=240;t=80000'
        answer.headers["ratelimit-policy"] = '"100-in-15min";q=100;w=900, "250-in-1day";q=250;w=86400'
        return answer

    def _require(self, request: Request, operation: Operation) -> None:
        """Whom nothing in particular was granted may everything, as a personal key may."""
        granted = self._tokens.scope_of(request.headers.get("authorization", "").removeprefix("Bearer "))
        if granted is None:
            raise _Refused("UNAUTHENTICATED", "An authentication JWT or Access Token is required", 401)
        if operation.root not in self._work or operation.is_mutation is not (operation.root == "createPost"):
            raise _Refused("GRAPHQL_VALIDATION_FAILED", f'Cannot query field "{operation.root}".')
        needed = {_NEEDED[operation.root]}
        if operation.selection.asks_for("metrics"):
            needed.add("insights:read")
        if granted and (missing := needed - set(granted.split())):
            raise _Refused("FORBIDDEN", f"The token lacks the scope {', '.join(sorted(missing))}")

    def _account(self, _: Said) -> Said:
        return {"id": "acc", "organizations": [{"id": _ORGANIZATION, "name": "Lindgrün"}]}

    def _channels(self, told: Said) -> list[Said]:
        _require_organization(_input(told))
        mine = [_channel(place) for place in self._places.values()]
        return [*mine, {**mine[0], "id": "64c0ffee00000000000000ff", "service": "startPage"}]

    def _channel(self, told: Said) -> Said:
        return _channel(self._place(_input(told).get("id")))

    def _place(self, number: Any) -> Place:
        if number not in self._places:
            raise _Refused("NOT_FOUND", "Channel not found")
        return self._places[number]

    def _posts(self, told: Said) -> Said:
        """Forward by the id of the last one that was told, which is the cursor."""
        wanted = _input(told)
        _require_organization(wanted)
        narrowed = wanted.get("filter") or {}
        nodes = [node for place in self._places.values() for node in self._nodes(place)]
        found = [node for node in nodes if _is_wanted(node, narrowed)]
        for by in reversed(wanted.get("sort") or [{"field": "dueAt", "direction": "desc"}]):
            found.sort(key=lambda node, by=by: str(node[by["field"]]), reverse=by["direction"] == "desc")
        after = told.get("after")
        start = next((n for n, node in enumerate(found, 1) if node["id"] == after), 0)
        some = found[start : start + min(int(told.get("first") or _USUAL_PAGE), self._page_rows)]
        has_next = start + len(some) < len(found)
        end = some[-1]["id"] if some else None
        page = {"startCursor": None, "endCursor": end, "hasNextPage": has_next, "hasPreviousPage": False}
        return {"edges": [{"node": node, "cursor": node["id"]} for node in some], "pageInfo": page}

    def _post(self, told: Said) -> Said:
        number = _input(told).get("id")
        if number in self._looks:
            self._looks[number] += 1
        for place in self._places.values():
            for node in self._nodes(place):
                if node["id"] == number:
                    return node
        raise _Refused("NOT_FOUND", "Post not found")

    def _create(self, told: Said) -> Said:
        wanted = _input(told)
        if unknown := set(wanted) - _MAY_BE_TOLD or _ASKED_FOR - set(wanted):
            raise _Refused("BAD_USER_INPUT", f'Variable "$input" got an invalid value: {sorted(unknown)}')
        place = self._places.get(wanted["channelId"])
        if place is None:
            return _not_taken("NotFoundError", "Channel not found")
        if why := _why_not(place, wanted):
            return _not_taken("InvalidInputError", why)
        image = next((url for each in wanted["assets"] for url in _urls(each)), "")
        shown = Shown(f"67{next(self._numbers):022x}", wanted["text"], "", image, self._clock())
        self._looks[shown.id] = 0
        self._walls.show(place.id, shown)
        return {"__typename": "PostActionSuccess", "post": self._node(place, shown)}

    def _nodes(self, place: Place) -> list[Said]:
        posts = [*self._history.of(place), *self._walls.of(place.id)]
        return [self._node(place, post) for post in posts]

    def _node(self, place: Place, post: Shown) -> Said:
        is_out = self._looks.get(post.id, _LOOKS_UNTIL_OUT) >= _LOOKS_UNTIL_OUT
        at = _moment(post.at)
        is_told = is_out and self._history.is_told_of(post)
        return {
            "__typename": "Post",
            "id": post.id,
            "status": "sent" if is_out else "sending",
            "via": "buffer" if post.id in self._looks else "network",
            "schedulingType": "automatic",
            "text": post.text,
            "createdAt": at,
            "updatedAt": at,
            "dueAt": at,
            "sentAt": at if is_out else None,
            "externalLink": f"https://{_service(place)}.example/@lindgruen/{post.id}" if is_out else None,
            "channelId": place.id,
            "channelService": _service(place),
            "error": None,
            "metrics": self._metrics(place, post) if is_told else None,
            "metricsUpdatedAt": _moment(self._clock()) if is_told else None,
        }

    def _metrics(self, place: Place, post: Shown) -> list[Said]:
        """Mastodon counts little; of Facebook's views Buffer has heard nothing, and says 0."""
        counters = self._history.counters(post)
        told = {"reactions": counters.reactions, "comments": counters.comments}
        if _service(place) == "mastodon":
            told["reposts"] = counters.shares
        else:
            told |= {"shares": counters.shares, "impressions": counters.views, "reach": counters.reach}
            told |= {"clicks": counters.clicks, "views": 0}
        rate = {"type": "engagementRate", "value": 2.5, "unit": "percentage"}
        return [
            *({"type": name, "value": float(value), "unit": "count"} for name, value in told.items()),
            rate,
        ]


def _service(place: Place) -> str:
    return place.name.rpartition(" ")[2].lower()


def _channel(place: Place) -> Said:
    return {
        "__typename": "Channel",
        "id": place.id,
        "name": "lindgruen",
        "displayName": place.name.partition(" ")[0],
        "service": _service(place),
        "serviceId": "1",
        "organizationId": _ORGANIZATION,
        "isDisconnected": False,
        "isLocked": False,
        "metadata": {"__typename": f"{_service(place).capitalize()}Metadata"},
    }


def _why_not(place: Place, wanted: Said) -> str:
    if (wanted["schedulingType"], wanted["mode"]) != ("automatic", "shareNow"):
        return "The sandbox shares now and by itself only"
    text = wanted.get("text") or ""
    if not text and not wanted.get("assets"):
        return "Text is required"
    if len(text.encode("utf-16-le")) // 2 > _LONGEST[_service(place)]:
        return "Post text is too long"
    if _service(place) == "facebook" and not (wanted.get("metadata") or {}).get("facebook", {}).get("type"):
        return "Facebook posts require a type (post, story, or reel)"
    return ""


def _urls(asset: Said) -> list[str]:
    return [str(file["url"]) for file in asset.values() if isinstance(file, dict) and "url" in file]


def _is_wanted(node: Said, narrowed: Said) -> bool:
    created = narrowed.get("createdAt") or {}
    return (
        node["channelId"] in (narrowed.get("channelIds") or [node["channelId"]])
        and node["status"] in (narrowed.get("status") or [node["status"]])
        and datetime.fromisoformat(created.get("start") or node["createdAt"])
        <= datetime.fromisoformat(node["createdAt"])
        <= datetime.fromisoformat(created.get("end") or node["createdAt"])
    )


def _require_organization(wanted: Said) -> None:
    if wanted.get("organizationId") != _ORGANIZATION:
        raise _Refused("FORBIDDEN", "Not authorized to see this organization")


def _input(told: Said) -> Said:
    wanted = told.get("input")
    if not isinstance(wanted, dict):
        raise _Refused("BAD_USER_INPUT", 'Variable "$input" of required type was not provided.')
    return wanted


def _not_taken(kind: str, message: str) -> Said:
    return {"__typename": kind, "message": message}


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def _chosen(told: Any, operation: Operation) -> Any:
    try:
        return chosen(told, operation.selection, _INTERFACES)
    except Unreadable as wrong:
        raise _Refused("GRAPHQL_VALIDATION_FAILED", str(wrong)) from wrong


def _read(text: str) -> Operation:
    try:
        return read(text)
    except Unreadable as wrong:
        raise _Refused("GRAPHQL_PARSE_FAILED", str(wrong)) from wrong


def _body(body: bytes) -> Said:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as wrong:
        raise _Refused("BAD_REQUEST", "POST body missing, or JSON object has no keys.") from wrong


def _refusal(trouble: Trouble) -> Response:
    match trouble.fault:
        case Fault.EXPIRED_TOKEN:
            return _refused("UNAUTHENTICATED", "An authentication JWT or Access Token is required", 401)
        case Fault.RATE_LIMITED:
            message = "Too many requests from this client. Please try again later."
            limited = _refused("RATE_LIMIT_EXCEEDED", message, 429, window="15m")
            if trouble.hint_seconds is not None:
                limited.headers["retry-after"] = str(trouble.hint_seconds)
            return limited
        case Fault.TOO_MUCH_DATA:
            message = "Query exceeds maximum allowed complexity. Please simplify your query."
            return JSONResponse({"data": None, "errors": [{"message": message}]})
        case _:
            return _refused("UNEXPECTED", f"Something went wrong ({secrets.token_hex(4)})", 200)


def _refused(code: str, message: str, status: int, **more: str) -> Response:
    trouble = {"message": message, "extensions": {"code": code, **more}}
    return JSONResponse({"data": None, "errors": [trouble]}, status_code=status)
