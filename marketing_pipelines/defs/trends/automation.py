"""Feeds are read every hour; scores follow by their own condition."""

import dagster as dg

from marketing_pipelines.defs.trends.assets import feed_entries

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
