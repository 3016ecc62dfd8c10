"""From approval to outcome: what waits at the gate, what the gate's job sends, and what became of it."""

import dagster as dg

from marketing_pipelines.defs.resources import SettingsResource

OWNERS = ["team:data"]
GROUP = "outbound"

approved_actions = dg.AssetSpec(
    "approved_actions",
    description="What people have signed in the console, each vote bound to the hash of what will be sent.",
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
)

# Not materialisable by hand: no button and no back-fill sends anything, only the gate's own job does.
sends = dg.AssetSpec(
    "sends",
    description="Messages handed to the mail server by the gate's job, checked against the vote at the last moment.",
    deps=[approved_actions],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"smtp"},
)


@dg.asset(
    deps=[sends],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"clickhouse"},
    metadata={"dagster/table_name": "raw.deliveries"},
    automation_condition=dg.AutomationCondition.eager() | dg.AutomationCondition.on_cron("0 * * * *"),
)
def deliveries(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    """The outcome of every message: loads what the sending run could not, each exactly once."""
    from marketing_pipelines.outbound import loading
    from store import events

    settings = house.settings()
    client = events.connect(settings, run_id=context.run.run_id)
    try:
        loaded = loading.load(settings, client)
        total = int(str(client.command("select count() from raw.deliveries")))
    finally:
        client.close()
    return dg.MaterializeResult(metadata={"loaded": loaded, "dagster/row_count": total})
