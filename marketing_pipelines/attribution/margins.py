"""Margins: what the last euro of a channel earned, as far as two periods can tell.

The average cost of a conversion says what was paid; whether to pay more depends on what more would bring. Two periods of
equal length with different spend give a glimpse of it, no proof: whatever else changed between them is in it too.
"""

from statistics import NormalDist

import polars as pl

CONFIDENCE = 0.9
# Below a tenth, a change in spend says nothing that chance and season do not.
LEAST_CHANGE = 0.1
COLUMNS = ("channel", "spend", "conversions", "value")


def marginal(before: pl.DataFrame, after: pl.DataFrame, *, confidence: float = CONFIDENCE) -> pl.DataFrame:
    """For each channel what one more conversion cost, and what one more unit of spend earned, from a period to the next.

    Takes two frames of `channel`, `spend`, `conversions` and `value`; gives `spend_change`, `conversions_change`,
    `marginal_cpa` and `marginal_roas`, each with its `_low` and `_high`. Bounds allow for chance in the counts, no more, as
    if each conversion of a period were worth the same; without an upper bound of its cost even "nothing came of it"
    cannot be ruled out. Where spend moved by less than a tenth, or conversions not the same way, there is no marginal
    cost to read, and none is given.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    periods = (
        _checked(before, "before")
        .join(_checked(after, "after"), on="channel", how="full", coalesce=True, suffix="_after")
        .fill_null(0.0)
    )
    spend = pl.col("spend_after") - pl.col("spend")
    conversions = pl.col("conversions_after") - pl.col("conversions")
    noise = z * (pl.col("conversions_after") + pl.col("conversions")).sqrt()
    earned = (pl.col("value_after") - pl.col("value")) / spend
    swing = z * (_scatter("") + _scatter("_after")).sqrt() / spend.abs()
    moved = spend.abs() > LEAST_CHANGE * pl.max_horizontal("spend", "spend_after")
    # Less spend with fewer conversions is as good a reading as more with more.
    gained, spent = conversions * spend.sign(), spend.abs()
    readable = moved & (gained > 0)
    return periods.select(
        "channel",
        spend_change=spend,
        conversions_change=conversions,
        marginal_cpa=pl.when(readable).then(spent / gained),
        marginal_cpa_low=pl.when(readable).then(spent / (gained + noise)),
        marginal_cpa_high=pl.when(readable & (gained > noise)).then(spent / (gained - noise)),
        marginal_roas=pl.when(readable).then(earned),
        marginal_roas_low=pl.when(readable).then(earned - swing),
        marginal_roas_high=pl.when(readable).then(earned + swing),
    ).sort("channel")


def _scatter(period: str) -> pl.Expr:
    """The variance of what so many conversions are worth; value without any, such as a refund, is one event's."""
    conversions, value = pl.col(f"conversions{period}"), pl.col(f"value{period}")
    return value**2 / pl.when(conversions > 0).then(conversions).otherwise(1.0)


def _checked(period: pl.DataFrame, name: str) -> pl.DataFrame:
    missing = [column for column in COLUMNS if column not in period.columns]
    if missing:
        raise ValueError(
            f"The period {name} lacks the column {', '.join(missing)}; it needs {', '.join(COLUMNS)}."
        )
    if period["channel"].is_duplicated().any():
        raise ValueError(f"The period {name} has a channel twice; add its days up to one row a channel.")
    return period.select("channel", pl.col(COLUMNS[1:]).cast(pl.Float64))
