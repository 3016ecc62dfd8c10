"""Deliveries: one row per action, step, recipient and occurrence, claimed with SKIP LOCKED, never sent twice."""

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Index,
    Integer,
    String,
    UniqueConstraint,
    and_,
    cast,
    exists,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.clock import now
from store.records.action_states import SETTLED
from store.records.actions import Action, ActionRecipient
from store.records.schema import (
    ActionId,
    Record,
    TenantId,
    TenantOwned,
    belongs_to,
    enumerated,
    key_for_children,
    one_of,
)

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
# What waits for a person: it was not sent, or nobody knows whether it was.
DEAD = frozenset({DeliveryState.FAILED, DeliveryState.UNKNOWN})
_ONCE = ("tenant_id", "action_id", "step", "recipient_key", "occurrence")


class Delivery(TenantOwned, Record):
    """`recipient_key` and `version` name the frozen leaf; the address itself is not repeated here.

    `chunk` names the transaction that settled it and is the token under which ClickHouse takes it in once.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint(*_ONCE),
        UniqueConstraint("tenant_id", "message_id"),
        belongs_to("actions", "action_id", ondelete="RESTRICT"),
        one_of("state", DeliveryState),
        Index(
            "ix_deliveries_open",
            "tenant_id",
            "action_id",
            "id",
            postgresql_where=text("state in ('queued', 'sending')"),
        ),
        Index(
            "ix_deliveries_not_loaded",
            "chunk",
            postgresql_where=text("chunk is not null and loaded_at is null"),
        ),
        Index(
            "ix_deliveries_dead",
            "state",
            "tenant_id",
            "action_id",
            "id",
            postgresql_where=text("state in ('failed', 'unknown')"),
        ),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    step: Mapped[int] = mapped_column(Integer, server_default="0")
    recipient_key: Mapped[str] = mapped_column(String(64))
    occurrence: Mapped[int] = mapped_column(Integer, server_default="0")
    state: Mapped[DeliveryState] = mapped_column(enumerated(DeliveryState, 20), server_default="queued")
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


def has_any(session: Session, tenant: TenantId, action: int) -> bool:
    """Whether an action has ever been handed out, be it for rehearsal."""
    here = exists().where(Delivery.tenant_id == tenant, Delivery.action_id == action)
    return bool(session.scalar(select(here)))


def plan(session: Session, action: Action, message_id_of: Callable[[str], str]) -> None:
    """One queued delivery for each recipient of the current version who has none yet, in the order that was signed.

    What an earlier version left in the queue, or failed to send, is carried over; where the version no longer names
    the recipient it is dropped from the queue. Who has had something keeps it and gets nothing again.
    """
    frozen = select(ActionRecipient.recipient_key).where(recipients_of(action)).order_by(ActionRecipient.id)
    keys = list(session.scalars(frozen))
    named = cast(keys, ARRAY(String))
    new = select(
        literal(action.tenant_id, BigInteger),
        literal(action.id, BigInteger),
        literal(action.version),
        func.unnest(named),
        func.unnest(cast([message_id_of(key) for key in keys], ARRAY(String))),
    )
    columns = ["tenant_id", "action_id", "version", "recipient_key", "message_id"]
    session.execute(insert(Delivery).from_select(columns, new).on_conflict_do_nothing(index_elements=_ONCE))
    earlier = and_(of_action(action), Delivery.version < action.version)
    had_nothing = Delivery.state.in_({DeliveryState.QUEUED, DeliveryState.FAILED})
    session.execute(
        update(Delivery)
        .where(earlier, had_nothing, Delivery.recipient_key == func.any(named))
        .values(version=action.version, **queued_anew())
    )
    session.execute(
        update(Delivery)
        .where(earlier, Delivery.state == DeliveryState.QUEUED, Delivery.recipient_key != func.all(named))
        .values(
            state=DeliveryState.SUPPRESSED,
            outcome=f"not in version {action.version}",
            **settled_in(new_chunk()),
        )
    )


def is_planned(session: Session, action: Action) -> bool:
    """Whether everyone whom the current version names has a delivery: what was refused before it began has none."""
    at_work = exists().where(of_action(action), Delivery.version == action.version)
    left_over = exists().where(
        of_action(action), Delivery.state == DeliveryState.QUEUED, Delivery.version < action.version
    )
    return bool(session.scalar(select(and_(at_work, ~left_over))))


def postpone(session: Session, action: Action, until: datetime) -> None:
    """Nothing of this action is tried before `until`: the trouble is the server's, not a recipient's."""
    session.execute(
        update(Delivery)
        .where(of_action(action), Delivery.state == DeliveryState.QUEUED)
        .values(next_attempt_at=func.greatest(Delivery.next_attempt_at, until))
    )


def give_up(session: Session, action: Action, reason: str) -> None:
    """Whatever still waits cannot be sent."""
    _settle_queued(session, action, DeliveryState.FAILED, reason)


def withdraw(session: Session, action: Action, reason: str) -> None:
    """Whatever still waits is not wanted any more."""
    _settle_queued(session, action, DeliveryState.SUPPRESSED, reason)


def _settle_queued(session: Session, action: Action, state: DeliveryState, reason: str) -> None:
    session.execute(
        update(Delivery)
        .where(of_action(action), Delivery.state == DeliveryState.QUEUED)
        .values(
            state=state,
            outcome=reason[:LONGEST_OUTCOME],
            next_attempt_at=None,
            **settled_in(new_chunk()),
        )
    )


def counts(session: Session, action: Action) -> Counter[DeliveryState]:
    """How many deliveries of the action, over all its versions, are in which state."""
    rows = session.execute(
        select(Delivery.state, func.count()).where(of_action(action)).group_by(Delivery.state)
    ).all()
    return Counter({row[0]: row[1] for row in rows})


def count_again(session: Session, action: Action) -> None:
    """Puts right what an action that is over says of its deliveries, after one of them turned out otherwise."""
    if action.state in SETTLED and action.outcome is not None:
        said = {name: value for name, value in action.outcome.items() if name not in set(DeliveryState)}
        action.outcome = said | {state.value: count for state, count in counts(session, action).items()}


def of_action(action: Action) -> ColumnElement[bool]:
    return and_(Delivery.tenant_id == action.tenant_id, Delivery.action_id == action.id)


def recipients_of(action: Action) -> ColumnElement[bool]:
    return and_(
        ActionRecipient.tenant_id == action.tenant_id,
        ActionRecipient.action_id == action.id,
        ActionRecipient.version == action.version,
    )


def queued_anew() -> dict[str, Any]:
    """A delivery as if nobody had tried it yet; its number and its Message-ID stay."""
    return {
        "state": DeliveryState.QUEUED,
        "attempts": 0,
        "outcome": "",
        **dict.fromkeys(
            ("next_attempt_at", "leased_by", "leased_until", "settled_at", "chunk", "loaded_at"), None
        ),
    }


def new_chunk() -> str:
    return uuid.uuid4().hex


def settled_in(chunk: str) -> dict[str, Any]:
    return {"chunk": chunk, "settled_at": now(), "loaded_at": None, "leased_until": None}
