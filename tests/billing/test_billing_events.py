"""What Stripe tells: kept once with its connection, and nothing else of the call once it was read."""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select, text

from connectors.sandbox.stripe import EVENTS, SUBSCRIPTION, Era, StripeEvents
from marketing_pipelines.billing import billing_events as told
from marketing_pipelines.hooks.interpreting import NotInterpreted
from store import records
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import billing_events, connections, hooks
from store.records.billing_events import KeptEvent
from store.records.connections import Connection
from store.records.hooks import HookCall
from store.records.schema import TenantId
from store.settings import Role, Settings

SOMEBODY = Actor(ActorKind.USER, "1")
KINDS = {
    "checkout_completed": 1,
    "subscription_created": 1,
    "subscription_updated": 1,
    "subscription_deleted": 1,
    "trial_will_end": 1,
    "invoice_finalized": 1,
    "invoice_paid": 1,
    "invoice_unpaid": 1,
    "charge_refunded": 1,
    "charge_disputed": 1,
    "other": 2,
}


class Endpoint:
    """A tenant's connection, and calls that its secret has proven."""

    def __init__(self, house: Settings, tenant: TenantId) -> None:
        self.house, self.tenant = house, tenant
        self.stripe = StripeEvents(now)
        given = {"signing_secret": f"whsec_{uuid.uuid4().hex}"}
        with records.session(house, Role.CONSOLE, tenant=tenant) as session:
            row = connections.connect(session, house, SOMEBODY, tenant, "stripe", "Stripe", given)
            hooks.follow(
                session, SOMEBODY, row, provider="stripe", given=given.values(),
                sealing_key=house.derived(hooks.SEALED_FOR),
            )  # fmt: skip
            [secret] = hooks.living_secrets(session, tenant)
            self.secret_id: int | None = secret.id
            session.expunge(row)
        self.connection: Connection = row

    def arrives(self, *names: str, era: Era = Era.NEW, is_live: bool = True) -> None:
        for name in names:
            body = self.stripe.call(name, era, is_live=is_live).body
            self.arrives_as(body, f"{name} {is_live}")

    def arrives_as(self, body: bytes, event_id: str | None = None) -> None:
        """As the collector keeps it, with the collector's own log-in."""
        call = {
            "tenant_id": self.tenant,
            "provider": "stripe",
            "event_id": event_id,
            "received_at": now(),
            "headers": {},
            "body": body,
            "place": uuid.uuid4().hex,
            "secret_id": self.secret_id,
        }
        with records.session(self.house, Role.EDGE) as session:
            hooks.keep_calls(session, [call])

    def read(self) -> dict[str, int]:
        return {name: count for name, count in told.interpret(self.house).items() if count}

    def calls(self) -> list[tuple[bool, bytes, str | None]]:
        """Of each call whether somebody has read it, what is left of it, and what was wrong with it."""
        with records.session(self.house, Role.OWNER) as session:
            mine = select(HookCall).where(HookCall.tenant_id == self.tenant).order_by(HookCall.id)
            return [(row.interpreted_at is not None, row.body, row.trouble) for row in session.scalars(mine)]

    def kept(self) -> list[KeptEvent]:
        with records.session(self.house, Role.CONSOLE, tenant=self.tenant) as session:
            return list(session.scalars(select(KeptEvent).order_by(KeptEvent.id)))

    def standing(self, object_id: str, *, is_live: bool = True) -> str | None:
        with records.session(self.house, Role.CONSOLE, tenant=self.tenant) as session:
            found = billing_events.standing_of(session, self.connection, object_id, is_live=is_live)
            return found.status if found else None


@pytest.fixture
def endpoint(house: Settings, tenant: TenantId) -> Endpoint:
    """What other tests have left unread is no concern of these."""
    with records.session(house, Role.OWNER) as session:
        session.execute(text("delete from hook_calls where interpreted_at is null"))
    return Endpoint(house, tenant)


@pytest.mark.parametrize("era", list(Era))
def test_a_story_is_kept_in_either_era_and_tells_nothing_of_its_customer(
    endpoint: Endpoint, era: Era
) -> None:
    endpoint.arrives(*EVENTS, era=era)
    assert endpoint.read() == {"calls": len(EVENTS), **KINDS}
    assert {row.type for row in endpoint.kept()} == set(EVENTS)
    assert endpoint.standing(SUBSCRIPTION) == "canceled"
    assert all(call == (True, b"", None) for call in endpoint.calls()), "and the rest is forgotten"
    with records.session(endpoint.house, Role.OWNER) as session:
        query = text("select string_agg(billing_events::text, ' ') from billing_events where tenant_id = :t")
        everything = session.scalar(query, {"t": endpoint.tenant}) or ""
    assert "cus_sandbox1" in everything
    assert not any(word in everything for word in ("buyer", "Buyer", "Ring", "visa"))


def test_the_other_way_round_it_stands_the_same(endpoint: Endpoint) -> None:
    endpoint.arrives(*reversed(EVENTS))
    endpoint.read()
    assert endpoint.standing(SUBSCRIPTION) == "canceled"
    [first, *_] = endpoint.kept()
    assert first.type == EVENTS[-1]


