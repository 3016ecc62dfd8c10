"""Funnels: how many people took ordered steps within a window, where they stopped, and how long each step took."""

from collections.abc import Iterable, Sequence
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

    @property
    def repeats(self) -> bool:
        return len(set(self.steps)) < len(self.steps)


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

    Steps are taken one after the other: two events of the same millisecond are no order, and no event is two steps.
    """
    span, millisecond = asked.span, timedelta(milliseconds=1)
    rows = read(
        client,
        tenant,
        _query(len(asked.steps), asked.by, repeats=asked.repeats),
        steps=list(asked.steps),
        places=[asked.steps.index(step) + 1 for step in asked.steps],
        repeats=asked.repeats,
        ranks=_RANKS,
        first=span.first,
        last=span.last,
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


# A moment of an event is one number, its milliseconds followed by the rank of its step, so that sorting puts the later step
# first of two events at one moment, and it does not follow on the other.
_RANKS = 16
_SEEN = """
with seen as (
    select
        person_key,
        event,
        date_day,
        times,
        channel,
        device,
        country
    from intermediate.int_person_events
    where
        tenant_id = {tenant:Int64}
        and event in {steps:Array(String)}
        and date_day between {first:Date} and {until:Date}
),

-- Nobody else can have come further than the first step, and only these are looked at one by one.
further as (
    select person_key
    from seen
    where event = {steps:Array(String)}[2]
),
"""
_ENTERED = """
entered as (
    select
        '' as of,
        1 as is_whole,
        uniqExact(person_key) as people
    from seen
    where event = {steps:Array(String)}[1] and date_day <= {last:Date}
),
"""
_ENTERED_BY = """
entered as (
    select
        of,
        grouping(of) = 1 as is_whole,
        count() as people
    from (
        select SEGMENT as of
        from seen
        where event = {steps:Array(String)}[1] and date_day <= {last:Date}
        group by person_key
    )
    group by grouping sets ((of), ())
),
"""
_PEOPLE = """
people as (
    select
        SEGMENT as of,
        arraySort(
            groupArrayArrayIf(
                arrayMap(
                    time -> (toUInt64(toUInt16(date_day)) * 86400000 + time) * {ranks:UInt8}
                    + toUInt8({ranks:UInt8} - indexOf({steps:Array(String)}, event)),
                    times
                ),
                {repeats:Bool} or event != {steps:Array(String)}[1] or date_day <= {last:Date}
            )
        ) as moments,
        min(if(event = {steps:Array(String)}[1], date_day, toDate('2100-01-01'))) as entered_on
    from seen
    where person_key in further
    group by person_key
    having entered_on <= {last:Date}
),

-- Of first steps that follow one on the other the last one counts, and only if another step follows, unless the same
-- event is another step as well.
telling as (
    select
        of,
        if(
            {repeats:Bool},
            moments,
            arrayFilter(
                (now, next) -> now % {ranks:UInt8} != {ranks:UInt8} - 1
                or (next % {ranks:UInt8} != {ranks:UInt8} - 1 and next > 0),
                moments,
                arrayResize(arrayPopFront(moments), length(moments))
            )
        ) as moments
    from people
),
"""
# A way to a step begins with the last first step before the last step before it, so that all ways are found by looking back
# along the moments: of each step there is one number a moment, when the way to it began, and 0 where nobody took that step.
_FIRST = """
        arrayMap(moment -> intDiv(moment, {ranks:UInt8}), moments) as at,
        arrayMap(
            (moment, now) -> if(
                moment % {ranks:UInt8} = {ranks:UInt8} - {places:Array(UInt8)}[1] and now < {over:UInt64}, now, 0
            ),
            moments,
            at
        ) as begun_1"""
_NEXT = """,
        arrayMap(
            (moment, now, begun) -> if(
                moment % {ranks:UInt8} = {ranks:UInt8} - {places:Array(UInt8)}[STEP]
                and begun > 0
                and now - begun <= {window:UInt64},
                begun,
                0
            ),
            moments,
            at,
            arrayFill(begun -> begun > 0, begun_BEFORE)
        ) as begun_STEP"""
# Where an event is two steps: it takes two of it, and what is of one moment is no order.
_NEXT_OF_REPEATED = """,
        arrayMap(
            (moment, now, begun, last) -> if(
                moment % {ranks:UInt8} = {ranks:UInt8} - {places:Array(UInt8)}[STEP]
                and begun > 0
                and now > last
                and now - begun <= {window:UInt64},
                begun,
                0
            ),
            moments,
            at,
            arrayPopBack(arrayPushFront(arrayFill(begun -> begun > 0, begun_BEFORE), 0)),
            arrayPopBack(arrayPushFront(
                arrayFill(last -> last > 0, arrayMap((now, begun) -> if(begun > 0, now, 0), at, begun_BEFORE)), 0
            ))
        ) as begun_STEP"""
_LAST_PLACE = "arrayFirstIndex(begun -> begun > 0, begun_STEP) as place_STEP"
_PLACE = """arrayLastIndex(
            (begun, n) -> begun > 0 and (place_NEXT = 0 or n < place_NEXT), begun_STEP, arrayEnumerate(begun_STEP)
        ) as place_STEP"""


def _query(length: int, by: Segment | None, *, repeats: bool = False) -> str:
    """The query for so many steps; what people said is bound, and a segment is the name of its own column."""
    followers = range(2, length + 1)

    def each(template: str, steps: Iterable[int], between: str = ", ") -> str:
        return between.join(
            template.replace("STEP", str(n)).replace("BEFORE", str(n - 1)).replace("NEXT", str(n + 1))
            for n in steps
        )

    # One number orders much faster than a pair.
    first_seen = "argMinIf(COLUMN, toUInt64(toUInt16(date_day)) * 86400000 + times[1], event = {steps:Array(String)}[1])"
    segment = first_seen.replace("COLUMN", by) if by else "''"
    places = ",\n        ".join(
        [each(_LAST_PLACE, [length]), *(each(_PLACE, [n]) for n in range(length - 1, 1, -1))]
    )
    return f"""{_SEEN}
{(_ENTERED_BY if by else _ENTERED).replace("SEGMENT", segment)}
{_PEOPLE.replace("SEGMENT", segment)}
ways as (
    select
        of,{_FIRST}{each(_NEXT_OF_REPEATED if repeats else _NEXT, followers, "")}
    from telling
),

-- When each step was taken on the way that came furthest: the first that came to the end, else the last one.
reached as (
    select
        of,
        {places},
        1 + {each("(place_STEP > 0)", followers, " + ")} as reached,
        [begun_2[place_2], {each("at[place_STEP]", followers)}] as times
    from ways
),

counted as (
    select
        of,
        grouping(of) = 1 as is_whole,
        [{each("toInt64(countIf(reached >= STEP))", range(1, length + 1))}] as people,
        [{each("toInt64(quantileExactIf(0.5)(times[NEXT] - times[STEP], reached > STEP))", range(1, length + 1))}] as to_next
    from reached
    group by grouping sets ((of), ())
)

select
    toString(entered.of) as of,
    entered.is_whole as is_whole,
    arrayConcat([toInt64(entered.people)], arrayPopFront(arrayResize(counted.people, {length}))) as people,
    arrayResize(counted.to_next, {length}) as to_next
from entered
left join counted on entered.of = counted.of and entered.is_whole = counted.is_whole
-- The key finds the steps already; to look at it row by row as well costs a third of the time.
settings max_execution_time = 20, optimize_move_to_prewhere = 0
"""  # noqa: S608 (names are ours, values are bound)
