"""The one place that reads the clock, and the one that tells what a clock on a wall means."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UTC_ZONE = ZoneInfo("UTC")


class NoSuchTime(ValueError):
    """A moment that a zone's clocks skip."""


def now() -> datetime:
    """The current moment, aware and in UTC."""
    return datetime.now(UTC)


def now_ms() -> int:
    """The current moment in milliseconds since 1970, for what is asked at every request."""
    return time.time_ns() // 1_000_000


def moment(said: datetime, zone: ZoneInfo) -> datetime:
    """The moment that is meant, in UTC; what names no zone is read off a clock in this one.

    A time that comes twice, when clocks go back, is the first of the two; one that never comes is refused.
    """
    if said.tzinfo is not None:
        return said.astimezone(UTC)
    meant = said.replace(tzinfo=zone).astimezone(UTC)
    if meant.astimezone(zone).replace(tzinfo=None) != said.replace(fold=0):
        raise NoSuchTime(f"{said:%Y-%m-%d %H:%M} does not exist in {zone.key}: the clocks go forward then")
    return meant


def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name, or a ValueError that says what one looks like."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name[:64]!r}; write it like Europe/Berlin") from None
