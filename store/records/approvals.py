"""Approvals: one decide() for the form, the API and the deep link, bound to the hash of what will be sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    and_,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from store.audit import Actor, ActorKind
from store.clock import now
from store.records import actions, api_keys, audit_log
from store.records.action_states import Move, State
from store.records.actions import Action, ActionVersion
from store.records.audit_log import AuditEntry
from store.records.people import MemberRole, Membership, User
from store.records.policies import SIGNERS, Signing
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
        UniqueConstraint("tenant_id", "action_id", "version", "user_id", "break_glass"),
        belongs_to("actions", "action_id"),
        one_of("decision", Decision),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    manifest_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id"))
    decision: Mapped[Decision] = mapped_column(enumerated(Decision, 30))
    note: Mapped[str] = mapped_column(String(2000), server_default="")
    break_glass: Mapped[bool] = mapped_column(server_default="false")


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
    if role not in SIGNERS:
        raise NotAllowed("Only an Approver or an Admin may decide.")
    version = _up_for_approval(session, action, manifest_hash)
    signing = Signing.of(version.manifest)
    if decision is Decision.APPROVED:
        if role not in signing.roles:
            raise NotAllowed(
                f"By the tenant's policy this is signed by {' or '.join(sorted(signing.roles))}."
            )
        if not may_approve(session, action, user):
            raise NotAllowed("Authors do not approve their own work; ask another approver.")
    if decision is Decision.DENIED and not note.strip():
        raise DecisionRefused("Say why: a denial needs a note.")
    if any(vote.user_id == user and vote.version == action.version for vote in votes(session, action)):
        raise AlreadySettled("You have voted on this version already; the others have not yet.")
    actor = Actor(ActorKind.USER, str(user))
    _vote(session, action, version, decision, user, note)
    given = signatures(session, action, version)
    told: dict[str, Any] = {"manifest_hash": version.manifest_hash.hex()}
    if decision is Decision.APPROVED and _is_among(_writers(session, action), user):
        told["own_work"] = True
    if decision is Decision.APPROVED and given < signing.quorum:
        told |= {"version": action.version, "signatures": given}
        audit_log.append(session, tenant, actor, "sign", "action", action.id, {}, told)
        return action
    actions.move(session, action, _MOVE_OF[decision], actor, **told)
    return action


def break_glass(
    session: Session,
    tenant: TenantId,
    action_id: ActionId,
    *,
    user: UserId,
    role: MemberRole | None,
    manifest_hash: bytes | None,
    reason: str,
) -> Action | None:
    """One Admin approves alone, whoever wrote it and however many should sign; loud, and never without a reason."""
    action = actions.locked(session, tenant, action_id)
    if action is None:
        return None
    if role is not MemberRole.ADMIN:
        raise NotAllowed("Only an Admin may break the glass.")
    if not reason.strip():
        raise DecisionRefused("Say why: breaking the glass needs a reason.")
    version = _up_for_approval(session, action, manifest_hash)
    actor = Actor(ActorKind.USER, str(user))
    vote = _vote(session, action, version, Decision.APPROVED, user, reason, break_glass=True)
    told = {"version": action.version, "manifest_hash": version.manifest_hash.hex(), "vote": vote.id}
    audit_log.append(session, tenant, actor, "break_glass", "action", action.id, {}, told)
    actions.move(session, action, Move.APPROVE, actor, manifest_hash=version.manifest_hash.hex())
    return action


@dataclass(frozen=True, slots=True)
class Asked:
    """A frozen version that people are asked to sign, and under which terms."""

    action_id: ActionId
    version: int
    manifest_hash: bytes
    author_id: UserId | None
    signing: Signing

    @classmethod
    def of(cls, action: Action, version: ActionVersion) -> "Asked":
        signing = Signing.of(version.manifest)
        return cls(ActionId(action.id), version.version, version.manifest_hash, action.author_id, signing)


def signatures(session: Session, action: Action, version: ActionVersion) -> int:
    """How many signatures on a version count now."""
    return tallies(session, action.tenant_id, [Asked.of(action, version)])[ActionId(action.id)]


def tallies(session: Session, tenant: TenantId, asked: Sequence[Asked]) -> dict[ActionId, int]:
    """The same for many: signatures of people who are still here, in a role that may still sign it.

    One Admin who broke the glass counts for all.
    """
    signed: dict[ActionId, list[Any]] = {each.action_id: [] for each in asked}
    hashes = {each.action_id: each.manifest_hash for each in asked}
    found = session.execute(
        select(
            Approval.action_id,
            Approval.user_id,
            Approval.manifest_hash,
            Approval.break_glass,
            Membership.role,
        )
        .join(
            Membership,
            and_(Membership.tenant_id == Approval.tenant_id, Membership.user_id == Approval.user_id),
        )
        .join(User, and_(User.id == Approval.user_id, User.disabled_at.is_(None)))
        .where(
            Approval.tenant_id == tenant,
            tuple_(Approval.action_id, Approval.version).in_(
                [(each.action_id, each.version) for each in asked]
            ),
            Approval.decision == Decision.APPROVED,
        )
    )
    for vote in found:
        if vote.manifest_hash == hashes[vote.action_id]:
            signed[vote.action_id].append(vote)
    in_question = {
        each.action_id: each.author_id
        for each in asked
        if signed[each.action_id] and not each.signing.self_approval
    }
    writers = _writers_of(session, tenant, in_question)
    return {each.action_id: _count(each, signed[each.action_id], writers) for each in asked}


def _count(asked: Asked, signed: Iterable[Any], writers: Mapping[ActionId, set[str]]) -> int:
    if any(vote.break_glass and vote.role is MemberRole.ADMIN for vote in signed):
        return asked.signing.quorum
    authors = writers.get(asked.action_id, set())
    return sum(
        vote.role in asked.signing.roles and not vote.break_glass and not _is_among(authors, vote.user_id)
        for vote in signed
    )


def signable_by(user: UserId, role: MemberRole) -> ColumnElement[bool]:
    """Of actions with their current version: whether this person's signature is still asked for.

    The same rules as `decide` has, for lists: the role signs it, the work is not theirs, and they have not voted on it.
    """
    if role not in SIGNERS:
        return false()
    signing = ActionVersion.manifest["signing"]
    made_by_another = aliased(AuditEntry)
    key = f"{ActorKind.API_KEY}:"
    theirs = exists().where(
        AuditEntry.tenant_id == Action.tenant_id,
        AuditEntry.entity == "action",
        AuditEntry.entity_id == cast(Action.id, String),
        AuditEntry.action.in_(WRITING),
        or_(
            AuditEntry.actor == _named(user),
            and_(
                AuditEntry.actor.startswith(key),
                not_(
                    exists().where(
                        made_by_another.tenant_id == AuditEntry.tenant_id,
                        made_by_another.entity == "api_key",
                        made_by_another.action == "create",
                        made_by_another.entity_id == func.substr(AuditEntry.actor, len(key) + 1),
                        made_by_another.actor != _named(user),
                    )
                ),
            ),
        ),
    )
    voted = exists().where(
        Approval.tenant_id == Action.tenant_id,
        Approval.action_id == Action.id,
        Approval.version == Action.version,
        Approval.user_id == user,
    )
    asks_the_role = func.coalesce(signing["roles"].op("@>")(cast([role.value], JSONB)), True)
    own_work = or_(func.coalesce(Action.author_id == user, False), theirs)
    return and_(
        asks_the_role,
        or_(func.coalesce(signing["self_approval"].as_boolean(), False), not_(own_work)),
        not_(voted),
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
    """Whether the content is a stranger's work to this person, or was put up for its authors to sign as well."""
    version = actions.current_version(session, action)
    if version is not None and Signing.of(version.manifest).self_approval:
        return True
    return not _is_among(_writers(session, action), user)


