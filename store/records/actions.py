"""Actions: anything that leaves the house, its states, its frozen versions and every legal move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypedDict, Unpack

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log
from store.records.schema import (
    ActionId,
    CampaignId,
    ContactId,
    Record,
    TenantId,
    TenantOwned,
    UserId,
    belongs_to,
    enumerated,
    key_for_children,
    one_of,
)


class ActionType(StrEnum):
    EMAIL = "email"


class Channel(StrEnum):
    """What carries an action out of the house; a kill switch can stop one."""

    SMTP = "smtp"


CHANNEL_OF = {ActionType.EMAIL: Channel.SMTP}


class Purpose(StrEnum):
    """Why someone is written to, and what allows it: decides whom the action may reach."""

    MARKETING = "marketing_by_consent"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Source(StrEnum):
    PERSON = "person"
    AGENT = "agent"
    OPTIMISER = "optimiser"


class State(StrEnum):
    DRAFT = "draft"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    EXECUTING = "executing"
    HELD = "held"
    SUCCEEDED = "succeeded"
    PARTIALLY_FAILED = "partially_failed"
    FAILED = "failed"
    CHANGES_REQUESTED = "changes_requested"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Move(StrEnum):
    SUBMIT = "submit"
    EDIT = "edit"
    APPROVE = "approve"
    DENY = "deny"
    REQUEST_CHANGES = "request_changes"
    EXPIRE = "expire"
    CANCEL = "cancel"
    START = "start"
    HOLD = "hold"
    RESUME = "resume"
    SUCCEED = "succeed"
    FAIL_PARTLY = "fail_partly"
    FAIL = "fail"
    REQUEUE = "requeue"


# The one table of legal moves; the trigger `legal_moves` in the migrations refuses everything else as well.
MOVES: dict[Move, tuple[frozenset[State], State]] = {
    Move.SUBMIT: (frozenset({State.DRAFT, State.CHANGES_REQUESTED}), State.PENDING_APPROVAL),
    Move.EDIT: (
        frozenset(
            {
                State.DRAFT,
                State.CHANGES_REQUESTED,
                State.PENDING_APPROVAL,
                State.APPROVED,
                State.HELD,
                State.PARTIALLY_FAILED,
                State.FAILED,
            }
        ),
        State.DRAFT,
    ),
    Move.APPROVE: (frozenset({State.PENDING_APPROVAL}), State.APPROVED),
    Move.DENY: (frozenset({State.PENDING_APPROVAL}), State.DENIED),
    Move.REQUEST_CHANGES: (frozenset({State.PENDING_APPROVAL}), State.CHANGES_REQUESTED),
    Move.EXPIRE: (frozenset({State.PENDING_APPROVAL, State.APPROVED}), State.EXPIRED),
    Move.CANCEL: (
        frozenset({State.DRAFT, State.PENDING_APPROVAL, State.CHANGES_REQUESTED, State.APPROVED, State.HELD}),
        State.CANCELLED,
    ),
    Move.START: (frozenset({State.APPROVED}), State.EXECUTING),
    Move.HOLD: (frozenset({State.EXECUTING}), State.HELD),
    Move.RESUME: (frozenset({State.HELD}), State.EXECUTING),
    Move.SUCCEED: (frozenset({State.EXECUTING}), State.SUCCEEDED),
    Move.FAIL_PARTLY: (frozenset({State.EXECUTING}), State.PARTIALLY_FAILED),
    Move.FAIL: (frozenset({State.EXECUTING}), State.FAILED),
    Move.REQUEUE: (frozenset({State.PARTIALLY_FAILED, State.FAILED}), State.EXECUTING),
}

SETTLED = frozenset(
    {
        State.SUCCEEDED,
        State.PARTIALLY_FAILED,
        State.FAILED,
        State.DENIED,
        State.EXPIRED,
        State.CANCELLED,
    }
)


class IllegalMove(Exception):
    """The action's state does not allow this; says what it is and what would be allowed."""

    def __init__(self, action: "Action", move: Move) -> None:
        allowed = [m.value for m, (sources, _) in MOVES.items() if action.state in sources]
        can = f"it can {', '.join(allowed)}" if allowed else "it is settled"
        super().__init__(f"Action {action.id} is {action.state}: cannot {move}; {can}.")
        self.state = action.state


class Action(TenantOwned, Record):
    __tablename__ = "actions"
    __table_args__ = (
        key_for_children(),
        belongs_to("campaigns", "campaign_id", ondelete="RESTRICT"),
        one_of("type", ActionType),
        one_of("purpose", Purpose),
        one_of("source", Source),
        one_of("state", State),
    )

    type: Mapped[ActionType] = mapped_column(enumerated(ActionType, 40))
    title: Mapped[str] = mapped_column(String(200), server_default="")
    purpose: Mapped[Purpose] = mapped_column(enumerated(Purpose, 40))
    source: Mapped[Source] = mapped_column(enumerated(Source, 20), server_default="person")
    campaign_id: Mapped[CampaignId | None]
    payload: Mapped[dict[str, Any]]
    dry_run: Mapped[bool] = mapped_column(server_default="false")
    state: Mapped[State] = mapped_column(enumerated(State, 30), server_default="draft", index=True)
    version: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    author_id: Mapped[UserId | None] = mapped_column(ForeignKey("users.id"))
    outcome: Mapped[dict[str, Any] | None]
    updated_at: Mapped[datetime]


class ActionVersion(TenantOwned, Record):
    """What was frozen at a submission: an approval is a vote on `manifest_hash`."""

    __tablename__ = "action_versions"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "action_id", "version"),
        belongs_to("actions", "action_id"),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    manifest: Mapped[dict[str, Any]]
    manifest_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    submitted_by: Mapped[UserId | None] = mapped_column(ForeignKey("users.id"))


