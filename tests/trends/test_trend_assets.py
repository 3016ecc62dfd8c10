"""The trends lineage as Dagster runs it: from a feed on the network to a scored story."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import ColumnElement, update

from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.defs.trends import checks
from marketing_pipelines.defs.trends.assets import (
    feed_entries,
    stories,
    topic_scores,
    trend_digest,
    trend_scores,
)
from store import events, records
from store.records.feeds import Feed, FeedStatus
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.trends.publisher import Publisher, item, rss

SCORES = """
select toDateTime64(as_of, 3) as as_of, story_id, title, link, recent, before, velocity, label, is_new
from raw.trend_scores
where tenant_id = {tenant:Int64}
order by as_of, story_id
"""


def scores(clickhouse: events.Client, tenant: TenantId) -> list[dict[str, Any]]:
    return events.read_for_tenant(clickhouse, tenant, SCORES).to_dicts()


def run(
    *selected: Any, instance: dg.DagsterInstance | None = None, **options: Any
) -> dg.ExecuteInProcessResult:
    return dg.materialize(selected, resources={"house": SettingsResource()}, instance=instance, **options)


def subscribe(settings: Settings, tenant: TenantId, *urls: str) -> None:
    with records.session(settings, Role.PIPELINES) as session:
        session.add_all(Feed(tenant_id=tenant, name=f"Feed |{url[-6:]}", url=url) for url in urls)


def retire(settings: Settings, which: ColumnElement[bool]) -> None:
    with records.session(settings, Role.PIPELINES) as session:
        session.execute(update(Feed).where(which).values(status=FeedStatus.RETIRED))


def today() -> str:
    return datetime.now(UTC).date().isoformat()


@pytest.fixture
def two_feeds(house_of_runs: Settings, tenant: TenantId, publisher: Publisher) -> Iterator[Publisher]:
    """Two feeds that tell one story, an older story in one of them, and a feed that fails."""
    form = "%a, %d %b %Y %H:%M:%S GMT"
    recently = f"{datetime.now(UTC) - timedelta(hours=1):{form}}"
    earlier = f"{datetime.now(UTC) - timedelta(hours=40):{form}}"
    shared = item(
        "1", "Boots ![x](http://evil.example/x.png)", "https://a.example/boots?utm_source=rss", recently
    )
    publisher.publish("/one", rss(shared, item("2", "Coats", "https://a.example/coats", earlier)))
    publisher.publish("/two", rss(item("9", "Boots again", "https://www.a.example/boots/", recently)))
    subscribe(house_of_runs, tenant, *map(publisher.url, ("/one", "/two", "/gone")))
    # A run reads everybody's, and its report has an end.
    retire(house_of_runs, Feed.tenant_id != tenant)
    yield publisher
    retire(house_of_runs, Feed.tenant_id == tenant)  # nobody is left to answer


def test_a_feed_becomes_a_story_of_the_digest(
    two_feeds: Publisher, clickhouse: events.Client, tenant: TenantId, house_of_runs: Settings
):
    with dg.DagsterInstance.ephemeral() as instance:
        entries = run(feed_entries, checks.most_feeds_answer, instance=instance)
        assert entries.success  # although a feed has failed
        metadata = entries.asset_materializations_for_node("feed_entries")[0].metadata
        assert metadata["dagster/row_count"].value >= 3  # pyright: ignore[reportOperatorIssue]
        assert "404" in str(metadata["failing"].value)
        (answered,) = entries.get_asset_check_evaluations()
        assert answered.severity is dg.AssetCheckSeverity.WARN

        told = run(stories, checks.every_entry_has_its_story, instance=instance)
        assert told.asset_materializations_for_node("stories")[0].metadata["dagster/row_count"].value
        assert all(check.passed for check in told.get_asset_check_evaluations())

        result = run(
            trend_scores,
            checks.scores_are_possible,
            topic_scores,
            trend_digest,
            partition_key=today(),
            instance=instance,
        )
        assert all(check.passed for check in result.get_asset_check_evaluations())
    [boots] = {row["story_id"]: row for row in scores(clickhouse, tenant) if row["recent"]}.values()
    assert (boots["recent"], boots["before"], boots["velocity"], boots["label"]) == (2, 0, 2.0, "Trending")
    assert boots["is_new"]
    shown = result.asset_materializations_for_node("trend_scores")[0].metadata
    assert "![x](http" not in str(shown["top_stories"].value)
    assert str(shown["rising"].value).startswith("![The fastest stories](data:image/png;base64,")
    digest = result.asset_materializations_for_node("trend_digest")[0].metadata
    assert "Boots" in str(digest["of_the_last_day"].value)


def test_a_day_scored_again_is_the_same_and_what_vanished_is_gone(
    two_feeds: Publisher, clickhouse: events.Client, tenant: TenantId
):
    with dg.DagsterInstance.ephemeral() as instance:
        run(feed_entries, instance=instance)
        run(stories, instance=instance)
        run(trend_scores, partition_key=today(), instance=instance)
        first = scores(clickhouse, tenant)
        assert first
        clickhouse.command(
            "insert into raw.trend_scores select * replace('ghost' as story_id) from raw.trend_scores "
            "where tenant_id = {tenant:Int64} limit 1",
            parameters={"tenant": tenant},
        )
        assert len(scores(clickhouse, tenant)) == len(first) + 1
        run(trend_scores, partition_key=today(), instance=instance)
    again = scores(clickhouse, tenant)
    assert [row["story_id"] for row in again] == [row["story_id"] for row in first]


def test_a_range_of_days_is_one_run(two_feeds: Publisher, clickhouse: events.Client, tenant: TenantId):
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    with dg.DagsterInstance.ephemeral() as instance:
        for asset in (trend_scores, topic_scores, trend_digest):
            result = run(
                asset,
                instance=instance,
                tags={
                    "dagster/asset_partition_range_start": yesterday,
                    "dagster/asset_partition_range_end": today(),
                },
            )
            assert result.success
            assert instance.get_materialized_partitions(asset.key) == {yesterday, today()}


class Automated:
    """What the assets' own conditions ask for, minute by minute from noon."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._definitions = dg.Definitions(
            assets=[feed_entries, stories, trend_scores, topic_scores, trend_digest],
            resources={"house": SettingsResource()},
        )
        self._instance = instance
        self._cursor: dg.AssetDaemonCursor | None = None

    def at(self, moment: datetime) -> dict[str, set[str | None]]:
        found = dg.evaluate_automation_conditions(
            self._definitions, self._instance, evaluation_time=moment, cursor=self._cursor
        )
        self._cursor = found.cursor
        return {
            asset.key.to_user_string(): set(found.get_requested_partitions(asset.key) or {None})
            for asset in (feed_entries, stories, trend_scores, topic_scores, trend_digest)
            if found.get_num_requested(asset.key)
        }


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BOTH_DAYS = {"2026-11-19", "2026-11-20"}


