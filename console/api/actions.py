"""Actions: write, edit, submit, decide, cancel, read."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from console.actions import desk, listing
from console.actions.action_bodies import Body, ChangedAction, NewAction, Origin
from console.actions.action_filters import Filter
from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.cursors import Cursor, Limit
from console.frame.texts import Note, Remark, hash_named
from console.frame.timing import Window
from marketing_pipelines.outbound.preflight import Severity
from store.records import actions, approvals, comments, delivery_events
from store.records.action_states import State
from store.records.actions import Action, ActionType, ActionVersion, Channel, Purpose, Source
from store.records.approvals import Decision
from store.records.database import Session
from store.records.delivery_events import EventKind
from store.records.policies import Risk, Signing

router = APIRouter(tags=["actions"], responses=REFUSALS)


class Vote(Body):
    note: Note = ""
    manifest_hash: Annotated[str | None, Field(description="What was read, as the action shows it.")] = None


class Approved(Vote):
    status: Literal[Decision.APPROVED] = Decision.APPROVED


class Denied(Vote):
    status: Literal[Decision.DENIED] = Decision.DENIED


class ChangesRequested(Vote):
    status: Literal[Decision.CHANGES_REQUESTED] = Decision.CHANGES_REQUESTED


class BrokenGlass(Body):
    """Why one person decides what others should have signed; needed."""

    note: Note
    manifest_hash: Annotated[str | None, Field(description="What was read, as the action shows it.")] = None


class NewComment(Body):
    text: Remark


class CommentOut(BaseModel):
    id: int
    version: int
    user_id: int
    text: str
    created_at: datetime


class CommentPage(BaseModel):
    items: list[CommentOut]
    next_cursor: int | None


class Signatures(BaseModel):
    """How many of this version's signatures count now, and how many it takes."""

    given: int
    needed: int


class Finding(BaseModel):
    code: str
    severity: Severity
    text: str


class Cost(BaseModel):
    """An estimate, and how it was reckoned."""

    amount: Decimal
    currency: str
    basis: str


class ActionOut(BaseModel):
    id: int
    type: ActionType
    channel: Channel
    title: str
    purpose: Purpose
    source: Source
    campaign_id: int | None
    payload: dict[str, Any]
    dry_run: bool
    state: State
    version: int
    manifest_hash: Annotated[str | None, Field(description="What an approval of this version votes on.")]
    recipients: Annotated[int | None, Field(description="None until it has been submitted.")]
    risk: Annotated[
        Risk | None, Field(description="By audience and findings; None until it has been submitted.")
    ]
    findings: list[Finding]
    signatures: Signatures | None
    cost: Annotated[Cost | None, Field(description="As estimated; None until it has been submitted.")]
    budget_cap: Decimal | None
    due_at: datetime | None
    time_zone: str
    window: Window | None
    provenance: list[Origin]
    standing_approval_id: int | None
    expires_at: datetime | None
    author_id: int | None
    outcome: dict[str, Any] | None
    told: Annotated[
        dict[EventKind, int], Field(description="Of how many messages the mail provider told what.")
    ]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, session: Session, action: Action) -> Self:
        version = actions.current_version(session, action)
        manifest = version.manifest if version else {}
        return cls(
            **{name: getattr(action, name) for name in cls.model_fields if hasattr(action, name)},
            window=_window(action),
            standing_approval_id=action.standing_id,
            cost=manifest.get("cost"),
            manifest_hash=version.manifest_hash.hex() if version else None,
            recipients=manifest["recipients"]["count"] if version else None,
            risk=manifest["risk"]["level"] if "risk" in manifest else None,
            told=dict(delivery_events.counts(session, action)),
            findings=[Finding(**finding) for finding in manifest.get("findings", ())],
            signatures=_signatures(session, action, version) if version else None,
        )


class ActionLine(BaseModel):
    id: int
    type: ActionType
    title: str
    state: State
    version: int
    recipients: int | None
    author_id: int | None
    due_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ActionPage(BaseModel):
    items: list[ActionLine]
    next_cursor: int | None


@router.post("/api/actions", status_code=201)
def create(visitor: SignedIn, body: NewAction, response: Response) -> ActionOut:
    """A new draft; nothing is sent before it was submitted and approved."""
    action = desk.create(visitor, body.as_wanted(visitor))
    response.headers["Location"] = f"/api/actions/{action.id}"
    return _read(visitor, action.id)


