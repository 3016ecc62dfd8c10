"""Counters, gauges and latencies in Prometheus' text form; one thread writes them, so that nothing is locked."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping

import msgspec

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


class Latency(msgspec.Struct):
    """How long something took, in buckets."""

    name: str
    label: str
    buckets: list[int]
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def lines(self) -> list[str]:
        name, reached = f"{PREFIX}{self.name}", 0
        labels = f"{self.label}," if self.label else ""
        found = []
        for bound, count in zip((*BOUNDS, "+Inf"), self.buckets, strict=True):
            reached += count
            found.append(f'{name}_bucket{{{labels}le="{bound}"}} {reached}')
        braces = f"{{{self.label}}}" if self.label else ""
        return [*found, f"{name}_sum{braces} {self.total:g}", f"{name}_count{braces} {reached}"]


class Counted(msgspec.Struct):
    """What one process has counted, as it tells it to the others that share its port."""

    counts: list[tuple[str, str, float]] = []
    latencies: list[Latency] = []


class Metrics:
    """What one process counts; labels are ready-made Prometheus labels such as `reason="too_large"`."""

    def __init__(self) -> None:
        self.others: list[Counted] = []
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._latencies: dict[tuple[str, str], Latency] = {}
        self._gauges: dict[str, Callable[[], float]] = {}
        self._told: list[Callable[[], Mapping[tuple[str, str], float]]] = []

    def count(self, name: str, amount: int = 1, label: str = "") -> None:
        self._counts[name, label] += amount

    def latency(self, name: str, label: str = "") -> Latency:
        return self._latencies.setdefault((name, label), Latency(name, label, [0] * (len(BOUNDS) + 1)))

    def gauge(self, name: str, value: Callable[[], float]) -> None:
        self._gauges[name] = value

    def tell_also(self, counters: Callable[[], Mapping[tuple[str, str], float]]) -> None:
        """Counters that another process keeps, read when somebody asks."""
        self._told.append(counters)

    def counted(self) -> Counted:
        counts = [(name, label, float(value)) for (name, label), value in self._counts.items()]
        return Counted(counts, list(self._latencies.values()))

    def text(self) -> str:
        """Counters and latencies of all processes that share the port; gauges as this one sees them."""
        counted: dict[tuple[str, str], float] = defaultdict(float)
        timed: dict[tuple[str, str], Latency] = {}
        for each in (self.counted(), *self.others):
            for name, label, value in each.counts:
                counted[name, label] += value
            for latency in each.latencies:
                key = latency.name, latency.label
                timed[key] = _sum(timed[key], latency) if key in timed else latency
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
            labels = sorted(label for timer, label in timed if timer == name)
            if labels:
                lines += _head(name, "histogram", meaning)
                lines += [line for label in labels for line in timed[name, label].lines()]
        return "\n".join(lines) + "\n"


def _sum(one: Latency, other: Latency) -> Latency:
    buckets = [ours + theirs for ours, theirs in zip(one.buckets, other.buckets, strict=True)]
    return Latency(one.name, one.label, buckets, one.total + other.total)


def _head(name: str, kind: str, meaning: str) -> list[str]:
    return [f"# HELP {PREFIX}{name} {meaning}", f"# TYPE {PREFIX}{name} {kind}"]


def _sample(name: str, label: str, value: float) -> str:
    return f"{name}{{{label}}} {value:g}" if label else f"{name} {value:g}"
