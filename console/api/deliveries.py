"""Deliveries: each message of an action, and what its provider told of it last."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.frame.cursors import Cursor, Limit
from console.watching import delivered
from store.records.deliveries import DeliveryState
from store.records.delivery_events import DeliveryEvent, EventKind, Latest

router = APIRouter(tags=["actions"], responses=REFUSALS)


class EventOut(BaseModel):
    kind: EventKind
    occurred_at: datetime
    reason: Annotated[str, Field(description="What somebody else's mail server said; it proves nothing.")]

    @classmethod
    def of(cls, event: DeliveryEvent) -> Self:
        return cls(kind=event.kind, occurred_at=event.occurred_at, reason=event.reason)


class DeliveryOut(BaseModel):
    id: int
    recipient_id: int | None
    state: DeliveryState
    outcome: str
    attempts: int
    version: int
    sent_at: datetime | None
    settled_at: datetime | None
    latest_event: Annotated[EventOut | None, Field(description="None while its provider has told nothing.")]

    @classmethod
    def of(cls, latest: Latest) -> Self:
        row = latest.delivery
        return cls(
            id=row.id,
            recipient_id=latest.recipient,
            state=row.state,
            outcome=row.outcome,
            attempts=row.attempts,
            version=row.version,
            sent_at=row.sent_at,
            settled_at=row.settled_at,
            latest_event=EventOut.of(latest.event) if latest.event else None,
        )


class DeliveryPage(BaseModel):
    items: list[DeliveryOut]
    next_cursor: int | None


@router.get("/api/actions/{action_id}/deliveries")
def list_deliveries(visitor: SignedIn, action_id: Id, limit: Limit, cursor: Cursor = None) -> DeliveryPage:
    """In the order in which they were planned, each with what its provider told last."""
    page, following = delivered.listed(visitor, action_id, cursor=cursor, limit=limit)
    return DeliveryPage(items=[DeliveryOut.of(latest) for latest in page], next_cursor=following)
