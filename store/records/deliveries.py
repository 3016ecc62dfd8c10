"""Deliveries: one row per action, step, recipient and occurrence, claimed with SKIP LOCKED, never sent twice."""

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    Integer,
    String,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log
from store.records.actions import Action, ActionRecipient
from store.records.contacts import Contact
from store.records.schema import ActionId, Record, TenantOwned, belongs_to, enumerated, one_of

LONGEST_OUTCOME = 1000


class DeliveryState(StrEnum):
    """`sending` is committed before the wire is touched; found after a crash it becomes `unknown`.

    `simulated` is a dry run or a sender without a mail server: everything but the wire.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    SIMULATED = "simulated"


OPEN = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING})


class Delivery(TenantOwned, Record):
    """`recipient_key` and `version` name the frozen leaf; the address itself is not repeated here.

    `chunk` names the transaction that settled it and is the token under which ClickHouse takes it in once.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("tenant_id", "action_id", "step", "recipient_key", "occurrence"),
        belongs_to("actions", "action_id", ondelete="RESTRICT"),
        one_of("state", DeliveryState),
        Index(
            "ix_deliveries_not_loaded",
            "chunk",
            postgresql_where=text("chunk is not null and loaded_at is null"),
        ),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    step: Mapped[int] = mapped_column(Integer, server_default="0")
    recipient_key: Mapped[str] = mapped_column(String(64))
    occurrence: Mapped[int] = mapped_column(Integer, server_default="0")
    state: Mapped[DeliveryState] = mapped_column(
        enumerated(DeliveryState, 20), server_default="queued", index=True
    )
    message_id: Mapped[str] = mapped_column(String(255))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(100))
    leased_until: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(1000), server_default="")
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    chunk: Mapped[str | None] = mapped_column(String(64))
    loaded_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this run alone may send now, with the frozen leaf it must match."""

    delivery_id: int
    recipient_key: str
    message_id: str
    attempts: int
    values: dict[str, Any]
    leaf: bytes
    unsubscribed: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one claimed delivery ended; a queued one is tried again, at once or at `retry_at`."""

    delivery_id: int
    state: DeliveryState
    reason: str = ""
    retry_at: datetime | None = None
    touched_the_wire: bool = True


def plan(session: Session, action: Action, message_id_of: Callable[[str], str]) -> None:
    """One queued delivery for each recipient of the current version who has none yet.

    What an earlier version left in the queue is carried over, or dropped where the version no longer names
    the recipient; who has had something keeps it and gets nothing again.
    """
    named = _recipients_of(action)
    keys = list(session.scalars(select(ActionRecipient.recipient_key).where(named)))
    rows = [
        {
            "tenant_id": action.tenant_id,
            "action_id": action.id,
            "version": action.version,
            "recipient_key": key,
            "message_id": message_id_of(key),
        }
        for key in keys
    ]
    if rows:
        session.execute(postgresql.insert(Delivery).on_conflict_do_nothing(), rows)
    waiting = and_(_of(action), Delivery.state == DeliveryState.QUEUED, Delivery.version < action.version)
    still_named = Delivery.recipient_key.in_(select(ActionRecipient.recipient_key).where(named))
    session.execute(
        update(Delivery).where(waiting, still_named).values(version=action.version, next_attempt_at=None)
    )
    session.execute(
        update(Delivery)
        .where(waiting, ~still_named)
        .values(
            state=DeliveryState.SUPPRESSED,
            outcome=f"not in version {action.version}",
            **_settled_in(_new_chunk()),
        )
    )


def claim(session: Session, action: Action, run_id: str, *, limit: int, lease: timedelta) -> list[Claim]:
    """Takes up to `limit` due deliveries for this run: they are `sending` as soon as the caller commits."""
    rows = session.execute(
        select(Delivery, ActionRecipient, Contact.unsubscribed_at)
        .join(
            ActionRecipient,
            and_(
                ActionRecipient.tenant_id == Delivery.tenant_id,
                ActionRecipient.action_id == Delivery.action_id,
                ActionRecipient.version == Delivery.version,
                ActionRecipient.recipient_key == Delivery.recipient_key,
            ),
        )
        .join(
            Contact,
            and_(
                Contact.tenant_id == ActionRecipient.tenant_id,
                Contact.id == ActionRecipient.contact_id,
            ),
        )
        .where(
            _of(action),
            Delivery.version == action.version,
            Delivery.state == DeliveryState.QUEUED,
            or_(Delivery.next_attempt_at.is_(None), Delivery.next_attempt_at <= now()),
        )
        .order_by(Delivery.id)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    ).all()
    for delivery, _, _ in rows:
        delivery.state = DeliveryState.SENDING
        delivery.attempts += 1
        delivery.leased_by, delivery.leased_until = run_id, now() + lease
    session.flush()
    return [
        Claim(
            delivery.id,
            delivery.recipient_key,
            delivery.message_id,
            delivery.attempts,
            recipient.values,
            recipient.leaf,
            unsubscribed_at is not None,
        )
        for delivery, recipient, unsubscribed_at in rows
    ]


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
    session: Session, action: Action, run_id: str, outcomes: Sequence[Outcome], actor: Actor
) -> Counter[DeliveryState]:
    """Writes how a chunk ended, with one entry in the audit chain; the caller holds the action's row lock.

    A lease that lapsed meanwhile has made `unknown` of what this run knows better, so it may say so.
    """
    ended = {outcome.delivery_id: outcome for outcome in outcomes}
    rows = session.scalars(
        select(Delivery)
        .where(
            _of(action),
            Delivery.id.in_(ended),
            Delivery.leased_by == run_id,
            Delivery.state.in_({DeliveryState.SENDING, DeliveryState.UNKNOWN}),
        )
        .with_for_update()
    ).all()
    chunk = _new_chunk()
    for row in rows:
        _end(row, ended[row.id], chunk)
    counts = Counter(row.state for row in rows)
    if any(row.chunk == chunk for row in rows):
        _record(session, action, actor, chunk, rows)
    session.flush()
    return counts


