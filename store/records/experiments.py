"""Experiments: variants, the links that carry them, and the weights that bandits move."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Double, String, UniqueConstraint, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from store.records.schema import LinkId, Record, TenantOwned, belongs_to, enumerated, key_for_children, one_of


class ExperimentStatus(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class Experiment(TenantOwned, Record):
    __tablename__ = "experiments"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "name"),
        one_of("status", ExperimentStatus),
    )

    name: Mapped[str] = mapped_column(String(200))
    hypothesis: Mapped[str] = mapped_column(String(1000), server_default="")
    status: Mapped[ExperimentStatus] = mapped_column(
        enumerated(ExperimentStatus, 20), server_default="running"
    )
    variants: Mapped[list["Variant"]] = relationship(order_by="Variant.id", viewonly=True)


class Variant(TenantOwned, Record):
    """One version under test; its link counts the clicks, the page reports the exposures."""

    __tablename__ = "variants"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "experiment_id", "name"),
        belongs_to("experiments", "experiment_id"),
        belongs_to("links", "link_id", ondelete="RESTRICT"),
        CheckConstraint("weight between 0 and 1", name="weight"),
    )

    experiment_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    headline: Mapped[str] = mapped_column(String(200), server_default="")
    link_id: Mapped[LinkId]
    weight: Mapped[float] = mapped_column(Double, server_default="0.5")
    experiment: Mapped[Experiment] = relationship(viewonly=True)


def set_weights(session: Session, weights: dict[int, float]) -> None:
    """Moves the rotation weights of an experiment's variants, by variant id."""
    for variant, weight in weights.items():
        session.execute(update(Variant).where(Variant.id == variant).values(weight=weight))
