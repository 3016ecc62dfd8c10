"""The lineage as Dagster holds it, and what moves by itself when something upstream moves."""

from datetime import UTC, datetime

import dagster as dg

from marketing_pipelines.defs.attribution.assets import (
    attribution_markov,
    attribution_results,
    attribution_rules,
    attribution_shapley,
)
from marketing_pipelines.defs.collector import assets as collector
from marketing_pipelines.defs.experiments.assets import bandit_state
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.defs.warehouse.assets import Rebuild, warehouse, warehouse_after_attribution
from marketing_pipelines.defs.warehouse.dbt import command_line
from marketing_pipelines.defs.warehouse.records import records

DEFINITIONS = dg.Definitions(
    assets=[
        warehouse,
        warehouse_after_attribution,
        attribution_rules,
        attribution_markov,
        attribution_shapley,
        attribution_results,
        bandit_state,
        collector.pixel,
        collector.short_links,
        collector.raw_events,
        collector.raw_rejected,
        collector.renormalised_events,
        *records,
    ],
    resources={"house": SettingsResource(), "dbt": command_line()},
)
GRAPH = DEFINITIONS.resolve_asset_graph()


def key(path: str) -> dg.AssetKey:
    return dg.AssetKey(path.split("/"))


def reaches(start: str, end: str) -> bool:
    """Whether what happens at the start can be followed to the end."""
    seen, ahead = set(), [key(start)]
    while ahead:
        here = ahead.pop()
        if here == key(end):
            return True
        if here not in seen:
            seen.add(here)
            ahead += GRAPH.get(here).child_keys
    return False


def test_a_page_view_and_a_click_can_be_followed_to_what_a_channel_earned() -> None:
    assert reaches("pixel", "attribution_rules")
    assert reaches("short_links", "attribution_rules")
    assert reaches("records/links", "marts/channel_roas")
    for family in ("rules", "markov", "shapley"):
        assert reaches(f"attribution_{family}", "marts/channel_daily")
    assert reaches("raw_events", "bandit_state")
    assert reaches("renormalised_events", "marts/channel_daily")
    assert reaches("short_links", "marts/link_daily")
    assert not reaches("marts/channel_daily", "raw_events")


def test_every_model_has_what_people_look_for() -> None:
    models = [GRAPH.get(each) for each in (*warehouse.keys, *warehouse_after_attribution.keys)]
    assert {model.group_name for model in models} == {"staging", "intermediate", "marts"}
    for model in models:
        assert model.owners, model.key
        assert model.description, model.key
        assert "```" not in model.description, "SQL is no description"
        assert {"dbt", "clickhouse"} <= model.kinds
        assert model.automation_condition, model.key
        assert (model.freshness_policy is not None) == (model.group_name == "marts"), model.key


def test_a_quarter_of_an_hour_builds_staging_and_all_that_hangs_on_it() -> None:
    instance = dg.DagsterInstance.ephemeral()
    quiet = dg.evaluate_automation_conditions(
        DEFINITIONS, instance, evaluation_time=datetime(2026, 3, 1, 10, 1, tzinfo=UTC)
    )
    ticked = dg.evaluate_automation_conditions(
        DEFINITIONS,
        instance,
        cursor=quiet.cursor,
        evaluation_time=datetime(2026, 3, 1, 10, 15, 30, tzinfo=UTC),
    )
    for model in (
        "staging/stg_events",
        "intermediate/int_sessions",
        "intermediate/int_paths",
        "marts/ad_performance",
    ):
        assert ticked.get_num_requested(key(model)) == 1, model


def test_new_paths_bring_the_trailing_days_credits_along() -> None:
    instance = dg.DagsterInstance.ephemeral()
    paths = key("intermediate/int_paths")
    before = dg.evaluate_automation_conditions(
        DEFINITIONS, instance, evaluation_time=datetime(2026, 3, 20, 10, 1, tzinfo=UTC)
    )
    instance.report_runless_asset_event(dg.AssetMaterialization(paths))
    after = dg.evaluate_automation_conditions(
        DEFINITIONS,
        instance,
        cursor=before.cursor,
        evaluation_time=datetime(2026, 3, 20, 10, 2, tzinfo=UTC),
    )
    requested = after.get_requested_partitions(key("attribution_rules"))
    assert {"2026-03-20", "2026-03-14"} <= requested
    assert "2026-03-01" not in requested


def test_new_credits_rebuild_the_marts_though_most_days_have_none() -> None:
    instance = dg.DagsterInstance.ephemeral()
    before = dg.evaluate_automation_conditions(
        DEFINITIONS, instance, evaluation_time=datetime(2026, 3, 20, 10, 1, tzinfo=UTC)
    )
    instance.report_runless_asset_event(
        dg.AssetMaterialization(key("attribution_rules"), partition="2026-03-20")
    )
    after = dg.evaluate_automation_conditions(
        DEFINITIONS,
        instance,
        cursor=before.cursor,
        evaluation_time=datetime(2026, 3, 20, 10, 2, tzinfo=UTC),
    )
    assert after.get_num_requested(key("marts/channel_roas")) == 1


def test_a_rebuild_of_named_days_hands_them_to_dbt() -> None:
    assert Rebuild().arguments() == ["build", "--exclude-resource-type", "unit_test"]
    assert "--full-refresh" in Rebuild(full_refresh=True).arguments()
    named = Rebuild(first_day="2026-03-01", last_day="2026-03-02").arguments()
    assert named[-2:] == ["--vars", '{"rebuild_from": "2026-03-01", "rebuild_to": "2026-03-02"}']
