"""Freshness: how new a number is, by the newest day in what it is read from and by when that was built."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from marketing_pipelines.analytics.reading import read
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId

# What numbers are read from, by the asset that makes it, and the newest day that a tenant has in it.
_NEWEST = {
    "marts/channel_daily": "select max(date_day) from marts.channel_daily where tenant_id = {tenant:Int64}",
    "marts/channel_roas": "select max(date_day) from marts.channel_roas where tenant_id = {tenant:Int64}",
    "marts/ad_performance": "select max(date_day) from marts.ad_performance where tenant_id = {tenant:Int64}",
    "marts/cohorts": "select max(cohort_week + 7 * weeks_since) from marts.cohorts where tenant_id = {tenant:Int64}",
    "marts/ltv": "select max(cohort_week) from marts.ltv where tenant_id = {tenant:Int64}",
    "intermediate/int_touchpoints": (
        "select max(touched_on) from intermediate.int_touchpoints where tenant_id = {tenant:Int64}"
    ),
    "intermediate/int_paths": (
        "select max(converted_on) from intermediate.int_paths where tenant_id = {tenant:Int64}"
    ),
    "attribution_results": (
        "select max(as_of) from raw.attribution_results where tenant_id = {tenant:Int64}"
    ),
    "staging/stg_events": "select max(occurred_on) from staging.stg_events where tenant_id = {tenant:Int64}",
}
ASSETS = tuple(_NEWEST)
# What Python assets write lies in another place than their keys say.
_TABLES = {"attribution_results": "raw/attribution_results"}
# A mart is made anew by each build, and so the table is as old as that. One that is added to is as new as its newest
# part; what was only merged from others has a level.
_BUILT = """
with made as (
    select concat(database, '/', name) as asset, toDateTime64(metadata_modification_time, 3, 'UTC') as at
    from system.tables
    where has({assets:Array(String)}, asset)
),

written as (
    select concat(database, '/', table) as asset, maxIf(toDateTime64(modification_time, 3, 'UTC'), level = 0) as at
    from system.parts
    where has({assets:Array(String)}, asset)
    group by asset
)

select made.asset, greatest(made.at, written.at)
from made
left join written on made.asset = written.asset
settings max_execution_time = 5, join_use_nulls = 0
"""
# How ClickHouse says that there is no day at all.
_NO_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Freshness:
    """`newest_day` is the tenant's; `built_at` is when a build last wrote there, of whichever tenant."""

    asset: str
    newest_day: date | None = None
    built_at: datetime | None = None


def freshness(client: events.Client, tenant: TenantId, assets: Sequence[str] = ASSETS) -> list[Freshness]:
    """Of each of the assets; one that was never built has neither day nor moment."""
    kept_in = {_TABLES.get(asset, asset): asset for asset in assets}
    built = client.query(_BUILT, parameters={"assets": list(kept_in)}, query_tz="UTC").result_rows
    built_at = {kept_in[str(table)]: at.replace(tzinfo=UTC) for table, at in built}
    return [
        Freshness(asset, _newest_day(client, tenant, asset), built_at[asset])
        if asset in built_at
        else Freshness(asset)
        for asset in assets
    ]


def _newest_day(client: events.Client, tenant: TenantId, asset: str) -> date | None:
    try:
        newest = read(client, tenant, _NEWEST[asset]).row(0)[0]
    except NotBuilt:  # between the two questions a build may take its place
        return None
    return None if newest == _NO_DAY else newest
