"""One sensor for everything that people ask for: it only looks, and a run takes what is still free when it comes."""

import dagster as dg

from marketing_pipelines.defs.campaigns import automation as campaigns
from marketing_pipelines.defs.requests.asked import TAGS, Requested, job_of
from marketing_pipelines.defs.resources import SettingsResource


@dg.sensor(
    jobs=[campaigns.take_in_recipients_job],
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run for each request that waits, and again for one whose run has died.",
)
def requested_runs(house: SettingsResource) -> dg.SensorResult | dg.SkipReason:
    from store import records
    from store.records import requested_runs
    from store.settings import Role

    with records.session(house.settings(), Role.PIPELINES) as session:
        waiting = requested_runs.free(session)
    if not waiting:
        return dg.SkipReason("Nobody has asked for anything.")
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(
                run_key=request.run_key,
                job_name=job_of(request.kind),
                run_config=dg.RunConfig(ops={request.kind.value: Requested(request=request.id)}),
                tags={**TAGS, "mp/request": str(request.id), "mp/tenant": str(request.tenant_id)},
            )
            for request in waiting
        ]
    )
