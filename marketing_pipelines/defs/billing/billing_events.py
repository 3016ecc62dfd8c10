"""What Stripe tells of subscriptions, invoices and payments: read off its web hook, a bounded batch a run."""

import dagster as dg

from marketing_pipelines.defs.hook_calls import TAGS, run_for
from marketing_pipelines.defs.resources import SettingsResource

# Not materialisable by hand: what was told is read once, by the job that follows the collector.
billing_events = dg.AssetSpec(
    "billing_events",
    description=(
        "What Stripe told of subscriptions, invoices, refunds and disputes. Each event is kept once with its connection, "
        "test mode apart from live mode; what stands is told by the newest event of each, in whatever order they came."
    ),
    deps=[dg.AssetKey(["records", "tenants"])],
    group_name="billing",
    owners=["team:data"],
    kinds={"stripe", "postgres"},
    metadata={"dagster/table_name": "records.public.billing_events"},
)


@dg.op(description="Takes proven calls that nobody has read, one after the other, and keeps what they tell.")
def interpret_billing_events(context: dg.OpExecutionContext, house: SettingsResource) -> None:
    from marketing_pipelines.billing import billing_events

    counted = {name: count for name, count in billing_events.interpret(house.settings()).items() if count}
    context.log.info("%s", counted or "Another run has read what there was.")
    context.add_output_metadata(counted)
    if counted:
        context.log_event(dg.AssetMaterialization("billing_events", metadata=counted))


@dg.job(
    tags=TAGS,
    executor_def=dg.in_process_executor,
    description="Interprets the calls of Stripe's web hook. Started by the sensor billing_events_told.",
)
def interpret_billing_events_job() -> None:
    interpret_billing_events()


@dg.sensor(
    job=interpret_billing_events_job,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run while calls of Stripe's wait; it only looks, and the run takes them.",
)
def billing_events_told(
    context: dg.SensorEvaluationContext, house: SettingsResource
) -> dg.RunRequest | dg.SkipReason:
    from marketing_pipelines.billing import billing_events

    found = billing_events.waiting(house.settings())
    nothing = "Stripe has told nothing that was not read."
    return run_for(context, interpret_billing_events_job.name, found, nothing)
