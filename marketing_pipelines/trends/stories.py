"""Stories: entries that tell the same thing, whichever feed they come from.

An entry is compared with what came before it and never again: by its address, else by its words. So a story's members and
its id are the same whether entries are assigned at once or hour by hour. What can make them differ: a window that begins
later, since rarity is counted from there and what lies beyond shows nothing; entries that come in another order; and an
entry that was edited, which is looked at once more and may leave for a story of its own.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

from marketing_pipelines.trends import addresses
from marketing_pipelines.trends.grouping import likeness, recurring, words
from marketing_pipelines.trends.grouping.joining import LIKE_AN_ENTRY, SILENCE, Joined, Shelf, Told, Why

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

__all__ = ["Why", "assign", "story_id"]

# Fewer terms than these say too little to be compared.
FEWEST_TERMS = 3
OPTIONAL = ("feed_id", "summary", "language", "published_at")
WHO = ["feed_id", "entry_id"]
WHAT = ["title", "link", "summary"]


def story_id(link: str, title: str, entry_id: str, feed_id: object = None) -> str:
    """The id of the story that an entry begins: its address's, and where it has none its own."""
    address = addresses.canonical(link)
    return _digest("address", address) if address else _digest("entry", str(feed_id), entry_id, title)


def assign(entries: pl.DataFrame, window: pl.DataFrame | None = None) -> pl.DataFrame:
    """The entries with `story_id`, `why`, `likeness` to the entry that each joined, and what it `joins`.

    Both frames have `entry_id`, `title`, `link` and, where known, `feed_id`, `summary`, `language`, `published_at`, in the
    order in which entries came; the window's have their `story_id` already and are not compared with one another. `joins`
    are stories that an entry shows to be its own: theirs and its members' id is now this `story_id`, the oldest's.
    An entry of the window that is given again keeps its story if it is unchanged; if it was edited, it is looked at anew.
    """
    import polars as pl

    asked = _columns(entries)
    earlier = _columns(window if window is not None else entries.clear(), assigned=window is not None)
    last = earlier.unique(WHO, keep="last", maintain_order=True)
    asked = asked.join(last.select(*WHO, *(pl.col(name).name.prefix("old_") for name in [*WHAT, "story_id"])),
                       on=WHO, how="left", nulls_equal=True, maintain_order="left")  # fmt: skip
    unchanged = pl.all_horizontal(pl.col(name) == pl.col(f"old_{name}") for name in WHAT).fill_null(False)
    new = asked.filter(~unchanged)
    earlier = earlier.join(new, on=WHO, how="anti", nulls_equal=True, maintain_order="left")
    shelf, joined = _shelved(earlier, new)
    ids = _ids(earlier, new, shelf)
    fresh = new.select("place").with_columns(
        pl.Series("story_id", [ids[shelf.current(each.story)] for each in joined], pl.String),
        pl.Series("why", [each.why for each in joined], pl.String),
        pl.Series("likeness", [each.likeness for each in joined], pl.Float64),
        pl.Series("joins", [[ids[other] for other in each.joins] for each in joined], pl.List(pl.String)),
    )
    kept = asked.filter(unchanged).select(
        "place",
        story_id="old_story_id",
        why=pl.lit(Why.KNOWN.value),
        likeness=pl.lit(1.0),
        joins=pl.lit([], pl.List(pl.String)),
    )
    told = pl.concat([fresh, kept]).sort("place").drop("place")
    return entries.drop(told.columns, strict=False).hstack(told)


def _columns(frame: pl.DataFrame, *, assigned: bool = False) -> pl.DataFrame:
    """What is looked at of entries, whatever else their frame has or lacks."""
    import polars as pl

    there = set(frame.columns)
    return frame.select(
        pl.col("entry_id").cast(pl.String),
        pl.col("title", "link").cast(pl.String).fill_null(""),
        *(
            pl.col(name).cast(pl.String) if name in there else pl.lit(None, pl.String).alias(name)
            for name in OPTIONAL
            if name != "published_at"
        ),
        published_at=pl.col("published_at").cast(pl.Datetime("us", "UTC"))
        if "published_at" in there
        else pl.lit(None, pl.Datetime("us", "UTC")),
        story_id=pl.col("story_id") if assigned else pl.lit(None, pl.String),
        place=pl.int_range(pl.len()),
    ).with_columns(
        pl.col("summary", "language").fill_null(""),
        day=pl.col("published_at").dt.date(),
        time=pl.col("published_at").dt.timestamp("ms") / 1000,
    )


