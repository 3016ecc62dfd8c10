"""A year is filled back in one run of each asset, and every day adds up."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import dagster as dg
import polars as pl
import pytest

from marketing_pipelines.attribution import models
from marketing_pipelines.defs.attribution.assets import (
    attribution_markov,
    attribution_results,
    attribution_rules,
    attribution_shapley,
)
from marketing_pipelines.defs.resources import SettingsResource
from store import events, records
from store.records import goals
from store.settings import Role, Settings
from tests.warehouse.conftest import DAY, Built, World, found, make_world, put

pytestmark = pytest.mark.timeout(1200)

LAST = datetime.now(UTC).date() - DAY
FIRST = LAST - timedelta(days=364)
WAYS = (["email"], ["paid_search", "email"], ["organic_social", "paid_search", "direct"])
CREDITS = (attribution_rules, attribution_markov, attribution_shapley)


@pytest.fixture(scope="module")
def shop(house: Settings, built: Built) -> World:
    """A shop that sells something to somebody else every third day."""
    world = make_world(house)
    with records.session(house, Role.CONSOLE, tenant=world.tenant) as session:
        [goal] = [each.id for each in goals.live(session, world.tenant) if each.is_headline]
    with events.connect(house) as client:
        paths = [_path(world, goal, number) for number in range(0, 365, 3)]
        # One block may not lie in more than a hundred partitions.
        put(client, "intermediate.int_paths", paths[:99])
        put(client, "intermediate.int_paths", paths[99:])
    return world


def _path(world: World, goal: int, number: int) -> dict[str, object]:
    day = FIRST + number * DAY
    noon, way = datetime.combine(day, time(12), UTC), WAYS[number % 3]
    return {
        "tenant_id": world.tenant, "goal_id": goal, "conversion_id": f"order {number}", "conversion": "purchase",
        "visitor_id": f"visitor {number}", "person_id": f"visitor {number}", "converted_at": noon, "converted_on": day,
        "credited_at": noon, "conversions": 1, "value": Decimal(100 + number), "currency": "EUR", "channels": way,
        "touched_at": [noon - timedelta(hours=len(way) - place) for place in range(len(way))],
        "campaigns": [0] * len(way),
    }  # fmt: skip


def filled(first: date, last: date, *assets: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        assets,
        resources={"house": SettingsResource()},
        tags={
            "dagster/asset_partition_range_start": first.isoformat(),
            "dagster/asset_partition_range_end": last.isoformat(),
        },
    )


def test_a_years_credits_are_one_run_and_every_day_adds_up(house: Settings, shop: World) -> None:
    for asset in CREDITS:
        run = filled(FIRST, LAST, asset)
        assert run.success
        assert all(check.passed for check in run.get_asset_check_evaluations())
    days = (
        found(house, shop, "raw.attribution_credits", "model, date_day")
        .group_by("model", "date_day")
        .agg(pl.col("conversions").sum(), pl.col("value").sum())
    )
    assert days["model"].n_unique() == len(models())
    assert days["date_day"].n_unique() == 122
    assert days["conversions"].to_list() == pytest.approx([1.0] * len(days))
    worth = {FIRST + number * DAY: Decimal(100 + number) for number in range(0, 365, 3)}
    assert all(value == worth[day] for day, value in days.select("date_day", "value").iter_rows())


def test_weeks_side_by_side_are_filled_back_as_well(house: Settings, shop: World) -> None:
    first = LAST - 6 * DAY
    assert filled(first, LAST, attribution_results).success
    told = found(house, shop, "raw.attribution_results", "as_of, window_days, model, channel")
    assert told["as_of"].n_unique() == 7
    totals = told.group_by("as_of", "window_days", "model").agg(
        pl.col("conversions").sum(), pl.col("value").sum()
    )
    for as_of, window_days, _, conversions, value in totals.iter_rows():
        numbers = [
            number
            for number in range(0, 365, 3)
            if as_of - (window_days - 1) * DAY <= FIRST + number * DAY <= as_of
        ]
        assert conversions == pytest.approx(len(numbers))
        assert value == sum(Decimal(100 + number) for number in numbers)
