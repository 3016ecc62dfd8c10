"""Who has signed a version, who is still needed, and what that leaves for the visitor to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from console.door.sign_in import Visitor
from store.clock import now
from store.records import approvals
from store.records.action_states import State
from store.records.actions import Action, ActionVersion
from store.records.approvals import Approval
from store.records.database import Session
from store.records.policies import SIGNERS, Signing

MOST_NAMED = 50


class Turn(StrEnum):
    """What of the decision is the visitor's."""

    YOURS = "yours"
    OWN_WORK = "own_work"
    OTHER_ROLE = "other_role"
    VOTED = "voted"
    NO_SIGNER = "no_signer"
    LAPSED = "lapsed"
    NOT_WAITING = "not_waiting"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the signing of one version has come; `able` are those who may still sign, by name."""

    signing: Signing
    given: int
    votes: Sequence[Approval]
    able: Sequence[str]
    turn: Turn

    @property
    def missing(self) -> int:
        return max(self.signing.quorum - self.given, 0)

    @property
    def can_be_reached(self) -> bool:
        """Whether there are enough people left to sign it at all."""
        return self.missing <= len(self.able)


def of(
    session: Session, visitor: Visitor, action: Action, version: ActionVersion, votes: Sequence[Approval]
) -> Standing:
    signing = Signing.of(version.manifest)
    waits = action.state is State.PENDING_APPROVAL
    able = approvals.able(session, action, version, MOST_NAMED) if waits else []
    cast = [vote for vote in votes if vote.version == version.version]
    return Standing(
        signing=signing,
        given=approvals.signatures(session, action, version),
        votes=cast,
        able=[name for _, name in able],
        turn=_turn(session, visitor, action, signing, cast),
    )


def _turn(
    session: Session, visitor: Visitor, action: Action, signing: Signing, votes: Sequence[Approval]
) -> Turn:
    if action.state is not State.PENDING_APPROVAL:
        return Turn.NOT_WAITING
    if visitor.role not in SIGNERS:
        return Turn.NO_SIGNER
    if action.expires_at is None or action.expires_at < now():
        return Turn.LAPSED
    if any(vote.user_id == visitor.user for vote in votes):
        return Turn.VOTED
    if visitor.role not in signing.roles:
        return Turn.OTHER_ROLE
    return Turn.YOURS if approvals.may_approve(session, action, visitor.user) else Turn.OWN_WORK
