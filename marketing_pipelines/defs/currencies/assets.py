"""What a euro bought of other money, a day at a time."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.pictures import picture, table
from marketing_pipelines.defs.resources import SettingsResource
from store import clock, events

if TYPE_CHECKING:
    from marketing_pipelines.currencies.reading import Read

# The bank speaks at four in the afternoon of Frankfurt; what failed then is caught up with in the morning.
AFTER_THE_BANK = "30 6,15 * * *"
# Days that no run came to are read with the newest one; older ones are back-filled by hand.
CAUGHT_UP = timedelta(days=14)
# Over Easter the bank is silent for four days.
LONGEST_SILENCE = timedelta(days=5)
EARLIEST = DAYS.start.date()


@dg.asset(
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    automation_condition=dg.AutomationCondition.on_cron(AFTER_THE_BANK, cron_timezone="UTC"),
    group_name="currencies",
    owners=["team:data"],
    kinds={"python", "clickhouse"},
    # The rows of one day at a time gather beside the table.
    pool="exchange_rates",
    description=(
        "The European Central Bank's reference rates. Week-ends and holidays have none: the last rate before them "
        "holds. A feed that fails or has changed fails the run and leaves every day as it was; a rate that leaps "
        "overnight is kept out and told. A team's own fixed rates, in the dbt seed of this name, stand over these."
    ),
    metadata={"dagster/table_name": "raw.exchange_rates"},
    freshness_policy=dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=49), warn_window=timedelta(hours=25)
    ),
    check_specs=[
        dg.AssetCheckSpec(
            "no_rate_leapt",
            asset="exchange_rates",
            description="No rate is off by a factor of two from the last one before it that was believed.",
        ),
        dg.AssetCheckSpec(
            "the_bank_has_spoken_lately",
            asset="exchange_rates",
            description="The newest rates are no older than the longest silence of the bank's holidays.",
        ),
    ],
)
def exchange_rates(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    from connectors.errors import ChannelError
    from marketing_pipelines.currencies import reading

    asked = [date.fromisoformat(partition) for partition in context.partition_keys]
    days = events.Days(asked[0], asked[-1])
    if context.partition_keys[-1] == DAYS.get_last_partition_key():
        days = events.Days(max(EARLIEST, min(days.first, days.last - CAUGHT_UP)), days.last)
    try:
        read = reading.read_days(house.settings(), days, run_id=context.run.run_id)
    except ChannelError as trouble:
        raise dg.Failure(f"{trouble} The rates of every day stay as they were.") from trouble
    _announce(context, read, asked_for=asked)
    return _result(read)


def _announce(context: dg.AssetExecutionContext, read: "Read", asked_for: Sequence[date]) -> None:
    """Days that were caught up with beside the run's own are materialised too."""
    for day in sorted(set(read.changed) - set(asked_for)):
        context.log_event(
            dg.AssetMaterialization(
                "exchange_rates", description="Caught up with, since no run had read it.", partition=str(day)
            )
        )


def _result(read: "Read") -> dg.MaterializeResult:
    from marketing_pipelines.currencies import plots

    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(read.believed),
            "latest_day": str(read.latest),
            "currencies": len({rate.currency for rate in read.history if rate.day == read.latest}),
            "days_changed": len(read.changed),
            "movements": picture(plots.movements(read.history), "Movements against the euro"),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="no_rate_leapt",
                passed=not read.leaps,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={
                    "kept_out": table(
                        ["day", "currency", "said", "believed before", "of"],
                        [
                            (
                                leap.said.day,
                                leap.said.currency,
                                leap.said.per_euro,
                                leap.before.per_euro,
                                leap.before.day,
                            )
                            for leap in read.leaps
                        ],
                    )
                },
            ),
            dg.AssetCheckResult(
                check_name="the_bank_has_spoken_lately",
                passed=clock.now().date() - read.latest <= LONGEST_SILENCE,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"latest_day": str(read.latest)},
            ),
        ],
    )
