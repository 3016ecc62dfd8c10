"""What a person does with an action, the same for forms and for the API: each function is one transaction."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Unpack

from sqlalchemy import select

from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from console.frame.timing import Timing
from marketing_pipelines.outbound import freeze, payloads, standing
from marketing_pipelines.outbound.kinds.face import NotReady
from marketing_pipelines.outbound.looking_ahead import look_ahead
from marketing_pipelines.outbound.standing import NotCovered
from store.records import (
    actions,
    approvals,
    campaigns,
    comments,
    deliveries,
    gate,
    policies,
    standing_approvals,
    tenants,
)
from store.records.action_states import MOVES, Move
from store.records.actions import Action, ActionType, Purpose, Source
from store.records.approvals import Decision
from store.records.campaigns import Campaign
from store.records.comments import Comment
from store.records.database import Session
from store.records.policies import Policy
from store.records.schedules import Schedule
from store.records.schema import ActionId, CampaignId, NotUsable, StandingId
from store.records.standing_approvals import StandingApproval
from store.records.tenants import ConsentRule, StoredAddresses, Tenant, VisitorIds
from store.settings import Role

log = logging.getLogger(__name__)
LONGEST_TITLE = 200
# A copy says where it comes from beside so many origins of what was copied.
MOST_ORIGINS = 99
# What of an action stays once a message has gone out, and how people and programs call it.
_FIXED = {
    "purpose": "purpose",
    "campaign_id": "campaign_id",
    "standing_id": "standing_approval_id",
    "dry_run": "dry_run",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A new action as somebody asks for it."""

    type: ActionType
    payload: dict[str, Any]
    title: str
    purpose: Purpose | None
    source: Source
    campaign: CampaignId | None
    schedule: Schedule
    budget_cap: Decimal | None
    provenance: Sequence[dict[str, str]]
    standing: StandingId | None
    dry_run: bool


def create(visitor: Visitor, wanted: Wanted) -> Action:
    checked = payloads.checked(wanted.type, wanted.payload)
    with visitor.records() as session:
        _require_theirs(session, visitor, wanted.campaign, wanted.standing)
        return actions.create(
            session,
            visitor.tenant,
            visitor.actor,
            type=wanted.type,
            channel=checked.channel,
            payload=checked.payload,
            purpose=wanted.purpose or policies.of_tenant(session, visitor.tenant).default_purpose,
            title=wanted.title,
            author=visitor.user,
            source=wanted.source,
            campaign=wanted.campaign,
            schedule=wanted.schedule,
            budget_cap=wanted.budget_cap,
            provenance=wanted.provenance,
            standing=wanted.standing,
            dry_run=wanted.dry_run,
        )


def edit(
    visitor: Visitor,
    action_id: int,
    payload: dict[str, Any],
    timing: Timing | None = None,
    **changes: Unpack[actions.Changes],
) -> Action:
    """New content, and whatever else is given; earlier votes are void."""
    with visitor.records() as session:
        action = locked(session, visitor, action_id)
        checked = payloads.checked(action.type, payload)
        if timing is not None:
            changes["schedule"] = timing.over(action.schedule)
        _require_theirs(session, visitor, changes.get("campaign_id"), changes.get("standing_id"))
        _refuse_another_account(session, action, changes)
        actions.edit(session, action, visitor.actor, checked.payload, checked.channel, **changes)
        return action


def duplicate(visitor: Visitor, action_id: int) -> Action:
    """A new draft of the same content, its author's own; when it goes is not taken along."""
    with visitor.records() as session:
        action = found(session, visitor, action_id)
        wanted = Wanted(
            type=action.type,
            payload=action.payload,
            title=f"Copy of {action.title}"[:LONGEST_TITLE] if action.title else "",
            purpose=action.purpose,
            source=Source.PERSON,
            campaign=action.campaign_id,
            schedule=replace(action.schedule, due_at=None),
            budget_cap=action.budget_cap,
            provenance=[*action.provenance[-MOST_ORIGINS:], {"kind": "action", "id": str(action.id)}],
            standing=None,
            dry_run=action.dry_run,
        )
    return create(visitor, wanted)


