"""Credits: the paths of a span of days in, each day's shares out into the warehouse."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pyarrow as pa

from marketing_pipelines.attribution.catalogue import Family, models
from marketing_pipelines.attribution.comparison import side_by_side
from marketing_pipelines.attribution.money import shared_out
from store import events
from store.records.schema import TenantId

TABLE = "raw.attribution_credits"
SCHEMA = pa.schema(
    [
        ("tenant_id", pa.int64()),
        ("date_day", pa.date32()),
        ("model", pa.string()),
        ("channel", pa.string()),
        ("conversions", pa.float64()),
        ("value", pa.decimal128(18, 4)),
        ("run_id", pa.string()),
    ]
)

PATHS = """
select
    converted_on,
    channels as path,
    arrayMap(moment -> dateDiff('millisecond', moment, converted_at), touched_at) as age,
    toFloat64(1) as conversions,
    value,
    toFloat64(0) as nulls
from intermediate.int_paths
where tenant_id = {tenant:Int64} and converted_on between {first:Date} and {last:Date}
order by converted_on, conversion_id
"""


def none() -> pl.DataFrame:
    """No credits at all, in the shape of some."""
    empty = pl.from_arrow(SCHEMA.empty_table())
    assert isinstance(empty, pl.DataFrame)
    return empty


def read_paths(client: events.Client, tenant: TenantId, first: date, last: date) -> pl.DataFrame:
    """A tenant's converting paths, with the day they converted on."""
    paths = events.read_for_tenant(client, tenant, PATHS, first=first, last=last)
    return paths.with_columns(
        pl.col("converted_on").cast(pl.Date),
        pl.col("path").cast(pl.List(pl.String)),
        pl.col("age").cast(pl.List(pl.Duration("ms"))),
    )


def credit(paths: pl.DataFrame, family: Family) -> pl.DataFrame:
    """What every model of a family gives each channel of one day's paths; values add up to the cent."""
    total = Decimal(paths["value"].sum() or 0)
    return side_by_side(paths, family=family).select(
        "model",
        "channel",
        "conversions",
        pl.col("value").map_batches(lambda parts: _rounded(total, parts)).over("model"),
    )


def store_days(
    client: events.Client, tenant: TenantId, first: date, last: date, family: Family, run_id: str
) -> pl.DataFrame:
    """Makes a tenant's credits of these days what its paths say now, and returns them."""
    by_day = read_paths(client, tenant, first, last).partition_by("converted_on", as_dict=True)
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    credits = pl.concat(
        [none(), *(_labelled(by_day.get((day,)), tenant, day, family, run_id) for day in days)]
    )
    for known in models(family):
        rows = credits.filter(pl.col("model") == known.name)
        events.replace_days(
            client,
            TABLE,
            rows.to_arrow().cast(SCHEMA),
            tenant=tenant,
            days=events.Days(first, last),
            column="date_day",
            model=known.name,
        )
    return credits


def _labelled(
    paths: pl.DataFrame | None, tenant: TenantId, day: date, family: Family, run_id: str
) -> pl.DataFrame:
    if paths is None:
        return none()
    return credit(paths, family).select(
        pl.lit(tenant, pl.Int64).alias("tenant_id"),
        pl.lit(day).alias("date_day"),
        "model",
        "channel",
        "conversions",
        "value",
        pl.lit(run_id).alias("run_id"),
    )


def _rounded(total: Decimal, parts: pl.Series) -> pl.Series:
    return pl.Series(parts.name, shared_out(total, parts.to_list()), dtype=pl.Decimal(18, 4))
