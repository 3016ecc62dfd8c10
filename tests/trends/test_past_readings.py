"""Past readings: kept once each, read back newest first, and what they say of how much a feed publishes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from marketing_pipelines.trends import past_readings
from marketing_pipelines.trends.past_readings import SHOWN, PastReading
from store import events
from store.records.schema import FeedId, TenantId

MINE, OTHER = FeedId(1), FeedId(2)
DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def reading(feed: FeedId = MINE, outcome: str = "read", entries: int = 5) -> PastReading:
    return PastReading(feed, outcome, entries, 2, 12_345, timedelta(milliseconds=120))


def seen(
    client: events.Client,
    tenant: TenantId,
    feed: FeedId,
    *entries: tuple[str, str, datetime],
    at: datetime | None = None,
) -> None:
    """Versions of entries by id, title and when they were published; seen then, unless at another moment."""
    client.insert(
        "raw.feed_entries",
        [
            [tenant, feed, entry, title, title, "https://a.example/", "", "", published, at or published, "a run"]
            for entry, title, published in entries
        ],
        column_names=[
            "tenant_id", "feed_id", "entry_id", "content_hash", "title", "link", "summary", "author", "published_at",
            "first_seen_at", "run_id",
        ],
    )  # fmt: skip


def test_readings_are_kept_once_and_read_back_newest_first(
    clickhouse: events.Client, tenant: TenantId, now: datetime
) -> None:
    before, then = [reading(outcome="too_slow", entries=0), reading(OTHER)], [reading()]
    past_readings.remember(clickhouse, tenant, [], at=now, run_id="a run")
    past_readings.remember(clickhouse, tenant, before, at=now - DAY, run_id="a run")
    for _ in range(2):
        past_readings.remember(clickhouse, tenant, then, at=now, run_id="a run")
    kept = past_readings.of_feed(clickhouse, tenant, MINE)
    assert kept["outcome"].to_list() == ["read", "too_slow"]
    assert kept.row(0, named=True) == {
        "read_at": now,
        "outcome": "read",
        "entries": 5,
        "stored": 2,
        "bytes": 12_345,
        "took_ms": 120,
    }
    assert past_readings.of_feed(clickhouse, TenantId(tenant + 1), MINE).is_empty()


def test_the_same_feeds_read_at_another_moment_are_another_reading(
    clickhouse: events.Client, tenant: TenantId, now: datetime
) -> None:
    for ago in range(past_readings.MOST_SHOWN + 5):
        at = now - timedelta(minutes=ago)
        past_readings.remember(clickhouse, tenant, [reading()], at=at, run_id="a run")
    past_readings.remember(clickhouse, tenant, [reading()], at=now - SHOWN - DAY, run_id="a run")
    kept = past_readings.of_feed(clickhouse, tenant, MINE)
    assert len(kept) == past_readings.MOST_SHOWN
    assert kept["read_at"][0] == now


def test_every_day_is_counted_and_edits_count_once(
    clickhouse: events.Client, tenant: TenantId, now: datetime
) -> None:
    midnight = now.replace(hour=0, minute=0, second=0)
    seen(
        clickhouse, tenant, MINE,
        ("a", "Boots", midnight), ("b", "Coats", midnight), ("a", "Boots!", midnight),
        ("c", "Scarves", midnight - (SHOWN.days - 1) * DAY), ("d", "Hats", midnight - SHOWN.days * DAY),
    )  # fmt: skip
    seen(clickhouse, tenant, OTHER, ("a", "Elsewhere", midnight))
    counted = dict(past_readings.entries_by_day(clickhouse, tenant, MINE).iter_rows())
    days = [midnight.date() - back * DAY for back in range(SHOWN.days)]
    assert list(counted) == sorted(days)
    assert {day: count for day, count in counted.items() if count} == {days[0]: 2, days[-1]: 1}
    nothing = past_readings.entries_by_day(clickhouse, tenant, FeedId(3))
    assert nothing["entries"].to_list() == [0] * SHOWN.days
    assert isinstance(nothing["day"][0], date)


def test_entries_a_day_are_those_of_the_days_for_which_a_feed_is_known(
    clickhouse: events.Client, tenant: TenantId, now: datetime
) -> None:
    known_for_long, fast, slow, silent = FeedId(1), FeedId(2), FeedId(3), FeedId(4)
    seen(clickhouse, tenant, known_for_long, *((str(n), "Boots", now - n * DAY / 2) for n in range(40)))
    of_today = [(str(n), "Boots", now - timedelta(hours=n)) for n in range(6)]
    seen(clickhouse, tenant, fast, *of_today, *of_today)
    seen(clickhouse, tenant, slow, *((str(n), "Boots", now - n * DAY) for n in range(1, 8)), at=now)
    seen(clickhouse, tenant, silent, ("old", "Boots", now - 90 * DAY), at=now)
    rates = past_readings.entries_a_day(clickhouse, tenant)
    assert rates == {
        known_for_long: pytest.approx(2, abs=0.1),
        fast: 6,
        slow: pytest.approx(1, abs=0.01),
    }
    assert past_readings.entries_a_day(clickhouse, TenantId(tenant + 1)) == {}


def test_the_latest_entries_stand_as_they_are_now(
    clickhouse: events.Client, tenant: TenantId, now: datetime
) -> None:
    seen(clickhouse, tenant, MINE, ("a", "Boots", now - DAY), ("b", "Coats", now - 2 * DAY))
    seen(clickhouse, tenant, MINE, ("b", "Coats, put right", now - 2 * DAY), at=now)
    seen(clickhouse, tenant, MINE, ("c", "Scarves", now - 3 * DAY))
    latest = past_readings.latest_entries(clickhouse, tenant, MINE, most=2)
    assert latest["title"].to_list() == ["Boots", "Coats, put right"]
    assert latest["published_at"].to_list() == [now - DAY, now - 2 * DAY]
