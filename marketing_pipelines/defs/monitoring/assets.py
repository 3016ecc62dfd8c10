"""What shows that the house itself is in order."""

import dagster as dg

from marketing_pipelines.defs.resources import SettingsResource


@dg.asset(
    description=(
        "The last entry of every tenant's audit chain, verified from the start and against the heads that were signed "
        "before. It is signed in turn and kept here and in a file, outside the database, so that a chain that was "
        "rewritten later can be told from the one that was."
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
    import msgspec

    from marketing_pipelines.monitoring import audit_chains
    from store import audit_heads

    settings = house.settings()
    verdicts = list(audit_chains.verified(settings))
    signed = audit_chains.sign(settings, verdicts)
    broken = {str(it.tenant): f"entry {it.broken.seq}: {it.broken.reason}" for it in verdicts if it.broken}
    return dg.MaterializeResult(
        metadata={
            "chains": len(verdicts),
            "entries": sum(verdict.entries for verdict in verdicts),
            "signed_heads": [msgspec.to_builtins(head) for head in signed],
            "public_key": audit_heads.public_key(settings),
            "file": dg.MetadataValue.path(str(settings.audit_heads)),
        },
        check_results=[
            dg.AssetCheckResult(passed=not broken, check_name="chains_are_whole", metadata={"broken": broken})
        ],
    )
