"""Measurement: one row a tenant, from its first moment on, and every change of it told."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from store import records
from store.audit import Actor, ActorKind
from store.records import audit_log, measurement
from store.records.measurement import Choices, WeightsTooHeavy
from store.records.schema import TenantId
from store.settings import Role, Settings

ANN = Actor(ActorKind.USER, "1")
CHOSEN = Choices(
    session_gap_minutes=45,
    session_ends_at_midnight=True,
    session_ends_with_campaign=True,
    headline_model="markov",
    first_weight=Decimal("0.3"),
    last_weight=Decimal("0.7"),
    half_life_hours=24,
    markov_order=0,
    collapse_repeats=False,
    direct_overrides=True,
)


def test_a_tenant_begins_with_the_houses_own_choices(house: Settings, tenant: TenantId) -> None:
    """The database and the code say the same."""
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        assert measurement.of_tenant(session, tenant).choices == Choices()


def test_what_is_chosen_is_kept_and_told_once(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        held = measurement.locked(session, tenant)
        before = held.changed_at
        measurement.change(session, held, ANN, CHOSEN)
        chosen_at = held.changed_at
        assert chosen_at > before
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        held = measurement.locked(session, tenant)
        assert held.choices == CHOSEN
        measurement.change(session, held, ANN, CHOSEN)
        assert held.changed_at == chosen_at, "nothing was changed"
        [told] = audit_log.of_entity(session, tenant, "measurement", tenant)
        assert (told.before["half_life_hours"], told.after["half_life_hours"]) == (168, 24)
        assert (told.before["first_weight"], told.after["first_weight"]) == ("0.4000", "0.3000")


def test_the_ends_of_a_path_share_out_no_more_than_there_is(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        held = measurement.locked(session, tenant)
        with pytest.raises(WeightsTooHeavy, match="at most 1"):
            measurement.change(session, held, ANN, replace(CHOSEN, first_weight=Decimal("0.3001")))
        assert held.choices == Choices()


@pytest.mark.parametrize(
    "wrong",
    [
        "session_gap_minutes = 0",
        "session_gap_minutes = 241",
        "headline_model = 'Last touch'",
        "first_weight = 0.7",
        "last_weight = -0.1",
        "half_life_hours = 8761",
        "markov_order = 5",
    ],
)
def test_the_database_refuses_what_no_form_would_let_through(
    house: Settings, tenant: TenantId, wrong: str
) -> None:
    with records.session(house, Role.OWNER) as session, pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text(f"update measurements set {wrong} where tenant_id = {tenant}"))
