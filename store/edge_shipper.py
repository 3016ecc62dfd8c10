"""What the edge's shipper tells of itself: a file in the spool. The collectors' pages show it, and senders heed it."""

import time
from pathlib import Path

import msgspec

NAME = "shipper.json"
SILENT_AFTER_SECONDS = 15.0
# A load takes its moment; what has waited longer is not on its way.
LATE_AFTER_SECONDS = 10.0
WAITING_SEGMENTS = "*/*.segment"


class ShipperCondition(msgspec.Struct, frozen=True):
    """Counts are since the shipper started; `said_at` is in seconds since 1970."""

    said_at: float = 0.0
    clickhouse_answers: bool = False
    backlog_bytes: int = 0
    backlog_segments: int = 0
    lag_seconds: float = 0.0
    unsubscribes_lag_seconds: float = 0.0
    shipped_rows: dict[str, int] = {}
    load_failures: int = 0
    damaged_bytes: int = 0

    @property
    def is_running(self) -> bool:
        # A word from the future is no fresher than one from the past: the clock has been set back since.
        return abs(time.time() - self.said_at) < SILENT_AFTER_SECONDS


def say(spool: Path, condition: ShipperCondition) -> None:
    draft = spool / f".{NAME}"
    draft.write_bytes(msgspec.json.encode(condition))
    draft.rename(spool / NAME)


def heard(spool: Path) -> ShipperCondition:
    """The last word of the spool's shipper; of one that never spoke, that it does not run."""
    try:
        return msgspec.json.decode((spool / NAME).read_bytes(), type=ShipperCondition)
    except (FileNotFoundError, msgspec.DecodeError):
        return ShipperCondition()


def why_unsubscribes_wait(spool: Path) -> str:
    """Why the records may not know yet who wants no more mail, or nothing.

    Seen is the edge of this host alone; one that is elsewhere, or none, is no reason to wait.
    """
    said = heard(spool)
    if not said.is_running:
        waits = any(_holds_something(segment) for segment in spool.glob(WAITING_SEGMENTS))
        return "the edge's log waits and its shipper is silent" if waits else ""
    if said.unsubscribes_lag_seconds > LATE_AFTER_SECONDS:
        return f"unsubscribes have waited for {said.unsubscribes_lag_seconds:.0f} s to be applied"
    return ""


def _holds_something(segment: Path) -> bool:
    try:
        return segment.stat().st_size > 0
    except FileNotFoundError:
        return False  # it has been loaded this very moment
