"""Standing approvals: what was signed once, a sequence or a rule, and what later actions have drawn on it.

A standing approval holds while the people who signed it still may, up to a number of deliveries and a last day.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Integer, String, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import actions, audit_log
from store.records.action_states import Move
from store.records.actions import Action, ActionVersion
from store.records.schema import (
    ActionId,
    NotUsable,
    Record,
    StandingId,
    TenantId,
    TenantOwned,
    belongs_to,
    key_for_children,
)


class StandingApproval(TenantOwned, Record):
    """`version` is the frozen version of the sequence or rule that people signed; `drawn` counts deliveries."""

    __tablename__ = "standing_approvals"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "action_id", "version"),
        belongs_to("actions", "action_id"),
        CheckConstraint("drawn between 0 and most", name="drawn"),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    most: Mapped[int] = mapped_column(Integer)
    drawn: Mapped[int] = mapped_column(Integer, server_default="0")
    until: Mapped[date] = mapped_column(Date)
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None] = mapped_column(String(500))

    def why_not_in_force(self, today: date) -> str:
        """Why nothing may go on it any more, or nothing."""
        if self.revoked_at is not None:
            return "the standing approval was revoked"
        return f"the standing approval ended on {self.until}" if today > self.until else ""


def put_in_force(
    session: Session,
    actor: Actor,
    tenant: TenantId,
    action_id: ActionId,
    version: int,
    *,
    most: int,
    until: date,
) -> StandingApproval:
    """What was signed may be drawn on from now on; done again, it changes nothing."""
    added = session.scalar(
        insert(StandingApproval)
        .values(tenant_id=tenant, action_id=action_id, version=version, most=most, until=until)
        .on_conflict_do_nothing()
        .returning(StandingApproval.id)
    )
    if added is not None:
        told = {"action": action_id, "version": version, "most": most, "until": until.isoformat()}
        audit_log.append(session, tenant, actor, "put_in_force", "standing_approval", added, {}, told)
    return session.scalars(
        select(StandingApproval).where(
            StandingApproval.tenant_id == tenant,
            StandingApproval.action_id == action_id,
            StandingApproval.version == version,
        )
    ).one()


def locked(session: Session, tenant: TenantId, standing: StandingId) -> StandingApproval | None:
    return session.scalars(
        select(StandingApproval)
        .where(StandingApproval.tenant_id == tenant, StandingApproval.id == standing)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def revoke(session: Session, standing: StandingApproval, actor: Actor, reason: str) -> None:
    """Nothing more goes on it, not even what it has already let through the gate."""
    if standing.revoked_at is not None:
        raise NotUsable("It was revoked before.")
    standing.revoked_at, standing.revoke_reason = now(), reason
    session.flush()
    audit_log.append(session, standing.tenant_id, actor, "revoke", "standing_approval", standing.id, {}, {})


def draw(
    session: Session, standing: StandingApproval, action: Action, version: ActionVersion, actor: Actor
) -> None:
    """Approves a submitted action as a part of what people have signed; the caller has seen that it is one."""
    wanted = int(version.manifest["recipients"]["count"])
    if standing.drawn + wanted > standing.most:
        left = standing.most - standing.drawn
        raise NotUsable(f"The standing approval has {left} of {standing.most} left, this takes {wanted}.")
    standing.drawn += wanted
    actions.move(
        session,
        action,
        Move.APPROVE,
        actor,
        manifest_hash=version.manifest_hash.hex(),
        standing_approval=standing.id,
    )


def of_number(session: Session, tenant: TenantId, standing: StandingId) -> StandingApproval | None:
    return session.scalars(
        select(StandingApproval).where(StandingApproval.tenant_id == tenant, StandingApproval.id == standing)
    ).one_or_none()
