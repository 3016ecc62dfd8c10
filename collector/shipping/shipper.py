"""The loop that ships: its own process's log, and what dead processes left on the same spool."""

import logging
import random
import time
from pathlib import Path
from threading import Event, Thread

from collector.edge_log import EdgeLog, Volume, volumes
from collector.metrics import Metrics
from collector.shipping import cursor as cursors
from collector.shipping.loading import Readable, load_next, readable
from collector.shipping.sinks import SINKS
from store import events
from store.settings import Settings

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
LONGEST_BACK_OFF_SECONDS = 30.0
FAREWELL_SECONDS = 5.0


class Shipper:
    """Runs in a thread of its own. It may be killed at any moment: what it did is on disk before it goes on."""

    def __init__(self, settings: Settings, log: EdgeLog, metrics: Metrics) -> None:
        self.clickhouse_answers = False
        self._settings = settings
        self._spool: Path = log.volume.path.parent
        self._keep_seconds = settings.spool_keep_hours * 3600
        self._log = log
        self._metrics = metrics
        self._left_behind: list[Volume] = []
        self._client: events.Client | None = None
        self._stop = Event()
        self._failures = 0
        self._waiting_since: float | None = None
        self._backlog = 0
        self._thread = Thread(target=self._run, name="shipper", daemon=True)
        metrics.gauge("backlog_bytes", lambda: self._backlog)
        metrics.gauge("shipper_lag_seconds", self.lag_seconds)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ships what is left if ClickHouse takes it quickly; what stays is shipped by the next process."""
        self._stop.set()
        self._thread.join(FAREWELL_SECONDS)
        if not self._thread.is_alive():
            for volume in (*self._left_behind, self._log.volume):
                volume.release()

    def lag_seconds(self) -> float:
        return 0.0 if self._waiting_since is None else time.monotonic() - self._waiting_since

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(PAUSE_SECONDS if self._attempt() else self._back_off())
        if self._failures == 0:
            self._attempt()

    def _attempt(self) -> bool:
        """One pass over everything; whatever goes wrong is logged and tried again, since nothing may be stranded."""
        try:
            self._take_over()
            self._measure()
            self._clear_away()
            self._ship_everything()
        except Exception as error:  # noqa: BLE001 (a shipper that dies strands the log)
            self._failures += 1
            self._metrics.count("load_failures")
            level = logging.WARNING if self._failures == 1 else logging.DEBUG
            logger.log(level, "loading failed, the log keeps it: %s", str(error)[:500])
            self._disconnect()
            return False
        if self._failures:
            logger.info("loading works again after %d failures", self._failures)
        self._failures = 0
        return True

    def _back_off(self) -> float:
        longest = min(LONGEST_BACK_OFF_SECONDS, PAUSE_SECONDS * 2 ** min(self._failures, 8))
        return random.uniform(PAUSE_SECONDS / 2, longest)  # noqa: S311 (jitter)

    def _take_over(self) -> None:
        held = {volume.name for volume in (*self._left_behind, self._log.volume)}
        for volume in volumes.left_behind(self._spool, held):
            if volume.waiting():
                logger.info("shipping what another process left: %s", volume.name)
            self._left_behind.append(volume)

    def _ship_everything(self) -> None:
        if self._client is None:
            self._client = events.connect(self._settings)
        self.clickhouse_answers = True
        for volume in (*self._left_behind, self._log.volume):
            while self._ship(volume):
                self._measure()
        self._measure()

    def _ship(self, volume: Volume) -> bool:
        """One stretch of each topic; True when there may be more."""
        assert self._client is not None
        waiting = readable(volume, self._log)
        loaded = [load_next(volume, sink, waiting, self._client, self._metrics) for sink in SINKS]
        return any(loaded)

    def _measure(self) -> None:
        """How much waits, by the topic that is furthest behind, and since when."""
        self._backlog = sum(
            max(_unloaded(cursors.read(volume, sink.topic), readable(volume, self._log)) for sink in SINKS)
            for volume in (*self._left_behind, self._log.volume)
        )
        if self._backlog == 0:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = time.monotonic()
        self._log.spool_bytes = volumes.bytes_used(self._spool)

    def _clear_away(self) -> None:
        """Loaded segments go when their time is over, or at once when others need their place."""
        for volume in (*self._left_behind, self._log.volume):
            reached = [cursors.read(volume, sink.topic) for sink in SINKS]
            for place in readable(volume, self._log):
                if place.is_closed and all(_unloaded(cursor, [place]) == 0 for cursor in reached):
                    place.segment.mark_loaded()
        for volume in (*self._left_behind, self._log.volume):
            for segment in volume.segments():
                if segment.is_loaded and (self._is_old(segment.path) or self._log.is_crowded):
                    self._log.spool_bytes -= segment.size
                    segment.path.unlink()
        for volume in [left for left in self._left_behind if not left.segments()]:
            self._left_behind.remove(volume)
            volume.remove()

    def _is_old(self, path: Path) -> bool:
        return time.time() - path.stat().st_mtime > self._keep_seconds

    def _disconnect(self) -> None:
        self.clickhouse_answers = False
        if self._client is not None:
            self._client.close()
            self._client = None


def _unloaded(cursor: cursors.Cursor, places: list[Readable]) -> int:
    """Bytes beyond the cursor."""
    total = 0
    for place in places:
        if place.segment.number == cursor.segment:
            total += max(0, place.until - cursor.offset)
        elif place.segment.number > cursor.segment:
            total += place.until
    return total
