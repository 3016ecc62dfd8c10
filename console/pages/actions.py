"""One action: exactly what will be sent, who said what about it, and the decision."""

from typing import Annotated

import rfc8785
from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from console.actions import desk, letter, listing
from console.actions.letter import Letter
from console.approvals import differences, looks, provenance, signatures
from console.approvals.differences import Comparison
from console.approvals.signatures import Standing
from console.door import headers
from console.door.admission import Id, SignedIn
from console.door.problems import nothing_here
from console.door.sign_in import Visitor
from console.frame import names, rendering
from console.frame.texts import Note, Remark, hash_named
from console.watching import delivered
from store.records import actions, approvals, audit_log, comments, groups, standing_approvals
from store.records.action_states import MOVES, Move, State
from store.records.actions import Action
from store.records.approvals import AlreadySettled, Decision, DecisionRefused, StaleVersion
from store.records.audit_log import Search
from store.records.campaigns import Campaign
from store.records.database import Session
from store.records.schema import GroupId, UserId

router = APIRouter(include_in_schema=False)

HISTORY = 30
REMARKS = 50
MOST_GROUPS = 100
# States in which messages may lie among the dead letters.
MAY_HAVE_FAILED = frozenset({State.FAILED, State.PARTIALLY_FAILED})

Hash = Annotated[str, Form(max_length=64)]
NoteField = Annotated[Note, Form()]
ReadAs = Annotated[int, Query(alias="as", ge=0, lt=letter.SAMPLE)]


@router.get("/actions/{action_id}")
def action(visitor: SignedIn, action_id: Id, read_as: ReadAs = 0, done: str = "") -> HTMLResponse:
    with visitor.records() as session:
        found = desk.found(session, visitor, action_id)
        desk.reads_requests(session, visitor, waiting=found.state is State.PENDING_APPROVAL)
        return _detail(session, visitor, found, read_as=read_as, done=done)


@router.get("/actions/{action_id}/html")
def html_part(
    visitor: SignedIn, action_id: Id, read_as: ReadAs = 0, mail: Annotated[int, Query(ge=1, le=100)] = 1
) -> HTMLResponse:
    """The mail's HTML alone, for the frame in the page: it can do nothing but be looked at."""
    with visitor.records() as session:
        found = desk.found(session, visitor, action_id)
        written = letter.of_action(session, visitor.settings, found, read_as)
    html = looks.html_of(found, written, mail) if written else ""
    if not html:
        raise nothing_here()
    return HTMLResponse(html, headers={"Content-Security-Policy": headers.LETTERS})


@router.get("/actions/{action_id}/manifest")
def signed_bytes(
    visitor: SignedIn, action_id: Id, version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> Response:
    """The very bytes whose SHA-256 is the hash that people sign."""
    with visitor.records() as session:
        found = desk.found(session, visitor, action_id)
        frozen = actions.version_of(session, found, version or found.version)
        if frozen is None:
            raise nothing_here()
        content = rfc8785.dumps(frozen.manifest)
    name = f"action-{action_id}-version-{frozen.version}.json"
    return Response(
        content,
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": headers.FILES,
        },
    )


@router.get("/actions/{action_id}/standing")
def standing(
    visitor: SignedIn,
    action_id: Id,
    version: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    state: State | None = None,
) -> HTMLResponse:
    """The part of the page that changes while it is read; what it was when the page was opened comes along."""
    with visitor.records() as session:
        found = desk.found(session, visitor, action_id)
        come = _standing(session, visitor, found)
        signers = {names.of_user(vote.user_id) for vote in come.votes} if come else set[str]()
        return rendering.page(
            visitor,
            session,
            "action_standing.html",
            action=found,
            standing=come,
            names=names.of_actors(session, signers),
            opened_version=version,
            opened_state=state or found.state,
        )


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


@router.post("/actions/{action_id}/remarks")
def remark(visitor: SignedIn, action_id: Id, text: Annotated[Remark, Form()]) -> RedirectResponse:
    desk.comment(visitor, action_id, text)
    return RedirectResponse(f"/actions/{action_id}?done=remarked#remarks", 303)


def _decide(
    visitor: Visitor, action_id: int, decision: Decision, named: str, note: str
) -> HTMLResponse | RedirectResponse:
    """Takes the vote. A missing note is asked for beside its field; who came too late sees what happened meanwhile."""
    try:
        desk.decide(visitor, action_id, decision, hash_named(named), note)
    except (AlreadySettled, StaleVersion) as late:
        with visitor.records() as session:
            found = desk.found(session, visitor, action_id)
            return _detail(session, visitor, found, note=note, late=late, status=409)
    except DecisionRefused as refused:
        if type(refused) is not DecisionRefused:
            raise
        with visitor.records() as session:
            found = desk.found(session, visitor, action_id)
            return _detail(session, visitor, found, note=note, trouble=refused.reason, status=422)
    return _back_to(action_id, decision)


