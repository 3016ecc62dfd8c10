"""Clicks on links of another house, read from the sandbox over real HTTP, kept by the day, and seen by Dagster."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr
from sqlalchemy import delete, select

from connectors.face import Capability, Channel
from connectors.retries import Patience
from connectors.sandbox import endpoint
from connectors.sandbox.bitly import CREDENTIALS, GROUPS
from marketing_pipelines.connections import of_the_house
from marketing_pipelines.defs.insights import automation
from marketing_pipelines.defs.insights.clicks import CLICKS, bitly
from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.insights import link_clicks
from marketing_pipelines.insights.link_clicks import GroupRead
from marketing_pipelines.insights.windows import Window
from store import events, records
from store.audit import Actor, ActorKind
from store.records import connections
from store.records.call_budgets import CallsMade
from store.records.connections import Connection, ConnectionStatus
from store.records.schema import TenantId
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.connectors.running_sandbox import Sandbox
from tests.days import DAY, today

SOMEBODY = Actor(ActorKind.USER, "1")
FIRST, SECOND = GROUPS
STORED = """
select * except (run_id, fetched_at)
from raw.link_clicks
where tenant_id = {tenant:Int64}
order by group_id, date_day, link_id
"""


@dataclass
class Shop:
    """A tenant with links at Bitly."""

    settings: Settings
    clickhouse: events.Client
    tenant: TenantId
    sandbox: Sandbox

    def connect(self, token: str = CREDENTIALS["access_token"]) -> int:
        options = dataclasses.asdict(endpoint(Channel.BITLY, self.sandbox.address))
        with records.session(self.settings, Role.PIPELINES) as session:
            given = {"access_token": token}
            return connections.connect(
                session, self.settings, SOMEBODY, self.tenant, Channel.BITLY, "Ours", given, options=options
            ).id

    def read(self, window: Window) -> list[GroupRead]:
        """Whatever was asked for just before: a test reads more within a moment than a house within a day."""
        with records.session(self.settings, Role.OWNER) as session:
            session.execute(delete(CallsMade))
        patience = Patience(attempts=2, sleep=self.sandbox.waits.append)
        read = link_clicks.read_clicks(self.settings, Channel.BITLY, window, run_id="test", patience=patience)
        return [each for each in read if each.tenant_id == self.tenant]

    def stored(self) -> list[dict[str, Any]]:
        return events.read_for_tenant(self.clickhouse, self.tenant, STORED).to_dicts()

    def connect_by_settings(self) -> None:
        """As where the house is installed with a token of Bitly for this tenant."""
        with records.session(self.settings, Role.PIPELINES) as session:
            slug = session.get_one(Tenant, self.tenant).slug
        there = {"base_url": SecretStr(endpoint(Channel.BITLY, self.sandbox.address).base_url)}
        given = {
            "default_tenant": slug,
            "bitly_token": SecretStr(CREDENTIALS["access_token"]),
            "channel_apps": {Channel.BITLY: there},
        }
        of_the_house.keep_up(self.settings.model_copy(update=given))


@pytest.fixture
def shop(settings: Settings, clickhouse: events.Client, tenant: TenantId, sandbox: Sandbox) -> Iterator[Shop]:
    """Connections that other tests have left answer to nobody, and are left alone meanwhile."""
    sandbox.now = datetime.now(UTC)
    with records.session(settings, Role.PIPELINES) as session:
        others = session.scalars(select(Connection).where(Connection.channel == Channel.BITLY)).all()
        before = {row.id: row.status for row in others}
        for row in others:
            row.status = ConnectionStatus.DISCONNECTED
    yield Shop(settings, clickhouse, tenant, sandbox)
    with records.session(settings, Role.PIPELINES) as session:
        for row in session.scalars(select(Connection).where(Connection.channel == Channel.BITLY)):
            row.status = before.get(row.id, ConnectionStatus.DISCONNECTED)


def week() -> Window:
    return Window(today() - 7 * DAY, today())


def clicks_by_day(rows: list[dict[str, Any]]) -> dict[date, int]:
    days: dict[date, int] = {}
    for row in rows:
        days[row["date_day"]] = days.get(row["date_day"], 0) + row["clicks"]
    return days


def test_every_day_on_which_a_link_was_followed_is_kept_with_the_link(shop: Shop) -> None:
    shop.connect()
    read = shop.read(week())
    assert [(each.name, each.error) for each in read] == [(name, None) for name in GROUPS.values()]
    rows = shop.stored()
    assert len(rows) == sum(each.rows for each in read) > 0
    assert sum(row["clicks"] for row in rows) == sum(each.clicks for each in read)
    for row in rows:
        assert row["clicks"] > 0
        assert row["channel"] == "bitly"
        assert row["group_name"] == GROUPS[row["group_id"]]
        assert row["link"] == f"https://{row['link_id']}"
        assert row["long_url"].startswith("https://shop.example/")
        assert week().since <= row["date_day"] <= week().until
        assert str(row["date_day"]) in row["raw"]


def test_days_that_are_read_again_are_replaced_and_the_last_one_grows(shop: Shop) -> None:
    shop.connect()
    window = week()
    shop.read(window)
    first = shop.stored()
    shop.read(window)
    assert {row["link_id"] for row in shop.stored()} == {row["link_id"] for row in first}
    shop.sandbox.now += DAY
    shop.read(window)
    before, after = clicks_by_day(first), clicks_by_day(shop.stored())
    assert after[today()] > before.get(today(), 0)
    assert {day: after[day] for day in before if day < today() - DAY} == {
        day: before[day] for day in before if day < today() - DAY
    }


def test_whichever_windows_are_read_the_same_days_are_kept(shop: Shop) -> None:
    """A link is followed for ninety days, whether a window begins before they are over or after."""
    shop.connect()
    until = today() - 3 * DAY
    whole = Window(until - 29 * DAY, until)
    shop.read(whole)
    at_once = shop.stored()
    for portion in whole.portions(7):
        shop.read(portion)
    assert shop.stored() == at_once
    shop.read(Window(until - 4 * DAY, until))
    assert shop.stored() == at_once
    ends = [row["created_at"].date() + link_clicks.FOLLOWED_FOR for row in at_once]
    assert min(ends) < until, "the ninety days of some were over within the window"
    assert all(row["date_day"] <= end for row, end in zip(at_once, ends, strict=True))


def test_a_group_that_fails_keeps_what_was_read_and_stops_no_other(shop: Shop) -> None:
    shop.connect()
    shop.read(week())
    before = shop.stored()
    shop.sandbox.order(Channel.BITLY, "server_error", times=20, at=f"GET */groups/{FIRST}/bitlinks")
    bad, good = shop.read(week())
    assert (bool(bad.error), bad.rows, good.error) == (True, 0, None)
    kept = [row for row in shop.stored() if row["group_id"] == FIRST]
    assert kept == [row for row in before if row["group_id"] == FIRST]
    assert any(row["group_id"] == SECOND for row in shop.stored())


def test_a_group_that_fails_midway_keeps_all_that_was_read_before(shop: Shop) -> None:
    shop.connect()
    shop.read(week())
    before = [row for row in shop.stored() if row["group_id"] == SECOND]
    shop.sandbox.now += DAY
    shop.sandbox.order(Channel.BITLY, "server_error", times=20, at="GET */lindgruen.link/lj01/clicks")
    _, bad = shop.read(week())
    assert bad.error
    assert [row for row in shop.stored() if row["group_id"] == SECOND] == before


def test_a_grant_that_was_taken_back_is_the_connections_trouble(shop: Shop) -> None:
    number = shop.connect(token="stale")
    [told] = shop.read(week())
    assert (told.name, bool(told.error)) == ("Ours", True)
    assert "stale" not in str(told.error)
    with records.session(shop.settings, Role.PIPELINES) as session:
        assert session.get_one(Connection, number).status is ConnectionStatus.NEEDS_RECONNECT


@pytest.mark.parametrize("why", ["switched off", "disconnected"])
def test_what_nobody_wants_read_is_not_read(shop: Shop, why: str) -> None:
    number = shop.connect()
    with records.session(shop.settings, Role.PIPELINES) as session:
        row = session.get_one(Connection, number)
        if why == "switched off":
            row.switched_off = [Capability.LINKS]
        else:
            row.status = ConnectionStatus.DISCONNECTED
    assert shop.read(week()) == []
    assert shop.sandbox.requests(Channel.BITLY) == 0


def test_a_group_that_two_connections_open_is_read_once(shop: Shop) -> None:
    shop.connect()
    once = [each.clicks for each in shop.read(week())]
    shop.connect()
    assert [each.clicks for each in shop.read(week())] == once


def test_what_the_settings_connect_is_read_like_any_other(shop: Shop) -> None:
    shop.connect_by_settings()
    assert [(each.error, bool(each.rows)) for each in shop.read(week())] == [(None, True)] * 2
    assert shop.stored()


@pytest.mark.usefixtures("house_of_runs")
def test_the_newest_day_brings_the_week_before_it(shop: Shop) -> None:
    shop.connect()
    newest = str(DAYS.get_last_partition_key())
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            [bitly], resources={"house": SettingsResource()}, instance=instance, partition_key=newest
        )
        days = {str(date.fromisoformat(newest) - back * DAY) for back in range(8)}
        assert instance.get_materialized_partitions(bitly.key) == days
    metadata = done.asset_materializations_for_node("clicks__bitly")[-1].metadata
    assert (metadata["groups_ok"].value, metadata["groups_failing"].value) == (2, 0)
    assert metadata["clicks"].value == sum(row["clicks"] for row in shop.stored())
    assert GROUPS[FIRST] in str(metadata["groups"].value)
    [check] = done.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("every_group_was_read", True)


@pytest.mark.usefixtures("house_of_runs")
def test_an_older_day_is_read_alone_and_a_failure_is_a_warning(shop: Shop) -> None:
    shop.connect(token="stale")
    day = today() - 5 * DAY
    done = dg.materialize([bitly], resources={"house": SettingsResource()}, partition_key=str(day))
    [made] = done.asset_materializations_for_node("clicks__bitly")
    assert (made.metadata["days"].value, made.metadata["groups_failing"].value) == (1, 1)
    [check] = done.get_asset_check_evaluations()
    assert not check.passed


def test_clicks_are_read_every_night() -> None:
    definitions = dg.Definitions(
        assets=CLICKS,
        jobs=[automation.clicks_job],
        schedules=[automation.clicks_daily],
        resources={"house": SettingsResource()},
    )
    schedule = definitions.resolve_schedule_def("clicks_daily")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    context = dg.build_schedule_context(repository_def=definitions.get_repository_def())
    [request] = schedule.evaluate_tick(context).run_requests or []
    assert request.partition_key == DAYS.get_last_partition_key()
