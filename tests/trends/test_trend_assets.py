"""The trends lineage as Dagster runs it: from a feed on the network to a scored story."""

from collections.abc import Iterator, Set
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import update

from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.defs.trends import assets, automation, checks
from marketing_pipelines.defs.trends.assets import feed_entries, trend_scores
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
    yield publisher
    with records.session(house_of_runs, Role.PIPELINES) as session:
        mine = update(Feed).where(Feed.tenant_id == tenant)
        session.execute(mine.values(status=FeedStatus.RETIRED))  # nobody is left to answer


def test_a_feed_becomes_a_scored_story(
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

        result = run(trend_scores, checks.scores_are_not_negative, partition_key=today(), instance=instance)
        assert all(check.passed for check in result.get_asset_check_evaluations())
    stories = {row["link"]: row for row in scores(clickhouse, tenant)}
    boots, coats = stories["https://a.example/boots?utm_source=rss"], stories["https://a.example/coats"]
    assert (boots["recent"], boots["before"], boots["velocity"], boots["label"]) == (2, 0, 2.0, "Trending")
    assert boots["is_new"]
    assert (coats["recent"], coats["before"], coats["label"]) == (0, 1, "Emerging")
    shown = result.asset_materializations_for_node("trend_scores")[0].metadata
    assert "![x](http" not in str(shown["top_stories"].value)
    assert str(shown["rising"].value).startswith("![The fastest stories](data:image/png;base64,")


def test_a_day_scored_again_is_the_same_and_what_vanished_is_gone(
    two_feeds: Publisher, clickhouse: events.Client, tenant: TenantId
):
    day = datetime.now(UTC).date() - timedelta(days=1)
    with dg.DagsterInstance.ephemeral() as instance:
        run(feed_entries, instance=instance)
        # as if it had been read the day before yesterday
        clickhouse.command(
            "alter table raw.feed_entries update published_at = published_at - interval 2 day, "
            "run_id = 'moved' where tenant_id = {tenant:Int64}",
            parameters={"tenant": tenant},
            settings={"mutations_sync": 2},
        )
        clickhouse.command(
            "insert into raw.feed_entries select * replace(first_seen_at - interval 2 day as first_seen_at) "
            "from raw.feed_entries where tenant_id = {tenant:Int64}",
            parameters={"tenant": tenant},
        )
        run(trend_scores, partition_key=day.isoformat(), instance=instance)
        first = scores(clickhouse, tenant)
        assert first
        assert {row["as_of"] for row in first} == {
            datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
        }
        clickhouse.command(
            "insert into raw.trend_scores select * replace('ghost' as story_id) from raw.trend_scores "
            "where tenant_id = {tenant:Int64} limit 1",
            parameters={"tenant": tenant},
        )
        assert len(scores(clickhouse, tenant)) == len(first) + 1
        run(trend_scores, partition_key=day.isoformat(), instance=instance)
        assert scores(clickhouse, tenant) == first


def test_a_range_of_days_is_one_run(two_feeds: Publisher, clickhouse: events.Client, tenant: TenantId):
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    with dg.DagsterInstance.ephemeral() as instance:
        run(feed_entries, instance=instance)
        result = run(
            trend_scores,
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": yesterday,
                "dagster/asset_partition_range_end": today(),
            },
        )
        assert result.success
        assert instance.get_materialized_partitions(trend_scores.key) == {yesterday, today()}


def test_scores_follow_entries_for_today_and_yesterday():
    with dg.DagsterInstance.ephemeral() as instance:
        definitions = dg.Definitions(
            assets=[feed_entries, trend_scores], resources={"house": SettingsResource()}
        )
        noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
        cursor = dg.evaluate_automation_conditions(definitions, instance, evaluation_time=noon).cursor

        def asked_for(minutes: int) -> Set[str | None] | None:
            nonlocal cursor
            found = dg.evaluate_automation_conditions(
                definitions, instance, evaluation_time=noon + timedelta(minutes=minutes), cursor=cursor
            )
            cursor = found.cursor
            return found.get_requested_partitions(trend_scores.key)

        assert not asked_for(1)
        instance.report_runless_asset_event(dg.AssetMaterialization(feed_entries.key))
        assert asked_for(2) == {"2026-11-19", "2026-11-20"}
        assert not asked_for(3)


def test_feeds_are_read_every_hour():
    definitions = dg.Definitions(
        assets=[assets.feed_entries, assets.trend_scores],
        jobs=[automation.feed_entries_job],
        schedules=[automation.feed_entries_hourly],
        resources={"house": SettingsResource()},
    )
    schedule = definitions.resolve_schedule_def("feed_entries_hourly")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    tick = schedule.evaluate_tick(
        dg.build_schedule_context(scheduled_execution_time=datetime(2026, 11, 20, 13, tzinfo=UTC))
    )
    assert len(tick.run_requests or []) == 1
    assert definitions.resolve_job_def("feed_entries_job").asset_layer.selected_asset_keys == {
        feed_entries.key
    }
