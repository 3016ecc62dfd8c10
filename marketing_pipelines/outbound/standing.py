"""Acting on a standing approval: an action that is a part of what people signed once needs no signature of its own."""

from marketing_pipelines.outbound import kinds
from marketing_pipelines.outbound.manifest import manifest_hash
from store.audit import Actor
from store.clock import now
from store.records import actions, approvals, standing_approvals
from store.records.actions import Action, ActionVersion
from store.records.database import Session
from store.records.policies import Signing
from store.records.standing_approvals import StandingApproval


class NotCovered(Exception):
    """The action is no part of what was signed, or that holds no more; says why."""


def approve(session: Session, action: Action, version: ActionVersion, actor: Actor) -> None:
    """Lets a submitted action through on the standing approval that it names, or says why not."""
    assert action.standing_id is not None
    standing = standing_approvals.locked(session, action.tenant_id, action.standing_id)
    if standing is None:
        raise NotCovered(f"there is no standing approval {action.standing_id}")
    check(session, standing, action, version)
    standing_approvals.draw(session, standing, action, version, actor)


def check(session: Session, standing: StandingApproval, action: Action, version: ActionVersion) -> None:
    """NotCovered unless what was signed still holds, and says this very thing."""
    if reason := standing.why_not_in_force(now().date()):
        raise NotCovered(reason)
    origin = actions.of_number(session, standing.tenant_id, standing.action_id)
    signed = actions.version_of(session, origin, standing.version) if origin else None
    if origin is None or signed is None or signed.manifest_hash != manifest_hash(signed.manifest):
        raise NotCovered("what was signed is not there as it was signed")
    needed = Signing.of(signed.manifest).quorum
    given = approvals.signatures(session, origin, signed)
    if given < needed:
        raise NotCovered(f"{given} of {needed} signatures on the standing approval count")
    if signed.manifest["purpose"] != version.manifest["purpose"]:
        raise NotCovered("it was signed for another purpose")
    if reason := kinds.of(origin.type).why_not_covered(
        signed.manifest["template"], action.type, version.manifest["template"]
    ):
        raise NotCovered(reason)