def _refuse_another_account(session: Session, action: Action, changes: actions.Changes) -> None:
    """Messages that have gone out went for one purpose and on one account: that stays."""
    wanted = dict(changes)
    changed = [
        said for name, said in _FIXED.items() if name in wanted and wanted[name] != getattr(action, name)
    ]
    if changed and deliveries.has_any(session, action.tenant_id, action.id):
        reason = "stays as it is, since messages of this action have gone out; duplicate it instead"
        raise Refused(409, f"{changed[0]} {reason}.", [FieldError(name, reason) for name in changed])


def submit(visitor: Visitor, action_id: int) -> Action:
    """Freezes what will be sent and asks for approval, unless what people signed once covers it.

    Where its provider can, it looks through it first, while nobody has to wait for the action.
    """
    with visitor.records() as session:
        action = found(session, visitor, action_id)
        _refuse_submitted(action)
    looked_ahead = look_ahead(visitor.settings, action, role=Role.CONSOLE)
    with visitor.records() as session:
        now_said = locked(session, visitor, action_id)
        _refuse_submitted(now_said)
        _refuse_ended(session, now_said)
        if now_said.payload != action.payload:
            raise Refused(409, "Somebody has changed it just now; look at it and submit it again.")
        action = now_said
        frozen = freeze.freeze(session, visitor.settings, action, looked_ahead)
        version = actions.submit(session, action, frozen, visitor.actor, by=visitor.user)
        if action.standing_id is not None:
            try:
                standing.approve(session, action, version, visitor.actor)
            except (NotCovered, NotUsable) as reason:
                raise NotReady("standing_approval_id", str(reason), of_payload=False) from None
        return action


def _refuse_submitted(action: Action) -> None:
    if action.state not in MOVES[Move.SUBMIT][0]:
        raise actions.IllegalMove(action, Move.SUBMIT)


def cancel(visitor: Visitor, action_id: int) -> Action:
    with visitor.records() as session:
        action = locked(session, visitor, action_id)
        actions.move(session, action, Move.CANCEL, visitor.actor)
        return action


def decide(
    visitor: Visitor, action_id: int, decision: Decision, manifest_hash: bytes | None, note: str
) -> Action:
    with visitor.records() as session:
        action = approvals.decide(
            session,
            visitor.tenant,
            ActionId(action_id),
            decision,
            user=visitor.user,
            role=visitor.role,
            manifest_hash=manifest_hash,
            note=note,
        )
        if action is None:
            raise nothing_here()
        return action


def break_glass(visitor: Visitor, action_id: int, manifest_hash: bytes | None, reason: str) -> Action:
    """One Admin approves alone; whoever watches the log sees it."""
    with visitor.records() as session:
        action = approvals.break_glass(
            session,
            visitor.tenant,
            ActionId(action_id),
            user=visitor.user,
            role=visitor.role,
            manifest_hash=manifest_hash,
            reason=reason,
        )
        if action is None:
            raise nothing_here()
    log.error("user %d broke the glass for action %d of tenant %d", visitor.user, action_id, visitor.tenant)
    return action


def comment(visitor: Visitor, action_id: int, text: str) -> Comment:
    with visitor.records() as session:
        kept = comments.add(
            session, visitor.tenant, ActionId(action_id), visitor.actor, user=visitor.user, text=text
        )
        if kept is None:
            raise nothing_here()
        return kept


def revoke_standing(visitor: Visitor, standing_id: int, reason: str) -> StandingApproval:
    with visitor.records() as session:
        found = standing_approvals.locked(session, visitor.tenant, StandingId(standing_id))
        if found is None:
            raise nothing_here()
        try:
            standing_approvals.revoke(session, found, visitor.actor, reason)
        except NotUsable as before:
            raise Refused(409, str(before)) from None
        return found


