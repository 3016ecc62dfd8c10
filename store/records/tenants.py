"""Tenants: whose data it is, in which zone and currency."""

import re
import secrets
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy import Identity, LargeBinary, String, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.records import audit_log
from store.records.database import enter_tenant
from store.records.schema import NotUsable, Record, TenantId, enumerated, one_of

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class ConsentRule(StrEnum):
    """Whether a visitor's ids are kept until the visitor objects, or only after a yes."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


class VisitorIds(StrEnum):
    """Ids that pages store, or ids that the edge makes anew each day and nothing stores."""

    STORED = "stored"
    DAILY = "daily"


class StoredAddresses(StrEnum):
    """What is written down of a visitor's address: its network, or nothing."""

    SHORTENED = "shortened"
    NONE = "none"


class Tenant(Record):
    __tablename__ = "tenants"
    __table_args__ = (
        one_of("consent_rule", ConsentRule),
        one_of("visitor_ids", VisitorIds),
        one_of("stored_addresses", StoredAddresses),
    )

    id: Mapped[TenantId] = mapped_column(Identity(always=False), primary_key=True)
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    time_zone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    currency: Mapped[str] = mapped_column(String(3), server_default="EUR")
    policy: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    consent_rule: Mapped[ConsentRule] = mapped_column(
        enumerated(ConsentRule, 20), server_default=ConsentRule.OPT_OUT
    )
    visitor_ids: Mapped[VisitorIds] = mapped_column(
        enumerated(VisitorIds, 20), server_default=VisitorIds.STORED
    )
    stored_addresses: Mapped[StoredAddresses] = mapped_column(
        enumerated(StoredAddresses, 20), server_default=StoredAddresses.SHORTENED
    )
    # Deferred, since most who read tenants may not read this.
    suppression_salt: Mapped[bytes] = mapped_column(
        LargeBinary(32), default=partial(secrets.token_bytes, 32), deferred=True
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def add(session: Session, actor: Actor, slug: str, name: str) -> Tenant:
    """A new tenant; its slug stands in addresses and never changes."""
    if not SLUG.fullmatch(slug):
        raise NotUsable(f"{slug!r} is no slug: use a-z, 0-9 and hyphens, at most 63, no hyphen in front.")
    if by_slug(session, slug):
        raise NotUsable(f"There is a tenant {slug} already.")
    tenant = Tenant(slug=slug, name=name)
    session.add(tenant)
    session.flush()
    audit_log.append(session, tenant.id, actor, "create", "tenant", tenant.id, {}, {"slug": slug})
    return tenant


class Change(TypedDict, total=False):
    """What of a tenant its Admins choose; what is left out stays as it is."""

    name: str
    time_zone: str
    currency: str


def open_another(session: Session, actor: Actor, slug: str, wanted: Change) -> Tenant:
    """A new tenant for somebody of another one; the session speaks for the new one from here on."""
    row = {"time_zone": "UTC", "currency": "EUR", **wanted, "slug": slug, "salt": secrets.token_bytes(32)}
    opened = session.scalar(text("select open_tenant(:slug, :name, :time_zone, :currency, :salt)"), row)
    if opened is None:
        raise NotUsable(f"The slug {slug!r} is taken; choose another.")
    enter_tenant(session, TenantId(opened))
    audit_log.append(session, TenantId(opened), actor, "create", "tenant", opened, {}, {"slug": slug})
    return session.scalars(select(Tenant).where(Tenant.id == opened)).one()


def change(session: Session, actor: Actor, tenant: Tenant, wanted: Change) -> None:
    """What it is called and counts in, from now on."""
    before = _counted_in(tenant)
    for name, value in wanted.items():
        setattr(tenant, name, value)
    session.flush()
    told = {**_counted_in(tenant), "changed": sorted(wanted)}
    audit_log.append(session, tenant.id, actor, "change", "tenant", tenant.id, before, told)


def _counted_in(tenant: Tenant) -> dict[str, Any]:
    return {"time_zone": tenant.time_zone, "currency": tenant.currency}


def set_privacy(
    session: Session,
    actor: Actor,
    tenant: Tenant,
    *,
    consent_rule: ConsentRule | None = None,
    visitor_ids: VisitorIds | None = None,
    stored_addresses: StoredAddresses | None = None,
) -> None:
    """What the edge keeps of the tenant's visitors from now on; what is left out stays as it is."""
    before = _privacy(tenant)
    tenant.consent_rule = consent_rule or tenant.consent_rule
    tenant.visitor_ids = visitor_ids or tenant.visitor_ids
    tenant.stored_addresses = stored_addresses or tenant.stored_addresses
    session.flush()
    audit_log.append(session, tenant.id, actor, "set_privacy", "tenant", tenant.id, before, _privacy(tenant))


def _privacy(tenant: Tenant) -> dict[str, Any]:
    return {
        "consent_rule": tenant.consent_rule,
        "visitor_ids": tenant.visitor_ids,
        "stored_addresses": tenant.stored_addresses,
    }


def by_slug(session: Session, slug: str) -> Tenant | None:
    return session.scalar(select(Tenant).where(Tenant.slug == slug))


def named(session: Session, slug: str) -> Tenant:
    """The tenant that somebody names, or the reason why there is none."""
    tenant = by_slug(session, slug)
    if tenant is None:
        raise NotUsable(f"There is no tenant {slug!r}.")
    return tenant


def zone(session: Session, tenant: TenantId) -> ZoneInfo:
    """By whose clocks the tenant's day begins."""
    return ZoneInfo(session.scalars(select(Tenant.time_zone).where(Tenant.id == tenant)).one())


def slugs(session: Session) -> dict[int, str]:
    """How people call each tenant, by its number."""
    return {row.id: row.slug for row in session.execute(select(Tenant.id, Tenant.slug))}


def all_ids(session: Session) -> list[TenantId]:
    return list(session.scalars(select(Tenant.id).order_by(Tenant.id)))
