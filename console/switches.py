"""Turning kill switches for a visitor: what can be named, and that only what is pulled is released."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select

from console.problems import FieldError, Refused
from console.sign_in import Visitor
from store.records import kill_switches
from store.records.actions import CHANNEL_OF
from store.records.audit_log import HOUSE, AuditEntry
from store.records.campaigns import Campaign
from store.records.database import Session
from store.records.kill_switches import EVERYTHING, Scope
from store.records.schema import TenantId

CHANNELS = tuple(sorted({channel.value for channel in CHANNEL_OF.values()}))
_MOST_CAMPAIGNS = 200
_HISTORY = 10


def turn(visitor: Visitor, *, engaged: bool, scope: str, subject: str, reason: str) -> None:
    """Pulls or releases one switch."""
    with visitor.records() as session:
        chosen = _checked(session, visitor, scope, subject)
        tenant = None if chosen is Scope.GLOBAL else visitor.tenant
        if not engaged and not _is_pulled(session, chosen, tenant, subject):
            raise Refused(409, "This switch is not pulled; somebody may have released it already.")
        kill_switches.set_switch(
            session,
            visitor.actor,
            engaged=engaged,
            scope=chosen,
            tenant=tenant,
            subject=subject,
            reason=reason.strip(),
        )


def campaigns(session: Session, tenant: TenantId) -> Sequence[Campaign]:
    """The tenant's campaigns, newest first, as far as a form can show them."""
    query = select(Campaign).where(Campaign.tenant_id == tenant).order_by(Campaign.id.desc())
    return session.scalars(query.limit(_MOST_CAMPAIGNS)).all()


def history(session: Session, tenant: TenantId) -> Sequence[AuditEntry]:
    """Who pulled and released what, newest first."""
    concerned = and_(
        or_(AuditEntry.tenant_id == tenant, AuditEntry.tenant_id == HOUSE), AuditEntry.entity == "kill_switch"
    )
    return session.scalars(
        select(AuditEntry).where(concerned).order_by(AuditEntry.at.desc()).limit(_HISTORY)
    ).all()


def _checked(session: Session, visitor: Visitor, scope: str, subject: str) -> Scope:
    """The scope, if it and what it names exist: a mistyped channel would stop nothing."""
    if scope not in set(Scope):
        raise _wrong("scope", f"must be one of {', '.join(Scope)}")
    chosen = Scope(scope)
    match chosen:
        case Scope.GLOBAL | Scope.TENANT:
            if subject != EVERYTHING:
                raise _wrong("subject", f"must be {EVERYTHING} for the scope {chosen}")
        case Scope.CHANNEL:
            if subject not in CHANNELS:
                raise _wrong("subject", f"must be one of the channels {', '.join(CHANNELS)}")
        case Scope.CAMPAIGN:
            own = select(Campaign.id).where(Campaign.tenant_id == visitor.tenant)
            if not _is_id(subject) or session.scalar(own.where(Campaign.id == int(subject))) is None:
                raise Refused(404, "There is no such campaign.", [FieldError("subject", "no such campaign")])
    return chosen


def _is_id(subject: str) -> bool:
    return subject.isascii() and subject.isdigit() and len(subject) < 19 and not subject.startswith("0")


def _is_pulled(session: Session, scope: Scope, tenant: TenantId | None, subject: str) -> bool:
    return any(
        switch.scope is scope and switch.tenant_id == tenant and switch.subject == subject
        for switch in kill_switches.all_engaged(session, tenant)
    )


def _wrong(field: str, reason: str) -> Refused:
    return Refused(422, f"{field}: {reason}", [FieldError(field, reason)])
