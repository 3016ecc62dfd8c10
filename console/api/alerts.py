"""Alerts: what somebody has to know of, and that it was seen."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.problems import nothing_here
from console.frame.cursors import Cursor, Limit
from marketing_pipelines.monitoring.alert_words import words_of
from store.records import alerts
from store.records.alerts import AlertKind, AlertState, Seen

router = APIRouter(tags=["alerts"], responses=REFUSALS)


class AlertOut(BaseModel):
    """`closed` is over by itself; `acknowledged` was seen by somebody of this tenant."""

    id: int
    kind: AlertKind
    state: AlertState
    title: str
    text: str
    action_id: int | None
    is_of_the_house: Annotated[bool, Field(description="It concerns every tenant.")]
    about: dict[str, Any]
    occurred_at: datetime
    raised_at: datetime
    closed_at: datetime | None
    acknowledged_by: int | None
    acknowledged_at: datetime | None

    @classmethod
    def of(cls, seen: Seen) -> Self:
        alert, words = seen.alert, words_of(seen.alert)
        return cls(
            id=alert.id,
            kind=alert.kind,
            state=seen.state,
            title=words.title,
            text=f"{words.text} {words.what_to_do}",
            action_id=alert.action_id,
            is_of_the_house=alert.tenant_id is None,
            about=alert.about,
            occurred_at=alert.occurred_at,
            raised_at=alert.created_at,
            closed_at=alert.closed_at,
            acknowledged_by=seen.acknowledged_by,
            acknowledged_at=seen.acknowledged_at,
        )


class AlertPage(BaseModel):
    items: list[AlertOut]
    next_cursor: int | None


@router.get("/api/alerts")
def list_alerts(
    visitor: SignedIn,
    limit: Limit,
    state: Annotated[AlertState | None, Query(description="All of them without it.")] = None,
    cursor: Cursor = None,
) -> AlertPage:
    """Newest first."""
    with visitor.records() as session:
        page, following = alerts.listed(session, visitor.tenant, state, cursor=cursor, limit=limit)
    return AlertPage(items=[AlertOut.of(seen) for seen in page], next_cursor=following)


@router.post("/api/alerts/{alert_id}/acknowledge")
def acknowledge(visitor: SignedIn, alert_id: Id) -> AlertOut:
    """Somebody has seen it; the first who said so stays on record."""
    with visitor.records() as session:
        seen = alerts.acknowledge(session, visitor.tenant, visitor.actor, visitor.user, alert_id)
    if seen is None:
        raise nothing_here()
    return AlertOut.of(seen)
