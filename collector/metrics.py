"""Counters and gauges in Prometheus' text form."""

from collections import defaultdict
from collections.abc import Callable
from threading import Lock

PREFIX = "collector_"

HELP = {
    "accepted": "Events taken in, by door.",
    "duplicates": "Events that were on disk already.",
    "rejected": "Events and requests that were refused, by reason.",
    "not_now": "Requests that were asked to come again.",
    "fsyncs": "Batches of the edge log made durable.",
    "log_failures": "Batches that could not be written.",
    "redirects": "Short links followed, by outcome.",
    "clicks_not_recorded": "Redirects whose click could not be written to the edge log.",
    "shipped_rows": "Rows loaded into ClickHouse, by topic.",
    "load_failures": "Loads that ClickHouse did not take.",
    "damaged_bytes": "Bytes of the edge log that were no whole record.",
    "backlog_bytes": "Bytes of the edge log not loaded yet.",
    "spool_bytes": "Disk that the spool directory fills.",
    "shipper_lag_seconds": "Age of the oldest record not loaded yet.",
    "links": "Short links in memory.",
}


class Metrics:
    def __init__(self) -> None:
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._gauges: dict[str, Callable[[], float]] = {}
        self._lock = Lock()

    def count(self, name: str, amount: int = 1, label: str = "") -> None:
        """Adds to a counter; the label is a Prometheus label, ready made, such as `reason="too_large"`."""
        with self._lock:
            self._counts[name, label] += amount

    def gauge(self, name: str, value: Callable[[], float]) -> None:
        self._gauges[name] = value

    def total(self, name: str) -> int:
        with self._lock:
            return sum(value for (counter, _), value in self._counts.items() if counter == name)

    def text(self) -> str:
        with self._lock:
            counted = sorted(self._counts.items())
        names = {name for (name, _), _ in counted}
        lines: list[str] = []
        for name, help_line in HELP.items():
            if name in self._gauges:
                lines += [*_head(name, "gauge", help_line), f"{PREFIX}{name} {self._gauges[name]():g}"]
            elif name in names:
                lines += _head(f"{name}_total", "counter", help_line)
                lines += [
                    f"{PREFIX}{name}_total{{{label}}} {value}" if label else f"{PREFIX}{name}_total {value}"
                    for (counter, label), value in counted
                    if counter == name
                ]
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, help_line: str) -> list[str]:
    return [f"# HELP {PREFIX}{name} {help_line}", f"# TYPE {PREFIX}{name} {kind}"]
