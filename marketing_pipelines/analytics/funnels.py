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

    Steps are taken one after the other: two events of the same millisecond are no order, and no event is two steps.
    """
    span, millisecond = asked.span, timedelta(milliseconds=1)
    rows = read(
        client,
        tenant,
        _query(len(asked.steps), asked.by),
        steps=list(asked.steps),
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

-- Nobody else can have come further than the first step.
further as (
    select person_key
    from seen
    where event = {steps:Array(String)}[2]
),
"""
_REACHED = """
-- When each step was taken: of every step the way there that began last is known, until the last step is reached.
ways as (
    select
        of,
        arrayFold(
            (known, now) -> if(
                notEmpty(known[length({steps:Array(String)})]),
                known,
                arrayMap(
                    (way, step, n) -> multiIf(
                        now % {ranks:UInt8} != {ranks:UInt8} - indexOf({steps:Array(String)}, step), way,
                        n = 1, if(intDiv(now, {ranks:UInt8}) < {over:UInt64}, [intDiv(now, {ranks:UInt8})], way),
                        notEmpty(known[n - 1])
                        and intDiv(now, {ranks:UInt8}) > known[n - 1][-1]
                        and intDiv(now, {ranks:UInt8}) - known[n - 1][1] <= {window:UInt64},
                        arrayPushBack(known[n - 1], intDiv(now, {ranks:UInt8})),
                        way
                    ),
                    known,
                    {steps:Array(String)},
                    arrayEnumerate(known)
                )
            ),
            moments,
            arrayMap(step -> emptyArrayUInt64(), {steps:Array(String)})
        ) as known
    from telling
),

reached as (
    select
        of,
        greatest(1, arrayCount(way -> notEmpty(way), known)) as reached,
        known[reached] as times
    from ways
)
"""


def _query(length: int, by: Segment | None) -> str:
    """The query for so many steps; what people said is bound, and a segment is the name of its own column."""

    def each(template: str) -> str:
        return ", ".join(template.format(n=n, next=n + 1) for n in range(1, length + 1))

    first_step = "event = {steps:Array(String)}[1]"
    of = f"argMinIf(toString({by}), (date_day, times[1]), {first_step})" if by else "''"
    twice = "countEqual({steps:Array(String)}, {steps:Array(String)}[1]) > 1"
    return f"""{_SEEN}
people as (
    select
        {of} as of,
        arraySort(
            groupArrayArrayIf(
                arrayMap(
                    time -> (toUInt64(toUInt16(date_day)) * 86400000 + time) * {{ranks:UInt8}}
                    + toUInt8({{ranks:UInt8}} - indexOf({{steps:Array(String)}}, event)),
                    times
                ),
                person_key in further and (event != {{steps:Array(String)}}[1] or date_day <= {{last:Date}} or {twice})
            )
        ) as moments,
        min(if({first_step}, date_day, toDate('2100-01-01'))) as entered_on
    from seen
    where {first_step} or person_key in further
    group by person_key
    having entered_on <= {{last:Date}}
),

-- Of first steps that follow one on the other the last one counts, and only if another step follows, unless the same
-- event is another step as well.
telling as (
    select
        of,
        if(
            {twice},
            moments,
            arrayFilter(
                (now, next) -> now % {{ranks:UInt8}} != {{ranks:UInt8}} - 1
                or (next % {{ranks:UInt8}} != {{ranks:UInt8}} - 1 and next > 0),
                moments,
                arrayResize(arrayPopFront(moments), length(moments))
            )
        ) as moments
    from people
),
{_REACHED}
select
    of,
    grouping(of) = 1 as is_whole,
    [{each("toInt64(countIf(reached >= {n}))")}] as people,
    [{each("toInt64(quantileExactIf(0.5)(times[{next}] - times[{n}], reached > {n}))")}] as to_next
from reached
group by grouping sets ((of), ())
settings max_execution_time = 20
"""  # noqa: S608 (names are ours, values are bound)
