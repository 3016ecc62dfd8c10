"""Erasure: a contact goes on as a number, and whatever said who they are is taken away wherever records hold it."""

from typing import Any

from sqlalchemy import Text, cast, delete, func, select, update
from sqlalchemy.orm import Session

from store.audit import Actor
from store.clock import now
from store.records import audit_log, contacts, idempotency, identity_splits
from store.records.actions import Action, ActionRecipient
from store.records.contacts import Contact, normalised
from store.records.groups import GroupMember

# A domain that no mail can ever reach (RFC 2606).
NOWHERE = "@erased.invalid"


def erase(session: Session, contact: Contact, actor: Actor) -> None:
    """The caller holds the contact's row lock. Leaves of frozen audiences stay true without the values behind them."""
    if contact.unsubscribed_at is not None:
        contacts.suppress(session, contact)
    address, nobody = contact.email, f"contact-{contact.id}{NOWHERE}"
    mine = (ActionRecipient.tenant_id == contact.tenant_id, ActionRecipient.contact_id == contact.id)
    session.execute(update(ActionRecipient).where(*mine).values(values={}))
    for action in _that_name(session, contact, address):
        action.payload = _without(action.payload, address, nobody)
    session.execute(
        delete(GroupMember).where(
            GroupMember.tenant_id == contact.tenant_id, GroupMember.contact_id == contact.id
        )
    )
    idempotency.forget_answers(session, contact.tenant_id)
    identity_splits.forget(session, contact.tenant_id, address)
    contact.email, contact.name = nobody, ""
    contact.unsubscribe_reason = contact.consent_reason = None
    contact.erased_at = now()
    session.flush()
    audit_log.append(session, contact.tenant_id, actor, "erase", "contact", contact.id, {}, {})


def _that_name(session: Session, contact: Contact, address: str) -> list[Action]:
    """Actions in whose payload the address stands, drafts included."""
    named = func.strpos(func.lower(cast(Action.payload, Text)), address) > 0
    return list(
        session.scalars(
            select(Action)
            .where(Action.tenant_id == contact.tenant_id, named)
            .order_by(Action.id)
            .with_for_update()
        )
    )


def _without(said: Any, address: str, nobody: str) -> Any:
    """A payload with the address exchanged wherever it stands alone as a text."""
    match said:
        case str():
            return nobody if normalised(said) == address else said
        case list():
            return [_without(part, address, nobody) for part in said]
        case dict():
            return {name: _without(part, address, nobody) for name, part in said.items()}
    return said
