"""Channels: what each cost, brought and is worth in a span, beside as many days before, and the course of all by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from marketing_pipelines.analytics.asking import Question, Span
from marketing_pipelines.analytics.measures import SUMS, Sums
from marketing_pipelines.analytics.reading import read
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId

# From their first visit on people's purchases are summed up over so many days, to say what they are worth.
LIFETIME = timedelta(days=30)
WEEK = timedelta(days=7)


class ChannelsAsked(Question):
    pass


@dataclass(frozen=True, slots=True)
class Lifetime:
    """What so many people brought within 30 days of their first visit."""

    people: float = 0.0
    revenue: float = 0.0

    def __add__(self, other: "Lifetime") -> "Lifetime":
        return Lifetime(self.people + other.people, self.revenue + other.revenue)

    @property
    def value(self) -> float | None:
        """Of one of them; unknown where nobody came."""
        return self.revenue / self.people if self.people else None


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    now: Sums
    before: Sums
    lifetime_now: Lifetime = Lifetime()
    lifetime_before: Lifetime = Lifetime()
    visits_of_programs: float = 0.0


@dataclass(frozen=True, slots=True)
class Channels:
    """What cost most comes first. `days` has the days of the span in which something happened.

    Lifetimes are of those who first came in whole weeks, as many as the span has, the last that were over for 30 days.
    """

    span: Span
    currency: str
    channels: Sequence[Channel] = field(default_factory=tuple)
    days: Mapping[date, Sums] = field(default_factory=dict)
    first_met: Span | None = None

    @property
    def total(self) -> Channel:
        return Channel(
            "",
            sum((it.now for it in self.channels), Sums()),
            sum((it.before for it in self.channels), Sums()),
            sum((it.lifetime_now for it in self.channels), Lifetime()),
            sum((it.lifetime_before for it in self.channels), Lifetime()),
            sum(it.visits_of_programs for it in self.channels),
        )


def channels(client: events.Client, tenant: TenantId, asked: ChannelsAsked) -> Channels:
    span = asked.span
    rows = read(client, tenant, _QUERY, since=span.before.first, first=span.first, last=span.last).to_dicts()
    weeks = first_met(span)
    lifetimes = _lifetimes(client, tenant, weeks)
    of_channels = {(str(row["channel"]), bool(row["is_now"])): row for row in rows if not row["is_of_a_day"]}
    found = [
        Channel(
            name,
            now=_sums(of_channels.get((name, True))),
            before=_sums(of_channels.get((name, False))),
            lifetime_now=lifetimes.get((name, True), Lifetime()),
            lifetime_before=lifetimes.get((name, False), Lifetime()),
            visits_of_programs=of_channels.get((name, True), _NOTHING)["visits_of_programs"],
        )
        for name in {name for name, _ in [*of_channels, *lifetimes]}
    ]
    return Channels(
        span,
        str(rows[0]["currency"]) if rows else "",
        sorted(found, key=lambda it: (-it.now.spend, -it.now.visits, it.name)),
        {row["date_day"]: _sums(row) for row in rows if row["is_of_a_day"] and row["is_now"]},
        weeks,
    )


def first_met(span: Span) -> Span:
    """Whole weeks, as many as fit into the span: the last whose people have all had their 30 days when it ends."""
    settled = span.last - LIFETIME - timedelta(days=1)
    sunday = settled - timedelta(days=settled.isoweekday() % 7)
    return Span(sunday - max(1, span.days // 7) * WEEK + timedelta(days=1), sunday)


def _lifetimes(client: events.Client, tenant: TenantId, weeks: Span) -> Mapping[tuple[str, bool], Lifetime]:
    """By channel, of these weeks and of those before; none where that has not been built yet."""
    asked = {"since": weeks.before.first, "first": weeks.first, "last": weeks.last, "within": LIFETIME.days}
    try:
        rows = read(client, tenant, _LIFETIMES, **asked).to_dicts()
    except NotBuilt:
        return {}
    return {
        (str(row["channel"]), bool(row["is_now"])): Lifetime(row["people"], row["revenue"]) for row in rows
    }


def _sums(row: Mapping[str, float] | None) -> Sums:
    return Sums(**{name: row[name] for name in SUMS}) if row else Sums()


_NOTHING: Mapping[str, float] = {"visits_of_programs": 0.0}
_QUERY = """
with days as (
    select
        toString(channel) as channel,
        toString(currency) as currency,
        date_day,
        date_day >= {first:Date} as is_now,
        spend,
        impressions,
        clicks,
        human_visits,
        bot_visits,
        conversions,
        conversions_value
    from marts.channel_daily
    where tenant_id = {tenant:Int64} and date_day between {since:Date} and {last:Date}
)

select
    channel,
    date_day,
    is_now,
    grouping(channel) = 1 as is_of_a_day,
    any(currency) as currency,
    toFloat64(sum(days.spend)) as spend,
    toFloat64(sum(days.impressions)) as impressions,
    toFloat64(sum(days.clicks)) as clicks,
    toFloat64(sum(days.human_visits)) as visits,
    toFloat64(sum(days.bot_visits)) as visits_of_programs,
    toFloat64(sum(days.conversions)) as conversions,
    toFloat64(sum(days.conversions_value)) as revenue
from days
group by grouping sets ((channel, is_now), (date_day, is_now))
settings max_execution_time = 10
"""
_LIFETIMES = """
select
    toString(first_channel) as channel,
    cohort_week >= {first:Date} as is_now,
    toFloat64(sum(ltv.people)) as people,
    toFloat64(sum(ltv.revenue)) as revenue
from marts.ltv
where
    tenant_id = {tenant:Int64}
    and within_days = {within:UInt16}
    and cohort_week between {since:Date} and {last:Date}
    and is_complete
group by channel, is_now
settings max_execution_time = 10
"""
