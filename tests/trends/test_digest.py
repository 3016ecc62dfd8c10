"""The digest: the few stories of a day, who tells them, why they are here and what they are like."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from marketing_pipelines.trends import digest, scoring
from store import events, records
from store.records.feeds import Feed
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.trends.newsroom import HOUR, NOON, Newsroom

DAY = date(2011, 5, 20)
MORNING = datetime.combine(DAY, NOON.timetz()) - 2 * HOUR
ROWS = """
select * except (day), trend_digests.day as day
from raw.trend_digests
where tenant_id = {tenant:Int64}
order by topic, place
"""


class Desk(Newsroom):
    """A newsroom of a day long ago, whose hours are before ten in the morning."""

    def tells(self, story: str, feed: int, hours: float, *args: Any, **kwargs: Any) -> None:
        super().tells(story, feed, (NOON - MORNING) / HOUR + hours, *args, **kwargs)


@pytest.fixture
def desk(clickhouse: events.Client, tenant: TenantId) -> Iterator[Desk]:
    yield Desk(clickhouse, tenant)
    for table in ("raw.trend_scores", "raw.trend_digests"):
        for day in (DAY, DAY - timedelta(days=9)):
            clickhouse.command(f"alter table {table} drop partition '{day}'")


def made(settings: Settings, desk: Desk, *days: date) -> pl.DataFrame:
    scoring.score_days(settings, days or [DAY], run_id="run")
    digest.make_days(settings, days or [DAY], run_id="run")
    return events.read_for_tenant(desk.client, desk.tenant, ROWS)


def test_each_topic_has_its_best_stories_first(settings: Settings, desk: Desk) -> None:
    for feed in range(9):
        desk.tells("boots", feed, 1, topic="trade")
    for feed in range(5):
        desk.tells("coats", feed, 1, topic="makers")
    for feed in (1, 2):
        desk.tells("hats", feed, 1)
    rows = made(settings, desk)
    told = [(row["topic"], row["place"], row["story_id"]) for row in rows.to_dicts()]
    assert told == [("", 1, "boots"), ("", 2, "coats"), ("", 3, "hats"), ("makers", 1, "coats"), ("trade", 1, "boots")]  # fmt: skip


def test_what_one_feed_alone_tells_fills_quiet_topics_only(settings: Settings, desk: Desk) -> None:
    for feed in (1, 2):
        desk.tells("boots", feed, 1, topic="trade")
    desk.tells("hats", 1, 1, topic="trade")
    desk.tells("scarves", 3, 1, topic="quiet")
    told = [(row["topic"], row["story_id"]) for row in made(settings, desk).to_dicts()]
    assert told == [("", "boots"), ("quiet", "scarves"), ("trade", "boots")]


def test_a_story_says_why_it_is_here(settings: Settings, desk: Desk) -> None:
    for feed in range(12):
        desk.tells("boots", feed, 1)
    for feed in range(2):
        desk.tells("coats", feed, 1)
        desk.tells("coats", feed, 30)
    desk.tells("hats", 1, 1)
    desk.tells("hats", 2, 30)
    because = dict(made(settings, desk).select("story_id", "because").iter_rows())
    assert because["boots"].startswith(
        "12 feeds have told it in the last 24 hours, and none did in the two days before. An hour that is at least"
    )
    assert because["coats"] == (
        "2 feeds have told it in the last 24 hours, after 2 in the two days before. That is too few to be sure that it spreads."
    )
    assert because["hats"].startswith("1 feed has told it in the last 24 hours")


def test_sources_are_named_in_the_order_in_which_they_told_it(
    settings: Settings, desk: Desk, tenant: TenantId
) -> None:
    with records.session(settings, Role.PIPELINES) as session:
        feed = Feed(tenant_id=tenant, name="Stoffblatt", url="https://f.example")
        session.add(feed)
        session.flush()
        number = feed.id
    desk.tells("boots", 999_001, 1)
    desk.tells("boots", number, 3)
    desk.tells("boots", number, 2)
    desk.tells("boots", 999_002, 50)
    [row] = made(settings, desk).to_dicts()
    assert [(it["feed_id"], it["name"]) for it in row["sources"]] == [
        (999_002, "a feed that is listed no more"),
        (number, "Stoffblatt"),
        (999_001, "a feed that is listed no more"),
    ]
    assert row["sources"][1]["link"] == "https://a.example/boots"
    assert (len(row["course"]), sum(row["course"])) == (72, 4)


def test_the_course_ends_at_the_moment_of_the_digest(settings: Settings, desk: Desk) -> None:
    ends = timedelta(hours=14) - timedelta(seconds=1)
    desk.tells("boots", 1, -ends / HOUR + 0.5)
    desk.tells("boots", 2, -ends / HOUR + 1.5)
    desk.tells("boots", 3, -ends / HOUR + 71.5)
    [row] = made(settings, desk).to_dicts()
    assert (row["course"][-1], row["course"][-2], row["course"][0], sum(row["course"])) == (1, 1, 1, 3)


def test_an_earlier_story_that_is_like_it_is_named(settings: Settings, desk: Desk) -> None:
    earlier = DAY - timedelta(days=9)
    for feed in range(3):
        desk.tells("before", feed, 9 * 24 + 1, title="Return fees divide the trade in Berlin and Vienna")
        desk.tells("now", feed, 1, title="Return fees divide the trade in Lisbon and Porto")
        desk.tells("other", feed, 1, title="Linen blends get a label of their own")
    rows = {
        row["story_id"]: row for row in made(settings, desk, earlier, DAY).to_dicts() if row["day"] == DAY
    }
    now = rows["now"]
    assert (now["resembles_story_id"], now["resembles_on"]) == ("before", earlier)
    assert now["resembles_title"] == "Return fees divide the trade in Berlin and Vienna"
    assert digest.ALIKE <= now["resembles_likeness"] < 1
    assert (rows["other"]["resembles_story_id"], rows["other"]["resembles_on"]) == ("", None)


def test_making_a_day_again_replaces_it(settings: Settings, desk: Desk) -> None:
    desk.tells("boots", 1, 1, topic="trade")
    first = made(settings, desk)
    again = made(settings, desk)
    assert first.equals(again)
    assert len(again) == 2


def test_a_day_without_scores_has_no_digest(settings: Settings, desk: Desk) -> None:
    assert digest.make_days(settings, [DAY], run_id="run").rows == 0
    assert made(settings, desk).is_empty()
