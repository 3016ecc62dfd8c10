"""Freshness: how new a number is, by the newest day in what it is read from and by when that was built."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from marketing_pipelines.analytics.reading import read
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId

# What numbers are read from, by the asset that makes it, and the newest day that a tenant has in it. Long tables, which have a
# partition a day, are asked for the last days first.
_NEWEST = {
    "marts/channel_daily": "select max(date_day) from marts.channel_daily where tenant_id = {tenant:Int64}",
    "marts/channel_roas": "select max(date_day) from marts.channel_roas where tenant_id = {tenant:Int64}",
    "marts/ad_performance": "select max(date_day) from marts.ad_performance where tenant_id = {tenant:Int64}",
    "marts/cohorts": "select max(cohort_week + 7 * weeks_since) from marts.cohorts where tenant_id = {tenant:Int64}",
    "marts/organic_performance": (
        "select max(date_day) from marts.organic_performance where tenant_id = {tenant:Int64}"
    ),
    "marts/tracking_health": (
        "select max(date_day) from marts.tracking_health where tenant_id = {tenant:Int64}"
    ),
    # The last day of the last week whose people have had their 30 days.
    "marts/ltv": """
        select if(count() > 0, max(cohort_week) + 6, toDate(0))
        from marts.ltv
        where tenant_id = {tenant:Int64} and within_days = 30 and is_complete
    """,
    "intermediate/int_touchpoints": (
        "select max(touched_on) from intermediate.int_touchpoints "
        "where tenant_id = {tenant:Int64} and touched_on >= {since:Date}"
    ),
    "intermediate/int_paths": (
        "select max(converted_on) from intermediate.int_paths "
        "where tenant_id = {tenant:Int64} and converted_on >= {since:Date}"
    ),
    "attribution_results": (
        "select max(as_of) from raw.attribution_results "
        "where tenant_id = {tenant:Int64} and as_of >= {since:Date}"
    ),
    "intermediate/int_person_events": (
        "select max(date_day) from intermediate.int_person_events "
        "where tenant_id = {tenant:Int64} and date_day >= {since:Date}"
    ),
    "staging/stg_events": (
        "select max(occurred_on) from staging.stg_events "
        "where tenant_id = {tenant:Int64} and occurred_on >= {since:Date}"
    ),
}
ASSETS = tuple(_NEWEST)
LATELY = timedelta(days=7)
# What Python assets write lies in another place than their keys say.
_TABLES = {"attribution_results": "raw/attribution_results"}
# A mart is made anew by each build, and so the table is as old as that. One that is added to is as new as its newest
# part; what was only merged from others has a level. Raw tables are there before anything is written into them.
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

select made.asset, if(made.asset like 'raw/%', written.at, greatest(made.at, written.at)) as built_at
from made
left join written on made.asset = written.asset
where built_at > toDateTime64(0, 3, 'UTC')
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
    newest = _newest_days(client, tenant, built_at)
    return [Freshness(asset, newest.get(asset), built_at.get(asset)) for asset in assets]


def _newest_days(
    client: events.Client, tenant: TenantId, built_at: Mapping[str, datetime]
) -> Mapping[str, date]:
    """Of those in which the tenant has a day."""
    if not built_at:
        return {}
    lately = max(built_at.values()).date() - LATELY
    found = _newest_since(client, tenant, sorted(built_at), lately)
    older = [asset for asset in built_at if asset not in found and "{since:Date}" in _NEWEST[asset]]
    return {**found, **_newest_since(client, tenant, older, _NO_DAY)}


def _newest_since(
    client: events.Client, tenant: TenantId, assets: Sequence[str], since: date
) -> Mapping[str, date]:
    if not assets:
        return {}
    days = (f"select '{asset}' as asset, ({_NEWEST[asset]}) as newest_day" for asset in assets)
    try:
        rows = read(client, tenant, "\nunion all\n".join(days), since=since).rows()
    except NotBuilt:  # between the two questions a build may take its place
        return {}
    return {asset: day for asset, day in rows if day and day != _NO_DAY}
