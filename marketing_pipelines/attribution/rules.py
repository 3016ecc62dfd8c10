"""Rules: models that share a conversion out by the place of each touch alone. Every touch counts, repeats too."""

import polars as pl

from marketing_pipelines.attribution.catalogue import Family, register
from marketing_pipelines.attribution.paths import checked


@register(Family.RULES, "First touch")
def first_touch(paths: pl.DataFrame) -> pl.DataFrame:
    """All credit goes to the channel that was met first."""
    paths = checked(paths)
    return _credited(paths, paths.with_columns(channel=pl.col("path").list.first()))


@register(Family.RULES, "Last touch")
def last_touch(paths: pl.DataFrame) -> pl.DataFrame:
    """All credit goes to the channel that was met last."""
    paths = checked(paths)
    return _credited(paths, paths.with_columns(channel=pl.col("path").list.last()))


@register(Family.RULES, "Linear")
def linear(paths: pl.DataFrame) -> pl.DataFrame:
    """Every touch on the way gets the same share."""
    paths = checked(paths)
    share = 1 / pl.col("path").list.len()
    touches = paths.select(
        pl.col("path").alias("channel"), pl.col("conversions") * share, pl.col("value") * share
    )
    return _credited(paths, touches.explode("channel"))


def _credited(paths: pl.DataFrame, credits: pl.DataFrame) -> pl.DataFrame:
    """Adds credits up by channel; a channel that earned none is there with none."""
    earned = credits.group_by("channel").agg(pl.col("conversions", "value").sum())
    everyone = paths.select(pl.col("path").explode().unique().alias("channel"))
    return (
        everyone.join(earned, on="channel", how="left")
        .with_columns(pl.col("conversions", "value").fill_null(0.0))
        .sort("channel")
    )
