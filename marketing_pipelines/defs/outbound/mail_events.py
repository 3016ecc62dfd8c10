"""What the mail provider tells of mails after it took them: read off its web hook, a bounded batch a run."""

import dagster as dg

from marketing_pipelines.defs.hook_calls import TAGS, run_for
from marketing_pipelines.defs.outbound.assets import GROUP, OWNERS, sends
from marketing_pipelines.defs.resources import SettingsResource

# Not materialisable by hand: what was told is read once, by the job that follows the collector.
mail_events = dg.AssetSpec(
    "mail_events",
    description=(
        "What SendGrid told of mails after it took them: delivered, bounced, reported as spam … Each event is kept once "
        "with its delivery, and who cannot get mail or wants none is left alone from then on."
    ),
    deps=[sends],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"sendgrid", "postgres"},
)


@dg.op(
    description="Takes proven calls that nobody has read, one after the other, and does what they ask for."
)
def interpret_mail_events(context: dg.OpExecutionContext, house: SettingsResource) -> None:
    from marketing_pipelines.outbound import mail_events

    counted = {name: count for name, count in mail_events.interpret(house.settings()).items() if count}
    context.log.info("%s", counted or "Another run has read what there was.")
    context.add_output_metadata(counted)
    if counted:
        context.log_event(dg.AssetMaterialization("mail_events", metadata=counted))


@dg.job(
    tags=TAGS,
    executor_def=dg.in_process_executor,
    description="Interprets the calls of SendGrid's event web hook. Started by the sensor mail_events_told.",
)
def interpret_mail_events_job() -> None:
    interpret_mail_events()


@dg.sensor(
    job=interpret_mail_events_job,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run while calls of SendGrid's wait; it only looks, and the run takes them.",
)
def mail_events_told(
    context: dg.SensorEvaluationContext, house: SettingsResource
) -> dg.RunRequest | dg.SkipReason:
    from marketing_pipelines.outbound import mail_events

    found = mail_events.waiting(house.settings())
    nothing = "SendGrid has told nothing that was not read."
    return run_for(context, interpret_mail_events_job.name, found, nothing)