def choose_policy(visitor: Visitor, given: dict[str, Any]) -> Policy:
    """Replaces the tenant's policy; what is submitted from now on is asked for under it."""
    with visitor.records() as session:
        tenant = session.scalars(select(Tenant).where(Tenant.id == visitor.tenant).with_for_update()).one()
        visitor.conditions.require(lambda: etags.of(policies.of_tenant(session, visitor.tenant)))
        try:
            return policies.choose(session, visitor.actor, tenant, given)
        except NotUsable as unusable:
            raise Refused(422, str(unusable)) from None


def choose_privacy(
    visitor: Visitor, consent_rule: ConsentRule, visitor_ids: VisitorIds, stored_addresses: StoredAddresses
) -> None:
    """What the edge keeps of the tenant's visitors from now on."""
    with visitor.records() as session:
        tenant = session.scalars(select(Tenant).where(Tenant.id == visitor.tenant).with_for_update()).one()
        tenants.set_privacy(
            session,
            visitor.actor,
            tenant,
            consent_rule=consent_rule,
            visitor_ids=visitor_ids,
            stored_addresses=stored_addresses,
        )


def listed_standing(
    session: Session, visitor: Visitor, *, cursor: int | None, limit: int
) -> tuple[Sequence[StandingApproval], int | None]:
    """A page of the tenant's standing approvals, newest first."""
    query = select(StandingApproval).where(StandingApproval.tenant_id == visitor.tenant)
    if cursor:
        query = query.where(StandingApproval.id < cursor)
    rows = list(session.scalars(query.order_by(StandingApproval.id.desc()).limit(limit + 1)))
    shown = rows[:limit]
    return shown, (shown[-1].id if len(rows) > limit else None)


def etag(session: Session, action: Action) -> str:
    """Changes with the action and with the signatures that count for it."""
    version = actions.current_version(session, action)
    return etags.of(action, approvals.signatures(session, action, version) if version else None)


def found(session: Session, visitor: Visitor, action_id: int) -> Action:
    """The tenant's action of this number; another tenant's looks like none at all."""
    action = session.scalar(select(Action).where(Action.tenant_id == visitor.tenant, Action.id == action_id))
    if action is None:
        raise nothing_here()
    return action


def reads_requests(session: Session, visitor: Visitor, *, waiting: bool) -> None:
    """Tells the gate that somebody reads what they may sign, so that it is ready when they have."""
    if waiting and visitor.role in policies.SIGNERS and visitor.key is None:
        gate.approver_reads(session)


def locked(session: Session, visitor: Visitor, action_id: int) -> Action:
    action = actions.locked(session, visitor.tenant, ActionId(action_id))
    if action is None:
        raise nothing_here()
    visitor.conditions.require(lambda: etag(session, action))
    return action


def _require_theirs(
    session: Session, visitor: Visitor, campaign: CampaignId | None, standing: StandingId | None
) -> None:
    if campaign is not None:
        require_campaign(session, visitor, campaign)
    if standing is not None:
        _require_standing(session, visitor, standing)


def _require_standing(session: Session, visitor: Visitor, standing: StandingId) -> None:
    if standing_approvals.locked(session, visitor.tenant, standing) is None:
        reason = FieldError("standing_approval_id", "there is no such standing approval")
        raise Refused(404, "There is no such standing approval.", [reason])


def _refuse_ended(session: Session, action: Action) -> None:
    """What would never be sent is put before nobody."""
    stopping = campaigns.stopping(session, action.tenant_id, action.campaign_id)
    if stopping is not None and stopping.is_over:
        raise Refused(
            409, f"Nothing more is sent: {stopping.why_it_stops}. Schedule it with a later end first."
        )


def require_campaign(session: Session, visitor: Visitor, campaign: CampaignId) -> None:
    known = select(Campaign.id).where(Campaign.tenant_id == visitor.tenant, Campaign.id == campaign)
    if session.scalar(known) is None:
        reason = FieldError("campaign_id", "there is no such campaign")
        raise Refused(404, "There is no such campaign.", [reason])
