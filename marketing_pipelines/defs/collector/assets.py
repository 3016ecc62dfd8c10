"""The public edge as assets: what others write and Dagster watches, and what Dagster computes of it again."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.pictures import table
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.events.rules import RULES, Rules
from store import clock, events

if TYPE_CHECKING:
    from marketing_pipelines.events.recomputing import Recomputed

OWNERS = ["team:data"]
GROUP = "collector"

pixel = dg.AssetSpec(
    "pixel",
    description="The script on web pages that tells the collector what visitors look at and do, as far as they agreed to it.",
    group_name=GROUP,
    owners=OWNERS,
    kinds={"javascript"},
)

short_links = dg.AssetSpec(
    "short_links",
    description="The collector's redirects. Each click on a short link is counted before the visitor is sent on.",
    deps=[dg.AssetKey(["records", "links"])],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python"},
)

raw_events = dg.AssetSpec(
    "raw_events",
    description=(
        "Everything the collector took in: page views, clicks, leads, purchases and whatever else pages and servers "
        "send; and what people upload of what no page saw. An event is here once it is safe on disk, and nothing is dropped silently."
    ),
    deps=[pixel, short_links],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"clickhouse"},
    metadata={"dagster/table_name": "raw.events"},
)

raw_rejected = dg.AssetSpec(
    "raw_rejected",
    description="What the collector refused, each with its reason, so that a broken integration shows.",
    deps=[pixel, short_links],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"clickhouse"},
    metadata={"dagster/table_name": "raw.rejected"},
)

# How far back days under old rules are looked for; older ones are back-filled by hand.
WATCHED = timedelta(days=90)


class Recompute(dg.Config):
    """Which of the days are computed: those that hold events under old rules, or all of them."""

    also_current: bool = False


def renormalised_events_asset(rules: Rules = RULES) -> dg.AssetsDefinition:
    """The asset, by these rules."""

    @dg.asset(
        deps=[raw_events],
        partitions_def=DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"polars", "clickhouse"},
        # The rows of one day at a time gather beside the table.
        pool="renormalised_events",
        description=(
            "What today's rules make of events that were shipped under older ones, by the day on which they came in. A "
            "day is replaced as a whole; raw events stay as they are, and staging takes whichever is newer."
        ),
        metadata={"dagster/table_name": "raw.renormalised_events"},
    )
    def renormalised_events(
        context: dg.AssetExecutionContext, config: Recompute, house: SettingsResource
    ) -> dg.MaterializeResult:
        from marketing_pipelines.events import recomputing, staleness

        asked = [date.fromisoformat(partition) for partition in context.partition_keys]
        client = events.connect(house.settings(), run_id=context.run.run_id)
        try:
            found = staleness.stale_days(client, events.Days(asked[0], asked[-1]), version=rules.version)
            stale = {each.day for each in found}
            told = [
                recomputing.recompute_day(client, day, at=clock.now(), run_id=context.run.run_id, rules=rules)
                for day in asked
                if config.also_current or day in stale
            ]
        finally:
            client.close()
        return dg.MaterializeResult(metadata=_report(told, rules))

    return renormalised_events


def watched_days() -> events.Days:
    today = clock.now().date()
    return events.Days(max(DAYS.start.date(), today - WATCHED), today)


def _report(told: "Sequence[Recomputed]", rules: Rules) -> dict[str, Any]:
    return {
        "dagster/row_count": sum(each.events for each in told),
        "rules_version": rules.version,
        "days": len(told),
        "became_bots": sum(each.became_bots for each in told),
        "became_people": sum(each.became_people for each in told),
        "changed_channel": sum(each.changed_channel for each in told),
        "by_day": table(
            ["day", "events", "became bots", "became people", "changed channel"],
            [
                (each.day, each.events, each.became_bots, each.became_people, each.changed_channel)
                for each in told
            ],
        ),
    }


renormalised_events = renormalised_events_asset()
