"""Comparison: what every model says of the same paths, and how far they disagree."""

import polars as pl

from marketing_pipelines.attribution.catalogue import Family, models
from marketing_pipelines.attribution.crediting import credited
from marketing_pipelines.attribution.paths import read
from marketing_pipelines.attribution.tuning import Tuning


def side_by_side(
    paths: pl.DataFrame, tuning: Tuning | None = None, *, family: Family | None = None
) -> pl.DataFrame:
    """What each model, of one family or of all, gives each channel: `model`, `channel`, `conversions`, `value`, `share`.

    Models that need a column which these paths lack are left out. The share is that of conversions.
    """
    known = read(paths)
    able = [each.tuned(tuning or Tuning()) for each in models(family) if each.can_read(paths)]
    return pl.concat(
        credited(known, each.verdict(known)).select(
            pl.lit(each.name).alias("model"),
            "channel",
            "conversions",
            "value",
            share=_share(pl.col("conversions")),
        )
        for each in able
    )


def disagreement(credits: pl.DataFrame) -> pl.DataFrame:
    """For each channel the least and the most that models give it, as shares, which ones they are, and how far apart.

    Takes `model`, `channel` and `conversions`, as `side_by_side` gives them; the channels most argued about come first.
    """
    shares = credits.select("model", "channel", share=_share(pl.col("conversions")).over("model"))
    return (
        shares.sort("share", "model")
        .group_by("channel")
        .agg(
            least=pl.col("share").first(),
            least_by=pl.col("model").first(),
            most=pl.col("share").last(),
            most_by=pl.col("model").last(),
        )
        .with_columns(spread=pl.col("most") - pl.col("least"))
        .sort("spread", "channel", descending=[True, False])
    )


def _share(credits: pl.Expr) -> pl.Expr:
    return pl.when(credits.sum() > 0).then(credits / credits.sum())
