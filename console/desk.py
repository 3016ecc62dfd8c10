"""What a person does with an action, the same for forms and for the API: each function is one transaction."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import select

from console.problems import FieldError, Refused, nothing_here
from console.sign_in import Visitor
from marketing_pipelines.outbound import freeze, payloads
from store.records import actions, approvals, gate, policies
from store.records.actions import Action, ActionType, Move, Purpose
from store.records.approvals import Comment, Decision
from store.records.campaigns import Campaign
from store.records.database import Session
from store.records.policies import Policy
from store.records.schema import ActionId, CampaignId, NotUsable
from store.records.tenants import Tenant

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A new action as somebody asks for it."""

    type: ActionType
    payload: dict[str, Any]
    title: str
    purpose: Purpose | None
    campaign: CampaignId | None
    due_at: datetime | None
    dry_run: bool


def create(visitor: Visitor, wanted: Wanted) -> Action:
    payload = payloads.validate(wanted.type, wanted.payload)
    with visitor.records() as session:
        if wanted.campaign is not None:
            require_campaign(session, visitor, wanted.campaign)
        return actions.create(
            session,
            visitor.tenant,
            visitor.actor,
            type=wanted.type,
            payload=payload,
            purpose=wanted.purpose or policies.of_tenant(session, visitor.tenant).default_purpose,
            title=wanted.title,
            author=visitor.user,
            campaign=wanted.campaign,
            due_at=wanted.due_at,
            dry_run=wanted.dry_run,
        )


def edit(
    visitor: Visitor, action_id: int, payload: dict[str, Any], **changes: Unpack[actions.Changes]
) -> Action:
    """New content, and whatever else is given in `changes`; earlier votes are void."""
    with visitor.records() as session:
        action = locked(session, visitor, action_id)
        checked = payloads.validate(action.type, payload)
        actions.edit(session, action, visitor.actor, checked, **changes)
        return action


def submit(visitor: Visitor, action_id: int) -> Action:
    """Freezes what will be sent and asks for approval."""
    with visitor.records() as session:
        action = locked(session, visitor, action_id)
        if action.state not in actions.MOVES[Move.SUBMIT][0]:
            raise actions.IllegalMove(action, Move.SUBMIT)
        frozen = freeze.freeze(session, visitor.settings, action)
        actions.submit(session, action, frozen, visitor.actor, by=visitor.user)
        return action


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
        kept = approvals.comment(session, visitor.tenant, ActionId(action_id), user=visitor.user, text=text)
        if kept is None:
            raise nothing_here()
        return kept


def choose_policy(visitor: Visitor, given: dict[str, Any]) -> Policy:
    """Replaces the tenant's policy; what is submitted from now on is asked for under it."""
    with visitor.records() as session:
        tenant = session.scalars(select(Tenant).where(Tenant.id == visitor.tenant).with_for_update()).one()
        try:
            return policies.choose(session, visitor.actor, tenant, given)
        except NotUsable as unusable:
            raise Refused(422, str(unusable)) from None


def found(session: Session, visitor: Visitor, action_id: int) -> Action:
    """The tenant's action of this number; another tenant's looks like none at all."""
    action = session.scalar(select(Action).where(Action.tenant_id == visitor.tenant, Action.id == action_id))
    if action is None:
        raise nothing_here()
    return action


def reads_requests(session: Session, visitor: Visitor, *, waiting: bool) -> None:
    """Tells the gate that somebody reads what they may sign, so that it is ready when they have."""
    if waiting and visitor.role in policies.SIGNERS:
        gate.approver_reads(session)


def locked(session: Session, visitor: Visitor, action_id: int) -> Action:
    action = actions.locked(session, visitor.tenant, ActionId(action_id))
    if action is None:
        raise nothing_here()
    return action


def require_campaign(session: Session, visitor: Visitor, campaign: CampaignId) -> None:
    known = select(Campaign.id).where(Campaign.tenant_id == visitor.tenant, Campaign.id == campaign)
    if session.scalar(known) is None:
        reason = FieldError("campaign_id", "there is no such campaign")
        raise Refused(404, "There is no such campaign.", [reason])
