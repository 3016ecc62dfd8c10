"""Tenants: those that one belongs to, a new one, and what the present one is called and counts in."""

from datetime import datetime
from typing import Self

from fastapi import APIRouter, Response
from pydantic import BaseModel

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.bodies import Body, Name
from console.frame.cursors import Cursor, Limit
from console.frame.timing import ZoneName
from console.people import tenancies
from console.people.fields import Currency, Slug
from console.people.tenancies import Tenancy
from store.records.people import MemberRole
from store.records.tenants import Change

router = APIRouter(tags=["tenants"], responses=REFUSALS)


class NewTenant(Body):
    """`slug` stands in addresses and never changes."""

    slug: Slug
    name: Name
    time_zone: ZoneName = "UTC"
    currency: Currency = "EUR"


class ChangedTenant(Body):
    name: Name | None = None
    time_zone: ZoneName | None = None
    currency: Currency | None = None


class TenantOut(BaseModel):
    """`role` is yours there; a token for another tenant is asked for with its slug at `POST /api/auth/login`."""

    id: int
    slug: str
    name: str
    time_zone: str
    currency: str
    created_at: datetime
    role: MemberRole

    @classmethod
    def of(cls, tenancy: Tenancy) -> Self:
        said = {name: getattr(tenancy.tenant, name) for name in cls.model_fields if name != "role"}
        return cls(**said, role=tenancy.role)


class TenantPage(BaseModel):
    items: list[TenantOut]
    next_cursor: int | None


@router.post("/api/tenants", status_code=201)
def create(visitor: SignedIn, body: NewTenant, response: Response) -> TenantOut:
    """You are its Admin; `GET` of it, and all else in it, takes a token for it."""
    wanted = Change(name=body.name, time_zone=body.time_zone, currency=body.currency)
    tenancy = tenancies.open_another(visitor, body.slug, wanted)
    response.headers["Location"] = f"/api/tenants/{tenancy.tenant.id}"
    return _shown(visitor, tenancy)


@router.get("/api/tenants")
def list_tenants(visitor: SignedIn, limit: Limit, cursor: Cursor = None) -> TenantPage:
    """Those that you belong to."""
    page, following = tenancies.mine(visitor, cursor=cursor, limit=limit)
    return TenantPage(items=[TenantOut.of(tenancy) for tenancy in page], next_cursor=following)


@router.get("/api/tenants/{tenant_id}")
def read(visitor: SignedIn, tenant_id: Id) -> TenantOut:
    """The one that the token is for."""
    return _shown(visitor, tenancies.read(visitor, tenant_id))


@router.patch("/api/tenants/{tenant_id}")
def change(visitor: SignedIn, tenant_id: Id, body: ChangedTenant) -> TenantOut:
    """The one that the token is for; what is left out stays as it is."""
    wanted = Change(**body.model_dump(exclude_none=True))
    return _shown(visitor, tenancies.change(visitor, tenant_id, wanted))


def _shown(visitor: Visitor, tenancy: Tenancy) -> TenantOut:
    visitor.conditions.show(tenancy.etag)
    return TenantOut.of(tenancy)
