"""Freshness: how new a number is, by the newest day in what it is read from and by when that was built."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from marketing_pipelines.analytics.reading import read
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId

# What numbers are read from, by the asset that makes it, and the newest day that a tenant has in it.
_NEWEST = {
    "marts/channel_daily": "select max(date_day) from marts.channel_daily where tenant_id = {tenant:Int64}",
    "marts/channel_roas": "select max(date_day) from marts.channel_roas where tenant_id = {tenant:Int64}",
    "marts/ad_performance": "select max(date_day) from marts.ad_performance where tenant_id = {tenant:Int64}",
    "intermediate/int_touchpoints": (
        "select max(touched_on) from intermediate.int_touchpoints where tenant_id = {tenant:Int64}"
    ),
    "intermediate/int_paths": (
        "select max(converted_on) from intermediate.int_paths where tenant_id = {tenant:Int64}"
    ),
    "staging/stg_events": "select max(occurred_on) from staging.stg_events where tenant_id = {tenant:Int64}",
}
ASSETS = tuple(_NEWEST)
# A mart is made anew by each build, and so the table is as old as that. One that is added to is as new as its newest
# part; what was only merged from others has a level.
_QUERY = """
select
    ({newest}) as newest_day,
    greatest(
        (
            select max(toDateTime64(metadata_modification_time, 3, 'UTC'))
            from system.tables
            where database = {{database:String}} and name = {{table:String}}
        ),
        (
            select maxIf(toDateTime64(modification_time, 3, 'UTC'), level = 0)
            from system.parts
            where database = {{database:String}} and table = {{table:String}}
        )
    ) as built_at
settings max_execution_time = 5
"""
# How ClickHouse says that there is no day at all.
_NO_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Freshness:
    """`newest_day` is the tenant's; `built_at` is when a build last wrote there, of whichever tenant."""

    asset: str
    newest_day: date | None = None
    built_at: datetime | None = None


def freshness(client: events.Client, tenant: TenantId, assets: Iterable[str] = ASSETS) -> list[Freshness]:
    """Of each of the assets; one that was never built has neither day nor moment."""
    return [_of(client, tenant, asset) for asset in assets]


def _of(client: events.Client, tenant: TenantId, asset: str) -> Freshness:
    database, table = asset.split("/")
    query = _QUERY.format(newest=_NEWEST[asset])
    try:
        newest, built_at = read(client, tenant, query, database=database, table=table).row(0)
    except NotBuilt:
        return Freshness(asset)
    return Freshness(asset, None if newest in (None, _NO_DAY) else newest, built_at)
