"""What works and what does not: the edge goes on taking events while ClickHouse, Postgres or the shipper is away."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from collector.directory import Directory
from collector.edge_log import EdgeLog, volumes
from collector.metrics import Metrics
from collector.shipping import condition as shipping
from collector.shipping.condition import ShipperCondition

logger = logging.getLogger(__name__)


class Condition:
    """Of this process and of the spool that it shares."""

    def __init__(self, spool: Path, directory: Directory, log: EdgeLog, metrics: Metrics) -> None:
        self._spool = spool
        self._directory = directory
        self._log = log
        self._shipper = ShipperCondition()
        metrics.gauge("links", lambda: directory.link_count)
        metrics.gauge("backlog_bytes", lambda: self._shipper.backlog_bytes)
        metrics.gauge("backlog_segments", lambda: self._shipper.backlog_segments)
        metrics.gauge("shipper_lag_seconds", lambda: self._shipper.lag_seconds)
        metrics.gauge("shipper_up", lambda: self._shipper.is_running)
        metrics.tell_also(self._counted_by_the_shipper)

    async def look_around(self) -> None:
        """What other processes did to the spool, and what the shipper says."""
        try:
            self._log.spool_bytes = await asyncio.to_thread(volumes.bytes_used, self._spool)
            self._shipper = await asyncio.to_thread(shipping.heard, self._spool)
        except OSError as error:
            logger.warning("the spool cannot be looked at: %s", error)

    @property
    def takes_events(self) -> bool:
        return self._directory.is_loaded and not self._log.is_full

    def degraded(self) -> dict[str, str]:
        problems = {
            "postgres": "" if self._directory.is_fresh else "away; links and keys stay as they were",
            "shipper": "" if self._shipper.is_running else "silent; the edge log keeps what comes in",
            "clickhouse": ""
            if self._shipper.clickhouse_answers or not self._shipper.is_running
            else "away; the edge log keeps what comes in",
            "spool": "at its disk limit (SPOOL_MAX_BYTES)" if self._log.is_full else "",
        }
        return {part: problem for part, problem in problems.items() if problem}

    def _counted_by_the_shipper(self) -> Mapping[tuple[str, str], float]:
        told = self._shipper
        rows = {("shipped_rows", f'sink="{sink}"'): float(rows) for sink, rows in told.shipped_rows.items()}
        return {
            **rows,
            ("load_failures", ""): told.load_failures,
            ("damaged_bytes", ""): told.damaged_bytes,
        }
