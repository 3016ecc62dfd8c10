"""Paths: what every attribution model reads, and the check that it is what it should be."""

import polars as pl

COUNTS = ("conversions", "nulls")
COLUMNS = ("path", "conversions", "value", "nulls")
ROWS_NAMED = 5


def checked(paths: pl.DataFrame) -> pl.DataFrame:
    """The frame itself, its counts as floats; a ValueError says which columns or rows are wrong."""
    missing = [name for name in COLUMNS if name not in paths.columns]
    if missing:
        raise ValueError(f"Paths lack the column {', '.join(missing)}; they need {', '.join(COLUMNS)}.")
    if paths.schema["path"] != pl.List(pl.String):
        raise ValueError(
            f"The column path holds {paths.schema['path']}; it must hold lists of channel names."
        )
    for name in COLUMNS[1:]:
        if not paths.schema[name].is_numeric():
            raise ValueError(f"The column {name} holds {paths.schema[name]}; it must hold numbers.")
    numbers = paths.select("path", pl.col(COLUMNS[1:]).cast(pl.Float64))
    _refuse(numbers, pl.col("path").is_null() | (pl.col("path").list.len() == 0), "an empty path")
    _refuse(numbers, pl.col("path").list.contains(None), "a path with a channel missing")
    for name in COLUMNS[1:]:
        _refuse(numbers, pl.col(name).is_null() | ~pl.col(name).is_finite(), f"no number in {name}")
    for name in COUNTS:
        _refuse(numbers, pl.col(name) < 0, f"a negative number in {name}")
    return numbers


def _refuse(paths: pl.DataFrame, wrong: pl.Expr, what: str) -> None:
    rows = paths.select(wrong.fill_null(False).arg_true()).to_series()
    if rows.is_empty():
        return
    named = ", ".join(str(row) for row in rows.head(ROWS_NAMED))
    more = f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else ""
    raise ValueError(f"Row {named}{more}: {what}.")