def lapse(session: Session, action: Action, actor: Actor) -> int:
    """What a run that has gone left in `sending` becomes `unknown`: shown to a person, never sent again."""
    rows = session.scalars(
        select(Delivery)
        .where(_of(action), Delivery.state == DeliveryState.SENDING, Delivery.leased_until < now())
        .with_for_update()
    ).all()
    chunk = _new_chunk()
    reason = "the run that was sending it went away before the answer was recorded"
    for row in rows:
        _end(row, Outcome(row.id, DeliveryState.UNKNOWN, reason), chunk)
    if rows:
        _record(session, action, actor, chunk, rows)
    session.flush()
    return len(rows)


def postpone(session: Session, action: Action, until: datetime) -> None:
    """Nothing of this action is tried before `until`: the trouble is the server's, not a recipient's."""
    session.execute(
        update(Delivery)
        .where(_of(action), Delivery.state == DeliveryState.QUEUED)
        .values(next_attempt_at=func.greatest(Delivery.next_attempt_at, until))
    )


def give_up(session: Session, action: Action, reason: str) -> None:
    """Whatever still waits is not going to be sent."""
    session.execute(
        update(Delivery)
        .where(_of(action), Delivery.state == DeliveryState.QUEUED)
        .values(
            state=DeliveryState.FAILED,
            outcome=reason[:LONGEST_OUTCOME],
            next_attempt_at=None,
            **_settled_in(_new_chunk()),
        )
    )


def counts(session: Session, action: Action) -> Counter[DeliveryState]:
    """How many deliveries of the action, over all its versions, are in which state."""
    rows = session.execute(
        select(Delivery.state, func.count()).where(_of(action)).group_by(Delivery.state)
    ).all()
    return Counter({row[0]: row[1] for row in rows})


def settled_chunks(session: Session, limit: int) -> list[str]:
    """Chunks that ClickHouse has not got yet, oldest first."""
    rows = session.execute(
        select(Delivery.chunk)
        .where(Delivery.chunk.is_not(None), Delivery.loaded_at.is_(None))
        .group_by(Delivery.chunk)
        .order_by(func.min(Delivery.settled_at))
        .limit(limit)
    )
    return [row.chunk for row in rows]


def rows_of_chunk(session: Session, chunk: str) -> list[tuple[Delivery, Action]]:
    """The deliveries of a chunk that are still to be loaded, locked so that one loader has them."""
    rows = session.execute(
        select(Delivery, Action)
        .join(Action, and_(Action.tenant_id == Delivery.tenant_id, Action.id == Delivery.action_id))
        .where(Delivery.chunk == chunk, Delivery.loaded_at.is_(None))
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    )
    return [(row[0], row[1]) for row in rows]


def mark_loaded(session: Session, rows: Iterable[Delivery]) -> None:
    for row in rows:
        row.loaded_at = now()
    session.flush()


def _of(action: Action) -> ColumnElement[bool]:
    return and_(Delivery.tenant_id == action.tenant_id, Delivery.action_id == action.id)


def _recipients_of(action: Action) -> ColumnElement[bool]:
    return and_(
        ActionRecipient.tenant_id == action.tenant_id,
        ActionRecipient.action_id == action.id,
        ActionRecipient.version == action.version,
    )


def _new_chunk() -> str:
    return uuid.uuid4().hex


def _settled_in(chunk: str) -> dict[str, Any]:
    return {"chunk": chunk, "settled_at": now(), "loaded_at": None, "leased_until": None}


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


def _record(session: Session, action: Action, actor: Actor, chunk: str, rows: Sequence[Delivery]) -> None:
    """One entry for the whole chunk: how many ended how, and one hash over all of them."""
    settled = [row for row in rows if row.chunk == chunk]
    digests = sorted(
        hashlib.sha256(f"{row.recipient_key}/{row.occurrence}/{row.message_id}/{row.state}".encode()).digest()
        for row in settled
    )
    action.last_audit_seq = audit_log.append(
        session,
        action.tenant_id,
        actor,
        "deliver",
        "action",
        action.id,
        {},
        {
            "version": action.version,
            "chunk": chunk,
            "count": len(settled),
            "root": hashlib.sha256(b"".join(digests)).hexdigest(),
            **{str(state): count for state, count in Counter(row.state for row in settled).items()},
        },
    )
