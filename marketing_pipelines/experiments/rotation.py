"""Rotation: clicks in, beliefs kept, weights moved."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketing_pipelines.experiments.thompson import Posterior, posterior, probability_best, weights
from store import events
from store.records import experiments
from store.records.schema import TenantId

SCHEMA = pa.schema(
    [
        ("tenant_id", pa.int64()),
        ("experiment_id", pa.int64()),
        ("variant_id", pa.int64()),
        ("as_of", pa.timestamp("ms", tz="UTC")),
        ("trials", pa.uint64()),
        ("successes", pa.uint64()),
        ("alpha", pa.float64()),
        ("beta", pa.float64()),
        ("probability_best", pa.float64()),
        ("weight", pa.float64()),
        ("run_id", pa.string()),
    ]
)

STATS = """
select variant_id, human_exposures, human_clicks, bot_exposures, bot_clicks
from marts.variant_stats
where tenant_id = {tenant:Int64}
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How often a variant was shown and clicked; only people's count, programs' stand beside them."""

    human_exposures: int = 0
    human_clicks: int = 0
    bot_exposures: int = 0
    bot_clicks: int = 0

    @property
    def trials(self) -> int:
        """Who clicked has seen it, whether or not a page reported the exposure: a link is shared outside pages too."""
        return max(self.human_exposures, self.human_clicks)


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant as the bandit sees it."""

    tenant: TenantId
    experiment_id: int
    experiment: str
    variant_id: int
    variant: str
    seen: Seen
    belief: Posterior
    probability_best: float
    weight: float


def running(session: Session, tenant: TenantId) -> list[experiments.Experiment]:
    """The tenant's running experiments that have variants to choose from."""
    found = session.scalars(
        select(experiments.Experiment)
        .where(
            experiments.Experiment.tenant_id == tenant,
            experiments.Experiment.status == experiments.ExperimentStatus.RUNNING,
        )
        .order_by(experiments.Experiment.id)
    )
    return [experiment for experiment in found if experiment.variants]


def evaluated(session: Session, client: events.Client, tenant: TenantId) -> list[Arm]:
    """Every variant of the tenant's running experiments, with what its clicks say by now."""
    counts = {
        variant_id: Seen(*counted)
        for variant_id, *counted in events.read_for_tenant(client, tenant, STATS).iter_rows()
    }
    return [arm for experiment in running(session, tenant) for arm in _arms(experiment, counts)]


def _arms(experiment: experiments.Experiment, counts: dict[int, Seen]) -> list[Arm]:
    counted = [counts.get(variant.id, Seen()) for variant in experiment.variants]
    beliefs = [posterior(seen.trials, seen.human_clicks) for seen in counted]
    return [
        Arm(
            tenant=experiment.tenant_id,
            experiment_id=experiment.id,
            experiment=experiment.name,
            variant_id=variant.id,
            variant=variant.name,
            seen=seen,
            belief=belief,
            probability_best=chance,
            weight=weight,
        )
        for variant, seen, belief, chance, weight in zip(
            experiment.variants, counted, beliefs, probability_best(beliefs), weights(beliefs), strict=True
        )
    ]


def keep(client: events.Client, arms: Iterable[Arm], *, as_of: datetime, run_id: str, token: str) -> int:
    """Adds what the bandit believes to its history."""
    rows = [
        {
            "tenant_id": arm.tenant,
            "experiment_id": arm.experiment_id,
            "variant_id": arm.variant_id,
            "as_of": as_of,
            "trials": arm.seen.trials,
            "successes": arm.seen.human_clicks,
            "alpha": arm.belief.alpha,
            "beta": arm.belief.beta,
            "probability_best": arm.probability_best,
            "weight": arm.weight,
            "run_id": run_id,
        }
        for arm in arms
    ]
    return events.append(client, "raw.bandit_states", pa.Table.from_pylist(rows, SCHEMA), token=token)


def move(session: Session, arms: Iterable[Arm]) -> None:
    """Gives each variant its share of the traffic from here on."""
    experiments.set_weights(session, {arm.variant_id: arm.weight for arm in arms})
