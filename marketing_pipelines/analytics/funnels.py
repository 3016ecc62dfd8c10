"""Funnels: how many people took ordered steps within a window, where they stopped, and how long each step took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from pydantic import BeforeValidator, Field

from marketing_pipelines.analytics.asking import DAY, Question, listed
from marketing_pipelines.analytics.reading import read
from store import events
from store.records.schema import TenantId

MOST_STEPS = 8
LONGEST_WINDOW_DAYS = 90
# Of more values than these, those by which most people came in are shown.
MOST_SEGMENTS = 20

StepName = Annotated[str, Field(min_length=1, max_length=64)]


class Segment(StrEnum):
    """What people are told apart by: as they were at their first step."""

    CHANNEL = "channel"
    DEVICE = "device"
    COUNTRY = "country"


class FunnelAsked(Question):
    steps: Annotated[
        tuple[StepName, ...],
        BeforeValidator(listed),
        Field(
            min_length=2,
            max_length=MOST_STEPS,
            description="Events in order, with commas between them: page_view,lead,purchase. One may stand twice.",
        ),
    ] = ("page_view", "lead", "purchase")
    window_days: Annotated[
        int,
        Field(
            ge=1,
            le=LONGEST_WINDOW_DAYS,
            description="Within how many days of the first step the others count.",
        ),
    ] = 7
    by: Annotated[
        Segment | None, Field(description="A funnel for each, as people were at their first step.")
    ] = None

    @property
    def longest(self) -> int:
        return 400


@dataclass(frozen=True, slots=True)
class Step:
    """`of_previous` and `of_first` are shares, unknown where nobody came that far."""

    name: str
    people: int
    of_previous: float | None
    of_first: float | None
    median_to_next: timedelta | None


@dataclass(frozen=True, slots=True)
class Course:
    """The steps of one value of the segment; "" stands for what is not known, or for all."""

    of: str
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Funnel:
    """All people together, and by segment where that was asked for."""

    asked: FunnelAsked
    whole: Course
    segments: Sequence[Course]


def funnel(client: events.Client, tenant: TenantId, asked: FunnelAsked) -> Funnel:
    """A first step counts in the span, and those after it also when the span is over by then.

    Steps are taken one after the other: two events of the same millisecond are no order, and no event is two steps. Who
    took them is the person that a device is known to be by now; whoever landed with a click has made it.
    """
    span, millisecond = asked.span, timedelta(milliseconds=1)
    rows = read(
        client,
        tenant,
        _query(asked),
        steps=list(asked.steps),
        first=span.first,
        until=span.last + asked.window_days * DAY,
        over=(datetime.combine(span.last + DAY, time(), UTC) - datetime.fromtimestamp(0, UTC)) // millisecond,
        window=timedelta(days=asked.window_days) // millisecond,
    ).to_dicts()
    courses = [
        (row["is_whole"], _course(asked.steps, row["of"], row["people"], row["to_next"])) for row in rows
    ]
    nobody = [0] * len(asked.steps)
    whole = next((it for is_whole, it in courses if is_whole), _course(asked.steps, "", nobody, nobody))
    segments = [it for is_whole, it in courses if not is_whole and asked.by]
    segments.sort(key=lambda course: (-course.steps[0].people, course.of))
    return Funnel(asked, whole, segments[:MOST_SEGMENTS])


def _course(names: Sequence[str], of: str, people: Sequence[int], to_next: Sequence[int]) -> Course:
    rates = [None, *(after / before if before else None for before, after in pairwise(people))]
    went_on = [*people[1:], 0]
    return Course(
        of,
        [
            Step(
                name=name,
                people=people[place],
                of_previous=rates[place],
                of_first=people[place] / people[0] if people[0] else None,
                median_to_next=timedelta(milliseconds=to_next[place]) if went_on[place] else None,
            )
            for place, name in enumerate(names)
        ],
    )


# What the edge writes of a short link that is followed: by whom is seen when they land, if they do.
CLICK = "click"


def _query(asked: FunnelAsked) -> str:
    """The query for these steps; what people said is bound, and a segment is the name of its own column."""
    length, by = len(asked.steps), asked.by

    def each(template: str) -> str:
        return ", ".join(template.format(n=n, next=n + 1) for n in range(1, length + 1))

    steps = each("event = {{steps:Array(String)}}[{n}]").replace("[1]", "[1] and at < {over:UInt64}", 1)
    of = f"argMinIf(toString({by}), at, event = {{steps:Array(String)}}[1])" if by else "''"
    landed, visitor, joined = (_LANDED, _LANDED_BY, _JOINED) if CLICK in asked.steps else ("", _NAMED, "")
    return f"""
