"""The one place that reads the clock."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, aware and in UTC."""
    return datetime.now(UTC)


def now_ms() -> int:
    """The current moment in milliseconds since 1970, for what is asked at every request."""
    return time.time_ns() // 1_000_000