def _back_to(action_id: int, done: str) -> RedirectResponse:
    return RedirectResponse(f"/actions/{action_id}?done={done}", 303)


def _standing(session: Session, visitor: Visitor, found: Action) -> Standing | None:
    """What votes have come to; nothing for a draft, which nobody can sign."""
    version = None if found.state is State.DRAFT else actions.current_version(session, found)
    if version is None:
        return None
    return signatures.of(session, visitor, found, version, approvals.votes(session, found))


def _detail(
    session: Session,
    visitor: Visitor,
    found: Action,
    *,
    read_as: int = 0,
    done: str = "",
    note: str = "",
    trouble: str = "",
    late: AlreadySettled | StaleVersion | None = None,
    status: int = 200,
) -> HTMLResponse:
    written = letter.of_action(session, visitor.settings, found, read_as)
    version = written.version if written else None
    votes = approvals.votes(session, found)
    remarks = comments.newest(session, found, REMARKS)
    history, earlier = audit_log.entries(
        session,
        visitor.tenant,
        Search(entity="action", entity_id=str(found.id)),
        cursor=None,
        limit=HISTORY,
        newest_first=True,
    )
    actors = {entry.actor for entry in history} | {names.of_user(said.user_id) for said in remarks}
    actors |= {names.of_user(vote.user_id) for vote in votes}
    actors |= {names.of_user(person) for person in _hands(found, version) if person is not None}
    return rendering.page(
        visitor,
        session,
        "action.html",
        status=status,
        action=found,
        title=listing.title_of(found),
        letter=written,
        looks=looks.of(session, visitor, found, written) if written else None,
        compared=_compared(session, found, written),
        groups=_groups(session, visitor, written),
        campaign=_campaign(session, visitor, found),
        covered_by=_covered_by(session, visitor, found),
        sources=provenance.sources(
            visitor, version.manifest.get("provenance", []) if version else found.provenance
        ),
        history=history,
        has_earlier=earlier is not None,
        comments=remarks,
        delivered=delivered.of(session, visitor, found),
        may_edit=found.state in MOVES[Move.EDIT][0],
        may_have_failed=found.state in MAY_HAVE_FAILED,
        done=done,
        note=note,
        trouble=trouble,
        late=late,
        is_stale=isinstance(late, StaleVersion),
        votes=votes,
        standing=signatures.of(session, visitor, found, version, votes) if version else None,
        opened_version=found.version,
        opened_state=found.state,
        names=names.of_actors(session, actors),
    )


def _compared(session: Session, found: Action, written: Letter | None) -> Comparison | None:
    """What was frozen against what was frozen before; only of a draft, what its author has before their eyes."""
    if written is None:
        return None
    if written.version is not None:
        return differences.since_last(session, found, written.version)
    words = {"template": written.template, "sender": written.read.sender, "connection": written.connection}
    return differences.of_draft(session, found, words)


def _hands(found: Action, version: actions.ActionVersion | None) -> tuple[UserId | None, ...]:
    """Who wrote it and who asked for its approval."""
    return found.author_id, version.submitted_by if version else None


def _groups(session: Session, visitor: Visitor, written: Letter | None) -> list[tuple[int, str]]:
    """The groups of a frozen audience, by name; one that is gone keeps its number."""
    if written is None or written.version is None:
        return []
    numbers = [GroupId(each) for each in written.version.manifest["recipients"].get("groups", ())]
    known = {
        group.id: group.name for group in groups.all_named(session, visitor.tenant, numbers[:MOST_GROUPS])
    }
    return [(number, known.get(number, f"group {number}, which is gone")) for number in numbers[:MOST_GROUPS]]


def _campaign(session: Session, visitor: Visitor, found: Action) -> str | None:
    ours = select(Campaign.name).where(Campaign.tenant_id == visitor.tenant, Campaign.id == found.campaign_id)
    return session.scalar(ours) if found.campaign_id is not None else None


def _covered_by(
    session: Session, visitor: Visitor, found: Action
) -> standing_approvals.StandingApproval | None:
    """What was signed once and lets this one through."""
    if found.standing_id is None:
        return None
    return standing_approvals.of_number(session, visitor.tenant, found.standing_id)
