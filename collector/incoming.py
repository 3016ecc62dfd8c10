"""What pages and servers send: one event, a list of events, or an envelope around them. Pure."""

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import DecodeError, Meta, Raw, Struct, ValidationError, field
from msgspec.json import Decoder

from collector.consent import Consent
from collector.refusals import Reason, Refused

Identifier = Annotated[str, Meta(max_length=128)]
Moment = int | float | Annotated[str, Meta(max_length=40)]

NO_PROPS = Raw(b"{}")


class IncomingEvent(Struct, frozen=True):
    """The body of the public snippet and what was added to it; fields that are not named here are ignored."""

    event: Annotated[str, Meta(min_length=1, max_length=64)]
    id: Identifier | None = None
    ts: Moment | None = None
    sent_at: Moment | None = None
    url: str | None = None
    referrer: str | None = field(name="ref", default=None)
    sid: Identifier | None = None
    user_id: Identifier | None = None
    click_id: Identifier | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_term: str | None = None
    utm_content: str | None = None
    value: Decimal | None = None
    currency: Annotated[str, Meta(pattern="^([A-Za-z]{3})?$")] | None = None
    consent: bool | Consent | None = None
    key: Identifier | None = None
    # Heard from servers only: where the person was whom the event is about.
    ip: Identifier | None = None
    user_agent: str | None = None
    props: Raw = NO_PROPS


class Envelope(Struct, frozen=True):
    """Several events, with what is true of all of them said once; `events` is absent from a single event."""

    events: list[Raw] | None = None
    key: Identifier | None = None
    sent_at: Moment | None = None
    consent: bool | Consent | None = None


_event = Decoder(IncomingEvent)
_envelope = Decoder(Envelope)
_list = Decoder(list[Raw])


def opened(body: bytes, most: int) -> Envelope:
    """The events of a body, each still as it came; a single event is a batch of one."""
    try:
        if body.lstrip()[:1] == b"[":
            envelope = Envelope(events=_list.decode(body))
        elif b'"events"' in body:
            envelope = _envelope.decode(body)
        else:
            envelope = Envelope()
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error) from None
    if envelope.events is None:
        return Envelope(events=[Raw(body)])
    if len(envelope.events) > most:
        raise Refused(
            Reason.TOO_MANY_EVENTS, f"{len(envelope.events)} events in one request; at most {most}."
        )
    if not envelope.events:
        raise Refused(Reason.INVALID_EVENT, "The request holds no event.")
    return envelope


def event_of(raw: Raw | bytes) -> IncomingEvent:
    try:
        return _event.decode(raw)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error) from None


def encoded(query: dict[str, str]) -> Raw:
    """The same event out of the parameters of an image's address, which hold text and no object."""
    told = {name: value for name, value in query.items() if name != "props"}
    return Raw(msgspec.json.encode({"event": "page_view", **told}))


def _unreadable(error: Exception) -> Refused:
    """The decoder's own words, which name the field or the byte."""
    if isinstance(error, ValidationError):
        return Refused(Reason.INVALID_EVENT, str(error))
    if isinstance(error, RecursionError):
        return Refused(Reason.MALFORMED, "The JSON is nested too deeply.")
    if isinstance(error, UnicodeDecodeError):
        return Refused(Reason.MALFORMED, f"The body is not UTF-8 (byte {error.start}).")
    return Refused(Reason.MALFORMED, str(error))
