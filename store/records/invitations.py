"""Invitations: an Admin names an address and a role; whoever holds the link from that address's mail joins."""

from datetime import datetime, timedelta

from sqlalchemy import Index, Integer, Select, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import entry_tokens
from store.audit import Actor
from store.clock import now
from store.records import audit_log, people
from store.records.database import enter_tenant
from store.records.people import MemberRole, User
from store.records.schema import (
    NotUsable,
    Record,
    TenantId,
    TenantOwned,
    UserId,
    enumerated,
    key_for_children,
    one_of,
)
from store.settings import Settings

KEY = "invitations"
MOST_OPEN = 500
# Nobody's inbox is filled by us.
MOST_ISSUES = 10


class Invitation(TenantOwned, Record):
    """`issue` is in the link's token, so that each time it is sent anew the links before are void."""

    __tablename__ = "invitations"
    __table_args__ = (
        key_for_children(),
        one_of("role", MemberRole),
        Index(
            "ix_invitations_open",
            "tenant_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at is null and withdrawn_at is null"),
        ),
    )

    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[MemberRole] = mapped_column(enumerated(MemberRole, 20))
    issue: Mapped[int] = mapped_column(Integer, server_default="1")
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None

    @property
    def has_lapsed(self) -> bool:
        return self.expires_at <= now()


def invite(
    session: Session,
    settings: Settings,
    actor: Actor,
    tenant: TenantId,
    *,
    email: str,
    name: str,
    role: MemberRole,
) -> Invitation:
    """A new invitation; the caller has taken its turn in the tenant."""
    address = email.strip().lower()
    if not people.ADDRESS.fullmatch(address):
        raise NotUsable(f"{email!r} is no email address.")
    known = people.by_address(session, address)
    if known is not None and people.role_in(session, UserId(known.id), tenant) is not None:
        raise NotUsable(f"{address} is a member already; change the role instead.")
    open_ones = [row.email for row in session.scalars(_open(tenant))]
    if address in open_ones:
        raise NotUsable(f"{address} is invited already; send that invitation again, or withdraw it.")
    if len(open_ones) >= MOST_OPEN:
        raise NotUsable(f"{MOST_OPEN} invitations are open; withdraw those that nobody takes up.")
    made = Invitation(
        tenant_id=tenant, email=address, name=name, role=role, issue=1, expires_at=_ends(settings)
    )
    session.add(made)
    session.flush()
    audit_log.append(session, tenant, actor, "invite", "invitation", made.id, {}, {"role": role})
    return made


def open_ones(session: Session, tenant: TenantId) -> list[Invitation]:
    """What nobody has taken up yet, lapsed or not, newest first."""
    return list(session.scalars(_open(tenant)))


def locked(session: Session, tenant: TenantId, invitation: int) -> Invitation | None:
    """The open invitation under a row lock; None when the tenant has no such one."""
    found = session.scalars(
        select(Invitation)
        .where(Invitation.tenant_id == tenant, Invitation.id == invitation)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    return found if found is not None and found.is_open else None


def renew(session: Session, settings: Settings, actor: Actor, invitation: Invitation) -> None:
    """A new link with its whole time before it; the ones before are void."""
    if invitation.issue >= MOST_ISSUES:
        raise NotUsable(
            f"It was sent {MOST_ISSUES} times. Ask {invitation.email} by other means, or withdraw it and invite them anew."
        )
    invitation.issue += 1
    invitation.expires_at = _ends(settings)
    session.flush()
    audit_log.append(session, invitation.tenant_id, actor, "send_again", "invitation", invitation.id, {}, {})


def withdraw(session: Session, actor: Actor, invitation: Invitation) -> None:
    invitation.withdrawn_at = now()
    session.flush()
    audit_log.append(session, invitation.tenant_id, actor, "withdraw", "invitation", invitation.id, {}, {})


def token_of(settings: Settings, invitation: Invitation) -> str:
    return entry_tokens.token(
        settings.derived(KEY), invitation.tenant_id, invitation.id, issue=invitation.issue
    )


def behind(session: Session, settings: Settings, token: str, *, lock: bool = False) -> Invitation | None:
    """The open invitation of a link; the session speaks for its tenant from here on. Looking uses nothing up."""
    named = entry_tokens.names(token)
    if len(named) != 2 or max(named) > people.LARGEST_ID:
        return None
    tenant, number = TenantId(named[0]), named[1]
    enter_tenant(session, tenant)
    query = select(Invitation).where(Invitation.tenant_id == tenant, Invitation.id == number)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or not entry_tokens.fits(token, settings.derived(KEY), *named, issue=found.issue):
        return None
    return found if found.is_open and not found.has_lapsed else None


def accept(session: Session, invitation: Invitation, *, name: str, password: str) -> tuple[User, bool]:
    """The invited is a member, and whether their account is new; one there was already keeps its password.

    The caller holds the invitation under a lock.
    """
    user = people.by_address(session, invitation.email)
    is_new = user is None
    if user is None:
        user = people.open_account(session, invitation.email, name or invitation.name, password)
    elif user.disabled_at is not None:
        raise NotUsable("This account is disabled.")
    tenant, number = invitation.tenant_id, UserId(user.id)
    invitation.accepted_at = now()
    session.flush()
    actor = people.of_person(number)
    audit_log.append(session, tenant, actor, "accept", "invitation", invitation.id, {}, {"user": number})
    people.take_turn(session, tenant)
    if people.role_in(session, number, tenant) is None:
        people.join(session, actor, tenant, number, invitation.role)
    return user, is_new


def _open(tenant: TenantId) -> Select[tuple[Invitation]]:
    return (
        select(Invitation)
        .where(
            Invitation.tenant_id == tenant,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .order_by(Invitation.id.desc())
    )


def _ends(settings: Settings) -> datetime:
    return now() + timedelta(days=settings.invitation_days)
