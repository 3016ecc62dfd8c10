"""Campaigns start and end by themselves."""

import dagster as dg

from marketing_pipelines.defs.resources import SettingsResource


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
