"""Events as the edge writes them, with only what a test is about said."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TYPES = {
    "event": pl.String,
    "url": pl.String,
    "referrer": pl.String,
    "utm_source": pl.String,
    "utm_medium": pl.String,
    "utm_campaign": pl.String,
    "utm_term": pl.String,
    "utm_content": pl.String,
    "user_agent": pl.String,
    "signals": pl.List(pl.String),
    "occurred_at": pl.Datetime("ms", "UTC"),
    "trust": pl.String,
}
PAGE_VIEW: dict[str, Any] = {
    **dict.fromkeys(TYPES, ""),
    "event": "page_view",
    "url": "https://www.shop.example/",
    "user_agent": CHROME,
    "signals": [],
    "occurred_at": NOON,
    "trust": "browser",
}

Frame = Callable[..., pl.DataFrame]


@pytest.fixture
def frame() -> Frame:
    """A frame of page views, each with what is said of it."""

    def events(*said: dict[str, Any]) -> pl.DataFrame:
        return pl.DataFrame([{**PAGE_VIEW, **each} for each in said], schema=TYPES)

    return events


@pytest.fixture
def normalised_event(frame: Frame) -> Callable[..., dict[str, Any]]:
    """What is said of one event."""
    from marketing_pipelines.events.normalising import normalised

    return lambda **said: normalised(frame(said)).row(0, named=True)
