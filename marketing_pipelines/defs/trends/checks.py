"""Whether the feeds can be trusted, and the scores."""

import dagster as dg

from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.defs.trends.assets import feed_entries, stories, trend_scores

TOLERATED = 0.2


@dg.asset_check(
    asset=feed_entries, description="Fewer than a fifth of the feeds that are still read are failing."
)
def most_feeds_answer(house: SettingsResource) -> dg.AssetCheckResult:
    from marketing_pipelines.trends import reading

    health = reading.health(house.settings())
    return dg.AssetCheckResult(
        passed=health.failing < TOLERATED * health.read or not health.failing,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{health.failing} of {health.read} feeds are failing.",
        metadata={"failing": health.failing, "read": health.read, "retired": health.retired},
    )


@dg.asset_check(
    asset=stories, description="No entry of the last month waits for a story for longer than a reading takes."
)
def every_entry_has_its_story(house: SettingsResource) -> dg.AssetCheckResult:
    from marketing_pipelines.trends import membership

    waiting = membership.waiting(house.settings())
    return dg.AssetCheckResult(passed=waiting == 0, metadata={"entries_waiting": waiting})


@dg.asset_check(
    asset=trend_scores,
    description="Every score is one that counts can give, and none counts more feeds than told it.",
)
def scores_are_possible(house: SettingsResource) -> dg.AssetCheckResult:
    from marketing_pipelines.trends import scoring

    wrong = scoring.impossible(house.settings())
    return dg.AssetCheckResult(passed=wrong == 0, metadata={"impossible_scores": wrong})
