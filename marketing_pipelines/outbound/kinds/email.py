"""Mails: to one address, to several, or to groups of recipients; everyone gets a message of their own."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator
from sqlalchemy import Row

from connectors.face import OutgoingMail
from marketing_pipelines.email import addresses, links, render, way_out
from marketing_pipelines.outbound import mail_server
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.kinds.face import (
    Audience,
    Cost,
    Kind,
    Line,
    NotReady,
    Number,
    Payload,
    Read,
    Sketch,
    Surroundings,
    Words,
    leaf,
)
from marketing_pipelines.outbound.sending import Sending
from store.clock import now
from store.records import contacts, groups
from store.records.actions import Action, Channel, Purpose
from store.records.contacts import Contact, normalised
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.erasure import NOWHERE
from store.records.schema import ContactId, GroupId
from store.settings import Service, Settings

MOST_ADDRESSES = 10_000
MOST_RECIPIENTS = 100_000
_SHOWN = 3


def _sender_line(text: str) -> str:
    addresses.sender(text)
    return text


Address = Annotated[str, AfterValidator(addresses.address)]
SenderLine = Annotated[str, AfterValidator(_sender_line)]


class EmailPayload(Payload):
    """Addresses, groups or both say whom it goes to."""

    recipient: Address | None = None
    recipients: Annotated[list[Address], Field(min_length=1, max_length=MOST_ADDRESSES)] | None = None
    groups: Annotated[list[Number], Field(min_length=1, max_length=100)] | None = None
    subject: Line
    body: Words
    html: Words | None = None
    sender: SenderLine | None = None

    @model_validator(mode="after")
    def _to_someone(self) -> "EmailPayload":
        if self.recipient is not None and (self.recipients is not None or self.groups is not None):
            raise ValueError("give either recipient, or recipients and groups")
        if self.recipient is None and self.recipients is None and self.groups is None:
            raise ValueError("give recipient, recipients or groups")
        return self

    @property
    def named(self) -> list[str]:
        """Whose addresses are written in it, each once."""
        given = self.recipients or ([self.recipient] if self.recipient is not None else [])
        return list(dict.fromkeys(normalised(address) for address in given))


class Email(Kind[EmailPayload]):
    payload = EmailPayload
    main_field = "recipient"
    named_by = "subject"

    def channel(self, payload: EmailPayload) -> Channel:
        del payload
        return Channel.SMTP

    def content(self, payload: EmailPayload, purpose: Purpose) -> dict[str, Any]:
        """The words; marketing always says how to end it."""
        words = {"subject": payload.subject, "text": payload.body, "html": payload.html or ""}
        return way_out.with_way_out(words) if purpose is Purpose.MARKETING else words

    def connection(self, around: Surroundings, payload: EmailPayload) -> str:
        del payload
        return mail_server.name(around.settings)

    def envelope(self, settings: Settings, payload: EmailPayload, purpose: Purpose) -> dict[str, str]:
        """Sender, and where readers end our marketing: each one's token is added behind it."""
        door = f"{settings.address(Service.COLLECTOR)}/u/" if purpose is Purpose.MARKETING else ""
        chosen = payload.sender or settings.mail_from
        try:
            addresses.sender(chosen)
        except ValueError as error:
            raise NotReady("sender", f"{chosen!r} {error}; set MAIL_FROM or name a sender") from None
        return {"sender": chosen, "unsubscribe": door}

    def audience(self, session: Session, action: Action, payload: EmailPayload) -> Audience:
        """Whoever is named must want it; of a group, those who do not are left out."""
        is_marketing = action.purpose is Purpose.MARKETING
        named = _not_erased(contacts.ensure_all(session, action.tenant_id, payload.named))
        if is_marketing:
            _refuse_unsubscribed(named)
        members = _members(session, action, payload.groups or ())
        wanting = [member for member in members if not (is_marketing and member.unsubscribed_at)]
        everyone = {contact.id: contact.email for contact in (*named, *wanting)}
        if not everyone:
            raise NotReady("groups" if payload.groups else "recipients", "nobody is left to write to")
        if len(everyone) > MOST_RECIPIENTS:
            reason = f"{len(everyone):,} recipients; one mail goes to {MOST_RECIPIENTS:,} at most"
            raise NotReady("groups", reason)
        leaves = [
            leaf(f"contact:{number}", {"email": address}, ContactId(number))
            for number, address in everyone.items()
        ]
        return Audience(leaves, sorted(set(payload.groups or ())), len(members) - len(wanting))

    def sketch(self, session: Session, action: Action, payload: EmailPayload) -> Sketch:
        chosen = groups.all_named(session, action.tenant_id, [GroupId(each) for each in payload.groups or ()])
        sizes = groups.sizes(session, action.tenant_id, chosen)
        names = [*payload.named, *(f"the group {group.name}" for group in chosen)]
        return Sketch(names, len(payload.named) + sum(sizes.values()))

    def is_still_said(
        self, payload: EmailPayload, manifest: Mapping[str, Any], reached: Iterable[Mapping[str, Any]]
    ) -> bool:
        """An erased recipient may be missing from the draft behind the manifest."""
        frozen = {values.get("email") for values in reached}
        still_there = {address for address in payload.named if not address.endswith(NOWHERE)}
        return (
            super().is_still_said(payload, manifest, reached)
            and payload.sender in (None, manifest["sender"])
            and sorted(set(payload.groups or ())) == manifest["recipients"]["groups"]
            and frozen >= still_there
        )

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        seen = render.preview(manifest, values)
        return Read(seen.subject, seen.text, seen.sender, seen.html, links.found_in(seen.text, seen.html))

    def cost(self, settings: Settings, payload: EmailPayload, reached: int) -> Cost:
        del payload
        rate = settings.mail_cost_per_thousand
        amount = (rate * reached / 1000).quantize(Decimal("0.01"))
        return Cost(amount, f"{reached:,} mails at {rate} a thousand")

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        answer = carriers.mail.send(self.message(sending, claim))
        return f"{answer.code} {answer.response}"

    def rehearse(self, sending: Sending, claim: Claim) -> str:
        raw = self.message(sending, claim).raw
        return f"{sending.approved.manifest['template']['subject']!r}, {len(raw):,} bytes"

    def message(self, sending: Sending, claim: Claim) -> OutgoingMail:
        """One mail, whole, in the bytes that leave."""
        manifest = sending.approved.manifest
        door = sending.unsubscribe_address(claim.contact_id) if claim.contact_id is not None else ""
        return OutgoingMail(
            sender=addresses.sender(manifest["sender"]).address,
            recipient=claim.values["email"],
            message_id=claim.message_id,
            raw=render.message(manifest, claim.values, claim.message_id, now(), door),
        )


def _not_erased(known: Sequence[Contact]) -> list[Contact]:
    """Without those who were erased since their address was written down."""
    return [contact for contact in known if contact.erased_at is None]


def _refuse_unsubscribed(audience: Sequence[Contact]) -> None:
    gone = [contact.email for contact in audience if contact.unsubscribed_at is not None]
    if gone:
        shown = ", ".join(gone[:_SHOWN]) + (", …" if len(gone) > _SHOWN else "")
        raise NotReady("recipients", f"{len(gone)} of {len(audience)} want no marketing: {shown}")


def _members(
    session: Session, action: Action, chosen: Iterable[int]
) -> Sequence[Row[tuple[int, str, datetime | None]]]:
    wanted = [GroupId(number) for number in chosen]
    for number in wanted:
        if groups.named(session, action.tenant_id, number) is None:
            raise NotReady("groups", f"there is no group {number}")
    return groups.members(session, action.tenant_id, wanted) if wanted else []
