"""Which outcomes of deliveries ClickHouse has not got yet: each chunk is loaded once, under its own name."""

from collections.abc import Iterable

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from store.clock import now
from store.records.actions import Action, ActionRecipient
from store.records.deliveries import Delivery
from store.records.schema import ContactId


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


def rows_of_chunk(session: Session, chunk: str) -> list[tuple[Delivery, Action, ContactId | None]]:
    """The deliveries of a chunk that are still to be loaded and whom they went to, locked so that one loader has them."""
    frozen = and_(
        ActionRecipient.tenant_id == Delivery.tenant_id,
        ActionRecipient.action_id == Delivery.action_id,
        ActionRecipient.version == Delivery.version,
        ActionRecipient.recipient_key == Delivery.recipient_key,
    )
    rows = session.execute(
        select(Delivery, Action, ActionRecipient.contact_id)
        .join(Action, and_(Action.tenant_id == Delivery.tenant_id, Action.id == Delivery.action_id))
        .outerjoin(ActionRecipient, frozen)
        .where(Delivery.chunk == chunk, Delivery.loaded_at.is_(None))
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def mark_loaded(session: Session, rows: Iterable[Delivery]) -> None:
    for row in rows:
        row.loaded_at = now()
    session.flush()
