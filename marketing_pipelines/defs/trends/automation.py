"""Feeds are read when somebody asks for it; what is read by the clock, and what follows, the assets' own conditions say."""

import dagster as dg

from marketing_pipelines.defs.requests.asked import TAGS, Requested, job_of, work
from marketing_pipelines.defs.resources import SettingsResource
from store.records.requested_runs import RunKind


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
