"""Marts built in slices, as events come in, are what one build of all gives: by the histories of test_slices."""

import itertools
from random import Random
from typing import Any

import pytest

from store import events
from store.settings import Settings
from tests.warehouse import test_slices as shop
from tests.warehouse.conftest import World, dbt, found, make_world, put_events

pytestmark = pytest.mark.timeout(1800)

SLICES = 5
SEED = 11
INTERMEDIATE = (
    "int_hourly", "int_hourly_conversions", "int_person_days", "int_people", "int_cohort_weeks", "int_funnel_days",
    "int_tracking_days", "int_rejected_days",
)  # fmt: skip
MARTS = ("funnel", "cohorts", "ltv", "tracking_health", "link_stats")
# Kept for ever: a full refresh leaves it as it is, so that only what it reads is built anew.
FOR_EVER = ("int_hourly", "int_hourly_conversions")
COMPARED = {
    "intermediate.int_hourly": (
        "hour, channel, campaign_id, link_id",
        "* except human_visitors, finalizeAggregation(human_visitors) as people",
    ),
    "intermediate.int_hourly_conversions": ("hour, goal_id, channel, campaign_id, link_id", "*"),
    "intermediate.int_person_days": ("date_day, person_id", "*"),
    "intermediate.int_people": ("person_id", "* except moved_at"),
    "intermediate.int_cohort_weeks": ("week, cohort_week, first_channel", "*"),
    "intermediate.int_funnel_days": ("date_day, channel, device, country, step_number", "*"),
    "marts.cohorts": ("cohort_week, weeks_since", "*"),
    "marts.ltv": ("cohort_week, first_channel, within_days", "*"),
    "marts.link_stats": ("link_id", "*"),
    "marts.tracking_health": ("date_day", "*"),
}


def state(house: Settings, worlds: list[World]) -> dict[str, list[dict[str, Any]]]:
    """Who was never there after all keeps a row that says so, which one build of all does not need."""
    return {
        f"{world.tenant} {table}": [
            row
            for row in found(house, world, table, order, columns).rows(named=True)
            if getattr(row.get("met_at"), "year", 0) < 2200
        ]
        for table, (order, columns) in COMPARED.items()
        for world in worlds
    }


def test_slices_give_what_one_build_of_all_gives(house: Settings) -> None:
    chance = Random(SEED)
    worlds = [make_world(house) for _ in range(3)]
    shop.settle(house, worlds)
    told = [each for world in worlds for each in shop.history(world, chance)]
    told.sort(key=lambda each: shop._loaded(each, chance))
    cuts = sorted(chance.sample(range(1, len(told)), SLICES - 1))
    models = (*shop.CHAIN, *INTERMEDIATE, *MARTS)
    dbt(house, "seed")
    for number, (start, end) in enumerate(itertools.pairwise((0, *cuts, len(told)))):
        with events.connect(house) as client:
            put_events(client, told[start:end])
        if number == SLICES // 2:
            shop.change_their_minds(house, worlds)
        shop.put_rates(house, range(2 * number, 2 * number + 2))
        dbt(house, "run", "-s", *models, "--vars", '{"loading_minutes": 0}')
    in_slices = state(house, worlds)
    with events.connect(house) as client:
        for model in FOR_EVER:
            client.command(f"drop table intermediate.{model}")
    dbt(house, "run", "--full-refresh", "-s", *models)
    in_one_go = state(house, worlds)
    assert all(in_one_go.values())
    for table, rows in in_one_go.items():
        assert [row for row in in_slices[table] if row not in rows] == [], table
        assert in_slices[table] == rows, table
