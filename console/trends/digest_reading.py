"""The digest of a tenant's trends, by day and topic, out of the warehouse; and asking for a fresh reading of its feeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from console.door.sign_in import Visitor
from console.frame.lineage import Asset
from console.trends.warehouse import away_is_a_status, read
from marketing_pipelines.trends import on_request
from marketing_pipelines.trends.brief import Brief, Item
from marketing_pipelines.trends.brief import Source as Named
from store.records import requested_runs
from store.records.database import Session
from store.records.requested_runs import RequestedRun, RunKind

MADE_BY = Asset.TREND_DIGEST
SCORED_BY = Asset.TREND_SCORES
READ_BY = Asset.FEED_ENTRIES
# As many as the digest holds of a topic.
MOST_STORIES = 20
_LAST_DAY = date(2149, 6, 6)


@dataclass(frozen=True, slots=True)
class Source:
    """A feed that tells a story, and how; `link` is empty where it leads to no web page."""

    feed: str
    title: str
    link: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Resembled:
    """An earlier story, as it stood in its last digest."""

    story_id: str
    title: str
    on: date
    likeness: float


@dataclass(frozen=True, slots=True)
class Story:
    """One story of a digest; title, link and sources are what publishers wrote, `course` its mentions by the hour."""

    story_id: str
    title: str
    link: str
    sources: Sequence[Source]
    course: Sequence[int]
    recent: int
    before: int
    velocity: float
    label: str
    is_new: bool
    rate_ratio: float | None
    rate_low: float
    rate_high: float | None
    p_value: float
    certainty: str
    because: str
    resembles: Resembled | None

    @property
    def said(self) -> str:
        """The label, and what to know before acting on it."""
        return self.label if self.certainty == "sure" else f"{self.label}, {self.certainty}"


@dataclass(frozen=True, slots=True)
class Digest:
    """The stories of one day and topic, best first; the topics of that day, and the days before and after it."""

    day: date
    topic: str
    topics: Sequence[str]
    as_of: datetime
    stories: Sequence[Story]
    earlier: date | None
    later: date | None

    @property
    def brief(self) -> Brief:
        return Brief(self.day, self.topic, [item(story) for story in self.stories])


def of_day(visitor: Visitor, day: date | None, topic: str = "") -> Digest | None:
    """The last day's digest, or the last one until a given day; None while there is none. Raises WarehouseAway."""
    shown = read(visitor, _DAYS, {})["day"].to_list()
    last = max((at for at in shown if at <= (day or _LAST_DAY)), default=None)
    if last is None:
        return None
    topics = read(visitor, _TOPICS, {"day": last})
    rows = read(visitor, _DIGEST, {"day": last, "topic": topic})
    return Digest(
        day=last,
        topic=topic,
        topics=[name for name in topics["topic"].to_list() if name],
        as_of=max(topics["as_of"].to_list()),
        stories=[_story(row) for row in rows.iter_rows(named=True)],
        earlier=max((at for at in shown if at < last), default=None),
        later=min((at for at in shown if at > last), default=None),
    )


def asked(visitor: Visitor, day: date | None, topic: str) -> Digest | None:
    """The same for whoever is told by a status that the warehouse is away."""
    with away_is_a_status():
        return of_day(visitor, day, topic)


def last_reading(session: Session, visitor: Visitor) -> RequestedRun | None:
    """The last reading that somebody asked for."""
    found, _ = requested_runs.newest(session, visitor.tenant, kind=RunKind.FETCH_FEEDS, limit=1)
    return found[0] if found else None


def why_empty(session: Session, visitor: Visitor) -> str:
    return on_request.why_empty(session, visitor.tenant)


def ask_for_reading(visitor: Visitor) -> RequestedRun:
    with visitor.records() as session:
        return requested_runs.ask(session, visitor.tenant, visitor.user, RunKind.FETCH_FEEDS)


def web_address(link: str) -> str:
    """The link where it leads to a web page; a publisher may write anything, and a browser may run it."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return link if parts.scheme in {"http", "https"} and parts.hostname else ""


def item(story: Story) -> Item:
    """A story as a brief tells it."""
    like = story.resembles
    return Item(
        title=story.title,
        link=story.link,
        said=story.said,
        because=story.because,
        sources=[Named(it.feed, it.link) for it in story.sources],
        like=f"{like.title}, {like.on:%-d %B %Y}" if like else "",
    )


def _story(row: Mapping[str, Any]) -> Story:
    like = (
        Resembled(
            row["resembles_story_id"], row["resembles_title"], row["resembles_on"], row["resembles_likeness"]
        )
        if row["resembles_on"]
        else None
    )
    return Story(
        **{name: row[name] for name in _AS_THEY_ARE},
        title=row["title"] or "Without a title",
        link=web_address(row["link"]),
        sources=[
            Source(it["name"], it["title"], web_address(it["link"]), it["published_at"].replace(tzinfo=UTC))
            for it in row["sources"]
        ],
        resembles=like,
    )


_AS_THEY_ARE = (
    "story_id",
    "course",
    "recent",
    "before",
    "velocity",
    "label",
    "is_new",
    "rate_ratio",
    "rate_low",
    "rate_high",
    "p_value",
    "certainty",
    "because",
)
# Older than this it is no news; a bound, so that a long history costs nothing.
_DAYS = """
select distinct trend_digests.day as day
from raw.trend_digests
where tenant_id = {tenant:Int64} and trend_digests.day > today() - 90
order by day
settings max_execution_time = 5
"""
_TOPICS = """
select
    topic,
    toDateTime64(max(trend_digests.as_of), 3, 'UTC') as as_of
from raw.trend_digests
where tenant_id = {tenant:Int64} and day = {day:Date}
group by topic
order by topic
settings max_execution_time = 5
"""
_DIGEST = """
select
    story_id,
    title,
    link,
    sources,
    course,
    recent,
    before,
    velocity,
    toString(label) as label,
    is_new,
    rate_ratio,
    rate_low,
    rate_high,
    p_value,
    toString(certainty) as certainty,
    because,
    resembles_story_id,
    resembles_title,
    resembles_on,
    resembles_likeness
from raw.trend_digests
where
    tenant_id = {tenant:Int64}
    and day = {day:Date}
    and topic = {topic:String}
order by place
settings max_execution_time = 5
"""
