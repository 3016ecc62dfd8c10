"""Hold-outs: what is kept from some people, chosen by lot, so that it can be seen what it causes.

Its terms are fixed once it is written down, and nobody chooses who is held out: the database makes neither possible. Days
are those of the warehouse, in UTC. One that is wrong is ended and another one is made.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Date, LargeBinary, Numeric, Select, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log, goals, turns
from store.records.campaigns import Campaign
from store.records.schema import (
    CampaignId,
    GoalId,
    HoldOutId,
    NotUsable,
    Record,
    TenantId,
    TenantOwned,
    belongs_to,
    key_for_children,
)

# How many a tenant may have that are planned or running.
MOST_OPEN = 100
LONGEST_NAME = 200
LONGEST_QUESTION = 1_000
LONGEST_DAYS = 180
FURTHEST_DAYS = 366
SMALLEST_SHARE, LARGEST_SHARE = Decimal("0.01"), Decimal("0.5")
KEY_BYTES = 16
_DAY = timedelta(days=1)


class HoldOutState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"


class HoldOut(TenantOwned, Record):
    """`lot_key` decides who is held out; it is made once and told to nobody."""

    __tablename__ = "hold_outs"
    __table_args__ = (
        key_for_children(),
        belongs_to("conversion_goals", "goal_id", ondelete="RESTRICT"),
        belongs_to("campaigns", "campaign_id", ondelete="RESTRICT"),
        CheckConstraint(f"share between {SMALLEST_SHARE} and {LARGEST_SHARE}", name="share"),
        CheckConstraint(f"last_day >= first_day and last_day < first_day + {LONGEST_DAYS}", name="last_day"),
        CheckConstraint(f"octet_length(lot_key) = {KEY_BYTES}", name="lot_key"),
    )

    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    question: Mapped[str] = mapped_column(Text)
    goal_id: Mapped[GoalId]
    campaign_id: Mapped[CampaignId | None]
    share: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    lot_key: Mapped[bytes] = mapped_column(LargeBinary(KEY_BYTES))
    ended_at: Mapped[datetime | None]

    @property
    def state(self) -> HoldOutState:
        today = now().date()
        if self.ended_at is not None or today > self.last_day:
            return HoldOutState.ENDED
        return HoldOutState.PLANNED if today < self.first_day else HoldOutState.RUNNING

    @property
    def last_counted(self) -> date | None:
        """The last whole day on which people were held out, today or in days to come; none if it never began."""
        if self.ended_at is None:
            return self.last_day
        last = min(self.last_day, self.ended_at.astimezone(UTC).date() - _DAY)
        return last if last >= self.first_day else None


@dataclass(frozen=True, slots=True)
class Terms:
    """What is written down before it begins."""

    name: str
    question: str
    goal_id: GoalId
    share: Decimal
    first_day: date
    last_day: date
    campaign_id: CampaignId | None = None

    def told(self) -> dict[str, Any]:
        """What decides about figures; words may name anybody, and the audit holds no names."""
        return {
            "goal_id": self.goal_id,
            "share": f"{self.share:.4f}",
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "campaign_id": self.campaign_id,
        }


class WrongTerm(NotUsable):
    """One of the terms cannot be kept; `field` is its name."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def plan(session: Session, tenant: TenantId, actor: Actor, terms: Terms) -> HoldOut:
    """Writes one down; it begins by itself on its first day, and its lot is drawn from then on."""
    turns.take(session, turns.Turn.HOLDING_OUT, tenant)
    if _open_ones(session, tenant) >= MOST_OPEN:
        raise NotUsable(f"{MOST_OPEN} hold-outs are planned or running, which is the most; end one first.")
    _require_usable(session, tenant, terms)
    made = HoldOut(
        tenant_id=tenant,
        lot_key=secrets.token_bytes(KEY_BYTES),
        name=terms.name,
        question=terms.question,
        goal_id=terms.goal_id,
        campaign_id=terms.campaign_id,
        share=terms.share,
        first_day=terms.first_day,
        last_day=terms.last_day,
    )
    session.add(made)
    session.flush()
    session.refresh(made)
    audit_log.append(session, tenant, actor, "plan", "hold_out", made.id, {}, terms.told())
    return made


def end(session: Session, hold_out: HoldOut, actor: Actor) -> None:
    """From today on nobody is held out any more; what counts are the whole days before. The caller holds its lock."""
    if hold_out.state is HoldOutState.ENDED:
        raise NotUsable(f"{hold_out.name} has ended already.")
    before = {"state": hold_out.state}
    hold_out.ended_at = now()
    session.flush()
    audit_log.append(session, hold_out.tenant_id, actor, "end", "hold_out", hold_out.id, before, {})


def named(session: Session, tenant: TenantId, hold_out: HoldOutId) -> HoldOut | None:
    return session.scalars(_one(tenant, hold_out)).one_or_none()


def locked(session: Session, tenant: TenantId, hold_out: HoldOutId) -> HoldOut | None:
    """The hold-out under a row lock, as it is now."""
    query = _one(tenant, hold_out).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def newest(session: Session, tenant: TenantId) -> HoldOut | None:
    found, _ = listed(session, tenant, cursor=None, limit=1)
    return found[0] if found else None


def listed(
    session: Session, tenant: TenantId, *, cursor: int | None, limit: int
) -> tuple[list[HoldOut], int | None]:
    """A page of hold-outs, newest first, and where the next begins."""
    query = select(HoldOut).where(HoldOut.tenant_id == tenant).order_by(HoldOut.id.desc())
    if cursor is not None:
        query = query.where(HoldOut.id < cursor)
    rows = list(session.scalars(query.limit(limit + 1)))
    return rows[:limit], (rows[limit - 1].id if len(rows) > limit else None)


def _one(tenant: TenantId, hold_out: HoldOutId) -> Select[tuple[HoldOut]]:
    return select(HoldOut).where(HoldOut.tenant_id == tenant, HoldOut.id == hold_out)


def _open_ones(session: Session, tenant: TenantId) -> int:
    still = HoldOut.ended_at.is_(None), HoldOut.last_day >= now().date()
    return session.scalar(select(func.count(HoldOut.id)).where(HoldOut.tenant_id == tenant, *still)) or 0


def _require_usable(session: Session, tenant: TenantId, terms: Terms) -> None:
    today = now().date()
    if terms.first_day <= today:
        raise WrongTerm(
            "first_day", "Begin tomorrow at the earliest: who is held out is settled before the day begins."
        )
    if terms.first_day > today + timedelta(days=FURTHEST_DAYS):
        raise WrongTerm("first_day", f"Begin within {FURTHEST_DAYS} days.")
    if not 0 <= (terms.last_day - terms.first_day).days < LONGEST_DAYS:
        raise WrongTerm("last_day", f"End on the first day or later, and within {LONGEST_DAYS} days of it.")
    goal = goals.named(session, tenant, terms.goal_id)
    if goal is None or goal.archived_at is not None:
        raise WrongTerm("goal_id", "There is no such goal that counts.")
    if terms.campaign_id is not None:
        query = select(Campaign.id).where(Campaign.tenant_id == tenant, Campaign.id == terms.campaign_id)
        if session.scalar(query) is None:
            raise WrongTerm("campaign_id", "There is no such campaign.")
