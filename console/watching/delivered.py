"""What the mail provider has told of an action's messages: how many arrived, and which did not or were not wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from console.actions import desk
from console.door.sign_in import Visitor
from store.records import delivery_events
from store.records.action_states import State
from store.records.actions import Action
from store.records.contacts import Contact
from store.records.database import Session
from store.records.delivery_events import EventKind, Latest

# How many are shown below an action; the API lists all.
SHOWN = 50
_BEFORE_ANYTHING_LEFT = frozenset(
    {State.DRAFT, State.PENDING_APPROVAL, State.CHANGES_REQUESTED, State.APPROVED, State.DENIED}
)


@dataclass(frozen=True, slots=True)
class Told:
    """Of how many messages each kind was told, and those that were unwelcome, with the addresses that are still known."""

    counts: Mapping[EventKind, int]
    unwelcome: Sequence[Latest]
    addresses: Mapping[int, str]


def of(session: Session, visitor: Visitor, action: Action) -> Told | None:
    """None where nothing was told; who may not read addresses elsewhere gets the counts alone."""
    if action.state in _BEFORE_ANYTHING_LEFT:
        return None
    counts = delivery_events.counts(session, action)
    if not counts:
        return None
    if not visitor.may("GET /dead-letters/{action_id}"):
        return Told(counts, (), {})
    unwelcome = delivery_events.unwelcome(session, action, SHOWN)
    numbers = [latest.recipient for latest in unwelcome if latest.recipient is not None]
    known = session.execute(
        select(Contact.id, Contact.email).where(
            Contact.tenant_id == visitor.tenant, Contact.id.in_(numbers), Contact.erased_at.is_(None)
        )
    )
    return Told(counts, unwelcome, dict(known.tuples().all()))


def listed(
    visitor: Visitor, action_id: int, *, cursor: int | None, limit: int
) -> tuple[Sequence[Latest], int | None]:
    with visitor.records() as session:
        action = desk.found(session, visitor, action_id)
        return delivery_events.listed(session, action, cursor=cursor, limit=limit)
