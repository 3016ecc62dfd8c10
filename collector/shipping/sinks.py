"""Where each topic goes, and its lines in the form that it has there."""

import io
import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import polars as pl

from collector.edge_log import (
    CLICKS,
    EVENTS,
    HOOKS,
    REJECTS,
    UNSUBSCRIBES,
    LoggedCall,
    LoggedEvent,
    LoggedRejection,
    LoggedUnsubscribe,
    Topic,
)
from collector.edge_log.entries import Entry
from collector.shipping.stores import Records, Store, Warehouse
from collector.shipping.stretches import Piece, Stretch
from marketing_pipelines.events.normalising import normalised
from store import events
from store.records import contacts, hooks

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
    """One way out of the log, with a cursor of its own: `complete` makes rows of entries as they were logged, and
    `load` gives how many it added."""

    name: str
    store: type[Store]
    topics: tuple[Topic, ...]
    entry: type[Entry]
    complete: Callable[[pl.DataFrame], pl.DataFrame]
    load: Callable[[Any, pl.DataFrame, str], int]

    def rows(self, stretch: Stretch, volume: str) -> pl.DataFrame:
        """What the entries of this sink's topics become, each with its place in the log."""
        frames = [self._rows(piece) for piece in stretch.pieces if self._is_in(piece)]
        if not frames:
            return pl.DataFrame()
        segment = pl.lit(f"{volume}/{stretch.segment.number:08d}").alias("segment")
        return self.complete(pl.concat(frames).with_columns(segment))

    def _is_in(self, piece: Piece) -> bool:
        return any(b'{"log":"%b' % topic in piece.text for topic in self.topics)

    def _rows(self, piece: Piece) -> pl.DataFrame:
        """Every line is read as if it were of this sink, which is quicker than to sort them first."""
        ends = np.flatnonzero(np.frombuffer(piece.text, np.uint8) == ord("\n"))
        starts = np.concatenate(([0], ends[:-1] + 1)) + piece.start
        schema = {field.name: _TYPES[field.type] for field in msgspec.structs.fields(self.entry)}
        return (
            pl.read_ndjson(io.BytesIO(piece.text), schema={"log": pl.String, **schema})
            .with_columns(pl.Series("position", starts, pl.UInt64))
            .filter(pl.col("log").str.head(1).is_in([topic.decode() for topic in self.topics]))
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


def _with_verdicts(logged: pl.DataFrame) -> pl.DataFrame:
    """Moments and amounts as such, and what today's rules make of each event."""
    typed = logged.with_columns(
        pl.col("received_at", "occurred_at", "original_at").cast(_MOMENT),
        pl.col("value").cast(_AMOUNT),
    )
    return pl.concat([typed, normalised(typed)], how="horizontal")


def _with_moment(logged: pl.DataFrame) -> pl.DataFrame:
    return logged.with_columns(pl.col("received_at").cast(_MOMENT))


def _load_events(warehouse: Warehouse, rows: pl.DataFrame, token: str) -> int:
    return events.append(warehouse.client, "raw.events", rows.to_arrow(), token=token)


def _load_rejections(warehouse: Warehouse, rows: pl.DataFrame, token: str) -> int:
    return events.append(warehouse.client, "raw.rejected", rows.to_arrow(), token=token)


def _apply_unsubscribes(stored: Records, logged: pl.DataFrame, _: str) -> int:
    """Unsubscribing twice is no different from once, so that a repeated load needs no token."""
    with stored.session() as session:
        contacts.unsubscribe_all(
            session,
            [
                (row["tenant_id"], row["contact_id"], row["received_at"])
                for row in logged.iter_rows(named=True)
            ],
        )
    return logged.height


def _keep_calls(stored: Records, logged: pl.DataFrame, _: str) -> int:
    """A call's place in the log is its token."""
    calls = [
        {
            "tenant_id": row["tenant_id"],
            "provider": row["provider"],
            "event_id": row["provider_event_id"],
            "received_at": row["received_at"],
            "headers": json.loads(row["headers"]),
            "body": b64decode(row["body"]),
            "place": f"{row['segment']}:{row['position']}",
            "secret_id": row["secret_id"],
        }
        for row in logged.iter_rows(named=True)
    ]
    with stored.session() as session:
        return hooks.keep_calls(session, calls)


SINKS = (
    Sink("events", Warehouse, (EVENTS, CLICKS), LoggedEvent, _with_verdicts, _load_events),
    Sink("rejects", Warehouse, (REJECTS,), LoggedRejection, _with_moment, _load_rejections),
    Sink("unsubscribes", Records, (UNSUBSCRIBES,), LoggedUnsubscribe, _with_moment, _apply_unsubscribes),
    Sink("hooks", Records, (HOOKS,), LoggedCall, _with_moment, _keep_calls),
)
