"""Days as an ad account counts them: in its own time zone, and open to change for a while."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.errors import Invalid, UnexpectedAnswer


def require_window(since: date, until: date, *, where: str) -> None:
    """Refuse a window that ends before it starts."""
    if since > until:
        raise Invalid(what="the window ends before it starts", where=where, field="since")


class OpenFrom(dict[str, date]):
    """By time zone, the first day that a provider may still restate: the days before it are final."""

    def __init__(self, lookback: timedelta, now: datetime, *, where: str) -> None:
        self._lookback, self._now, self._where = lookback, now, where

    def __missing__(self, time_zone: str) -> date:
        first = self._now.astimezone(_zone(time_zone, self._where)).date() - self._lookback
        self[time_zone] = first
        return first


def start_of(day: date, time_zone: str, *, where: str) -> datetime:
    """An account's midnight."""
    return datetime.combine(day, time(), _zone(time_zone, where))


def end_of(day: date, time_zone: str, *, where: str) -> datetime:
    """The last second of an account's day."""
    return datetime.combine(day, time(23, 59, 59), _zone(time_zone, where))


@lru_cache(maxsize=1000)
def _zone(name: str, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise UnexpectedAnswer(what=f"unknown time zone {name!r}", where=where) from unknown
