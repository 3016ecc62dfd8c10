"""Whether what events mean is said by today's rules."""

import dagster as dg

from marketing_pipelines.defs.collector.assets import renormalised_events, watched_days
from marketing_pipelines.defs.pictures import table
from marketing_pipelines.defs.resources import SettingsResource
from store import events


@dg.asset_check(
    asset=renormalised_events,
    description="No event of the last 90 days stands under rules older than today's.",
    automation_condition=(
        dg.AutomationCondition.cron_tick_passed("0 * * * *") & ~dg.AutomationCondition.in_progress()
    ),
)
def events_stand_under_todays_rules(house: SettingsResource) -> dg.AssetCheckResult:
    from marketing_pipelines.events import staleness

    client = events.connect(house.settings())
    try:
        stale = staleness.stale_days(client, watched_days())
    finally:
        client.close()
    return dg.AssetCheckResult(
        passed=not stale,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "events": sum(each.events for each in stale),
            "days": len(stale),
            "by_day": table(["day", "events"], [(each.day, each.events) for each in stale]),
        },
    )
