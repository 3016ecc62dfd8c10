"""Recipients: who is written to, what they have agreed to, and their wish to be left alone."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from console.api.answers import REFUSALS
from console.door.admission import LARGEST_ID, Id, SignedIn
from console.frame.bodies import Body, Number
from console.frame.cursors import Cursor, Limit
from console.frame.texts import Text, storable
from console.people import contact_book
from console.people.contact_book import Known
from marketing_pipelines.email import addresses

router = APIRouter(tags=["recipients"], responses=REFUSALS)

Address = Annotated[str, StringConstraints(max_length=300), AfterValidator(addresses.address)]
Name = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), AfterValidator(storable)]
Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(storable)
]
Consent = Annotated[
    str,
    StringConstraints(max_length=200, strip_whitespace=True),
    AfterValidator(storable),
    Field(description="How they agreed to marketing, if they did: what proves it later."),
]
Search = Annotated[Text, Query(max_length=254, description="A part of the address or of the name.")]
GroupId = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Only those of this group.")]


class NewRecipient(Body):
    email: Address
    name: Name = ""
    consent: Consent = ""
    groups: list[Number] = Field(default_factory=list, max_length=100)


class ChangedRecipient(Body):
    name: Name


class Wish(Body):
    """Why: where and how they said so."""

    reason: Reason


class RecipientOut(BaseModel):
    """`active` says whether marketing may reach them."""

    id: int
    email: str
    name: str
    active: bool
    unsubscribed_at: datetime | None
    unsubscribe_reason: str | None
    consented_at: datetime | None
    consent_reason: str | None
    groups: list[int]
    created_at: datetime

    @classmethod
    def of(cls, known: Known) -> Self:
        contact = known.contact
        return cls(
            **{name: getattr(contact, name) for name in cls.model_fields if hasattr(contact, name)},
            active=contact.unsubscribed_at is None,
            groups=known.groups,
        )


class RecipientPage(BaseModel):
    items: list[RecipientOut]
    next_cursor: int | None


@router.post("/api/recipients", status_code=201)
def create(visitor: SignedIn, body: NewRecipient, response: Response) -> RecipientOut:
    """An address is one recipient, however often it is given: a known one answers 200 and stays as it is."""
    known = contact_book.add(visitor, body.email, body.name, body.consent, body.groups)
    response.status_code = 201 if known.is_new else 200
    response.headers["Location"] = f"/api/recipients/{known.contact.id}"
    return _shown(visitor, known)


@router.get("/api/recipients")
def list_recipients(
    visitor: SignedIn,
    limit: Limit,
    search: Search = "",
    group_id: GroupId = None,
    cursor: Cursor = None,
) -> RecipientPage:
    """In the order in which they came."""
    return _page(visitor, search, group_id, cursor, limit, only_active=False)


@router.get("/api/recipients/active")
def list_active(
    visitor: SignedIn,
    limit: Limit,
    search: Search = "",
    group_id: GroupId = None,
    cursor: Cursor = None,
) -> RecipientPage:
    """Those whom marketing may reach."""
    return _page(visitor, search, group_id, cursor, limit, only_active=True)


@router.get("/api/recipients/{recipient_id}")
def read(visitor: SignedIn, recipient_id: Id) -> RecipientOut:
    return _shown(visitor, contact_book.read(visitor, recipient_id))


@router.patch("/api/recipients/{recipient_id}")
def change(visitor: SignedIn, recipient_id: Id, body: ChangedRecipient) -> RecipientOut:
    return _shown(visitor, contact_book.rename(visitor, recipient_id, body.name))


@router.post("/api/recipients/{recipient_id}/opt-out")
def opt_out(visitor: SignedIn, recipient_id: Id, body: Wish) -> RecipientOut:
    """No marketing from now on, also not of what is being sent this moment."""
    return _shown(visitor, contact_book.opt_out(visitor, recipient_id, body.reason))


@router.post("/api/recipients/{recipient_id}/opt-in")
def opt_in(visitor: SignedIn, recipient_id: Id, body: Wish) -> RecipientOut:
    """They have agreed; the reason is what proves it."""
    return _shown(visitor, contact_book.opt_in(visitor, recipient_id, body.reason))


@router.delete("/api/recipients/{recipient_id}", status_code=204)
def erase(visitor: SignedIn, recipient_id: Id) -> None:
    """Takes away who they are, everywhere; whoever had opted out stays so, by a hash of the address."""
    contact_book.erase(visitor, recipient_id)


def _shown(visitor: SignedIn, known: Known) -> RecipientOut:
    visitor.conditions.show(known.etag)
    return RecipientOut.of(known)


def _page(
    visitor: SignedIn,
    search: str,
    group: int | None,
    cursor: int | None,
    limit: int,
    *,
    only_active: bool,
) -> RecipientPage:
    page, following = contact_book.listed(
        visitor, only_active=only_active, search=search, group=group, cursor=cursor, limit=limit
    )
    return RecipientPage(items=[RecipientOut.of(known) for known in page], next_cursor=following)
