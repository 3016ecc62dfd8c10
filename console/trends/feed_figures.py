"""What the warehouse tells of feeds: how their readings went, how much they publish, and what came last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from console.door.sign_in import Visitor
from console.trends.digest_reading import web_address
from marketing_pipelines.trends import past_readings
from store import events
from store.records.schema import FeedId

MOST_LATEST = 10
LOOKED_BACK = past_readings.SHOWN


@dataclass(frozen=True, slots=True)
class LatestEntry:
    """What a publisher wrote, as text; a link that is no web page is left out."""

    title: str
    link: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class FeedFigures:
    readings: Sequence[Mapping[str, Any]]
    days: Sequence[tuple[date, int]]
    latest: Sequence[LatestEntry]


def of_feed(visitor: Visitor, feed: FeedId) -> FeedFigures | None:
    """None while the warehouse does not answer."""
    try:
        client = events.shared(visitor.settings)
        readings = past_readings.of_feed(client, visitor.tenant, feed)
        days = past_readings.entries_by_day(client, visitor.tenant, feed)
        latest = past_readings.latest_entries(client, visitor.tenant, feed, most=MOST_LATEST)
    except (ClickHouseError, OSError):
        return None
    return FeedFigures(
        readings=list(readings.iter_rows(named=True)),
        days=list(days.iter_rows()),
        latest=[
            LatestEntry(title or "Without a title", web_address(link), published_at)
            for title, link, published_at in latest.iter_rows()
        ],
    )


def entries_a_day(visitor: Visitor) -> Mapping[FeedId, float] | None:
    """By feed, those that publish nothing left out; None while the warehouse does not answer."""
    try:
        return past_readings.entries_a_day(events.shared(visitor.settings), visitor.tenant)
    except (ClickHouseError, OSError):
        return None
