"""How videos on YouTube do: what stands beside each of them, and what Analytics counts since it was published.

Analytics knows shares and minutes, and whatever a video hides; it is two or three days late and counts in Pacific days.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.answers import canonical, measuring, shaped
from connectors.posts import PostResult, beginning_of
from connectors.publishing import Network
from connectors.verbatim import fingerprint
from connectors.youtube_api import WHERE, Said, YouTubeApi
from connectors.youtube_channels import Channels, Uploaded, Video, address_of
from connectors.youtube_refusals import TIME_ZONE

_METRICS = "views,likes,comments,shares,estimatedMinutesWatched,subscribersGained"
_SEEN = frozenset({"public", "unlisted"})
_UNWATCHABLE = frozenset({"deleted", "failed", "rejected"})


class _Header(msgspec.Struct):
    name: str


class _Table(msgspec.Struct, rename="camel"):
    """Without rows there is nothing to tell."""

    column_headers: list[_Header] = []
    rows: list[list[Any]] | None = None


class _Counted(msgspec.Struct, rename="camel"):
    views: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    estimated_minutes_watched: float | None = None


class PostResults:
    """What became of what a channel has published."""

    def __init__(self, api: YouTubeApi, channels: Channels, clock: Callable[[], datetime]) -> None:
        self._api, self._channels, self._clock = api, channels, clock

    def read(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        for page in self._channels.uploaded_since(place, network, since):
            seen = [each for each in page if _is_seen(each.video)]
            told = self._analyzed(place, [each.video for each in seen]) if seen else {}
            for each in seen:
                yield _result(place, each, told.get(each.video.id))

    def _analyzed(self, place: str, videos: Sequence[Video]) -> dict[str, Said]:
        """By video, over the whole time since the first of them: before it was there, nothing was counted of any."""
        zone = ZoneInfo(TIME_ZONE)
        first = min(video.snippet.published_at for video in videos).astimezone(zone).date()
        asked = {
            "ids": f"channel=={place}",
            "startDate": first.isoformat(),
            "endDate": max(first, self._clock().astimezone(zone).date()).isoformat(),
            "metrics": _METRICS,
            "dimensions": "video",
            "filters": f"video=={','.join(video.id for video in videos)}",
            "maxResults": "200",
            "sort": "-views",
        }
        table = shaped(self._api.report(asked), _Table, where=WHERE)
        names = [header.name for header in table.column_headers]
        with measuring(where=WHERE):
            rows = [dict(zip(names, row, strict=True)) for row in table.rows or ()]
        return {str(row.get("video", "")): row for row in rows}


def _is_seen(video: Video) -> bool:
    """By anybody but its channel."""
    return video.status.privacy_status in _SEEN and video.status.upload_status not in _UNWATCHABLE


def _result(place: str, uploaded: Uploaded, told: Said | None) -> PostResult:
    video, analyzed = uploaded.video, shaped(told or {}, _Counted, where=WHERE)
    beside = video.statistics
    minutes = analyzed.estimated_minutes_watched
    said = {name: value for name, value in uploaded.said.items() if name != "etag"}
    words = canonical({"video": said, "analytics": told})
    return PostResult(
        network=Network.YOUTUBE,
        place_id=place,
        post_id=video.id,
        post_url=address_of(video.id),
        published_at=video.snippet.published_at,
        beginning=beginning_of(_words(video)),
        views=_first_of(beside.view_count, analyzed.views),
        reactions=_first_of(beside.like_count, analyzed.likes),
        comments=_first_of(beside.comment_count, analyzed.comments),
        shares=_first_of(analyzed.shares),
        video_watch_seconds=_first_of(None if minutes is None else int(minutes * 60)),
        raw=words.decode(),
        raw_hash=fingerprint(words),
    )


def _words(video: Video) -> str:
    """The title, unless the description begins with it anyhow."""
    title, description = video.snippet.title.strip(), video.snippet.description.strip()
    return description if description.startswith(title.removesuffix("…")) else f"{title}\n\n{description}"


def _first_of(*told: int | None) -> int | None:
    """Analytics counts what was taken back against what was given, and may come out below nought: then it is not known."""
    return next((count for count in told if count is not None and 0 <= count < 2**63), None)
