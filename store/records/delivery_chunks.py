"""Chunks of deliveries: claimed by one run, committed as `sending`, then settled with one audit entry."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from store.audit import Actor
from store.clock import now
from store.records import audit_log, deliveries, turns
from store.records.actions import Action, ActionRecipient
from store.records.contacts import Contact
from store.records.deliveries import (
    LONGEST_OUTCOME,
    OPEN,
    Delivery,
    DeliveryState,
    new_chunk,
    of_action,
    recipients_of,
)
from store.records.schema import ActionId, ContactId

# Nobody can say yet, or any more, whether it left: who has it can.
OPEN_TO_PROOF = frozenset({DeliveryState.SENDING, DeliveryState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this run alone may send now, with the frozen leaf it must match."""

    delivery_id: int
    recipient_key: str
    message_id: str
    attempts: int
    values: dict[str, Any]
    leaf: bytes
    contact_id: ContactId | None
    unsubscribed: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one claimed delivery ended; a queued one is tried again, at once or at `retry_at`."""

    delivery_id: int
    state: DeliveryState
    reason: str = ""
    retry_at: datetime | None = None
    touched_the_wire: bool = True


def claim(session: Session, action: Action, run_id: str, *, limit: int, lease: timedelta) -> list[Claim]:
    """Takes up to `limit` due deliveries for this run: they are `sending` as soon as the caller commits."""
    taken = session.scalars(
        select(Delivery)
        .where(
            of_action(action),
            Delivery.version == action.version,
            Delivery.state == DeliveryState.QUEUED,
            or_(Delivery.next_attempt_at.is_(None), Delivery.next_attempt_at <= now()),
        )
        .order_by(Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for delivery in taken:
        delivery.state = DeliveryState.SENDING
        delivery.attempts += 1
        delivery.leased_by, delivery.leased_until = run_id, now() + lease
    session.flush()
    return _with_leaves(session, action, taken)


def gone_since(session: Session, action: Action, moment: datetime) -> int:
    """How many of the tenant's deliveries of this type have left, or may have, since then.

    Those who ask take turns, so that two runs do not both take the last one.
    """
    turns.take(session, turns.Turn.COUNTING_DELIVERIES, action.tenant_id)
    touched = Delivery.state.in_({DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN})
    return (
        session.scalar(
            select(func.count())
            .select_from(Delivery)
            .join(Action, and_(Action.tenant_id == Delivery.tenant_id, Action.id == Delivery.action_id))
            .where(
                Delivery.tenant_id == action.tenant_id,
                Action.type == action.type,
                touched,
                func.coalesce(Delivery.settled_at, func.now()) >= moment,
            )
        )
        or 0
    )


def renew(session: Session, action_id: ActionId, run_id: str, lease: timedelta) -> None:
    """The run is still sending what it claimed."""
    session.execute(
        update(Delivery)
        .where(
            Delivery.action_id == action_id,
            Delivery.state == DeliveryState.SENDING,
            Delivery.leased_by == run_id,
        )
        .values(leased_until=now() + lease)
    )


def settle(
    session: Session,
    action: Action,
    run_id: str,
    outcomes: Sequence[Outcome],
    actor: Actor,
    *,
    mode: str,
) -> Counter[DeliveryState]:
    """Writes how a chunk ended, with one entry in the audit chain; the caller holds the action's row lock.

    A lease that lapsed meanwhile has made `unknown` of what this run knows better, so it may say so.
    """
    mine = and_(
        Delivery.leased_by == run_id, Delivery.state.in_({DeliveryState.SENDING, DeliveryState.UNKNOWN})
    )
    return _settle(session, action, outcomes, actor, mine, mode=mode)


def unknown(session: Session, action: Action, limit: int) -> list[Claim]:
    """Deliveries whose answers got lost, to be looked for; nothing of this leaves them in another state."""
    lost = session.scalars(
        select(Delivery)
        .where(
            of_action(action),
            Delivery.version == action.version,
            Delivery.state == DeliveryState.UNKNOWN,
        )
        .order_by(Delivery.id)
        .limit(limit)
    ).all()
    return _with_leaves(session, action, lost)


def settle_found(
    session: Session, action: Action, outcomes: Sequence[Outcome], actor: Actor, *, mode: str
) -> Counter[DeliveryState]:
    """Writes what looking has shown of deliveries that were unknown; the caller holds the action's row lock."""
    return _settle(session, action, outcomes, actor, Delivery.state == DeliveryState.UNKNOWN, mode=mode)


