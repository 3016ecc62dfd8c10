"""Where each topic goes: the table, and its entries as Arrow columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa

from collector.edge_log import LoggedEvent, LoggedRejection, Topic

MOMENT = pa.timestamp("ms", "UTC")
AMOUNT = pa.decimal128(18, 4)

_COLUMN_TYPES: dict[Any, pa.DataType] = {int: pa.int64(), str: pa.string(), bool: pa.bool_()}
_TYPES_BY_NAME = {"received_at": MOMENT, "occurred_at": MOMENT, "value": AMOUNT}


@dataclass(frozen=True, slots=True)
class Record:
    """An entry's bytes and where they stand, for tracing a row back to the log."""

    payload: memoryview
    place: str


class Sink:
    """One topic's way into one table."""

    def __init__(self, topic: Topic, table: str, entry: type[msgspec.Struct]) -> None:
        self.topic = topic
        self.table = table
        self._decoder = msgspec.msgpack.Decoder(entry)
        self._columns = {
            field.name: _TYPES_BY_NAME.get(field.name) or _COLUMN_TYPES[field.type]
            for field in msgspec.structs.fields(entry)
        }

    def rows(self, records: Sequence[Record]) -> pa.Table:
        """The records as one Arrow table with the table's columns."""
        entries = [msgspec.structs.astuple(self._decoder.decode(record.payload)) for record in records]
        columns = {
            name: _column(values, kind)
            for (name, kind), values in zip(self._columns.items(), zip(*entries, strict=True), strict=True)
        }
        return pa.table({**columns, "segment": pa.array([record.place for record in records])})


def _column(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    if kind == AMOUNT:
        return pa.array(values, pa.string()).cast(AMOUNT)
    return pa.array(values, kind)


SINKS = (
    Sink(Topic.EVENTS, "raw.events", LoggedEvent),
    Sink(Topic.CLICKS, "raw.events", LoggedEvent),
    Sink(Topic.REJECTS, "raw.rejected", LoggedRejection),
)
