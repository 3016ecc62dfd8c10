"""Freezing: an action becomes a manifest that can be approved, with one leaf for each recipient."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import select

from marketing_pipelines.email import addresses, links, render, way_out
from marketing_pipelines.email.render import Rendered
from marketing_pipelines.links.targets import BlockList
from marketing_pipelines.outbound import payloads, preflight
from marketing_pipelines.outbound.manifest import leaf_hash, manifest_hash, root
from store.records import contacts, policies
from store.records.actions import CHANNEL_OF, Action, Frozen, Leaf, Purpose
from store.records.contacts import Contact
from store.records.database import Session
from store.records.links import BlockedHost
from store.records.schema import ContactId
from store.settings import Service, Settings

FORMAT = 2
MOCK = "mock"
# What differs with each message by nature and is therefore not part of the hash.
EXCLUSIONS = ["date", "message-id", "unsubscribe token"]
_SHOWN = 3


class NotReady(Exception):
    """The action cannot be submitted as it is; `field` and `reason` are for its author."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def freeze(session: Session, settings: Settings, action: Action) -> Frozen:
    """Everything that will be sent, to whom and how, under one hash; the caller holds the action's row lock."""
    mail = payloads.parse(action.type, action.payload)
    audience = _reachable(contacts.ensure_all(session, action.tenant_id, mail.audience))
    if action.purpose is Purpose.MARKETING:
        _refuse_unsubscribed(audience)
    leaves = [_leaf(contact) for contact in audience]
    words, door = template(mail, action.purpose), unsubscribe_door(settings, action.purpose)
    read = as_read(settings, mail, action.purpose)
    leads_to = links.found_in(read.text, read.html)
    # Our own links are as we are reached; what they lead to is checked where they are kept.
    ours = f"{settings.address(Service.COLLECTOR)}/"
    elsewhere = [link for link in leads_to if not link.startswith(ours)]
    found = preflight.findings(read.subject, read.text, read.html, elsewhere, _block_list(session))
    assessed = preflight.assess(len(leaves), found)
    terms = policies.terms(
        policies.of_tenant(session, action.tenant_id),
        action.type,
        assessed.risk,
        timedelta(hours=settings.approval_expires_hours),
    )
    frozen = {
        "format": FORMAT,
        "tenant": action.tenant_id,
        "action": action.id,
        "campaign": action.campaign_id,
        "type": action.type.value,
        "channel": CHANNEL_OF[action.type].value,
        "connection": connection(settings),
        "sender": _sender(mail, settings),
        "purpose": action.purpose.value,
        "dry_run": action.dry_run,
        "schedule": schedule(action),
        "template": words,
        "unsubscribe": door,
        "links": leads_to,
        "findings": [asdict(finding) for finding in found],
        "risk": {"level": assessed.risk, "reasons": list(assessed.reasons)},
        "signing": terms.signing.as_said(),
        "recipients": {"count": len(leaves), "root": root(leaf.hash for leaf in leaves).hex()},
        "exclusions": EXCLUSIONS,
    }
    return Frozen(frozen, manifest_hash(frozen), leaves, terms.holds)


def connection(settings: Settings) -> str:
    """The mail server that messages are handed to, or `mock` where none is configured."""
    return f"{settings.smtp_host}:{settings.smtp_port}" if settings.smtp_host else MOCK


def schedule(action: Action) -> dict[str, Any]:
    """When it may go, in UTC whatever zone it was given in."""
    return {"due_at": action.due_at.astimezone(UTC).isoformat() if action.due_at else None}


def as_read(settings: Settings, mail: payloads.EmailPayload, purpose: Purpose) -> Rendered:
    """A draft as its readers would see it."""
    door = unsubscribe_door(settings, purpose)
    sender = mail.sender or settings.mail_from
    return render.preview({"template": template(mail, purpose), "sender": sender, "unsubscribe": door}, {})


def unsubscribe_door(settings: Settings, purpose: Purpose) -> str:
    """Where readers end our marketing; each one's token is added behind it."""
    return f"{settings.address(Service.COLLECTOR)}/u/" if purpose is Purpose.MARKETING else ""


def template(mail: payloads.EmailPayload, purpose: Purpose) -> dict[str, str]:
    """The words, the same for every recipient; marketing always says how to end it."""
    words = {"subject": mail.subject, "text": mail.body, "html": mail.html or ""}
    return way_out.with_way_out(words) if purpose is Purpose.MARKETING else words


def _sender(mail: payloads.EmailPayload, settings: Settings) -> str:
    chosen = mail.sender or settings.mail_from
    try:
        addresses.sender(chosen)
    except ValueError as error:
        raise NotReady("sender", f"{chosen!r} {error}; set MAIL_FROM or name a sender") from None
    return chosen


def _reachable(known: Sequence[Contact]) -> Sequence[Contact]:
    """Without those who were erased since their address was written down."""
    there = [contact for contact in known if contact.erased_at is None]
    if not there:
        raise NotReady("recipients", "nobody is left to write to")
    return there


def _refuse_unsubscribed(audience: Sequence[Contact]) -> None:
    gone = [contact.email for contact in audience if contact.unsubscribed_at is not None]
    if gone:
        shown = ", ".join(gone[:_SHOWN]) + (", …" if len(gone) > _SHOWN else "")
        raise NotReady("recipients", f"{len(gone)} of {len(audience)} want no marketing: {shown}")


def _block_list(session: Session) -> BlockList:
    return BlockList(session.scalars(select(BlockedHost.host)))


def _leaf(contact: Contact) -> Leaf:
    key, values = f"contact:{contact.id}", {"email": contact.email}
    return Leaf(key, ContactId(contact.id), values, leaf_hash(key, values))
