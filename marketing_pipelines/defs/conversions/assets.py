"""Conversions go back to the platforms whose ads were clicked, by the rules that people have signed."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from marketing_pipelines.defs.pictures import table
from marketing_pipelines.defs.resources import SettingsResource
from store import events

if TYPE_CHECKING:
    from marketing_pipelines.conversions.proposing import Proposed


@dg.asset(
    description=(
        "Yesterday's conversions whose click an ad platform sold, of people who consented, put into actions on the rules "
        "that people have signed (type conversion_report). What leaves the house leaves through the gate. Each conversion is "
        "reported once, also when this runs again."
    ),
    deps=[
        dg.AssetKey(["intermediate", "int_conversions"]),
        dg.AssetKey(["intermediate", "int_identities"]),
        dg.AssetKey(["staging", "stg_events"]),
        dg.AssetKey("approved_actions"),
    ],
    group_name="conversions",
    owners=["team:data"],
    kinds={"python", "clickhouse", "postgres"},
)
def conversion_reports(context: dg.AssetExecutionContext, house: SettingsResource) -> dg.MaterializeResult:
    from marketing_pipelines.conversions import proposing
    from store.audit import Actor, ActorKind

    settings = house.settings()
    client = events.connect(settings, run_id=context.run.run_id)
    try:
        proposed = proposing.propose(settings, client, Actor(ActorKind.RUN, context.run.run_id))
    finally:
        client.close()
    for each in proposed:
        if each.why_not:
            context.log.warning("Rule %d of tenant %d: %s", each.rule.action, each.rule.tenant, each.why_not)
    return dg.MaterializeResult(metadata=_report(proposed))


def _report(proposed: "list[Proposed]") -> dict[str, Any]:
    headings = [
        "tenant", "rule", "platform", "reported to", "conversions", "actions", "without consent", "beyond the rule",
        "why nothing",
    ]  # fmt: skip
    rows = [
        (
            each.rule.tenant, each.rule.action, each.rule.says["platform"], each.rule.says["target"], each.conversions,
            ", ".join(map(str, each.actions)), each.without_consent, each.left_over, each.why_not,
        )
        for each in proposed
    ]  # fmt: skip
    return {
        "conversions": sum(each.conversions for each in proposed),
        "refused rules": sum(bool(each.why_not) for each in proposed),
        "rules": table(headings, rows),
    }
