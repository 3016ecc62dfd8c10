"""Actions: write, edit, submit, decide, cancel, read."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from console import desk, listing
from console.admission import LARGEST_ID, Id, SignedIn
from console.api.answers import REFUSALS
from console.cursors import Cursor, Limit
from console.sign_in import Visitor
from console.texts import Content, Note, Remark, Text, Title, hash_named
from console.timing import Timing, Window
from marketing_pipelines.outbound.preflight import Severity
from store.records import actions, approvals, comments
from store.records.action_states import State
from store.records.actions import Action, ActionType, ActionVersion, Channel, Purpose, Source
from store.records.approvals import Decision
from store.records.database import Session
from store.records.policies import Risk, Signing
from store.records.schedules import Schedule
from store.records.schema import CampaignId, StandingId

router = APIRouter(tags=["actions"], responses=REFUSALS)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Origin(Body):
    """What an action came from: a feed's item, an agent's run, a recommendation."""

    kind: Annotated[Text, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
    id: Annotated[Text, StringConstraints(min_length=1, max_length=200)]


BudgetCap = Annotated[
    Decimal,
    Field(gt=0, max_digits=18, decimal_places=2, description="What it may cost at most, as estimated."),
]


class NewAction(Timing, Body):
    type: ActionType
    payload: Annotated[Content, Field(description="By type; see the page on actions.")]
    title: Title = ""
    purpose: Purpose | None = None
    source: Source = Source.PERSON
    campaign_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None
    budget_cap: BudgetCap | None = None
    provenance: Annotated[list[Origin], Field(max_length=100)] = []
    standing_approval_id: Annotated[
        int | None,
        Field(ge=1, le=LARGEST_ID, description="Signed once already: a submission that fits goes at once."),
    ] = None
    dry_run: bool = False


class ChangedAction(Timing, Body):
    """The whole new payload; title, times and cap stay as they are unless given."""

    payload: Content
    title: Title = ""
    budget_cap: BudgetCap | None = None


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
    wanted = desk.Wanted(
        type=body.type,
        payload=body.payload,
        title=body.title,
        purpose=body.purpose,
        source=body.source,
        campaign=CampaignId(body.campaign_id) if body.campaign_id else None,
        schedule=body.over(Schedule(zone=visitor.time_zone)),
        budget_cap=body.budget_cap,
        provenance=[origin.model_dump() for origin in body.provenance],
        standing=StandingId(body.standing_approval_id) if body.standing_approval_id else None,
        dry_run=body.dry_run,
    )
    action = desk.create(visitor, wanted)
    response.headers["Location"] = f"/api/actions/{action.id}"
    return _read(visitor, action.id)


@router.get("/api/actions")
def list_actions(
    visitor: SignedIn, limit: Limit, state: State | None = None, cursor: Cursor = None
) -> ActionPage:
    """Newest first."""
    with visitor.records() as session:
        page = listing.newest(session, visitor.tenant, state=state, cursor=cursor, limit=limit)
    return ActionPage(items=[_line(item) for item in page.items], next_cursor=page.next_cursor)


@router.get("/api/actions/{action_id}")
def read(visitor: SignedIn, action_id: Id) -> ActionOut:
    return _read(visitor, action_id)


@router.put("/api/actions/{action_id}")
def edit(visitor: SignedIn, action_id: Id, body: ChangedAction) -> ActionOut:
    """New content: the action is a draft again, and votes for the old content are void."""
    changes: actions.Changes = {}
    if "title" in body.model_fields_set:
        changes["title"] = body.title
    if "budget_cap" in body.model_fields_set:
        changes["budget_cap"] = body.budget_cap
    desk.edit(visitor, action_id, body.payload, body if body.says_something else None, **changes)
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
