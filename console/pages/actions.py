"""One action: exactly what will be sent, who said what about it, and the decision."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from console import desk, headers, letter, listing, names, rendering
from console.admission import Id, SignedIn
from console.problems import nothing_here
from console.sign_in import Visitor
from console.texts import Note, hash_named
from store.records import approvals, audit_log, comments
from store.records.action_states import State
from store.records.actions import Action
from store.records.approvals import Decision, DecisionRefused
from store.records.database import Session
from store.records.policies import Signing

router = APIRouter(include_in_schema=False)

Hash = Annotated[str, Form(max_length=64)]
NoteField = Annotated[Note, Form()]


@router.get("/actions/{action_id}")
def action(visitor: SignedIn, action_id: Id, done: str = "") -> HTMLResponse:
    with visitor.records() as session:
        found = desk.found(session, visitor, action_id)
        desk.reads_requests(session, visitor, waiting=found.state is State.PENDING_APPROVAL)
        return _detail(session, visitor, found, done=done)


@router.get("/actions/{action_id}/html")
def html_part(visitor: SignedIn, action_id: Id) -> HTMLResponse:
    """The mail's HTML alone, for the frame in the page: it can do nothing but be looked at."""
    with visitor.records() as session:
        written = letter.of_action(session, visitor.settings, desk.found(session, visitor, action_id))
    if written is None or not written.read.html:
        raise nothing_here()
    return HTMLResponse(written.read.html, headers={"Content-Security-Policy": headers.LETTERS})


@router.post("/actions/{action_id}/submit")
def submit(visitor: SignedIn, action_id: Id) -> RedirectResponse:
    desk.submit(visitor, action_id)
    return _back_to(action_id, "submitted")


@router.post("/actions/{action_id}/cancel")
def cancel(visitor: SignedIn, action_id: Id) -> RedirectResponse:
    desk.cancel(visitor, action_id)
    return _back_to(action_id, "cancelled")


@router.post("/actions/{action_id}/approve", response_model=None)
def approve(
    visitor: SignedIn, action_id: Id, manifest_hash: Hash, note: NoteField = ""
) -> HTMLResponse | RedirectResponse:
    return _decide(visitor, action_id, Decision.APPROVED, manifest_hash, note)


@router.post("/actions/{action_id}/deny", response_model=None)
def deny(
    visitor: SignedIn, action_id: Id, manifest_hash: Hash, note: NoteField = ""
) -> HTMLResponse | RedirectResponse:
    return _decide(visitor, action_id, Decision.DENIED, manifest_hash, note)


@router.post("/actions/{action_id}/request-changes", response_model=None)
def request_changes(
    visitor: SignedIn, action_id: Id, manifest_hash: Hash, note: NoteField = ""
) -> HTMLResponse | RedirectResponse:
    return _decide(visitor, action_id, Decision.CHANGES_REQUESTED, manifest_hash, note)


def _decide(
    visitor: Visitor, action_id: int, decision: Decision, named: str, note: str
) -> HTMLResponse | RedirectResponse:
    """Takes the vote; what is only a missing note is asked for again beside the field."""
    try:
        desk.decide(visitor, action_id, decision, hash_named(named), note)
    except DecisionRefused as refused:
        if type(refused) is not DecisionRefused:
            raise
        with visitor.records() as session:
            found = desk.found(session, visitor, action_id)
            return _detail(session, visitor, found, note=note, trouble=refused.reason, status=422)
    return _back_to(action_id, decision)


def _back_to(action_id: int, done: str) -> RedirectResponse:
    return RedirectResponse(f"/actions/{action_id}?done={done}", 303)


def _detail(
    session: Session,
    visitor: Visitor,
    found: Action,
    *,
    done: str = "",
    note: str = "",
    trouble: str = "",
    status: int = 200,
) -> HTMLResponse:
    written = letter.of_action(session, visitor.settings, found)
    votes, remarks = approvals.votes(session, found), comments.of_action(session, found)
    history = audit_log.of_entity(session, visitor.tenant, "action", found.id)
    actors = {entry.actor for entry in history} | {names.of_user(said.user_id) for said in (*votes, *remarks)}
    if found.author_id is not None:
        actors.add(names.of_user(found.author_id))
    return rendering.page(
        visitor,
        session,
        "action.html",
        status=status,
        action=found,
        title=listing.Listed(found, None, None).title,
        letter=written,
        votes=votes,
        history=history,
        names=names.of_actors(session, actors),
        may_approve=approvals.may_approve(session, found, visitor.user),
        signed=approvals.signatures(session, found, written.version) if written and written.version else 0,
        needed=Signing.of(written.version.manifest).quorum if written and written.version else 0,
        comments=remarks,
        done=done,
        note=note,
        trouble=trouble,
    )