def test_feeds_are_read_every_hour_and_what_follows_follows() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        asked = Automated(instance)
        asked.at(NOON - 30 * MINUTE)
        assert asked.at(NOON - 29 * MINUTE) == {}
        assert asked.at(NOON + MINUTE) == {"feed_entries": {None}, "stories": {None}}, "in one run"
        assert asked.at(NOON + 2 * MINUTE) == {}
        for asset in (feed_entries, stories):
            instance.report_runless_asset_event(dg.AssetMaterialization(asset.key))
        assert asked.at(NOON + 3 * MINUTE) == dict.fromkeys(
            ("trend_scores", "topic_scores", "trend_digest"), BOTH_DAYS
        )
        assert asked.at(NOON + 4 * MINUTE) == {}


def test_what_somebody_had_read_is_looked_at_as_well() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        asked = Automated(instance)
        asked.at(NOON + 10 * MINUTE)
        instance.report_runless_asset_event(dg.AssetMaterialization(feed_entries.key))
        assert asked.at(NOON + 11 * MINUTE) == {"stories": {None}}


def test_scores_are_made_at_one_even_when_nothing_was_read() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        asked = Automated(instance)
        asked.at(NOON + 12.5 * timedelta(hours=1))
        at_one = asked.at(NOON + 13 * timedelta(hours=1) + MINUTE)
        assert at_one["trend_scores"] == {"2026-11-20", "2026-11-21"}
