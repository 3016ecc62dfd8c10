"""Groups of recipients."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints

from console.api.answers import REFUSALS
from console.api.recipients import RecipientOut, RecipientPage
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.bodies import Body, Name, Number
from console.frame.cursors import Cursor, Limit
from console.frame.texts import Text
from console.people import contact_book
from console.people.contact_book import Sized

router = APIRouter(tags=["groups"], responses=REFUSALS)

Description = Annotated[Text, StringConstraints(max_length=500)]


class NewGroup(Body):
    name: Name
    description: Description = ""


class ChangedGroup(Body):
    name: Name | None = None
    description: Description | None = None


class Members(Body):
    recipients: Annotated[list[Number], Field(min_length=1, max_length=10_000)]


class Added(BaseModel):
    """How many were not in it before."""

    added: int


class GroupOut(BaseModel):
    id: int
    name: str
    description: str
    recipients: int
    created_at: datetime


class GroupPage(BaseModel):
    items: list[GroupOut]
    next_cursor: int | None


@router.post("/api/groups", status_code=201)
def create(visitor: SignedIn, body: NewGroup, response: Response) -> GroupOut:
    made = contact_book.add_group(visitor, body.name, body.description)
    response.headers["Location"] = f"/api/groups/{made.group.id}"
    return _shown(visitor, made)


@router.get("/api/groups")
def list_groups(visitor: SignedIn, limit: Limit, cursor: Cursor = None) -> GroupPage:
    page, following = contact_book.all_groups(visitor, cursor, limit)
    return GroupPage(items=[_out(each) for each in page], next_cursor=following)


@router.get("/api/groups/{group_id}")
def read(visitor: SignedIn, group_id: Id) -> GroupOut:
    return _shown(visitor, contact_book.read_group(visitor, group_id))


@router.patch("/api/groups/{group_id}")
def change(visitor: SignedIn, group_id: Id, body: ChangedGroup) -> GroupOut:
    return _shown(visitor, contact_book.change_group(visitor, group_id, body.name, body.description))


@router.get("/api/groups/{group_id}/recipients")
def list_members(visitor: SignedIn, group_id: Id, limit: Limit, cursor: Cursor = None) -> RecipientPage:
    page, following = contact_book.members(visitor, group_id, cursor=cursor, limit=limit)
    return RecipientPage(items=[RecipientOut.of(known) for known in page], next_cursor=following)


@router.post("/api/groups/{group_id}/recipients")
def put_in(visitor: SignedIn, group_id: Id, body: Members) -> Added:
    """Adds recipients; whoever is in it already stays."""
    return Added(added=contact_book.put_in(visitor, group_id, body.recipients))


@router.delete("/api/groups/{group_id}/recipients/{recipient_id}", status_code=204)
def take_out(visitor: SignedIn, group_id: Id, recipient_id: Id) -> None:
    contact_book.take_out(visitor, group_id, recipient_id)


def _shown(visitor: Visitor, sized: Sized) -> GroupOut:
    visitor.conditions.show(sized.etag)
    return _out(sized)


def _out(sized: Sized) -> GroupOut:
    group = sized.group
    return GroupOut(
        id=group.id,
        name=group.name,
        description=group.description,
        recipients=sized.size,
        created_at=group.created_at,
    )
