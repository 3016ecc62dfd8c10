"""Hold-outs: written down once, begun and ended by the days, and never changed."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from store import records
from store.audit import Actor, ActorKind
from store.records import audit_log, goals, hold_outs
from store.records.hold_outs import MOST_OPEN, HoldOut, HoldOutState, Terms, WrongTerm
from store.records.schema import CampaignId, GoalId, HoldOutId, NotUsable, TenantId
from store.settings import Role, Settings
from tests.days import today

ANN = Actor(ActorKind.USER, "1")
DAY = timedelta(days=1)


def terms(house: Settings, tenant: TenantId, **changes: Any) -> Terms:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        goal = GoalId(goals.headline(session, tenant).id)
    usual = Terms(
        "Spring mails", "Do they buy without?", goal, Decimal("0.1"), today() + DAY, today() + 28 * DAY
    )
    return replace(usual, **changes)


def planned(house: Settings, tenant: TenantId, **changes: Any) -> HoldOut:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        return hold_outs.plan(session, tenant, ANN, terms(house, tenant, **changes))


def begun(house: Settings, tenant: TenantId, first: date, last: date, **changes: Any) -> HoldOut:
    """One that was planned when these days were still to come."""
    made = planned(house, tenant, **changes)
    with records.session(house, Role.OWNER) as session:
        days = {"id": made.id, "first": first, "last": last}
        session.execute(
            text("update hold_outs set first_day = :first, last_day = :last where id = :id"), days
        )
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        found = hold_outs.named(session, tenant, HoldOutId(made.id))
        assert found is not None
        return found


def ended(house: Settings, tenant: TenantId, number: int) -> HoldOut:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        found = hold_outs.locked(session, tenant, HoldOutId(number))
        assert found is not None
        hold_outs.end(session, found, ANN)
        return found


def test_it_is_planned_and_ended_and_both_are_told(house: Settings, tenant: TenantId) -> None:
    made = planned(house, tenant)
    assert (made.state, made.last_counted, len(made.lot_key)) == (
        HoldOutState.PLANNED,
        today() + 28 * DAY,
        16,
    )
    over = ended(house, tenant, made.id)
    assert (over.state, over.last_counted) == (HoldOutState.ENDED, None)
    with pytest.raises(NotUsable, match="ended already"):
        ended(house, tenant, made.id)
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        entries = audit_log.of_entity(session, tenant, "hold_out", made.id)
        assert [entry.action for entry in entries] == ["plan", "end"]
        assert entries[0].after["share"] == "0.1000"
        assert "lot_key" not in str(entries[0].after)
        assert audit_log.verify(session, tenant) is None


def test_days_move_it_on(house: Settings, tenant: TenantId) -> None:
    states = {
        begun(house, tenant, first, last).state: (first, last)
        for first, last in (
            (today(), today()),
            (today() - 2 * DAY, today() - DAY),
            (today() + DAY, today() + DAY),
        )
    }
    assert states == {
        HoldOutState.RUNNING: (today(), today()),
        HoldOutState.ENDED: (today() - 2 * DAY, today() - DAY),
        HoldOutState.PLANNED: (today() + DAY, today() + DAY),
    }


def test_one_that_is_ended_early_counts_its_whole_days(house: Settings, tenant: TenantId) -> None:
    running = begun(house, tenant, today() - 5 * DAY, today() + 5 * DAY)
    assert ended(house, tenant, running.id).last_counted == today() - DAY
    of_today = begun(house, tenant, today(), today() + 5 * DAY)
    assert ended(house, tenant, of_today.id).last_counted is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first_day": timedelta()}, "first_day"),
        ({"first_day": 400 * DAY, "last_day": 401 * DAY}, "first_day"),
        ({"last_day": timedelta()}, "last_day"),
        ({"last_day": 181 * DAY}, "last_day"),
        ({"goal_id": GoalId(999_999_999)}, "goal_id"),
        ({"campaign_id": CampaignId(999_999_999)}, "campaign_id"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    house: Settings, tenant: TenantId, changes: dict[str, Any], field: str
) -> None:
    changes = {k: today() + ahead if isinstance(ahead, timedelta) else ahead for k, ahead in changes.items()}
    with pytest.raises(WrongTerm) as refused:
        planned(house, tenant, **changes)
    assert refused.value.field == field


def test_there_are_so_many_at_once(house: Settings, tenant: TenantId) -> None:
    made = [planned(house, tenant) for _ in range(MOST_OPEN)]
    with pytest.raises(NotUsable, match="end one first"):
        planned(house, tenant)
    ended(house, tenant, made[0].id)
    planned(house, tenant)


@pytest.mark.parametrize(
    "change",
    ["share = 0.5", "lot_key = decode(repeat('00', 16), 'hex')", "last_day = last_day + 1", "name = ''"],
)
def test_the_database_lets_nobody_change_the_terms(house: Settings, tenant: TenantId, change: str) -> None:
    made = planned(house, tenant)
    for role in (Role.CONSOLE, Role.PIPELINES):
        of = {"tenant": tenant} if role is Role.CONSOLE else {}
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            records.session(house, role, **of) as session,
        ):
            session.execute(text(f"update hold_outs set {change} where id = {made.id}"))


@pytest.mark.parametrize(
    "wrong",
    ["share = 0.6", "share = 0", "last_day = first_day - 1", "last_day = first_day + 180", "lot_key = ''"],
)
def test_the_database_keeps_what_must_hold(house: Settings, tenant: TenantId, wrong: str) -> None:
    made = planned(house, tenant)
    with pytest.raises(IntegrityError), records.session(house, Role.OWNER) as session:
        session.execute(text(f"update hold_outs set {wrong} where id = {made.id}"))


def test_another_tenants_is_not_there(house: Settings, tenant: TenantId) -> None:
    made = planned(house, tenant)
    other = TenantId(tenant + 1)
    with records.session(house, Role.CONSOLE, tenant=other) as session:
        assert hold_outs.named(session, other, HoldOutId(made.id)) is None
        assert hold_outs.named(session, tenant, HoldOutId(made.id)) is None
        assert hold_outs.listed(session, tenant, cursor=None, limit=5) == ([], None)


def test_lists_are_newest_first_and_go_on(house: Settings, tenant: TenantId) -> None:
    made = [planned(house, tenant).id for _ in range(3)]
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        page, following = hold_outs.listed(session, tenant, cursor=None, limit=2)
        assert ([it.id for it in page], following) == (made[:0:-1], made[1])
        rest, end = hold_outs.listed(session, tenant, cursor=following, limit=2)
        assert ([it.id for it in rest], end) == (made[:1], None)
        newest = hold_outs.newest(session, tenant)
        assert newest
        assert newest.id == made[2]
