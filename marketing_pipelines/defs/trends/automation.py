"""Feeds are read every hour, and when somebody asks for it; scores follow by their own condition."""

import dagster as dg

from marketing_pipelines.defs.requests.asked import TAGS, Requested, job_of, work
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.defs.trends.assets import feed_entries
from store.records.requested_runs import RunKind

feed_entries_job = dg.define_asset_job(
    "feed_entries_job",
    selection=dg.AssetSelection.assets(feed_entries),
    description="Reads every feed that is due.",
)

feed_entries_hourly = dg.ScheduleDefinition(
    name="feed_entries_hourly",
    job=feed_entries_job,
    cron_schedule="0 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each feed's own interval decides whether it is due.",
)


@dg.op(pool="feeds", description="Reads the feeds of one tenant, due or not; it stores no entry twice.")
def fetch_feeds(context: dg.OpExecutionContext, config: Requested, house: SettingsResource) -> None:
    from marketing_pipelines.trends import on_request

    outcome = work(context, house.settings(), config.request, on_request.read)
    if outcome is not None:
        context.log_event(dg.AssetMaterialization("feed_entries", metadata=dict(outcome)))


@dg.job(
    name=job_of(RunKind.FETCH_FEEDS),
    tags=TAGS,
    description="Reads a tenant's feeds because somebody asked for it. Started by the sensor requested_runs.",
)
def fetch_feeds_job() -> None:
    fetch_feeds()
