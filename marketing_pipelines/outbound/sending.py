"""What a run knows of the slice it is sending."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marketing_pipelines.email import addresses
from marketing_pipelines.outbound.manifest import MOCK
from store import unsubscribe_tokens
from store.audit import Actor, ActorKind
from store.records.actions import ActionType
from store.records.gate import Slice
from store.records.schema import ActionId, CampaignId, ContactId, TenantId
from store.settings import Settings
from store.unsubscribe_tokens import Leaving

# Longer than one message may hang at the mail server; renewed while the run lives.
LEASE = timedelta(minutes=2)


# What a delivery that went nowhere says of the reason.
DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class Approved:
    """A manifest that was checked against the vote, and is what the messages are made of from here on."""

    manifest: dict[str, Any]
    hash: bytes
    submitted_at: datetime

    @property
    def simulates(self) -> str:
        """Why everything is done but the last step, or nothing where it is done too."""
        if self.manifest["dry_run"]:
            return DRY_RUN
        return MOCK if self.manifest["connection"] == MOCK else ""

    @property
    def mode(self) -> str:
        """How far it goes, for the outcome: by which channel, or why by none."""
        return self.simulates or self.manifest["channel"]


@dataclass(frozen=True, slots=True)
class Sending:
    """One slice of one approved action, in the hands of one run."""

    settings: Settings
    run_id: str
    tenant: TenantId
    action_id: ActionId
    version: int
    slice: Slice
    approved: Approved

    @property
    def actor(self) -> Actor:
        return actor_of(self.run_id)

    @property
    def type(self) -> ActionType:
        return ActionType(self.approved.manifest["type"])

    @property
    def channel(self) -> str:
        return self.approved.manifest["channel"]

    @property
    def campaign(self) -> CampaignId | None:
        return self.approved.manifest["campaign"]

    def unsubscribe_address(self, contact: ContactId) -> str:
        """Where this reader ends our mail, or nothing where the mail is none that can be ended."""
        door = self.approved.manifest["unsubscribe"]
        if not door:
            return ""
        key = self.settings.derived(unsubscribe_tokens.PURPOSE)
        return door + unsubscribe_tokens.token(key, Leaving(self.tenant, contact, self.action_id))

    def message_ids(self, step: int = 0, occurrence: int = 0) -> Callable[[str], str]:
        """Gives each delivery its id, a Message-ID in mails: always the same, and it tells an outsider nothing."""
        key = self.settings.derived("message-id")
        sender = self.approved.manifest["sender"]
        domain = addresses.sender(sender).domain if sender else ""

        def message_id(recipient_key: str) -> str:
            subject = f"{self.tenant}/{self.action_id}/{step}/{recipient_key}/{occurrence}"
            digest = hmac.digest(key, subject.encode(), "sha256").hex()[:40]
            return f"<{digest}@{domain}>" if domain else digest

        return message_id


def actor_of(run_id: str) -> Actor:
    return Actor(ActorKind.RUN, run_id)