-- Numbers in the place of names: shorter to join and to group by, and no two of a billion people share one.
with {landed}taken as (
    select
        {visitor} as visitor,
        events.event as event,
        events.occurred_at as occurred_at,
        events.channel as channel,
        events.device as device,
        events.country as country
    from staging.stg_events as events{joined}
    where
        events.tenant_id = {{tenant:Int64}}
        and events.event in {{steps:Array(String)}}
        and events.occurred_on between {{first:Date}} and {{until:Date}}
        and not events.is_bot
        and visitor != 0
),

owners as (
    select
        sipHash64(visitor_id) as visitor,
        arrayReverseSort(
            groupArray((known_at, startsWith(person_id, 'user:'), sipHash64(person_id), valid_from, valid_to))
        ) as known
    from intermediate.int_identities
    where tenant_id = {{tenant:Int64}}
    group by visitor
),

seen as (
    select
        if(
            empty(owners.known),
            0,
            arrayFirst(
                owner -> owner.4 <= taken.occurred_at and owner.5 > taken.occurred_at, owners.known
            ).3
        ) as owner,
        if(owner = 0, taken.visitor, owner) as person,
        taken.event as event,
        toUInt64(toUnixTimestamp64Milli(taken.occurred_at)) as at,
        taken.channel as channel,
        taken.device as device,
        taken.country as country
    from taken
    left any join owners on taken.visitor = owners.visitor
),

people as (
    select
        {of} as of,
        -- At most so many steps: where one stands twice, an event is counted as both.
        windowFunnel({{window:UInt64}})(at, {steps}) as at_most,
        groupArray((at, event)) as events
    from seen
    group by person
    having at_most > 0
),

-- When each step was taken: of every step the way there that began last is known, until the last step is reached.
-- Of events at one moment the later step comes first, so that it does not follow on the other.
ways as (
    select
        of,
        arrayFold(
            (known, now) -> if(
                notEmpty(known[{length}]),
                known,
                arrayMap(
                    (way, step, n) -> multiIf(
                        now.2 != step, way,
                        n = 1, if(now.1 < {{over:UInt64}}, [now.1], way),
                        notEmpty(known[n - 1])
                        and now.1 > known[n - 1][-1]
                        and now.1 - known[n - 1][1] <= {{window:UInt64}}, arrayPushBack(known[n - 1], now.1),
                        way
                    ),
                    known,
                    {{steps:Array(String)}},
                    arrayEnumerate(known)
                )
            ),
            if(at_most > 1, arraySort(it -> (it.1, -indexOf({{steps:Array(String)}}, it.2)), events), []),
            [{each("emptyArrayUInt64()")}]
        ) as known
    from people
),

reached as (
    select
        of,
        greatest(1, arrayCount(way -> notEmpty(way), known)) as reached,
        known[reached] as times
    from ways
)

select
    of,
    grouping(of) = 1 as is_whole,
    [{each("toInt64(countIf(reached >= {n}))")}] as people,
    [{each("toInt64(quantileExactIf(0.5)(times[{next}] - times[{n}], reached > {n}))")}] as to_next
from reached
group by grouping sets ((of), ())
settings max_execution_time = 20
"""  # noqa: S608 (names are ours, values are bound)


_LANDED = """landed as (
    select
        sipHash64(click_id) as click,
        any(sipHash64(visitor_id)) as visitor
    from staging.stg_events
    where
        tenant_id = {tenant:Int64}
        and event = 'page_view'
        and occurred_on between {first:Date} and {until:Date} + 1
        and click_id != ''
        and visitor_id != ''
        and not is_bot
    group by click
),

"""
_NAMED = "if(events.visitor_id = '', 0, sipHash64(events.visitor_id))"
_LANDED_BY = "if(events.visitor_id = '', landed.visitor, sipHash64(events.visitor_id))"
_JOINED = "\n    left any join landed on sipHash64(events.event_id) = landed.click"
