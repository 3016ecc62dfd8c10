"""Goals: every tenant has one at the head, whatever people do with the others."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from store import records
from store.audit import Actor, ActorKind
from store.records import audit_log, goals, tenants
from store.records.database import Session
from store.records.goals import (
    MOST_LIVE,
    ConversionGoal,
    Counting,
    NameTaken,
    RefundIsTheGoal,
    StillHeadline,
    Terms,
)
from store.records.schema import GoalId, NotUsable, TenantId
from store.settings import Role, Settings

ANN = Actor(ActorKind.USER, "1")
LEAD = Terms(
    "Leads", "lead", refund_event="", fixed_value=Decimal("12.5"), counting=Counting.ONCE, once_days=7
)


def steps(session: Session, tenant: TenantId, goal: ConversionGoal) -> list[str]:
    return [entry.action for entry in audit_log.of_entity(session, tenant, "goal", goal.id)]


def test_a_tenant_begins_with_purchases_however_it_is_made(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.PIPELINES) as session:
        added = tenants.add(session, ANN, f"g-{tenant}-added", "Added").id
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        opened = tenants.open_another(session, ANN, f"g-{tenant}-opened", {"name": "Opened"}).id
    for made in (tenant, added, opened):
        with records.session(house, Role.CONSOLE, tenant=made) as session:
            [goal] = goals.live(session, made)
            assert goal.terms == Terms("Purchases", "purchase")
            assert goal.is_headline


def test_a_goal_is_defined_changed_and_archived_and_each_is_told(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        goal = goals.define(session, tenant, ANN, LEAD)
        assert goal.terms == LEAD
        defined_at = goal.changed_at
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        goal = goals.locked(session, tenant, GoalId(goal.id))
        assert goal is not None
        goals.change(session, goal, ANN, LEAD)
        assert goal.changed_at == defined_at, "nothing was changed"
        goals.change(session, goal, ANN, replace(LEAD, fixed_value=None, currency="USD"))
        assert goal.changed_at > defined_at
        goals.archive(session, goal, ANN)
        assert goals.live(session, tenant) == [goals.headline(session, tenant)]
        with pytest.raises(NotUsable, match="archived"):
            goals.change(session, goal, ANN, LEAD)
        with pytest.raises(NotUsable, match="archived"):
            goals.make_headline(session, goal, ANN)
        assert steps(session, tenant, goal) == ["define", "change", "archive"]
        changed = audit_log.of_entity(session, tenant, "goal", goal.id)[1]
        assert (changed.before["fixed_value"], changed.after["fixed_value"]) == ("12.5000", None)
        assert "Leads" not in str(changed.after), "the audit holds no names"
        goals.define(session, tenant, ANN, LEAD)


def test_a_name_belongs_to_one_live_goal_and_no_event_takes_itself_back(
    house: Settings, tenant: TenantId
) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        goal = goals.define(session, tenant, ANN, LEAD)
        with pytest.raises(NameTaken, match="Purchases"):
            goals.define(session, tenant, ANN, Terms("Purchases", "order"))
        with pytest.raises(NameTaken, match="Purchases"):
            goals.change(session, goal, ANN, replace(LEAD, name="Purchases"))
        with pytest.raises(RefundIsTheGoal):
            goals.define(session, tenant, ANN, Terms("Refunds", "refund"))
        goals.define(session, tenant, ANN, Terms("First purchases", "purchase", counting=Counting.ONCE))


def test_there_are_only_so_many(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        defined = [
            goals.define(session, tenant, ANN, Terms(f"Step {number}", f"step_{number}"))
            for number in range(MOST_LIVE - 1)
        ]
        with pytest.raises(NotUsable, match="archive one first"):
            goals.define(session, tenant, ANN, LEAD)
        goals.archive(session, defined[0], ANN)
        goals.define(session, tenant, ANN, LEAD)


def test_the_head_is_exchanged_and_never_taken_away(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        purchases, leads = goals.headline(session, tenant), goals.define(session, tenant, ANN, LEAD)
        with pytest.raises(StillHeadline, match="another goal at the head first"):
            goals.archive(session, purchases, ANN)
        goals.make_headline(session, leads, ANN)
        goals.make_headline(session, leads, ANN)
        assert goals.live(session, tenant) == [leads, purchases]
        goals.archive(session, purchases, ANN)
        assert steps(session, tenant, leads) == ["define", "make_headline"]


@given(moves=st.lists(st.tuples(st.sampled_from(["define", "archive", "make_headline"]), st.integers(0, 4))))
def test_whatever_is_done_one_live_goal_is_at_the_head(house: Settings, moves: list[tuple[str, int]]) -> None:
    with records.session(house, Role.OWNER) as session, session.begin_nested() as nothing_stays:
        tenant = tenants.add(session, ANN, "goals-of-a-moment", "x").id
        for number, (move, which) in enumerate(moves):
            chosen = goals.live(session, tenant)[which % len(goals.live(session, tenant))]
            try:
                match move:
                    case "define":
                        goals.define(session, tenant, ANN, Terms(f"Goal {number}", f"event_{number}"))
                    case "archive":
                        goals.archive(session, chosen, ANN)
                    case _:
                        goals.make_headline(session, chosen, ANN)
            except NotUsable:
                pass
            heads = select(func.count()).where(ConversionGoal.tenant_id == tenant, ConversionGoal.is_headline)
            assert session.scalar(heads) == 1
        nothing_stays.rollback()


@pytest.mark.parametrize(
    "wrong",
    [
        "event = ''",
        "refund_event = event",
        "fixed_value = -1",
        "currency = 'eur'",
        "counting = 'twice'",
        "once_days = 401",
        "lookback_days = 0",
        "archived_at = now()",
    ],
)
def test_the_database_refuses_what_no_form_would_let_through(
    house: Settings, tenant: TenantId, wrong: str
) -> None:
    with records.session(house, Role.OWNER) as session, pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text(f"update conversion_goals set {wrong} where tenant_id = {tenant}"))
