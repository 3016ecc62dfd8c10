"""One story: who tells it, how its score went by the hour, and what joined or left it, as was known at any moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NewType

from sqlalchemy import select

from console.door.problems import nothing_here
from console.door.sign_in import Visitor
from console.trends.digest_reading import web_address
from console.trends.warehouse import read
from marketing_pipelines.trends.membership import Turned
from store import clock
from store.records.database import Session
from store.records.feeds import Feed

StoryId = NewType("StoryId", str)

# Who tells a story last is told first; a story of more feeds than this needs no longer list.
MOST_TELLINGS = 200
MOST_TURNS = 50
# Its scores end when nobody has told it for three days.
SCORED_FOR = timedelta(days=4)
NO_FEED = "a feed that is listed no more"


@dataclass(frozen=True, slots=True)
class Telling:
    """An entry that tells the story, in the wording of that moment; `why` says how it was recognised."""

    feed_id: int
    feed: str
    title: str
    link: str
    published_at: datetime
    known_since: datetime
    why: str
    likeness: float


@dataclass(frozen=True, slots=True)
class Scored:
    """What was known of its spread at one moment."""

    as_of: datetime
    recent: int
    before: int
    velocity: float
    label: str
    rate_low: float
    rate_high: float | None
    certainty: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Entries that came from another story, or went into one."""

    at: datetime
    why: Turned
    story_id: StoryId
    from_story_id: StoryId
    entries: int


@dataclass(frozen=True, slots=True)
class Stood:
    """The last digest that it stood in."""

    day: date
    topic: str


@dataclass(frozen=True, slots=True)
class ToldStory:
    story_id: StoryId
    as_of: datetime
    topics: Sequence[str]
    tellings: Sequence[Telling]
    course: Sequence[Scored]
    turns: Sequence[Turn]
    stood_in: Stood | None

    @property
    def first(self) -> Telling | None:
        """Who told it first; nobody once all of it has gone into another story."""
        return min(self.tellings, key=lambda it: it.published_at, default=None)

    @property
    def title(self) -> str:
        return self.first.title if self.first else "A story that went into another one"

    @property
    def latest(self) -> Scored | None:
        return self.course[-1] if self.course else None

    @property
    def feeds(self) -> int:
        return len({it.feed_id for it in self.tellings})

    @property
    def went_into(self) -> StoryId | None:
        """The story that all its entries belong to now, if they do."""
        if self.tellings:
            return None
        return next((turn.story_id for turn in self.turns if turn.story_id != self.story_id), None)


def story(visitor: Visitor, session: Session, story_id: StoryId, as_of: datetime | None = None) -> ToldStory:
    """The story as it was known at a moment, else as it is now. Raises WarehouseAway; a 404 if nothing is known of it."""
    moment = (as_of or clock.now()).astimezone(UTC)
    asked = {"story": story_id, "as_of": moment}
    members = read(visitor, _MEMBERS, asked | {"most": MOST_TELLINGS})
    turns = read(visitor, _TURNS, asked | {"most": MOST_TURNS})
    if members.is_empty() and turns.is_empty():
        raise nothing_here()
    names = dict(session.execute(select(Feed.id, Feed.name)).tuples().all())
    course = _course(visitor, asked, members["published_at"].to_list())
    return ToldStory(
        story_id=story_id,
        as_of=moment,
        topics=sorted({topic for topic in members["topic"].to_list() if topic}),
        tellings=[_telling(row, names) for row in members.iter_rows(named=True)],
        course=course,
        turns=[_turn(row) for row in turns.iter_rows(named=True)],
        stood_in=next((Stood(**row) for row in read(visitor, _STOOD, asked).iter_rows(named=True)), None),
    )


def _course(visitor: Visitor, asked: Mapping[str, Any], told_at: Sequence[datetime]) -> list[Scored]:
    if not told_at:
        return []
    wanted = {**asked, "first": min(told_at), "last": max(told_at) + SCORED_FOR}
    return [
        Scored(**row | {"as_of": row["as_of"].replace(tzinfo=UTC)})
        for row in read(visitor, _COURSE, wanted).iter_rows(named=True)
    ]