def settle_proven(
    session: Session, action: Action, proven: Sequence[int], actor: Actor, reason: str, *, mode: str
) -> int:
    """Writes as sent what its provider has shown to have; gives how many. The caller holds the action's row lock.

    A run that still waits for the answer of one of these finds it settled and leaves it so. What a person has put back
    or given up meanwhile stays as they decided.
    """
    outcomes = [Outcome(number, DeliveryState.SENT, reason) for number in proven]
    settled = _settle(session, action, outcomes, actor, Delivery.state.in_(OPEN_TO_PROOF), mode=mode)
    if settled:
        deliveries.count_again(session, action)
    return settled.total()


def _settle(
    session: Session,
    action: Action,
    outcomes: Sequence[Outcome],
    actor: Actor,
    which: ColumnElement[bool],
    *,
    mode: str,
) -> Counter[DeliveryState]:
    ended = {outcome.delivery_id: outcome for outcome in outcomes}
    rows = session.scalars(
        select(Delivery)
        .where(of_action(action), Delivery.id.in_(ended), which)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    chunk = new_chunk()
    for row in rows:
        _end(row, ended[row.id], chunk)
    counts = Counter(row.state for row in rows)
    if any(row.chunk == chunk for row in rows):
        _record(session, action, actor, chunk, rows, mode=mode)
    session.flush()
    return counts


def lapse(session: Session, action: Action, actor: Actor) -> int:
    """What a run that has gone left in `sending` becomes `unknown`: shown to a person, never sent again."""
    rows = session.scalars(
        select(Delivery)
        .where(of_action(action), Delivery.state == DeliveryState.SENDING, Delivery.leased_until < now())
        .with_for_update()
    ).all()
    chunk = new_chunk()
    reason = "the run that was sending it went away before the answer was recorded"
    for row in rows:
        _end(row, Outcome(row.id, DeliveryState.UNKNOWN, reason), chunk)
    if rows:
        _record(session, action, actor, chunk, rows, mode="")
    session.flush()
    return len(rows)


def _with_leaves(session: Session, action: Action, taken: Sequence[Delivery]) -> list[Claim]:
    """Asked for by their keys: a join over the whole audience is what a planner without statistics gets wrong."""
    frozen = {
        row.recipient_key: row
        for row in session.scalars(
            select(ActionRecipient).where(
                recipients_of(action),
                ActionRecipient.recipient_key.in_([delivery.recipient_key for delivery in taken]),
            )
        )
    }
    unsubscribed = set(
        session.scalars(
            select(Contact.id).where(
                Contact.tenant_id == action.tenant_id,
                Contact.id.in_([row.contact_id for row in frozen.values() if row.contact_id is not None]),
                Contact.unsubscribed_at.is_not(None),
            )
        )
    )
    return [_claim_of(delivery, frozen.get(delivery.recipient_key), unsubscribed) for delivery in taken]


def _claim_of(delivery: Delivery, frozen: ActionRecipient | None, unsubscribed: set[int]) -> Claim:
    """A recipient whose row is gone has been erased, like one whose values are."""
    return Claim(
        delivery.id,
        delivery.recipient_key,
        delivery.message_id,
        delivery.attempts,
        frozen.values if frozen else {},
        frozen.leaf if frozen else b"",
        frozen.contact_id if frozen else None,
        frozen is not None and frozen.contact_id in unsubscribed,
    )


def _end(row: Delivery, outcome: Outcome, chunk: str) -> None:
    row.state = outcome.state
    row.outcome = outcome.reason[:LONGEST_OUTCOME]
    row.next_attempt_at = outcome.retry_at
    row.leased_until = None
    if outcome.state is DeliveryState.SENT:
        row.sent_at = now()
    if outcome.state not in OPEN:
        row.chunk, row.settled_at, row.loaded_at = chunk, now(), None
    elif not outcome.touched_the_wire:
        row.attempts -= 1


def _record(
    session: Session, action: Action, actor: Actor, chunk: str, rows: Sequence[Delivery], *, mode: str
) -> None:
    """One entry for the whole chunk: how far it went, how many ended how, and one hash over all of them."""
    settled = [row for row in rows if row.chunk == chunk]
    digests = sorted(
        hashlib.sha256(f"{row.recipient_key}/{row.occurrence}/{row.message_id}/{row.state}".encode()).digest()
        for row in settled
    )
    audit_log.append(
        session,
        action.tenant_id,
        actor,
        "deliver",
        "action",
        action.id,
        {},
        {
            "version": action.version,
            "mode": mode,
            "chunk": chunk,
            "count": len(settled),
            "root": hashlib.sha256(b"".join(digests)).hexdigest(),
            **{str(state): count for state, count in Counter(row.state for row in settled).items()},
        },
    )
