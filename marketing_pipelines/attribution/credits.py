"""Credits: the paths of a span of days in, each day's shares out into the warehouse.

A rule reads a day's paths and nothing else. What a channel matters by a model that learns is read off the weeks up to
the day, paths that led nowhere included; the day's conversions are then shared out among the channels of their own paths.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import polars as pl
import pyarrow as pa

from marketing_pipelines.attribution import direct, reading
from marketing_pipelines.attribution.catalogue import Family, Model
from marketing_pipelines.attribution.money import shared_out
from marketing_pipelines.attribution.reading import Window
from marketing_pipelines.attribution.terms import Terms
from store import events
from store.records.schema import GoalId

TABLE = "raw.attribution_credits"
SCHEMA = pa.schema(
    [
        ("tenant_id", pa.int64()),
        ("date_day", pa.date32()),
        ("goal_id", pa.int64()),
        ("model", pa.string()),
        ("channel", pa.string()),
        ("conversions", pa.float64()),
        ("value", pa.decimal128(18, 4)),
        ("run_id", pa.string()),
    ]
)
LEARNT_FROM_DAYS = 28


def none() -> pl.DataFrame:
    """No credits at all, in the shape of some."""
    empty = pl.from_arrow(SCHEMA.empty_table())
    assert isinstance(empty, pl.DataFrame)
    return empty


def credit(paths: pl.DataFrame, model: Model, terms: Terms, learnt: pl.DataFrame | None) -> pl.DataFrame:
    """What a model gives each channel of these paths; values add up to the cent, and no channel is lost."""
    total = Decimal(paths["value"].sum() or 0)
    everyone = paths.select(channel=pl.col("path").explode().unique()).sort("channel")
    fitted_on = None if learnt is None else read_by(model, terms, learnt)
    earned = model.credit(read_by(model, terms, paths), fitted_on)
    return everyone.join(earned, on="channel", how="left").select(
        "channel",
        pl.col("conversions").fill_null(0.0),
        pl.col("value").fill_null(0.0).map_batches(lambda parts: _rounded(total, parts)),
    )


def read_by(model: Model, terms: Terms, paths: pl.DataFrame) -> pl.DataFrame:
    """The paths as the model reads them for this tenant."""
    return paths if terms.direct_overrides or model.counts_direct else direct.left_out(paths)


def store_days(
    client: events.Client, terms: Terms, first: date, last: date, family: Family, run_id: str
) -> pl.DataFrame:
    """Makes a tenant's credits of these days what its paths say now, and returns them."""
    credits = pl.concat([none(), *_credits(client, terms, first, last, family, run_id)])
    for known in terms.models(family):
        rows = credits.filter(pl.col("model") == known.name)
        events.replace_days(
            client,
            TABLE,
            rows.to_arrow().cast(SCHEMA),
            tenant=terms.tenant,
            days=events.Days(first, last),
            column="date_day",
            model=known.name,
        )
    return credits


def _credits(
    client: events.Client, terms: Terms, first: date, last: date, family: Family, run_id: str
) -> Iterator[pl.DataFrame]:
    paths = reading.converted(client, terms.tenant, first, last)
    for (day, goal), own in paths.partition_by("converted_on", "goal_id", as_dict=True).items():
        learnt = None
        if family is not Family.RULES:
            window = Window(day, LEARNT_FROM_DAYS)
            learnt = _learnt(client, terms, GoalId(goal), window)
        for known in terms.models(family):
            yield credit(own, known, terms, learnt).select(
                pl.lit(terms.tenant, pl.Int64).alias("tenant_id"),
                pl.lit(day).alias("date_day"),
                pl.lit(goal, pl.Int64).alias("goal_id"),
                pl.lit(known.name).alias("model"),
                "channel",
                "conversions",
                "value",
                pl.lit(run_id).alias("run_id"),
            )


def _learnt(client: events.Client, terms: Terms, goal: GoalId, window: Window) -> pl.DataFrame:
    paths = reading.converted(client, terms.tenant, window.first, window.last)
    lost = reading.not_converted(client, terms.tenant, goal, window)
    return reading.together(paths.filter(pl.col("goal_id") == goal), lost)


def _rounded(total: Decimal, parts: pl.Series) -> pl.Series:
    return pl.Series(parts.name, shared_out(total, parts.to_list()), dtype=pl.Decimal(18, 4))
