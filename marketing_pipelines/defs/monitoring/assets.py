"""What shows that the house itself is in order."""

import dagster as dg

from marketing_pipelines.defs.resources import SettingsResource
from store import records
from store.records.audit_log import HOUSE
from store.settings import Role


@dg.asset(
    description=(
        "The last entry of every tenant's audit chain, verified from the start. Its hash is kept here, outside the "
        "database, so that a chain that was rewritten later can be told from the one that was."
    ),
    group_name="monitoring",
    owners=["team:operations"],
    kinds={"postgres"},
    deps=[dg.AssetKey("deliveries")],
    automation_condition=dg.AutomationCondition.on_cron("0 2 * * *"),
    check_specs=[
        dg.AssetCheckSpec(
            "chains_are_whole",
            asset="audit_chain",
            description="Every entry follows from the one before it, in every tenant's chain.",
        )
    ],
)
def audit_chain(house: SettingsResource) -> dg.MaterializeResult:
    heads, broken = {}, {}
    with records.session(house.settings(), Role.PIPELINES) as session:
        for tenant in [HOUSE, *records.tenants.all_ids(session)]:
            found = records.audit_log.verify(session, tenant)
            if found:
                broken[str(tenant)] = f"entry {found.seq}: {found.reason}"
            heads[str(tenant)] = records.audit_log.head(session, tenant)
    return dg.MaterializeResult(
        metadata={"chains": len(heads), "heads": heads},
        check_results=[
            dg.AssetCheckResult(passed=not broken, check_name="chains_are_whole", metadata={"broken": broken})
        ],
    )
