"""Delivery events: what a mail provider has told of messages after it took them, each event once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ARRAY, Index, String, UniqueConstraint, and_, case, cast, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.records.actions import Action, ActionRecipient, ActionType
from store.records.deliveries import Delivery, DeliveryState
from store.records.schema import (
    ActionId,
    ContactId,
    Record,
    TenantId,
    TenantOwned,
    belongs_to,
    enumerated,
    one_of,
)

LONGEST_REASON = 500
LONGEST_ID = 200
_ROWS_A_STATEMENT = 1000


class EventKind(StrEnum):
    """In the order in which they follow each other: of two at the same second the later one counts as the latest."""

    PROCESSED = "processed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    MACHINE_OPEN = "machine_open"
    OPEN = "open"
    CLICK = "click"
    BLOCKED = "blocked"
    DROPPED = "dropped"
    BOUNCE = "bounce"
    GROUP_RESUBSCRIBE = "group_resubscribe"
    GROUP_UNSUBSCRIBE = "group_unsubscribe"
    UNSUBSCRIBE = "unsubscribe"
    SPAM_REPORT = "spam_report"


# The message did not reach its reader, or the reader wants no more of them.
UNWELCOME = frozenset(
    {
        EventKind.DEFERRED,
        EventKind.BLOCKED,
        EventKind.DROPPED,
        EventKind.BOUNCE,
        EventKind.GROUP_UNSUBSCRIBE,
        EventKind.UNSUBSCRIBE,
        EventKind.SPAM_REPORT,
    }
)


class DeliveryEvent(TenantOwned, Record):
    """One thing that happened to one message; the provider's id is the same whenever it is told again.

    `reason` is what somebody else's mail server said, without any address.
    """

    __tablename__ = "delivery_events"
    __table_args__ = (
        UniqueConstraint("tenant_id", "provider", "event_id"),
        belongs_to("actions", "action_id"),
        belongs_to("deliveries", "delivery_id"),
        one_of("kind", EventKind),
        Index("ix_delivery_events_delivery_id", "tenant_id", "delivery_id"),
        Index("ix_delivery_events_action_id", "tenant_id", "action_id", "kind", "delivery_id"),
        Index(
            "ix_delivery_events_alarming",
            "created_at",
            postgresql_where=text("kind in ('bounce', 'spam_report')"),
        ),
    )

    action_id: Mapped[ActionId]
    delivery_id: Mapped[int]
    provider: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[str] = mapped_column(String(LONGEST_ID))
    kind: Mapped[EventKind] = mapped_column(enumerated(EventKind, 20))
    occurred_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON), server_default="")


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a delivery went to, as it was frozen; who was erased since has no address here."""

    delivery_id: int
    action_id: ActionId
    state: DeliveryState
    planned_at: datetime
    contact_id: ContactId | None
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What was told of a delivery, as far as it is believed."""

    id: str
    kind: EventKind
    to: Addressee
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Latest:
    """A delivery with what was told of it last; the recipient's number is None once they are erased."""

    delivery: Delivery
    recipient: ContactId | None
    event: DeliveryEvent | None


def addressees(session: Session, tenant: TenantId, message_ids: Collection[str]) -> dict[str, Addressee]:
    """Whom those of the tenant's messages went to that have these Message-IDs."""
    rows = session.execute(
        select(Delivery, ActionRecipient.contact_id, ActionRecipient.values)
        .outerjoin(ActionRecipient, _FROZEN)
        .where(
            Delivery.tenant_id == tenant,
            Delivery.message_id == func.any(cast(list(message_ids), ARRAY(String))),
        )
    )
    return {
        row.message_id: Addressee(
            row.id, row.action_id, row.state, row.created_at, contact, (values or {}).get("email")
        )
        for row, contact, values in rows.tuples()
    }


def of_text(session: Session, tenant: TenantId, recipient_key: str, text_id: str) -> Addressee | None:
    """The text that this phone was sent under the provider's id: it stands in the outcome once that is written.

    Until then it is the one that is being sent; where that are several, nobody can say which.
    """
    to_this_phone = (
        select(Delivery)
        .join(Action, and_(Action.tenant_id == Delivery.tenant_id, Action.id == Delivery.action_id))
        .where(
            Delivery.tenant_id == tenant,
            Action.type == ActionType.TEXT_MESSAGE,
            Delivery.recipient_key == recipient_key,
        )
    )
    named = Delivery.outcome.contains(text_id, autoescape=True)
    for which in (named, Delivery.state == DeliveryState.SENDING):
        found = session.scalars(to_this_phone.where(which).limit(2)).all()
        if len(found) == 1:
            row = found[0]
            return Addressee(row.id, row.action_id, row.state, row.created_at, None, None)
    return None


