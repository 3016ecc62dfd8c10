"""Scoring: which mentions count as of a moment, and that a moment is always scored the same."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from marketing_pipelines.trends import scoring
from store import events
from store.records.schema import TenantId
from store.settings import Settings
from tests.trends.newsroom import HOUR, NOON, Newsroom


@pytest.fixture
def newsroom(clickhouse: events.Client, tenant: TenantId) -> Newsroom:
    return Newsroom(clickhouse, tenant)


def test_mentions_fall_into_two_windows(newsroom: Newsroom) -> None:
    for feed, hours in enumerate([0, 23.9, 24, 71.9, 72.1]):
        newsroom.tells("x", feed, hours)
    newsroom.tells("y", 9, 30)
    [(story, x)] = newsroom.scores().items()
    assert story == "x", "nobody tells the other any more"
    assert (x["recent"], x["before"], x["sources"], x["velocity"]) == (2, 2, 4, 1.0)
    assert (x["label"], x["is_new"], x["rate_ratio"]) == ("Emerging", False, 2.0)
    assert x["first_mentioned_at"] == NOON - 71.9 * HOUR


def test_a_feed_mentions_a_story_once_in_a_window(newsroom: Newsroom) -> None:
    for hours in (1, 2, 3, 30):
        newsroom.tells("x", 1, hours, weight=2.5)
    newsroom.tells("x", 2, 1)
    x = newsroom.scores()["x"]
    assert (x["recent"], x["before"], x["sources"], x["reach"]) == (2, 1, 2, 3.5)


def test_a_story_has_the_topics_of_the_feeds_that_tell_it(newsroom: Newsroom) -> None:
    for feed, topic in enumerate(["trade", "makers", "trade", ""]):
        newsroom.tells("x", feed, 1, topic=topic)
    assert newsroom.scores()["x"]["topics"] == ["makers", "trade"]


def test_what_has_no_bound_is_none(newsroom: Newsroom) -> None:
    newsroom.tells("x", 1, 1)
    x = newsroom.scores()["x"]
    assert (x["is_new"], x["rate_ratio"], x["rate_high"], x["certainty"]) == (
        True,
        None,
        None,
        "not yet sure",
    )
    assert 0 < x["rate_low"] < 1


def test_the_surest_comes_first(newsroom: Newsroom) -> None:
    for feed in range(12):
        newsroom.tells("many", feed, 1)
        newsroom.tells("steady", feed, 1)
        newsroom.tells("steady", feed, 30)
    newsroom.tells("one", 99, 1)
    assert list(newsroom.scores()) == ["many", "steady", "one"]
    assert newsroom.scores()["many"]["certainty"] == "sure"


def test_what_came_later_changes_nothing_that_was_scored(newsroom: Newsroom) -> None:
    newsroom.tells("x", 1, 2, "first", title="As it was")
    newsroom.tells("y", 2, 2)
    before = newsroom.scores(NOON - HOUR)
    # An entry that is known late, an edit, and a merge that is found out at noon.
    newsroom.tells("x", 3, 1.5, known=0.5)
    newsroom.edits("first", 1, 0.5, "As it is")
    newsroom.tells("x", 2, 2, known=0, was="y", entry="y-2-2")
    assert newsroom.scores(NOON - HOUR) == before
    now = newsroom.scores()
    assert set(now) == {"x"}
    assert (now["x"]["recent"], now["x"]["title"]) == (3, "As it is")


def test_a_moment_that_is_looked_at_again_is_scored_the_same(newsroom: Newsroom) -> None:
    """Four days of news, known sooner or later, scored while it comes in and once more when all is known."""
    chance = random.Random(7)
    published = [chance.uniform(0, 96) for _ in range(150)]
    news = sorted(
        ((max(hours - chance.expovariate(0.3), 0), hours) for hours in published),
        reverse=True,
    )
    scored_then = dict[datetime, Any]()
    for look in range(24, -1, -4):
        while news and news[0][0] >= look:
            known, hours = news.pop(0)
            newsroom.tells(f"s{chance.randrange(12)}", chance.randrange(20), hours, known=known)
        scored_then[NOON - look * HOUR] = newsroom.scores(NOON - look * HOUR)
    assert min(len(scores) for scores in scored_then.values()) > 5
    assert {moment: newsroom.scores(moment) for moment in scored_then} == scored_then


def test_a_day_is_scored_for_its_hours_and_its_end() -> None:
    of_yesterday = list(scoring.moments(date(2026, 10, 14), NOON))
    assert len(of_yesterday) == 24
    assert of_yesterday[0] == datetime(2026, 10, 14, 1, tzinfo=UTC)
    assert of_yesterday[-1] == datetime(2026, 10, 14, 23, 59, 59, tzinfo=UTC)


def test_today_is_scored_for_the_hours_that_were_and_for_now() -> None:
    now = NOON.replace(minute=20, microsecond=5)
    of_today = list(scoring.moments(date(2026, 10, 15), now))
    assert of_today[-2:] == [NOON, now.replace(microsecond=0) + timedelta(seconds=1)]
    just_before_midnight = datetime(2026, 10, 15, 23, 59, 59, 900_000, tzinfo=UTC)
    assert list(scoring.moments(date(2026, 10, 15), just_before_midnight))[-1].date() == date(2026, 10, 15)


def test_no_entries_make_no_scores(newsroom: Newsroom) -> None:
    assert newsroom.scores() == {}
    assert scoring.score_as_of(newsroom.client, datetime(2001, 1, 1, tzinfo=UTC)).equals(scoring.NO_SCORES)


@pytest.fixture
def days_of_their_own(settings: Settings, clickhouse: events.Client) -> Iterator[Sequence[date]]:
    """Days long ago, that no other test scores."""
    days = [date(2011, 3, 1), date(2011, 3, 2)]
    yield days
    for day in days:
        clickhouse.command(f"alter table raw.trend_scores drop partition '{day}'")


def test_scoring_a_day_again_replaces_it(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, days_of_their_own: Sequence[date]
) -> None:
    room = Newsroom(clickhouse, tenant)
    first = datetime.combine(days_of_their_own[0], datetime.min.time(), UTC)
    room.tells("x", 1, (NOON - first) / HOUR - 10)
    query = "select toDateTime64(as_of, 3) as as_of, story_id, recent, before, run_id from raw.trend_scores where tenant_id = {tenant:Int64} order by as_of"
    stored = list[pl.DataFrame]()
    for run_id in ("one", "two"):
        scored = scoring.score_days(settings, days_of_their_own, run_id=run_id)
        stored.append(events.read_for_tenant(clickhouse, tenant, query))
        assert scored.rows == len(stored[-1])
    assert stored[0].drop("run_id").equals(stored[1].drop("run_id"))
    assert (len(stored[1]), set(stored[1]["run_id"])) == (24, {"two"})
    # From ten in the morning, for as long as it is news.
    assert stored[1]["as_of"].dt.hour().to_list()[:3] == [10, 11, 12]
    assert scoring.impossible(settings) == 0
