"""What pages and servers send: one event, a list of events, or an envelope around them. Pure."""

from decimal import Decimal
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, DecodeError, Meta, Raw, Struct, UnsetType, ValidationError, field
from msgspec.json import Decoder

from collector.consent import Consent
from collector.refusals import Reason, Refused

Identifier = Annotated[str, Meta(max_length=128)]
Moment = int | float | Annotated[str, Meta(max_length=40)]


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
    props: Raw | UnsetType = UNSET


class Opened(Struct, frozen=True):
    """The events of a request, each decoded or with the reason why it is not, and what is said of all of them."""

    events: list[IncomingEvent | Refused]
    body: bytes
    key: Identifier | None = None
    sent_at: Moment | None = None
    consent: bool | Consent | None = None

    def raw(self, place: int) -> bytes:
        """An event as it came."""
        return (
            self.body if len(self.events) == 1 else bytes(_envelope_of(self.body, RawEnvelope).events[place])
        )


class Envelope(Struct, frozen=True):
    """Several events, with what is true of all of them said once."""

    events: list[IncomingEvent]
    key: Identifier | None = None
    sent_at: Moment | None = None
    consent: bool | Consent | None = None


class RawEnvelope(Struct, frozen=True):
    """The same, when one of the events must be told from the others before it is decoded."""

    events: list[Raw]
    key: Identifier | None = None
    sent_at: Moment | None = None
    consent: bool | Consent | None = None


E = TypeVar("E", Envelope, RawEnvelope)

_event = Decoder(IncomingEvent)
_lists = {Envelope: Decoder(list[IncomingEvent]), RawEnvelope: Decoder(list[Raw])}
_envelopes = {Envelope: Decoder(Envelope), RawEnvelope: Decoder(RawEnvelope)}


def opened(body: bytes, most: int) -> Opened:
    """Decodes a body: one event, a list of events, or an envelope around such a list."""
    if not _holds_several(body):
        return Opened([event_of(body)], body)
    envelope = _quickly(body, most) or _one_by_one(body, most)
    if not envelope.events:
        raise Refused(Reason.INVALID_EVENT, "The request holds no event.")
    if len(envelope.events) > most:
        raise Refused(
            Reason.TOO_MANY_EVENTS, f"{len(envelope.events)} events in one request; at most {most}."
        )
    return envelope


def event_of(raw: Raw | bytes) -> IncomingEvent:
    try:
        return _event.decode(raw)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error) from None


def _holds_several(body: bytes) -> bool:
    """A list, or an envelope; an event has no field `events`, though its props may."""
    return body.lstrip()[:1] == b"[" or b'"events"' in body


def _envelope_of(body: bytes, kind: type[E]) -> E:
    if body.lstrip()[:1] == b"[":
        return kind(_lists[kind].decode(body))  # pyright: ignore[reportArgumentType]
    return _envelopes[kind].decode(body)  # pyright: ignore[reportReturnType]


def _quickly(body: bytes, most: int) -> Opened | None:
    """All at once, which works unless one of the events is wrong, or far too many are to be read."""
    if body.count(b'"event"') > 2 * most:
        return None
    try:
        envelope = _envelope_of(body, Envelope)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return Opened([*envelope.events], body, envelope.key, envelope.sent_at, envelope.consent)


def _one_by_one(body: bytes, most: int) -> Opened:
    """Each by itself, so that one that is wrong does not cost the others."""
    try:
        envelope = _envelope_of(body, RawEnvelope)
    except ValidationError:
        # `events` stands somewhere in it, but it is one event.
        return Opened([event_of(body)], body)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error) from None
    events: list[IncomingEvent | Refused] = []
    for raw in envelope.events[: most + 1]:
        try:
            events.append(event_of(raw))
        except Refused as refused:
            events.append(refused)
    return Opened(events, body, envelope.key, envelope.sent_at, envelope.consent)


def encoded(query: dict[str, str]) -> bytes:
    """The same event out of the parameters of an image's address, which hold text and no object."""
    told = {name: value for name, value in query.items() if name != "props"}
    return msgspec.json.encode({"event": "page_view", **told})


def _unreadable(error: Exception) -> Refused:
    """The decoder's own words, which name the field or the byte."""
    if isinstance(error, ValidationError):
        return Refused(Reason.INVALID_EVENT, str(error))
    if isinstance(error, RecursionError):
        return Refused(Reason.MALFORMED, "The JSON is nested too deeply.")
    if isinstance(error, UnicodeDecodeError):
        return Refused(Reason.MALFORMED, f"The body is not UTF-8 (byte {error.start}).")
    return Refused(Reason.MALFORMED, str(error))
