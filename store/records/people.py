"""People: users, what they may do in a tenant, and their log-ins."""

import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import passwords
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import api_keys, audit_log
from store.records.database import enter_person, enter_tenant
from store.records.schema import Numbered, Record, TenantId, TenantOwned, UserId, enumerated, one_of
from store.records.tenants import NotUsable, Tenant
from store.secrets import fingerprint

ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
MOST_TENANTS = 100
MOST_LOG_INS = 100
# No setting lets a log-in hold as long.
FORGOTTEN_AFTER = timedelta(days=60)
FORGOTTEN_AT_A_TIME = 100
MOST_OFFERED = 30
LARGEST_ID = 2**63 - 1


class MemberRole(StrEnum):
    ADMIN = "admin"
    MARKETER = "marketer"
    APPROVER = "approver"
    ANALYST = "analyst"
    VIEWER = "viewer"


class User(Numbered, Record):
    __tablename__ = "users"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    disabled_at: Mapped[datetime | None]
    # What programs were given before is of no use after.
    password_changed_at: Mapped[datetime | None]


class Membership(TenantOwned, Record):
    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("tenant_id", "user_id"), one_of("role", MemberRole))

    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[MemberRole] = mapped_column(enumerated(MemberRole, 20))


class LastAdmin(Exception):
    """A tenant without an Admin could not be helped by anyone in it."""

    def __init__(self) -> None:
        super().__init__("This is the tenant's last Admin; make somebody else one first.")


