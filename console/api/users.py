"""The people of a tenant: let in, given a role, taken out again."""

from datetime import datetime
from typing import Self

from fastapi import APIRouter, Response
from pydantic import BaseModel

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.bodies import Body
from console.frame.cursors import Cursor, Limit
from console.people import members
from console.people.fields import Address, Password, PersonName
from console.people.members import Member
from store.records.people import MemberRole

router = APIRouter(tags=["users"], responses=REFUSALS)


class NewUser(Body):
    """Whoever has an account already keeps its name and its password."""

    email: Address
    name: PersonName = ""
    role: MemberRole
    password: Password


class ChangedUser(Body):
    role: MemberRole


class UserOut(BaseModel):
    id: int
    email: str
    name: str
    role: MemberRole
    disabled: bool
    joined_at: datetime

    @classmethod
    def of(cls, member: Member) -> Self:
        user, membership = member.user, member.membership
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            role=membership.role,
            disabled=user.disabled_at is not None,
            joined_at=membership.created_at,
        )


class UserPage(BaseModel):
    items: list[UserOut]
    next_cursor: int | None


@router.post("/api/users", status_code=201)
def create(visitor: SignedIn, body: NewUser, response: Response) -> UserOut:
    """Lets somebody into the tenant."""
    member = members.admit(visitor, body.email, body.name, body.role, body.password)
    response.headers["Location"] = f"/api/users/{member.user.id}"
    return _shown(visitor, member)


@router.get("/api/users")
def list_users(visitor: SignedIn, limit: Limit, cursor: Cursor = None) -> UserPage:
    page, following = members.listed(visitor, cursor=cursor, limit=limit)
    return UserPage(items=[UserOut.of(member) for member in page], next_cursor=following)


@router.get("/api/users/{user_id}")
def read(visitor: SignedIn, user_id: Id) -> UserOut:
    return _shown(visitor, members.read(visitor, user_id))


@router.patch("/api/users/{user_id}")
def change(visitor: SignedIn, user_id: Id, body: ChangedUser) -> UserOut:
    """Holds from their next request on, and for the signatures that they gave. One Admin always stays."""
    return _shown(visitor, members.change_role(visitor, user_id, body.role))


@router.delete("/api/users/{user_id}", status_code=204)
def remove(visitor: SignedIn, user_id: Id) -> None:
    """Takes them out of this tenant: log-ins, tokens and keys end at once. Their account and their work stay."""
    members.remove(visitor, user_id)


def _shown(visitor: Visitor, member: Member) -> UserOut:
    visitor.conditions.show(member.etag)
    return UserOut.of(member)
