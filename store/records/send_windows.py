"""The hours of the day, and days of the week, in which an action may go, by the clocks of its own zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as TimeOfDay
from typing import Any
from zoneinfo import ZoneInfo

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


def next_midnight(at: datetime, zone: ZoneInfo) -> datetime:
    """When the zone's next day begins."""
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, TimeOfDay(), zone)


def last_midnight(at: datetime, zone: ZoneInfo) -> datetime:
    """When the zone's present day began."""
    return datetime.combine(at.astimezone(zone).date(), TimeOfDay(), zone)