def _writers(session: Session, action: Action) -> set[str]:
    number = ActionId(action.id)
    return _writers_of(session, action.tenant_id, {number: action.author_id})[number]


def _writers_of(
    session: Session, tenant: TenantId, authors: Mapping[ActionId, UserId | None]
) -> dict[ActionId, set[str]]:
    """Whoever ever had a hand in each, or a key: a colleague's last edit makes no stranger of its author."""
    wrote = audit_log.actors(session, tenant, "action", authors, WRITING)
    makers = api_keys.makers(session, tenant, {actor for actors in wrote.values() for actor in actors})
    return {
        number: {makers.get(actor, actor) for actor in wrote.get(str(number), ())}
        | ({_named(author)} if author is not None else set())
        for number, author in authors.items()
    }


def _is_among(writers: set[str], user: UserId) -> bool:
    """Whether it is this person's work; what a key wrote whose owner is not known may be anyone's."""
    return _named(user) in writers or any(actor.startswith(f"{ActorKind.API_KEY}:") for actor in writers)


def _named(user: UserId) -> str:
    return str(Actor(ActorKind.USER, str(user)))


def _up_for_approval(session: Session, action: Action, manifest_hash: bytes | None) -> ActionVersion:
    """The version that waits for a decision, if that is what the vote means."""
    if action.state is not State.PENDING_APPROVAL:
        raise AlreadySettled(_who_was_quicker(session, action))
    if action.expires_at is None or action.expires_at < now():
        raise AlreadySettled("The request has expired; its author can submit it again.")
    version = actions.current_version(session, action)
    if version is None:
        raise StaleVersion("Nothing was frozen for this action; its author has to submit it again.")
    _check_hash(action, version.manifest_hash, manifest_hash)
    return version


