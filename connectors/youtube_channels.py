"""YouTube's channels: which one a grant speaks for, who follows it, and what it has uploaded."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec

from connectors.answers import shaped
from connectors.errors import Invalid
from connectors.publishing import FoundPlace, Network
from connectors.youtube_api import WHERE, Said, YouTubeApi
from connectors.youtube_refusals import NO_SUCH_PLAYLIST

VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")

_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")
_AT_ONCE = "50"
_MINE = {"mine": "true", "maxResults": _AT_ONCE}

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{11}\Z")]


class _Playlists(msgspec.Struct):
    uploads: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


class _Details(msgspec.Struct, rename="camel"):
    related_playlists: _Playlists


class _Titled(msgspec.Struct):
    title: str = ""


class _Channel(msgspec.Struct, rename="camel"):
    id: str
    content_details: _Details
    snippet: _Titled = msgspec.field(default_factory=_Titled)


class _Followed(msgspec.Struct, rename="camel"):
    subscriber_count: Count | None = None
    hidden_subscriber_count: bool = False


class _FollowedChannel(msgspec.Struct):
    id: str
    statistics: _Followed = msgspec.field(default_factory=_Followed)


class _Entry(msgspec.Struct, rename="camel"):
    video_id: _Id
    video_published_at: _Moment | None = None


class _Added(msgspec.Struct, rename="camel"):
    published_at: _Moment


class _Item(msgspec.Struct, rename="camel"):
    content_details: _Entry
    snippet: _Added

    @property
    def at(self) -> datetime:
        """One that nobody may see yet was only uploaded."""
        return self.content_details.video_published_at or self.snippet.published_at


class Snippet(msgspec.Struct, rename="camel"):
    published_at: _Moment
    title: str = ""
    description: str = ""


class Status(msgspec.Struct, rename="camel"):
    privacy_status: str = ""
    upload_status: str = ""


class Statistics(msgspec.Struct, rename="camel"):
    """What is not told is hidden, or cannot be done with this video."""

    view_count: Count | None = None
    like_count: Count | None = None
    comment_count: Count | None = None


class Video(msgspec.Struct, rename="camel"):
    id: _Id
    snippet: Snippet
    status: Status = msgspec.field(default_factory=Status)
    statistics: Statistics = msgspec.field(default_factory=Statistics)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A video beside what was said of it."""

    video: Video
    said: Said


class Channels:
    """The channel, or the few, that one grant speaks for."""

    def __init__(self, api: YouTubeApi) -> None:
        self._api = api
        self._uploads: dict[str, str] = {}

    def found(self) -> list[FoundPlace]:
        channels = shaped(self._mine("snippet,contentDetails"), list[_Channel], where=WHERE)
        self._uploads = {each.id: each.content_details.related_playlists.uploads for each in channels}
        return [FoundPlace(id=each.id, name=each.snippet.title, network=Network.YOUTUBE) for each in channels]

    def followers(self, place: str, network: Network) -> int | None:
        """Rounded by YouTube; a channel may hide it."""
        number = channel_of(place, network)
        for channel in shaped(self._mine("statistics"), list[_FollowedChannel], where=WHERE):
            if channel.id == number:
                told = channel.statistics
                return None if told.hidden_subscriber_count else told.subscriber_count
        raise _not_ours()

    def require_ours(self, place: str, network: Network) -> None:
        """An upload goes to whatever channel the grant is for, and names none."""
        self._uploads_of(channel_of(place, network))

    def uploaded_since(self, place: str, network: Network, since: datetime) -> Iterator[list[Uploaded]]:
        """What is young enough, page by page and newest first, until a page has nothing of it."""
        playlist = self._uploads_of(channel_of(place, network))
        began = since.replace(microsecond=0)
        seen: set[str] = set()
        for page in self._listed(playlist):
            items = shaped(page, list[_Item], where=WHERE)
            young = [item.content_details.video_id for item in items if item.at >= began]
            new = [video for video in dict.fromkeys(young) if video not in seen]
            seen.update(new)
            if new:
                yield [each for each in self._videos(new) if each.video.snippet.published_at >= began]
            if items and not young:
                return

    def _listed(self, playlist: str) -> Iterator[list[Said]]:
        """A channel that has never uploaded anything may have no such list."""
        asked = {"part": "snippet,contentDetails", "playlistId": playlist, "maxResults": _AT_ONCE}
        try:
            yield from self._api.pages("playlistItems", asked)
        except Invalid as refusal:
            if refusal.code != NO_SUCH_PLAYLIST:
                raise

    def _videos(self, numbers: Sequence[str]) -> list[Uploaded]:
        """Some may have been taken down since they were listed."""
        asked = {"part": "snippet,status,statistics", "id": ",".join(numbers)}
        said = [item for page in self._api.pages("videos", asked) for item in page]
        found = [Uploaded(shaped(item, Video, where=WHERE), item) for item in said]
        return sorted(found, key=lambda each: each.video.snippet.published_at, reverse=True)

    def _mine(self, part: str) -> list[Any]:
        pages = self._api.pages("channels", {"part": part, **_MINE})
        return [channel for page in pages for channel in page]

    def _uploads_of(self, number: str) -> str:
        if number not in self._uploads:
            self.found()
        if number not in self._uploads:
            raise _not_ours()
        return self._uploads[number]


def channel_of(place: str, network: Network) -> str:
    if network is not Network.YOUTUBE:
        raise Invalid(what=f"YouTube does not publish on {network}", where=WHERE, field="network")
    if not _CHANNEL.fullmatch(place):
        raise Invalid(what="a channel is named by its id, which begins with UC", where=WHERE, field="place")
    return place


def address_of(video: str) -> str:
    return f"https://www.youtube.com/watch?v={video}"


def _not_ours() -> Invalid:
    return Invalid(what="no channel that this connection speaks for", where=WHERE, field="place")
