"""The kill switch: everything, a tenant, a channel, a type of action or a campaign stops at once.

Whoever may act pulls it; it takes two to release it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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

from store.audit import Actor, ActorKind
from store.clock import now
from store.records import audit_log, policies
from store.records.schema import CampaignId, Numbered, Record, TenantId, enumerated, one_of

EVERYTHING = "*"
# Whoever asked for the release so long ago may not mean it any more.
ASK_HOLDS = timedelta(hours=24)


class Scope(StrEnum):
    GLOBAL = "global"
    TENANT = "tenant"
    CHANNEL = "channel"
    TYPE = "type"
    CAMPAIGN = "campaign"


class Turn(StrEnum):
    PULLED = "pulled"
    RELEASE_ASKED = "release_asked"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Reach:
    """What a switch stops: of one tenant, or without one the whole installation."""

    scope: Scope
    tenant: TenantId | None = None
    subject: str = EVERYTHING

    def __post_init__(self) -> None:
        if (self.scope is Scope.GLOBAL) != (self.tenant is None):
            raise ValueError("A global switch has no tenant; every other switch has one.")

    def __str__(self) -> str:
        return f"{self.scope}/{self.subject}"


class ReleaseRefused(Exception):
    """The switch stays pulled; the text says why and who could release it."""


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
    release_asked_by: Mapped[str | None] = mapped_column(String(100))
    release_asked_at: Mapped[datetime | None]

    @property
    def waits_for_a_second(self) -> bool:
        """Whether one person wants it released and another has to agree."""
        return self.release_asked_at is not None and self.release_asked_at > now() - ASK_HOLDS


class SwitchTurn(Numbered, Record):
    """Who turned which switch, and why in their own words, which the audit chain does not repeat."""

    __tablename__ = "kill_switch_turns"
    __table_args__ = (one_of("scope", Scope), one_of("turn", Turn))

    tenant_id: Mapped[TenantId | None] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), index=True
    )
    scope: Mapped[Scope] = mapped_column(enumerated(Scope, 20))
    subject: Mapped[str] = mapped_column(String(100))
    turn: Mapped[Turn] = mapped_column(enumerated(Turn, 20))
    reason: Mapped[str] = mapped_column(String(500), server_default="")
    turned_by: Mapped[str] = mapped_column(String(100))


def pull(session: Session, actor: Actor, reach: Reach, reason: str = "") -> None:
    """Stops what the switch reaches, at once; whatever was asked about its release is void."""
    row = {
        "engaged": True,
        "reason": reason,
        "changed_by": str(actor),
        "changed_at": now(),
        "release_asked_by": None,
        "release_asked_at": None,
    }
    session.execute(
        insert(KillSwitch)
        .values(tenant_id=reach.tenant, scope=reach.scope, subject=reach.subject, **row)
        .on_conflict_do_update(index_elements=["tenant_id", "scope", "subject"], set_=row)
    )
    _record(session, actor, reach, Turn.PULLED, reason)


def release(session: Session, actor: Actor, reach: Reach, reason: str = "") -> bool:
    """Releases a switch when another has asked for it before; else asks, and gives False.

    A tenant may let one do it alone. What stops the whole installation takes an operator among the two.
    """
    switch = session.scalars(
        select(KillSwitch)
        .where(
            KillSwitch.tenant_id.is_not_distinct_from(reach.tenant),
            KillSwitch.scope == reach.scope,
            KillSwitch.subject == reach.subject,
            KillSwitch.engaged,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if switch is None:
        raise ReleaseRefused("This switch is not pulled; somebody may have released it already.")
    asked_by = switch.release_asked_by if switch.waits_for_a_second else None
    if not _may_alone(session, reach):
        if asked_by is None:
            switch.release_asked_by, switch.release_asked_at = str(actor), now()
            _record(session, actor, reach, Turn.RELEASE_ASKED, reason)
            return False
        if asked_by == str(actor):
            raise ReleaseRefused("You have asked for it already; a second person has to release it too.")
        if reach.scope is Scope.GLOBAL and not _has_operator(asked_by, str(actor)):
            raise ReleaseRefused(
                "It stops the whole installation, so one of the two must be an operator: mp kill off."
            )
    switch.engaged, switch.reason = False, reason
    switch.changed_by, switch.changed_at = str(actor), now()
    switch.release_asked_by = switch.release_asked_at = None
    _record(session, actor, reach, Turn.RELEASED, reason, asked_by=asked_by)
    return True


def turns(session: Session, tenant: TenantId, limit: int) -> Sequence[SwitchTurn]:
    """Who turned what that concerns the tenant, newest first."""
    concerned = or_(SwitchTurn.tenant_id == tenant, SwitchTurn.tenant_id.is_(None))
    return session.scalars(
        select(SwitchTurn).where(concerned).order_by(SwitchTurn.id.desc()).limit(limit)
    ).all()


def _may_alone(session: Session, reach: Reach) -> bool:
    if reach.tenant is None:
        return False
    return policies.of_tenant(session, reach.tenant).allow_lone_release


def _has_operator(*actors: str) -> bool:
    return any(actor.startswith(f"{ActorKind.OPERATOR}:") for actor in actors)


def _record(
    session: Session, actor: Actor, reach: Reach, turn: Turn, reason: str, *, asked_by: str | None = None
) -> None:
    kept = SwitchTurn(
        tenant_id=reach.tenant,
        scope=reach.scope,
        subject=reach.subject,
        turn=turn,
        reason=reason,
        turned_by=str(actor),
    )
    session.add(kept)
    session.flush()
    told: dict[str, Any] = {"engaged": turn is not Turn.RELEASED, "turn": kept.id}
    if turn is Turn.RELEASED:
        told["asked_by"] = asked_by
    chain = audit_log.HOUSE if reach.tenant is None else reach.tenant
    audit_log.append(session, chain, actor, turn, "kill_switch", str(reach), {}, told)


def stops(
    tenant: ColumnElement[Any] | TenantId,
    type: ColumnElement[Any] | str,
    channel: ColumnElement[Any] | str,
    campaign: ColumnElement[Any] | CampaignId | None,
) -> ColumnElement[bool]:
    """The condition on a switch under which it stops what has this tenant, type, channel and campaign."""
    own = KillSwitch.tenant_id == tenant
    subject = cast(literal(campaign) if campaign is None or isinstance(campaign, int) else campaign, String)
    return and_(
        KillSwitch.engaged,
        or_(
            KillSwitch.scope == Scope.GLOBAL,
            and_(own, KillSwitch.scope == Scope.TENANT),
            and_(own, KillSwitch.scope == Scope.CHANNEL, KillSwitch.subject == channel),
            and_(own, KillSwitch.scope == Scope.TYPE, KillSwitch.subject == type),
            and_(own, KillSwitch.scope == Scope.CAMPAIGN, KillSwitch.subject == subject),
        ),
    )


def engaged_for(
    session: Session, tenant: TenantId, type: str, channel: str, campaign: CampaignId | None
) -> KillSwitch | None:
    """The switch that stops this tenant's actions of this type, channel and campaign, if one is pulled."""
    query = select(KillSwitch).where(stops(tenant, type, channel, campaign))
    return session.scalars(query.limit(1)).one_or_none()


def all_engaged(session: Session, tenant: TenantId | None = None) -> list[KillSwitch]:
    """Every pulled switch, or those that concern one tenant."""
    concerned = KillSwitch.engaged
    if tenant is not None:
        concerned = and_(concerned, or_(KillSwitch.tenant_id.is_(None), KillSwitch.tenant_id == tenant))
    return list(session.scalars(select(KillSwitch).where(concerned).order_by(KillSwitch.changed_at)))
