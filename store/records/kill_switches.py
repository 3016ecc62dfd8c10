"""The kill switch: everything, a tenant, a channel or a campaign stops at once."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    String,
    UniqueConstraint,
    and_,
    cast,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log
from store.records.schema import CampaignId, Numbered, Record, TenantId, enumerated, one_of

EVERYTHING = "*"


class Scope(StrEnum):
    GLOBAL = "global"
    TENANT = "tenant"
    CHANNEL = "channel"
    CAMPAIGN = "campaign"


class KillSwitch(Numbered, Record):
    """A row is a switch that was pulled at some time; `engaged` says whether it still is.

    Global switches have no tenant: everyone may see them and no tenant owns them.
    """

    __tablename__ = "kill_switches"
    __table_args__ = (
        UniqueConstraint("tenant_id", "scope", "subject", postgresql_nulls_not_distinct=True),
        one_of("scope", Scope),
    )

    tenant_id: Mapped[TenantId | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    scope: Mapped[Scope] = mapped_column(enumerated(Scope, 20))
    subject: Mapped[str] = mapped_column(String(100), server_default=EVERYTHING)
    engaged: Mapped[bool] = mapped_column(server_default="true")
    reason: Mapped[str] = mapped_column(String(500), server_default="")
    changed_by: Mapped[str] = mapped_column(String(100))
    changed_at: Mapped[datetime]


def set_switch(
    session: Session,
    actor: Actor,
    *,
    engaged: bool,
    scope: Scope,
    tenant: TenantId | None = None,
    subject: str = EVERYTHING,
    reason: str = "",
) -> None:
    """Pulls or releases one switch, at once and in the audit chain."""
    if (scope is Scope.GLOBAL) != (tenant is None):
        raise ValueError("A global switch has no tenant; every other switch has one.")
    row = {
        "engaged": engaged,
        "reason": reason,
        "changed_by": str(actor),
        "changed_at": now(),
    }
    session.execute(
        insert(KillSwitch)
        .values(tenant_id=tenant, scope=scope, subject=subject, **row)
        .on_conflict_do_update(index_elements=["tenant_id", "scope", "subject"], set_=row)
    )
    audit_log.append(
        session,
        audit_log.HOUSE if tenant is None else tenant,
        actor,
        "kill_switch_on" if engaged else "kill_switch_off",
        "kill_switch",
        f"{scope}/{subject}",
        {},
        {"engaged": engaged, "reason": reason},
    )


def stops(
    tenant: ColumnElement[Any] | TenantId,
    channel: ColumnElement[Any] | str,
    campaign: ColumnElement[Any] | CampaignId | None,
) -> ColumnElement[bool]:
    """The condition on a switch under which it stops what has this tenant, channel and campaign."""
    own = KillSwitch.tenant_id == tenant
    subject = cast(literal(campaign) if campaign is None or isinstance(campaign, int) else campaign, String)
    return and_(
        KillSwitch.engaged,
        or_(
            KillSwitch.scope == Scope.GLOBAL,
            and_(own, KillSwitch.scope == Scope.TENANT),
            and_(own, KillSwitch.scope == Scope.CHANNEL, KillSwitch.subject == channel),
            and_(own, KillSwitch.scope == Scope.CAMPAIGN, KillSwitch.subject == subject),
        ),
    )


def engaged_for(
    session: Session, tenant: TenantId, channel: str, campaign: CampaignId | None
) -> KillSwitch | None:
    """The switch that stops this tenant's sending on this channel and campaign, if one is pulled."""
    return session.scalars(select(KillSwitch).where(stops(tenant, channel, campaign)).limit(1)).one_or_none()


def all_engaged(session: Session, tenant: TenantId | None = None) -> list[KillSwitch]:
    """Every pulled switch, or those that concern one tenant."""
    concerned = KillSwitch.engaged
    if tenant is not None:
        concerned = and_(concerned, or_(KillSwitch.tenant_id.is_(None), KillSwitch.tenant_id == tenant))
    return list(session.scalars(select(KillSwitch).where(concerned).order_by(KillSwitch.changed_at)))