def _telling(row: Mapping[str, Any], names: Mapping[int, str]) -> Telling:
    return Telling(
        feed_id=row["feed_id"],
        feed=names.get(row["feed_id"], NO_FEED),
        title=row["title"] or "Without a title",
        link=web_address(row["link"] or ""),
        published_at=row["published_at"].replace(tzinfo=UTC),
        known_since=row["known_since"].replace(tzinfo=UTC),
        why=row["why"],
        likeness=row["likeness"],
    )


def _turn(row: Mapping[str, Any]) -> Turn:
    return Turn(
        at=row["at"].replace(tzinfo=UTC),
        why=Turned(row["why"]),
        story_id=StoryId(row["story_id"]),
        from_story_id=StoryId(row["from_story_id"]),
        entries=row["entries"],
    )


# The last row of an entry up to a moment is what was known then; so is the last wording.
_MEMBERS = """
with known as (
    select
        feed_id,
        entry_id,
        argMax(story_id, assigned_at) as story_id,
        toString(argMax(why, assigned_at)) as why,
        argMax(likeness, assigned_at) as likeness,
        toString(argMax(topic, assigned_at)) as topic,
        min(published_at) as published_at,
        max(assigned_at) as known_since
    from raw.story_members
    where
        tenant_id = {tenant:Int64}
        and assigned_at <= {as_of:DateTime64(3, 'UTC')}
        and (feed_id, entry_id) in (
            select feed_id, entry_id
            from raw.story_members
            where tenant_id = {tenant:Int64} and story_id = {story:String}
        )
    group by feed_id, entry_id
    having story_id = {story:String}
    order by published_at desc, feed_id, entry_id
    limit {most:UInt32}
),

worded as (
    select
        feed_id,
        entry_id,
        argMax(title, first_seen_at) as title,
        argMax(link, first_seen_at) as link
    from raw.feed_entries
    where
        tenant_id = {tenant:Int64}
        and first_seen_at <= {as_of:DateTime64(3, 'UTC')}
        and (feed_id, entry_id) in (select feed_id, entry_id from known)
    group by feed_id, entry_id
)

select
    known.feed_id as feed_id,
    worded.title as title,
    worded.link as link,
    known.why as why,
    known.likeness as likeness,
    known.topic as topic,
    known.published_at as published_at,
    known.known_since as known_since
from known
left join worded using (feed_id, entry_id)
order by known.published_at desc, known.feed_id, known.entry_id
settings max_execution_time = 5
"""
_TURNS = """
select
    assigned_at as at,
    toString(why) as why,
    story_id,
    from_story_id,
    count() as entries
from raw.story_members
where
    tenant_id = {tenant:Int64}
    and (story_id = {story:String} or from_story_id = {story:String})
    and why in ('merged', 'split')
    and assigned_at <= {as_of:DateTime64(3, 'UTC')}
group by assigned_at, why, story_id, from_story_id
order by assigned_at desc, story_id, from_story_id
limit {most:UInt32}
settings max_execution_time = 5
"""
# Of all topics together where it stood in several.
_STOOD = """
select
    trend_digests.day as day,
    topic
from raw.trend_digests
where
    tenant_id = {tenant:Int64}
    and story_id = {story:String}
    and trend_digests.as_of <= toDateTime({as_of:DateTime64(3, 'UTC')})
order by trend_digests.day desc, topic
limit 1
settings max_execution_time = 5
"""
_COURSE = """
select
    toDateTime64(trend_scores.as_of, 3, 'UTC') as as_of,
    recent,
    before,
    velocity,
    toString(label) as label,
    rate_low,
    rate_high,
    toString(certainty) as certainty
from raw.trend_scores
where
    tenant_id = {tenant:Int64}
    and story_id = {story:String}
    and trend_scores.as_of >= toDateTime({first:DateTime64(3, 'UTC')})
    and trend_scores.as_of <= toDateTime(least({as_of:DateTime64(3, 'UTC')}, {last:DateTime64(3, 'UTC')}))
order by trend_scores.as_of
settings max_execution_time = 5
"""
