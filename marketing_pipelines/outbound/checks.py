"""What must hold at the moment of sending: that this is, byte for byte, what a person has approved."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marketing_pipelines.outbound import freeze, payloads
from marketing_pipelines.outbound.manifest import leaf_hash, manifest_hash, root
from store.records import actions, approvals, policies
from store.records.actions import Action, ActionRecipient, ActionVersion
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.erasure import NOWHERE
from store.settings import Settings


class NotAsApproved(Exception):
    """What lies in the database is not what was approved: nothing of it is sent."""


class Mode(StrEnum):
    """How far a message goes: to the mail server, or everywhere but there."""

    SMTP = "smtp"
    DRY_RUN = "dry_run"
    MOCK = "mock"


@dataclass(frozen=True, slots=True)
class Approved:
    """A manifest that was checked against the vote, and is what the messages are made of from here on."""

    manifest: dict[str, Any]
    hash: bytes

    @property
    def mode(self) -> Mode:
        if self.manifest["dry_run"]:
            return Mode.DRY_RUN
        return Mode.MOCK if self.manifest["connection"] == freeze.MOCK else Mode.SMTP


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
    recipients = actions.recipients(session, action)
    _check_binding(version.manifest, action, settings)
    _check_audience(version.manifest, recipients)
    _check_payload(version.manifest, action, recipients)
    return Approved(version.manifest, version.manifest_hash)


def _check_signatures(session: Session, action: Action, version: ActionVersion) -> None:
    """Whoever signed must still be somebody who may: a role that was taken away takes its signature along."""
    needed = policies.Signing.of(version.manifest).quorum
    given = approvals.signatures(session, action, version)
    if given < needed:
        raise NotAsApproved(f"{given} of {needed} signatures on version {action.version} count")


def check_leaf(claim: Claim) -> None:
    """One recipient, recomputed from the values that the message is about to be made of."""
    if leaf_hash(claim.recipient_key, claim.values) != claim.leaf:
        raise NotAsApproved(f"recipient {claim.recipient_key} is not as approved")


def _check_binding(manifest: dict[str, Any], action: Action, settings: Settings) -> None:
    """The manifest speaks of this action, and what steers the gate has not drifted away from it."""
    if (manifest["tenant"], manifest["action"]) != (action.tenant_id, action.id):
        raise NotAsApproved("the manifest was approved for another action")
    if manifest["schedule"] != freeze.schedule(action):
        raise NotAsApproved("the time to send is not the one that was approved")
    if manifest["campaign"] != action.campaign_id:
        raise NotAsApproved("the campaign is not the one that was approved")
    if manifest["purpose"] != action.purpose:
        raise NotAsApproved("the purpose is not the one that was approved")
    if manifest["unsubscribe"] != freeze.unsubscribe_door(settings, action.purpose):
        raise NotAsApproved(f"readers no longer unsubscribe at {manifest['unsubscribe']}, which was approved")
    if manifest["connection"] != freeze.connection(settings):
        raise NotAsApproved(f"the mail server is no longer {manifest['connection']}, which was approved")


def _check_audience(manifest: dict[str, Any], recipients: Sequence[ActionRecipient]) -> None:
    frozen = manifest["recipients"]
    if len(recipients) != frozen["count"] or root(row.leaf for row in recipients).hex() != frozen["root"]:
        raise NotAsApproved("the recipients are not the ones that were approved")


def _check_payload(manifest: dict[str, Any], action: Action, recipients: Sequence[ActionRecipient]) -> None:
    """The draft behind the manifest still says the same; an erased recipient may be missing from it."""
    try:
        mail = payloads.parse(action.type, action.payload)
    except payloads.PayloadError as error:
        raise NotAsApproved(f"the payload was changed after the approval: {error}") from None
    frozen = {row.values.get("email") for row in recipients}
    same_words = freeze.template(mail, action.purpose) == manifest["template"]
    same_sender = mail.sender in (None, manifest["sender"])
    still_there = {address for address in mail.audience if not address.endswith(NOWHERE)}
    if not (same_words and same_sender and frozen >= still_there):
        raise NotAsApproved("the payload was changed after the approval")
