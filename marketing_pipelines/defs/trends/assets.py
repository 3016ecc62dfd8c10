"""Feeds become entries, entries stories, stories scores, and scores the digest of a day."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import dagster as dg

from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.pictures import picture, table
from marketing_pipelines.defs.resources import SettingsResource
from store.settings import current

GROUP = "trends"
OWNERS = ["team:marketing"]
MOST_STORIES = 20
MOST_FAILING = 50

DAILY_READING, HOURLY_READING = "0 0 * * *", "0 * * * *"
DAILY_SCORES = "0 1 * * *"
NOT_BEING_MADE = ~dg.AutomationCondition.in_progress()
# Each feed's own interval decides whether it is due when feeds are read. A clock alone: nobody materialises the list of feeds.
WHEN_TO_READ = NOT_BEING_MADE & dg.AutomationCondition.cron_tick_passed(
    HOURLY_READING if current().feeds_read_hourly else DAILY_READING, cron_timezone="UTC"
)
# Yesterday is scored once more after midnight, as of its very end.
YESTERDAY_TOO = dg.AutomationCondition.in_latest_time_window(timedelta(days=2))
WHEN_CHANGED = dg.AutomationCondition.eager()
WHEN_DAYS_CHANGE = WHEN_CHANGED.replace("in_latest_time_window", YESTERDAY_TOO)
WHEN_STORIES_CHANGE = WHEN_DAYS_CHANGE | (
    NOT_BEING_MADE
    & YESTERDAY_TOO
    & dg.AutomationCondition.cron_tick_passed(DAILY_SCORES, cron_timezone="UTC")
)


@dg.asset(
    deps=[dg.AssetKey(["records", "feeds"])],
    automation_condition=WHEN_TO_READ,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "clickhouse"},
    description=(
        "New and changed entries of every feed that is due. A feed that fails says so in its own row and on the "
        "console's feed page; it never fails the run. Reading again stores nothing twice."
    ),
    metadata={"dagster/table_name": "raw.feed_entries"},
    freshness_policy=dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=26), warn_window=timedelta(hours=25)
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
                [
                    [each.tenant_id, _quoted(each.name), _quoted(each.error or "")]
                    for each in failing[:MOST_FAILING]
                ],
            ),
        }
    )


@dg.asset(
    deps=[feed_entries],
    automation_condition=WHEN_CHANGED,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"scikitlearn", "clickhouse"},
    description=(
        "Which story each entry tells: entries with one address, or with nearly the same words, tell the same one. A "
        "story is known by its first entry and stays what it is; merges and splits are rows of their own, with the "
        "moment since when they are known. Only entries that are new or were edited are looked at."
    ),
    metadata={"dagster/table_name": "raw.story_members"},
    freshness_policy=dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=27), warn_window=timedelta(hours=25)
    ),
    pool="stories",
)
def stories(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    from marketing_pipelines.trends import membership

    assigned = membership.assign_new(house.settings(), run_id=context.run.run_id)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(each.entries for each in assigned),
            "new_stories": sum(each.new_stories for each in assigned),
            "merges": sum(each.merges for each in assigned),
            "splits": sum(each.splits for each in assigned),
            "tenants": len(assigned),
        }
    )


@dg.asset(
    deps=[stories],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    automation_condition=WHEN_STORIES_CHANGE,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"polars", "clickhouse"},
    # The rows of one day at a time gather beside the table.
    pool="trend_scores",
    description=(
        "How fast each story spreads, as of each hour: feeds that tell it in the last 24 hours over those of the 24 to "
        "72 hours before, the rate per hour with the bounds between which it lies, and how sure that is. An hour is "
        "scored from what was known by then, so that scoring it again gives the same."
    ),
    metadata={"dagster/table_name": "raw.trend_scores"},
    freshness_policy=dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=27), warn_window=timedelta(hours=25)
    ),
)
def trend_scores(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    from marketing_pipelines.trends import plots, scoring

    scored = scoring.score_days(house.settings(), _days(context), run_id=context.run.run_id)
    fastest = scored.latest.head(MOST_STORIES)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": scored.rows,
            "days": len(context.partition_keys),
            "stories": len(scored.latest),
            "top_stories": _table_of_stories(fastest.iter_rows(named=True)),
            "rising": picture(plots.rising(fastest), "The fastest stories"),
        }
    )


@dg.asset(
    deps=[stories],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    automation_condition=WHEN_DAYS_CHANGE,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"numpy", "clickhouse"},
    # The rows of one day at a time gather beside the table.
    pool="topic_scores",
    description=(
        "How many mentions each topic has an hour beside what its own past and the hour of the week lead one to expect. "
        "An hour for which no feed was read is unknown, not quiet."
    ),
    metadata={"dagster/table_name": "raw.topic_scores"},
    freshness_policy=dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=27), warn_window=timedelta(hours=25)
    ),
)
def topic_scores(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    from marketing_pipelines.trends import topics

    scored = topics.score_days(house.settings(), _days(context), run_id=context.run.run_id)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": scored.rows,
            "bursts": len(scored.found),
            "found": table(
                ["tenant", "topic", "hour that ended at", "mentions", "expected", "z"],
                [
                    [
                        row["tenant_id"],
                        _quoted(row["topic"]),
                        f"{row['as_of']:%Y-%m-%d %H:%M}",
                        row["mentions"],
                        row["expected"],
                        row["z"],
                    ]
                    for row in scored.found.tail(MOST_STORIES).iter_rows(named=True)
                ],
            ),
        }
    )


@dg.asset(
    deps=[trend_scores],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    automation_condition=WHEN_DAYS_CHANGE,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"polars", "clickhouse"},
    # The rows of one day at a time gather beside the table.
    pool="trend_digest",
    description=(
        "What a marketer should know of a day, for each tenant and topic: the few stories that surely spread, who tells "
        "them, why each is here, and which earlier story it is like."
    ),
    metadata={"dagster/table_name": "raw.trend_digests"},
    freshness_policy=dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=27), warn_window=timedelta(hours=25)
    ),
)
def trend_digest(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    from marketing_pipelines.trends import digest

    made = digest.make_days(house.settings(), _days(context), run_id=context.run.run_id)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": made.rows,
            "days": len(context.partition_keys),
            "of_the_last_day": _table_of_stories(made.latest.head(MOST_STORIES).iter_rows(named=True)),
        }
    )


def _days(context: dg.AssetExecutionContext) -> list[date]:
    return [date.fromisoformat(key) for key in context.partition_keys]


def _table_of_stories(stories: Iterable[dict[str, Any]]) -> dg.MarkdownMetadataValue:
    headings = ["tenant", "story", "now", "before", "velocity", "an hour at least", ""]
    return table(headings, [_row(story) for story in stories])


def _row(story: dict[str, Any]) -> list[Any]:
    said = [story["label"], story["certainty"], *(["new"] if story["is_new"] else [])]
    return [
        story["tenant_id"],
        _quoted(story["title"]),
        story["recent"],
        story["before"],
        story["velocity"],
        story["rate_low"],
        ", ".join(said),
    ]


def _quoted(text: str) -> str:
    """What strangers wrote, so that the UI shows it as text and neither loads pictures nor makes links of it."""
    return re.sub(r"([\\`*_{}\[\]()<>#!~])|:(?=//)", lambda found: f"\\{found[0]}", text)
