"""Where each topic goes: the table, and its lines as the table's columns."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import polars as pl

from collector.edge_log import CLICKS, EVENTS, REJECTS, LoggedEvent, LoggedRejection, Topic
from collector.edge_log.entries import Entry
from collector.shipping.stretches import Piece, Stretch
from marketing_pipelines.events.normalising import normalised

_TYPES: dict[Any, Any] = {
    int: pl.Int64,
    int | None: pl.Int64,
    str: pl.String,
    str | None: pl.String,
    tuple[str, ...]: pl.List(pl.String),
}
_MOMENT = pl.Datetime("ms", "UTC")
_AMOUNT = pl.Decimal(18, 4)


@dataclass(frozen=True)
class Sink:
    """One way out of the log, with a cursor of its own."""

    name: str
    topics: tuple[Topic, ...]
    table: str
    entry: type[Entry]
    finished: Callable[[pl.DataFrame], pl.DataFrame]

    def rows(self, stretch: Stretch, volume: str) -> pl.DataFrame:
        """The rows of this sink's topics, each with its place in the log."""
        frames = [self._rows(piece) for piece in stretch.pieces]
        if not frames:
            return pl.DataFrame()
        found = pl.concat(frames) if len(frames) > 1 else frames[0]
        place = pl.lit(f"{volume}/{stretch.segment.number:08d}").alias("segment")
        return self.finished(found.with_columns(place)) if found.height else found

    def _rows(self, piece: Piece) -> pl.DataFrame:
        """Every line is read as if it were of this sink, which is quicker than to sort them first."""
        letters = [topic.decode() for topic in self.topics]
        if not any(b'{"log":"%b' % topic in piece.text for topic in self.topics):
            return pl.DataFrame()
        ends = np.flatnonzero(np.frombuffer(piece.text, np.uint8) == ord("\n"))
        starts = np.concatenate(([0], ends[:-1] + 1)) + piece.start
        schema = {field.name: _TYPES[field.type] for field in msgspec.structs.fields(self.entry)}
        return (
            pl.read_ndjson(io.BytesIO(piece.text), schema={"log": pl.String, **schema})
            .with_columns(pl.Series("position", starts, pl.UInt64))
            .filter(pl.col("log").str.head(1).is_in(letters))
            .drop("log")
            .with_columns(_defaults(self.entry))
        )


def _defaults(entry: type[Entry]) -> list[pl.Expr]:
    """What a line leaves out is what the entry has by default."""
    return [
        pl.col(field.name).fill_null(
            pl.lit(field.default) if field.default != () else pl.lit([], pl.List(pl.String))
        )
        for field in msgspec.structs.fields(entry)
        if not field.required and field.default is not None
    ]


def _finished_events(events: pl.DataFrame) -> pl.DataFrame:
    """Moments and amounts as such, and what today's rules make of each event."""
    typed = events.with_columns(
        pl.col("received_at", "occurred_at", "original_at").cast(_MOMENT),
        pl.col("value").cast(_AMOUNT),
    )
    return pl.concat([typed, normalised(typed)], how="horizontal")


def _finished_rejections(rejections: pl.DataFrame) -> pl.DataFrame:
    return rejections.with_columns(pl.col("received_at").cast(_MOMENT))


SINKS = (
    Sink("events", (EVENTS, CLICKS), "raw.events", LoggedEvent, _finished_events),
    Sink("rejects", (REJECTS,), "raw.rejected", LoggedRejection, _finished_rejections),
)