class ActionRecipient(TenantOwned, Record):
    """One leaf of a frozen audience; `leaf` stays true when `values` are erased."""

    __tablename__ = "action_recipients"
    __table_args__ = (
        UniqueConstraint("tenant_id", "action_id", "version", "recipient_key"),
        belongs_to("actions", "action_id"),
        belongs_to("contacts", "contact_id", ondelete="RESTRICT"),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    recipient_key: Mapped[str] = mapped_column(String(64))
    contact_id: Mapped[ContactId]
    values: Mapped[dict[str, Any]]
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))


@dataclass(frozen=True, slots=True)
class Leaf:
    """A recipient as it was frozen."""

    recipient_key: str
    contact_id: ContactId
    values: dict[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frozen:
    """A manifest with its hash and its recipients, ready to be submitted; a request for approval holds so long."""

    manifest: dict[str, Any]
    hash: bytes
    leaves: Sequence[Leaf]
    holds: timedelta


def create(
    session: Session,
    tenant: TenantId,
    actor: Actor,
    *,
    type: ActionType,
    payload: dict[str, Any],
    purpose: Purpose,
    title: str = "",
    author: UserId | None = None,
    source: Source = Source.PERSON,
    campaign: CampaignId | None = None,
    due_at: datetime | None = None,
    dry_run: bool = False,
) -> Action:
    """A new draft."""
    action = Action(
        tenant_id=tenant,
        type=type,
        title=title,
        purpose=purpose,
        source=source,
        campaign_id=campaign,
        payload=payload,
        dry_run=dry_run,
        due_at=due_at,
        author_id=author,
        state=State.DRAFT,
        version=0,
        updated_at=now(),
    )
    session.add(action)
    session.flush()
    audit_log.append(
        session, tenant, actor, "create", "action", action.id, {}, {"state": State.DRAFT, "type": type}
    )
    return action


def locked(session: Session, tenant: TenantId, action_id: ActionId) -> Action | None:
    """The action under a row lock, as it is now; None when the tenant has no such action."""
    return session.scalars(
        select(Action)
        .where(Action.tenant_id == tenant, Action.id == action_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def move(session: Session, action: Action, step: Move, actor: Actor, **details: Any) -> None:
    """Takes one legal step and writes it to the audit chain; the caller holds the row lock."""
    sources, target = MOVES[step]
    if action.state not in sources:
        raise IllegalMove(action, step)
    before = {"state": action.state, "version": action.version}
    action.state = target
    action.updated_at = now()
    audit_log.append(
        session,
        action.tenant_id,
        actor,
        step,
        "action",
        action.id,
        before,
        {"state": target, "version": action.version, **details},
    )
    session.flush()


def submit(
    session: Session, action: Action, frozen: Frozen, actor: Actor, *, by: UserId | None
) -> ActionVersion:
    """Freezes version n+1 and asks for approval; earlier votes do not count for it."""
    if action.state not in MOVES[Move.SUBMIT][0]:
        raise IllegalMove(action, Move.SUBMIT)
    action.version += 1
    action.expires_at = expires_at = now() + frozen.holds
    version = ActionVersion(
        tenant_id=action.tenant_id,
        action_id=action.id,
        version=action.version,
        manifest=frozen.manifest,
        manifest_hash=frozen.hash,
        submitted_by=by,
    )
    session.add(version)
    session.add_all(
        ActionRecipient(
            tenant_id=action.tenant_id,
            action_id=action.id,
            version=action.version,
            recipient_key=leaf.recipient_key,
            contact_id=leaf.contact_id,
            values=leaf.values,
            leaf=leaf.hash,
        )
        for leaf in frozen.leaves
    )
    move(
        session,
        action,
        Move.SUBMIT,
        actor,
        manifest_hash=frozen.hash.hex(),
        recipients=len(frozen.leaves),
        expires_at=expires_at.isoformat(),
    )
    return version


class Changes(TypedDict, total=False):
    """What of an action may be changed beside its payload."""

    title: str
    due_at: datetime | None


def edit(
    session: Session, action: Action, actor: Actor, payload: dict[str, Any], **changes: Unpack[Changes]
) -> None:
    """New content: a draft again, so that nothing is sent on a vote for the old one."""
    move(session, action, Move.EDIT, actor, changed=sorted(["payload", *changes]))
    action.payload = payload
    for name, value in changes.items():
        setattr(action, name, value)


def current_version(session: Session, action: Action) -> ActionVersion | None:
    return session.scalars(
        select(ActionVersion).where(
            ActionVersion.tenant_id == action.tenant_id,
            ActionVersion.action_id == action.id,
            ActionVersion.version == action.version,
        )
    ).one_or_none()


def recipients(session: Session, action: Action) -> list[ActionRecipient]:
    return list(
        session.scalars(
            select(ActionRecipient)
            .where(
                ActionRecipient.tenant_id == action.tenant_id,
                ActionRecipient.action_id == action.id,
                ActionRecipient.version == action.version,
            )
            .order_by(ActionRecipient.recipient_key)
        )
    )


def lapsed(session: Session) -> list[tuple[TenantId, ActionId]]:
    """Requests and approvals whose time has run out."""
    rows = session.execute(
        select(Action.tenant_id, Action.id).where(
            Action.state.in_(MOVES[Move.EXPIRE][0]), Action.expires_at < now()
        )
    )
    return [(row.tenant_id, ActionId(row.id)) for row in rows]
