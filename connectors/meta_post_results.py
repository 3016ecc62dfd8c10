"""How posts on Facebook's pages and Instagram's profiles do, and who follows them.

Reactions and comments are fields of a post, views and reach its insights: all of it is asked with the page of the list
that the post stands on. Where Meta refuses one insight of one post it refuses the page, whose posts are then asked about
one by one, fifty to a request.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from connectors.answers import canonical, shaped
from connectors.errors import Invalid
from connectors.meta_graph import WHERE, Page, followed
from connectors.meta_places import WALLS, Places, Shown, Voice, Wall, appeared_since, asked_since
from connectors.posts import PostResult, beginning_of
from connectors.publishing import Network
from connectors.verbatim import fingerprint

_MEASURED_AS = "name,period,values"
_WATCHED = "ig_reels_video_view_total_time"

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Said = dict[str, Any]


class _Value(msgspec.Struct):
    value: Count | None = None


class _Measured(msgspec.Struct):
    name: str
    values: list[_Value] = []


class _Insights(msgspec.Struct):
    data: list[_Measured] = []


class _Told(msgspec.Struct):
    """What came of one question about one post, as Meta says it."""

    data: list[Said] = []


class _Summary(msgspec.Struct):
    total_count: Count | None = None


class _Edge(msgspec.Struct):
    summary: _Summary = msgspec.field(default_factory=_Summary)


class _Shares(msgspec.Struct):
    count: Count | None = None


class _Counted(msgspec.Struct):
    """Of either network: what one does not have is not there."""

    reactions: _Edge = msgspec.field(default_factory=_Edge)
    comments: _Edge = msgspec.field(default_factory=_Edge)
    shares: _Shares = msgspec.field(default_factory=_Shares)
    like_count: Count | None = None
    comments_count: Count | None = None
    media_product_type: str = ""
    insights: _Insights = msgspec.field(default_factory=_Insights)

    @property
    def reacted(self) -> int | None:
        return self.reactions.summary.total_count if self.like_count is None else self.like_count

    @property
    def commented(self) -> int | None:
        return self.comments.summary.total_count if self.comments_count is None else self.comments_count

    @property
    def measured(self) -> dict[str, int | None]:
        return {each.name: each.values[0].value for each in self.insights.data if each.values}


class _Followed(msgspec.Struct):
    followers_count: Count | None = None


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What a network counts of a post: as its fields, and as insights under which names."""

    fields: tuple[str, ...]
    insights: Mapping[str, str]

    def asked(self, wall: Wall) -> str:
        return ",".join((*wall.fields.values(), *self.fields))

    def asked_with_insights(self, wall: Wall) -> str:
        metrics = ",".join(self.insights.values())
        return f"{self.asked(wall)},insights.metric({metrics}){{{_MEASURED_AS}}}"


_LEDGERS: Mapping[Network, _Ledger] = MappingProxyType(
    {
        Network.FACEBOOK: _Ledger(
            (
                "shares",
                "reactions.limit(0).summary(total_count)",
                # Answers to comments are comments.
                "comments.filter(stream).limit(0).summary(total_count)",
            ),
            {
                "views": "post_media_view",
                "reach": "post_total_media_view_unique",
                "clicks": "post_clicks",
            },
        ),
        Network.INSTAGRAM: _Ledger(
            ("like_count", "comments_count", "media_product_type"),
            {"views": "views", "reach": "reach", "shares": "shares", "saves": "saved"},
        ),
    }
)


class PostResults:
    """What became of the posts in the places that one token may speak for."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def read(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        reading = _Reading(self._places.voice(place, network), since)
        return map(reading.result, appeared_since(followed(reading.page), since, reading.at))

    def followers(self, place: str, network: Network) -> int | None:
        voice = self._places.voice(place, network)
        return voice.graph.read(voice.place.id, {"fields": "followers_count"}, _Followed).followers_count


class _Reading:
    """One place, read from one moment on."""

    def __init__(self, voice: Voice, since: datetime) -> None:
        self._graph, self._place = voice.graph, voice.place
        self._wall, self._ledger = WALLS[voice.place.network], _LEDGERS[voice.place.network]
        self._since = since

    def page(self, asked: Mapping[str, str]) -> Page[Said]:
        try:
            page = self._asked(self._ledger.asked_with_insights(self._wall), asked)
        except Invalid:
            page = self._asked(self._ledger.asked(self._wall), asked)
            self._measure(self._young(page), tuple(self._ledger.insights.values()))
        # Asked of anything but a reel it is refused, and with it the page.
        reels = [said for said in self._young(page) if said.get("media_product_type") == "REELS"]
        self._measure(reels, (_WATCHED,))
        return page

    def at(self, said: Said) -> datetime:
        return self._shown(said).at

    def result(self, said: Said) -> PostResult:
        shown, counted = self._shown(said), shaped(said, _Counted, where=WHERE)
        measured = counted.measured
        watched = measured.get(_WATCHED)
        told = {name: measured.get(theirs) for name, theirs in self._ledger.insights.items()}
        words = canonical(_without_paging(said))
        return PostResult(
            network=self._place.network,
            place_id=self._place.id,
            post_id=shown.id,
            post_url=shown.url,
            published_at=shown.at,
            beginning=beginning_of(shown.words or ""),
            views=told.get("views"),
            reach=told.get("reach"),
            reactions=counted.reacted,
            comments=counted.commented,
            shares=told.get("shares", counted.shares.count),
            saves=told.get("saves"),
            clicks=told.get("clicks"),
            video_watch_seconds=None if watched is None else watched // 1000,
            raw=words.decode(),
            raw_hash=fingerprint(words),
        )

    def _asked(self, fields: str, asked: Mapping[str, str]) -> Page[Said]:
        parameters = {"fields": fields, **asked_since(self._since), **asked}
        return self._graph.read(f"{self._place.id}/{self._wall.edge}", parameters, Page[Said])

    def _young(self, page: Page[Said]) -> list[Said]:
        began = self._since.replace(microsecond=0)
        return [said for said in page.data if self.at(said) >= began]

    def _measure(self, posts: Sequence[Said], metrics: tuple[str, ...]) -> None:
        """Adds to each post what its insights say; one that is refused them together is asked for each of them."""
        asked = f"insights?metric={','.join(metrics)}&fields={_MEASURED_AS}"
        answers = self._graph.read_alone([f"{self._shown(said).id}/{asked}" for said in posts], _Told)
        refused: list[Said] = []
        for said, answer in zip(posts, answers, strict=True):
            if isinstance(answer, Invalid):
                refused.append(said)
            else:
                before = shaped(said.get("insights", {}), _Told, where=WHERE)
                said["insights"] = {"data": before.data + answer.data}
        if len(metrics) > 1:
            for metric in metrics:
                self._measure(refused, (metric,))

    def _shown(self, said: Said) -> Shown:
        return self._wall.shown(said)


def _without_paging(said: Said) -> Said:
    """The lists within a post say how they go on by addresses that carry the token."""
    return {name: _listed(value) for name, value in said.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if name != "paging"}