class LogIn(Record):
    """A browser's session at the console; only the hash of its cookie is kept."""

    __tablename__ = "log_ins"

    id_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    active_tenant: Mapped[TenantId | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


def admit(
    session: Session,
    actor: Actor,
    tenant: TenantId,
    *,
    email: str,
    role: MemberRole,
    password: str,
    name: str = "",
) -> User:
    """Makes a person a member; whoever has an account already keeps its password."""
    address = email.strip().lower()
    if not ADDRESS.fullmatch(address):
        raise NotUsable(f"{email!r} is no email address.")
    require_length(password)
    user = by_address(session, address)
    if user is None:
        user = open_account(session, address, name, password)
    elif role_in(session, UserId(user.id), tenant) is not None:
        raise NotUsable(f"{address} is a member already; change the role instead.")
    join(session, actor, tenant, UserId(user.id), role)
    return user


def by_address(session: Session, address: str) -> User | None:
    return session.scalar(select(User).where(User.email == address))


def exist(session: Session) -> bool:
    """Whether anybody has an account in this installation."""
    return session.scalar(select(User.id).limit(1)) is not None


def of_person(user: UserId) -> Actor:
    """How the audit chain calls a person."""
    return Actor(ActorKind.USER, str(user))


def require_length(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise NotUsable(f"The password is too short: at least {SHORTEST_PASSWORD} characters.")


def open_account(session: Session, address: str, name: str, password: str) -> User:
    """An account that belongs to no tenant yet."""
    if not ADDRESS.fullmatch(address):
        raise NotUsable(f"{address!r} is no email address.")
    require_length(password)
    called = name or address.partition("@")[0]
    user = User(email=address, name=called, password_hash=passwords.hashed(password))
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError:
        # Somebody else was a moment earlier, in this tenant or in another.
        raise NotUsable(f"{address} has been given an account this moment; try again.") from None
    return user


def choose_password(session: Session, actor: Actor, user: User, password: str, noted_as: str) -> None:
    """Holds from now on; every log-in of the person is over, and so is what programs were given in their name.

    The session speaks for no tenant afterwards that it should go on with.
    """
    require_length(password)
    user.password_hash, user.password_changed_at = passwords.hashed(password), now()
    session.flush()
    end_log_ins(session, UserId(user.id))
    for tenant in tenants_of(session, UserId(user.id)):
        enter_tenant(session, tenant)
        audit_log.append(session, tenant, actor, noted_as, "user", user.id, {}, {})


def tenants_of(session: Session, user: UserId) -> list[TenantId]:
    """Every tenant that a person belongs to; the session has entered the person from here on."""
    enter_person(session, user)
    theirs = select(Membership.tenant_id).where(Membership.user_id == user)
    return list(session.scalars(theirs.order_by(Membership.tenant_id)))


def offered_tenants(session: Session, user: UserId) -> list[tuple[TenantId, str]]:
    """By name, the tenants that somebody can go to at once; whoever has more finds them on a page of their own."""
    enter_person(session, user)
    rows = session.execute(
        select(Tenant.id, Tenant.name)
        .join(Membership, Membership.tenant_id == Tenant.id)
        .where(Membership.user_id == user)
        .order_by(Tenant.name, Tenant.id)
        .limit(MOST_OFFERED)
    )
    return [(TenantId(row.id), row.name) for row in rows]


def join(session: Session, actor: Actor, tenant: TenantId, user: UserId, role: MemberRole) -> None:
    session.add(Membership(tenant_id=tenant, user_id=user, role=role))
    session.flush()
    audit_log.append(session, tenant, actor, "admit", "user", user, {}, {"role": role})


def require_room(session: Session, user: UserId) -> None:
    """Nobody opens tenants without end; the session must have entered the person."""
    theirs = select(func.count()).where(Membership.user_id == user, Membership.role == MemberRole.ADMIN)
    if (session.scalar(theirs) or 0) >= MOST_TENANTS:
        raise NotUsable(f"You are the Admin of {MOST_TENANTS} tenants already.")


def take_turn(session: Session, tenant: TenantId) -> None:
    """Whoever changes what others may do waits here for whoever is at it."""
    session.execute(select(Tenant.id).where(Tenant.id == tenant).with_for_update())


def change_role(session: Session, membership: Membership, actor: Actor, role: MemberRole) -> None:
    """Holds from the next request on; the caller has taken its turn."""
    before, tenant = membership.role, membership.tenant_id
    if before is role:
        return
    _require_another_admin(session, membership)
    membership.role = role
    session.flush()
    told = ({"role": before}, {"role": role})
    audit_log.append(session, tenant, actor, "change_role", "user", membership.user_id, *told)


def remove(session: Session, membership: Membership, actor: Actor) -> None:
    """Out of the tenant, with all keys; the caller has taken its turn. The account stays for other tenants."""
    _require_another_admin(session, membership)
    tenant, user, role = membership.tenant_id, membership.user_id, membership.role
    api_keys.revoke_all_of(session, tenant, user, actor)
    session.delete(membership)
    session.flush()
    audit_log.append(session, tenant, actor, "remove", "user", user, {"role": role}, {})


def disable(session: Session, membership: Membership, user: User, actor: Actor) -> None:
    """The account lets nobody in any more: log-ins end at once, keys and tokens with the next request."""
    if user.disabled_at is not None:
        return
    _require_another_admin(session, membership)
    user.disabled_at = now()
    session.flush()
    end_log_ins(session, UserId(user.id))
    audit_log.append(session, membership.tenant_id, actor, "disable", "user", user.id, {}, {})


def enable(session: Session, membership: Membership, user: User, actor: Actor) -> None:
    if user.disabled_at is not None:
        user.disabled_at = None
        session.flush()
        audit_log.append(session, membership.tenant_id, actor, "enable", "user", user.id, {}, {})


def rename(session: Session, tenant: TenantId, user: User, name: str) -> None:
    """One's own name; the audit says that it changed and not to what."""
    if user.name != name:
        user.name = name
        session.flush()
        audit_log.append(session, tenant, of_person(UserId(user.id)), "rename", "user", user.id, {}, {})


def _require_another_admin(session: Session, membership: Membership) -> None:
    if membership.role is not MemberRole.ADMIN:
        return
    another = (
        select(Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.tenant_id == membership.tenant_id,
            Membership.role == MemberRole.ADMIN,
            Membership.user_id != membership.user_id,
            User.disabled_at.is_(None),
        )
        .limit(1)
    )
    if session.scalar(another) is None:
        raise LastAdmin


def user_with(session: Session, email: str, password: str) -> User | None:
    """The user of this address and password; a wrong one of either costs the same time."""
    user = session.scalar(select(User).where(User.email == email.strip().lower(), User.disabled_at.is_(None)))
    return user if passwords.is_right(user.password_hash if user else _nobody(), password) else None


@cache
def _nobody() -> str:
    """Checked when no user has the address, so that an unknown address takes as long as a wrong password."""
    return passwords.hashed(secrets.token_urlsafe(16))


def log_in(session: Session, user: User, tenant: TenantId) -> str:
    """Opens a log-in and gives the secret that the browser's cookie carries; old ones make room for it."""
    _forget_old_log_ins(session)
    cookie = secrets.token_urlsafe(32)
    session.add(LogIn(id_hash=fingerprint(cookie), user_id=UserId(user.id), active_tenant=tenant))
    return cookie


def _forget_old_log_ins(session: Session) -> None:
    """A few at a time, so that nobody's sign-in waits for a clean-up."""
    old = (
        select(LogIn.id_hash)
        .where(LogIn.created_at < now() - FORGOTTEN_AFTER)
        .limit(FORGOTTEN_AT_A_TIME)
        .with_for_update(skip_locked=True)
    )
    session.execute(
        delete(LogIn).where(LogIn.id_hash.in_(old)), execution_options={"synchronize_session": False}
    )


def log_in_of(
    session: Session, cookie: str, idle: timedelta, absolute: timedelta, *, attended: bool = True
) -> LogIn | None:
    """The living log-in behind a cookie, marked as just seen if somebody sits there."""
    found = session.get(LogIn, fingerprint(cookie))
    if found is None or found.last_seen_at < now() - idle or found.created_at < now() - absolute:
        return None
    if attended:
        found.last_seen_at = now()
    return found


def log_out(session: Session, cookie: str) -> None:
    session.execute(delete(LogIn).where(LogIn.id_hash == fingerprint(cookie)))


def work_in(session: Session, cookie: str, tenant: TenantId) -> None:
    """The log-in is at work in this tenant from now on; whether its person may has been seen to."""
    session.execute(update(LogIn).where(LogIn.id_hash == fingerprint(cookie)).values(active_tenant=tenant))


def log_ins_of(session: Session, user: UserId, idle: timedelta, absolute: timedelta) -> list[LogIn]:
    """The log-ins of a person that still hold, the one last seen first."""
    living = select(LogIn).where(
        LogIn.user_id == user, LogIn.last_seen_at >= now() - idle, LogIn.created_at >= now() - absolute
    )
    return list(session.scalars(living.order_by(LogIn.last_seen_at.desc()).limit(MOST_LOG_INS)))


def end_log_ins(session: Session, user: UserId, but: str | None = None) -> int:
    """Ends every log-in of a person, but for one perhaps; gives how many."""
    theirs = delete(LogIn).where(LogIn.user_id == user)
    if but is not None:
        theirs = theirs.where(LogIn.id_hash != fingerprint(but))
    return len(session.execute(theirs.returning(LogIn.id_hash)).all())


def last_seen(session: Session, tenant: TenantId, users: Collection[int]) -> dict[int, datetime]:
    """When each of these people was last at work in the tenant, as far as their log-ins tell."""
    seen = (
        select(LogIn.user_id, func.max(LogIn.last_seen_at).label("at"))
        .where(LogIn.active_tenant == tenant, LogIn.user_id.in_(users))
        .group_by(LogIn.user_id)
    )
    return {row.user_id: row.at for row in session.execute(seen)}


def role_in(session: Session, user_id: UserId, tenant: TenantId) -> MemberRole | None:
    """What the user may do in the tenant; the session must have entered it."""
    return session.scalar(
        select(Membership.role).where(Membership.user_id == user_id, Membership.tenant_id == tenant)
    )
