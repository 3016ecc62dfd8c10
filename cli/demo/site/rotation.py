"""Rotation: which variant of an experiment a visitor is shown, by the weights that the bandit has left in Postgres."""

import random
from dataclasses import dataclass

from sqlalchemy import select

from cli.demo import shop
from store import records
from store.records.experiments import Experiment, ExperimentStatus, Variant
from store.records.links import Link
from store.records.tenants import Tenant
from store.settings import Role, Settings

_dice = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant as the page needs it."""

    variant_id: int
    headline: str
    slug: str
    weight: float


def shown(settings: Settings, experiment: shop.Experiment) -> Arm | None:
    """A variant drawn by weight; None while the experiment is not running or the shop not seeded."""
    arms = _arms(settings, experiment.name)
    if not arms or not any(arm.weight for arm in arms):
        return None
    return _dice.choices(arms, [arm.weight for arm in arms])[0]


def _arms(settings: Settings, name: str) -> list[Arm]:
    running = (
        select(Variant.id, Variant.headline, Link.slug, Variant.weight)
        .join(Experiment, Experiment.id == Variant.experiment_id)
        .join(Link, Link.id == Variant.link_id)
        .join(Tenant, Tenant.id == Variant.tenant_id)
        .where(Tenant.slug == shop.TENANT, Experiment.name == name)
        .where(Experiment.status == ExperimentStatus.RUNNING)
        .order_by(Variant.id)
    )
    with records.session(settings, Role.PIPELINES) as session:
        return [Arm(*row) for row in session.execute(running)]
