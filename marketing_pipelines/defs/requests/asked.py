"""What every job that people ask for has in common: whose request it works on, and how it tells the outcome."""

from collections.abc import Callable

import dagster as dg

from marketing_pipelines.requests import working
from marketing_pipelines.requests.working import Outcome, Turn
from store.records.requested_runs import RunKind
from store.settings import Settings

# Counted against the limit in dagster.yaml, so that people's requests never take the gate's place.
TAGS = {"mp/requested": "run"}


class Requested(dg.Config):
    """The number of the request, as the console shows it."""

    request: int


def job_of(kind: RunKind) -> str:
    return f"{kind}_job"


def work(
    context: dg.OpExecutionContext, settings: Settings, request: int, do: Callable[[Turn], Outcome]
) -> Outcome | None:
    """Works on the request and shows its counts with the run; None where there was nothing to do."""
    outcome = working.work_on(settings, request, context.run_id, do)
    if outcome is None:
        context.log.info("Request %d is not this run's to do: it is settled, or another run has it.", request)
    context.add_output_metadata(dict(outcome or {}) | {"request": request})
    return outcome
