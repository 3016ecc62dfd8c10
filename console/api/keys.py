"""API keys: a program's own, for a part of what its owner may do."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.frame.cursors import Cursor, Limit
from console.frame.texts import storable
from console.people import keyring
from store.records.api_keys import LONGEST_NAME, ApiKey, Scope

router = APIRouter(tags=["keys"], responses=REFUSALS)


class NewKey(BaseModel):
    """What the key is called, and what it is for; without `expires_at` it holds until it is revoked."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=LONGEST_NAME, strip_whitespace=True),
        AfterValidator(storable),
    ]
    scopes: Annotated[set[Scope], Field(min_length=1)]
    expires_at: AwareDatetime | None = None


class KeyOut(BaseModel):
    """`hint` ends as the key does."""

    id: int
    user_id: int
    name: str
    hint: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        return cls.model_validate(key, from_attributes=True)


class MadeKey(BaseModel):
    """`key` is shown this once, and cannot be found out later."""

    key: str
    about: KeyOut


class KeyPage(BaseModel):
    items: list[KeyOut]
    next_cursor: int | None


@router.post("/api/keys", status_code=201)
def create(visitor: SignedIn, body: NewKey, response: Response) -> MadeKey:
    """Never does more than its owner may at the time, and never signs."""
    key, secret = keyring.make(visitor, body.name, body.scopes, body.expires_at)
    response.headers["Location"] = "/api/keys"
    return MadeKey(key=secret, about=KeyOut.of(key))


@router.get("/api/keys")
def list_keys(
    visitor: SignedIn,
    limit: Limit,
    everyones: Annotated[bool, Query(description="Also those of others; for Admins.")] = False,
    cursor: Cursor = None,
) -> KeyPage:
    """Newest first, those that were revoked too."""
    page, following = keyring.listed(visitor, everyones=everyones, cursor=cursor, limit=limit)
    return KeyPage(items=[KeyOut.of(key) for key in page], next_cursor=following)


@router.delete("/api/keys/{key_id}", status_code=204)
def revoke(visitor: SignedIn, key_id: Id) -> None:
    """Ends it at once; what it did stays its owner's work."""
    keyring.revoke(visitor, key_id)
