"""When calls of providers are read: asked for while some wait, and by one run at a time."""

import time
from collections.abc import Mapping

import dagster as dg

from store.records.hooks import Waiting

# Counted in dagster.yaml. A run that was killed gives its place back after this long, and its calls at once.
TURN = {"mp/hooks": "interpret"}
LONGEST = {"dagster/max_runtime": "600"}
TAGS = {**TURN, **LONGEST}
NOT_THERE_YET = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
TRIES_AGAIN_AFTER_SECONDS = 300


def run_for(
    context: dg.SensorEvaluationContext,
    job: str,
    found: Waiting | None,
    nothing: str,
    turn: Mapping[str, str] = TURN,
) -> dg.RunRequest | dg.SkipReason:
    if found is None:
        return dg.SkipReason(nothing)
    on_its_way = dg.RunsFilter(job_name=job, tags=turn, statuses=NOT_THERE_YET)
    if context.instance.get_runs(on_its_way, limit=1):
        return dg.SkipReason("A run that will read it is on its way.")
    # Calls that a run has left are asked for again after a while, new ones at once.
    lap = int(time.time() // TRIES_AGAIN_AFTER_SECONDS)
    return dg.RunRequest(run_key=f"{found.oldest}-{found.newest}-{lap}", tags={**turn, **LONGEST})
