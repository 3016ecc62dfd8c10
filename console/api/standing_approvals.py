"""Standing approvals: sequences and rules that were signed once, what has gone on them, and their end."""

from datetime import date, datetime
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select

from console.actions import desk
from console.api.answers import REFUSALS
from console.api.recipients import Reason
from console.door.admission import Id, SignedIn
from console.door.problems import nothing_here
from console.frame.bodies import Body
from console.frame.cursors import Cursor, Limit
from store.clock import now
from store.records.standing_approvals import StandingApproval

router = APIRouter(tags=["standing approvals"], responses=REFUSALS)


class Revocation(Body):
    reason: Reason


class StandingOut(BaseModel):
    """`drawn` of `most` deliveries have gone on it; `in_force` says whether more may."""

    id: int
    action_id: int
    version: int
    most: int
    drawn: int
    until: date
    in_force: bool
    revoked_at: datetime | None
    revoke_reason: str | None
    created_at: datetime

    @classmethod
    def of(cls, standing: StandingApproval) -> Self:
        return cls(
            **{name: getattr(standing, name) for name in cls.model_fields if hasattr(standing, name)},
            in_force=not standing.why_not_in_force(now().date()) and standing.drawn < standing.most,
        )


class StandingPage(BaseModel):
    items: list[StandingOut]
    next_cursor: int | None


@router.get("/api/standing-approvals")
def list_standing(visitor: SignedIn, limit: Limit, cursor: Cursor = None) -> StandingPage:
    """Newest first."""
    with visitor.records() as session:
        shown, following = desk.listed_standing(session, visitor, cursor=cursor, limit=limit)
    return StandingPage(items=[StandingOut.of(row) for row in shown], next_cursor=following)


@router.get("/api/standing-approvals/{standing_id}")
def read(visitor: SignedIn, standing_id: Id) -> StandingOut:
    query = select(StandingApproval).where(
        StandingApproval.tenant_id == visitor.tenant, StandingApproval.id == standing_id
    )
    with visitor.records() as session:
        found = session.scalar(query)
    if found is None:
        raise nothing_here()
    return StandingOut.of(found)


@router.post("/api/standing-approvals/{standing_id}/revoke")
def revoke(visitor: SignedIn, standing_id: Id, body: Revocation) -> StandingOut:
    """Nothing more goes on it, not even what it has let through already and has not left yet."""
    return StandingOut.of(desk.revoke_standing(visitor, standing_id, body.reason))
