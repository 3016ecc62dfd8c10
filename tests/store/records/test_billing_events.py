"""Billing events: kept once, in whatever order they come, and nobody's but their tenant's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from store import records
from store.audit import Actor, ActorKind
from store.records import billing_events, connections
from store.records.billing_events import NewEvent
from store.records.connections import Connection
from store.records.schema import TenantId
from store.settings import Role, Settings

SOMEBODY = Actor(ActorKind.USER, "1")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CREATED = NewEvent(
    event_id="evt_created",
    type="customer.subscription.created",
    occurred_at=NOON,
    received_at=NOON,
    is_live=True,
    raw_hash=bytes(32),
    object_kind="subscription",
    object_id="sub_1",
    stage=0,
    status="incomplete",
)
# Within the same second.
ACTIVE = replace(
    CREATED, event_id="evt_active", type="customer.subscription.updated", stage=1, status="active"
)
PAST_DUE = replace(
    ACTIVE, event_id="evt_a_past_due", status="past_due", occurred_at=NOON + timedelta(seconds=1)
)


def connected(house: Settings, tenant: TenantId) -> Connection:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        row = connections.connect(session, house, SOMEBODY, tenant, "stripe", "Stripe", {"secret": "x"})
        session.expunge(row)
        return row


def kept(house: Settings, connection: Connection, *told: NewEvent) -> list[bool]:
    with records.session(house, Role.PIPELINES) as session:
        return [billing_events.keep(session, connection, each) for each in told]


def standing(house: Settings, connection: Connection, *, is_live: bool = True) -> str | None:
    with records.session(house, Role.CONSOLE, tenant=connection.tenant_id) as session:
        found = billing_events.standing_of(session, connection, "sub_1", is_live=is_live)
        return found.status if found else None


def test_everything_told_is_kept_as_it_was_told(house: Settings, tenant: TenantId) -> None:
    connection = connected(house, tenant)
    told = NewEvent(
        event_id="evt_1",
        type="invoice.paid",
        occurred_at=NOON,
        received_at=NOON + timedelta(seconds=3),
        is_live=True,
        raw_hash=b"h" * 32,
        api_version="2026-06-24.dahlia",
        account="acct_1",
        object_kind="invoice",
        object_id="in_1",
        stage=2,
        status="paid",
        customer_id="cus_1",
        subscription_id="sub_1",
        coins=5120,
        amount=Decimal("5.120"),
        currency="KWD",
        period_ends_at=NOON + timedelta(days=30),
        changed=("amount_paid", "status"),
    )
    assert kept(house, connection, told) == [True]
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        row = billing_events.latest(session, connection, is_live=True)
        assert row is not None
        found = {name: getattr(row, name) for name in NewEvent.__slots__}
    assert found == {name: getattr(told, name) for name in NewEvent.__slots__} | {
        "changed": ["amount_paid", "status"]
    }


def test_what_is_told_again_changes_nothing(house: Settings, tenant: TenantId) -> None:
    connection = connected(house, tenant)
    otherwise = replace(CREATED, status="active", occurred_at=NOON + timedelta(days=1))
    assert kept(house, connection, CREATED, CREATED) == [True, False]
    assert kept(house, connection, otherwise) == [False]
    assert standing(house, connection) == "incomplete"


@pytest.mark.parametrize("order", list(permutations((CREATED, ACTIVE, PAST_DUE))))
def test_in_whatever_order_they_come_the_newest_tells_how_it_stands(
    house: Settings, tenant: TenantId, order: tuple[NewEvent, ...]
) -> None:
    connection = connected(house, tenant)
    kept(house, connection, *order)
    assert standing(house, connection) == "past_due"


@pytest.mark.parametrize("order", list(permutations((CREATED, ACTIVE))))
def test_of_one_second_the_later_stage_tells(
    house: Settings, tenant: TenantId, order: tuple[NewEvent, ...]
) -> None:
    connection = connected(house, tenant)
    kept(house, connection, *order)
    assert standing(house, connection) == "active"


@pytest.mark.parametrize(
    "order", list(permutations((ACTIVE, replace(ACTIVE, event_id="evt_b", status="paused"))))
)
def test_where_nothing_tells_which_is_later_it_is_always_the_same(
    house: Settings, tenant: TenantId, order: tuple[NewEvent, ...]
) -> None:
    connection = connected(house, tenant)
    kept(house, connection, *order)
    assert standing(house, connection) == "paused"


def test_test_mode_is_kept_apart(house: Settings, tenant: TenantId) -> None:
    connection = connected(house, tenant)
    test = replace(PAST_DUE, event_id="evt_test", is_live=False, status="canceled")
    kept(house, connection, ACTIVE, test)
    assert standing(house, connection) == "active"
    assert standing(house, connection, is_live=False) == "canceled"
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        latest = [billing_events.latest(session, connection, is_live=live) for live in (True, False)]
        assert [row.event_id for row in latest if row] == ["evt_active", "evt_test"]


def test_a_thin_event_tells_nothing_of_how_it_stands(house: Settings, tenant: TenantId) -> None:
    connection = connected(house, tenant)
    thin = replace(PAST_DUE, event_id="evt_thin", is_thin=True, status="")
    kept(house, connection, ACTIVE, thin)
    assert standing(house, connection) == "active"


def test_each_connection_has_its_own(house: Settings, tenant: TenantId) -> None:
    one, another = connected(house, tenant), connected(house, tenant)
    assert kept(house, one, ACTIVE) == kept(house, another, replace(ACTIVE, status="paused")) == [True]
    assert (standing(house, one), standing(house, another)) == ("active", "paused")


def test_what_came_last_is_not_what_happened_last(house: Settings, tenant: TenantId) -> None:
    connection = connected(house, tenant)
    late = replace(CREATED, received_at=NOON + timedelta(hours=1))
    kept(house, connection, late, PAST_DUE)
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        row = billing_events.latest(session, connection, is_live=True)
        assert row is not None
        assert row.event_id == "evt_created"
    assert standing(house, connection) == "past_due"


@pytest.mark.parametrize("role", [Role.CONSOLE, Role.PIPELINES])
@pytest.mark.parametrize(
    "statement", ["update billing_events set status = 'x'", "delete from billing_events"]
)
def test_nobody_changes_what_was_told(house: Settings, tenant: TenantId, role: Role, statement: str) -> None:
    kept(house, connected(house, tenant), ACTIVE)
    with (
        records.session(house, role, tenant=tenant if role is Role.CONSOLE else None) as session,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        session.execute(text(statement))


def test_the_console_tells_nothing(house: Settings, tenant: TenantId) -> None:
    connection = connected(house, tenant)
    with (
        records.session(house, Role.CONSOLE, tenant=tenant) as session,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        billing_events.keep(session, connection, ACTIVE)
