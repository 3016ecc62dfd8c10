"""One asset a channel: what stands in its ad accounts."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from marketing_pipelines.defs.insights.assets import GROUP, OWNERS, ad_accounts
from marketing_pipelines.defs.pictures import table
from marketing_pipelines.defs.resources import SettingsResource

if TYPE_CHECKING:
    from marketing_pipelines.insights.inventory import AccountRead


def ads_asset(channel: str, title: str) -> dg.AssetsDefinition:
    """The asset of one channel."""
    key = dg.AssetKey(["ads", channel])

    @dg.asset(
        key=key,
        deps=[ad_accounts],
        group_name=GROUP,
        owners=OWNERS,
        kinds={"python", "postgres", channel.replace("_", "")},
        description=(
            f"The campaigns, ad sets and ads in the accounts at {title}, with whom they are shown to, how they stand and what "
            "they may spend today, as it is now. What is not there any more is gone, and keeps its row; budgets are kept day "
            "by day. An account that fails says so in the run and keeps what was read of it before."
        ),
        metadata={"dagster/table_name": "ads"},
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=timedelta(hours=25), warn_window=timedelta(hours=13)
        ),
        pool=f"insights_{channel}",
        check_specs=[
            dg.AssetCheckSpec(
                "nothing_is_refused",
                asset=key,
                description="Every account was read, and no ad in it was refused by its platform.",
            )
        ],
    )
    def ads(house: SettingsResource) -> dg.MaterializeResult:
        from connectors.face import Channel
        from marketing_pipelines.insights import inventory

        return _result(inventory.read_inventories(house.settings(), Channel(channel)))

    return ads


def _result(read: "Sequence[AccountRead]") -> dg.MaterializeResult:
    failing = [account for account in read if account.error]
    refused = sum(account.kept.refused for account in read)
    rows = [
        [it.tenant_id, it.account_id, it.name, it.kept.campaigns, it.kept.ad_sets, it.kept.ads, it.kept.refused, it.kept.homeless, it.error or ""]
        for it in read
    ]  # fmt: skip
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(account.kept.ads for account in read),
            "accounts_ok": len(read) - len(failing),
            "accounts_failing": len(failing),
            "ads_refused": refused,
            "accounts": table(
                [
                    "tenant",
                    "account",
                    "name",
                    "campaigns",
                    "ad sets",
                    "ads",
                    "refused",
                    "homeless",
                    "why not",
                ],
                rows,
            ),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="nothing_is_refused",
                passed=not failing and not refused,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"ads_refused": refused, "accounts_failing": len(failing)},
            )
        ],
    )


google_ads = ads_asset("google_ads", "Google Ads")
meta = ads_asset("meta", "Meta")
linkedin = ads_asset("linkedin", "LinkedIn")
tiktok = ads_asset("tiktok", "TikTok")
reddit = ads_asset("reddit", "Reddit")
ADS = (google_ads, meta, linkedin, tiktok, reddit)
