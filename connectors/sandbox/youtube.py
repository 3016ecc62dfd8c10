"""YouTube as the sandbox plays it: a channel with what it has uploaded, sessions that take more, and Analytics."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.face import Channel
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.oauth import Tokens
from connectors.sandbox.organic import Counters, PostHistory
from connectors.sandbox.performance import World
from connectors.sandbox.places import Place, Shown, Walls, places_of
from connectors.sandbox.provider import Provider
from connectors.sandbox.youtube_answers import Refused, Said, page, refusal
from connectors.sandbox.youtube_uploads import Sessions, Wanted

CREDENTIALS = {
    "access_token": "sandbox-youtube-access-token",
    "refresh_token": "sandbox-youtube-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-youtube-client-secret",
}
VERSION = "v3"

_SCOPE = "https://www.googleapis.com/auth/"
_READS, _UPLOADS, _ANALYZES = (
    f"{_SCOPE}{name}" for name in ("youtube.readonly", "youtube.upload", "yt-analytics.readonly")
)
_LATE = timedelta(days=2)
"""So long Analytics knows nothing of what has happened."""

_METRICS = ("views", "likes", "comments", "shares", "estimatedMinutesWatched", "subscribersGained")


class YouTubeStandIn:
    def __init__(self, world: World, page_rows: int, accepted: Accepted) -> None:
        self._page_rows, self._clock, self._accepted = page_rows, world.clock, accepted
        [self._channel] = places_of(Channel.YOUTUBE)
        self._walls = Walls(Channel.YOUTUBE, accepted)
        self._history = PostHistory(world.seed, world.clock)
        self._wanted: dict[str, Wanted] = {}
        self._sessions = Sessions(self._make)
        self._tokens = Tokens("YouTube", CREDENTIALS, lasts=3599)

    def provider(self) -> Provider:
        lists = f"/youtube/{VERSION}"
        upload = f"/upload/youtube/{VERSION}/videos"
        return Provider(
            Channel.YOUTUBE,
            api=[
                self._list(f"{lists}/channels", self._channels),
                self._list(f"{lists}/playlistItems", self._playlist_items),
                self._list(f"{lists}/videos", self._videos),
                self._list("/v2/reports", self._report, needs=_ANALYZES),
                self._route(upload, self._sessions.begin, "POST", _UPLOADS),
                self._route(upload, self._sessions.take, "PUT", _UPLOADS),
            ],
            sign_in=self._tokens.routes(),
            refusal=refusal,
        )

    def _list(self, path: str, answer: Callable[[dict[str, str]], Said], *, needs: str = _READS) -> Route:
        def read(request: Request, _: bytes) -> Response:
            return JSONResponse(answer(dict(request.query_params)))

        return self._route(path, read, "GET", needs)

    def _route(
        self, path: str, answer: Callable[[Request, bytes], Response], method: str, needs: str
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._admit(request, needs)
                return answer(request, await request.body())
            except Refused as refused:
                return refused.answer

        return Route(path, endpoint, methods=[method])

    def _admit(self, request: Request, needs: str) -> None:
        """Whom nothing in particular was granted may everything."""
        granted = self._tokens.scope_of(request.headers.get("authorization", "").removeprefix("Bearer "))
        if granted is None:
            message = "Request had invalid authentication credentials."
            raise Refused(401, "authError", message, domain="global")
        if granted and needs not in granted.split():
            message = "Request had insufficient authentication scopes."
            raise Refused(403, "insufficientPermissions", message, domain="global")

    def _channels(self, asked: dict[str, str]) -> Said:
        if asked.get("mine") != "true":
            raise Refused(400, "missingRequiredParameter", "No filter selected.")
        parts = {
            "snippet": {"title": self._channel.name, "publishedAt": "2019-03-01T09:00:00Z"},
            "contentDetails": {"relatedPlaylists": {"likes": "LL", "uploads": _uploads_of(self._channel)}},
            "statistics": {
                "viewCount": "4711000",
                "subscriberCount": str(_rounded(self._history.followers(self._channel))),
                "hiddenSubscriberCount": False,
                "videoCount": str(len(self._shown())),
            },
        }
        item = {"id": self._channel.id, **_parts(parts, asked)}
        return page("youtube#channel", [item], asked, page_rows=self._page_rows, default=5)

    def _playlist_items(self, asked: dict[str, str]) -> Said:
        if asked.get("playlistId") != _uploads_of(self._channel):
            message = "The playlist identified with the request's playlistId parameter cannot be found."
            raise Refused(404, "playlistNotFound", message, domain="youtube.playlistItem")
        items = [
            {
                "id": f"UUsb{shown.id}",
                **_parts(
                    {
                        "snippet": {"publishedAt": _moment(shown), "title": self._title_of(shown)},
                        "contentDetails": {"videoId": shown.id, "videoPublishedAt": _moment(shown)},
                    },
                    asked,
                ),
            }
            for shown in self._shown()
        ]
        return page("youtube#playlistItem", items, asked, page_rows=self._page_rows, default=5)

    def _videos(self, asked: dict[str, str]) -> Said:
        numbers = asked.get("id", "").split(",")
        if len(numbers) > 50:
            raise Refused(400, "invalidParameter", "At most 50 ids.", domain="global")
        known = {shown.id: shown for shown in self._shown()}
        items = [_parts(self._told(known[number]), asked) for number in numbers if number in known]
        listed = page("youtube#video", items, {}, page_rows=50, default=50)
        return listed

    def _told(self, shown: Shown) -> Said:
        counters, wanted = self._history.counters(shown), self._wanted.get(shown.id)
        statistics = {"viewCount": str(counters.views), "commentCount": str(counters.comments)}
        if self._history.is_told_of(shown):  # who hid likes once, did so before
            statistics["likeCount"] = str(counters.reactions)
        return {
            "id": shown.id,
            "snippet": {
                "publishedAt": _moment(shown),
                "channelId": self._channel.id,
                "title": self._title_of(shown),
                "description": shown.text,
                "tags": wanted.snippet.tags if wanted else [],
            },
            "status": {
                "uploadStatus": "processed",
                "privacyStatus": wanted.status.privacy_status if wanted else "public",
            },
            "statistics": statistics,
        }

    def _report(self, asked: dict[str, str]) -> Said:
        """What has happened up to the day before yesterday, of videos that somebody has seen by then."""
        metrics = asked.get("metrics", "").split(",")
        videos = asked.get("filters", "").removeprefix("video==").split(",")
        _require_question(asked, metrics, videos)
        if asked.get("ids") not in ("channel==MINE", f"channel=={self._channel.id}"):
            raise Refused(403, "forbidden", "Forbidden", domain="global")
        since, until = _day(asked, "startDate"), _day(asked, "endDate")
        shown = [
            each
            for each in self._shown()
            if each.id in videos
            and self._history.is_told_of(each)
            and since <= each.at.date() <= until
            and each.at <= self._clock() - _LATE
        ]
        rows = [[each.id, *_measured(self._history.counters(each), metrics)] for each in shown]
        headers = [{"name": "video", "columnType": "DIMENSION", "dataType": "STRING"}] + [
            {"name": name, "columnType": "METRIC", "dataType": "INTEGER"} for name in metrics
        ]
        table: Said = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": headers}
        return {**table, "rows": rows} if rows else table

    def _make(self, wanted: Wanted, content: bytes) -> Said:
        number = hashlib.sha256(f"{len(self._wanted)}/{self._clock()}".encode()).hexdigest()[:11]
        self._wanted[number] = wanted
        fingerprint = hashlib.sha256(content).hexdigest()
        now = self._clock()
        self._walls.show(
            self._channel.id, Shown(number, wanted.snippet.description, link="", image=fingerprint, at=now)
        )
        self._accepted.note(
            Channel.YOUTUBE,
            "video",
            id=number,
            title=wanted.snippet.title,
            tags=wanted.snippet.tags,
            visibility=wanted.status.privacy_status,
            made_for_kids=wanted.status.self_declared_made_for_kids,
            synthetic=wanted.status.contains_synthetic_media,
            sha256=fingerprint,
        )
        status = {"uploadStatus": "uploaded", "privacyStatus": wanted.status.privacy_status}
        return {"kind": "youtube#video", "id": number, "status": status}

    def _shown(self) -> list[Shown]:
        """Newest first: what it has uploaded all along, and what came through the sandbox."""
        posts = [*self._history.of(self._channel), *self._walls.of(self._channel.id)]
        return sorted(posts, key=lambda post: post.at, reverse=True)

    def _title_of(self, shown: Shown) -> str:
        wanted = self._wanted.get(shown.id)
        return wanted.snippet.title if wanted else shown.text.partition(".")[0][:100]


def _uploads_of(channel: Place) -> str:
    return f"UU{channel.id[2:]}"


def _parts(said: Said, asked: dict[str, str]) -> Said:
    """Only what was asked for, and what is no part."""
    wanted = asked.get("part", "").split(",")
    return {name: part for name, part in said.items() if name in wanted or not isinstance(part, dict)}


def _moment(shown: Shown) -> str:
    return shown.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rounded(followers: int) -> int:
    """To three figures, downwards."""
    unit = 10 ** max(0, len(str(followers)) - 3)
    return followers // unit * unit


def _require_question(asked: dict[str, str], metrics: list[str], videos: list[str]) -> None:
    size = asked.get("maxResults", "")
    if (
        asked.get("dimensions") != "video"
        or not set(metrics) <= set(_METRICS)
        or not asked.get("filters", "").startswith("video==")
        or len(videos) > 500
        or not (size.isdecimal() and 0 < int(size) <= 200)
        or asked.get("sort", "").removeprefix("-") not in metrics
    ):
        raise Refused(400, "badRequest", "The query is not supported.", domain="global")


def _day(asked: dict[str, str], name: str) -> date:
    try:
        return date.fromisoformat(asked[name])
    except (KeyError, ValueError):
        raise Refused(400, "badRequest", f"Invalid value for {name}.", domain="global") from None


def _measured(counters: Counters, metrics: list[str]) -> list[Any]:
    told = {
        "views": counters.views,
        "likes": counters.reactions,
        "comments": counters.comments,
        "shares": counters.shares,
        "estimatedMinutesWatched": counters.watched_milliseconds // 60_000,
        "subscribersGained": counters.saves,
    }
    return [told[name] for name in metrics]
