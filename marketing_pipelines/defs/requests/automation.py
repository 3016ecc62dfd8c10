"""One sensor for everything that people ask for: it only looks, and a run takes what is still free when it comes."""

from typing import TYPE_CHECKING

import dagster as dg

from marketing_pipelines.defs.analytics import automation as analytics
from marketing_pipelines.defs.campaigns import automation as campaigns
from marketing_pipelines.defs.monitoring import automation as monitoring
from marketing_pipelines.defs.requests.asked import TAGS, Requested, job_of
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.defs.trends import automation as trends
from marketing_pipelines.defs.uploads import automation as uploads

if TYPE_CHECKING:
    from store.records.requested_runs import RequestedRun

REQUEST, ATTEMPT = "mp/request", "mp/attempt"
# Once it has started it takes the request, or finds that it is not its to do; a queue may be long.
NOT_THERE_YET = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]


@dg.sensor(
    jobs=[
        campaigns.take_in_recipients_job,
        trends.fetch_feeds_job,
        monitoring.verify_audit_job,
        analytics.make_export_job,
        uploads.add_upload_job,
    ],
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run for each request that waits, and again for one whose run has died.",
)
def requested_runs(
    context: dg.SensorEvaluationContext, house: SettingsResource
) -> dg.SensorResult | dg.SkipReason:
    from store import records
    from store.records import requested_runs
    from store.settings import Role

    with records.session(house.settings(), Role.PIPELINES) as session:
        free = requested_runs.free(session)
    on_their_way = context.instance.get_runs(dg.RunsFilter(tags=TAGS, statuses=NOT_THERE_YET))
    coming = {(run.tags.get(REQUEST), run.tags.get(ATTEMPT)) for run in on_their_way}
    waiting = [each for each in free if (str(each.id), str(each.attempts + 1)) not in coming]
    if not waiting:
        return dg.SkipReason("Nobody waits for anything that is not on its way.")
    return dg.SensorResult(run_requests=[_asked(request) for request in waiting])


def _asked(request: "RequestedRun") -> dg.RunRequest:
    return dg.RunRequest(
        run_key=request.run_key,
        job_name=job_of(request.kind),
        run_config=dg.RunConfig(ops={request.kind.value: Requested(request=request.id)}),
        tags={
            **TAGS,
            REQUEST: str(request.id),
            ATTEMPT: str(request.attempts + 1),
            "mp/tenant": str(request.tenant_id),
        },
    )
