"""Campaigns start and end by themselves, and the recipients that they bring along are taken in."""

import dagster as dg

from marketing_pipelines.defs.requests.asked import TAGS, Requested, job_of, work
from marketing_pipelines.defs.resources import SettingsResource
from store.records.requested_runs import RunKind


@dg.sensor(
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Starts campaigns at their start, completes them at their end, and calls off what is left of those that are "
        "over. It asks for no run; sending itself never waits for it, since the gate reads the dates too."
    ),
)
def campaign_calendar(house: SettingsResource) -> dg.SkipReason:
    from marketing_pipelines.campaigns import calendar

    seen = calendar.look(house.settings(), "campaign_calendar")
    return dg.SkipReason(f"{seen.moved} campaigns moved on, {seen.called_off} actions called off.")


@dg.op(
    description="Goes through the list a thousand lines a step; killed and begun again, it goes on where it was."
)
def take_in_recipients(context: dg.OpExecutionContext, config: Requested, house: SettingsResource) -> None:
    from marketing_pipelines.campaigns import intake

    work(context, house.settings(), config.request, intake.take_in)


@dg.job(
    name=job_of(RunKind.TAKE_IN_RECIPIENTS),
    tags=TAGS,
    description=(
        "Recipients that came with a new campaign become contacts, a group of them, and one draft mail. "
        "Started by the sensor requested_runs."
    ),
)
def take_in_recipients_job() -> None:
    take_in_recipients()
