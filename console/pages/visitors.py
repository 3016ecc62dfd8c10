"""Visitors of the tenant's pages: looking one up, their timeline, and whose device it is not."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import AwareDatetime
from starlette.exceptions import HTTPException

from console.door.admission import Id, SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import form_bodies, rendering
from console.frame.form_bodies import Troubles, troubles
from console.frame.texts import IF_CHOSEN
from console.measuring import split_book
from console.measuring.bodies import Split
from console.watching import analytics, visitor_names
from console.watching.visitor_names import Called
from marketing_pipelines.analytics.timeline import LONGEST_ID, TimelineAsked, recent_converters, timeline
from store.clock import now
from store.records import identity_splits

router = APIRouter(include_in_schema=False)

Name = Annotated[str, Path(min_length=1, max_length=LONGEST_ID)]
Field = Annotated[str, Form(max_length=1_000)]


@router.get("/visitors", response_model=None)
def look_up(
    visitor: SignedIn,
    called: Annotated[Called | None, IF_CHOSEN, Query()] = None,
    name: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    wrong: Troubles = {}
    called = called or Called.DEVICE
    if name:
        try:
            return RedirectResponse(_address(visitor_names.known_as(visitor, called, name)), 303)
        except Refused as refused:
            wrong = troubles(refused)
    try:
        converters, told = analytics.answered(visitor, recent_converters, now())
    except HTTPException as away:
        converters, told = None, str(away.detail)
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "visitors.html",
            status=422 if wrong else 200,
            called=called,
            name=name or "",
            troubles=wrong,
            converters=converters or [],
            told=told,
        )


@router.get("/visitors/{visitor_id}")
def of_visitor(
    visitor: SignedIn, visitor_id: Name, before: AwareDatetime | None = None, done: str = ""
) -> HTMLResponse:
    return _timeline(visitor, visitor_id, before=before, done=done)


@router.post("/visitors/{visitor_id}/splits", response_model=None)
def split(visitor: SignedIn, visitor_id: Name, person_id: Field = "", reason: Field = "") -> Response:
    typed = {"person_id": person_id, "reason": reason}
    try:
        said = form_bodies.read(Split, {"visitor_id": visitor_id, **typed})
        split_book.split(visitor, said.visitor_id, said.person_id, said.reason)
    except Refused as refused:
        return _timeline(visitor, visitor_id, typed=typed, wrong=troubles(refused), status=422)
    return RedirectResponse(f"{_address(visitor_id)}?done=split", 303)


@router.post("/visitors/splits/{split_id}/take-back")
def take_back(visitor: SignedIn, split_id: Id) -> RedirectResponse:
    device = split_book.read(visitor, split_id).visitor_id
    split_book.take_back(visitor, split_id)
    return RedirectResponse(f"{_address(device)}?done=taken-back", 303)


def _timeline(
    visitor: Visitor,
    visitor_id: str,
    *,
    before: AwareDatetime | None = None,
    typed: dict[str, str] | None = None,
    wrong: Troubles | None = None,
    status: int = 200,
    done: str = "",
) -> HTMLResponse:
    try:
        found, told = analytics.answered(
            visitor, timeline, TimelineAsked(visitor_id=visitor_id, before=before)
        )
    except HTTPException as away:
        found, told = None, str(away.detail)
    is_device = visitor_names.is_device(visitor_id)
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "visitor.html",
            status=status,
            visitor_id=visitor_id,
            address=_address(visitor_id),
            is_device=is_device,
            is_name=lambda name: not visitor_names.is_device(name),
            found=found,
            told=told,
            before=before,
            splits=identity_splits.of_device(session, visitor.tenant, visitor_id) if is_device else [],
            typed=typed or {"person_id": found.person_id if found else "", "reason": ""},
            troubles=wrong or {},
            done=done,
        )


def _address(visitor_id: str) -> str:
    return f"/visitors/{quote(visitor_id, safe='')}"
