"""Every morning, when yesterday has been built, late events of the night included."""

import dagster as dg

from marketing_pipelines.defs.conversions.assets import conversion_reports

conversion_reports_job = dg.define_asset_job(
    "conversion_reports_job",
    selection=dg.AssetSelection.assets(conversion_reports),
    description="Puts conversions into actions, by the rules that people have signed.",
)

# By the clock alone: a morning without a new event has nothing to wait for.
conversion_reports_daily = dg.ScheduleDefinition(
    name="conversion_reports_daily",
    job=conversion_reports_job,
    cron_schedule="30 5 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every morning, half past five.",
)
