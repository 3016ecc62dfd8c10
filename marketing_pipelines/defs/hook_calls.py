"""When calls of providers are read: asked for while some wait, and by one run at a time."""

import time
from collections import Counter
from collections.abc import Callable, Mapping

import dagster as dg

from marketing_pipelines.defs.resources import SettingsResource
from store.records.hooks import Waiting
from store.settings import Settings

# Counted in dagster.yaml. A run that was killed gives its place back after this long, and its calls at once.
TURN = {"mp/hooks": "interpret"}
LONGEST = {"dagster/max_runtime": "600"}
NOT_THERE_YET = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
TRIES_AGAIN_AFTER_SECONDS = 300


def reading(
    asset: str,
    provider: str,
    interpret: Callable[[Settings], Counter[str]],
    waiting: Callable[[Settings], Waiting | None],
    *,
    turn: Mapping[str, str] = TURN,
) -> tuple[dg.JobDefinition, dg.SensorDefinition]:
    """The job that reads what a provider has told into an asset, and the sensor that asks for it."""
    tags = {**turn, **LONGEST}

    @dg.op(
        name=f"interpret_{asset}",
        description="Takes proven calls that nobody has read, one after the other, and keeps what they tell.",
    )
    def take(context: dg.OpExecutionContext, house: SettingsResource) -> None:
        counted = {name: count for name, count in interpret(house.settings()).items() if count}
        context.log.info("%s", counted or "Another run has read what there was.")
        context.add_output_metadata(counted)
        if counted:
            context.log_event(dg.AssetMaterialization(asset, metadata=counted))

    @dg.job(
        name=f"interpret_{asset}_job",
        tags=tags,
        executor_def=dg.in_process_executor,
        description=f"Interprets the calls of {provider}'s web hook. Started by the sensor {asset}_told.",
    )
    def interpreting() -> None:
        take()

    @dg.sensor(
        name=f"{asset}_told",
        job=interpreting,
        minimum_interval_seconds=10,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Asks for a run while calls of {provider}'s wait; it only looks, and the run takes them.",
    )
    def told(context: dg.SensorEvaluationContext, house: SettingsResource) -> dg.RunRequest | dg.SkipReason:
        found = waiting(house.settings())
        if found is None:
            return dg.SkipReason(f"{provider} has told nothing that was not read.")
        on_its_way = dg.RunsFilter(job_name=interpreting.name, tags=turn, statuses=NOT_THERE_YET)
        if context.instance.get_runs(on_its_way, limit=1):
            return dg.SkipReason("A run that will read it is on its way.")
        # Calls that a run has left are asked for again after a while, new ones at once.
        lap = int(time.time() // TRIES_AGAIN_AFTER_SECONDS)
        return dg.RunRequest(run_key=f"{found.oldest}-{found.newest}-{lap}", tags=tags)

    return interpreting, told
