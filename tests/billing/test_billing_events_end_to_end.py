"""From Stripe's call to what stands: a real collector, its disk, Postgres, the sensor and the job."""

import uuid
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from sqlalchemy import select, text

from connectors.sandbox.stripe import EVENTS, SUBSCRIPTION
from marketing_pipelines.defs.billing.billing_events import (
    billing_events_told,
    interpret_billing_events_job,
)
from store import records
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import billing_events, connections, hooks
from store.records.billing_events import KeptEvent
from store.records.connections import Connection
from store.records.hooks import HookCall
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.collector.conftest import environment, running_collector
from tests.conftest import wait_until
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.outbound.office import house_resource

__all__ = ["sandbox"]

SOMEBODY = Actor(ActorKind.USER, "1")


def test_what_stripe_tells_in_any_order_and_twice_is_kept_once(
    settings: Settings, tenant: TenantId, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.now = now()
    secret = f"whsec_{uuid.uuid4().hex}"
    connection = connected(settings, tenant, secret)

    def told(*names: str, **how: str) -> list[dict[str, Any]]:
        asked = {"event": names, "secret": secret, "live": "1", **how}
        return sandbox.http.get(f"{sandbox.address}/_sandbox/stripe/events", params=asked).json()

    with running_collector(environment(settings, tmp_path)) as collector:
        wait_until("the secret", lambda: answered(collector.http, told(EVENTS[-1])[0]) == 200, 30)
        for _ in range(2):
            assert [answered(collector.http, call) for call in told(*reversed(EVENTS))] == [200] * len(EVENTS)
        assert answered(collector.http, told("invoice.paid", signed="rolled")[0]) == 200
        for signed in ("wrongly", "stale", "ahead", "by_an_old_scheme"):
            assert answered(collector.http, told("invoice.paid", live="0", signed=signed)[0]) == 401
        changed = told("invoice.paid", live="0")[0]
        changed["body"] = changed["body"].replace('"amount_paid":2900', '"amount_paid":9900')
        assert answered(collector.http, changed) == 401
        wait_until("the calls in Postgres", lambda: waiting(settings, tenant) == len(EVENTS), 30)

    resources = {"house": house_resource(settings)}
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, resources=resources)
        [asked] = billing_events_told.evaluate_tick(context).run_requests or []
        assert asked.run_key
        done = interpret_billing_events_job.execute_in_process(instance=instance, resources=resources)
        assert done.success
        [kept] = instance.fetch_materializations(dg.AssetKey("billing_events"), limit=1).records
        assert kept.asset_materialization is not None
        shown = {name: value.value for name, value in kept.asset_materialization.metadata.items()}
        assert (shown["calls"], shown["invoice_paid"], shown["other"]) == (len(EVENTS), 1, 2)
        assert billing_events_told.evaluate_tick(context).skip_message

    with records.session(settings, Role.CONSOLE, tenant=tenant) as session:
        assert sorted(session.scalars(select(KeptEvent.type))) == sorted(EVENTS)
        stands = billing_events.standing_of(session, connection, SUBSCRIPTION, is_live=True)
        assert stands is not None
        assert stands.status == "canceled"
        assert billing_events.standing_of(session, connection, SUBSCRIPTION, is_live=False) is None
        left = session.scalars(select(HookCall.body).where(HookCall.tenant_id == tenant)).all()
        assert set(left) == {b""}


@pytest.fixture(autouse=True)
def _nothing_waits(settings: Settings) -> None:
    with records.session(settings, Role.OWNER) as session:
        session.execute(text("delete from hook_calls where interpreted_at is null"))


def connected(settings: Settings, tenant: TenantId, secret: str) -> Connection:
    with records.session(settings, Role.CONSOLE, tenant=tenant) as session:
        given = {"signing_secret": secret}
        row = connections.connect(session, settings, SOMEBODY, tenant, "stripe", "Stripe", given)
        hooks.follow(
            session, SOMEBODY, row, provider="stripe", given=[secret],
            sealing_key=settings.derived(hooks.SEALED_FOR),
        )  # fmt: skip
        session.expunge(row)
        return row


def answered(http: httpx.Client, call: dict[str, Any]) -> int:
    return http.post("/hooks/stripe", content=call["body"].encode(), headers=call["headers"]).status_code


def waiting(settings: Settings, tenant: TenantId) -> int:
    with records.session(settings, Role.PIPELINES) as session:
        query = text("select count(*) from hook_calls where tenant_id = :t and interpreted_at is null")
        return session.scalar(query, {"t": tenant}) or 0
