"""Days as an ad account counts them: in its own time zone, and open to change for a while."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.errors import Invalid, UnexpectedAnswer


def require_window(since: date, until: date, *, where: str) -> None:
    """Refuse a window that ends before it starts."""
    if since > until:
        raise Invalid(what="the window ends before it starts", where=where, field="since")


def is_final(day: date, time_zone: str, lookback: timedelta, now: datetime, *, where: str) -> bool:
    """Whether the provider has stopped restating a day of an account."""
    try:
        today = now.astimezone(ZoneInfo(time_zone)).date()
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise UnexpectedAnswer(what=f"unknown time zone {time_zone!r}", where=where) from unknown
    return today - day > lookback
