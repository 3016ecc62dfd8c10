"""What works and what does not: the edge goes on taking events while ClickHouse, Postgres or the shipper is away."""

import asyncio
import logging
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from collector.directory import Directory
from collector.edge_log import EdgeLog
from collector.metrics import Counted, Metrics
from store import edge_shipper
from store.edge_shipper import ShipperCondition

logger = logging.getLogger(__name__)

COUNTED = "counted.json"
SILENT_AFTER_SECONDS = 5.0


class Condition:
    """Of this process and of the spool that it shares."""

    def __init__(self, spool: Path, directory: Directory, log: EdgeLog, metrics: Metrics) -> None:
        self._spool = spool
        self._directory = directory
        self._log = log
        self._metrics = metrics
        self._shipper = ShipperCondition()
        metrics.gauge("links", lambda: len(directory.links))
        metrics.gauge("backlog_bytes", lambda: self._shipper.backlog_bytes)
        metrics.gauge("backlog_segments", lambda: self._shipper.backlog_segments)
        metrics.gauge("shipper_lag_seconds", lambda: self._shipper.lag_seconds)
        metrics.gauge("shipper_up", lambda: self._shipper.is_running)
        metrics.tell_also(self._counted_by_the_shipper)

    async def look_around(self) -> None:
        """What other processes did to the spool and counted, and what the shipper says."""
        try:
            await asyncio.to_thread(self._log.look_at_the_disk)
            self._shipper = await asyncio.to_thread(edge_shipper.heard, self._spool)
            self._tell_the_others()
            self._metrics.others = await asyncio.to_thread(self._told_by_the_others)
        except OSError as error:
            logger.warning("the spool cannot be looked at: %s", error)

    @property
    def takes_events(self) -> bool:
        return self._directory.knows_senders and not self._log.is_full

    def degraded(self) -> dict[str, str]:
        problems = {
            "postgres": "" if self._directory.is_fresh else "away; links and keys stay as they were",
            "links": "" if self._directory.knows_links else "being read; those that are known lead on",
            "shipper": "" if self._shipper.is_running else "silent; the edge log keeps what comes in",
            "clickhouse": ""
            if self._shipper.clickhouse_answers or not self._shipper.is_running
            else "away; the edge log keeps what comes in",
            "spool": "at its disk limit (SPOOL_MAX_BYTES), or the disk is full" if self._log.is_full else "",
        }
        return {part: problem for part, problem in problems.items() if problem}

    def _tell_the_others(self) -> None:
        path = self._log.volume.path / COUNTED
        draft = path.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode(self._metrics.counted()))
        draft.rename(path)

    def _told_by_the_others(self) -> list[Counted]:
        """The living say it every second; what a dead one counted goes with it, as at any restart."""
        found = []
        for path in self._spool.glob(f"*/{COUNTED}"):
            try:
                is_fresh = abs(time.time() - path.stat().st_mtime) < SILENT_AFTER_SECONDS
                if is_fresh and path.parent != self._log.volume.path:
                    found.append(msgspec.json.decode(path.read_bytes(), type=Counted))
            except (FileNotFoundError, msgspec.DecodeError):
                continue
        return found

    def _counted_by_the_shipper(self) -> Mapping[tuple[str, str], float]:
        told = self._shipper
        rows = {("shipped_rows", f'sink="{sink}"'): float(rows) for sink, rows in told.shipped_rows.items()}
        return {
            **rows,
            ("load_failures", ""): told.load_failures,
            ("damaged_bytes", ""): told.damaged_bytes,
        }
