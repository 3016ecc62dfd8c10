"""Recurring things: columns with one title for every day, and pages that one feed links to whatever it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

# What changes in the title of a column from day to day.
DATES = (
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december)\b|\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|januar|februar|märz|mai|juni|juli"
    r"|oktober|dezember)\b|\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|janvier|février|mars|avril|juin|juillet"
    r"|août|septembre|octobre|novembre|décembre)\b|\b(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo|enero|febrero"
    r"|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)\b"
)
NOT_A_LETTER = r"[^\p{L}\p{M}]+"


def marked(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries with `is_column`: their title has recurred in a feed on another day; and no address that leads to a list.

    From the moment when a feed first uses a title on another day for another page, that title tells nothing any more,
    whoever uses it; and an address nothing from the moment when a feed first uses it under another title.
    """
    import polars as pl

    place, page = pl.col("place"), pl.col("address")
    title = pl.col("title").str.to_lowercase().str.replace_all(DATES, "").str.replace_all(NOT_A_LETTER, " ")
    known = entries.with_columns(same_title=title.str.strip_chars()).with_columns(
        # Groups by number are found much faster than groups by text.
        series=pl.struct("feed_id", "same_title").hash(),
        linked=pl.struct("feed_id", "address").hash(),
        wording=pl.col("same_title").hash(),
        page=page.hash(),
    )
    in_feed = known.with_columns(
        pl.col("place", "day", "page").first().over("series").name.prefix("first_"),
        pl.col("title").hash().first().over("linked").alias("first_title"),
    )
    has_feed = pl.col("feed_id").is_not_null()
    another_day = (pl.col("day") != pl.col("first_day")).fill_null(True) & (place > pl.col("first_place"))
    another_page = (page == "") | (pl.col("page") != pl.col("first_page"))
    recurs = has_feed & (pl.col("same_title") != "") & another_day & another_page
    is_list = has_feed & (page != "") & (pl.col("title").hash() != pl.col("first_title"))
    return in_feed.with_columns(
        is_column=_from(recurs, "wording"),
        address=pl.when(_from(is_list, "page")).then(pl.lit("")).otherwise(page),
    )


def _from(shown: pl.Expr, group: str) -> pl.Expr:
    """Whether an entry is, or comes after, the first of its group that shows something."""
    import polars as pl

    place = pl.col("place")
    return (place >= place.filter(shown).min().over(group)).fill_null(False)
