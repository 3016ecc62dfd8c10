"""Timeseries: one metric over hours, days, weeks or months, by channel, campaign or attribution model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from marketing_pipelines.analytics import measures
from marketing_pipelines.analytics.asking import GoalNumber, ModelName, Name, Question, Span
from marketing_pipelines.analytics.measures import SUMS, Metric
from marketing_pipelines.analytics.reading import chosen_goal, read
from marketing_pipelines.analytics.refusals import Unanswerable
from store import events
from store.records.schema import TenantId

if TYPE_CHECKING:
    import polars as pl


class Granularity(StrEnum):
    """Weeks begin on Monday. Hours are kept of visits alone: ad platforms and attribution count in days."""

    HOUR = "h"
    DAY = "d"
    WEEK = "w"
    MONTH = "m"


class Dimension(StrEnum):
    """What a series can be told apart by."""

    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    MODEL = "model"


class Source(StrEnum):
    """Where the numbers are read; the assets that make them."""

    CHANNELS = "marts/channel_daily"
    MODELS = "marts/channel_roas"
    CAMPAIGNS = "marts/ad_performance"
    HOURS = "intermediate/int_touchpoints"


LONGEST: Mapping[Granularity, int] = {
    Granularity.HOUR: 14,
    Granularity.DAY: 1_100,
    Granularity.WEEK: 3_700,
    Granularity.MONTH: 3_700,
}
# Of more campaigns than these, those that cost most are shown.
MOST_CAMPAIGNS = 50
_STEP = {
    Granularity.HOUR: "1h",
    Granularity.DAY: "1d",
    Granularity.WEEK: "1w",
    Granularity.MONTH: "1mo",
}
# Ad accounts count conversions by themselves; which visits an ad brought they do not know.
_OF_CAMPAIGNS = frozenset(SUMS) - {"visits"}


class TimeseriesAsked(Question):
    metric: Metric = Metric.SPEND
    gran: Annotated[
        Granularity,
        Field(description="h, d, w or m: hours (of visits alone), days, weeks from Monday on, months."),
    ] = Granularity.DAY
    by: Annotated[Dimension | None, Field(description="A series for each.")] = None
    channel: Annotated[Name, Field(description="Only this channel.")] = ""
    campaign: Annotated[Name, Field(description="Only this campaign, as ad accounts call it.")] = ""
    goal_id: GoalNumber = None
    model: Annotated[
        ModelName | None, Field(description="Credit by this attribution model; else by the headline one.")
    ] = None

    @property
    def longest(self) -> int:
        return LONGEST[self.gran]

    def settled(self, today: date, /) -> Self:
        _ = self.source
        return super().settled(today)

    @property
    def source(self) -> Source:
        """Where this is read; raises Unanswerable where what is asked for is kept nowhere together."""
        needed = measures.needed(self.metric)
        _refuse_unless(
            self.goal_id is None or self._of_models,
            "goal_id",
            "needs a model that credits its conversions; say which one, or ask by model",
        )
        if self.gran is Granularity.HOUR:
            _refuse_unless(needed == {"visits"}, "gran", "h is kept of visits alone; ask for d, w or m")
            _refuse_unless(not self._of_campaigns, "by", "campaign is not kept by the hour; ask for d")
            _refuse_unless(not self._of_models, "model", "changes no visits; leave it out")
            return Source.HOURS
        if self._of_campaigns:
            _refuse_unless(
                not self._of_models,
                "model",
                "credits channels and not campaigns; leave it out, or read /api/attribution/paths",
            )
            known = ", ".join(it for it in Metric if measures.needed(it) <= _OF_CAMPAIGNS)
            _refuse_unless(
                needed <= _OF_CAMPAIGNS,
                "metric",
                f"{self.metric} is not kept by campaign; these are: {known}",
            )
            return Source.CAMPAIGNS
        return Source.MODELS if self._of_models else Source.CHANNELS

    @property
    def _of_campaigns(self) -> bool:
        return bool(self.campaign) or self.by is Dimension.CAMPAIGN

    @property
    def _of_models(self) -> bool:
        return self.model is not None or self.by is Dimension.MODEL


def _refuse_unless(holds: bool, field: str, reason: str) -> None:
    if not holds:
        raise Unanswerable(field, reason)


@dataclass(frozen=True, slots=True)
class Timeseries:
    """`rows` has `at`, `of` and `value`: what the series is of ("" for all together), and its value, if there is one."""

    asked: TimeseriesAsked
    source: Source
    rows: "pl.DataFrame"


def timeseries(client: events.Client, tenant: TenantId, asked: TimeseriesAsked) -> Timeseries:
    """Each series has each of its moments: sums are 0 where nothing happened, ratios unknown."""
    source, span = asked.source, asked.span
    found = read(
        client,
        tenant,
        _QUERIES[source],
        first=span.first,
        last=span.last,
        gran=asked.gran,
        by=asked.by or "",
        channel=asked.channel,
        campaign=asked.campaign,
        model=asked.model or "",
        goal=chosen_goal(client, tenant, asked.goal_id) if source is Source.MODELS else 0,
        most=MOST_CAMPAIGNS,
    )
    return Timeseries(asked, source, filled(found, asked))


def filled(found: "pl.DataFrame", asked: TimeseriesAsked) -> "pl.DataFrame":
    """Sums by moment and series as the metric, with the moments that are missing."""
    import polars as pl

    moments = _moments(asked.span, asked.gran)
    whole = pl.DataFrame({"of": [""]}) if asked.by is None else found.select("of").unique()
    sums = found.with_columns(pl.col("at").cast(moments.dtype))
    return (
        whole.join(moments.to_frame("at"), how="cross")
        .join(sums, on=["of", "at"], how="left")
        .with_columns(pl.col(SUMS).fill_null(0.0))
        .select("at", "of", measures.valued(asked.metric).cast(pl.Float64).alias("value"))
        .sort("of", "at")
    )


def _moments(span: Span, gran: Granularity) -> "pl.Series":
    import polars as pl

    if gran is Granularity.HOUR:
        first = datetime.combine(span.first, time(), UTC)
        last = datetime.combine(span.last, time(23), UTC)
        return pl.datetime_range(first, last, _STEP[gran], eager=True)
    return pl.date_range(_begins(span.first, gran), span.last, _STEP[gran], eager=True)


def _begins(day: date, gran: Granularity) -> date:
    """The first day of the week or month that a day is in."""
    match gran:
        case Granularity.WEEK:
            return day - timedelta(days=day.weekday())
        case Granularity.MONTH:
            return day.replace(day=1)
        case _:
            return day


# One shape for all: of each moment and series the sums, from which every metric is made.
_CHANNELS = """
select
    multiIf(
        {gran:String} = 'w', toMonday(date_day), {gran:String} = 'm', toStartOfMonth(date_day), date_day
    ) as at,
    if({by:String} = 'channel', toString(channel), '') as of,
    toFloat64(sum(spend)) as spend,
    toFloat64(sum(impressions)) as impressions,
    toFloat64(sum(clicks)) as clicks,
    toFloat64(sum(human_visits)) as visits,
    toFloat64(sum(conversions)) as conversions,
    toFloat64(sum(conversions_value)) as revenue
