"""Hold-outs: what is kept from some people, chosen by lot, and what that says it causes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.cursors import Cursor, Limit
from console.measuring import bodies, hold_out_book
from console.watching import hold_out_report
from console.watching.hold_out_report import Report
from marketing_pipelines.attribution import Group, Side
from marketing_pipelines.attribution.hold_outs import Estimate, Lift
from store.records.hold_outs import HoldOut, HoldOutState

router = APIRouter(tags=["hold-outs"], responses=REFUSALS)

Person = Annotated[
    str,
    Query(
        max_length=hold_out_report.LONGEST_PERSON,
        description="As the warehouse calls them: `user:` or `contact:` and the id.",
    ),
]


class HoldOutOut(BaseModel):
    """`share` is a decimal number as text; `last_counted` the last whole day on which people were held out."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    question: str
    state: HoldOutState
    goal_id: int
    campaign_id: int | None
    share: Decimal
    first_day: date
    last_day: date
    last_counted: date | None
    ended_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, hold_out: HoldOut) -> Self:
        return cls.model_validate(hold_out)


class HoldOutPage(BaseModel):
    items: list[HoldOutOut]
    next_cursor: int | None


class GroupOut(BaseModel):
    """People who were drawn, whether or not they were reached; value is net of refunds, in the tenant's currency."""

    model_config = ConfigDict(from_attributes=True)

    users: int
    converters: int
    rate: float
    value: float
    value_squared: float


class EstimateOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    best: float
    low: float
    high: float

    @classmethod
    def of(cls, found: Estimate | None) -> Self | None:
        return cls.model_validate(found) if found else None


class LiftOut(BaseModel):
    """Of those who were not held out, over what would have come anyway; `relative` is none where nobody converted."""

    confidence: float
    told_apart: bool
    treated: GroupOut
    held_out: GroupOut
    rate: EstimateOut
    conversions: EstimateOut
    value: EstimateOut
    relative: EstimateOut | None

    @classmethod
    def of(cls, found: Lift) -> Self:
        return cls(
            confidence=found.confidence,
            told_apart=found.told_apart,
            treated=_group(found.treated),
            held_out=_group(found.held_out),
            rate=EstimateOut.model_validate(found.rate),
            conversions=EstimateOut.model_validate(found.conversions),
            value=EstimateOut.model_validate(found.value),
            relative=EstimateOut.of(found.relative),
        )


class ReportOut(BaseModel):
    """`lift` is there once it has ended: early looks find effects that are not there.

    `chance_of_sizes` is how often a fair lot gives groups that are so far from the share; below 0.001 nothing of this
    is to be used. `smallest_relative` is the smallest lift that so many people show four times in five.
    """

    state: HoldOutState
    treated: int
    held_out: int
    chance_of_sizes: float
    is_a_fair_lot: bool
    smallest_relative: float | None
    before: Annotated[
        LiftOut | None,
        Field(description="The same people in as many days before it began, when all were treated alike."),
    ]
    lift: LiftOut | None
    words: str

    @classmethod
    def of(cls, report: Report) -> Self:
        before, found = report.before.lift, report.lift
        return cls(
            state=report.hold_out.state,
            treated=report.treated,
            held_out=report.held_out,
            chance_of_sizes=report.chance_of_sizes,
            is_a_fair_lot=report.is_a_fair_lot,
            smallest_relative=report.reach.relative,
            before=LiftOut.of(before) if before else None,
            lift=LiftOut.of(found) if found else None,
            words=hold_out_report.headline(report) if report.result else "",
        )


class PlaceOut(BaseModel):
    """`person` is who they were known to be before the first day; who was not known then has a side but is not counted.

    `may_be_reached` is false for whoever is held out while it runs.
    """

    person: str
    side: Side
    is_counted: bool
    may_be_reached: bool


@router.post("/api/hold-outs", status_code=201)
def plan(visitor: SignedIn, body: bodies.HoldOut, response: Response) -> HoldOutOut:
    """It begins by itself on its first day, and its terms are never changed."""
    made = hold_out_book.plan(visitor, body)
    response.headers["Location"] = f"/api/hold-outs/{made.id}"
    return _shown(visitor, made)


@router.get("/api/hold-outs")
def list_hold_outs(visitor: SignedIn, limit: Limit, cursor: Cursor = None) -> HoldOutPage:
    """Newest first."""
    page, following = hold_out_book.listed(visitor, cursor=cursor, limit=limit)
    return HoldOutPage(items=[HoldOutOut.of(each) for each in page], next_cursor=following)


@router.get("/api/hold-outs/{hold_out_id}")
def read(visitor: SignedIn, hold_out_id: Id) -> HoldOutOut:
    return _shown(visitor, hold_out_book.read(visitor, hold_out_id))


@router.get("/api/hold-outs/{hold_out_id}/report")
def report(visitor: SignedIn, hold_out_id: Id) -> ReportOut:
    """Who was drawn, and once it is over what was caused, with its bounds."""
    found, told = hold_out_report.of(visitor, hold_out_book.read(visitor, hold_out_id))
    if found is None:
        raise HTTPException(503, told)
    return ReportOut.of(found)


@router.get("/api/hold-outs/{hold_out_id}/lot")
def lot(visitor: SignedIn, hold_out_id: Id, person: Person) -> PlaceOut:
    """On which side somebody is, the same each time: for whatever is about to reach them."""
    hold_out = hold_out_book.read(visitor, hold_out_id)
    found = hold_out_report.place(visitor, hold_out, person)
    return PlaceOut(
        person=found.person,
        side=found.side,
        is_counted=found.is_counted,
        may_be_reached=found.side is Side.TREATED or hold_out.state is not HoldOutState.RUNNING,
    )


@router.post("/api/hold-outs/{hold_out_id}/end")
def end(visitor: SignedIn, hold_out_id: Id) -> HoldOutOut:
    """Nobody is held out any more; the whole days until yesterday count."""
    return _shown(visitor, hold_out_book.end(visitor, hold_out_id))


def _group(group: Group) -> GroupOut:
    return GroupOut.model_validate(group)


def _shown(visitor: Visitor, hold_out: HoldOut) -> HoldOutOut:
    visitor.conditions.show(hold_out_book.etag(hold_out))
    return HoldOutOut.of(hold_out)
