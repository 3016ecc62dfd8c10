"""The day it is, asked when a test runs: a suite that was collected before midnight goes on after it."""

from datetime import UTC, date, datetime, time, timedelta

DAY = timedelta(days=1)


def today() -> date:
    return datetime.now(UTC).date()


def midnight() -> datetime:
    """With which today began."""
    return datetime.combine(today(), time(), UTC)


def noon() -> datetime:
    """Yesterday's: the last one that is certainly over."""
    return midnight() - timedelta(hours=12)


def until_tomorrow() -> timedelta:
    return midnight() + DAY - datetime.now(UTC)
