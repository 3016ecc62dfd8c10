"""Identity splits: decided with a reason, taken back, and gone with whoever they name."""

import pytest

from store import records
from store.audit import Actor, ActorKind
from store.records import audit_log, contacts, erasure, identity_splits
from store.records.schema import ContactId, NotUsable, SplitId, TenantId
from store.settings import Role, Settings

ANN, BEN = Actor(ActorKind.USER, "1"), Actor(ActorKind.USER, "2")


def test_a_decision_is_made_once_taken_back_and_made_again(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        decision = identity_splits.split(session, tenant, ANN, "till", "carl", " The till in the shop. ")
        assert (decision.reason, decision.decided_by) == ("The till in the shop.", "user:1")
        with pytest.raises(NotUsable, match="already"):
            identity_splits.split(session, tenant, BEN, "till", "carl", "Again.")
        identity_splits.split(session, tenant, ANN, "till", "dora", "Nor hers.")
        decided_at = decision.changed_at
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        held = identity_splits.locked(session, tenant, SplitId(decision.id))
        assert held is not None
        identity_splits.take_back(session, held, BEN)
        assert (held.taken_back_by, held.changed_at > decided_at) == ("user:2", True)
        with pytest.raises(NotUsable, match="before"):
            identity_splits.take_back(session, held, BEN)
        identity_splits.split(session, tenant, BEN, "till", "carl", "It is the till after all.")
        steps = audit_log.of_entity(session, tenant, "identity", decision.id)
        assert [(step.action, step.before, step.after) for step in steps] == [
            ("split", {}, {}),
            ("take_back", {}, {}),
        ]


def test_a_decision_has_a_reason(house: Settings, tenant: TenantId) -> None:
    with (
        records.session(house, Role.CONSOLE, tenant=tenant) as session,
        pytest.raises(NotUsable, match="Say why"),
    ):
        identity_splits.split(session, tenant, ANN, "till", "carl", "  ")


def test_a_page_of_decisions_says_where_the_next_one_begins(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        made = [
            identity_splits.split(session, tenant, ANN, f"device-{n}", "carl", "Lent.").id for n in range(3)
        ]
        first, following = identity_splits.listed(session, tenant, cursor=None, limit=2)
        rest, nothing = identity_splits.listed(session, tenant, cursor=following, limit=2)
        assert [row.id for row in (*first, *rest)] == made[::-1]
        assert nothing is None


@pytest.mark.parametrize("role", [Role.CONSOLE, Role.PIPELINES])
def test_an_erased_person_is_named_by_no_decision(house: Settings, tenant: TenantId, role: Role) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        contact, _ = contacts.add(session, tenant, ANN, "carl@example.com")
        identity_splits.split(session, tenant, ANN, "till", "Carl@Example.com", "The till in the shop.")
        identity_splits.split(session, tenant, ANN, "lent", "user:carl@example.com", "Lent out.")
        identity_splits.split(
            session, tenant, ANN, "desk", "user:mccarl@example.com", "The desk in the hall."
        )
        identity_splits.split(session, tenant, ANN, "phone", "dora", "It is carl@example.com's.")
        identity_splits.split(session, tenant, ANN, "tablet", "dora", "It is lent out.")
        number = ContactId(contact.id)
    with records.session(house, role, tenant=tenant) as session:
        held = contacts.locked(session, tenant, number)
        assert held is not None
        erasure.erase(session, held, ANN)
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        kept, _ = identity_splits.listed(session, tenant, cursor=None, limit=10)
        assert [(row.visitor_id, row.person_id, row.reason) for row in kept] == [
            ("tablet", "dora", "It is lent out."),
            ("phone", "dora", ""),
            ("desk", "user:mccarl@example.com", "The desk in the hall."),
        ]
