"""Attribution: who is credited with each day's conversions, an asset for each family of models, and the weeks side by side.

A model that is registered in the catalogue is computed, checked and drawn here without being named.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from marketing_pipelines.attribution.catalogue import Family
from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.pictures import picture, table
from marketing_pipelines.defs.resources import SettingsResource
from store import events, records
from store.settings import Role, Settings

if TYPE_CHECKING:
    import polars as pl

    from marketing_pipelines.attribution.reconciliation import Balance
    from marketing_pipelines.attribution.terms import Terms
    from store.records.schema import TenantId


GROUP = "attribution"
OWNERS = ["team:data"]
PATHS = dg.AssetKey(["intermediate", "int_paths"])

# Late events and restated days reach back this far by themselves; older days are back-filled by hand.
TRAILING = timedelta(days=8)

WHEN_PATHS_CHANGE = dg.AutomationCondition.eager().replace(
    "in_latest_time_window", dg.AutomationCondition.in_latest_time_window(TRAILING)
)
# Intervals of a large house take minutes, and shares of weeks do not turn within hours.
FOUR_TIMES_A_DAY = "30 4,10,16,22 * * *"

SAID_OF = {
    Family.RULES: (
        "Who is credited with each day's conversions by rules that look at the places of touches alone: first, last, last "
        "that was not direct, all alike, by position and by age."
    ),
    Family.MARKOV: (
        "Who is credited with each day's conversions by what would be lost without a channel, computed exactly from a "
        "Markov chain over the four weeks up to the day, paths that led nowhere included."
    ),
    Family.SHAPLEY: (
        "Who is credited with each day's conversions by what a channel adds on average, in two games: one in which a path "
        "needs all of its channels, and one over the Markov chain of the four weeks up to the day."
    ),
}


def credits_asset(family: Family) -> dg.AssetsDefinition:
    """The credits of one family of models, a day at a time."""
    name = f"attribution_{family}"

    @dg.asset(
        key=name,
        description=f"{SAID_OF[family]} Credits add up to the conversions themselves, and values to the cent.",
        deps=[PATHS],
        partitions_def=DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        automation_condition=WHEN_PATHS_CHANGE,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"polars", "clickhouse"},
        metadata={"dagster/table_name": "raw.attribution_credits"},
        check_specs=[
            dg.AssetCheckSpec(
                "credits_add_up_to_conversions",
                asset=name,
                description="Every model hands out exactly the days' conversions and value of each goal.",
            ),
            dg.AssetCheckSpec(
                "no_negative_share",
                asset=name,
                description="No channel is credited with less than no conversions; a refund takes value alone.",
            ),
            dg.AssetCheckSpec(
                "no_channel_lost",
                asset=name,
                description="Every channel that anybody was met by has a row, also where it earned nothing.",
            ),
        ],
    )
    def credits_of_days(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
        import polars as pl

        from marketing_pipelines.attribution import credits, reading, reconciliation

        settings = house.settings()
        days = context.partition_time_window
        first, last = days.start.date(), (days.end - timedelta(days=1)).date()
        client = events.connect(settings, run_id=context.run.run_id)
        credited, books = [credits.none()], []
        concerned = reading.tenants(client, first, last, credits.TABLE, "date_day")
        for terms in _terms_of(settings, concerned):
            credited.append(credits.store_days(client, terms, first, last, family, context.run.run_id))
            books += reconciliation.balances(client, terms.tenant, first, last, family)
        return dg.MaterializeResult(
            metadata=_report(pl.concat(credited)),
            check_results=[_adds_up(books), _nothing_negative(books), _nothing_lost(books)],
        )

    return credits_of_days


attribution_rules = credits_asset(Family.RULES)
attribution_markov = credits_asset(Family.MARKOV)
attribution_shapley = credits_asset(Family.SHAPLEY)


@dg.asset(
    description=(
        "What every model says of the last 7, 28 and 90 days, side by side, each share with the bounds between which nine "
        "of ten other samples of people would put it. None of these models proves what caused a purchase."
    ),
    deps=[PATHS, dg.AssetKey(["intermediate", "int_touchpoints"])],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    automation_condition=dg.AutomationCondition.on_cron(FOUR_TIMES_A_DAY),
    group_name=GROUP,
    owners=OWNERS,
    kinds={"polars", "clickhouse"},
    metadata={"dagster/table_name": "raw.attribution_results"},
)
def attribution_results(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    import polars as pl

    from marketing_pipelines.attribution import reading, results
    from marketing_pipelines.attribution.reading import Window

    settings = house.settings()
    client = events.connect(settings, run_id=context.run.run_id)
    days = context.partition_time_window
    first = days.start.date()
    windows = [
        Window(first + timedelta(days=number), length)
        for number in range((days.end - days.start).days)
        for length in results.WINDOWS
    ]
    earliest, latest = min(window.first for window in windows), max(window.last for window in windows)
    concerned = reading.tenants(client, earliest, latest, results.TABLE, "as_of")
    told = (
        results.store(client, terms, windows, context.run.run_id) for terms in _terms_of(settings, concerned)
    )
    stored = pl.concat([results.none(), *told])
    return dg.MaterializeResult(metadata=_side_by_side(stored))


def _terms_of(settings: Settings, concerned: "set[TenantId]") -> "list[Terms]":
    """A house may have many tenants to which nothing happens; nothing is asked for them."""
    from marketing_pipelines.attribution import terms

    with records.session(settings, Role.PIPELINES) as session:
        known = records.tenants.all_ids(session)
        return [terms.of_tenant(session, tenant) for tenant in known if tenant in concerned]


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


def _side_by_side(stored: "pl.DataFrame") -> dict[str, Any]:
    """The longest window of the latest day, of the tenant that converts most: a picture has room for one."""
    import polars as pl

    from marketing_pipelines.attribution import plots

    counted = {"dagster/row_count": len(stored)}
    if stored.is_empty():
        return counted
    most = (
        stored.filter(as_of=stored["as_of"].max(), window_days=stored["window_days"].max())
        .group_by("tenant_id", "goal_id")
        .agg(pl.col("conversions").sum())
        .sort("conversions", "tenant_id", "goal_id")
        .row(-1, named=True)
    )
    shown = stored.filter(
        as_of=stored["as_of"].max(),
        window_days=stored["window_days"].max(),
        tenant_id=most["tenant_id"],
        goal_id=most["goal_id"],
    )
    headings = ["model", "channel", "conversions", "value", "share", "share_low", "share_high"]
    rows = shown.sort("model", "conversions", descending=[False, True]).with_columns(
        pl.col("value").cast(pl.Float64)
    )
    return counted | {
        "tenant": most["tenant_id"],
        "shares_with_intervals": picture(
            plots.shares_with_intervals(shown), "Share of conversions, and where nine of ten samples fall"
        ),
        "side_by_side": table(headings, rows.select(headings).rows()),
    }


def _adds_up(books: "list[Balance]") -> dg.AssetCheckResult:
    off = [balance for balance in books if not balance.holds]
    return dg.AssetCheckResult(
        check_name="credits_add_up_to_conversions",
        passed=not off,
        metadata={
            "out of balance": table(
                ["tenant", "goal", "model", "credited", "converted", "credited value", "converted value"],
                [
                    (b.tenant, b.goal, b.model, b.credited, b.converted, b.credited_value, b.converted_value)
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
                ["tenant", "goal", "model", "least share"],
                [(b.tenant, b.goal, b.model, b.least_share) for b in below],
            )
        },
    )


def _nothing_lost(books: "list[Balance]") -> dg.AssetCheckResult:
    lost = [balance for balance in books if balance.channels_lost]
    return dg.AssetCheckResult(
        check_name="no_channel_lost",
        passed=not lost,
        metadata={
            "lost": table(
                ["tenant", "goal", "model", "channels lost"],
                [(b.tenant, b.goal, b.model, b.channels_lost) for b in lost],
            )
        },
    )
