"""What Stripe tells of subscriptions, invoices and payments: read off its web hook, a bounded batch a run."""

from collections import Counter

import dagster as dg

from marketing_pipelines.defs.hook_calls import reading
from store.records.hooks import Waiting
from store.settings import Settings

# Not materialisable by hand: what was told is read once, by the job that follows the collector.
billing_events = dg.AssetSpec(
    "billing_events",
    description=(
        "What Stripe told of subscriptions, invoices, refunds and disputes. Each event is kept once with its connection, "
        "test mode apart from live mode; what stands is told by the newest event of each, in whatever order they came."
    ),
    deps=[dg.AssetKey(["records", "tenants"])],
    group_name="billing",
    owners=["team:data"],
    kinds={"stripe", "postgres"},
    metadata={"dagster/table_name": "records.public.billing_events"},
)


def _interpret(settings: Settings) -> Counter[str]:
    from marketing_pipelines.billing import billing_events

    return billing_events.interpret(settings)


def _waiting(settings: Settings) -> Waiting | None:
    from marketing_pipelines.billing import billing_events

    return billing_events.waiting(settings)


interpret_billing_events_job, billing_events_told = reading("billing_events", "Stripe", _interpret, _waiting)
