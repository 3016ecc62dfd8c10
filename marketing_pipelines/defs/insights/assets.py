"""One asset a channel: what its ad accounts report, a day at a time."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import dagster as dg

from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.pictures import picture, table
from marketing_pipelines.defs.resources import SettingsResource

if TYPE_CHECKING:
    from marketing_pipelines.insights.drift import Restated
    from marketing_pipelines.insights.sync import Synced

GROUP = "insights"
OWNERS = ["team:data"]
EARLIEST = DAYS.start.date()

ad_accounts = dg.AssetSpec(
    ["records", "ad_accounts"],
    description="The ad accounts that each tenant has connected, with how the last reading of each went.",
    group_name="records",
    owners=OWNERS,
    kinds={"postgres"},
)


def insights_asset(channel: str, title: str) -> dg.AssetsDefinition:
    """The asset of one channel."""
    key = dg.AssetKey(["insights", channel])

    @dg.asset(
        key=key,
        deps=[ad_accounts],
        partitions_def=DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"python", "clickhouse", channel.replace("_", "")},
        description=(
            f"What {title} reports about campaigns and ads, a day at a time. A day is replaced as a whole, so that "
            "rows which vanished there vanish here; with the newest day the restated days before it are read again. "
            "An account that fails says so in its own row and on the console's connection page."
        ),
        metadata={"dagster/table_name": "raw.insights"},
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=timedelta(hours=49), warn_window=timedelta(hours=25)
        ),
        pool=f"insights_{channel}",
        check_specs=[
            dg.AssetCheckSpec(
                "no_day_is_missing",
                asset=key,
                description="Every day that was asked for was read from every connected account.",
            )
        ],
    )
    def insights(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
        from connectors.face import Channel
        from marketing_pipelines.insights import sync
        from marketing_pipelines.insights.windows import Window

        settings = house.settings()
        days = [date.fromisoformat(partition) for partition in context.partition_keys]
        window = Window(days[0], days[-1])
        if context.partition_keys[-1] == DAYS.get_last_partition_key():
            window = window.reaching_back(sync.lookback(settings, Channel(channel)), EARLIEST)
        synced = sync.sync_channel(settings, Channel(channel), window, run_id=context.run.run_id)
        _announce_restated(context, key, synced, asked_for=days)
        return _result(synced, window.days)

    return insights


def _announce_restated(
    context: dg.AssetExecutionContext, key: dg.AssetKey, synced: "Sequence[Synced]", asked_for: Sequence[date]
) -> None:
    """Days that were read again beside the run's own are materialised too, and what follows them must know."""
    for day in sorted({day for account in synced for day in account.days} - set(asked_for)):
        context.log_event(
            dg.AssetMaterialization(
                key, description="Read again, since platforms restate.", partition=str(day)
            )
        )


def _result(synced: "Sequence[Synced]", days: Sequence[date]) -> dg.MaterializeResult:
    from marketing_pipelines.insights import drift, plots

    failing = [account for account in synced if account.error]
    missing = sorted({day for account in synced for day in account.missing})
    by_currency: defaultdict[str, Decimal] = defaultdict(Decimal)
    by_day: defaultdict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for account in synced:
        for (day, currency), amount in account.spend.items():
            by_currency[currency] += amount
            by_day[day, currency] += amount
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(account.rows for account in synced),
            "days": len(days),
            "accounts_ok": len(synced) - len(failing),
            "accounts_failing": len(failing),
            **{f"spend_{currency}": float(amount) for currency, amount in sorted(by_currency.items())},
            "failing": table(
                ["tenant", "account", "status", "why"],
                [[each.tenant_id, each.account_id, each.status, each.error] for each in failing],
            ),
            "spend_by_day": picture(plots.amounts(by_day), "Spend by day"),
            **_drift(drift.restated(synced)),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="no_day_is_missing",
                passed=not missing,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"missing": ", ".join(map(str, missing)) or "none"},
            )
        ],
    )


def _drift(restated: "Sequence[Restated]") -> dict[str, dg.MetadataValue]:
    """How spend that was stored before has changed; nothing where no day was read again."""
    from marketing_pipelines.insights import plots

    if not restated:
        return {}
    changes = {(each.day, each.currency): each.change for each in restated}
    changed = [each for each in restated if each.change]
    rows = [
        [each.day, each.currency, float(each.before), float(each.after), float(each.change)]
        for each in changed
    ]
    return {
        "restated": table(["day", "currency", "stored", "read again", "change"], rows),
        "change_by_day": picture(plots.amounts(changes), "Change of spend by day"),
    }


google_ads = insights_asset("google_ads", "Google Ads")
meta = insights_asset("meta", "Meta")
linkedin = insights_asset("linkedin", "LinkedIn")
tiktok = insights_asset("tiktok", "TikTok")
reddit = insights_asset("reddit", "Reddit")
x = insights_asset("x", "X")
INSIGHTS = (google_ads, meta, linkedin, tiktok, reddit, x)
