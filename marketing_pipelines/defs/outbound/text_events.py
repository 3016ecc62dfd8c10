"""What Twilio tells of texts and what phones answer: read off its web hook, a bounded batch a run."""

import dagster as dg

from marketing_pipelines.defs.hook_calls import LONGEST, run_for
from marketing_pipelines.defs.outbound.assets import GROUP, OWNERS, sends
from marketing_pipelines.defs.resources import SettingsResource

# Counted in dagster.yaml, apart from what is told of mails: a STOP does not wait for those.
TURN = {"mp/hooks": "interpret_texts"}
TAGS = {**TURN, **LONGEST}

# Not materialisable by hand: what was told is read once, by the job that follows the collector.
text_events = dg.AssetSpec(
    "text_events",
    description=(
        "What Twilio told of texts: delivered, lost and why, each kept once with its delivery; and which phones answered STOP, "
        "which get no text from then on, or START."
    ),
    deps=[sends],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
)


@dg.op(
    description="Takes proven calls that nobody has read, one after the other, and does what they ask for."
)
def interpret_text_events(context: dg.OpExecutionContext, house: SettingsResource) -> None:
    from marketing_pipelines.outbound import text_events

    counted = {name: count for name, count in text_events.interpret(house.settings()).items() if count}
    context.log.info("%s", counted or "Another run has read what there was.")
    context.add_output_metadata(counted)
    if counted:
        context.log_event(dg.AssetMaterialization("text_events", metadata=counted))


@dg.job(
    tags=TAGS,
    executor_def=dg.in_process_executor,
    description="Interprets the calls of Twilio's web hooks. Started by the sensor text_events_told.",
)
def interpret_text_events_job() -> None:
    interpret_text_events()


@dg.sensor(
    job=interpret_text_events_job,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run while calls of Twilio's wait; it only looks, and the run takes them.",
)
def text_events_told(
    context: dg.SensorEvaluationContext, house: SettingsResource
) -> dg.RunRequest | dg.SkipReason:
    from marketing_pipelines.outbound import text_events

    found = text_events.waiting(house.settings())
    nothing = "Twilio has told nothing that was not read."
    return run_for(context, interpret_text_events_job.name, found, nothing, TURN)
