"""Trends: which stories spread fastest, and reading the feeds now."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from console.api.answers import AWAY, REFUSALS
from console.api.requested_runs import RequestedRunOut
from console.door.admission import SignedIn
from console.frame.cursors import Limit
from console.trends import digest_reading, story_reading, topic_reading
from console.trends.story_reading import StoryId
from console.trends.warehouse import away_is_a_status
from store import clock

router = APIRouter(tags=["trends"], responses=REFUSALS)


class Source(BaseModel):
    """Who tells a story, and in which words."""

    model_config = ConfigDict(from_attributes=True)

    feed: str
    title: str
    link: str
    published_at: datetime


class Resembled(BaseModel):
    """The story of an earlier digest that is most like it; 1 would be the same words."""

    model_config = ConfigDict(from_attributes=True)

    story_id: str
    title: str
    on: date
    likeness: float


class Story(BaseModel):
    """How many feeds tell it in the last 24 hours, in the 24 to 72 hours before, how fast it spreads, and how sure that is.

    `rate_ratio` is mentions an hour, recent to before: none where nothing came before. 19 times out of 20 it lies between
    `rate_low` and `rate_high`; by the first of these the digest is ordered. `course` are mentions by the hour, the oldest first.
    """

    model_config = ConfigDict(from_attributes=True)

    story_id: str
    title: str
    link: str
    recent: int
    before: int
    velocity: float
    label: str
    is_new: bool
    certainty: str
    rate_ratio: float | None
    rate_low: float
    rate_high: float | None
    p_value: float
    because: str
    sources: list[Source]
    course: list[int]
    resembles: Resembled | None


class DigestOut(BaseModel):
    date: Annotated[date | None, Field(description="The day in UTC; None while there is nothing.")]
    topic: Annotated[str, Field(description="Empty for all topics together.")]
    topics: Annotated[list[str], Field(description="The topics that have a digest of that day.")]
    as_of: Annotated[datetime | None, Field(description="In the tenant's zone; None while there is nothing.")]
    items: list[Story]
    told: Annotated[str, Field(description="What to do, while there is nothing to show.")]


class Asked(RequestedRunOut):
    """Where to look: `follow` says how it goes, and `digest` what came of it."""

    follow: str
    digest: str = "/api/trends/digest"


class Telling(BaseModel):
    """An entry that tells the story, in the wording of that moment; `why` says how it was recognised."""

    model_config = ConfigDict(from_attributes=True)

    feed_id: int
    feed: str
    title: str
    link: str
    published_at: datetime
    known_since: datetime
    why: str
    likeness: float


class Scored(BaseModel):
    """What was known of its spread at one moment."""

    model_config = ConfigDict(from_attributes=True)

    as_of: datetime
    recent: int
    before: int
    velocity: float
    label: str
    rate_low: float
    rate_high: float | None
    certainty: str


class Turn(BaseModel):
    """Entries that came from another story (`merged` or `split`), or went into one."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    why: str
    story_id: str
    from_story_id: str
    entries: int


class StoryOut(BaseModel):
    """`went_into` is the story that all its entries belong to now, if they do."""

    model_config = ConfigDict(from_attributes=True)

    story_id: str
    as_of: datetime
    title: str
    topics: list[str]
    feeds: int
    tellings: list[Telling]
    course: list[Scored]
    turns: list[Turn]
    went_into: str | None


class Burst(BaseModel):
    """A topic out of the ordinary: over how many hours, how much was told and expected, and how far apart those are in standard deviations."""

    model_config = ConfigDict(from_attributes=True)

    topic: str
    since: datetime
    until: datetime
    hours: int
    mentions: int
    expected: float
    z: float


class BurstsOut(BaseModel):
    date: date
    items: list[Burst]


@router.post("/api/trends/ingest", status_code=202)
def ingest(visitor: SignedIn, response: Response) -> Asked:
    """Asks for a run that reads the tenant's feeds now; who asks again while it waits has asked for the same."""
    request = digest_reading.ask_for_reading(visitor)
    response.headers["Location"] = follow = f"/api/requested-runs/{request.id}"
    return Asked(**RequestedRunOut.of(request).model_dump(), follow=follow)


@router.get("/api/trends/digest", responses=AWAY)
def digest(
    visitor: SignedIn,
    limit: Limit,
    day: Annotated[
        date | None, Query(alias="date", description="The last digest up to this day; else the newest.")
    ] = None,
    topic: Annotated[str, Query(max_length=100, description="Of one topic; else of all together.")] = "",
) -> DigestOut:
    """What surely spreads, first. Titles and links are what publishers wrote: text, never markup."""
    found = digest_reading.asked(visitor, day, topic)
    if found is None:
        with visitor.records() as session:
            told = digest_reading.why_empty(session, visitor)
        return DigestOut(date=None, topic=topic, topics=[], as_of=None, items=[], told=told)
    return DigestOut(
        date=found.day,
        topic=topic,
        topics=list(found.topics),
        as_of=found.as_of.astimezone(visitor.time_zone),
        items=[Story.model_validate(story) for story in found.stories[:limit]],
        told="" if found.stories else f"No story of {found.day:%-d %B %Y} is of the topic {topic!r}.",
    )


@router.get("/api/trends/stories/{story_id}", responses=AWAY)
def story(
    visitor: SignedIn,
    story_id: Annotated[str, Path(max_length=64)],
    as_of: Annotated[
        datetime | None, Query(description="As it was known at this moment; else as it is now.")
    ] = None,
) -> StoryOut:
    """One story: who tells it, its score as of every full hour, and its merges and splits. Titles are text, never markup."""
    with visitor.records() as session, away_is_a_status():
        return StoryOut.model_validate(story_reading.story(visitor, session, StoryId(story_id), as_of))


@router.get("/api/trends/bursts", responses=AWAY)
def bursts(
    visitor: SignedIn,
    day: Annotated[date | None, Query(alias="date", description="A day in UTC; else today.")] = None,
) -> BurstsOut:
    """The topics of which more was told on a day than is usual for them at that hour, the furthest first."""
    asked = day or clock.now().date()
    with away_is_a_status():
        found = topic_reading.bursts(visitor, asked)
    return BurstsOut(date=asked, items=[Burst.model_validate(each) for each in found])
