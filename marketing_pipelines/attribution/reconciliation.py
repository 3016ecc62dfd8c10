"""Reconciliation: what was credited, read back and held against what was converted."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from marketing_pipelines.attribution.catalogue import Family, models
from store import events
from store.records.schema import GoalId, TenantId

LARGEST_DRIFT = 1e-6
NOTHING = {"credited": 0.0, "credited_value": Decimal(0), "least_share": 0.0, "channels": 0}

CREDITED = """
select
    goal_id,
    model,
    sum(conversions) as credited,
    sum(value) as credited_value,
    min(conversions) as least_share,
    uniqExact(date_day, channel) as channels
from raw.attribution_credits
where tenant_id = {tenant:Int64} and date_day between {first:Date} and {last:Date}
group by goal_id, model
"""

CONVERTED = """
select
    goal_id,
    sum(conversions) as converted,
    sum(value) as converted_value,
    uniqExactArray(arrayMap(channel -> (converted_on, channel), channels)) as channels
from intermediate.int_paths
where tenant_id = {tenant:Int64} and converted_on between {first:Date} and {last:Date}
group by goal_id
order by goal_id
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """One model's credits of a tenant beside what the tenant's goal was reached for."""

    tenant: TenantId
    goal: GoalId
    model: str
    credited: float
    converted: int
    credited_value: Decimal
    converted_value: Decimal
    least_share: float
    channels_lost: int

    @property
    def holds(self) -> bool:
        drift = abs(self.credited - self.converted)
        return drift <= LARGEST_DRIFT * max(self.converted, 1) and self.credited_value == self.converted_value


def balances(
    client: events.Client, tenant: TenantId, first: date, last: date, family: Family
) -> list[Balance]:
    """A tenant's books of these days, one entry for each goal and model, also for one that credited nothing."""
    days = {"first": first, "last": last}
    credited = {
        (row["goal_id"], str(row["model"])): row
        for row in events.read_for_tenant(client, tenant, CREDITED, **days).iter_rows(named=True)
    }
    return [
        Balance(
            tenant=tenant,
            goal=GoalId(reached["goal_id"]),
            model=known.name,
            credited=row["credited"],
            converted=reached["converted"],
            credited_value=row["credited_value"],
            converted_value=reached["converted_value"],
            least_share=row["least_share"],
            channels_lost=reached["channels"] - row["channels"],
        )
        for reached in events.read_for_tenant(client, tenant, CONVERTED, **days).iter_rows(named=True)
        for known in models(family)
        for row in [credited.get((reached["goal_id"], known.name), NOTHING)]
    ]
