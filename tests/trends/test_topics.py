"""Topics: which mentions an hour counts, and that a burst is found in what was written down."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from marketing_pipelines.trends import past_readings, topics
from marketing_pipelines.trends.past_readings import PastReading
from store import events
from store.records.schema import FeedId, TenantId
from store.settings import Settings
from tests.trends.newsroom import HOUR, NOON, Newsroom

DAY = date(2026, 10, 15)
MIDNIGHT = datetime(2026, 10, 15, tzinfo=UTC)


@pytest.fixture
def newsroom(clickhouse: events.Client, tenant: TenantId) -> Newsroom:
    return Newsroom(clickhouse, tenant)


def reads_every_hour(room: Newsroom, days: int) -> None:
    """That feeds were read a minute after each full hour up to noon, and said so."""
    reading = PastReading(FeedId(1), "read", 1, 1, 1, timedelta(seconds=1))
    for hours in range(days * 24):
        at = NOON - hours * HOUR + timedelta(minutes=1)
        past_readings.remember(room.client, room.tenant, [reading], at=at, run_id="run")


def hours_of(room: Newsroom, now: datetime = NOON) -> dict[datetime, dict[str, Any]]:
    found = topics.scores_of(room.client, DAY, now).filter(tenant_id=room.tenant)
    return {row["as_of"]: row for row in found.to_dicts()}


def test_an_hour_counts_what_was_published_in_it_and_known_an_hour_later(newsroom: Newsroom) -> None:
    newsroom.tells("x", 1, 1.5, topic="trade")
    newsroom.tells("x", 2, 1.2, topic="trade", known=0.1)
    newsroom.tells("x", 3, 1.3, topic="trade", known=-0.5)
    newsroom.tells("y", 1, 1.9, topic="trade")
    newsroom.tells("y", 1, 1.8, topic="trade", entry="the same feed once more")
    newsroom.tells("z", 1, 1.1, topic="")
    reads_every_hour(newsroom, 1)
    hours = hours_of(newsroom, NOON + HOUR)
    assert hours[NOON - HOUR]["mentions"] == 3
    assert {row["mentions"] for at, row in hours.items() if at != NOON - HOUR} == {0}
    assert list(hours) == [MIDNIGHT + n * HOUR for n in range(14)]


def test_a_burst_is_found_among_what_is_usual(newsroom: Newsroom) -> None:
    chance = random.Random(3)
    for hours in range(24 * 8):
        for number in range(chance.choice([0, 1, 2, 3])):
            newsroom.tells(f"{hours}-{number}", number, hours + 0.5, topic="trade")
    for number in range(25):
        newsroom.tells(f"burst-{number}", number, 2.5, topic="trade")
    reads_every_hour(newsroom, 9)
    hours = hours_of(newsroom, NOON)
    assert [at for at, row in hours.items() if row["is_alarm"]] == [NOON - 2 * HOUR]
    burst = hours[NOON - 2 * HOUR]
    assert burst["mentions"] >= 25
    assert 0.5 < burst["expected"] < 4
    assert burst["z"] > 5


def test_an_hour_in_which_nothing_could_be_read_is_unknown(newsroom: Newsroom) -> None:
    for hours in range(24 * 5):
        newsroom.tells(f"{hours}", 1, hours + 12.5, topic="trade")
    reading = PastReading(FeedId(1), "server", 0, 0, 0, timedelta(seconds=1))
    past_readings.remember(newsroom.client, newsroom.tenant, [reading], at=NOON, run_id="run")
    hours = hours_of(newsroom)
    assert {row["z"] for at, row in hours.items() if at > MIDNIGHT + HOUR} == {None}
    assert not any(row["is_burst"] for row in hours.values())


@pytest.fixture
def day_of_its_own(clickhouse: events.Client) -> Iterator[date]:
    day = date(2011, 4, 1)
    yield day
    clickhouse.command(f"alter table raw.topic_scores drop partition '{day}'")


def test_scoring_a_day_again_replaces_it(
    settings: Settings, newsroom: Newsroom, day_of_its_own: date
) -> None:
    noon = datetime.combine(day_of_its_own, NOON.timetz())
    newsroom.tells("x", 1, (NOON - noon) / HOUR, topic="trade")
    query = "select mentions, run_id from raw.topic_scores where tenant_id = {tenant:Int64} order by as_of"
    for run_id in ("one", "two"):
        topics.score_days(settings, [day_of_its_own], run_id=run_id)
        stored = events.read_for_tenant(newsroom.client, newsroom.tenant, query)
        assert (len(stored), stored["mentions"].sum(), set(stored["run_id"])) == (24, 1, {run_id})
