"""The terms that figures are made on, as dbt reads them: goals, measurement, splits, and what currencies are worth."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from marketing_pipelines.defs.warehouse.dbt import PROJECT
from store import events, records
from store.audit import Actor, ActorKind
from store.records import goals, identity_splits, measurement
from store.records.goals import Counting, Terms
from store.records.measurement import Choices
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.warehouse.conftest import dbt, put

# Each test waits for dbt.
pytestmark = pytest.mark.timeout(300)

US = Actor(ActorKind.OPERATOR, "test")
# Tests that also look at other models wait until those are there.
ALONE = ("--indirect-selection", "cautious")
FRIDAY, SATURDAY, MONDAY = date(2026, 1, 9), date(2026, 1, 10), date(2026, 1, 12)
EARLY, LATE = datetime(2026, 1, 9, 16, tzinfo=UTC), datetime(2026, 1, 12, 16, tzinfo=UTC)


@pytest.fixture
def reading(house: Settings) -> Iterator[events.Client]:
    client = events.connect(house)
    yield client
    client.close()


def read(client: events.Client, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in client.query(query, parameters=parameters).result_rows]


def test_a_new_tenant_has_a_headline_goal_and_the_houses_own_terms(
    house: Settings, reading: events.Client, tenant: TenantId
) -> None:
    dbt(house, "build", *ALONE, "--select", "stg_tenants", "stg_goals", "stg_measurement")
    said = "name, event, refund_event, fixed_value, currency, counting, once_days, lookback_days, is_headline"
    mine = {"tenant": tenant}
    assert read(
        reading, f"select {said} from staging.stg_goals where tenant_id = {{tenant:Int64}}", **mine
    ) == [("Purchases", "purchase", "refund", None, "", "each", 30, 30, True)]
    columns = (
        "session_gap_minutes, session_ends_at_midnight, session_ends_with_campaign, headline_model, first_weight,"
        " last_weight, half_life_hours, markov_order, collapse_repeats, direct_overrides"
    )
    assert read(
        reading, f"select {columns} from staging.stg_measurement where tenant_id = {{tenant:Int64}}", **mine
    ) == [(30, False, False, "last_touch", 0.4, 0.4, 168, 1, True, False)]


def test_what_people_chose_is_what_the_warehouse_reads(
    house: Settings, reading: events.Client, tenant: TenantId
) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        lead = Terms(
            "Leads", "lead", refund_event="", fixed_value=Decimal("12.5"), counting=Counting.ONCE, once_days=7
        )
        goal = goals.define(session, tenant, US, lead)
        gone = goals.define(session, tenant, US, Terms("Old", "old"))
        goals.archive(session, gone, US)
        goals.make_headline(session, goal, US)
        choices = Choices(session_gap_minutes=45, first_weight=Decimal("0.25"), markov_order=0)
        measurement.change(session, measurement.locked(session, tenant), US, choices)
        identity_splits.split(session, tenant, US, "till", "ann", "The till in the shop.")
        back = identity_splits.split(session, tenant, US, "phone", "ann", "A slip.")
        identity_splits.take_back(session, back, US)
    dbt(
        house,
        "build",
        *ALONE,
        "--select",
        "stg_tenants",
        "stg_goals",
        "stg_measurement",
        "stg_identity_splits",
    )
    mine = {"tenant": tenant}
    assert read(
        reading,
        "select goal_id, event, refund_event, fixed_value, counting, once_days, is_headline from staging.stg_goals"
        " where tenant_id = {tenant:Int64} order by is_headline desc",
        **mine,
    )[0] == (goal.id, "lead", "", Decimal("12.5"), "once", 7, True)
    assert read(
        reading, "select count() from staging.stg_goals where tenant_id = {tenant:Int64}", **mine
    ) == [(2,)]
    assert read(
        reading,
        "select session_gap_minutes, first_weight, markov_order from staging.stg_measurement"
        " where tenant_id = {tenant:Int64}",
        **mine,
    ) == [(45, 0.25, 0)]
    assert read(
        reading,
        "select visitor_id, person_id from staging.stg_identity_splits where tenant_id = {tenant:Int64}",
        **mine,
    ) == [("till", "ann")]


def rate(day: date, currency: str, per_euro: str, fetched_at: datetime = EARLY) -> dict[str, Any]:
    return {
        "rate_on": day,
        "currency": currency,
        "per_euro": Decimal(per_euro),
        "source": "ecb",
        "fetched_at": fetched_at,
    }


def rates(client: events.Client) -> dict[tuple[date, str], tuple[Decimal, datetime]]:
    query = "select rate_on, currency, per_euro, changed_at from staging.stg_exchange_rates"
    return {(row[0], row[1]): (row[2], row[3]) for row in read(client, query)}


@pytest.fixture
def no_rates(house: Settings, reading: events.Client) -> Iterator[None]:
    """A warehouse that was never told a rate, before and after."""
    forget = ("truncate table raw.exchange_rates", "drop table if exists staging.stg_exchange_rates")
    for statement in forget:
        reading.command(statement)
    yield
    for statement in forget:
        reading.command(statement)


@pytest.mark.usefixtures("no_rates")
def test_a_rate_is_new_when_it_is_another_one_and_not_when_it_was_read_again(
    house: Settings, reading: events.Client
) -> None:
    put(reading, "raw.exchange_rates", [rate(FRIDAY, "USD", "1.25"), rate(FRIDAY, "SEK", "11.5")])
    dbt(
        house,
        "build",
        *ALONE,
        "--select",
        "exchange_rates",
        "stg_exchange_rates",
        "exchange_rates_can_be_true",
    )
    first = rates(reading)
    assert {key: said[0] for key, said in first.items()} == {
        (date(1999, 1, 1), "EUR"): Decimal(1),
        (FRIDAY, "EUR"): Decimal(1),
        (FRIDAY, "USD"): Decimal("1.25"),
        (FRIDAY, "SEK"): Decimal("11.5"),
    }
    again = [
        rate(FRIDAY, "USD", "1.2501", LATE),
        rate(FRIDAY, "SEK", "11.5", LATE),
        rate(MONDAY, "USD", "1.3", LATE),
    ]
    reading.command(f"alter table raw.exchange_rates drop partition '{FRIDAY}'")
    put(reading, "raw.exchange_rates", again)
    dbt(house, "build", *ALONE, "--select", "stg_exchange_rates")
    second = rates(reading)
    assert second[FRIDAY, "USD"][0] == Decimal("1.2501")
    assert second[FRIDAY, "USD"][1] > first[FRIDAY, "USD"][1]
    assert second[FRIDAY, "SEK"] == first[FRIDAY, "SEK"]
    assert second[date(1999, 1, 1), "EUR"] == first[date(1999, 1, 1), "EUR"]
    assert (SATURDAY, "USD") not in second


@pytest.mark.usefixtures("no_rates")
def test_a_fixed_rate_stands_over_the_feeds(
    house: Settings, reading: events.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "dbt_project"
    shutil.copytree(PROJECT.project_dir, copy, ignore=shutil.ignore_patterns("target", "logs"))
    fixed = "rate_on,currency,per_euro\n2026-01-09,USD,1.2\n2026-01-10,XTS,2\n"
    (copy / "seeds" / "exchange_rates.csv").write_text(fixed)
    put(reading, "raw.exchange_rates", [rate(FRIDAY, "USD", "1.25"), rate(MONDAY, "USD", "1.26", LATE)])
    dbt(
        house,
        "build",
        *ALONE,
        "--project-dir",
        str(copy),
        "--select",
        "exchange_rates",
        "stg_exchange_rates",
        "exchange_rates_can_be_true",
    )
    try:
        said = {key: found[0] for key, found in rates(reading).items()}
        assert said[FRIDAY, "USD"] == Decimal("1.2")
        assert said[MONDAY, "USD"] == Decimal("1.26")
        assert said[SATURDAY, "XTS"] == Decimal(2)
    finally:
        dbt(house, "seed", "--select", "exchange_rates")
    assert read(reading, "select count() from staging.exchange_rates") == [(0,)]