def _shelved(earlier: pl.DataFrame, new: pl.DataFrame) -> tuple[Shelf, list[Joined]]:
    """The stories that there are in the end, and how each new entry found its own."""
    import polars as pl

    came = pl.concat([earlier, new.select(earlier.columns)]).with_columns(place=pl.int_range(pl.len()))
    came = recurring.marked(came.with_columns(_addresses(came["link"], len(earlier))))
    texts = came.filter(~pl.col("is_column")).with_columns(
        pl.col("place").min().over("title", "summary", "day").alias("first")
    )
    distinct = texts.filter(pl.col("first") == pl.col("place"))
    said = words.matrix(distinct)
    enough = (said.indptr[1:] - said.indptr[:-1]) >= FEWEST_TERMS
    vectors = likeness.vectors(said)
    begin = int((distinct["place"] < len(earlier)).sum())
    numbers = distinct.select("first", number=pl.int_range(pl.len())).filter(pl.Series(enough))
    of_entry = came.join(texts.select("place", "first"), on="place", how="left", maintain_order="left").join(
        numbers, on="first", how="left", maintain_order="left"
    )["number"].fill_null(-1)  # fmt: skip
    told = Told(
        feeds=came["feed_id"].to_list(),
        addresses=came["address"].to_list(),
        times=came["time"].fill_null(math.nan).to_list(),
        texts=of_entry.to_list(),
        first_told=distinct["place"].to_list(),
        vectors=vectors,
        alike=_alike(vectors, begin, distinct["time"]),
    )
    shelf, numbers_of = Shelf(told), dict[str, int]()
    for story in earlier["story_id"].to_list():
        shelf.put(numbers_of.setdefault(story, len(numbers_of)))
    return shelf, [shelf.join() for _ in range(len(new))]


def _alike(vectors: csr_array, begin: int, times: pl.Series) -> dict[int, list[tuple[int, float]]]:
    """For each text from `begin` on the earlier ones that it resembles, the likest first."""
    alike = dict[int, list[tuple[int, float]]]()
    found = likeness.pairs(vectors, begin, LIKE_AN_ENTRY, _since(times))
    likest = zip(found.text.tolist(), found.earlier.tolist(), found.cosine.tolist(), strict=True)
    for text, other, cosine in likest:
        alike.setdefault(text, []).append((other, cosine))
    return alike


def _since(times: pl.Series) -> NDArray[np.int64]:
    """For each text the first one that may have been told recently enough to be compared with it."""
    import numpy as np

    latest = np.maximum.accumulate(times.fill_null(math.inf).to_numpy())
    return np.searchsorted(latest, times.fill_null(-math.inf).to_numpy() - SILENCE)


def _addresses(links: pl.Series, earlier: int) -> pl.Series:
    """The address of each entry; of an earlier one only where it can be a new one's, which is quickly seen."""
    import polars as pl

    new = [addresses.canonical(link) for link in links[earlier:]]
    # What stands in every link to the page tells at once which earlier links need no closer look.
    runs = (addresses.literal_runs(address) for address in new if address)
    telling = pl.Series([max(each, key=len) for each in runs if each], dtype=pl.String)
    before = links[:earlier]
    possible = before.str.contains_any(telling.unique().implode()) | before.str.contains("%", literal=True)
    known = [addresses.canonical(link) if can else "" for link, can in zip(before, possible, strict=True)]
    return pl.Series("address", [*known, *new], pl.String)


def _ids(earlier: pl.DataFrame, new: pl.DataFrame, shelf: Shelf) -> list[str]:
    """The id of each story, by number: that of its first entry, which no later one changes."""
    ids = earlier["story_id"].unique(maintain_order=True).to_list()
    taken = set(ids)
    begun = new.select("link", "title", "entry_id", "feed_id", "old_story_id").rows()
    for first in shelf.first[len(ids) :]:
        link, title, entry_id, feed_id, old = begun[first - len(earlier)]
        # An edited entry that nobody else's story was keeps it; one that leaves a story to others cannot take its id along.
        own = old or story_id(link, title, entry_id, feed_id)
        if own in taken:
            own = _digest("beside", own, str(feed_id), entry_id, title)
        taken.add(own)
        ids.append(own)
    return ids


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
