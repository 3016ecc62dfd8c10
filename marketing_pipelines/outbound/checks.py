"""What must hold at the moment of sending: that this is, byte for byte, what a person has approved."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from marketing_pipelines.outbound import freeze, kinds, payloads, standing
from marketing_pipelines.outbound.kinds.face import NotReady, Payload, Surroundings
from marketing_pipelines.outbound.manifest import leaf_hash, manifest_hash, root
from marketing_pipelines.outbound.sending import Approved
from marketing_pipelines.outbound.standing import NotCovered
from store.records import actions, approvals, policies, standing_approvals
from store.records.actions import Action, ActionVersion
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.schema import StandingId
from store.settings import Settings


class NotAsApproved(Exception):
    """What lies in the database is not what was approved: nothing of it is sent."""


def approved(session: Session, settings: Settings, action: Action) -> Approved:
    """The current version's manifest, recomputed from the stored bytes, or NotAsApproved with the reason."""
    version = actions.current_version(session, action)
    if version is None:
        raise NotAsApproved(f"nobody has approved version {action.version}")
    if version.manifest_hash != manifest_hash(version.manifest):
        raise NotAsApproved("the manifest is not the one that was approved")
    if version.manifest["format"] != freeze.FORMAT:
        raise NotAsApproved("it was frozen by another version of this software; submit it again")
    _check_signatures(session, action, version)
    payload = _parsed(action)
    audience = actions.frozen_audience(session, action)
    _check_binding(version.manifest, action)
    around = Surroundings(session, settings, action.tenant_id)
    _check_surroundings(version.manifest, action, payload, around)
    _check_audience(version.manifest, audience)
    if not kinds.of(action.type).is_still_said(payload, version.manifest, (row.values for row in audience)):
        raise NotAsApproved("the payload was changed after the approval")
    return Approved(version.manifest, version.manifest_hash, version.created_at)


def _check_signatures(session: Session, action: Action, version: ActionVersion) -> None:
    """Whoever signed must still be somebody who may: a role that was taken away takes its signature along."""
    if action.standing_id is not None:
        _check_standing(session, action, version, action.standing_id)
        return
    needed = policies.Signing.of(version.manifest).quorum
    given = approvals.signatures(session, action, version)
    if given < needed:
        raise NotAsApproved(f"{given} of {needed} signatures on version {action.version} count")


def check_leaf(claim: Claim) -> None:
    """One recipient, recomputed from the values that the message is about to be made of."""
    if leaf_hash(claim.recipient_key, claim.values) != claim.leaf:
        raise NotAsApproved(f"recipient {claim.recipient_key} is not as approved")


def _check_standing(session: Session, action: Action, version: ActionVersion, named: StandingId) -> None:
    """What an action draws on was signed by people too, and must hold like any signature."""
    if version.manifest["standing_approval"] != named:
        raise NotAsApproved("the standing approval is not the one that was named")
    found = standing_approvals.locked(session, action.tenant_id, named)
    if found is None:
        raise NotAsApproved("the standing approval is gone")
    try:
        standing.check(session, found, action, version)
    except NotCovered as reason:
        raise NotAsApproved(str(reason)) from None


def _parsed(action: Action) -> Payload:
    try:
        return payloads.parse(action.type, action.payload)
    except payloads.PayloadError as error:
        raise NotAsApproved(f"the payload was changed after the approval: {error}") from None


def _check_binding(manifest: dict[str, Any], action: Action) -> None:
    """The manifest speaks of this action, and what steers the gate has not drifted away from it."""
    if (manifest["tenant"], manifest["action"]) != (action.tenant_id, action.id):
        raise NotAsApproved("the manifest was approved for another action")
    steering = {
        "type": ("type", action.type),
        "channel": ("channel", action.channel),
        "schedule": ("time to send", action.schedule.as_said()),
        "campaign": ("campaign", action.campaign_id),
        "purpose": ("purpose", action.purpose),
        "dry_run": ("dry run", action.dry_run),
    }
    for name, (called, now_said) in steering.items():
        if manifest[name] != now_said:
            raise NotAsApproved(f"the {called} is not the one that was approved")


def _check_surroundings(
    manifest: dict[str, Any], action: Action, payload: Payload, around: Surroundings
) -> None:
    """It is handed over where people have approved that it is, and ended where readers were told."""
    kind = kinds.of(action.type)
    if manifest["connection"] != kind.connection(around, payload):
        raise NotAsApproved(f"it is no longer handed over at {manifest['connection']}, which was approved")
    try:
        door = kind.envelope(around.settings, payload, action.purpose)["unsubscribe"]
    except NotReady as wrong:
        raise NotAsApproved(str(wrong)) from None
    if manifest["unsubscribe"] != door:
        raise NotAsApproved(f"readers no longer unsubscribe at {manifest['unsubscribe']}, which was approved")


def _check_audience(manifest: dict[str, Any], audience: Sequence[Row[tuple[bytes, dict[str, Any]]]]) -> None:
    frozen = manifest["recipients"]
    if len(audience) != frozen["count"] or root(row.leaf for row in audience).hex() != frozen["root"]:
        raise NotAsApproved("the recipients are not the ones that were approved")