def _vote(
    session: Session,
    action: Action,
    version: ActionVersion,
    decision: Decision,
    user: UserId,
    note: str,
    *,
    break_glass: bool = False,
) -> Approval:
    vote = Approval(
        tenant_id=action.tenant_id,
        action_id=action.id,
        version=version.version,
        manifest_hash=version.manifest_hash,
        user_id=user,
        decision=decision,
        note=note,
        break_glass=break_glass,
    )
    session.add(vote)
    session.flush()
    return vote


def _who_was_quicker(session: Session, action: Action) -> str:
    last = session.execute(
        select(Approval.decision, User.name, Approval.created_at)
        .join(User, User.id == Approval.user_id)
        .where(
            Approval.tenant_id == action.tenant_id,
            Approval.action_id == action.id,
            Approval.version == action.version,
        )
        .order_by(Approval.created_at.desc(), Approval.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return f"The action is {action.state.replace('_', ' ')}, not waiting for approval."
    did = {Decision.CHANGES_REQUESTED: "sent back for changes"}.get(last.decision, last.decision.value)
    return f"Already {did} by {last.name} at {last.created_at:%Y-%m-%d %H:%M} UTC."


def able(session: Session, action: Action, version: ActionVersion, most: int) -> list[tuple[UserId, str]]:
    """Who may still sign a version, by name: here, in a role that signs it, no author of it, and without a vote on it."""
    signing = Signing.of(version.manifest)
    voted = exists().where(
        Approval.tenant_id == Membership.tenant_id,
        Approval.user_id == Membership.user_id,
        Approval.action_id == action.id,
        Approval.version == version.version,
    )
    query = (
        select(User.id, User.name)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.tenant_id == action.tenant_id,
            Membership.role.in_(signing.roles),
            User.disabled_at.is_(None),
            not_(voted),
        )
        .order_by(User.name)
        .limit(most)
    )
    authors = set() if signing.self_approval else _writers(session, action)
    return [(user, name) for user, name in session.execute(query) if not _is_among(authors, user)]


def waiting(session: Session, tenant: TenantId) -> int:
    """How many actions of the tenant wait for a decision."""
    return (
        session.scalar(
            select(func.count()).where(Action.tenant_id == tenant, Action.state == State.PENDING_APPROVAL)
        )
        or 0
    )
