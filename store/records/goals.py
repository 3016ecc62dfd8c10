"""Goals: which events of a tenant count as conversions, what each is worth, and how far back a touch earns credit.

Every tenant has one live goal at the head, from its first moment on: the database makes it, and it is exchanged for
another, never taken away.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, FetchedValue, Index, Numeric, String, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log, turns
from store.records.schema import (
    GoalId,
    NotUsable,
    Record,
    TenantId,
    TenantOwned,
    enumerated,
    key_for_children,
    one_of,
)

MOST_LIVE = 20
LONGEST_ONCE_DAYS = 400
LONGEST_LOOKBACK_DAYS = 180
HIGHEST_VALUE = 1_000_000_000_000
LONGEST_EVENT = 64
LONGEST_NAME = 200
IN_FORCE = "archived_at is null"


class Counting(StrEnum):
    """Whether every event counts, or a person only once within some days."""

    EACH = "each"
    ONCE = "once"


class ConversionGoal(TenantOwned, Record):
    __tablename__ = "conversion_goals"
    __table_args__ = (
        key_for_children(),
        one_of("counting", Counting),
        CheckConstraint("event != '' and refund_event != event", name="event"),
        CheckConstraint(f"fixed_value between 0 and {HIGHEST_VALUE}", name="fixed_value"),
        CheckConstraint("currency ~ '^([A-Z]{3})?$'", name="currency"),
        CheckConstraint(f"once_days between 1 and {LONGEST_ONCE_DAYS}", name="once_days"),
        CheckConstraint(f"lookback_days between 1 and {LONGEST_LOOKBACK_DAYS}", name="lookback_days"),
        CheckConstraint("not is_headline or archived_at is null", name="is_headline"),
        Index("uq_conversion_goals_name", "tenant_id", "name", unique=True, postgresql_where=text(IN_FORCE)),
        Index("uq_conversion_goals_headline", "tenant_id", unique=True, postgresql_where=text("is_headline")),
    )

    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    event: Mapped[str] = mapped_column(String(LONGEST_EVENT))
    refund_event: Mapped[str] = mapped_column(String(LONGEST_EVENT), server_default="refund")
    fixed_value: Mapped[Decimal | None] = mapped_column(Numeric(18, 4))
    currency: Mapped[str] = mapped_column(String(3), server_default="")
    counting: Mapped[Counting] = mapped_column(enumerated(Counting, 20), server_default=Counting.EACH)
    once_days: Mapped[int] = mapped_column(server_default="30")
    lookback_days: Mapped[int] = mapped_column(server_default="30")
    is_headline: Mapped[bool] = mapped_column(server_default="false")
    archived_at: Mapped[datetime | None]
    # A trigger moves it: the warehouse builds anew what a change touches, whoever made it.
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now(), server_onupdate=FetchedValue())

    @property
    def terms(self) -> "Terms":
        return Terms(**{field.name: getattr(self, field.name) for field in fields(Terms)})


@dataclass(frozen=True, slots=True)
class Terms:
    """What people say of a goal, whole."""

    name: str
    event: str
    refund_event: str = "refund"
    fixed_value: Decimal | None = None
    currency: str = ""
    counting: Counting = Counting.EACH
    once_days: int = 30
    lookback_days: int = 30

    def told(self) -> dict[str, Any]:
        """What decides about figures; a name may be anybody's, and the audit holds no names."""
        said = {
            **asdict(self),
            "fixed_value": None if self.fixed_value is None else f"{self.fixed_value:.4f}",
        }
        del said["name"]
        return said


class NameTaken(NotUsable):
    """Another live goal of the tenant has this name."""


class RefundIsTheGoal(NotUsable):
    """An event would count and be taken back at once."""


class StillHeadline(NotUsable):
    """The goal at the head is exchanged for another one, never taken away."""


