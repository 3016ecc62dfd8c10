"""X's posts as the sandbox plays them: one account, which posts at a price, and whose readers see links of X's own."""

import hashlib
import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.organic import PostHistory
from connectors.sandbox.performance import World
from connectors.sandbox.places import Shown, Walls, places_of
from connectors.sandbox.x_answers import Refused, Said, problem
from connectors.sandbox.x_media import Media
from connectors.x_length import LONGEST, links_in, weighted

_FIRST_POST = 1_900_000_000_000_000_001
_REMEMBERED = timedelta(hours=12)
_USUAL_PAGE = 10

_MOST_PICTURES = 4


class _Shows(msgspec.Struct):
    media_ids: list[str]


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    media: _Shows | None = None


Answering = Callable[[Request], Said | Response]


class Posts:
    def __init__(self, page_rows: int, accepted: Accepted, world: World, tokens: Tokens) -> None:
        self._page_rows, self._clock, self._tokens = page_rows, world.clock, tokens
        [self._me] = places_of(Channel.X)
        self._walls = Walls(Channel.X, accepted)
        self._history = PostHistory(world.seed, world.clock)
        self._next = _FIRST_POST
        self._media = Media()

    def routes(self) -> list[Route]:
        return [
            self._route("/2/users/me", self._who, needs="users.read"),
            self._route("/2/users/{user}/tweets", self._timeline, needs="tweet.read"),
            Route("/2/tweets", self._publish, methods=["POST"]),
            *self._media.routes(lambda request: self._admit(request, "media.write")),
        ]

    def _route(self, path: str, answer: Answering, *, needs: str) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._admit(request, needs)
                return JSONResponse(answer(request))
            except Refused as refused:
                return refused.answer

        return Route(path, endpoint)

    def _admit(self, request: Request, needs: str) -> None:
        """Whom nothing in particular was granted may everything."""
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        granted = self._tokens.scope_of(bearer)
        if granted is None:
            raise Refused(problem(401, "Unauthorized", "Unauthorized"))
        if granted and needs not in granted.split():
            detail = f"The token lacks the scope {needs}."
            raise Refused(problem(403, "Forbidden", detail, "oauth2-permissions"))

    def _who(self, _: Request) -> Said:
        followed = {"followers_count": self._history.followers(self._me)}
        return {
            "data": {
                "id": self._me.id,
                "name": self._me.name,
                "username": "lindgruen",
                "public_metrics": followed,
            }
        }

    async def _publish(self, request: Request) -> Response:
        try:
            self._admit(request, "tweet.write")
            text, image = self._told(await request.body())
        except Refused as refused:
            return refused.answer
        if weighted(text) > LONGEST:
            return problem(403, "Forbidden", "Your Tweet text is too long.")
        now = self._clock()
        if any(shown.text == text and now - shown.at < _REMEMBERED for shown in self._walls.of(self._me.id)):
            detail = "You are not allowed to create a Tweet with duplicate content."
            return problem(403, "Forbidden", detail)
        number = str(self._next)
        self._next += 1
        self._walls.show(self._me.id, Shown(number, text, "", image, now))
        return JSONResponse({"data": {"id": number, "text": _as_told(text)[0]}}, status_code=201)

    def _told(self, body: bytes) -> tuple[str, str]:
        """The words, and the number of a picture that is ready."""
        try:
            said = msgspec.json.decode(body, type=_Told)
        except msgspec.DecodeError:
            raise _wrong("text", "") from None
        if not said.text.strip():
            raise _wrong("text", "")
        shown = said.media.media_ids if said.media else []
        if not all(map(self._media.is_ready, shown)) or len(shown) > _MOST_PICTURES:
            raise _wrong("media.media_ids", ",".join(shown))
        return said.text, ",".join(shown)

    def _timeline(self, request: Request) -> Said:
        """Newest first, none older than asked for; a moment that is still to come is refused."""
        asked = request.query_params
        if str(request.path_params["user"]) != self._me.id:
            return {"meta": {"result_count": 0}}
        start, size = asked.get("start_time", ""), asked.get("max_results", str(_USUAL_PAGE))
        try:
            since = datetime.fromisoformat(start) if start else datetime(2010, 11, 6, tzinfo=UTC)
        except ValueError:
            raise _wrong("start_time", start) from None
        if since.tzinfo is None or since > self._clock():
            raise _wrong("start_time", start)
        if not size.isdigit() or not 5 <= int(size) <= 100:
            raise _wrong("max_results", size)
        token = asked.get("pagination_token", "p0")
        if not re.fullmatch(r"p[0-9]{1,5}", token):
            raise _wrong("pagination_token", token)
        fields = asked.get("tweet.fields", "").split(",")
        posts = sorted(
            [*self._history.of(self._me), *self._walls.of(self._me.id)],
            key=lambda post: post.at,
            reverse=True,
        )
        young = [post for post in posts if post.at >= since]
        first = int(token[1:])
        some = young[first : first + min(int(size), self._page_rows)]
        if not some:
            return {"meta": {"result_count": 0}}
        last = first + len(some)
        following = {"next_token": f"p{last}"} if last < len(young) else {}
        meta = {"result_count": len(some), "newest_id": some[0].id, "oldest_id": some[-1].id, **following}
        return {"data": [self._as_post(post, fields) for post in some], "meta": meta}

    def _as_post(self, post: Shown, fields: list[str]) -> Said:
        text, urls = _as_told(post.text)
        if post.image:
            text = f"{text} https://t.co/picture"
            urls.append({"url": "https://t.co/picture", "expanded_url": "", "media_key": f"3_{post.image}"})
        counted = self._history.counters(post)
        quoted = counted.shares // 4
        more = {
            "created_at": f"{post.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z",
            "public_metrics": {
                "retweet_count": counted.shares - quoted,
                "reply_count": counted.comments,
                "like_count": counted.reactions,
                "quote_count": quoted,
                "bookmark_count": counted.saves,
                "impression_count": counted.views,
            },
            **({"entities": {"urls": urls}} if urls else {}),
        }
        chosen = {name: value for name, value in more.items() if name in fields}
        return {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id], **chosen}


def _as_told(text: str) -> tuple[str, list[Said]]:
    """As X tells it: links of its own in the place of others, and what HTML would take for its own spelled out."""
    urls: list[Said] = []
    for link in links_in(text):
        short = f"https://t.co/{hashlib.sha256(link.encode()).hexdigest()[:10]}"
        text = text.replace(link, short)
        whole = link if link.startswith("http") else f"http://{link}"
        urls.append({"url": short, "expanded_url": whole, "display_url": link[:30]})
    return html.escape(text, quote=False), urls


def _wrong(name: str, value: str) -> Refused:
    error = {"parameters": {name: [value]}, "message": f"Invalid '{name}'"}
    detail = "One or more parameters to your request was invalid."
    return Refused(problem(400, "Invalid Request", detail, "invalid-request", errors=[error]))
