"""The edge in Dagster: days under old rules are found, asked for one at a time, and computed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import dagster as dg
import pytest

from marketing_pipelines.defs.collector.assets import Recompute, raw_events, renormalised_events
from marketing_pipelines.defs.collector.automation import RESTS, recompute_job, stale_days
from marketing_pipelines.defs.collector.checks import events_stand_under_todays_rules
from marketing_pipelines.defs.resources import SettingsResource
from store import events
from store import settings as store_settings
from store.records.schema import TenantId
from store.settings import Settings
from tests.days import today


def yesterday() -> date:
    return today() - timedelta(days=1)


@pytest.fixture(scope="module")
def resource(settings: Settings) -> Iterator[SettingsResource]:
    """The settings as a Dagster run finds them, in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(settings.data_dir))
        patch.setenv("PORT_BASE", str(settings.port_base))
        store_settings.current.cache_clear()
        yield SettingsResource()
    store_settings.current.cache_clear()


@pytest.fixture
def unread(clickhouse: events.Client, tenant: TenantId) -> TenantId:
    """A tenant with an event of yesterday and one of today that came in before there were rules."""
    for day in (yesterday(), today()):
        clickhouse.command(
            "insert into raw.events (tenant_id, event_id, event, received_at, occurred_at, url, user_agent, segment) "
            f"values ({tenant}, '{uuid4().hex}', 'page_view', '{day} 00:00:01', '{day} 00:00:00', "
            f"'https://shop.example/', 'curl/8.5.0', '{uuid4().hex}')"
        )
    return tenant


def asked(resource: SettingsResource, instance: dg.DagsterInstance) -> dg.RunRequest | None:
    definitions = dg.Definitions(
        assets=[raw_events, renormalised_events],
        jobs=[recompute_job],
        sensors=[stale_days],
        resources={"house": resource},
    )
    context = dg.build_sensor_context(
        instance=instance, definitions=definitions, resources={"house": resource}
    )
    requests = stale_days.evaluate_tick(context).run_requests or []
    assert len(requests) <= 1
    return requests[0] if requests else None


def run_of(day: date, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    return dg.DagsterRun(
        job_name=recompute_job.name,
        run_id=str(uuid4()),
        status=status,
        tags={"dagster/partition": day.isoformat()},
    )


def computed(resource: SettingsResource, day: date, **config: bool) -> dg.ExecuteInProcessResult:
    result = dg.materialize(
        [raw_events, renormalised_events],
        resources={"house": resource},
        partition_key=day.isoformat(),
        run_config=dg.RunConfig({"renormalised_events": Recompute(**config)}),
    )
    assert result.success
    return result


def days_of(result: dg.ExecuteInProcessResult) -> object:
    (told,) = result.asset_materializations_for_node("renormalised_events")
    return told.metadata["days"].value


def test_the_newest_stale_day_is_asked_for_and_then_the_next(
    resource: SettingsResource, unread: TenantId
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        first = asked(resource, instance)
        assert first
        assert first.partition_key == today().isoformat()

        under_way = run_of(today(), dg.DagsterRunStatus.STARTED)
        instance.add_run(under_way)
        assert asked(resource, instance) is None, "one at a time"

    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_run(run_of(today(), dg.DagsterRunStatus.FAILURE))
        second = asked(resource, instance)
        assert second
        assert second.partition_key == yesterday().isoformat(), f"what failed rests for {RESTS}"


def test_a_stale_day_is_computed_once_and_again_only_if_told_to(
    resource: SettingsResource, unread: TenantId, clickhouse: events.Client
) -> None:
    assert days_of(computed(resource, yesterday())) == 1
    found = clickhouse.query(
        f"select is_bot, channel, shipped_version from raw.renormalised_events where tenant_id = {unread}"
    )
    assert found.result_rows == [(True, "direct", 0)]
    assert days_of(computed(resource, yesterday())) == 0
    assert days_of(computed(resource, yesterday(), also_current=True)) == 1
    again = clickhouse.query(
        f"select is_bot, channel, shipped_version from raw.renormalised_events where tenant_id = {unread}"
    )
    assert again.result_rows == found.result_rows


def test_the_check_says_how_many_events_stand_under_old_rules(
    resource: SettingsResource, unread: TenantId
) -> None:
    def check() -> dg.AssetCheckEvaluation:
        result = dg.materialize(
            [raw_events, renormalised_events, events_stand_under_todays_rules],
            resources={"house": resource},
            selection=dg.AssetSelection.checks(events_stand_under_todays_rules),
        )
        (evaluation,) = result.get_asset_check_evaluations()
        return evaluation

    before = check()
    assert not before.passed
    assert before.severity is dg.AssetCheckSeverity.WARN
    assert today().isoformat() in str(before.metadata["by_day"].value)
    for day in (yesterday(), today()):
        computed(resource, day)
    after = check()
    assert today().isoformat() not in str(after.metadata["by_day"].value)
    assert yesterday().isoformat() not in str(after.metadata["by_day"].value)


def test_every_hour_somebody_looks_whether_events_stand_under_old_rules() -> None:
    definitions = dg.Definitions(
        assets=[raw_events, renormalised_events],
        asset_checks=[events_stand_under_todays_rules],
        resources={"house": SettingsResource()},
    )
    instance = dg.DagsterInstance.ephemeral()
    before = dg.evaluate_automation_conditions(
        definitions, instance, evaluation_time=datetime(2026, 3, 1, 10, 1, tzinfo=UTC)
    )
    assert before.total_requested == 0
    after = dg.evaluate_automation_conditions(
        definitions,
        instance,
        cursor=before.cursor,
        evaluation_time=datetime(2026, 3, 1, 11, 0, 30, tzinfo=UTC),
    )
    assert after.total_requested == 1
