"""Whether the reported figures can be true, and whether they will go on coming."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import dagster as dg

from marketing_pipelines.defs.insights.assets import EARLIEST, INSIGHTS
from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.pictures import table
from marketing_pipelines.defs.resources import SettingsResource

# Older days are past what any platform restates, and were checked when they were young.
RESTATABLE = timedelta(days=90)


def spend_is_not_negative(asset: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    """The check of one channel."""

    @dg.asset_check(asset=asset, description="Nothing cost less than nothing.")
    def spend_is_not_negative(house: SettingsResource) -> dg.AssetCheckResult:
        from connectors.face import Channel
        from marketing_pipelines.insights import reconciliation

        found = reconciliation.negative_spend(house.settings(), Channel(asset.key.path[-1]), *_recently())
        return _result(
            found,
            ["tenant", "account", "day", "level", "campaign", "ad", "spend in micros"],
            dg.AssetCheckSeverity.ERROR,
        )

    return spend_is_not_negative


def ads_cost_no_more_than_campaigns(asset: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    """The check of one channel."""

    @dg.asset_check(
        asset=asset,
        description="An account's ads cost no more in a day than its campaigns, where both are there.",
    )
    def ads_cost_no_more_than_campaigns(house: SettingsResource) -> dg.AssetCheckResult:
        from connectors.face import Channel
        from marketing_pipelines.insights import reconciliation

        found = reconciliation.ads_beyond_campaigns(
            house.settings(), Channel(asset.key.path[-1]), *_recently()
        )
        return _result(
            found,
            ["tenant", "account", "day", "currency", "campaigns in micros", "ads in micros"],
            dg.AssetCheckSeverity.WARN,
        )

    return ads_cost_no_more_than_campaigns


def its_version_is_answered(asset: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    """The check of one channel."""

    @dg.asset_check(
        asset=asset,
        description="The platform answers the version that we speak for two months more, as far as it has said.",
    )
    def its_version_is_answered(house: SettingsResource) -> dg.AssetCheckResult:
        from connectors.face import Channel
        from marketing_pipelines.insights import versions
        from store import clock

        today = clock.now().date()
        found = versions.ending(house.settings(), Channel(asset.key.path[-1]), today)
        severity = dg.AssetCheckSeverity
        return _result(
            [(each.version, each.until, each.connections) for each in found],
            ["version", "answered until", "connections"],
            severity.ERROR if versions.is_over(found, today) else severity.WARN,
        )

    return its_version_is_answered


def _recently() -> tuple[date, date]:
    newest = date.fromisoformat(DAYS.get_last_partition_key() or EARLIEST.isoformat())
    return newest - RESTATABLE, newest


def _result(
    found: Sequence[Sequence[Any]], headings: Sequence[str], severity: dg.AssetCheckSeverity
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not found,
        severity=severity,
        metadata={"contradictions": len(found), "shown": table(headings, found)},
    )


# A list, since Dagster finds no checks in any other collection.
insights_checks = [
    check(asset)
    for asset in INSIGHTS
    for check in (spend_is_not_negative, ads_cost_no_more_than_campaigns, its_version_is_answered)
]
