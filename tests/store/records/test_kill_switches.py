"""Pulled by one at once, released by two: who may be the second, and for how long the first one's word holds."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from store import records
from store.audit import Actor, ActorKind
from store.records import kill_switches
from store.records.kill_switches import ASK_HOLDS, Reach, ReleaseRefused, Scope, Turn
from store.records.schema import TenantId
from store.records.tenants import Tenant
from store.settings import Role, Settings

ANN, BEN = Actor(ActorKind.USER, "1"), Actor(ActorKind.USER, "2")
OPERATOR = Actor(ActorKind.OPERATOR, "root")


@pytest.fixture
def reach(house: Settings, tenant: TenantId) -> Reach:
    """A switch that is pulled."""
    pulled = Reach(Scope.TENANT, tenant)
    with records.session(house, Role.PIPELINES) as session:
        kill_switches.pull(session, ANN, pulled, "wrong price")
    return pulled


def release(house: Settings, actor: Actor, reach: Reach) -> bool:
    with records.session(house, Role.PIPELINES) as session:
        return kill_switches.release(session, actor, reach, "all is well")


def is_pulled(house: Settings, tenant: TenantId) -> bool:
    with records.session(house, Role.PIPELINES) as session:
        return kill_switches.engaged_for(session, tenant, "email", "smtp", None) is not None


def test_it_takes_two(house: Settings, tenant: TenantId, reach: Reach) -> None:
    assert not release(house, ANN, reach)
    assert is_pulled(house, tenant)
    with pytest.raises(ReleaseRefused, match="a second person"):
        release(house, ANN, reach)
    assert release(house, BEN, reach)
    assert not is_pulled(house, tenant)
    with records.session(house, Role.PIPELINES) as session:
        told = [(turn.turn, turn.turned_by, turn.reason) for turn in kill_switches.turns(session, tenant, 3)]
        assert told == [
            (Turn.RELEASED, "user:2", "all is well"),
            (Turn.RELEASE_ASKED, "user:1", "all is well"),
            (Turn.PULLED, "user:1", "wrong price"),
        ]
        assert records.audit_log.verify(session, tenant) is None


def test_pulled_again_what_was_asked_is_void(house: Settings, tenant: TenantId, reach: Reach) -> None:
    assert not release(house, ANN, reach)
    with records.session(house, Role.PIPELINES) as session:
        kill_switches.pull(session, BEN, reach, "no, wait")
    assert not release(house, BEN, reach)
    assert is_pulled(house, tenant)


def test_an_old_word_does_not_count(house: Settings, tenant: TenantId, reach: Reach) -> None:
    assert not release(house, ANN, reach)
    with records.session(house, Role.OWNER) as session:
        session.execute(
            text("update kill_switches set release_asked_at = now() - :held where tenant_id = :t"),
            {"t": tenant, "held": ASK_HOLDS + timedelta(seconds=1)},
        )
    assert not release(house, BEN, reach)
    assert is_pulled(house, tenant)


def test_a_tenant_of_one_person_may_let_them_release_alone(
    house: Settings, tenant: TenantId, reach: Reach
) -> None:
    with records.session(house, Role.OWNER) as session:
        session.get_one(Tenant, tenant).policy = {"allow_lone_release": True}
    assert release(house, ANN, reach)
    with records.session(house, Role.PIPELINES) as session:
        [released] = [
            entry
            for entry in records.audit_log.of_entity(session, tenant, "kill_switch", "tenant/*")
            if entry.action == Turn.RELEASED
        ]
    assert released.after["asked_by"] is None


def test_what_stops_the_whole_installation_takes_an_operator(house: Settings) -> None:
    everything = Reach(Scope.GLOBAL)
    with records.session(house, Role.PIPELINES) as session:
        kill_switches.pull(session, ANN, everything)
    assert not release(house, ANN, everything)
    with pytest.raises(ReleaseRefused, match="mp kill off"):
        release(house, BEN, everything)
    assert release(house, OPERATOR, everything)
    with pytest.raises(ReleaseRefused, match="not pulled"):
        release(house, OPERATOR, everything)


def test_a_switch_of_a_type_stops_that_type_alone(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.PIPELINES) as session:
        kill_switches.pull(session, ANN, Reach(Scope.TYPE, tenant, "social_post"))
        assert not kill_switches.engaged_for(session, tenant, "email", "smtp", None)
        assert kill_switches.engaged_for(session, tenant, "social_post", "linkedin", None)