def test_an_event_is_kept_with_the_hash_of_its_call(endpoint: Endpoint) -> None:
    body = endpoint.stripe.call("invoice.paid", is_live=True).body
    endpoint.arrives_as(body)
    assert endpoint.read() == {"calls": 1, "invoice_paid": 1}
    [row] = endpoint.kept()
    assert row.raw_hash == hashlib.sha256(body).digest()
    assert (row.coins, str(row.amount), row.currency, row.subscription_id) == (
        2900,
        "29.000",
        "EUR",
        SUBSCRIPTION,
    )


def test_a_replay_changes_nothing(endpoint: Endpoint) -> None:
    """Whether the collector knows the call again, or only its event does."""
    for _ in range(2):
        endpoint.arrives("invoice.paid")
    assert endpoint.read() == {"calls": 1, "invoice_paid": 1}
    endpoint.arrives_as(endpoint.stripe.call("invoice.paid", is_live=True).body)
    assert endpoint.read() == {"calls": 1, "told_before": 1}
    assert len(endpoint.kept()) == 1


def test_test_mode_is_kept_apart(endpoint: Endpoint) -> None:
    endpoint.arrives("customer.subscription.created", is_live=True)
    endpoint.arrives("customer.subscription.deleted", is_live=False)
    endpoint.read()
    assert endpoint.standing(SUBSCRIPTION) == "trialing"
    assert endpoint.standing(SUBSCRIPTION, is_live=False) == "canceled"


def test_what_cannot_be_read_stays_for_people_to_look_at(endpoint: Endpoint) -> None:
    endpoint.arrives_as(b'{"id":"evt_1","type":"invoice.paid"}')
    endpoint.arrives("invoice.paid")
    assert endpoint.read() == {"unreadable_calls": 1, "calls": 1, "invoice_paid": 1}
    unread, fine = endpoint.calls()
    assert unread[0]
    assert unread[1].startswith(b'{"id"')
    assert "is no event of Stripe's" in (unread[2] or "")
    assert fine == (True, b"", None)


def test_what_a_secret_of_no_connection_proves_waits_for_one(endpoint: Endpoint) -> None:
    by_hand = f"whsec_{uuid.uuid4().hex}"
    with records.session(endpoint.house, Role.CONSOLE, tenant=endpoint.tenant) as session:
        kept = hooks.keep_secret(
            session, SOMEBODY, endpoint.tenant, provider="stripe", secret=by_hand, label="",
            sealing_key=endpoint.house.derived(hooks.SEALED_FOR),
        )  # fmt: skip
        endpoint.secret_id = kept.id
    endpoint.arrives("invoice.paid")
    assert told.waiting(endpoint.house) is None
    assert endpoint.read() == {}
    with records.session(endpoint.house, Role.CONSOLE, tenant=endpoint.tenant) as session:
        hooks.follow(
            session, SOMEBODY, endpoint.connection, provider="stripe", given=[by_hand],
            sealing_key=endpoint.house.derived(hooks.SEALED_FOR),
        )  # fmt: skip
    assert told.waiting(endpoint.house) is not None
    assert endpoint.read() == {"calls": 1, "invoice_paid": 1}


def test_what_came_before_it_was_disconnected_is_kept(endpoint: Endpoint) -> None:
    endpoint.arrives("invoice.paid")
    with records.session(endpoint.house, Role.CONSOLE, tenant=endpoint.tenant) as session:
        row = session.get_one(Connection, endpoint.connection.id)
        connections.disconnect(session, SOMEBODY, row)
        hooks.follow(session, SOMEBODY, row, provider="stripe", given=(), sealing_key=b"")
    assert endpoint.read() == {"calls": 1, "invoice_paid": 1}


@contextmanager
def refusing(house: Settings, told_as: str) -> Iterator[None]:
    """While the database cannot keep events of this type."""
    statements = (
        "create function no_such_bill() returns trigger language plpgsql as "
        f"$$ begin if new.type = '{told_as}' then raise 'cannot be kept'; end if; return new; end $$",
        "create trigger no_such_bill before insert on billing_events for each row execute function no_such_bill()",
    )
    with records.session(house, Role.OWNER) as session:
        for statement in statements:
            session.execute(text(statement))
    try:
        yield
    finally:
        with records.session(house, Role.OWNER) as session:
            session.execute(text("drop function no_such_bill() cascade"))


def test_a_call_that_breaks_waits_whole_and_holds_up_no_other(endpoint: Endpoint) -> None:
    endpoint.arrives("invoice.finalized", "invoice.paid")
    with (
        refusing(endpoint.house, "invoice.finalized"),
        pytest.raises(NotInterpreted, match="and wait"),
    ):
        endpoint.read()
    (was_read, body, _), fine = endpoint.calls()
    assert (was_read, fine) == (False, (True, b"", None))
    assert body
    assert endpoint.read() == {"calls": 1, "invoice_finalized": 1}
