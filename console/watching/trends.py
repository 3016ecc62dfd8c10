"""The digest of a tenant's trends by day, out of the warehouse, its feeds, and asking for a fresh reading of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import polars as pl
from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from sqlalchemy import select
from starlette.exceptions import HTTPException

from console.door.sign_in import Visitor
from console.frame.lineage import Asset
from marketing_pipelines.trends import on_request
from store import events
from store.records import requested_runs
from store.records.database import Session
from store.records.feeds import Feed
from store.records.requested_runs import RequestedRun, RunKind

SCORED_BY = Asset.TREND_SCORES
READ_BY = Asset.FEED_ENTRIES
MOST_STORIES = 50
MOST_FEEDS = 200
# How many days a story's course goes back.
COURSE = timedelta(days=14)
# Older than this it is no news; a bound, so that a long history costs nothing.
_LATEST = """
select
    story_id, title, link, recent, before, velocity, label, is_new, toDateTime64(as_of, 3, 'UTC') as scored_at
from raw.trend_scores
where tenant_id = {tenant:Int64} and as_of = (
    select max(as_of) from raw.trend_scores
    where tenant_id = {tenant:Int64} and as_of > now() - interval 30 day and toDate(as_of) <= {last:Date}
)
order by velocity desc, recent desc, story_id
limit {limit:UInt32}
settings max_execution_time = 5
"""
_SCORED_DAYS = """
select distinct toDate(as_of) as day from raw.trend_scores
where tenant_id = {tenant:Int64} and as_of > now() - interval 30 day
order by day
settings max_execution_time = 5
"""
_COURSES = """
select story_id, toDate(as_of) as day, recent from raw.trend_scores
where tenant_id = {tenant:Int64} and story_id in {stories:Array(String)}
    and toDate(as_of) between {first:Date} and {last:Date}
order by story_id, day
settings max_execution_time = 5
"""
_ANY_DAY = date(2149, 6, 6)


@dataclass(frozen=True, slots=True)
class Digest:
    """Stories, fastest first, as of a moment; with none, a word about what to do."""

    as_of: datetime | None
    stories: Sequence[dict[str, Any]]
    told: str


@dataclass(frozen=True, slots=True)
class Story:
    """A story of a day as people read it; title and link are what publishers wrote."""

    title: str
    link: str
    recent: int
    before: int
    velocity: float
    label: str
    is_new: bool
    first_seen: date | None
    course: Sequence[float]


@dataclass(frozen=True, slots=True)
class ScoredDay:
    """The stories of one day, fastest first, and the days that were scored before and after it."""

    as_of: datetime
    stories: Sequence[Story]
    earlier: date | None
    later: date | None


class WarehouseAway(Exception):
    """ClickHouse does not answer."""


def latest(visitor: Visitor, limit: int) -> Digest:
    try:
        [rows] = _read(visitor, (_LATEST, {"limit": limit, "last": _ANY_DAY}))
    except WarehouseAway:
        told = "The warehouse cannot be reached right now."
        raise HTTPException(503, told, headers={"Retry-After": "30"}) from None
    if rows.is_empty():
        with visitor.records() as session:
            return Digest(None, [], on_request.why_empty(session, visitor.tenant))
    stories = list(rows.iter_rows(named=True))
    return Digest(stories[0]["scored_at"], stories, "")


def of_day(visitor: Visitor, day: date | None) -> ScoredDay | None:
    """The last scored day, or the last one until a given day; None while none was scored. Raises WarehouseAway."""
    wanted = {"limit": MOST_STORIES, "last": min(day or _ANY_DAY, _ANY_DAY)}
    rows, scored = _read(visitor, (_LATEST, wanted), (_SCORED_DAYS, {}))
    if rows.is_empty():
        return None
    as_of = rows["scored_at"][0]
    shown: date = as_of.date()
    days = scored["day"].to_list()
    first = shown - COURSE
    known = {"stories": rows["story_id"].to_list(), "first": first, "last": shown}
    [courses] = _read(visitor, (_COURSES, known))
    mentions = _mentions(courses)
    span = [at for at in days if first <= at <= shown]
    return ScoredDay(
        as_of,
        [_story(row, span, mentions.get(row["story_id"], {})) for row in rows.iter_rows(named=True)],
        max((at for at in days if at < shown), default=None),
        min((at for at in days if at > shown), default=None),
    )


def feeds(session: Session, visitor: Visitor) -> Sequence[Feed]:
    """What the tenant reads, what cannot be read first."""
    query = select(Feed).where(Feed.tenant_id == visitor.tenant).order_by(Feed.status, Feed.name, Feed.id)
    return session.scalars(query.limit(MOST_FEEDS)).all()


def last_reading(session: Session, visitor: Visitor) -> RequestedRun | None:
    """The last reading that somebody asked for."""
    asked, _ = requested_runs.newest(session, visitor.tenant, kind=RunKind.FETCH_FEEDS, limit=1)
    return asked[0] if asked else None


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


def _read(visitor: Visitor, *queries: tuple[str, Mapping[str, Any]]) -> list[pl.DataFrame]:
    try:
        client = events.shared(visitor.settings)
        return [events.read_for_tenant(client, visitor.tenant, query, **wanted) for query, wanted in queries]
    except (ClickHouseError, OSError):
        raise WarehouseAway from None


def _mentions(courses: pl.DataFrame) -> dict[str, dict[date, int]]:
    found: dict[str, dict[date, int]] = {}
    for story_id, day, recent in courses.iter_rows():
        found.setdefault(story_id, {})[day] = recent
    return found


def _story(row: Mapping[str, Any], span: Sequence[date], mentions: Mapping[date, int]) -> Story:
    most = max(mentions.values(), default=0)
    return Story(
        title=row["title"] or "Without a title",
        link=web_address(row["link"]),
        recent=row["recent"],
        before=row["before"],
        velocity=row["velocity"],
        label=row["label"],
        is_new=row["is_new"],
        first_seen=min(mentions, default=None),
        course=[mentions.get(day, 0) / most if most else 0.0 for day in span],
    )
