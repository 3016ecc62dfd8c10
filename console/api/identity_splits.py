"""Identity splits: people's decisions that a device is not somebody's, over what events have joined."""

from datetime import datetime
from typing import Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.cursors import Cursor, Limit
from console.measuring import split_book
from console.measuring.bodies import Split
from store.records.identity_splits import IdentitySplit

router = APIRouter(tags=["identity"], responses=REFUSALS)


class SplitOut(BaseModel):
    """Who decided it, as the audit calls them, and who took it back, where somebody did."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    visitor_id: str
    person_id: str
    reason: str
    decided_by: str
    created_at: datetime
    taken_back_by: str | None
    taken_back_at: datetime | None

    @classmethod
    def of(cls, decision: IdentitySplit) -> Self:
        return cls.model_validate(decision)


class SplitPage(BaseModel):
    items: list[SplitOut]
    next_cursor: int | None


@router.post("/api/identity/splits", status_code=201)
def split(visitor: SignedIn, body: Split, response: Response) -> SplitOut:
    """The device's visits are not this person's, from now on and in the past."""
    decision = split_book.split(visitor, body.visitor_id, body.person_id, body.reason)
    response.headers["Location"] = f"/api/identity/splits/{decision.id}"
    return _shown(visitor, decision)


@router.get("/api/identity/splits")
def list_splits(visitor: SignedIn, limit: Limit, cursor: Cursor = None) -> SplitPage:
    """Newest first, those that were taken back too."""
    page, following = split_book.listed(visitor, cursor=cursor, limit=limit)
    return SplitPage(items=[SplitOut.of(decision) for decision in page], next_cursor=following)


@router.get("/api/identity/splits/{split_id}")
def read(visitor: SignedIn, split_id: Id) -> SplitOut:
    return _shown(visitor, split_book.read(visitor, split_id))


@router.delete("/api/identity/splits/{split_id}", status_code=204)
def take_back(visitor: SignedIn, split_id: Id) -> None:
    """Events decide again; the decision stays to be read."""
    split_book.take_back(visitor, split_id)


def _shown(visitor: Visitor, decision: IdentitySplit) -> SplitOut:
    visitor.conditions.show(split_book.etag(decision))
    return SplitOut.of(decision)
