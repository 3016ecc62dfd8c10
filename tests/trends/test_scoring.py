"""Scoring: which mentions count, and for which day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from marketing_pipelines.trends import scoring
from store import events
from store.records.schema import TenantId

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def mentions(*told: tuple[int, str, float]) -> pl.DataFrame:
    """Mentions as (feed, page, hours before noon)."""
    return pl.DataFrame(
        {
            "feed_id": [feed for feed, _, _ in told],
            "entry_id": [f"{number}" for number in range(len(told))],
            "title": [f"About {page}" for _, page, _ in told],
            "link": [f"https://a.example/{page}" for _, page, _ in told],
            "mentioned_at": [NOON - hours * HOUR for _, _, hours in told],
        },
        schema_overrides={"mentioned_at": pl.Datetime("ms", "UTC"), "title": pl.String, "link": pl.String},
    )


def test_mentions_fall_into_two_windows():
    scores = scoring.score_stories(
        mentions((1, "x", 0), (2, "x", 23.9), (3, "x", 24), (4, "x", 71.9), (5, "y", 30)), NOON
    )
    x, y = scores.sort("title").to_dicts()
    assert (x["recent"], x["before"], x["velocity"], x["label"], x["is_new"]) == (
        2,
        2,
        1.0,
        "Emerging",
        False,
    )
    assert (y["recent"], y["before"], y["velocity"]) == (0, 1, 0.0)


def test_a_feed_mentions_a_story_once_in_a_window():
    (x,) = scoring.score_stories(mentions(*[(1, "x", 1)] * 5, (2, "x", 2)), NOON).to_dicts()
    assert (x["recent"], x["velocity"], x["is_new"]) == (2, 2.0, True)


def test_the_fastest_story_comes_first():
    told = [*[(feed, "fast", 1) for feed in range(4)], *[(feed, "slow", 1) for feed in range(2)]]
    scores = scoring.score_stories(mentions(*told), NOON)
    assert scores["label"].to_list() == ["Rapidly trending", "Trending"]


def test_no_entries_make_no_stories():
    nothing = scoring.score_stories(mentions(), NOON)
    assert nothing.schema == scoring.NO_STORIES.schema
    assert len(scoring.fastest({TenantId(1): nothing})) == 0


def test_a_day_is_scored_for_its_end_and_today_for_now():
    assert scoring.as_of(date(2026, 10, 14), NOON) == datetime(2026, 10, 14, 23, 59, 59, tzinfo=UTC)
    assert scoring.as_of(date(2026, 10, 15), NOON) == NOON + timedelta(seconds=1)
    just_before_midnight = datetime(2026, 10, 15, 23, 59, 59, 900_000, tzinfo=UTC)
    assert scoring.as_of(date(2026, 10, 15), just_before_midnight).date() == date(2026, 10, 15)


@pytest.fixture
def remembered(clickhouse: events.Client, tenant: TenantId):
    """Stores versions of entries as (entry, title, published, first seen), in hours before noon."""

    def store(*versions: tuple[str, str, float, float]) -> None:
        moment = pa.timestamp("ms", tz="UTC")
        rows: dict[str, Any] = {
            "tenant_id": pa.array([tenant] * len(versions), pa.int64()),
            "feed_id": pa.array([1] * len(versions), pa.int64()),
            "entry_id": [entry for entry, _, _, _ in versions],
            "content_hash": [title for _, title, _, _ in versions],
            "title": [title for _, title, _, _ in versions],
            "link": [""] * len(versions),
            "summary": [""] * len(versions),
            "author": [""] * len(versions),
            "published_at": pa.array([NOON - published * HOUR for _, _, published, _ in versions], moment),
            "first_seen_at": pa.array([NOON - seen * HOUR for _, _, _, seen in versions], moment),
            "run_id": ["test"] * len(versions),
        }
        events.append(clickhouse, "raw.feed_entries", pa.table(rows), token=f"test-{tenant}-{len(versions)}")

    return store


def test_an_entry_counts_once_as_it_was_known(clickhouse: events.Client, tenant: TenantId, remembered):
    remembered(
        ("edited", "First words", 30, 30),
        ("edited", "Last words", 30, 2),
        ("old", "Too old", 80, 80),
        ("old", "Too old, edited", 80, 1),
        ("late", "Published early, seen late", 10, -5),
    )
    known = scoring.entries_known(clickhouse, tenant, NOON)
    assert known.select("entry_id", "title").rows() == [("edited", "Last words")]
    earlier = scoring.entries_known(clickhouse, tenant, NOON - 3 * HOUR)
    assert earlier["title"].to_list() == ["First words"]
    later = scoring.entries_known(clickhouse, tenant, NOON + 6 * HOUR)
    assert later["entry_id"].to_list() == ["edited", "late"]


def test_scores_of_a_day_replace_each_other_and_touch_no_other_day(
    clickhouse: events.Client, tenant: TenantId
):
    def stored() -> list[tuple[Any, ...]]:
        query = "select toDateTime64(as_of, 3) as as_of, title, recent from raw.trend_scores where tenant_id = {tenant:Int64} order by all"
        return events.read_for_tenant(clickhouse, tenant, query).rows()

    two = scoring.score_stories(mentions((1, "x", 1), (1, "y", 1)), NOON)
    one = scoring.score_stories(mentions((1, "x", 1)), NOON)
    scoring.replace_scores(clickhouse, tenant, [NOON - timedelta(days=1)], [two], "run")
    scoring.replace_scores(clickhouse, tenant, [NOON - 2 * HOUR], [two], "run")
    scoring.replace_scores(clickhouse, tenant, [NOON], [one], "run")
    yesterday = NOON - timedelta(days=1)
    assert stored() == [(yesterday, "About x", 1), (yesterday, "About y", 1), (NOON, "About x", 1)]
    again = stored()
    scoring.replace_scores(clickhouse, tenant, [NOON], [one], "run")
    assert stored() == again
    scoring.replace_scores(clickhouse, tenant, [yesterday, NOON], [one, scoring.NO_STORIES], "run")
    assert stored() == [(yesterday, "About x", 1)]
