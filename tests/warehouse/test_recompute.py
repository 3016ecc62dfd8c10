"""A rule changes: the days that are computed again mean something else in every model, all others stay."""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from marketing_pipelines.defs.collector.assets import Recompute, raw_events, renormalised_events_asset
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.events import user_agents
from marketing_pipelines.events.bots import Reason
from marketing_pipelines.events.rules import RULES_VERSION, Rules
from marketing_pipelines.events.user_agents import Verdict
from store import events
from store.settings import Settings
from tests.warehouse.conftest import DAY, PERSON, Built, World, at, dbt, event, found, make_world, put_events

pytestmark = pytest.mark.timeout(900)

# Days on which nothing of the other tests came in.
NOW = datetime.now(UTC) - timedelta(seconds=5)
CHANGED = NOW.date() - timedelta(days=20)
UNTOUCHED = CHANGED + DAY
LATE = CHANGED + 3 * DAY

TOOL = f"{PERSON} SiteChecker/2.0"
MODELS = ("stg_events", "int_sessions", "int_touchpoints", "int_visits_daily", "int_link_daily")


def with_the_tool(user_agent: str) -> Verdict:
    """Today's rules, and the tool is a program."""
    verdict = user_agents.verdict(user_agent)
    return replace(verdict, score=80, reasons=(Reason.SCANNER,)) if "SiteChecker" in user_agent else verdict


STRICTER = Rules(RULES_VERSION + 1, with_the_tool)


def visits(world: World) -> list[dict[str, Any]]:
    """The tool and Ann on one day, the tool on the next, and what the tool did on the first but told days later."""
    by_tool = {"user_agent": TOOL}
    click = event(
        world,
        "click",
        at(CHANGED, "09:59"),
        link_id=world.links[0],
        utm_source="social",
        utm_medium="social",
        **by_tool,
    )
    came_late = {"received_at": at(LATE, "08:00"), **by_tool}
    return [
        click,
        event(world, "page_view", at(CHANGED, "10:00"), sid="tool", click_id=click["event_id"], **by_tool),
        event(world, "page_view", at(CHANGED, "11:00"), sid="ann", referrer="https://www.google.com/"),
        event(world, "page_view", at(CHANGED, "12:00"), sid="late", **came_late),
        event(world, "page_view", at(UNTOUCHED, "10:00"), sid="next", **by_tool),
        event(world, "page_view", NOW, sid="bob"),
    ]


State = dict[str, list[tuple[Any, ...]]]


def state(house: Settings, world: World) -> State:
    """What people read, without the moment of its computing."""
    asked = {
        "staging.stg_events": (
            "visitor_id, event",
            "sid, event, occurred_on, is_bot, bot_reasons, rules_version",
        ),
        "intermediate.int_sessions": ("started_at", "visitor_id, started_on, is_bot, channel"),
        "intermediate.int_visits_daily": (
            "date_day, channel",
            "date_day, channel, visits, human_visits, bot_visits, human_visitors",
        ),
        "intermediate.int_link_daily": (
            "date_day",
            "date_day, clicks, human_clicks, bot_clicks, human_visitors",
        ),
    }
    return {table: found(house, world, table, *columns).rows() for table, columns in asked.items()}


def compute(day: date, **config: bool) -> dict[str, Any]:
    """The day of the asset under the stricter rules, with what it says of itself."""
    result = dg.materialize(
        [raw_events, renormalised_events_asset(STRICTER)],
        resources={"house": SettingsResource()},
        partition_key=day.isoformat(),
        run_config=dg.RunConfig({"renormalised_events": Recompute(**config)}),
    )
    assert result.success
    (told,) = result.asset_materializations_for_node("renormalised_events")
    return {name: value.value for name, value in told.metadata.items()}


def rebuilt(house: Settings) -> set[str]:
    """The days that the last build of staging replaced."""
    sql = house.data_dir / "dbt" / "run" / "marketing_warehouse" / "models" / "staging" / "stg_events.sql"
    found = re.search(r"/[*] builds ([0-9 -]+|nothing) as of", sql.read_text())
    assert found
    return set(found[1].split()) - {"nothing"}


