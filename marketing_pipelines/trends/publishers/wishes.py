"""Wishes: what a publisher's headers say about when to come back and how to ask for no more than is new."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = timedelta(days=1)
LONGEST_ETAG = 500
LONGEST_LAST_MODIFIED = 100

_MAX_AGE = re.compile(r'(?:^|,)\s*max-age\s*=\s*"?(\d+)', re.ASCII | re.IGNORECASE)
_UNSPOKEN = re.compile(r"(?:^|,)\s*no-(?:cache|store)\b", re.ASCII | re.IGNORECASE)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Retry-After as seconds or as a date, a day at most; None where there is none that can be read."""
    stated = headers.get("retry-after", "").strip()
    wait = _seconds(stated)
    if wait is None:
        moment = _moment(stated)
        wait = None if moment is None else moment - _their_now(headers, now)
    return None if wait is None else _bounded(wait)


def not_before(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the publisher promises that there is nothing new or asks to be left alone; None for no word."""
    waits = [wait for wait in (retry_after(headers, now), _fresh_for(headers, now)) if wait]
    return max(waits, default=None)


def etag(headers: Mapping[str, str]) -> str | None:
    return _repeatable(headers.get("etag"), LONGEST_ETAG)


def last_modified(headers: Mapping[str, str]) -> str | None:
    return _repeatable(headers.get("last-modified"), LONGEST_LAST_MODIFIED)


def _fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """By max-age, else by Expires, less the time that the answer lay in a cache on the way.

    s-maxage is for caches that many share; no-cache and no-store forbid to keep and promise nothing.
    """
    control = headers.get("cache-control", "")
    if _UNSPOKEN.search(control):
        return None
    age = _seconds(headers.get("age", "").strip()) or timedelta(0)
    if stated := _MAX_AGE.search(control):
        lasts = _seconds(stated[1])
    else:
        expires = _moment(headers.get("expires", ""))
        lasts = None if expires is None else expires - _their_now(headers, now)
    return None if lasts is None else _bounded(lasts - age)


def _their_now(headers: Mapping[str, str], now: datetime) -> datetime:
    """The publisher's clock, by which their dates are meant, where they tell it."""
    return _moment(headers.get("date", "")) or now


def _seconds(stated: str) -> timedelta | None:
    if not (stated.isascii() and stated.isdigit()):
        return None
    return timedelta(seconds=int(stated) if len(stated) < 10 else 10**9)


def _moment(stated: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(stated)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def _repeatable(header: str | None, longest: int) -> str | None:
    """A validator that can be sent back as it came; any other is forgotten."""
    if header and len(header) <= longest and header.isascii() and header.isprintable():
        return header
    return None
