"""Goals: what counts as a conversion, what it is worth, and how far back a touch earns credit."""

from datetime import datetime
from decimal import Decimal
from typing import Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.measuring import goal_book
from console.measuring.bodies import Goal
from store.records.goals import ConversionGoal, Counting

router = APIRouter(tags=["goals"], responses=REFUSALS)


class GoalOut(BaseModel):
    """`fixed_value` is a decimal number as text; none leaves the value to the event."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    event: str
    refund_event: str
    fixed_value: Decimal | None
    currency: str
    counting: Counting
    once_days: int
    lookback_days: int
    is_headline: bool
    archived_at: datetime | None
    changed_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, goal: ConversionGoal) -> Self:
        return cls.model_validate(goal)


class GoalList(BaseModel):
    items: list[GoalOut]


@router.post("/api/goals", status_code=201)
def define(visitor: SignedIn, body: Goal, response: Response) -> GoalOut:
    """Its conversions are found in all history that the warehouse keeps."""
    goal = goal_book.define(visitor, body.as_terms())
    response.headers["Location"] = f"/api/goals/{goal.id}"
    return _shown(visitor, goal)


@router.get("/api/goals")
def list_goals(visitor: SignedIn) -> GoalList:
    """Those that count, the headline goal first."""
    return GoalList(items=[GoalOut.of(goal) for goal in goal_book.live(visitor)])


@router.get("/api/goals/{goal_id}")
def read(visitor: SignedIn, goal_id: Id) -> GoalOut:
    """An archived one is read too."""
    return _shown(visitor, goal_book.read(visitor, goal_id))


@router.put("/api/goals/{goal_id}")
def change(visitor: SignedIn, goal_id: Id, body: Goal) -> GoalOut:
    """The whole goal; the past is counted anew as well."""
    return _shown(visitor, goal_book.change(visitor, goal_id, body.as_terms()))


@router.post("/api/goals/{goal_id}/make-headline")
def make_headline(visitor: SignedIn, goal_id: Id) -> GoalOut:
    """Overviews and budgets speak of it from now on, and no longer of the one before."""
    return _shown(visitor, goal_book.make_headline(visitor, goal_id))


@router.delete("/api/goals/{goal_id}", status_code=204)
def archive(visitor: SignedIn, goal_id: Id) -> None:
    """It counts no more, and its figures go; the headline goal is exchanged first."""
    goal_book.archive(visitor, goal_id)


def _shown(visitor: Visitor, goal: ConversionGoal) -> GoalOut:
    visitor.conditions.show(goal_book.etag(goal))
    return GoalOut.of(goal)
