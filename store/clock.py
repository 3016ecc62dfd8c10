"""The one place that reads the clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, aware and in UTC."""
    return datetime.now(UTC)
