"""What became of mails, as SendGrid's event web hook tells it: in batches, more than once and in any order.

Only parsed here: that a call comes from SendGrid is proven where it is taken.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from connectors.errors import Invalid
from connectors.sendgrid_mail import MESSAGE_ID_ARGUMENT

WHERE = "SendGrid events"
LARGEST_BODY = 2 * 1024 * 1024
MOST_EVENTS = 20_000

_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,250}>")
_LONGEST_NAME, _LONGEST_REASON, _LONGEST_ADDRESS = 100, 500, 2_000
# Until 2100: what lies further ahead is no moment at which something happened.
_LATEST = 4_102_444_800


class MailEventKind(StrEnum):
    PROCESSED = "processed"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCE = "bounce"
    BLOCKED = "blocked"
    """Refused for now, for what the message or its sender is; the address itself may be a good one."""
    DROPPED = "dropped"
    OPEN = "open"
    CLICK = "click"
    SPAM_REPORT = "spam_report"
    UNSUBSCRIBE = "unsubscribe"
    GROUP_UNSUBSCRIBE = "group_unsubscribe"
    GROUP_RESUBSCRIBE = "group_resubscribe"
    OTHER = "other"


_KINDS = {
    **{kind.value: kind for kind in MailEventKind if kind is not MailEventKind.BLOCKED},
    "spamreport": MailEventKind.SPAM_REPORT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailEvent:
    """One thing that happened to one message; `id` is the same whenever it is told again."""

    id: str
    message_id: str
    """Ours; SendGrid's own, or none, for a mail that this house has not sent."""
    recipient: str
    kind: MailEventKind
    said: str
    """SendGrid's own name for it."""
    at: datetime
    reason: str = ""
    address: str = ""
    """Of the link that was followed."""
    by_machine: bool = False
    """A mail reader has opened it ahead of its reader, for privacy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Every event that can be read, in the order in which they came, and how many cannot."""

    events: tuple[MailEvent, ...]
    unreadable: int = 0


class _Event(msgspec.Struct, rename={"message_id": MESSAGE_ID_ARGUMENT, "smtp_id": "smtp-id"}):
    event: Annotated[str, msgspec.Meta(min_length=1)]
    email: Annotated[
        str, msgspec.Meta(pattern=r"\A[^\s<>@\x00-\x1f\x7f]{1,64}@[^\s<>@\x00-\x1f\x7f]{1,253}\Z")
    ]
    timestamp: Annotated[int, msgspec.Meta(ge=0, lt=_LATEST)]
    sg_event_id: Annotated[str, msgspec.Meta(pattern=r"\A[\x21-\x7e]{1,200}\Z")]
    message_id: str | None = None
    smtp_id: str | None = None
    type: str | None = None
    reason: str | None = None
    response: str | None = None
    url: str | None = None
    sg_machine_open: bool | None = None


_events = msgspec.json.Decoder(list[msgspec.Raw])
_event = msgspec.json.Decoder(_Event, strict=False)


def batch_of(body: bytes) -> Batch:
    """The events of a call whose signature was verified; one that cannot be read does not spoil the others."""
    _require_bounded(body)
    try:
        told = _events.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid(what="is not a list of events", where=WHERE, field="body") from None
    if len(told) > MOST_EVENTS:
        raise Invalid(what=f"has more than {MOST_EVENTS} events", where=WHERE, field="body")
    read = [_read(each) for each in told]
    events = tuple(event for event in read if event is not None)
    return Batch(events=events, unreadable=len(read) - len(events))


def _read(told: msgspec.Raw) -> MailEvent | None:
    try:
        event = _event.decode(told)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return MailEvent(
        id=event.sg_event_id,
        message_id=_message_of(event),
        recipient=event.email,
        kind=_kind_of(event),
        said=_shown(event.event, _LONGEST_NAME),
        at=datetime.fromtimestamp(event.timestamp, UTC),
        reason=_shown(event.reason or event.response, _LONGEST_REASON),
        address=_shown(event.url, _LONGEST_ADDRESS),
        by_machine=bool(event.sg_machine_open),
    )


def _message_of(event: _Event) -> str:
    """By the argument that our mails carry; one without it may say it by its Message-ID."""
    named = (event.message_id, event.smtp_id)
    return next((each for each in named if each and _MESSAGE_ID.fullmatch(each)), "")


def _kind_of(event: _Event) -> MailEventKind:
    if event.event == "bounce" and event.type == "blocked":
        return MailEventKind.BLOCKED
    return _KINDS.get(event.event, MailEventKind.OTHER)


def _require_bounded(body: bytes) -> None:
    if len(body) > LARGEST_BODY:
        raise Invalid(what=f"is over {LARGEST_BODY} bytes", where=WHERE, field="body")


def _shown(text: str | None, longest: int) -> str:
    """What other people's mail servers said is trusted with neither a page nor a log."""
    return "".join(letter if letter.isprintable() else " " for letter in (text or "")[:longest]).strip()
