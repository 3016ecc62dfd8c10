"""The insights assets as Dagster runs them."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData

from connectors.face import Channel
from connectors.google_ads import GoogleAds
from marketing_pipelines.defs.insights import automation, checks
from marketing_pipelines.defs.insights.assets import INSIGHTS, google_ads, linkedin, meta, reddit, tiktok, x
from marketing_pipelines.defs.resources import SettingsResource
from store import clock
from store import settings as store_settings
from tests.days import today
from tests.insights.advertiser import Advertiser

DAY = timedelta(days=1)


def checks_of(asset: dg.AssetsDefinition) -> list[dg.AssetChecksDefinition]:
    return [
        check
        for check in checks.insights_checks
        if {key.asset_key for key in check.check_keys} == {asset.key}
    ]


META_CHECKS = checks_of(meta)

pytestmark = pytest.mark.usefixtures("house_of_runs")


def run(
    *selected: Any, instance: dg.DagsterInstance | None = None, **options: Any
) -> dg.ExecuteInProcessResult:
    return dg.materialize(selected, resources={"house": SettingsResource()}, instance=instance, **options)


def outcomes(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def test_a_day_becomes_rows_metadata_and_passed_checks(advertiser: Advertiser):
    advertiser.connect(Channel.META, "555000111")
    advertiser.connect(Channel.META, "555000222")
    day = today() - 5 * DAY
    result = run(meta, *META_CHECKS, partition_key=str(day))
    metadata = result.asset_materializations_for_node("insights__meta")[0].metadata
    assert {row["date_day"] for row in advertiser.facts()} == {day}
    assert metadata["dagster/row_count"].value == len(advertiser.facts())
    assert (metadata["accounts_ok"].value, metadata["accounts_failing"].value) == (2, 0)
    truth = advertiser.truth(Channel.META, "555000111", day, day)["spend_micros"]
    assert metadata["spend_EUR"].value == pytest.approx(float(truth) / 1e6)
    assert str(metadata["spend_by_day"].value).startswith("![Spend by day](data:image/png;base64,")
    assert "restated" not in metadata, "nothing was stored before"
    assert outcomes(result) == {
        "no_day_is_missing": True,
        "spend_is_not_negative": True,
        "ads_cost_no_more_than_campaigns": True,
        "its_version_is_answered": True,
    }


def test_a_day_run_again_is_the_same_and_what_vanished_is_gone(advertiser: Advertiser):
    advertiser.connect(Channel.GOOGLE_ADS, "1112223333")
    day = today() - 5 * DAY
    run(google_ads, partition_key=str(day))
    first = advertiser.facts()
    assert first
    advertiser.plant(day, level="'campaign'", campaign_id="'gone'", spend_micros="toInt64(2500000)")
    result = run(google_ads, partition_key=str(day))
    assert advertiser.facts() == first
    metadata = result.asset_materializations_for_node("insights__google_ads")[0].metadata
    assert f"| {day} | EUR |" in str(metadata["restated"].value)
    assert "| -2.500 |" in str(metadata["restated"].value)
    assert str(metadata["change_by_day"].value).startswith("![Change of spend by day](data:image/png;base64,")


@pytest.mark.parametrize("lookback", [None, 3])
def test_the_newest_day_brings_those_that_its_platform_restates_or_as_many_as_the_house_says(
    advertiser: Advertiser, monkeypatch: pytest.MonkeyPatch, lookback: int | None
):
    if lookback is not None:
        monkeypatch.setenv("INSIGHTS_LOOKBACK_DAYS", str(lookback))
        store_settings.current.cache_clear()
    advertiser.connect(Channel.GOOGLE_ADS, "1112223333")
    with dg.DagsterInstance.ephemeral() as instance:
        run(google_ads, partition_key=str(today()), instance=instance)
        reach = GoogleAds.lookback.days if lookback is None else lookback
        days = {str(today() - n * DAY) for n in range(reach + 1)}
        assert instance.get_materialized_partitions(google_ads.key) == days
    stored = {str(row["date_day"]) for row in advertiser.facts()}
    assert stored <= days
    assert len(stored) >= reach


def test_a_back_fill_is_one_run(advertiser: Advertiser):
    advertiser.connect(Channel.META, "555000111")
    since, until = today() - 20 * DAY, today() - 10 * DAY
    with dg.DagsterInstance.ephemeral() as instance:
        result = run(
            meta,
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": str(since),
                "dagster/asset_partition_range_end": str(until),
            },
        )
        assert result.success
        assert len(instance.get_materialized_partitions(meta.key)) == 11
    truth = advertiser.truth(Channel.META, "555000111", since, until)
    assert advertiser.totals("555000111", "campaign") == truth


@pytest.mark.parametrize(
    ("asset", "channel", "account", "platform"),
    [
        (linkedin, Channel.LINKEDIN, "500600100", "linkedin_ads"),
        (tiktok, Channel.TIKTOK, "7012345678901230111", "tiktok"),
        (reddit, Channel.REDDIT, "a2_h7lindgrn1", "reddit_ads"),
        (x, Channel.X, "18ce54d4x5t", "twitter_ads"),
    ],
)
def test_every_channels_days_are_rows_like_any_others(
    advertiser: Advertiser, asset: dg.AssetsDefinition, channel: Channel, account: str, platform: str
):
    advertiser.connect(channel, account)
    day = today() - 5 * DAY
    result = run(asset, *checks_of(asset), partition_key=str(day))
    assert {row["platform"] for row in advertiser.facts()} == {platform}
    truth = advertiser.truth(channel, account, day, day)
    assert advertiser.totals(account, "campaign") == advertiser.totals(account, "ad") == truth
    assert outcomes(result) == {
        "no_day_is_missing": True,
        "spend_is_not_negative": True,
        "ads_cost_no_more_than_campaigns": True,
        "its_version_is_answered": True,
    }


def test_an_account_that_fails_is_a_gap_and_no_failed_run(advertiser: Advertiser):
    advertiser.connect(Channel.META, "555000111", secrets={"access_token": "stale"})
    result = run(meta, partition_key=str(today() - 5 * DAY))
    assert result.success
    assert outcomes(result)["no_day_is_missing"] is False
    metadata = result.asset_materializations_for_node("insights__meta")[0].metadata
    assert metadata["accounts_failing"].value == 1
    assert "stale" not in str(metadata["failing"].value)


def test_contradicting_figures_fail_their_checks(advertiser: Advertiser):
    advertiser.connect(Channel.META, "555000111")
    day = today() - 5 * DAY
    run(meta, partition_key=str(day))
    try:
        advertiser.plant(day, level="'campaign'", spend_micros="toInt64(-5)", campaign_id="'x'")
        advertiser.plant(day, level="'ad'", spend_micros="toInt64(1000000000000)")
        result = dg.materialize(
            [meta, *META_CHECKS],
            selection=dg.AssetSelection.checks(*META_CHECKS),
            resources={"house": SettingsResource()},
        )
        assert outcomes(result) == {
            "spend_is_not_negative": False,
            "ads_cost_no_more_than_campaigns": False,
            "its_version_is_answered": True,
        }
    finally:
        run(meta, partition_key=str(day))  # makes the day good again for whoever looks at all tenants


def tick() -> ScheduleExecutionData:
    """What the schedule says when it is asked now."""
    definitions = dg.Definitions(
        assets=INSIGHTS,
        jobs=[automation.insights_job],
        schedules=[automation.insights_daily],
        resources={"house": SettingsResource()},
    )
    schedule = definitions.resolve_schedule_def("insights_daily")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    return schedule.evaluate_tick(
        dg.build_schedule_context(
            repository_def=definitions.get_repository_def(), resources={"house": SettingsResource()}
        )
    )


def hours_from_now(first: int, last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    hour = clock.now().hour
    monkeypatch.setenv("INSIGHTS_HOURS", f"{(hour + first) % 24}-{(hour + last) % 24}")
    store_settings.current.cache_clear()


def test_the_newest_day_is_read_every_night():
    (request,) = tick().run_requests or []
    assert request.partition_key == str(today())


def test_nothing_starts_by_itself_outside_of_its_hours(monkeypatch: pytest.MonkeyPatch):
    hours_from_now(3, 5, monkeypatch)
    skipped = tick()
    assert not skipped.run_requests
    assert "INSIGHTS_HOURS" in str(skipped.skip_message)
    hours_from_now(0, 2, monkeypatch)
    assert tick().run_requests
