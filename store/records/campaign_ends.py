"""What is left of a campaign when it is over: called off, action by action, with the reason and what became of each message."""

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from store.audit import Actor
from store.records import actions, campaigns, deliveries, delivery_chunks, gate
from store.records.action_states import Move, State
from store.records.actions import Action
from store.records.campaigns import Campaign, CampaignStatus
from store.records.deliveries import OPEN
from store.records.schema import ActionId, TenantId

# Drafts and what was sent back stay as they are: whoever wrote them may want them for another campaign.
CALLED_OFF = frozenset({State.PENDING_APPROVAL, State.APPROVED, State.HELD, State.EXECUTING})
_AT_A_TIME = 200


def left_over(session: Session) -> list[tuple[TenantId, ActionId]]:
    """Actions of completed campaigns that wait for something which does not come any more."""
    own = and_(Campaign.tenant_id == Action.tenant_id, Campaign.id == Action.campaign_id)
    rows = session.execute(
        select(Action.tenant_id, Action.id)
        .join(Campaign, own)
        .where(Campaign.status == CampaignStatus.COMPLETED, Action.state.in_(CALLED_OFF))
        .order_by(Action.id)
        .limit(_AT_A_TIME)
    )
    return [(row.tenant_id, ActionId(row.id)) for row in rows]


def call_off(session: Session, action: Action, actor: Actor) -> bool:
    """Cancels one, unless it is still with a run, which holds it at its next message; the caller holds the row lock."""
    stopping = campaigns.stopping(session, action.tenant_id, action.campaign_id)
    if action.state not in CALLED_OFF or stopping is None or not stopping.is_over:
        return False
    if gate.has_a_run(session, action):
        return False
    reason = stopping.why_it_stops
    delivery_chunks.lapse(session, action, actor)
    if action.state is State.EXECUTING:
        actions.move(session, action, Move.HOLD, actor, reason=reason)
    deliveries.withdraw(session, action, reason)
    counts = deliveries.counts(session, action)
    if any(counts[state] for state in OPEN):
        return False
    outcome = {"reason": reason, **{state.value: count for state, count in counts.items()}}
    action.outcome = outcome
    actions.move(session, action, Move.CANCEL, actor, **outcome)
    return True
