"""What a person does with tenants: those they belong to, and the one they are at work in."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from store.records import people, tenants
from store.records.database import Session, enter_person
from store.records.people import MemberRole, Membership
from store.records.schema import NotUsable, TenantId
from store.records.tenants import Change, Tenant


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A tenant, and what somebody may do there."""

    tenant: Tenant
    role: MemberRole

    @property
    def etag(self) -> str:
        tenant = self.tenant
        return etags.of(tenant.id, tenant.slug, tenant.name, tenant.time_zone, tenant.currency, self.role)


def open_another(visitor: Visitor, slug: str, wanted: Change) -> Tenancy:
    """A new tenant with the visitor as its Admin."""
    with visitor.records() as session:
        enter_person(session, visitor.user)
        try:
            people.require_room(session, visitor.user)
            tenant = tenants.open_another(session, visitor.actor, slug, wanted)
        except NotUsable as unusable:
            raise Refused(422, str(unusable), [FieldError("slug", str(unusable))]) from None
        people.join(session, visitor.actor, tenant.id, visitor.user, MemberRole.ADMIN)
        return Tenancy(tenant, MemberRole.ADMIN)


def mine(visitor: Visitor, *, cursor: int | None, limit: int) -> tuple[Sequence[Tenancy], int | None]:
    """A page of the tenants that the visitor belongs to."""
    query = (
        select(Tenant, Membership.role)
        .join(Membership, Membership.tenant_id == Tenant.id)
        .where(Membership.user_id == visitor.user)
        .order_by(Tenant.id)
    )
    with visitor.records() as session:
        enter_person(session, visitor.user)
        rows = session.execute(query.where(Tenant.id > cursor) if cursor else query).fetchmany(limit + 1)
        shown = [Tenancy(tenant, role) for tenant, role in rows[:limit]]
    return shown, (shown[-1].tenant.id if len(rows) > limit else None)


def go_to(visitor: Visitor, tenant_id: int) -> None:
    """The browser is at work in another tenant from now on, if the visitor belongs to it."""
    with visitor.records() as session:
        if visitor.cookie is None or tenant_id not in people.tenants_of(session, visitor.user):
            raise nothing_here()
        people.work_in(session, visitor.cookie, TenantId(tenant_id))


def read(visitor: Visitor, tenant_id: int) -> Tenancy:
    with visitor.records() as session:
        return _active(session, visitor, tenant_id, lock=False)


def change(visitor: Visitor, tenant_id: int, wanted: Change) -> Tenancy:
    """Of the tenant that the visitor is at work in, and of no other."""
    with visitor.records() as session:
        tenancy = _active(session, visitor, tenant_id, lock=True)
        visitor.conditions.require(lambda: tenancy.etag)
        tenants.change(session, visitor.actor, tenancy.tenant, wanted)
        return tenancy


def _active(session: Session, visitor: Visitor, tenant_id: int, *, lock: bool) -> Tenancy:
    if tenant_id != visitor.tenant:
        raise nothing_here()
    query = select(Tenant).where(Tenant.id == TenantId(tenant_id))
    return Tenancy(session.scalars(query.with_for_update() if lock else query).one(), visitor.role)
