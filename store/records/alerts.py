"""Alerts: what somebody has to know of, told once; who has seen it, and whom it was told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    UniqueConstraint,
    and_,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.records import audit_log
from store.records.schema import (
    ActionId,
    Numbered,
    Record,
    TenantId,
    TenantOwned,
    UserId,
    belongs_to,
    enumerated,
    one_of,
)


class AlertKind(StrEnum):
    ACTION_FAILED = "action_failed"
    ACTION_PARTLY_FAILED = "action_partly_failed"
    ACTION_EXPIRED = "action_expired"
    DELIVERIES_UNKNOWN = "deliveries_unknown"
    GATE_SILENT = "gate_silent"
    GLASS_BROKEN = "glass_broken"
    KILL_SWITCH_PULLED = "kill_switch_pulled"
    CONNECTION_BROKEN = "connection_broken"
    CONNECTION_ENDS = "connection_ends"
    MAIL_UNWELCOME = "mail_unwelcome"


class Sink(StrEnum):
    """Where alerts are told beside the console's inbox, which shows the alerts themselves, and beside what NOTIFIERS names."""

    LOG = "log"
    MAIL = "mail"
    WEB_HOOK = "web_hook"


class AlertState(StrEnum):
    """A closed alert is over by itself: the gate was seen again, what was unknown has been settled."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Alert(Numbered, Record):
    """One thing that happened at one moment; what concerns the whole house has no tenant.

    The moment is part of the key, so that the same action failing again next week is told again.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "subject", "occurred_at", postgresql_nulls_not_distinct=True),
        belongs_to("actions", "action_id"),
        one_of("kind", AlertKind),
    )

    tenant_id: Mapped[TenantId | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    kind: Mapped[AlertKind] = mapped_column(enumerated(AlertKind, 30))
    subject: Mapped[str] = mapped_column(String(100))
    occurred_at: Mapped[datetime]
    action_id: Mapped[ActionId | None]
    about: Mapped[dict[str, Any]]
    closed_at: Mapped[datetime | None]


class AlertAcknowledgement(TenantOwned, Record):
    """Somebody of a tenant has seen it; what concerns the house is seen by each tenant for itself."""

    __tablename__ = "alert_acknowledgements"
    __table_args__ = (UniqueConstraint("tenant_id", "alert_id"),)

    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id"))


class AlertNotice(Numbered, Record):
    """One telling of an alert to one sink and, by mail, to one person: tried until told or given up."""

    __tablename__ = "alert_notices"
    __table_args__ = (
        UniqueConstraint("alert_id", "sink", "user_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("sink ~ '^[a-z][a-z0-9_]*$'", name="sink"),
        Index(
            "ix_alert_notices_waiting",
            "next_attempt_at",
            postgresql_where=text("told_at is null and given_up_at is null"),
        ),
    )

    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    sink: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[UserId | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(500), server_default="")


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert as a tenant sees it."""

    alert: Alert
    acknowledged_by: UserId | None
    acknowledged_at: datetime | None

    @property
    def state(self) -> AlertState:
        if self.acknowledged_at is not None:
            return AlertState.ACKNOWLEDGED
        return AlertState.OPEN if self.alert.closed_at is None else AlertState.CLOSED


def listed(
    session: Session,
    tenant: TenantId,
    state: AlertState | None,
    *,
    kind: AlertKind | None = None,
    cursor: int | None,
    limit: int,
) -> tuple[list[Seen], int | None]:
    """A page of what concerns the tenant, newest first, and where the next begins."""
    query = _seen_by(tenant).order_by(Alert.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(_is(state))
    if kind is not None:
        query = query.where(Alert.kind == kind)
    rows = session.execute(query.where(Alert.id < cursor) if cursor else query).tuples().all()
    shown = [Seen(*row) for row in rows[:limit]]
    return shown, (shown[-1].alert.id if len(rows) > limit else None)


def count_open(session: Session, tenant: TenantId) -> int:
    open_ones = _seen_by(tenant).where(_is(AlertState.OPEN)).with_only_columns(func.count())
    return session.scalar(open_ones) or 0


def acknowledge(session: Session, tenant: TenantId, actor: Actor, user: UserId, alert_id: int) -> Seen | None:
    """Somebody has seen it; the first one stays on record. None when no such alert concerns the tenant."""
    query = _seen_by(tenant).where(Alert.id == alert_id)
    if session.execute(query).one_or_none() is None:
        return None
    new = session.scalar(
        insert(AlertAcknowledgement)
        .values(tenant_id=tenant, alert_id=alert_id, user_id=user)
        .on_conflict_do_nothing()
        .returning(AlertAcknowledgement.id)
    )
    if new is not None:
        audit_log.append(session, tenant, actor, "acknowledge", "alert", alert_id, {}, {})
    return Seen(*session.execute(query).tuples().one())


def _seen_by(tenant: TenantId) -> Select[tuple[Alert, UserId, datetime]]:
    mine = and_(AlertAcknowledgement.alert_id == Alert.id, AlertAcknowledgement.tenant_id == tenant)
    return (
        select(Alert, AlertAcknowledgement.user_id, AlertAcknowledgement.created_at)
        .outerjoin(AlertAcknowledgement, mine)
        .where(or_(Alert.tenant_id == tenant, Alert.tenant_id.is_(None)))
    )


def _is(state: AlertState) -> ColumnElement[bool]:
    unseen = AlertAcknowledgement.id.is_(None)
    match state:
        case AlertState.ACKNOWLEDGED:
            return ~unseen
        case AlertState.OPEN:
            return and_(unseen, Alert.closed_at.is_(None))
        case AlertState.CLOSED:
            return and_(unseen, Alert.closed_at.is_not(None))


def was_acknowledged() -> ColumnElement[bool]:
    """Whether anybody has seen the alert of the query around this."""
    return exists().where(AlertAcknowledgement.alert_id == Alert.id)
