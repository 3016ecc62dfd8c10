"""Attribution credits, a day at a time."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.pictures import picture, table
from marketing_pipelines.defs.resources import SettingsResource
from store import events, records
from store.settings import Role

if TYPE_CHECKING:
    import polars as pl

    from marketing_pipelines.attribution.reconciliation import Balance


# Late events and restated days reach back this far by themselves; older days are back-filled by hand.
TRAILING = timedelta(days=8)

WHEN_PATHS_CHANGE = dg.AutomationCondition.eager().replace(
    "in_latest_time_window", dg.AutomationCondition.in_latest_time_window(TRAILING)
)


@dg.asset(
    key="attribution_rules",
    description=(
        "Who is credited with each day's conversions by the rules: first, last and last non-direct touch, linear, "
        "position-based and time decay. Credits always add up to the conversions themselves, and values to the cent."
    ),
    deps=[dg.AssetKey(["intermediate", "int_paths"])],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    automation_condition=WHEN_PATHS_CHANGE,
    group_name="attribution",
    owners=["team:data"],
    kinds={"polars", "clickhouse"},
    metadata={"dagster/table_name": "raw.attribution_credits"},
    check_specs=[
        dg.AssetCheckSpec(
            "credits_add_up_to_conversions",
            asset="attribution_rules",
            description="Every model hands out exactly the day's conversions and value, no more and no less.",
        ),
        dg.AssetCheckSpec(
            "no_negative_share",
            asset="attribution_rules",
            description="No channel is credited with less than nothing.",
        ),
    ],
)
def attribution_rules(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    import polars as pl

    from marketing_pipelines.attribution import Family, credits, reconciliation

    settings, family = house.settings(), Family.RULES
    days = context.partition_time_window
    first, last = days.start.date(), (days.end - timedelta(days=1)).date()
    client = events.connect(settings, run_id=context.run.run_id)
    with records.session(settings, Role.PIPELINES) as session:
        tenants = records.tenants.all_ids(session)
    credited = pl.concat(
        [
            credits.none(),
            *(
                credits.store_days(client, tenant, first, last, family, context.run.run_id)
                for tenant in tenants
            ),
        ]
    )
    books = [
        balance
        for tenant in tenants
        for balance in reconciliation.balances(client, tenant, first, last, family)
    ]
    return dg.MaterializeResult(
        metadata=_report(credited), check_results=[_adds_up(books), _nothing_negative(books)]
    )


def _report(credited: "pl.DataFrame") -> dict[str, Any]:
    import polars as pl

    from marketing_pipelines.attribution import plots

    totals = (
        credited.group_by("model", "channel")
        .agg(pl.col("conversions").sum(), pl.col("value").cast(pl.Float64).sum())
        .sort("model", "conversions", descending=[False, True])
    )
    return {
        "dagster/row_count": len(credited),
        "shares": picture(plots.shares(totals), "Share of conversions by channel and model"),
        "credits": table(["model", "channel", "conversions", "value"], totals.rows()),
    }


def _adds_up(books: "list[Balance]") -> dg.AssetCheckResult:
    off = [balance for balance in books if not balance.holds]
    return dg.AssetCheckResult(
        check_name="credits_add_up_to_conversions",
        passed=not off,
        metadata={
            "out of balance": table(
                ["tenant", "model", "credited", "converted", "credited value", "converted value"],
                [
                    (b.tenant, b.model, b.credited, b.converted, b.credited_value, b.converted_value)
                    for b in off
                ],
            )
        },
    )


def _nothing_negative(books: "list[Balance]") -> dg.AssetCheckResult:
    below = [balance for balance in books if balance.least_share < 0]
    return dg.AssetCheckResult(
        check_name="no_negative_share",
        passed=not below,
        metadata={
            "negative": table(
                ["tenant", "model", "least share"], [(b.tenant, b.model, b.least_share) for b in below]
            )
        },
    )
