"""What must hold of the outcomes in the warehouse."""

import dagster as dg

from marketing_pipelines.defs.outbound.assets import deliveries
from marketing_pipelines.defs.resources import SettingsResource

_COPIES = """
select count() - uniqExact(tenant_id, action_id, step, recipient_key, occurrence, state, occurred_at)
from raw.deliveries
"""


@dg.asset_check(asset=deliveries, description="No outcome was loaded twice.")
def no_outcome_twice(house: SettingsResource) -> dg.AssetCheckResult:
    from store import events

    client = events.connect(house.settings())
    try:
        copies = int(str(client.command(_COPIES)))
    finally:
        client.close()
    return dg.AssetCheckResult(passed=copies == 0, metadata={"copies": copies})
