"""When an action may go: from a moment on, and in hours of the day and days of the week by the clocks of its zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as TimeOfDay
from typing import Any
from zoneinfo import ZoneInfo

from store.clock import UTC_ZONE

EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class SendWindow:
    """From `opens` to before `closes` on days numbered from Monday, 1, to Sunday, 7; it never goes over midnight."""

    opens: TimeOfDay
    closes: TimeOfDay
    days: frozenset[int] = EVERY_DAY

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ValueError("must close after it opens, on the same day")
        if not self.days or not self.days <= EVERY_DAY:
            raise ValueError("needs days from 1, Monday, to 7, Sunday")

    def is_open(self, at: datetime, zone: ZoneInfo) -> bool:
        local = at.astimezone(zone)
        return local.isoweekday() in self.days and self.opens <= local.time() < self.closes

    def as_said(self) -> dict[str, Any]:
        """As the manifest says it."""
        return {
            "opens": self.opens.isoformat("minutes"),
            "closes": self.closes.isoformat("minutes"),
            "days": sorted(self.days),
        }


@dataclass(frozen=True, slots=True)
class Schedule:
    """When an action may go: not before `due_at`, only while the window is open, by the clocks of `zone`."""

    due_at: datetime | None = None
    zone: ZoneInfo = UTC_ZONE
    window: SendWindow | None = None

    def may_go(self, at: datetime) -> bool:
        return self.window is None or self.window.is_open(at, self.zone)

    def as_said(self) -> dict[str, Any]:
        """As the manifest says it: the moment in UTC, the hours by the clocks of the zone."""
        return {
            "due_at": self.due_at.astimezone(UTC).isoformat() if self.due_at else None,
            "time_zone": self.zone.key,
            "window": self.window.as_said() if self.window else None,
        }


ANY_TIME = Schedule()


def next_midnight(at: datetime, zone: ZoneInfo) -> datetime:
    """When the zone's next day begins."""
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, TimeOfDay(), zone)


def last_midnight(at: datetime, zone: ZoneInfo) -> datetime:
    """When the zone's present day began."""
    return datetime.combine(at.astimezone(zone).date(), TimeOfDay(), zone)
