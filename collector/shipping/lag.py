"""How far sinks are behind the log: in bytes, and in the time that its oldest record has waited."""

import time
from collections.abc import Sequence

from collector.edge_log import Volume
from collector.shipping import cursor as cursors
from collector.shipping.sinks import Sink


class Lag:
    """Remembers how far the log was at a moment, and notices when the sinks have come that far.

    While events keep coming there is always something that is not loaded yet; it is late only if it was there
    a while ago already.
    """

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = sinks
        self._mark: dict[str, tuple[int, int]] = {}
        self._marked_at = self._loaded_until = time.monotonic()

    def seconds(self, volumes: Sequence[Volume]) -> float:
        """The age of the oldest record that one of the sinks has not loaded, to within the time between two looks."""
        moment = time.monotonic()
        if all(self._is_past(volume) for volume in volumes):
            self._loaded_until, self._marked_at = self._marked_at, moment
            self._mark = {volume.name: _end(volume) for volume in volumes}
        is_behind = any(unloaded(volume, sink) for volume in volumes for sink in self._sinks)
        return moment - self._loaded_until if is_behind else 0.0

    def _is_past(self, volume: Volume) -> bool:
        """Whether all sinks have loaded what there was of a volume at the mark."""
        mark = self._mark.get(volume.name, (0, 0))
        reached = [cursors.read(volume.path, sink.name) for sink in self._sinks]
        return all((cursor.segment, cursor.offset) >= mark for cursor in reached)


def unloaded(volume: Volume, sink: Sink) -> int:
    """Bytes beyond the sink's cursor."""
    cursor = cursors.read(volume.path, sink.name)
    total = 0
    for segment in volume.waiting():
        if segment.number == cursor.segment:
            total += max(0, segment.readable - cursor.offset)
        elif segment.number > cursor.segment:
            total += segment.readable
    return total


def _end(volume: Volume) -> tuple[int, int]:
    return max(((segment.number, segment.readable) for segment in volume.waiting()), default=(0, 0))
