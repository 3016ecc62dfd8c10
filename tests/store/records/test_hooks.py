"""Secrets of hooks: those that came with a connection hold as long as it does, and are nobody else's meanwhile."""

import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from store import records
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import audit_log, connections, hooks
from store.records.connections import Connection
from store.records.hooks import AlreadyKept, HookCall, HookSecret
from store.records.schema import TenantId
from store.records.tenants import Tenant
from store.settings import Role, Settings

SOMEBODY = Actor(ActorKind.USER, "1")


def secret() -> str:
    return f"whsec_{uuid.uuid4().hex}"


def connected(house: Settings, tenant: TenantId) -> Connection:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        row = connections.connect(session, house, SOMEBODY, tenant, "stripe", "Stripe", {"secret": "x"})
        session.expunge(row)
        return row


def follow(house: Settings, connection: Connection, *given: str) -> None:
    with records.session(house, Role.CONSOLE, tenant=connection.tenant_id) as session:
        hooks.follow(
            session, SOMEBODY, connection, provider="stripe", given=given,
            sealing_key=house.derived(hooks.SEALED_FOR),
        )  # fmt: skip


def keep(house: Settings, tenant: TenantId, given: str) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        hooks.keep_secret(
            session, SOMEBODY, tenant, provider="stripe", secret=given, label="",
            sealing_key=house.derived(hooks.SEALED_FOR),
        )  # fmt: skip


def living(house: Settings, tenant: TenantId) -> dict[int, int | None]:
    """The secrets that hold, each with its connection."""
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        return {row.id: row.connection_id for row in hooks.living_secrets(session, tenant)}


def turns(house: Settings, tenant: TenantId) -> list[str]:
    with records.session(house, Role.OWNER) as session:
        assert audit_log.verify(session, tenant) is None
        mine = select(audit_log.AuditEntry.action).where(
            audit_log.AuditEntry.tenant_id == tenant, audit_log.AuditEntry.entity == "hook_secret"
        )
        return list(session.scalars(mine.order_by(audit_log.AuditEntry.seq)))


def test_they_come_change_and_go_with_their_connection(house: Settings, tenant: TenantId) -> None:
    connection, first, second = connected(house, tenant), secret(), secret()
    follow(house, connection, first)
    [one] = living(house, tenant)
    follow(house, connection, first, second)
    follow(house, connection, first, second)
    assert len(living(house, tenant)) == 2, "while it is rolled"
    follow(house, connection, second)
    assert one not in living(house, tenant)
    follow(house, connection)
    assert living(house, tenant) == {}
    follow(house, connection, first)
    assert living(house, tenant) == {one: connection.id}, "it holds again"
    assert turns(house, tenant) == ["keep", "keep", "revoke", "revoke", "keep"]


def test_one_that_was_kept_by_hand_is_taken_up_and_others_are_left_alone(
    house: Settings, tenant: TenantId
) -> None:
    by_hand, another = secret(), secret()
    keep(house, tenant, by_hand)
    keep(house, tenant, another)
    connection = connected(house, tenant)
    follow(house, connection, by_hand)
    assert sorted(living(house, tenant).values(), key=str) == [connection.id, None]
    follow(house, connection)
    assert list(living(house, tenant).values()) == [None]


def test_it_is_of_one_connection_at_a_time(house: Settings, tenant: TenantId) -> None:
    one, another, given = connected(house, tenant), connected(house, tenant), secret()
    follow(house, one, given)
    with pytest.raises(AlreadyKept, match="Another connection"):
        follow(house, another, given)
    assert list(living(house, tenant).values()) == [one.id]
    follow(house, one)
    follow(house, another, given)
    assert list(living(house, tenant).values()) == [another.id]


def test_it_is_of_one_tenant_alone(house: Settings, tenant: TenantId) -> None:
    given = secret()
    with records.session(house, Role.OWNER) as session:
        row = Tenant(slug=f"o-{uuid.uuid4().hex[:12]}", name="other")
        session.add(row)
        session.flush()
        other = row.id
    follow(house, connected(house, other), given)
    with pytest.raises(AlreadyKept):
        follow(house, connected(house, tenant), given)
    assert living(house, tenant) == {}


def test_a_call_leads_to_the_connection_whose_secret_has_proven_it(house: Settings, tenant: TenantId) -> None:
    one, another, by_hand = connected(house, tenant), connected(house, tenant), secret()
    follow(house, one, secret())
    follow(house, another, secret())
    keep(house, tenant, by_hand)
    numbers = {connection: number for number, connection in living(house, tenant).items()}
    with records.session(house, Role.PIPELINES) as session:

        def leads_to(number: int | None, of: TenantId = tenant) -> int:
            call = HookCall(
                tenant_id=of, provider="stripe", received_at=now(), body=b"", place="x", secret_id=number
            )
            return hooks.connection_of(session, call).id

        assert leads_to(numbers[one.id]) == one.id
        assert leads_to(numbers[another.id]) == another.id
        for nobodys in (numbers[None], None):
            with pytest.raises(NoResultFound):
                leads_to(nobodys)
        others = session.scalar(select(Tenant.id).where(Tenant.id != tenant).limit(1))
        assert others is not None
        with pytest.raises(NoResultFound):
            leads_to(numbers[one.id], TenantId(others))
        assert session.get_one(HookSecret, numbers[one.id]).label == "Stripe"