@dataclass(frozen=True, slots=True)
class Computed:
    """What was read before, after each of both days was computed again, and after both were once more."""

    before: State
    after: State
    after_the_late_day: State
    again: State
    told: dict[str, Any]
    rebuilt: set[str]
    rebuilt_when_nothing_was_computed: set[str]


@pytest.fixture(scope="module")
def computed(house: Settings, built: Built) -> Computed:
    """On the models that the other tests have built."""
    world = make_world(house)
    with events.connect(house) as client:
        put_events(client, visits(world))
    dimensions = ("stg_tenants", "stg_measurement", "stg_links", "stg_campaigns", "stg_variants")
    # Nothing is still being loaded, or what came a minute ago would be looked at again.
    settled = ("--vars", json.dumps({"loading_minutes": 0}))
    dbt(house, "run", "-s", *dimensions, *MODELS, *settled)
    before = state(house, world)
    told = compute(CHANGED)
    dbt(house, "run", "-s", *MODELS, *settled)
    after = state(house, world)
    days_rebuilt = rebuilt(house)
    compute(LATE)
    dbt(house, "run", "-s", *MODELS, *settled)
    after_the_late_day = state(house, world)
    dbt(house, "run", "-s", "stg_events", *settled)
    quiet = rebuilt(house)
    for day in (CHANGED, LATE):
        compute(day, also_current=True)
    dbt(house, "run", "-s", *MODELS, *settled)
    return Computed(before, after, after_the_late_day, state(house, world), told, days_rebuilt, quiet)


def test_a_new_rule_changes_a_day_that_is_over(computed: Computed) -> None:
    def said(seen: State) -> list[tuple[Any, ...]]:
        return [row[:5] for row in seen["staging.stg_events"] if row[0] == "tool"]

    assert said(computed.before) == [("tool", "page_view", CHANGED, False, [])]
    assert said(computed.after) == [("tool", "page_view", CHANGED, True, ["scanner"])]
    assert computed.told["became_bots"] >= 2
    assert computed.told["rules_version"] == STRICTER.version


def test_what_hangs_on_it_counts_people_and_programs_anew(computed: Computed) -> None:
    visits_of = "intermediate.int_visits_daily"
    organic, social = (CHANGED, "organic_search"), (CHANGED, "organic_social")
    by_channel = {row[:2]: row[2:] for row in computed.before[visits_of]}
    assert (by_channel[organic], by_channel[social]) == ((1, 1, 0, 1), (1, 1, 0, 1))
    by_channel = {row[:2]: row[2:] for row in computed.after[visits_of]}
    assert (by_channel[organic], by_channel[social]) == ((1, 1, 0, 1), (1, 0, 1, 0))
    assert computed.before["intermediate.int_link_daily"] == [(CHANGED, 1, 1, 0, 1)]
    assert computed.after["intermediate.int_link_daily"] == [(CHANGED, 1, 0, 1, 0)]


def test_an_event_that_came_late_changes_with_the_day_on_which_it_came(computed: Computed) -> None:
    def said(seen: State) -> list[tuple[Any, ...]]:
        return [row[2:4] for row in seen["staging.stg_events"] if row[0] == "late"]

    assert said(computed.before) == said(computed.after) == [(CHANGED, False)]
    assert said(computed.after_the_late_day) == [(CHANGED, True)]


def test_a_day_that_was_not_computed_stays(computed: Computed) -> None:
    def of_the_next_day(seen: State) -> list[tuple[Any, ...]]:
        return [row for rows in seen.values() for row in rows if UNTOUCHED in row]

    assert of_the_next_day(computed.before) == of_the_next_day(computed.again)
    assert [row[5] for row in computed.again["staging.stg_events"] if row[0] == "next"] == [RULES_VERSION]
    assert UNTOUCHED.isoformat() not in computed.rebuilt


def test_each_day_is_rebuilt_once_for_a_recompute(computed: Computed) -> None:
    assert CHANGED.isoformat() in computed.rebuilt
    assert CHANGED.isoformat() not in computed.rebuilt_when_nothing_was_computed


def test_computing_twice_gives_the_same(computed: Computed) -> None:
    assert computed.again == computed.after_the_late_day
