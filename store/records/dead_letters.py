"""Dead letters: messages that failed for good or whose outcome nobody knows, and what people decide about them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Integer, String, and_, cast, exists, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.records import actions, audit_log, deliveries
from store.records.action_states import MOVES, Move, State
from store.records.actions import Action, ActionRecipient, IllegalMove
from store.records.deliveries import DEAD, Delivery, DeliveryState, new_chunk, of_action, settled_in
from store.records.schema import (
    ActionId,
    NotUsable,
    Record,
    TenantId,
    TenantOwned,
    belongs_to,
    enumerated,
    one_of,
)

MOST_REASONS = 10
MOST_NAMED = 500


class Verdict(StrEnum):
    REQUEUED = "requeued"
    ARRIVED = "arrived"
    DID_NOT_ARRIVE = "did_not_arrive"


class DeadLetterDecision(TenantOwned, Record):
    """What somebody decided and why in their own words, which the audit chain does not repeat."""

    __tablename__ = "dead_letter_decisions"
    __table_args__ = (belongs_to("actions", "action_id"), one_of("verdict", Verdict))

    action_id: Mapped[ActionId] = mapped_column(index=True)
    verdict: Mapped[Verdict] = mapped_column(enumerated(Verdict, 20))
    count: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(500), server_default="")
    decided_by: Mapped[str] = mapped_column(String(100))


class NotDead(NotUsable):
    """A message that was named is none that can be decided about."""


class MayHaveArrived(NotUsable):
    """A message whose outcome is unknown goes out again only when somebody says that they know what they risk."""


class NothingFailed(NotUsable):
    """The action has no message that could be put back without being named."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why messages lie here, as the sender put it, and how many for this reason."""

    state: DeliveryState
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """An action with messages that wait for a person, or one that failed before it had any."""

    action: Action
    counts: Mapping[DeliveryState, int]
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message; the recipient's number is None once they are erased with all that named them."""

    delivery: Delivery
    recipient: int | None


def requeue(
    session: Session,
    action: Action,
    actor: Actor,
    reason: str,
    *,
    only: Collection[int] | None = None,
    may_have_arrived: bool = False,
) -> int:
    """Puts what failed, or the messages named, back in the queue and gives how many; the caller holds the row lock.

    They are the same rows under the same Message-IDs, and those that were sent are not among them.
    """
    if action.state not in MOVES[Move.REQUEUE][0]:
        raise IllegalMove(action, Move.REQUEUE)
    chosen = _chosen(session, action, only)
    unknown = sorted(number for number, state in chosen.items() if state is DeliveryState.UNKNOWN)
    if unknown and not may_have_arrived:
        raise MayHaveArrived(
            f"{len(unknown)} of these may have arrived; say that you know it: may_have_arrived."
        )
    if not chosen and deliveries.is_planned(session, action):
        raise NothingFailed(
            "None of its messages has failed; those whose outcome is unknown have to be named."
        )
    numbers = cast(list(chosen), ARRAY(BigInteger))
    session.execute(
        update(Delivery).where(Delivery.id == func.any(numbers)).values(**deliveries.queued_anew())
    )
    action.outcome = None
    kept = _keep(session, action, actor, Verdict.REQUEUED, len(chosen), reason)
    told: dict[str, Any] = {"decision": kept.id, "count": len(chosen), "may_have_arrived": unknown}
    actions.move(session, action, Move.REQUEUE, actor, **told)
    return len(chosen)


def resolve(
    session: Session, action: Action, actor: Actor, named: Collection[int], *, arrived: bool, note: str
) -> int:
    """Settles messages whose outcome was unknown by what a person found out; the caller holds the row lock."""
    rows = session.scalars(
        select(Delivery)
        .where(of_action(action), Delivery.id.in_(named), Delivery.state == DeliveryState.UNKNOWN)
        .with_for_update()
    ).all()
    if len(rows) != len(set(named)):
        raise NotDead("Some of these are no messages of this action whose outcome is unknown.")
    verdict = Verdict.ARRIVED if arrived else Verdict.DID_NOT_ARRIVE
    settled = settled_in(new_chunk())
    for row in rows:
        row.state = DeliveryState.SENT if arrived else DeliveryState.FAILED
        row.sent_at = row.settled_at if arrived else None
        row.outcome = f"{verdict.replace('_', ' ')}, as a person found out"
        for name, value in settled.items():
            setattr(row, name, value)
    session.flush()
    kept = _keep(session, action, actor, verdict, len(rows), note)
    told = {"decision": kept.id, "deliveries": sorted(row.id for row in rows), "arrived": arrived}
    audit_log.append(session, action.tenant_id, actor, "resolve", "action", action.id, {}, told)
    deliveries.count_again(session, action)
    return len(rows)


