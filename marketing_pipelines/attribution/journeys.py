"""Journeys: how many touches and how many days people need before they convert."""

import numpy as np
import polars as pl

from marketing_pipelines.attribution.paths import read


def path_lengths(paths: pl.DataFrame) -> pl.DataFrame:
    """For each number of touches how many conversions, what value and how many nulls: `touches`, `rate` among them."""
    known = read(paths)
    return _by("touches", known.lengths, known.conversions, known.value, known.nulls).with_columns(
        rate=pl.col("conversions") / (pl.col("conversions") + pl.col("nulls"))
    )


def conversion_lags(paths: pl.DataFrame) -> pl.DataFrame:
    """For each number of whole days since the first touch how many conversions: `days`, `so_far` among them.

    `so_far` is the share of all conversions that came within so many days; the paths need the column `age`.
    """
    known = read(paths)
    if known.ages is None:
        raise ValueError(
            "Paths lack the column age; a lag is how long before the conversion the first touch was."
        )
    days = np.maximum.reduceat(known.ages, known.firsts) if len(known) else known.ages
    return (
        _by("days", days.astype(np.int64), known.conversions, known.value, known.nulls)
        .drop("nulls")
        .filter(pl.col("conversions") > 0)
        .with_columns(so_far=pl.col("conversions").cum_sum() / pl.col("conversions").sum())
    )


def _by(
    name: str, of: np.ndarray, conversions: np.ndarray, value: np.ndarray, nulls: np.ndarray
) -> pl.DataFrame:
    return (
        pl.DataFrame({name: of, "conversions": conversions, "value": value, "nulls": nulls})
        .group_by(name)
        .agg(pl.all().sum())
        .sort(name)
    )
