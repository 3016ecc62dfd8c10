"""Direct visits: nobody brought them, so that they take no credit from whoever is known to have."""

import polars as pl

from marketing_pipelines.events.channels import Channel

LISTS = ("path", "age")


def left_out(paths: pl.DataFrame) -> pl.DataFrame:
    """The paths without their direct touches, as far as they know any other."""
    touch = pl.col("path")
    known = touch.list.eval(pl.element() != Channel.DIRECT.value)
    lists = [name for name in LISTS if name in paths.columns]
    kept = [_kept(name, known).alias(name) for name in lists]
    return paths.with_columns(kept)


def _kept(name: str, known: pl.Expr) -> pl.Expr:
    kept = pl.col(name).list.gather(known.list.eval(pl.element().arg_true()))
    return pl.when(known.list.any()).then(kept).otherwise(pl.col(name))
