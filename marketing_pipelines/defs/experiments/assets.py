"""The bandit: clicks in, rotation weights out."""

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import dagster as dg

from marketing_pipelines.defs.pictures import picture, table
from marketing_pipelines.defs.resources import SettingsResource
from store import clock, events, records
from store.settings import Role

if TYPE_CHECKING:
    from marketing_pipelines.experiments.rotation import Arm


@dg.asset(
    description=(
        "What people's clicks so far say about each variant of the running experiments: how good it is, how likely it is "
        "the best, and the share of traffic it gets from now on. Better variants are shown more, none is forgotten."
    ),
    deps=[
        dg.AssetKey(["marts", "variant_stats"]),
        dg.AssetKey(["records", "experiments"]),
        dg.AssetKey(["records", "variants"]),
    ],
    automation_condition=dg.AutomationCondition.eager(),
    group_name="experiments",
    owners=["team:data"],
    kinds={"python", "clickhouse", "postgres"},
    metadata={"dagster/table_name": "raw.bandit_states"},
)
def bandit_state(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    from marketing_pipelines.experiments import rotation

    settings = house.settings()
    client = events.connect(settings, run_id=context.run.run_id)
    as_of = clock.now()
    with records.session(settings, Role.PIPELINES) as session:
        tenants = records.tenants.all_ids(session)
        arms = [arm for tenant in tenants for arm in rotation.evaluated(session, client, tenant)]
        rotation.keep(
            client, arms, as_of=as_of, run_id=context.run.run_id, token=f"bandit_state:{context.run.run_id}"
        )
        rotation.move(session, arms)
    return dg.MaterializeResult(metadata=_report(arms))


def _report(arms: "list[Arm]") -> dict[str, Any]:
    from marketing_pipelines.experiments import plots

    headings = [
        "experiment", "variant", "people saw", "people clicked", "bots saw", "bots clicked", "chance to be best",
        "weight",
    ]  # fmt: skip
    rows = [
        (arm.experiment, arm.variant, *astuple(arm.seen), arm.probability_best, arm.weight) for arm in arms
    ]
    by_experiment: dict[int, list[Arm]] = {}
    for arm in arms:
        by_experiment.setdefault(arm.experiment_id, []).append(arm)
    pictures = {
        f"beliefs/{number}": picture(
            plots.beliefs({arm.variant: arm.belief for arm in tried}), tried[0].experiment
        )
        for number, tried in by_experiment.items()
    }
    return {"dagster/row_count": len(arms), "variants": table(headings, rows), **pictures}
