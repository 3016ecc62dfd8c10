"""Days by the clocks of a zone, and the weeks and months that a calendar shows of them."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as TimeOfDay
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

# What lies beyond cannot be meant, and its neighbours could not be told.
EARLIEST, LATEST = date(1971, 1, 1), date(2199, 12, 31)
Shown = Annotated[date, Field(ge=EARLIEST, le=LATEST)]
WEEK = timedelta(days=7)


class View(StrEnum):
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Day:
    """From its first midnight up to the next day's: 23 or 25 hours where clocks are changed."""

    date: date
    begins: datetime
    ends: datetime

    @property
    def hours(self) -> float:
        return (self.ends - self.begins) / timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole weeks from a Monday on: a week, or all those that a month touches."""

    view: View
    chosen: date
    days: Sequence[Day]

    @property
    def begins(self) -> datetime:
        return self.days[0].begins

    @property
    def ends(self) -> datetime:
        return self.days[-1].ends

    @property
    def weeks(self) -> list[Sequence[Day]]:
        return [self.days[at : at + 7] for at in range(0, len(self.days), 7)]

    @property
    def before(self) -> date | None:
        """A day of the span before, None where there is none."""
        one_before = (self.chosen.replace(day=1) if self.view is View.MONTH else self.days[0].date) - _DAY
        return one_before if one_before >= EARLIEST else None

    @property
    def after(self) -> date | None:
        if self.view is View.MONTH:
            one_after = self.chosen.replace(day=1) + timedelta(days=_length(self.chosen))
        else:
            one_after = self.days[0].date + WEEK
        return one_after if one_after <= LATEST else None

    def belongs(self, day: Day) -> bool:
        """Whether a day is of the chosen month, or only of one of its weeks."""
        return self.view is View.WEEK or day.date.month == self.chosen.month


_DAY = timedelta(days=1)


def day(date: date, zone: ZoneInfo) -> Day:
    return Day(date, _midnight(date, zone), _midnight(date + _DAY, zone))


def span(view: View, chosen: date, zone: ZoneInfo) -> Span:
    """The week or the month in which a day lies."""
    first, last = chosen, chosen
    if view is View.MONTH:
        first = chosen.replace(day=1)
        last = chosen.replace(day=_length(chosen))
    monday = first - timedelta(days=first.weekday())
    count = ((last - monday).days // 7 + 1) * 7
    return Span(view, chosen, [day(monday + timedelta(days=n), zone) for n in range(count)])


def today(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()


def _midnight(date: date, zone: ZoneInfo) -> datetime:
    """When a date begins; where clocks skip midnight, with the moment that they skip to."""
    return datetime.combine(date, TimeOfDay(), zone).astimezone(UTC)


def _length(month: date) -> int:
    return calendar.monthrange(month.year, month.month)[1]