from marts.channel_daily
where
    tenant_id = {tenant:Int64}
    and date_day between {first:Date} and {last:Date}
    and ({channel:String} = '' or channel = {channel:String})
group by at, of
settings max_execution_time = 10
"""
# What a model does not change meets every model, so that each has its ratios.
_MODELS = """
with facts as (
    select
        date_day,
        toString(channel) as channel,
        toString(model) as model,
        toFloat64(0) as spend,
        toFloat64(0) as impressions,
        toFloat64(0) as clicks,
        toFloat64(0) as visits,
        conversions as conversions,
        toFloat64(conversions_value) as revenue
    from marts.channel_roas
    where
        tenant_id = {tenant:Int64}
        and date_day between {first:Date} and {last:Date}
        and goal_id = {goal:Int64}
    union all
    select
        date_day,
        toString(channel) as channel,
        arrayJoin((
            select groupUniqArray(toString(model)) from marts.channel_roas where tenant_id = {tenant:Int64}
        )) as model,
        toFloat64(spend) as spend,
        toFloat64(impressions) as impressions,
        toFloat64(clicks) as clicks,
        toFloat64(human_visits) as visits,
        toFloat64(0) as conversions,
        toFloat64(0) as revenue
    from marts.channel_daily
    where tenant_id = {tenant:Int64} and date_day between {first:Date} and {last:Date}
)