@router.get("/api/actions")
def list_actions(
    visitor: SignedIn, limit: Limit, state: State | None = None, cursor: Cursor = None
) -> ActionPage:
    """Newest first."""
    with visitor.records() as session:
        page = listing.newest(session, visitor.tenant, only=Filter(state=state), cursor=cursor, limit=limit)
    return ActionPage(items=[_line(item) for item in page.items], next_cursor=page.next_cursor)


@router.get("/api/actions/{action_id}")
def read(visitor: SignedIn, action_id: Id) -> ActionOut:
    return _read(visitor, action_id)


@router.put("/api/actions/{action_id}")
def edit(visitor: SignedIn, action_id: Id, body: ChangedAction) -> ActionOut:
    """New content: the action is a draft again, and votes for the old content are void."""
    timing = body if body.says_something else None
    desk.edit(visitor, action_id, body.payload, timing, **body.as_changes())
    return _read(visitor, action_id)


@router.post("/api/actions/{action_id}/submit")
def submit(visitor: SignedIn, action_id: Id) -> ActionOut:
    """Freezes exactly what will be sent, to whom, and asks for approval of that."""
    desk.submit(visitor, action_id)
    return _read(visitor, action_id)


@router.post("/api/actions/{action_id}/cancel")
def cancel(visitor: SignedIn, action_id: Id) -> ActionOut:
    desk.cancel(visitor, action_id)
    return _read(visitor, action_id)


@router.post("/api/actions/{action_id}/approve")
def approve(visitor: SignedIn, action_id: Id, body: Approved) -> ActionOut:
    """A vote on a hash; without one it counts only while a single version was ever submitted."""
    return _decide(visitor, action_id, body.status, body)


@router.post("/api/actions/{action_id}/deny")
def deny(visitor: SignedIn, action_id: Id, body: Denied) -> ActionOut:
    """Needs a note."""
    return _decide(visitor, action_id, body.status, body)


@router.post("/api/actions/{action_id}/break-glass")
def break_glass(visitor: SignedIn, action_id: Id, body: BrokenGlass) -> ActionOut:
    """An Admin approves alone, whatever the policy asks for; the note says why and stands in the log and the audit."""
    desk.break_glass(visitor, action_id, hash_named(body.manifest_hash), body.note)
    return _read(visitor, action_id)


@router.post("/api/actions/{action_id}/comments", status_code=201)
def comment(visitor: SignedIn, action_id: Id, body: NewComment) -> CommentOut:
    """Decides nothing."""
    return CommentOut.model_validate(desk.comment(visitor, action_id, body.text), from_attributes=True)


@router.get("/api/actions/{action_id}/comments")
def list_comments(visitor: SignedIn, action_id: Id, limit: Limit, cursor: Cursor = None) -> CommentPage:
    """Oldest first."""
    with visitor.records() as session:
        action = desk.found(session, visitor, action_id)
        said = comments.of_action(session, action, after=cursor or 0, limit=limit + 1)
    shown = [CommentOut.model_validate(each, from_attributes=True) for each in said[:limit]]
    return CommentPage(items=shown, next_cursor=shown[-1].id if len(said) > limit else None)


@router.post("/api/actions/{action_id}/request-changes")
def request_changes(visitor: SignedIn, action_id: Id, body: ChangesRequested) -> ActionOut:
    return _decide(visitor, action_id, body.status, body)


def _decide(visitor: Visitor, action_id: int, decision: Decision, vote: Vote) -> ActionOut:
    desk.decide(visitor, action_id, decision, hash_named(vote.manifest_hash), vote.note)
    return _read(visitor, action_id)


def _read(visitor: Visitor, action_id: int) -> ActionOut:
    with visitor.records() as session:
        found = desk.found(session, visitor, action_id)
        desk.reads_requests(session, visitor, waiting=found.state is State.PENDING_APPROVAL)
        visitor.conditions.show(desk.etag(session, found))
        return ActionOut.of(session, found)


def _window(action: Action) -> Window | None:
    window = action.schedule.window
    return Window(opens=window.opens, closes=window.closes, days=sorted(window.days)) if window else None


def _signatures(session: Session, action: Action, version: ActionVersion) -> Signatures:
    given = approvals.signatures(session, action, version)
    return Signatures(given=given, needed=Signing.of(version.manifest).quorum)


def _line(item: listing.Listed) -> ActionLine:
    action = item.action
    return ActionLine(
        id=action.id,
        type=action.type,
        title=item.title,
        state=action.state,
        version=action.version,
        recipients=item.recipients,
        author_id=action.author_id,
        due_at=action.due_at,
        expires_at=action.expires_at,
        created_at=action.created_at,
        updated_at=action.updated_at,
    )
