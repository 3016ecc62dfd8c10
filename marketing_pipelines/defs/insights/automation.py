"""Every morning the newest day is read, and the restated days before it."""

import dagster as dg

from marketing_pipelines.defs.insights.assets import INSIGHTS
from marketing_pipelines.defs.partitions import DAYS

insights_job = dg.define_asset_job(
    "insights_job",
    selection=dg.AssetSelection.assets(*INSIGHTS),
    description="Reads a day's insights of every channel.",
)


@dg.schedule(
    job=insights_job,
    cron_schedule="0 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Reads the newest day, and with it the days that platforms may have restated.",
)
def insights_daily() -> dg.RunRequest:
    return dg.RunRequest(partition_key=DAYS.get_last_partition_key())
