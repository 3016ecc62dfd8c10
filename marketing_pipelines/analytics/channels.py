"""Channels: what each cost and brought in a span, beside as many days before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from marketing_pipelines.analytics.asking import Question, Span
from marketing_pipelines.analytics.measures import SUMS, Sums
from marketing_pipelines.analytics.reading import read
from store import events
from store.records.schema import TenantId


class ChannelsAsked(Question):
    pass


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    now: Sums
    before: Sums


@dataclass(frozen=True, slots=True)
class Channels:
    """What cost most comes first."""

    span: Span
    currency: str
    channels: Sequence[Channel] = field(default_factory=tuple)

    @property
    def total(self) -> Channel:
        return Channel(
            "",
            sum((it.now for it in self.channels), Sums()),
            sum((it.before for it in self.channels), Sums()),
        )


def channels(client: events.Client, tenant: TenantId, asked: ChannelsAsked) -> Channels:
    span = asked.span
    rows = read(client, tenant, _QUERY, since=span.before.first, first=span.first, last=span.last).to_dicts()
    found = [
        Channel(str(row["channel"]), _sums(row, "now"), _sums(row, "then"))
        for row in sorted(rows, key=lambda row: (-row["spend_now"], -row["visits_now"], row["channel"]))
    ]
    return Channels(span, str(rows[0]["currency"]) if rows else "", found)


def _sums(row: Mapping[str, float], when: str) -> Sums:
    return Sums(**{name: row[f"{name}_{when}"] for name in SUMS})


_QUERY = """
with days as (
    select
        toString(channel) as channel,
        toString(currency) as currency,
        date_day >= {first:Date} as is_now,
        spend,
        impressions,
        clicks,
        human_visits,
        conversions,
        conversions_value
    from marts.channel_daily
    where tenant_id = {tenant:Int64} and date_day between {since:Date} and {last:Date}
)

select
    channel,
    any(currency) as currency,
    toFloat64(sumIf(spend, is_now)) as spend_now,
    toFloat64(sumIf(impressions, is_now)) as impressions_now,
    toFloat64(sumIf(clicks, is_now)) as clicks_now,
    toFloat64(sumIf(human_visits, is_now)) as visits_now,
    toFloat64(sumIf(conversions, is_now)) as conversions_now,
    toFloat64(sumIf(conversions_value, is_now)) as revenue_now,
    toFloat64(sumIf(spend, not is_now)) as spend_then,
    toFloat64(sumIf(impressions, not is_now)) as impressions_then,
    toFloat64(sumIf(clicks, not is_now)) as clicks_then,
    toFloat64(sumIf(human_visits, not is_now)) as visits_then,
    toFloat64(sumIf(conversions, not is_now)) as conversions_then,
    toFloat64(sumIf(conversions_value, not is_now)) as revenue_then
from days
group by channel
settings max_execution_time = 10
"""
