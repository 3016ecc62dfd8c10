"""Tokens for programs, and who is behind one."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from console.api.answers import REFUSALS
from console.door import attempts, bearers
from console.door.admission import Chosen, SignedIn
from console.door.problems import Refused
from console.frame.texts import Text
from store.records.people import MemberRole

router = APIRouter(tags=["sign-in"], responses=REFUSALS)


class LogIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: Annotated[Text, StringConstraints(max_length=254)]
    password: Annotated[Text, StringConstraints(max_length=1024)]
    tenant: Annotated[
        Text | None,
        StringConstraints(max_length=63),
        Field(description="Its slug; the first you joined if left out."),
    ] = None


class Token(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (a kind of token, not a token)
    expires_in: int


class Tenant(BaseModel):
    id: int
    name: str


class Me(BaseModel):
    id: int
    name: str
    email: str
    role: MemberRole
    tenant: Tenant


@router.post("/api/auth/login")
def log_in(request: Request, settings: Chosen, body: LogIn) -> Token:
    attempt = attempts.to_sign_in(request, settings, body.email)
    token = bearers.issue_token(settings, body.email, body.password, body.tenant)
    if token is None:
        raise Refused(401, "This address and password do not go together.")
    attempt.succeeded()
    return Token(access_token=token, expires_in=int(bearers.TOKEN_HOLDS.total_seconds()))


@router.get("/api/me")
def me(visitor: SignedIn) -> Me:
    return Me(
        id=visitor.user,
        name=visitor.name,
        email=visitor.email,
        role=visitor.role,
        tenant=Tenant(id=visitor.tenant, name=visitor.tenant_name),
    )
