"""What runs everything else, and what notices when it does not."""

from datetime import timedelta

import dagster as dg

from marketing_pipelines.defs.requests.asked import TAGS, Requested, job_of, work
from marketing_pipelines.defs.resources import SettingsResource
from store.records.requested_runs import RunKind

KEEP_LOGS = timedelta(days=30)

automation = dg.AutomationConditionSensorDefinition(
    "automation",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Materialises what its automation condition asks for: follows the events, feeds and ad accounts.",
)

lineage_job = dg.define_asset_job(
    "lineage_job",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets("audit_chain"),
    description="The whole lineage for a range of days, from ad accounts and feeds to attribution and bandits.",
)


@dg.op(description="Deletes Dagster's own log lines after 30 days; materialisations and checks stay.")
def prune_event_log(context: dg.OpExecutionContext, house: SettingsResource) -> None:
    from marketing_pipelines.monitoring import event_log

    deleted = event_log.prune(house.settings(), KEEP_LOGS)
    context.log.info("%d log lines older than %d days deleted", deleted, KEEP_LOGS.days)


@dg.job(description="Keeps the event log from growing without bound.")
def event_log_retention_job() -> None:
    prune_event_log()


event_log_retention = dg.ScheduleDefinition(
    name="event_log_retention",
    job=event_log_retention_job,
    cron_schedule="30 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at half past three.",
)


@dg.op(description="Walks one tenant's audit chain from its start and holds it against its signed heads.")
def verify_audit(context: dg.OpExecutionContext, config: Requested, house: SettingsResource) -> None:
    from marketing_pipelines.monitoring import audit_chains

    work(context, house.settings(), config.request, audit_chains.verify_as_asked)


@dg.job(
    name=job_of(RunKind.VERIFY_AUDIT),
    tags=TAGS,
    description=(
        "Verifies the audit chain of a tenant because somebody asked for it in the console; a broken link is a finding "
        "and no failure. Started by the sensor requested_runs."
    ),
)
def verify_audit_job() -> None:
    verify_audit()


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Raises and tells alerts; the console does the same, so that either may be dead.",
)
def alerts(house: SettingsResource) -> dg.SkipReason:
    from marketing_pipelines.monitoring import alerting

    alerting.watch(house.settings())
    return dg.SkipReason("Whatever somebody has to know of has been told, or is tried again.")


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Says in the daemon's log which run failed, and why.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    context.log.error(
        "Run %s of %s failed: %s",
        context.dagster_run.run_id,
        context.dagster_run.job_name,
        context.failure_event.message,
    )