select
    multiIf(
        {gran:String} = 'w', toMonday(date_day), {gran:String} = 'm', toStartOfMonth(date_day), date_day
    ) as at,
    multiIf({by:String} = 'channel', channel, {by:String} = 'model', model, '') as of,
    sum(facts.spend) as spend,
    sum(facts.impressions) as impressions,
    sum(facts.clicks) as clicks,
    sum(facts.visits) as visits,
    sum(facts.conversions) as conversions,
    sum(facts.revenue) as revenue
from facts
where
    ({channel:String} = '' or channel = {channel:String})
    and ({model:String} = '' or model = {model:String})
group by at, of
settings max_execution_time = 10
"""
# Money of accounts in another currency counts by the rate of its day, and nowhere where there is none; what was shown and
# clicked there counts all the same.
_CAMPAIGNS = """
with performance as (
    select
        date_day,
        toString(channel) as channel,
        campaign_name,
        toFloat64(tenant_spend) as spent,
        impressions,
        clicks,
        conversions,
        toFloat64(conversions_value) * ifNull(toFloat64(rate), 0) as worth
    from marts.ad_performance
    where
        tenant_id = {tenant:Int64}
        and date_day between {first:Date} and {last:Date}
        and ({channel:String} = '' or channel = {channel:String})
        and ({campaign:String} = '' or campaign_name = {campaign:String})
),

dearest as (
    select campaign_name
    from performance
    group by campaign_name
    order by sum(spent) desc, campaign_name
    limit {most:UInt32}
)

select
    multiIf(
        {gran:String} = 'w', toMonday(date_day), {gran:String} = 'm', toStartOfMonth(date_day), date_day
    ) as at,
    multiIf({by:String} = 'channel', performance.channel, {by:String} = 'campaign', campaign_name, '') as of,
    sum(performance.spent) as spend,
    toFloat64(sum(performance.impressions)) as impressions,
    toFloat64(sum(performance.clicks)) as clicks,
    toFloat64(0) as visits,
    toFloat64(sum(performance.conversions)) as conversions,
    sum(performance.worth) as revenue
from performance
where {by:String} != 'campaign' or campaign_name in (select campaign_name from dearest)
group by at, of
settings max_execution_time = 10
"""
_HOURS = """
select
    toDateTime64(toStartOfHour(touched_at), 3, 'UTC') as at,
    if({by:String} = 'channel', toString(channel), '') as of,
    toFloat64(0) as spend,
    toFloat64(0) as impressions,
    toFloat64(0) as clicks,
    toFloat64(count()) as visits,
    toFloat64(0) as conversions,
    toFloat64(0) as revenue
from intermediate.int_touchpoints
where
    tenant_id = {tenant:Int64}
    and touched_on between {first:Date} and {last:Date}
    and kind = 'visit'
    and not is_bot
    and ({channel:String} = '' or channel = {channel:String})
group by at, of
settings max_execution_time = 10
"""
_QUERIES: Mapping[Source, str] = {
    Source.CHANNELS: _CHANNELS,
    Source.MODELS: _MODELS,
    Source.CAMPAIGNS: _CAMPAIGNS,
    Source.HOURS: _HOURS,
}
