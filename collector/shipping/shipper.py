"""The loop that ships: every volume of the spool, those of living collectors and what dead ones left."""

import logging
import time
from collections import Counter
from functools import partial
from pathlib import Path
from threading import Event

from collector.edge_log import UNSUBSCRIBES, Volume, volumes
from collector.edge_log.lines import Gap
from collector.shipping import cursor as cursors
from collector.shipping.cursor import Cursor
from collector.shipping.lag import Lag, unloaded
from collector.shipping.reading import Reading
from collector.shipping.sinks import SINKS, Sink
from collector.shipping.stores import Records, Store, Warehouse
from collector.shipping.stretches import Stretch
from store import edge_shipper
from store.edge_shipper import ShipperCondition
from store.settings import Settings

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
# While there is always more to load, loaded segments, new volumes and a wish to stop are looked after this often.
ROUND_SECONDS = 5.0
# From here on loaded segments give way before their time.
CROWDED = 0.8


class Shipper:
    """May be killed at any moment: what it did is on disk before it goes on."""

    def __init__(self, settings: Settings, spool: Path) -> None:
        self._spool = spool
        self._keep_seconds = settings.spool_keep_hours * 3600
        self._limit = settings.spool_max_bytes
        self._stores: dict[type[Store], Store] = {kind: kind(settings) for kind in (Warehouse, Records)}
        self._readings = {sink.name: Reading(sink) for sink in SINKS}
        self._taken_over: dict[str, Volume] = {}
        self._lag = Lag(SINKS)
        self._unsubscribes_lag = Lag([sink for sink in SINKS if UNSUBSCRIBES in sink.topics])
        self._shipped: Counter[str] = Counter()
        self._damaged_bytes = 0

    def run(self, stop: Event) -> None:
        while not stop.is_set():
            self.attempt()
            stop.wait(PAUSE_SECONDS)
        self.attempt()

    def attempt(self) -> bool:
        """One round; whatever goes wrong is logged and tried again, since nothing may be stranded."""
        try:
            self._load()
            self._clear_away()
            self._tell()
        except OSError as error:
            logger.error("the spool cannot be read: %s", error)
            return False
        return all(store.answers for store in self._stores.values())

    def _load(self) -> None:
        """What waits for each store; one that hangs is left behind, and does not keep the others waiting."""
        found = self._volumes()
        loading = [
            store for store in self._stores.values() if store.begin(partial(self._ship_to, store, found))
        ]
        for store in loading:
            while store.is_loading and not store.hangs:
                store.wait(PAUSE_SECONDS)
                self._tell()

    def _ship_to(self, store: Store, found: list[Volume]) -> None:
        """What waits for one store, as far as a round gets; volumes and sinks take turns, so that a long backlog of
        one does not keep the others waiting."""
        waiting = [(volume, sink) for volume in found for sink in SINKS if isinstance(store, sink.store)]
        until = time.monotonic() + ROUND_SECONDS
        try:
            store.connect()
            while waiting and time.monotonic() < until:
                waiting = [(volume, sink) for volume, sink in waiting if self._ship_next(volume, sink, store)]
        except Exception as error:  # noqa: BLE001 (a shipper that dies strands the log)
            store.failed(error)
        else:
            store.worked()

    def _volumes(self) -> list[Volume]:
        """All volumes of the spool; those whose writers are gone are taken over."""
        for path in volumes.all_in(self._spool):
            if (
                path.name not in self._taken_over
                and (lock := volumes.locked(path / volumes.LOCK)) is not None
            ):
                self._taken_over[path.name] = Volume(path, lock)
        living = [
            Volume(path, None) for path in volumes.all_in(self._spool) if path.name not in self._taken_over
        ]
        return [*self._taken_over.values(), *living]

    def _ship_next(self, volume: Volume, sink: Sink, store: Store) -> bool:
        """Loads the sink's next stretch of a volume; False when that is all for now."""
        reading = self._readings[sink.name]
        load = reading.next(volume, cursors.read(volume.path, sink.name))
        if load is None:
            return False
        stretch = load.stretch
        if load.rows.height:
            loading = Cursor(stretch.segment.number, stretch.start, stretch.end)
            cursors.keep(volume.path, sink.name, loading)
            reading.read_ahead(volume, load)
            token = f"{volume.name}/{sink.name}/{stretch.range}"
            self._shipped[sink.name] += sink.load(store, load.rows, token)
        cursors.keep(volume.path, sink.name, load.end)
        if sink is SINKS[0]:  # every sink meets the same damage; one reports it
            self._report(volume, stretch)
        # What a living writer has added meanwhile waits for the next round, so that a load is never of a few lines.
        return stretch.segment.is_closed or stretch.end < stretch.segment.readable

    def _report(self, volume: Volume, stretch: Stretch) -> None:
        """A torn tail was never answered for; damage in the middle is a disk's fault and somebody must know."""
        for gap in stretch.gaps:
            where = f"{volume.name}/{stretch.segment.path.name}"
            if _is_torn_tail(gap, stretch):
                logger.info("%s: torn tail cut at byte %d", where, gap.start)
            else:
                self._damaged_bytes += gap.end - gap.start
                logger.error("%s: bytes %d to %d are damaged", where, gap.start, gap.end)

    def _clear_away(self) -> None:
        """Loaded segments go when their time is over, or at once when others need their place."""
        for volume in self._volumes():
            reached = [cursors.read(volume.path, sink.name) for sink in SINKS]
            for segment in volume.waiting():
                if segment.is_closed and all(_is_past(cursor, segment) for cursor in reached):
                    segment.mark_loaded()
        used = volumes.bytes_used(self._spool)
        crowded = CROWDED * (used + volumes.room(self._spool, self._limit, used))
        is_idle = not any(store.is_loading for store in self._stores.values())
        for volume in self._volumes():
            for segment in volume.segments():
                if segment.is_loaded and (self._is_old(segment.path) or used >= crowded):
                    used -= segment.readable
                    segment.path.unlink()
            if volume.lock is not None and is_idle and not volume.segments():
                del self._taken_over[volume.name]
                volume.remove()

    def _tell(self) -> None:
        found = self._volumes()
        behind = [max(unloaded(volume, sink) for sink in SINKS) for volume in found]
        said = ShipperCondition(
            said_at=time.time(),
            clickhouse_answers=self._stores[Warehouse].answers,
            backlog_bytes=sum(behind),
            backlog_segments=sum(len(volume.waiting()) for volume in found),
            lag_seconds=self._lag.seconds(found),
            unsubscribes_lag_seconds=self._unsubscribes_lag.seconds(found),
            shipped_rows=dict(self._shipped),
            load_failures=sum(store.load_failures for store in self._stores.values()),
            damaged_bytes=self._damaged_bytes,
        )
        edge_shipper.say(self._spool, said)

    def _is_old(self, path: Path) -> bool:
        return time.time() - path.stat().st_mtime > self._keep_seconds


def _is_torn_tail(gap: Gap, stretch: Stretch) -> bool:
    return stretch.segment.is_closed and gap.end == stretch.segment.readable


def _is_past(cursor: Cursor, segment: volumes.Segment) -> bool:
    if cursor.segment == segment.number:
        return cursor.offset >= segment.readable
    return cursor.segment > segment.number or segment.readable == 0
