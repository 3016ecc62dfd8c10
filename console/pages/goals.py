"""Goals: what counts as a conversion, which of them stands at the head, and the form of one."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.door.admission import Id, SignedIn
from console.door.etags import ChangedMeanwhile, Conditions
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import rendering
from console.frame.form_bodies import Troubles, troubles
from console.measuring import goal_book, goal_form, recent_events
from console.measuring.goal_form import Typed
from store.records import goals
from store.records.goals import ConversionGoal

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Form(max_length=400)]


def _typed(
    name: Field = "",
    event: Field = "",
    refund_event: Field = "",
    fixed_value: Field = "",
    currency: Field = "",
    counting: Field = "",
    once_days: Field = "",
    lookback_days: Field = "",
) -> Typed:
    return Typed(name, event, refund_event, fixed_value, currency, counting, once_days, lookback_days)


TypedIn = Annotated[Typed, Depends(_typed)]


@router.get("/goals")
def all_goals(visitor: SignedIn, done: str = "") -> HTMLResponse:
    return _list(visitor, done=done)


@router.get("/goals/new")
def new(visitor: SignedIn) -> HTMLResponse:
    return _editor(visitor, None, Typed())


@router.post("/goals/new", response_model=None)
def define(visitor: SignedIn, typed: TypedIn) -> Response:
    try:
        goal_book.define(visitor, typed.as_terms())
    except Refused as refused:
        return _editor(visitor, None, typed, troubles(refused), refused.problem.status)
    return RedirectResponse("/goals?done=defined", 303)


@router.get("/goals/{goal_id}")
def edit(visitor: SignedIn, goal_id: Id) -> HTMLResponse:
    goal = goal_book.read(visitor, goal_id)
    return _editor(visitor, goal, Typed.of(goal.terms))


@router.post("/goals/{goal_id}", response_model=None)
def change(visitor: SignedIn, goal_id: Id, typed: TypedIn, etag: Field = "") -> Response:
    goal = goal_book.read(visitor, goal_id)
    knowing = replace(visitor, conditions=Conditions(reads=False, if_match=etag))
    try:
        goal_book.change(knowing, goal_id, typed.as_terms())
    except ChangedMeanwhile:
        theirs = goal_book.read(visitor, goal_id)
        return _editor(visitor, theirs, typed, {}, 409, theirs=Typed.of(theirs.terms))
    except Refused as refused:
        return _editor(visitor, goal, typed, troubles(refused), refused.problem.status, etag)
    return RedirectResponse("/goals?done=changed", 303)


@router.post("/goals/{goal_id}/make-headline", response_model=None)
def make_headline(visitor: SignedIn, goal_id: Id) -> Response:
    try:
        goal_book.make_headline(visitor, goal_id)
    except Refused as refused:
        if refused.problem.status != 409:
            raise
        return _list(visitor, refused=refused)
    return RedirectResponse("/goals?done=headline", 303)


@router.post("/goals/{goal_id}/archive", response_model=None)
def archive(visitor: SignedIn, goal_id: Id) -> Response:
    try:
        goal_book.archive(visitor, goal_id)
    except Refused as refused:
        if refused.problem.status != 409:
            raise
        return _list(visitor, refused=refused)
    return RedirectResponse("/goals?done=archived", 303)


def _list(visitor: Visitor, *, done: str = "", refused: Refused | None = None) -> HTMLResponse:
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "goals.html",
            status=refused.problem.status if refused else 200,
            goals=goals.live(session, visitor.tenant),
            archived=goals.archived(session, visitor.tenant),
            most=goals.MOST_LIVE,
            seen=recent_events.of_tenant(visitor),
            looked_back=recent_events.LOOKED_BACK.days,
            refusal=refused.problem.detail if refused else "",
            done=done,
        )


def _editor(
    visitor: Visitor,
    goal: ConversionGoal | None,
    typed: Typed,
    wrong: Troubles | None = None,
    status: int = 200,
    etag: str = "",
    theirs: Typed | None = None,
) -> HTMLResponse:
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "goal.html",
            status=status,
            goal=goal,
            typed=typed,
            theirs=theirs,
            troubles=wrong or {},
            etag=etag or (goal_book.etag(goal) if goal else ""),
            countings=goal_form.COUNTINGS,
            seen=recent_events.of_tenant(visitor) or {},
        )
