"""Feeds become entries, entries become scored stories."""

import re
from datetime import date, timedelta
from typing import Any

import dagster as dg

from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.pictures import picture, table
from marketing_pipelines.defs.resources import SettingsResource

GROUP = "trends"
OWNERS = ["team:marketing"]
MOST_STORIES = 20

# Yesterday is scored once more after midnight, as of its very end.
WHEN_ENTRIES_COME = dg.AutomationCondition.eager().replace(
    "in_latest_time_window", dg.AutomationCondition.in_latest_time_window(timedelta(days=2))
)


@dg.asset(
    deps=[dg.AssetKey(["records", "feeds"])],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "clickhouse"},
    description=(
        "New and changed entries of every feed that is due. A feed that fails says so in its own row and on the "
        "console's feed page; it never fails the run. Reading again stores nothing twice."
    ),
    metadata={"dagster/table_name": "raw.feed_entries"},
    freshness_policy=dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=6), warn_window=timedelta(hours=2)
    ),
    pool="feeds",
)
def feed_entries(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    from marketing_pipelines.trends import reading

    readings = reading.read_due(house.settings(), run_id=context.run.run_id)
    failing = [each for each in readings if each.failing]
    for each in failing:
        context.log.warning(f"Feed {each.feed_id} of tenant {each.tenant_id}: {each.error}")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(each.stored for each in readings),
            "entries_shown": sum(each.entries for each in readings),
            "feeds_ok": len(readings) - len(failing),
            "feeds_failing": len(failing),
            "failing": table(
                ["tenant", "feed", "why"],
                [[each.tenant_id, _quoted(each.name), _quoted(each.error or "")] for each in failing],
            ),
        }
    )


@dg.asset(
    deps=[feed_entries],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    automation_condition=WHEN_ENTRIES_COME,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"polars", "clickhouse"},
    description=(
        "How fast each story spreads: sources that mention it in the last 24 hours over those of the 24 to 72 hours "
        "before. A day is scored as of its end, from what was known by then; today as of now."
    ),
    metadata={"dagster/table_name": "raw.trend_scores"},
    freshness_policy=dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=12), warn_window=timedelta(hours=3)
    ),
)
def trend_scores(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    from marketing_pipelines.trends import plots, scoring

    scored = scoring.score_days(
        house.settings(),
        [date.fromisoformat(key) for key in context.partition_keys],
        run_id=context.run.run_id,
    )
    latest = scored.latest.head(MOST_STORIES)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": scored.rows,
            "days": len(context.partition_keys),
            "stories": len(scored.latest),
            "top_stories": table(
                ["tenant", "story", "now", "before", "velocity", ""],
                [_row(story) for story in latest.iter_rows(named=True)],
            ),
            "rising": picture(plots.rising(latest), "The fastest stories"),
        }
    )


def _row(story: dict[str, Any]) -> list[Any]:
    label = f"{story['label']}, new" if story["is_new"] else story["label"]
    return [
        story["tenant_id"],
        _quoted(story["title"]),
        story["recent"],
        story["before"],
        story["velocity"],
        label,
    ]


def _quoted(text: str) -> str:
    """What strangers wrote, so that the UI shows it as text and neither loads pictures nor makes links of it."""
    return re.sub(r"([\\`*_{}\[\]()<>#!~])|:(?=//)", lambda found: f"\\{found[0]}", text)
