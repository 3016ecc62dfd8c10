"""Cohorts: of the people who first came in one week, how many came back, converted and paid in each week after it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from marketing_pipelines.analytics.asking import EARLIEST, Day, Question, Span
from marketing_pipelines.analytics.reading import read
from store import events
from store.records.schema import TenantId

WEEK = timedelta(weeks=1)
MOST_WEEKS = 104


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


class WeeksAsked(Question):
    """A question of people by the week of their first visit: of whole weeks, as many as are usual where none is named."""

    usual_weeks: ClassVar[int]
    first: Annotated[
        Day | None,
        Field(
            alias="from",
            description="A day in the week of the oldest cohort. Usual are twelve weeks, of lifetimes two years.",
        ),
    ] = None

    def settled(self, today: date, /) -> Self:
        first = self.first or (self.last or today) - (self.usual_weeks - 1) * WEEK
        # Nobody asks of the first week of all time, which would begin before it.
        begins = self.model_copy(update={"first": monday(max(first, EARLIEST + WEEK))})
        return super(WeeksAsked, begins).settled(today)


class CohortsAsked(WeeksAsked):
    usual_weeks = 12
    weeks: Annotated[
        int,
        Field(ge=1, le=MOST_WEEKS, description="How many weeks each cohort is followed, its first included."),
    ] = 12


@dataclass(frozen=True, slots=True)
class CohortWeek:
    """How a cohort did in a week; one that is not complete is still going on."""

    weeks_since: int
    people: int
    people_converting: int
    conversions: int
    revenue: float
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who first came in the week that begins with that Monday, followed for as long as there is something to know."""

    week: date
    people: int
    weeks: Sequence[CohortWeek]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The oldest first."""

    span: Span
    currency: str
    cohorts: Sequence[Cohort] = field(default_factory=tuple)


def cohorts(client: events.Client, tenant: TenantId, asked: CohortsAsked) -> Cohorts:
    """A week in which nobody of a cohort came is a week of zeros, as soon as anybody of the tenant came in it."""
    span = asked.span
    rows = read(
        client, tenant, _QUERY, first=monday(span.first), last=span.last, weeks=asked.weeks
    ).to_dicts()
    found = [
        _cohort(week, {int(row["weeks_since"]): row for row in of_week}, asked.weeks)
        for week, of_week in groupby(rows, key=lambda row: row["cohort_week"])
    ]
    return Cohorts(span, str(rows[0]["currency"]) if rows else "", found)


def _cohort(week: date, rows: Mapping[int, Mapping[str, Any]], followed: int) -> Cohort:
    known = next(iter(rows.values()))
    return Cohort(week, int(known["cohort_people"]), list(_weeks(week, rows, known, followed)))


def _weeks(
    week: date, rows: Mapping[int, Mapping[str, Any]], known: Mapping[str, Any], followed: int
) -> Iterator[CohortWeek]:
    newest: date = known["newest_week"]
    for since in range(min(followed, (newest - week) // WEEK + 1)):
        is_over = week + since * WEEK < newest or bool(known["is_newest_complete"])
        row = rows.get(since)
        if row is None:
            yield CohortWeek(since, 0, 0, 0, 0.0, is_over)
        else:
            yield CohortWeek(
                since,
                int(row["people"]),
                int(row["people_converting"]),
                int(row["conversions"]),
                float(row["revenue"]),
                is_over,
            )


_QUERY = """
with newest as (
    select max((cohort_week + 7 * weeks_since, is_complete)) as week
    from marts.cohorts
    where tenant_id = {tenant:Int64}
)

select
    cohort_week,
    weeks_since,
    toString(currency) as currency,
    cohort_people,
    people,
    people_converting,
    conversions,
    toFloat64(revenue) as revenue,
    (select toDate(week.1) from newest) as newest_week,
    (select week.2 from newest) as is_newest_complete
from marts.cohorts
where
    tenant_id = {tenant:Int64}
    and cohort_week between {first:Date} and {last:Date}
    and weeks_since < {weeks:UInt16}
order by cohort_week, weeks_since
settings max_execution_time = 10
"""
