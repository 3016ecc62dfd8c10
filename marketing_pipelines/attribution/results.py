"""Results: what every model says of the weeks up to a day, side by side, and how sure it is."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import polars as pl
import pyarrow as pa

from marketing_pipelines.attribution import reading
from marketing_pipelines.attribution.catalogue import Family, Model
from marketing_pipelines.attribution.credits import read_by
from marketing_pipelines.attribution.intervals import intervals
from marketing_pipelines.attribution.money import shared_out
from marketing_pipelines.attribution.reading import Window
from marketing_pipelines.attribution.terms import Terms
from store import events

TABLE = "raw.attribution_results"
WINDOWS = (7, 28, 90)
BOUNDS = ("share", "share_low", "share_high", "value_share", "value_share_low", "value_share_high")
SCHEMA = pa.schema(
    [
        ("tenant_id", pa.int64()),
        ("as_of", pa.date32()),
        ("window_days", pa.uint16()),
        ("goal_id", pa.int64()),
        ("model", pa.string()),
        ("channel", pa.string()),
        ("conversions", pa.float64()),
        ("value", pa.decimal128(18, 4)),
        *((name, pa.float64()) for name in BOUNDS),
        ("removal_effect", pa.float64()),
        ("run_id", pa.string()),
    ]
)


def none() -> pl.DataFrame:
    """No results at all, in the shape of some."""
    empty = pl.from_arrow(SCHEMA.empty_table())
    assert isinstance(empty, pl.DataFrame)
    return empty


def judged(paths: pl.DataFrame, model: Model, terms: Terms) -> pl.DataFrame:
    """What a model gives each channel of all these paths, with the bounds of its shares; values add up to the cent."""
    read = read_by(model, terms, paths)
    total = Decimal(paths["value"].sum() or 0)
    credits = model.credit(read)
    if "removal_effect" not in credits.columns:
        credits = credits.with_columns(removal_effect=pl.lit(None, pl.Float64))
    return credits.join(intervals(read, model), on="channel", how="left").select(
        pl.lit(model.name).alias("model"),
        "channel",
        "conversions",
        pl.col("value").map_batches(
            lambda parts: pl.Series(parts.name, shared_out(total, parts.to_list()), pl.Decimal(18, 4))
        ),
        *BOUNDS,
        "removal_effect",
    )


def store(client: events.Client, terms: Terms, windows: Sequence[Window], run_id: str) -> pl.DataFrame:
    """Makes a tenant's results as of these windows' days what its paths say now, and returns them."""
    results = pl.concat([none(), *_results(client, terms, windows, run_id)])
    for day in sorted({window.last for window in windows}):
        rows = results.filter(pl.col("as_of") == day)
        events.replace_days(
            client,
            TABLE,
            rows.to_arrow().cast(SCHEMA),
            tenant=terms.tenant,
            days=events.Days(day, day),
            column="as_of",
        )
    return results


def _results(
    client: events.Client, terms: Terms, windows: Sequence[Window], run_id: str
) -> Iterator[pl.DataFrame]:
    for window in windows:
        converted = reading.converted(client, terms.tenant, window.first, window.last)
        for goal in terms.goals:
            paths = converted.filter(pl.col("goal_id") == goal)
            if paths["conversions"].sum() == 0:
                continue
            lost = reading.not_converted(client, terms.tenant, goal, window)
            everyone = reading.together(paths, lost)
            for known in terms.models():
                # Rules read nothing off those who did not convert.
                read = paths if known.family is Family.RULES else everyone
                yield judged(read, known, terms).select(
                    pl.lit(terms.tenant, pl.Int64).alias("tenant_id"),
                    pl.lit(window.last).alias("as_of"),
                    pl.lit(window.days, pl.UInt16).alias("window_days"),
                    pl.lit(goal, pl.Int64).alias("goal_id"),
                    pl.all(),
                    pl.lit(run_id).alias("run_id"),
                )