def define(session: Session, tenant: TenantId, actor: Actor, terms: Terms) -> ConversionGoal:
    """A new goal; its conversions are found in all history that the warehouse keeps."""
    turns.take(session, turns.Turn.CHOOSING_GOALS, tenant)
    others = live(session, tenant)
    if len(others) >= MOST_LIVE:
        raise NotUsable(f"There are {MOST_LIVE} goals already, which is the most; archive one first.")
    _require_usable(terms, others)
    goal = ConversionGoal(tenant_id=tenant, **asdict(terms))
    session.add(goal)
    session.flush()
    session.refresh(goal)
    audit_log.append(session, tenant, actor, "define", "goal", goal.id, {}, terms.told())
    return goal


def change(session: Session, goal: ConversionGoal, actor: Actor, terms: Terms) -> None:
    """From now on, and for the past as well: the warehouse counts it anew. The caller holds its lock, as with all below."""
    _require_live(goal)
    _require_usable(terms, [other for other in live(session, goal.tenant_id) if other.id != goal.id])
    before = goal.terms
    if terms == before:
        return
    for name, value in asdict(terms).items():
        setattr(goal, name, value)
    session.flush()
    audit_log.append(session, goal.tenant_id, actor, "change", "goal", goal.id, before.told(), terms.told())


def archive(session: Session, goal: ConversionGoal, actor: Actor) -> None:
    """It counts no more; what it was stays in the records."""
    _require_live(goal)
    if goal.is_headline:
        raise StillHeadline(f"{goal.name} is the headline goal; put another goal at the head first.")
    goal.archived_at = now()
    session.flush()
    audit_log.append(session, goal.tenant_id, actor, "archive", "goal", goal.id, {}, {})


def make_headline(session: Session, goal: ConversionGoal, actor: Actor) -> None:
    """The goal that overviews and budgets speak of; the former one stays a goal among the others."""
    _require_live(goal)
    former = headline(session, goal.tenant_id)
    if former.id == goal.id:
        return
    # One after the other: at no moment may there be two.
    former.is_headline = False
    session.flush()
    goal.is_headline = True
    session.flush()
    told = {"instead_of": former.id}
    audit_log.append(session, goal.tenant_id, actor, "make_headline", "goal", goal.id, {}, told)


def live(session: Session, tenant: TenantId) -> list[ConversionGoal]:
    """The goals that count, the one at the head first, the others in the order in which they came."""
    query = select(ConversionGoal).where(
        ConversionGoal.tenant_id == tenant, ConversionGoal.archived_at.is_(None)
    )
    return list(session.scalars(query.order_by(ConversionGoal.is_headline.desc(), ConversionGoal.id)))


def archived(session: Session, tenant: TenantId, limit: int = MOST_LIVE) -> list[ConversionGoal]:
    """Those that count no more, as many as may count, the last one first."""
    query = select(ConversionGoal).where(
        ConversionGoal.tenant_id == tenant, ConversionGoal.archived_at.is_not(None)
    )
    return list(session.scalars(query.order_by(ConversionGoal.archived_at.desc()).limit(limit)))


def headline(session: Session, tenant: TenantId) -> ConversionGoal:
    return session.scalars(
        select(ConversionGoal).where(ConversionGoal.tenant_id == tenant, ConversionGoal.is_headline)
    ).one()


def named(session: Session, tenant: TenantId, goal: GoalId) -> ConversionGoal | None:
    """A goal of the tenant, an archived one too."""
    return session.scalars(
        select(ConversionGoal).where(ConversionGoal.tenant_id == tenant, ConversionGoal.id == goal)
    ).one_or_none()


def locked(session: Session, tenant: TenantId, goal: GoalId) -> ConversionGoal | None:
    """The goal as it is now, while nobody else changes any of the tenant's."""
    turns.take(session, turns.Turn.CHOOSING_GOALS, tenant)
    return session.scalars(
        select(ConversionGoal)
        .where(ConversionGoal.tenant_id == tenant, ConversionGoal.id == goal)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _require_live(goal: ConversionGoal) -> None:
    if goal.archived_at is not None:
        raise NotUsable(f"{goal.name} is archived and counts no more; define a new goal.")


def _require_usable(terms: Terms, others: Iterable[ConversionGoal]) -> None:
    if terms.event == terms.refund_event:
        raise RefundIsTheGoal("An event cannot count and be its own refund; name another, or none.")
    if any(other.name == terms.name for other in others):
        raise NameTaken(f"There is a goal {terms.name!r} already.")
