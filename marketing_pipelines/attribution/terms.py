"""Terms: what a tenant wants credited and how, as it has set it in the console."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from marketing_pipelines.attribution.catalogue import Family, Model, models
from marketing_pipelines.attribution.tuning import Tuning, Weights
from store.records import goals, measurement
from store.records.schema import GoalId, TenantId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from store.records.measurement import Measurement


@dataclass(frozen=True, slots=True)
class Terms:
    """A tenant's goals and the parameters of its models; `direct_overrides` lets a direct visit take known touches' credit."""

    tenant: TenantId
    goals: Sequence[GoalId]
    tuning: Tuning = field(default_factory=Tuning)
    direct_overrides: bool = False

    def models(self, family: Family | None = None) -> list[Model]:
        return [known.tuned(self.tuning) for known in models(family)]


def of_tenant(session: Session, tenant: TenantId) -> Terms:
    chosen = measurement.of_tenant(session, tenant)
    return Terms(
        tenant,
        [GoalId(goal.id) for goal in goals.live(session, tenant)],
        tuning_of(chosen),
        chosen.direct_overrides,
    )


def tuning_of(chosen: Measurement) -> Tuning:
    """The models' parameters as the record holds them, whose own bounds have been checked when it was written."""
    first, last = float(chosen.first_weight), float(chosen.last_weight)
    return Tuning(
        weights=Weights(first, max(0.0, 1 - first - last), last),
        half_life=timedelta(hours=chosen.half_life_hours),
        order=chosen.markov_order,  # pyright: ignore[reportArgumentType] (a constraint of the table holds it to 0 to 4)
        collapse=chosen.collapse_repeats,
    )
