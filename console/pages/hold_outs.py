"""Hold-outs: what was kept from some people by lot, what that says it causes, and the form of a new one."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from starlette.exceptions import HTTPException

from console.actions import choices
from console.door.admission import Id, SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import rendering
from console.frame.bodies import ChosenId
from console.frame.cursors import Cursor
from console.frame.form_bodies import Troubles, troubles
from console.measuring import goal_book, hold_out_book, hold_out_form
from console.measuring.hold_out_form import Typed
from console.watching import hold_out_report
from console.watching.hold_out_report import LONGEST_PERSON, Lately, Report
from marketing_pipelines.analytics.hold_outs import Place
from store.clock import now
from store.records import goals, hold_outs
from store.records.campaigns import Campaign
from store.records.goals import ConversionGoal
from store.records.hold_outs import HoldOut
from store.records.schema import GoalId

router = APIRouter(include_in_schema=False)

PAGE = 20
Field = Annotated[str, Form(max_length=2_000)]
Days = Annotated[int, Query(ge=1, le=hold_outs.LONGEST_DAYS)]
Name = Annotated[str, Query(max_length=LONGEST_PERSON)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who is looked for, and where they stand or why that cannot be told."""

    person: str = ""
    place: Place | None = None
    trouble: str = ""


def _typed(
    name: Field = "",
    question: Field = "",
    goal_id: Field = "",
    campaign_id: Field = "",
    share: Field = "",
    first_day: Field = "",
    last_day: Field = "",
) -> Typed:
    return Typed(name, question, goal_id, campaign_id, share, first_day, last_day)


TypedIn = Annotated[Typed, Depends(_typed)]


@router.get("/hold-outs")
def all_hold_outs(visitor: SignedIn, cursor: Cursor = None) -> HTMLResponse:
    with visitor.records() as session:
        page, following = hold_outs.listed(session, visitor.tenant, cursor=cursor, limit=PAGE)
        wanted = {it.goal_id for it in page}
        named = select(ConversionGoal.id, ConversionGoal.name).where(
            ConversionGoal.tenant_id == visitor.tenant, ConversionGoal.id.in_(wanted)
        )
        return rendering.page(
            visitor,
            session,
            "hold_outs.html",
            hold_outs=page,
            goals={row.id: row.name for row in session.execute(named)},
            page={"next_cursor": following},
            cursor=cursor,
            say=hold_out_report,
        )


@router.get("/hold-outs/new")
def new(visitor: SignedIn, goal_id: ChosenId = None, days: Days = hold_out_form.USUAL_DAYS) -> HTMLResponse:
    goal = goal_book.read(visitor, goal_id).id if goal_id else goal_book.live(visitor)[0].id
    return _form(visitor, Typed.usual(now().date(), goal, days), goal, days)


@router.post("/hold-outs/new", response_model=None)
def plan(visitor: SignedIn, typed: TypedIn) -> Response:
    try:
        made = hold_out_book.plan(visitor, typed.as_body())
    except Refused as refused:
        goal = goal_book.live(visitor)[0].id
        return _form(
            visitor, typed, goal, hold_out_form.USUAL_DAYS, troubles(refused), refused.problem.status
        )
    return RedirectResponse(f"/hold-outs/{made.id}?done=planned", 303)


@router.get("/hold-outs/{hold_out_id}")
def one(visitor: SignedIn, hold_out_id: Id, person: Name = "", done: str = "") -> HTMLResponse:
    hold_out = hold_out_book.read(visitor, hold_out_id)
    return _page(visitor, hold_out, asked=_asked(visitor, hold_out, person), done=done)


@router.post("/hold-outs/{hold_out_id}/end", response_model=None)
def end(visitor: SignedIn, hold_out_id: Id) -> Response:
    try:
        hold_out_book.end(visitor, hold_out_id)
    except Refused as refused:
        if refused.problem.status != 409:
            raise
        return _page(visitor, hold_out_book.read(visitor, hold_out_id), refusal=refused.problem.detail)
    return RedirectResponse(f"/hold-outs/{hold_out_id}?done=ended", 303)


def _page(
    visitor: Visitor, hold_out: HoldOut, *, asked: Asked | None = None, done: str = "", refusal: str = ""
) -> HTMLResponse:
    found, told, away = _report(visitor, hold_out)
    with visitor.records() as session:
        goal = goals.named(session, visitor.tenant, hold_out.goal_id)
        assert goal, "a foreign key keeps it"
        mine = Campaign.tenant_id == visitor.tenant, Campaign.id == hold_out.campaign_id
        return rendering.page(
            visitor,
            session,
            "hold_out.html",
            status=409 if refusal else 200,
            hold_out=hold_out,
            goal=goal,
            campaign=session.scalar(select(Campaign.name).where(*mine)) if hold_out.campaign_id else None,
            found=found,
            told=told,
            away=away,
            asked=asked or Asked(),
            days_left=(hold_out.last_day - now().date()).days + 1,
            say=hold_out_report,
            done=done,
            refusal=refusal,
        )


def _form(
    visitor: Visitor, typed: Typed, goal: int, days: int, wrong: Troubles | None = None, status: int = 200
) -> HTMLResponse:
    lately, told = _lately(visitor, goal, days)
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "hold_out_form.html",
            status=status,
            typed=typed,
            troubles=wrong or {},
            goals=[(str(it.id), it.name) for it in goals.live(session, visitor.tenant)],
            campaigns=[("", "None of them"), *choices.campaigns(session, visitor)],
            goal=str(goal),
            days=days,
            lately=lately,
            told=told,
            say=hold_out_report,
        )


def _report(visitor: Visitor, hold_out: HoldOut) -> tuple[Report | None, str, str]:
    """The report, else why there is none yet, else why it cannot be had now."""
    try:
        found, told = hold_out_report.of(visitor, hold_out)
    except HTTPException as failure:
        return None, "", _away(failure)
    return found, told, ""


def _lately(visitor: Visitor, goal: int, days: int) -> tuple[Lately | None, str]:
    try:
        return hold_out_report.lately(visitor, GoalId(goal), days)
    except HTTPException as failure:
        return None, _away(failure)


def _asked(visitor: Visitor, hold_out: HoldOut, person: str) -> Asked:
    """Only for those who may know who somebody is."""
    if not person or not visitor.may("GET /api/hold-outs/{hold_out_id}/lot"):
        return Asked(person)
    try:
        return Asked(person, hold_out_report.place(visitor, hold_out, person))
    except Refused as refused:
        return Asked(person, trouble=refused.problem.errors[0].reason)
    except HTTPException as failure:
        return Asked(person, trouble=_away(failure))


def _away(failure: HTTPException) -> str:
    """What a warehouse says that is away for now; anything else goes on as it came."""
    if failure.status_code != 503:
        raise failure
    return str(failure.detail)
