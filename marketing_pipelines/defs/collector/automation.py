"""Days whose rules changed are asked for one at a time, so that a new rule never holds up the day's work."""

from datetime import timedelta

import dagster as dg

from marketing_pipelines.defs.collector.assets import renormalised_events, watched_days
from marketing_pipelines.defs.resources import SettingsResource
from store import clock, events

# A day that failed, or that an old shipper still adds to, is not asked for again at once.
RESTS = timedelta(hours=1)
OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
UNDER_WAY = [status for status in dg.DagsterRunStatus if status not in OVER]

recompute_job = dg.define_asset_job(
    "recompute_job",
    selection=dg.AssetSelection.assets(renormalised_events),
    description="Reads the events of a day again by today's rules.",
)


@dg.sensor(
    job=recompute_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks for days that stand under old rules and asks for the newest one, while none is being computed.",
)
def stale_days(context: dg.SensorEvaluationContext, house: SettingsResource) -> dg.RunRequest | dg.SkipReason:
    from marketing_pipelines.events import staleness

    under_way = dg.RunsFilter(job_name=recompute_job.name, statuses=UNDER_WAY)
    if context.instance.get_runs(under_way, limit=1):
        return dg.SkipReason("A day is being computed.")
    client = events.connect(house.settings())
    try:
        stale = staleness.stale_days(client, watched_days())
    finally:
        client.close()
    lately = dg.RunsFilter(job_name=recompute_job.name, created_after=clock.now() - RESTS)
    tried = {run.tags.get("dagster/partition") for run in context.instance.get_runs(lately)}
    due = [each for each in stale if each.day.isoformat() not in tried]
    if not due:
        return dg.SkipReason(
            f"{len(stale)} stale days, all of them asked for within the hour."
            if stale
            else "No day is stale."
        )
    return dg.RunRequest(partition_key=due[-1].day.isoformat())