def listed(
    session: Session, tenant: TenantId, *, cursor: int | None, limit: int
) -> tuple[list[DeadLetters], int | None]:
    """A page of actions with dead letters, newest first, and where the next begins."""
    holds_some = exists().where(
        Delivery.tenant_id == Action.tenant_id, Delivery.action_id == Action.id, Delivery.state.in_(DEAD)
    )
    query = (
        select(Action)
        .where(Action.tenant_id == tenant, or_(Action.state == State.FAILED, holds_some))
        .order_by(Action.id.desc())
        .limit(limit + 1)
    )
    rows = list(session.scalars(query.where(Action.id < cursor) if cursor else query))
    shown = rows[:limit]
    return of_actions(session, tenant, shown), (shown[-1].id if len(rows) > limit else None)


def of_actions(session: Session, tenant: TenantId, shown: Sequence[Action]) -> list[DeadLetters]:
    """The dead letters of these actions, counted by state and by reason."""
    # A reason that names its recipient by key would otherwise be one of its own for each of them.
    text = func.replace(Delivery.outcome, Delivery.recipient_key, "the recipient").label("reason")
    rows = session.execute(
        select(Delivery.action_id, Delivery.state, text, func.count())
        .where(
            Delivery.tenant_id == tenant,
            Delivery.action_id.in_([action.id for action in shown]),
            Delivery.state.in_(DEAD),
        )
        .group_by(Delivery.action_id, Delivery.state, text)
        .order_by(func.count().desc(), text)
    ).all()
    counts: dict[int, Counter[DeliveryState]] = {action.id: Counter() for action in shown}
    reasons: dict[int, list[Reason]] = {action.id: [] for action in shown}
    for action_id, state, reason, count in rows:
        counts[action_id][state] += count
        if len(reasons[action_id]) < MOST_REASONS:
            reasons[action_id].append(Reason(state, reason, count))
    return [DeadLetters(action, counts[action.id], reasons[action.id]) for action in shown]


def letters(
    session: Session, action: Action, *, cursor: int | None, limit: int
) -> tuple[list[DeadLetter], int | None]:
    """A page of an action's dead letters in the order in which they were planned, and where the next begins."""
    frozen = and_(
        ActionRecipient.tenant_id == Delivery.tenant_id,
        ActionRecipient.action_id == Delivery.action_id,
        ActionRecipient.version == Delivery.version,
        ActionRecipient.recipient_key == Delivery.recipient_key,
    )
    query = (
        select(Delivery, ActionRecipient.contact_id)
        .outerjoin(ActionRecipient, frozen)
        .where(of_action(action), Delivery.state.in_(DEAD))
        .order_by(Delivery.id)
        .limit(limit + 1)
    )
    rows = session.execute(query.where(Delivery.id > cursor) if cursor else query).all()
    shown = [DeadLetter(row[0], row[1]) for row in rows[:limit]]
    return shown, (shown[-1].delivery.id if len(rows) > limit else None)


def _chosen(session: Session, action: Action, only: Collection[int] | None) -> dict[int, DeliveryState]:
    """The messages that go back: all that failed, or those named, as far as the current version has the recipient."""
    wanted = Delivery.state == DeliveryState.FAILED
    if only is not None:
        wanted = and_(Delivery.state.in_(DEAD), Delivery.id.in_(only))
    still_named = Delivery.recipient_key.in_(
        select(ActionRecipient.recipient_key).where(deliveries.recipients_of(action))
    )
    query = select(Delivery.id, Delivery.state).where(of_action(action), wanted, still_named)
    chosen = dict(session.execute(query.with_for_update(of=Delivery)).tuples().all())
    if only is not None and len(chosen) != len(set(only)):
        raise NotDead("Some of these are no failed or unknown messages that its last version still names.")
    return chosen


def _keep(
    session: Session, action: Action, actor: Actor, verdict: Verdict, count: int, reason: str
) -> DeadLetterDecision:
    kept = DeadLetterDecision(
        tenant_id=action.tenant_id,
        action_id=ActionId(action.id),
        verdict=verdict,
        count=count,
        reason=reason,
        decided_by=str(actor),
    )
    session.add(kept)
    session.flush()
    return kept
