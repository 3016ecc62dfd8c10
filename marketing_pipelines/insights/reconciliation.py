"""Reconciliation: what can be wrong with reported figures, each as the rows that show it."""

from datetime import date
from typing import Any, cast

from connectors import CONNECTORS, money
from connectors.face import Channel, ReadsInsights
from store import events
from store.settings import Settings

NEGATIVE_SPEND = """
select tenant_id, account_id, date_day, level, campaign_id, ad_id, spend_micros
from raw.insights
where platform = {platform:String}
    and date_day between {since:Date} and {until:Date}
    and spend_micros < 0
order by all
limit {most:UInt32}
"""

# Campaigns without ads of their own (Performance Max) may well cost more than their ads do, never less. Ads are
# rounded one by one, so that a cent (a yen, a fils) for each is no contradiction.
ADS_BEYOND_CAMPAIGNS = """
with totals as (
    select
        tenant_id,
        account_id,
        date_day,
        currency,
        sumIf(spend_micros, level = 'campaign') as campaigns,
        sumIf(spend_micros, level = 'ad') as ads,
        countIf(level = 'ad') as number_of_ads,
        countIf(level = 'campaign') as number_of_campaigns
    from raw.insights
    where platform = {platform:String}
        and date_day between {since:Date} and {until:Date}
    group by tenant_id, account_id, date_day, currency
)

select tenant_id, account_id, date_day, currency, campaigns, ads
from totals
where number_of_campaigns > 0
    and number_of_ads > 0
    and ads > campaigns + number_of_ads * transform(currency, {currencies:Array(String)}, {units:Array(Int64)}, {cent:Int64})
order by all
limit {most:UInt32}
"""

MOST_SHOWN = 20


def negative_spend(settings: Settings, channel: Channel, since: date, until: date) -> list[tuple[Any, ...]]:
    """Rows that claim to have cost less than nothing."""
    return _rows(settings, NEGATIVE_SPEND, channel, since, until)


def ads_beyond_campaigns(
    settings: Settings, channel: Channel, since: date, until: date
) -> list[tuple[Any, ...]]:
    """Days on which an account's ads cost more than its campaigns, where both are reported."""
    units = {currency: money.smallest_unit(currency) for currency in money.DECIMALS}
    return _rows(
        settings,
        ADS_BEYOND_CAMPAIGNS,
        channel,
        since,
        until,
        currencies=list(units),
        units=list(units.values()),
        cent=money.smallest_unit(""),
    )


def _rows(
    settings: Settings, query: str, channel: Channel, since: date, until: date, **more: Any
) -> list[tuple[Any, ...]]:
    platform = str(cast("type[ReadsInsights]", CONNECTORS[channel]).platform)
    parameters = {"platform": platform, "since": since, "until": until, "most": MOST_SHOWN, **more}
    with events.connect(settings) as clickhouse:
        return [tuple(row) for row in clickhouse.query(query, parameters=parameters).result_rows]
