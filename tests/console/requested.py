"""What the daemon does with what people ask for: the sensor looks, and the run it wants is started."""

from typing import Any

import dagster as dg
from sqlalchemy import text

from marketing_pipelines.defs.requests.automation import requested_runs
from store import records
from store.settings import Role, Settings
from tests.outbound.office import house_resource


def asked_for(
    house: Settings, request: int, instance: dg.DagsterInstance | None = None
) -> dg.RunRequest | None:
    """The run that the sensor wants for a request, if it wants one; what other tests have left waiting lets it go first."""
    with records.session(house, Role.OWNER) as session:
        longest = "update requested_runs set due_at = 'epoch' where id = :id and due_at <= now()"
        session.execute(text(longest), {"id": request})
    with instance or dg.DagsterInstance.ephemeral() as known:
        context = dg.build_sensor_context(instance=known, resources={"house": house_resource(house)})
        tick = requested_runs.evaluate_tick(context)
    found = [each for each in tick.run_requests or [] if each.tags["mp/request"] == str(request)]
    return found[0] if found else None


def run(house: Settings, asked: dg.RunRequest, *jobs: dg.JobDefinition) -> dg.ExecuteInProcessResult:
    """The run, as the daemon would start it."""
    definitions = dg.Definitions(
        jobs=jobs, resources={"house": house_resource(house)}, executor=dg.in_process_executor
    )
    assert asked.job_name
    job = definitions.resolve_job_def(asked.job_name)
    return job.execute_in_process(run_config=asked.run_config, tags=asked.tags, raise_on_error=False)


def told(result: dg.ExecuteInProcessResult, op: str) -> dict[str, Any]:
    """What the run shows of its outcome."""
    [output] = [
        event.step_output_data
        for event in result.all_events
        if event.is_successful_output and event.node_name == op
    ]
    return {name: value.value for name, value in output.metadata.items()}
