"""Measurement: how a tenant's visits become sessions, and how models share out the credit. One row a tenant.

The database makes the row with the tenant. Every figure that a choice touches is built anew from kept events.
"""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, FetchedValue, ForeignKey, Numeric, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.records import audit_log
from store.records.schema import NotUsable, Record, TenantId

LONGEST_GAP_MINUTES = 240
LONGEST_HALF_LIFE_HOURS = 8760
HIGHEST_ORDER = 4
# The order whose paths are likeliest among those that were held out, found anew at each fit.
ORDER_BY_LIKELIHOOD = 0


class Measurement(Record):
    __tablename__ = "measurements"
    __table_args__ = (
        CheckConstraint(
            f"session_gap_minutes between 1 and {LONGEST_GAP_MINUTES}", name="session_gap_minutes"
        ),
        CheckConstraint("headline_model ~ '^[a-z][a-z0-9_]*$'", name="headline_model"),
        CheckConstraint(
            "first_weight >= 0 and last_weight >= 0 and first_weight + last_weight <= 1", name="weights"
        ),
        CheckConstraint(f"half_life_hours between 1 and {LONGEST_HALF_LIFE_HOURS}", name="half_life_hours"),
        CheckConstraint(
            f"markov_order between {ORDER_BY_LIKELIHOOD} and {HIGHEST_ORDER}", name="markov_order"
        ),
    )

    tenant_id: Mapped[TenantId] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    session_gap_minutes: Mapped[int] = mapped_column(server_default="30")
    session_ends_at_midnight: Mapped[bool] = mapped_column(server_default="false")
    session_ends_with_campaign: Mapped[bool] = mapped_column(server_default="false")
    headline_model: Mapped[str] = mapped_column(String(40), server_default="last_touch")
    first_weight: Mapped[Decimal] = mapped_column(Numeric(5, 4), server_default="0.4")
    last_weight: Mapped[Decimal] = mapped_column(Numeric(5, 4), server_default="0.4")
    half_life_hours: Mapped[int] = mapped_column(server_default="168")
    markov_order: Mapped[int] = mapped_column(server_default="1")
    collapse_repeats: Mapped[bool] = mapped_column(server_default="true")
    direct_overrides: Mapped[bool] = mapped_column(server_default="false")
    # A trigger moves it: the warehouse builds anew what a change touches, whoever made it.
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now(), server_onupdate=FetchedValue())

    @property
    def choices(self) -> "Choices":
        return Choices(**{field.name: getattr(self, field.name) for field in fields(Choices)})


@dataclass(frozen=True, slots=True)
class Choices:
    """All that a tenant chooses of it; the house's own where nothing is said."""

    session_gap_minutes: int = 30
    session_ends_at_midnight: bool = False
    session_ends_with_campaign: bool = False
    headline_model: str = "last_touch"
    first_weight: Decimal = Decimal("0.4")
    last_weight: Decimal = Decimal("0.4")
    half_life_hours: int = 168
    markov_order: int = 1
    collapse_repeats: bool = True
    direct_overrides: bool = False

    def told(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "first_weight": f"{self.first_weight:.4f}",
            "last_weight": f"{self.last_weight:.4f}",
        }


class WeightsTooHeavy(NotUsable):
    """The first and the last touch would share out more than there is."""


def of_tenant(session: Session, tenant: TenantId) -> Measurement:
    return session.scalars(select(Measurement).where(Measurement.tenant_id == tenant)).one()


def locked(session: Session, tenant: TenantId) -> Measurement:
    """The tenant's choices under a row lock, as they are now."""
    return session.scalars(
        select(Measurement)
        .where(Measurement.tenant_id == tenant)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def change(session: Session, measurement: Measurement, actor: Actor, choices: Choices) -> None:
    """From now on, and for the past as well: the warehouse builds anew what it touches. The caller holds its lock."""
    if choices.first_weight + choices.last_weight > 1:
        raise WeightsTooHeavy("The first and the last touch together take at most 1, which is all of it.")
    before = measurement.choices
    if choices == before:
        return
    for name, value in asdict(choices).items():
        setattr(measurement, name, value)
    session.flush()
    tenant = measurement.tenant_id
    audit_log.append(session, tenant, actor, "change", "measurement", tenant, before.told(), choices.told())
