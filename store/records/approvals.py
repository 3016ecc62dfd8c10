"""Approvals: one decide() for the form, the API and the deep link, bound to the hash of what will be sent."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor, ActorKind
from store.clock import now
from store.records import actions, audit_log, tenants
from store.records.actions import Action, Move, State
from store.records.people import MemberRole
from store.records.schema import (
    ActionId,
    Record,
    TenantId,
    TenantOwned,
    UserId,
    belongs_to,
    enumerated,
    one_of,
)

MAY_DECIDE = frozenset({MemberRole.ADMIN, MemberRole.APPROVER})
ALLOW_SELF_APPROVAL = "allow_self_approval"
WRITING = frozenset({"create", Move.EDIT, Move.SUBMIT})


class Decision(StrEnum):
    APPROVED = "approved"
    DENIED = "denied"
    CHANGES_REQUESTED = "changes_requested"


_MOVE_OF = {
    Decision.APPROVED: Move.APPROVE,
    Decision.DENIED: Move.DENY,
    Decision.CHANGES_REQUESTED: Move.REQUEST_CHANGES,
}


class Approval(TenantOwned, Record):
    """A person's vote on one frozen version."""

    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("tenant_id", "action_id", "version", "user_id"),
        belongs_to("actions", "action_id"),
        one_of("decision", Decision),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    manifest_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id"))
    decision: Mapped[Decision] = mapped_column(enumerated(Decision, 30))
    note: Mapped[str] = mapped_column(String(2000), server_default="")


class DecisionRefused(Exception):
    """The vote is not taken; `reason` is for the person who cast it."""

    def __init__(self, reason: str, current_hash: bytes | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.current_hash = current_hash


class NotAllowed(DecisionRefused):
    """This person may not decide this action."""


class AlreadySettled(DecisionRefused):
    """Somebody was quicker, or the request has lapsed."""


class StaleVersion(DecisionRefused):
    """The vote names other content than what is up for approval now."""


def decide(
    session: Session,
    tenant: TenantId,
    action_id: ActionId,
    decision: Decision,
    *,
    user: UserId,
    role: MemberRole | None,
    manifest_hash: bytes | None,
    note: str = "",
) -> Action | None:
    """Takes a vote under the action's row lock, or says why not; None when there is no such action."""
    action = actions.locked(session, tenant, action_id)
    if action is None:
        return None
    if role not in MAY_DECIDE:
        raise NotAllowed("Only an Approver or an Admin may decide.")
    if action.state is not State.PENDING_APPROVAL:
        raise AlreadySettled(_who_was_quicker(session, action))
    if action.expires_at is None or action.expires_at < now():
        raise AlreadySettled("The request has expired; its author can submit it again.")
    version = actions.current_version(session, action)
    if version is None:
        raise StaleVersion("Nothing was frozen for this action; its author has to submit it again.")
    _check_hash(action, version.manifest_hash, manifest_hash)
    if decision is Decision.APPROVED and not may_approve(session, action, user):
        raise NotAllowed("Authors do not approve their own work; ask another approver.")
    if decision is Decision.DENIED and not note.strip():
        raise DecisionRefused("Say why: a denial needs a note.")
    session.add(
        Approval(
            tenant_id=tenant,
            action_id=action.id,
            version=action.version,
            manifest_hash=version.manifest_hash,
            user_id=user,
            decision=decision,
            note=note,
        )
    )
    actions.move(
        session,
        action,
        _MOVE_OF[decision],
        Actor(ActorKind.USER, str(user)),
        manifest_hash=version.manifest_hash.hex(),
    )
    return action


def approved_hash(session: Session, action: Action) -> bytes | None:
    """The hash that was approved for the action's current version, if it was."""
    return session.scalar(
        select(Approval.manifest_hash)
        .where(
            Approval.tenant_id == action.tenant_id,
            Approval.action_id == action.id,
            Approval.version == action.version,
            Approval.decision == Decision.APPROVED,
        )
        .limit(1)
    )


def votes(session: Session, action: Action) -> list[Approval]:
    return list(
        session.scalars(
            select(Approval)
            .where(Approval.tenant_id == action.tenant_id, Approval.action_id == action.id)
            .order_by(Approval.created_at)
        )
    )


def _check_hash(action: Action, current: bytes, named: bytes | None) -> None:
    """A vote without a hash can only mean the one version that ever was."""
    if named is None and action.version > 1:
        raise StaleVersion("Name the hash you vote on: this action has had several versions.", current)
    if named is not None and named != current:
        raise StaleVersion("The content has changed since you read it; read it again.", current)


def may_approve(session: Session, action: Action, user: UserId) -> bool:
    """Whether the content is a stranger's work to this person, or the tenant lets authors sign their own."""
    policy = session.scalar(select(tenants.Tenant.policy).where(tenants.Tenant.id == action.tenant_id)) or {}
    if policy.get(ALLOW_SELF_APPROVAL, False):
        return True
    # Whoever ever had a hand in it: a colleague's last edit makes no stranger of its author.
    history = audit_log.of_entity(session, action.tenant_id, "action", action.id)
    writers = {entry.actor for entry in history if entry.action in WRITING}
    return user != action.author_id and str(Actor(ActorKind.USER, str(user))) not in writers


def _who_was_quicker(session: Session, action: Action) -> str:
    last = session.execute(
        select(Approval.decision, Approval.user_id, Approval.created_at)
        .where(Approval.tenant_id == action.tenant_id, Approval.action_id == action.id)
        .order_by(Approval.created_at.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return f"The action is {action.state}, not waiting for approval."
    return f"Already {last.decision} by user {last.user_id} at {last.created_at:%Y-%m-%d %H:%M} UTC."


def waiting(session: Session, tenant: TenantId) -> int:
    """How many actions of the tenant wait for a decision."""
    return (
        session.scalar(
            select(func.count()).where(Action.tenant_id == tenant, Action.state == State.PENDING_APPROVAL)
        )
        or 0
    )
