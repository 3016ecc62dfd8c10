"""What SendGrid tells of our mails: kept with their deliveries, and who wants none or cannot get any is left alone.

A call was proven at the collector's door. What it says is believed no further than it can be held against what left this
house: the message must be the tenant's own, and the address the one that this message went to.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from connectors import sendgrid_events
from connectors.errors import Invalid
from connectors.sendgrid_events import MailEvent, MailEventKind
from marketing_pipelines.hooks import interpreting
from store.audit import Actor, ActorKind
from store.records import actions, contacts, delivery_chunks, delivery_events, hooks
from store.records.actions import Action
from store.records.contacts import Contact, normalised
from store.records.database import Session
from store.records.delivery_events import Addressee, EventKind, NewEvent
from store.records.hooks import HookCall, Waiting
from store.records.schema import ContactId, TenantId
from store.settings import Settings

PROVIDER = "sendgrid"

_ACTOR = Actor(ActorKind.PROVIDER, PROVIDER)
_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")
_PROVEN = "its answer was lost or is late; events of SendGrid's show that it was taken"

# Why nobody writes to an address any more. A mail that was refused for now says nothing about it, and whoever subscribes
# again at the provider has said nothing to us.
_DEAD = "its mailbox refused a mail for good, as SendGrid told"
_UNWANTED: Mapping[EventKind, str] = {
    EventKind.SPAM_REPORT: "reported a mail as spam, as SendGrid told",
    EventKind.UNSUBSCRIBE: "unsubscribed at SendGrid",
    EventKind.GROUP_UNSUBSCRIBE: "unsubscribed from a group at SendGrid",
}
# What SendGrid did not even try, since its own lists hold one of these against the address.
_DROPPED: Mapping[str, EventKind] = {
    "bounced address": EventKind.BOUNCE,
    "spam reporting address": EventKind.SPAM_REPORT,
    "unsubscribed address": EventKind.UNSUBSCRIBE,
}


def waiting(settings: Settings) -> Waiting | None:
    return interpreting.waiting(settings, PROVIDER)


def interpret(settings: Settings) -> Counter[str]:
    """Suppressions must not wait for a call that breaks."""
    return interpreting.interpret(settings, PROVIDER, _interpreted)


def _interpreted(session: Session, call: HookCall) -> Counter[str]:
    try:
        batch = sendgrid_events.batch_of(call.body)
    except Invalid as why:
        return interpreting.unreadable(session, call, f"the {why.field} {why.what}")
    tally = Counter[str](calls=1, unreadable=batch.unreadable)
    told = _believed(session, call, batch.events, tally)
    # Everybody locks in this order: contacts, actions, what hangs on them, and the audit chain at last.
    readers = contacts.all_locked(session, call.tenant_id, _whom_they_concern(told))
    sent = _actions_locked(session, call.tenant_id, told)
    new = delivery_events.keep(session, call.tenant_id, PROVIDER, told)
    tally["settled"] = sum(_settle(session, action, told) for action in sent)
    for event in told:
        if event.id in new:
            tally[event.kind.value] += 1
            tally["suppressed"] += _suppress(session, readers, event)
        else:
            tally["told_before"] += 1
    hooks.mark_interpreted(session, call)
    return tally


def _believed(
    session: Session, call: HookCall, events: Sequence[MailEvent], tally: Counter[str]
) -> list[NewEvent]:
    """What was told of mails of this tenant, to those whom they went to, each once; the rest is counted."""
    known = delivery_events.addressees(session, call.tenant_id, {event.message_id for event in events} - {""})
    believed = dict[str, NewEvent]()
    for event in events:
        to = known.get(event.message_id)
        if event.kind is MailEventKind.OTHER:
            tally["other"] += 1
        elif to is None:
            tally["not_ours"] += 1
        elif to.email is not None and normalised(to.email) != normalised(event.recipient):
            tally["of_another_address"] += 1
        elif event.id in believed:
            tally["told_before"] += 1
        else:
            believed[event.id] = _new(event, to, call.received_at)
    return list(believed.values())


def _new(event: MailEvent, to: Addressee, latest: datetime) -> NewEvent:
    """Servers like to repeat the address, and outcomes are kept longer than addresses may be."""
    by_machine = event.by_machine and event.kind is MailEventKind.OPEN
    kind = EventKind.MACHINE_OPEN if by_machine else EventKind(event.kind)
    reason = _ADDRESS.sub("(an address)", event.reason)
    # Nothing has happened before the message was planned, and nothing after it was told.
    at = min(max(event.at, to.planned_at), latest)
    return NewEvent(id=event.id, kind=kind, to=to, at=at, reason=reason)


def _whom_they_concern(told: Iterable[NewEvent]) -> set[ContactId]:
    return {event.to.contact_id for event in told if event.to.contact_id is not None and _means(event)}


def _means(event: NewEvent) -> EventKind | None:
    """Which of the reasons to leave an address alone it is, if it is one."""
    if event.kind is EventKind.DROPPED:
        return _DROPPED.get(event.reason.casefold())
    return event.kind if event.kind is EventKind.BOUNCE or event.kind in _UNWANTED else None


def _suppress(session: Session, readers: Mapping[ContactId, Contact], event: NewEvent) -> bool:
    """Whether this made an end of marketing for whom it went to; who has asked for it since goes on getting it."""
    reader = readers.get(event.to.contact_id) if event.to.contact_id is not None else None
    means = _means(event)
    if means is None or reader is None or reader.unsubscribed_at is not None:
        return False
    if event.to.email is None or reader.email != normalised(event.to.email):
        return False
    is_wish = means is not EventKind.BOUNCE
    if is_wish and reader.consented_at is not None and reader.consented_at > event.at:
        return False
    contacts.opt_out(session, reader, _ACTOR, _UNWANTED.get(means, _DEAD))
    return True


def _actions_locked(session: Session, tenant: TenantId, told: Iterable[NewEvent]) -> list[Action]:
    locked = [
        actions.locked(session, tenant, number) for number in sorted({event.to.action_id for event in told})
    ]
    return [action for action in locked if action is not None]


def _settle(session: Session, action: Action, told: Iterable[NewEvent]) -> int:
    """Whatever is told of a message proves that the provider took it, also where its answer never came."""
    proven = {
        event.to.delivery_id
        for event in told
        if event.to.action_id == action.id and event.to.state in delivery_chunks.OPEN_TO_PROOF
    }
    if not proven:
        return 0
    return delivery_chunks.settle_proven(
        session, action, sorted(proven), _ACTOR, _PROVEN, mode=action.channel.value
    )
