"""Lifetime: what a person is worth in the days after the first visit, by the channel that brought them, and what they cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import sqrt
from typing import Any

from marketing_pipelines.analytics.asking import Span
from marketing_pipelines.analytics.certainty import Z
from marketing_pipelines.analytics.cohorts import WEEK, WeeksAsked, monday
from marketing_pipelines.analytics.reading import read
from store import events
from store.records.schema import TenantId

# How a value differs from week to week is not known from fewer.
FEWEST_WEEKS = 8


class LtvAsked(WeeksAsked):
    # Two years, so that there is a year of people whose 365 days are over.
    usual_weeks = 104


@dataclass(frozen=True, slots=True)
class Horizon:
    """So many days of each person, of those cohorts alone whose days are over: `weeks` of them out of `of_weeks`.

    `paid_people` and `paid_revenue` are of the weeks in which something was spent, which `spend` is the sum of.
    """

    within_days: int
    people: int
    conversions: int
    revenue: float
    weeks: int
    of_weeks: int
    spend: float
    paid_people: int
    paid_revenue: float
    # How far the value of a person lies from where another so many weeks would put it, nineteen times out of twenty.
    margin: float | None

    @property
    def is_complete(self) -> bool:
        return 0 < self.weeks == self.of_weeks

    @property
    def per_person(self) -> float | None:
        return self.revenue / self.people if self.people else None

    @property
    def cost_per_person(self) -> float | None:
        return self.spend / self.paid_people if self.spend and self.paid_people else None

    @property
    def to_cost(self) -> float | None:
        """LTV to CAC: both of the same people, so that it is what they paid by what was spent."""
        return self.paid_revenue / self.spend if self.spend else None


@dataclass(frozen=True, slots=True)
class ChannelLifetime:
    """Those whom a channel first brought; all of them, whether their days are over or not."""

    channel: str
    people: int
    horizons: Sequence[Horizon]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """By whom most people were brought first."""

    span: Span
    currency: str
    channels: Sequence[ChannelLifetime] = field(default_factory=tuple)


def ltv(client: events.Client, tenant: TenantId, asked: LtvAsked) -> Lifetimes:
    span = asked.span
    first, last = monday(span.first), span.last
    # The ads of the last week are those of all its days.
    rows = read(client, tenant, _QUERY, first=first, last=last, spent_until=monday(last) + WEEK).to_dicts()
    found = [
        ChannelLifetime(channel, int(horizons[0]["all_people"]), [_horizon(row) for row in horizons])
        for channel, horizons in (
            (channel, list(of_channel)) for channel, of_channel in groupby(rows, lambda row: row["channel"])
        )
    ]
    found.sort(key=lambda it: (-it.people, it.channel))
    return Lifetimes(span, str(rows[0]["currency"]) if rows else "", found)


def _horizon(row: Mapping[str, Any]) -> Horizon:
    return Horizon(
        within_days=int(row["within_days"]),
        people=int(row["people"]),
        conversions=int(row["conversions"]),
        revenue=float(row["revenue"]),
        weeks=int(row["weeks"]),
        of_weeks=int(row["of_weeks"]),
        spend=float(row["spend"]),
        paid_people=int(row["paid_people"]),
        paid_revenue=float(row["paid_revenue"]),
        margin=_margin(row),
    )


def _margin(row: Mapping[str, Any]) -> float | None:
    """Of a ratio of sums over weeks: people of one week are alike, and so weeks are what is drawn, not people."""
    people, weeks = float(row["people"]), int(row["weeks"])
    if weeks < FEWEST_WEEKS or not people:
        return None
    value = float(row["revenue"]) / people
    squares = float(row["revenue_squared"]) - 2 * value * float(row["revenue_people"])
    scatter = max(0.0, squares + value * value * float(row["people_squared"]))
    return Z * sqrt(scatter * weeks / (weeks - 1)) / people


# A week is over for everybody or for nobody, also for a channel that brought nobody in it.
_QUERY = """
with lives as (
    select
        toString(first_channel) as channel,
        within_days,
        cohort_week as week,
        currency,
        people,
        conversions,
        toFloat64(revenue) as revenue,
        is_complete
    from marts.ltv
    where tenant_id = {tenant:Int64} and cohort_week between {first:Date} and {last:Date}
),

horizons as (
    select
        within_days,
        any(currency) as currency,
        maxIf(week, is_complete) as over_until,
        uniqExactIf(week, is_complete) as weeks,
        uniqExact(week) as of_weeks
    from lives
    group by within_days
),

costs as (
    select
        toString(channel) as channel,
        toMonday(date_day) as week,
        toFloat64(sum(spend)) as spend
    from marts.channel_daily
    where tenant_id = {tenant:Int64} and date_day >= {first:Date} and date_day < {spent_until:Date}
    group by channel, week
    having spend > 0
),

facts as (
    select channel, within_days, week, people, conversions, revenue, toFloat64(0) as spend
    from lives
    union all
    select
        costs.channel as channel,
        horizons.within_days as within_days,
        costs.week as week,
        toUInt64(0) as people,
        toUInt64(0) as conversions,
        toFloat64(0) as revenue,
        costs.spend as spend
    from costs
    cross join horizons
),

weekly as (
    select
        channel,
        within_days,
        week,
        toFloat64(sum(facts.people)) as came,
        sum(facts.conversions) as converted,
        sum(facts.revenue) as earned,
        sum(facts.spend) as spent
    from facts
    group by channel, within_days, week
)

select
    weekly.channel as channel,
    weekly.within_days as within_days,
    toString(any(horizons.currency)) as currency,
    any(horizons.weeks) as weeks,
    any(horizons.of_weeks) as of_weeks,
    sum(came) as all_people,
    sumIf(came, week <= over_until) as people,
    sumIf(converted, week <= over_until) as conversions,
    sumIf(earned, week <= over_until) as revenue,
    sumIf(spent, week <= over_until) as spend,
    sumIf(came, week <= over_until and spent > 0) as paid_people,
    sumIf(earned, week <= over_until and spent > 0) as paid_revenue,
    sumIf(earned * earned, week <= over_until) as revenue_squared,
    sumIf(earned * came, week <= over_until) as revenue_people,
    sumIf(came * came, week <= over_until) as people_squared
from weekly
inner join horizons on weekly.within_days = horizons.within_days
group by channel, within_days
order by channel, within_days
settings max_execution_time = 10
"""
