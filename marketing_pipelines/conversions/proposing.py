"""Reports by the rules that people have signed: each conversion once, in actions that their rule lets through the gate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from marketing_pipelines.conversions.choosing import Chosen, chosen
from marketing_pipelines.outbound import freeze, payloads, standing
from marketing_pipelines.outbound.kinds.conversion_report import (
    MOST_CONVERSIONS,
    Platform,
    ToldConversion,
    key_of,
)
from marketing_pipelines.outbound.kinds.face import NotReady
from marketing_pipelines.outbound.standing import NotCovered
from store import events, records
from store.audit import Actor
from store.clock import now
from store.records import actions, standing_approvals
from store.records.actions import Action, ActionRecipient, ActionType, Purpose, Source
from store.records.database import Session
from store.records.schema import ActionId, GoalId, NotUsable, StandingId, TenantId
from store.records.standing_approvals import StandingApproval
from store.settings import Role, Settings

# Meta takes nothing that is older than a week, and what comes in late has come by then.
REPORTED_DAYS = timedelta(days=6)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What was signed, and how many conversions it still carries."""

    tenant: TenantId
    standing: StandingId
    action: ActionId
    since: datetime
    left: int
    says: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What came of a rule; `left_over` is what it does not carry any more, `why_not` why nothing came of it."""

    rule: Rule
    actions: Sequence[ActionId] = ()
    conversions: int = 0
    without_consent: int = 0
    left_over: int = 0
    why_not: str = ""


def propose(settings: Settings, client: events.Client, actor: Actor) -> list[Proposed]:
    """Of all rules in force; done again, nothing is reported twice."""
    with records.session(settings, Role.PIPELINES) as session:
        standing = _in_force(session)
    return [_proposed(settings, client, actor, tenant, number) for tenant, number in standing]


def _in_force(session: Session) -> list[tuple[TenantId, StandingId]]:
    query = (
        select(StandingApproval.tenant_id, StandingApproval.id)
        .join(
            Action,
            (Action.tenant_id == StandingApproval.tenant_id) & (Action.id == StandingApproval.action_id),
        )
        .where(
            Action.type == ActionType.CONVERSION_REPORT,
            StandingApproval.revoked_at.is_(None),
            StandingApproval.until >= now().date(),
        )
        .order_by(StandingApproval.id)
    )
    return [(tenant, StandingId(number)) for tenant, number in session.execute(query).tuples()]


def _proposed(
    settings: Settings, client: events.Client, actor: Actor, tenant: TenantId, number: StandingId
) -> Proposed:
    """All that a rule carries or, where that is refused, nothing of it."""
    with records.session(settings, Role.PIPELINES) as session:
        rule = _rule(session, tenant, number)
    found = _due(client, rule)
    try:
        with records.session(settings, Role.PIPELINES) as session:
            # Under its lock, so that two runs do not report the same.
            rule = _rule(session, tenant, number)
            new = _not_told_yet(session, rule, found.conversions)
            going = new[: rule.left]
            made = tuple(_act(session, settings, actor, rule, part) for part in _parts(going))
    except (NotReady, NotCovered, NotUsable) as refused:
        return Proposed(rule=rule, without_consent=found.without_consent, why_not=str(refused))
    return Proposed(
        rule=rule,
        actions=made,
        conversions=len(going),
        without_consent=found.without_consent,
        left_over=len(new) - len(going),
    )


def _rule(session: Session, tenant: TenantId, number: StandingId) -> Rule:
    kept = standing_approvals.locked(session, tenant, number)
    assert kept is not None, "a standing approval is never deleted"
    origin = actions.of_number(session, tenant, kept.action_id)
    signed = actions.version_of(session, origin, kept.version) if origin else None
    assert signed is not None, "what was signed is never deleted"
    return Rule(
        tenant=tenant,
        standing=number,
        action=kept.action_id,
        since=kept.created_at,
        left=kept.most - kept.drawn,
        says=signed.manifest["template"],
    )


def _due(client: events.Client, rule: Rule) -> Chosen:
    """Of the days that are over, since the rule is in force: who signed it did not speak of what was before."""
    today = now().date()
    first = max(today - REPORTED_DAYS, rule.since.date())
    platform, goal = Platform(rule.says["platform"]), GoalId(rule.says["goal"])
    found = chosen(client, rule.tenant, platform, goal, first, today - DAY)
    since = [each for each in found.conversions if each.at >= rule.since]
    return replace(found, conversions=since)


def _not_told_yet(
    session: Session, rule: Rule, conversions: Sequence[ToldConversion]
) -> list[ToldConversion]:
    """What was put into an action once stays with it, whatever became of it."""
    keys = {key_of(rule.says["platform"], rule.says["target"], each.id): each for each in conversions}
    query = (
        select(ActionRecipient.recipient_key)
        .join(
            Action,
            (Action.tenant_id == ActionRecipient.tenant_id) & (Action.id == ActionRecipient.action_id),
        )
        .where(
            ActionRecipient.tenant_id == rule.tenant,
            Action.type == ActionType.CONVERSION_REPORT,
            ActionRecipient.recipient_key.in_(keys),
        )
    )
    told = set(session.scalars(query))
    return [each for key, each in keys.items() if key not in told]


def _parts(conversions: Sequence[ToldConversion]) -> Iterator[Sequence[ToldConversion]]:
    for start in range(0, len(conversions), MOST_CONVERSIONS):
        yield conversions[start : start + MOST_CONVERSIONS]


def _act(
    session: Session, settings: Settings, actor: Actor, rule: Rule, part: Sequence[ToldConversion]
) -> ActionId:
    """An action on the rule, frozen and let through."""
    said = {name: value for name, value in rule.says.items() if name not in ("most", "until")}
    told = [each.model_dump(mode="json") for each in part]
    checked = payloads.checked(ActionType.CONVERSION_REPORT, {**said, "conversions": told})
    action = actions.create(
        session,
        rule.tenant,
        actor,
        type=ActionType.CONVERSION_REPORT,
        channel=checked.channel,
        payload=checked.payload,
        purpose=Purpose.MARKETING,
        title=f"{len(part):,} conversions as {said['event']}, up to {part[-1].at:%-d %b %Y}",
        source=Source.OPTIMISER,
        provenance=[{"kind": "action", "id": str(rule.action)}],
        standing=rule.standing,
    )
    frozen = freeze.freeze(session, settings, action)
    version = actions.submit(session, action, frozen, actor, by=None)
    standing.approve(session, action, version, actor)
    return ActionId(action.id)
