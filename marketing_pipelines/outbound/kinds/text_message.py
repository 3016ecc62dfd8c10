"""Text messages: the same words to phones, one delivery each, and to none that has said STOP."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from connectors import text_segments, texting
from connectors.errors import Forbidden, Unwanted
from connectors.face import Capability, Connector
from connectors.face import Channel as ConnectedChannel
from connectors.text_segments import Encoding
from connectors.texting import SendsTexts, TextMessage
from marketing_pipelines.email import addresses, links
from marketing_pipelines.outbound import destinations
from marketing_pipelines.outbound.destinations import Destination
from marketing_pipelines.outbound.kinds.face import (
    Audience,
    Cost,
    NotReady,
    Number,
    Payload,
    Read,
    Sketch,
    leaf,
    not_blank,
)
from marketing_pipelines.outbound.kinds.through_connection import ThroughConnection, chosen
from marketing_pipelines.outbound.preflight import Finding, Severity
from marketing_pipelines.outbound.sending import Sending
from store import records
from store.audit import Actor, ActorKind
from store.records import text_opt_outs
from store.records.actions import Action, Channel, Leaf, Purpose
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.schema import TenantId
from store.settings import Role, Service, Settings

MOST_RECIPIENTS = 1_000
REFUSED_BY = Actor(ActorKind.PROVIDER, "twilio")
_SHOWN = 3
_SHOWN_LETTERS = 10
# As networks have it, in capitals: whoever is to stop by at a shop is offered no way out.
_WAY_OUT = re.compile(r"\bSTOP\b")


def _with_plain_line_ends(text: str) -> str:
    """A form ends lines by two characters, and each is charged."""
    return text.replace("\r\n", "\n")


Phone = Annotated[str, AfterValidator(texting.number)]


class TextMessagePayload(Payload):
    """`sender` is a number, a short code, a name or a messaging service; `connection` is needed where several are connected."""

    recipients: Annotated[list[Phone], Field(min_length=1, max_length=MOST_RECIPIENTS)]
    text: Annotated[
        str,
        Field(max_length=texting.LONGEST_TEXT),
        AfterValidator(_with_plain_line_ends),
        AfterValidator(not_blank),
        AfterValidator(addresses.body),
    ]
    sender: Annotated[str, AfterValidator(texting.sender)]
    connection: Number | None = None

    @property
    def phones(self) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(self.recipients))


class TextMessages(ThroughConnection[TextMessagePayload]):
    payload = TextMessagePayload
    main_field = "text"
    named_by = "text"

    def channel(self, payload: TextMessagePayload) -> Channel:
        del payload
        return Channel.SMS

    def content(self, payload: TextMessagePayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return {"text": payload.text, "sender": payload.sender}

    def is_said_once(self, payload: TextMessagePayload) -> bool:
        del payload
        return True

    def place(self, payload: TextMessagePayload) -> str:
        return f"{len(payload.phones):,} phones"

    def destination(
        self, session: Session, tenant: TenantId, payload: TextMessagePayload
    ) -> Destination | None:
        wanted = str(payload.connection) if payload.connection else None
        carrying = destinations.receivers(session, tenant, ConnectedChannel.SMS, used_for=Capability.TEXTS)
        return chosen(carrying, wanted, "connection")

    def audience(self, session: Session, action: Action, payload: TextMessagePayload) -> Audience:
        """Whoever is named must want it, whatever it is for."""
        gone = text_opt_outs.among(session, action.tenant_id, payload.phones)
        if gone:
            named = [phone for phone in payload.phones if phone in gone]
            shown = ", ".join(named[:_SHOWN]) + (", …" if len(named) > _SHOWN else "")
            raise NotReady("recipients", f"{len(named)} of {len(payload.phones)} have said STOP: {shown}")
        found = self.destination(session, action.tenant_id, payload)
        through = {"connection": found.connection, "name": found.name} if found else {}
        known = text_opt_outs.hashes(session, action.tenant_id, payload.phones)
        return Audience([_leaf(phone, hashed, through) for phone, hashed in known.items()])

    def sketch(self, session: Session, action: Action, payload: TextMessagePayload) -> Sketch:
        del session, action
        return Sketch(payload.phones, len(payload.phones))

    def is_still_said(
        self, payload: TextMessagePayload, manifest: Mapping[str, Any], reached: Iterable[Mapping[str, Any]]
    ) -> bool:
        """What is frozen names each phone, and the payload the same ones."""
        frozen = {values["phone"] for values in reached if "phone" in values}
        return super().is_still_said(payload, manifest, ()) and frozen == set(payload.phones)

    def unwilling(self, session: Session, tenant: TenantId, claims: Sequence[Claim]) -> Collection[str]:
        phones = {claim.values["phone"]: claim.recipient_key for claim in claims if "phone" in claim.values}
        return {phones[number] for number in text_opt_outs.among(session, tenant, phones)}

    def stands_out(self, payload: TextMessagePayload, purpose: Purpose) -> list[Finding]:
        found = [*_length(payload.text)]
        if purpose is Purpose.MARKETING and texting.is_name(payload.sender):
            told = f"Nobody can answer {payload.sender}, and so nobody can say STOP: take a number."
            found.append(Finding("no_answers", Severity.SERIOUS, told))
        elif purpose is Purpose.MARKETING and not _WAY_OUT.search(payload.text):
            told = "It does not say how to end such messages: add words like 'Reply STOP to end'."
            found.append(Finding("no_way_out", Severity.SERIOUS, told))
        return found

    def cost(self, settings: Settings, payload: TextMessagePayload, reached: int) -> Cost:
        rate, size = settings.text_cost_per_segment, text_segments.measured(payload.text)
        amount = (rate * size.segments * reached).quantize(Decimal("0.01"))
        texts = (
            f"{reached:,} texts of {_segments(size.segments)} ({size.encoding}, {size.units:,} characters)"
        )
        return Cost(amount, f"{texts} at {rate} a segment")

    def followed(self, template: Mapping[str, Any]) -> Sequence[str]:
        return links.found_in(template["text"], "")

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        said = manifest["template"]
        through = f", through {values['name']}" if values.get("name") else ""
        subject = f"Text message{through}"
        return Read(subject, said["text"], said["sender"], links=links.found_in(said["text"], ""))

    def carry_out(self, sending: Sending, claim: Claim, opened: Connector) -> str:
        """What the provider knows of a STOP that we were not told of is kept here too."""
        try:
            taken = _carrier(opened).send(_message(sending, claim))
        except Unwanted as stopped:
            with records.session(sending.settings, Role.PIPELINES) as session:
                text_opt_outs.opt_out(
                    session, sending.tenant, REFUSED_BY, claim.values["phone"], stopped.what
                )
            raise
        return f"{taken.state} as {taken.id}"

    def found(self, sending: Sending, claim: Claim, opened: Connector) -> str | None:
        since = sending.approved.submitted_at
        there = _carrier(opened).sent_since(_message(sending, claim), since)
        return f"{there.state} as {there.id}" if there else None

    def rehearse(self, sending: Sending, claim: Claim) -> str:
        del claim
        size = text_segments.measured(sending.approved.manifest["template"]["text"])
        return f"{_segments(size.segments)} of {size.encoding}"


def key_of(hashed: bytes) -> str:
    """By which a phone is known in deliveries, which are kept longer than its number may be."""
    return f"phone:{hashed.hex()[:40]}"


def told_at(settings: Settings) -> str:
    """Where Twilio is to tell what became of a text; nowhere in a house that cannot be reached safely."""
    home = settings.address(Service.COLLECTOR)
    return f"{home}/hooks/twilio" if home.startswith("https://") else ""


def _leaf(phone: str, hashed: bytes, through: Mapping[str, Any]) -> Leaf:
    return leaf(key_of(hashed), {"phone": phone, **through})


def _message(sending: Sending, claim: Claim) -> TextMessage:
    said = sending.approved.manifest["template"]
    return TextMessage(
        to=claim.values["phone"], sender=said["sender"], body=said["text"], told_at=told_at(sending.settings)
    )


def _carrier(opened: Connector) -> SendsTexts:
    if not isinstance(opened, SendsTexts):
        raise Forbidden(what="carries no texts", where=opened.channel)
    return opened


def _length(text: str) -> Iterable[Finding]:
    size = text_segments.measured(text)
    room = text_segments.ROOM[size.encoding]
    if size.segments > 1:
        told = (
            f"It travels as {_segments(size.segments)} of up to {room.in_parts} characters ({size.encoding}); "
            "each is charged."
        )
        yield Finding("several_segments", Severity.WARNING, told)
    if size.encoding is Encoding.UCS_2 and (saved := text_segments.saved_by_plain(text)):
        letters = ", ".join(text_segments.shown(letter) for letter in size.forcing[:_SHOWN_LETTERS])
        more = ", …" if len(size.forcing) > _SHOWN_LETTERS else ""
        told = f"Without {letters}{more} it would travel in GSM-7 and take {_segments(saved)} less."
        yield Finding("costly_letters", Severity.WARNING, told)


def _segments(count: int) -> str:
    return f"{count} segment" if count == 1 else f"{count} segments"
