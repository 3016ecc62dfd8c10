"""What a sink loads next, made ready while what stands before it is being loaded."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl

from collector.edge_log import Volume
from collector.shipping.cursor import Cursor
from collector.shipping.sinks import SINKS, Sink
from collector.shipping.stretches import Stretch, next_stretch


@dataclass(frozen=True, slots=True)
class Load:
    """A stretch, and its rows as the store takes them."""

    stretch: Stretch
    rows: pl.DataFrame

    @property
    def end(self) -> Cursor:
        return Cursor(self.stretch.segment.number, self.stretch.end)


@dataclass(frozen=True, slots=True)
class _Ahead:
    volume: str
    cursor: Cursor
    load: Future[Load | None]


class Reading:
    """One sink's reading, by one thread; a second one reads at most one load ahead."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._reader = ThreadPoolExecutor(1, f"reads ahead for {sink.name}")
        self._ahead: _Ahead | None = None

    def next(self, volume: Volume, cursor: Cursor) -> Load | None:
        """What comes after the cursor, if there is something."""
        ahead = self._ahead
        if ahead is not None and (ahead.volume, ahead.cursor) == (volume.name, cursor):
            self._ahead = None
            return ahead.load.result()
        return self._read(volume, cursor)

    def read_ahead(self, volume: Volume, load: Load) -> None:
        """Begins with the segment after this load's, whose turn is sure to come."""
        has_more = any(segment.number > load.stretch.segment.number for segment in volume.waiting())
        if self._ahead is None and has_more:
            self._ahead = _Ahead(volume.name, load.end, self._reader.submit(self._read, volume, load.end))

    def _read(self, volume: Volume, cursor: Cursor) -> Load | None:
        # The first sink alone reads segments that have nothing for it, and so meets all damage.
        only = () if self._sink is SINKS[0] else self._sink.topics
        stretch = next_stretch(volume.waiting(), cursor, only)
        return stretch and Load(stretch, self._sink.rows(stretch, volume.name))
