"""Dates as people write them: without a zone they are the tenant's, also on the two odd days of the year."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment that is meant, and a note where it could be read in another way."""

    at: datetime
    note: str = ""


def meant(written: datetime, zone: ZoneInfo) -> Moment:
    """A time that the clocks jump over is that much later; of one that comes twice, the first is meant."""
    if written.tzinfo is not None:
        return Moment(written.astimezone(UTC))
    first = written.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = written.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return Moment(first)
    if first.astimezone(zone).replace(tzinfo=None) != written:
        instead = f"{first.astimezone(zone):%H:%M %Z} is taken"
        return Moment(first, f"{written:%Y-%m-%d %H:%M} does not exist in {zone}: {instead}.")
    note = f"{written:%Y-%m-%d %H:%M} comes twice in {zone}: the first, {first:%H:%M} UTC, is taken."
    return Moment(first, note)
