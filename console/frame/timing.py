"""When an action may go, as people and programs say it: a moment, a zone, hours of the day."""

from datetime import datetime
from datetime import time as TimeOfDay
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from console.door.problems import FieldError, Refused
from store.clock import NoSuchTime, moment, zone_named
from store.records.schedules import EVERY_DAY, Schedule, SendWindow

# What lies beyond is no plan, and in some zones no moment at all.
EARLIEST, LATEST = 1970, 2200


def _zone_there_is(name: str) -> str:
    zone_named(name)
    return name


ZoneName = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone_there_is)]


def _off_a_clock(time: TimeOfDay) -> TimeOfDay:
    if time.tzinfo is not None:
        raise ValueError("is read off a clock in time_zone; leave the offset out")
    return time


ClockTime = Annotated[TimeOfDay, AfterValidator(_off_a_clock)]


class Window(BaseModel):
    """Hours of the day by the clocks of the zone, and days of the week from Monday, 1, to Sunday, 7."""

    model_config = ConfigDict(extra="forbid")

    opens: ClockTime
    closes: ClockTime
    days: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)] = sorted(
        EVERY_DAY
    )


class Timing(BaseModel):
    """A `due_at` without an offset is read off a clock in `time_zone`, which is the tenant's unless given."""

    due_at: datetime | None = None
    time_zone: ZoneName | None = None
    window: Window | None = None

    def over(self, present: Schedule) -> Schedule:
        """The schedule with what was given, and as it was for the rest."""
        given = self.model_fields_set
        zone = zone_named(self.time_zone) if self.time_zone else present.zone
        return Schedule(
            due_at=meant("due_at", self.due_at, zone) if "due_at" in given else present.due_at,
            zone=zone,
            window=_window(self.window) if "window" in given else present.window,
        )

    @property
    def says_something(self) -> bool:
        return bool(self.model_fields_set & set(Timing.model_fields))


def meant(field: str, said: datetime | None, zone: ZoneInfo) -> datetime | None:
    """The moment that a field means; one that a clock in the zone never shows is refused."""
    if said is not None and not EARLIEST <= said.year < LATEST:
        reason = f"must lie between the years {EARLIEST} and {LATEST}"
        raise Refused(422, f"{field} {reason}.", [FieldError(field, reason)])
    try:
        return moment(said, zone) if said else None
    except (NoSuchTime, OverflowError) as never:
        raise Refused(422, f"{field}: {never}.", [FieldError(field, str(never))]) from None


def _window(said: Window | None) -> SendWindow | None:
    if said is None:
        return None
    try:
        return SendWindow(said.opens, said.closes, frozenset(said.days))
    except ValueError as wrong:
        raise Refused(422, f"window: {wrong}.", [FieldError("window", str(wrong))]) from None
