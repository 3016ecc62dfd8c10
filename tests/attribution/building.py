"""Frames of paths for tests, by hand and by chance."""

from datetime import timedelta

import polars as pl
from hypothesis import strategies as st

CHANNELS = ["direct", "email", "organic_social", "paid_search"]

Row = tuple[list[str], float, float, float]

SCHEMA = {
    "path": pl.List(pl.String),
    "conversions": pl.Float64,
    "value": pl.Float64,
    "nulls": pl.Float64,
}

rows = st.lists(
    st.tuples(
        st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=6),
        st.integers(0, 1000),
        st.integers(-1000, 100_000),
        st.integers(0, 1000),
    ),
    min_size=1,
    max_size=20,
)


def paths(*found: Row) -> pl.DataFrame:
    """Paths without ages."""
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


def aged(*found: Row) -> pl.DataFrame:
    """Paths whose touches came a day apart, the last on the day of the conversion."""
    frame = paths(*found)
    ages = [[timedelta(days=len(path) - 1 - place) for place in range(len(path))] for path in frame["path"]]
    return frame.with_columns(pl.Series("age", ages, dtype=pl.List(pl.Duration("us"))))


def worded(*found: str) -> pl.DataFrame:
    """Paths as people write them: `"a>b 6"` converted six times, `"a>b 6/2"` did not another two times."""
    told = []
    for each in found:
        path, counts = each.split()
        conversions, _, nulls = counts.partition("/")
        told.append((path.split(">"), float(conversions), 10 * float(conversions), float(nulls or 0)))
    return aged(*told)


def credited(result: pl.DataFrame) -> dict[str, float]:
    return dict(result.select("channel", "conversions").rows())
