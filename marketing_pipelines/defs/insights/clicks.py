"""One asset a channel: how often the short links were followed that tenants have at another house, a day at a time."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from marketing_pipelines.defs.insights.assets import EARLIEST, GROUP, OWNERS
from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.pictures import table
from marketing_pipelines.defs.resources import SettingsResource

if TYPE_CHECKING:
    from marketing_pipelines.insights.link_clicks import GroupRead

connections = dg.AssetSpec(
    ["records", "connections"],
    description="What each tenant has connected, sealed, with how it stands.",
    group_name="records",
    owners=OWNERS,
    kinds={"postgres"},
)


def clicks_asset(channel: str, title: str) -> dg.AssetsDefinition:
    """The asset of one channel."""
    key = dg.AssetKey(["clicks", channel])

    @dg.asset(
        key=key,
        deps=[connections],
        partitions_def=DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"python", "clickhouse", channel.replace("_", "")},
        description=(
            f"How often each short link at {title} was followed, a day of UTC at a time, for 90 days from when it was made, as "
            f"{title} counts; our own links' clicks are never among them. A day is replaced as a whole; with the newest day the "
            "seven before it are read again. A group of links that fails says so and keeps what was read of it before."
        ),
        metadata={"dagster/table_name": "raw.link_clicks"},
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=timedelta(hours=49), warn_window=timedelta(hours=25)
        ),
        pool=f"insights_{channel}",
        check_specs=[
            dg.AssetCheckSpec(
                "every_group_was_read",
                asset=key,
                description="Every group of links that is connected was read.",
            )
        ],
    )
    def clicks(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
        from connectors.face import Channel
        from marketing_pipelines.insights import link_clicks
        from marketing_pipelines.insights.windows import Window

        days = [date.fromisoformat(partition) for partition in context.partition_keys]
        window = Window(days[0], days[-1])
        if context.partition_keys[-1] == DAYS.get_last_partition_key():
            window = window.reaching_back(link_clicks.LOOKBACK_DAYS, EARLIEST)
        read = link_clicks.read_clicks(house.settings(), Channel(channel), window, run_id=context.run.run_id)
        if any(group.error is None for group in read):
            _announce(context, key, sorted(set(window.days) - set(days)))
        return _result(read, len(window.days))

    return clicks


def _announce(context: dg.AssetExecutionContext, key: dg.AssetKey, days: Sequence[date]) -> None:
    """Days that were read again beside the run's own are materialised too, and what follows them must know."""
    for day in days:
        context.log_event(
            dg.AssetMaterialization(
                key, description="Read again, since its clicks may have grown.", partition=str(day)
            )
        )


def _result(read: "Sequence[GroupRead]", days: int) -> dg.MaterializeResult:
    failing = [group for group in read if group.error]
    rows = [[it.tenant_id, it.name, it.links, it.rows, it.clicks, it.error or ""] for it in read]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(group.rows for group in read),
            "days": days,
            "clicks": sum(group.clicks for group in read),
            "groups_ok": len(read) - len(failing),
            "groups_failing": len(failing),
            "groups": table(["tenant", "group", "links", "rows", "clicks", "why not"], rows),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_group_was_read",
                passed=not failing,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"failing": ", ".join(group.name for group in failing) or "none"},
            )
        ],
    )


bitly = clicks_asset("bitly", "Bitly")
CLICKS = (bitly,)
