"""Signing in: the cookie of a browser, who stands behind it, and in which tenant they are at work."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import NewType
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from console.door import permissions, scopes
from console.door.etags import UNCONDITIONAL, Conditions
from console.door.idempotency import Once
from store import records
from store.audit import Actor, ActorKind
from store.records import api_keys, people
from store.records.api_keys import Scope
from store.records.database import Session, enter_person, enter_tenant
from store.records.people import MemberRole, Membership, User
from store.records.schema import ApiKeyId, TenantId, UserId
from store.records.tenants import Tenant
from store.settings import Role, Settings

Cookie = NewType("Cookie", str)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person at work in one tenant, or a key of theirs; the role is as it was read for this request."""

    settings: Settings
    user: UserId
    name: str
    email: str
    role: MemberRole
    tenant: TenantId
    tenant_name: str
    time_zone: ZoneInfo
    currency: str
    cookie: Cookie | None
    conditions: Conditions = UNCONDITIONAL
    key: ApiKeyId | None = None
    scopes: frozenset[Scope] | None = None
    once: Once | None = None

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.USER, str(self.user)) if self.key is None else api_keys.named(self.key)

    def may(self, endpoint: str) -> bool:
        return permissions.allows(self.role, endpoint) and scopes.allow(self.scopes, endpoint)

    @contextmanager
    def records(self) -> Iterator[Session]:
        """One transaction that sees this tenant's rows only."""
        with (
            records.session(self.settings, Role.CONSOLE, tenant=self.tenant) as session,
            self.once.claimed(session) if self.once else nullcontext(),
        ):
            yield session


class NotSignedIn(Exception):
    """No log-in, or one that has ended."""


class NoTenant(Exception):
    """The password is right, but nobody has let this person in, anywhere or where they wanted."""

    def __init__(self, wanted: str | None = None) -> None:
        nowhere = "Nobody has let you into a tenant yet; ask an Admin."
        super().__init__(nowhere if wanted is None else f"You belong to no tenant {wanted!r}; ask its Admin.")


def open_log_in(settings: Settings, email: str, password: str) -> Cookie | None:
    """A new log-in for a browser; None when address or password is wrong."""
    with records.session(settings, Role.CONSOLE) as session:
        user = people.user_with(session, email, password)
        return Cookie(people.log_in(session, user, tenant_of(session, user))) if user else None


def behind_cookie(settings: Settings, cookie: Cookie, *, attended: bool = True) -> Visitor:
    with records.session(settings, Role.CONSOLE) as session:
        found = people.log_in_of(
            session,
            cookie,
            idle=timedelta(minutes=settings.session_idle_minutes),
            absolute=timedelta(hours=settings.session_absolute_hours),
            attended=attended,
        )
        if found is None or found.active_tenant is None:
            raise NotSignedIn
        return visitor_of(settings, session, found.user_id, found.active_tenant, cookie)


def end_log_in(settings: Settings, cookie: Cookie) -> None:
    with records.session(settings, Role.CONSOLE) as session:
        people.log_out(session, cookie)


def cookie_of(request: Request, settings: Settings) -> Cookie | None:
    value = request.cookies.get(_cookie_name(settings))
    return Cookie(value) if value else None


def hand_over(response: Response, settings: Settings, cookie: Cookie) -> None:
    """The browser keeps the log-in; no script reads it and no other site's form brings it along."""
    response.set_cookie(
        _cookie_name(settings),
        cookie,
        max_age=settings.session_absolute_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=is_over_tls(settings),
    )


def exchange(request: Request, response: Response, settings: Settings, cookie: Cookie) -> None:
    """The browser gets a new log-in in the place of the one it had."""
    former = cookie_of(request, settings)
    if former is not None:
        end_log_in(settings, former)
    hand_over(response, settings, cookie)


def take_back(response: Response, settings: Settings) -> None:
    response.delete_cookie(
        _cookie_name(settings), httponly=True, samesite="lax", secure=is_over_tls(settings)
    )


def is_over_tls(settings: Settings) -> bool:
    return urlsplit(settings.public_api_host).scheme == "https"


def _cookie_name(settings: Settings) -> str:
    """Over TLS the prefix makes the browser refuse a cookie that another host has planted."""
    return "__Host-console" if is_over_tls(settings) else "console"


def tenant_of(session: Session, user: User, slug: str | None = None) -> TenantId:
    """The one of this name, or else the one that let the person in first."""
    enter_person(session, UserId(user.id))
    joined = select(Membership.tenant_id).where(Membership.user_id == user.id).order_by(Membership.id)
    if slug is not None:
        joined = joined.join(Tenant, Tenant.id == Membership.tenant_id).where(Tenant.slug == slug)
    found = session.scalar(joined.limit(1))
    if found is None:
        raise NoTenant(slug)
    return found


def visitor_of(
    settings: Settings, session: Session, user_id: UserId, tenant_id: TenantId, cookie: Cookie | None = None
) -> Visitor:
    """A person as they are now, if they belong to the tenant; the session speaks for it from here on."""
    enter_tenant(session, tenant_id)
    user = session.get(User, user_id)
    tenant = session.get(Tenant, tenant_id)
    role = people.role_in(session, user_id, tenant_id)
    if user is None or user.disabled_at is not None or tenant is None or role is None:
        raise NotSignedIn
    return Visitor(
        settings=settings,
        user=user_id,
        name=user.name,
        email=user.email,
        role=role,
        tenant=tenant_id,
        tenant_name=tenant.name,
        time_zone=ZoneInfo(tenant.time_zone),
        currency=tenant.currency,
        cookie=cookie,
    )