def keep(session: Session, tenant: TenantId, provider: str, told: Sequence[NewEvent]) -> set[str]:
    """Keeps what was not told before, and gives the ids of that."""
    # In one order, so that two who were told the same wait for each other and never both.
    rows = [_row(tenant, provider, event) for event in sorted(told, key=lambda event: event.id)]
    new = set[str]()
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        kept = session.scalars(
            insert(DeliveryEvent)
            .values(rows[start : start + _ROWS_A_STATEMENT])
            .on_conflict_do_nothing(index_elements=["tenant_id", "provider", "event_id"])
            .returning(DeliveryEvent.event_id)
        )
        new.update(kept)
    return new


def counts(session: Session, action: Action) -> Counter[EventKind]:
    """Of how many of the action's deliveries each kind was told."""
    rows = session.execute(
        select(DeliveryEvent.kind, func.count(DeliveryEvent.delivery_id.distinct()))
        .where(DeliveryEvent.tenant_id == action.tenant_id, DeliveryEvent.action_id == action.id)
        .group_by(DeliveryEvent.kind)
    ).tuples()
    found = dict(rows.all())
    return Counter({kind: found[kind] for kind in EventKind if kind in found})


def unwelcome(session: Session, action: Action, limit: int) -> list[Latest]:
    """Deliveries that did not reach their readers or were not wanted, and what was told of each last; newest first."""
    named = (
        select(DeliveryEvent.delivery_id, func.max(DeliveryEvent.id).label("newest"))
        .where(
            DeliveryEvent.tenant_id == action.tenant_id,
            DeliveryEvent.action_id == action.id,
            DeliveryEvent.kind.in_(UNWELCOME),
        )
        .group_by(DeliveryEvent.delivery_id)
        .order_by(func.max(DeliveryEvent.id).desc())
        .limit(limit)
    )
    numbers = [row.delivery_id for row in session.execute(named)]
    found = {latest.delivery.id: latest for latest in _latest(session, action, numbers)}
    return [found[number] for number in numbers]


def listed(
    session: Session, action: Action, *, cursor: int | None, limit: int
) -> tuple[list[Latest], int | None]:
    """A page of the action's deliveries in the order in which they were planned, each with what was told last."""
    query = select(Delivery.id).where(
        Delivery.tenant_id == action.tenant_id, Delivery.action_id == action.id, Delivery.id > (cursor or 0)
    )
    numbers = list(session.scalars(query.order_by(Delivery.id).limit(limit + 1)))
    shown = _latest(session, action, numbers[:limit])
    return shown, (numbers[limit - 1] if len(numbers) > limit else None)


def _latest(session: Session, action: Action, numbers: Collection[int]) -> list[Latest]:
    """These deliveries with their latest events, in the order of their numbers."""
    newest = _newest_events(session, action.tenant_id, numbers)
    rows = session.execute(
        select(Delivery, ActionRecipient.contact_id)
        .outerjoin(ActionRecipient, _FROZEN)
        .where(Delivery.tenant_id == action.tenant_id, Delivery.id.in_(numbers))
        .order_by(Delivery.id)
    ).tuples()
    return [Latest(row, contact, newest.get(row.id)) for row, contact in rows]


def _newest_events(
    session: Session, tenant: TenantId, numbers: Collection[int]
) -> Mapping[int, DeliveryEvent]:
    rank = case({kind.value: place for place, kind in enumerate(EventKind)}, value=DeliveryEvent.kind)
    rows = session.scalars(
        select(DeliveryEvent)
        .where(DeliveryEvent.tenant_id == tenant, DeliveryEvent.delivery_id.in_(numbers))
        .distinct(DeliveryEvent.delivery_id)
        .order_by(
            DeliveryEvent.delivery_id, DeliveryEvent.occurred_at.desc(), rank.desc(), DeliveryEvent.id.desc()
        )
    )
    return {event.delivery_id: event for event in rows}


def _row(tenant: TenantId, provider: str, event: NewEvent) -> dict[str, object]:
    return {
        "tenant_id": tenant,
        "action_id": event.to.action_id,
        "delivery_id": event.to.delivery_id,
        "provider": provider,
        "event_id": event.id,
        "kind": event.kind,
        "occurred_at": event.at,
        "reason": event.reason[:LONGEST_REASON],
    }


_FROZEN = and_(
    ActionRecipient.tenant_id == Delivery.tenant_id,
    ActionRecipient.action_id == Delivery.action_id,
    ActionRecipient.version == Delivery.version,
    ActionRecipient.recipient_key == Delivery.recipient_key,
)
