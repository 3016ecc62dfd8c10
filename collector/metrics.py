"""Counters, gauges and latencies in Prometheus' text form; one thread writes them, so that nothing is locked."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping

PREFIX = "collector_"

COUNTERS = {
    "accepted": "Events taken in, by door.",
    "duplicates": "Events that were on disk already.",
    "rejected": "Events and requests that were refused, by reason.",
    "not_now": "Requests that were asked to come again.",
    "received_bytes": "Bytes of bodies as they travelled.",
    "log_failures": "Batches that could not be written.",
    "redirects": "Short links followed, by outcome.",
    "unsubscribes": "Requests to the unsubscribe door, by outcome.",
    "hook_calls": "Calls of providers, by provider and outcome.",
    "clicks_not_recorded": "Redirects whose click could not be written to the edge log.",
    "cut_off": "Connections closed because their request did not come to an end, or was too large in its head.",
    "shipped_rows": "Rows loaded into ClickHouse by the shipper, by sink.",
    "load_failures": "Loads that ClickHouse did not take.",
    "damaged_bytes": "Bytes of the edge log that were no whole record.",
}
GAUGES = {
    "backlog_bytes": "Bytes of the edge log not loaded yet.",
    "backlog_segments": "Segments of the edge log not wholly loaded yet.",
    "spool_bytes": "Disk that the spool directory fills.",
    "shipper_lag_seconds": "Age of the oldest record not loaded yet.",
    "shipper_up": "Whether the shipper of this spool has spoken lately.",
    "links": "Short links in memory.",
    "connections": "Connections that are open.",
}
LATENCIES = {
    "request_seconds": "From a request's head to its answer, by door.",
    "fsync_seconds": "One write and sync of the edge log.",
}
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Latency:
    """How long something took, in buckets."""

    __slots__ = ("_buckets", "_total")

    def __init__(self) -> None:
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._total = 0.0

    def add(self, seconds: float) -> None:
        self._buckets[bisect_left(BOUNDS, seconds)] += 1
        self._total += seconds

    def lines(self, name: str, label: str) -> list[str]:
        labels = f"{label}," if label else ""
        found, reached = [], 0
        for bound, count in zip((*BOUNDS, "+Inf"), self._buckets, strict=True):
            reached += count
            found.append(f'{name}_bucket{{{labels}le="{bound}"}} {reached}')
        braces = f"{{{label}}}" if label else ""
        return [*found, f"{name}_sum{braces} {self._total:g}", f"{name}_count{braces} {reached}"]


class Metrics:
    """What one process counts; labels are ready-made Prometheus labels such as `reason="too_large"`."""

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._latencies: dict[tuple[str, str], Latency] = {}
        self._gauges: dict[str, Callable[[], float]] = {}
        self._told: list[Callable[[], Mapping[tuple[str, str], float]]] = []

    def count(self, name: str, amount: int = 1, label: str = "") -> None:
        self._counts[name, label] += amount

    def latency(self, name: str, label: str = "") -> Latency:
        return self._latencies.setdefault((name, label), Latency())

    def gauge(self, name: str, value: Callable[[], float]) -> None:
        self._gauges[name] = value

    def tell_also(self, counters: Callable[[], Mapping[tuple[str, str], float]]) -> None:
        """Counters that another process keeps, read when somebody asks."""
        self._told.append(counters)

    def text(self) -> str:
        counted: dict[tuple[str, str], float] = dict(self._counts)
        for told in self._told:
            counted |= told()
        lines: list[str] = []
        for name, meaning in GAUGES.items():
            if name in self._gauges:
                lines += [*_head(name, "gauge", meaning), f"{PREFIX}{name} {self._gauges[name]():g}"]
        for name, meaning in COUNTERS.items():
            found = sorted((label, value) for (counter, label), value in counted.items() if counter == name)
            if found:
                lines += _head(f"{name}_total", "counter", meaning)
                lines += [_sample(f"{PREFIX}{name}_total", label, value) for label, value in found]
        for name, meaning in LATENCIES.items():
            timed = sorted((label, it) for (timer, label), it in self._latencies.items() if timer == name)
            if timed:
                lines += _head(name, "histogram", meaning)
                lines += [line for label, it in timed for line in it.lines(f"{PREFIX}{name}", label)]
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, meaning: str) -> list[str]:
    return [f"# HELP {PREFIX}{name} {meaning}", f"# TYPE {PREFIX}{name} {kind}"]


def _sample(name: str, label: str, value: float) -> str:
    return f"{name}{{{label}}} {value:g}" if label else f"{name} {value:g}"
