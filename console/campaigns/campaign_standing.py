"""Where a campaign stands: what belongs to it, what its owner should know, and what happens next."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from console.campaigns import campaign_desk
from console.campaigns.campaign_desk import Shown
from console.door.sign_in import Visitor
from marketing_pipelines.campaigns import outlook
from store.records.action_states import MOVES, Move
from store.records.actions import Action
from store.records.campaigns import Campaign, CampaignStatus
from store.records.database import Session
from store.records.deliveries import Delivery
from store.records.links import Link

MOST_WARNED = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a campaign stands, with what belongs to it."""

    shown: Shown
    actions: Counter[str]
    deliveries: Counter[str]
    links: int
    following: outlook.Next


def read(visitor: Visitor, campaign_id: int) -> Standing:
    with visitor.records() as session:
        campaign = campaign_desk.found(session, visitor, campaign_id)
        of_it = (Action.tenant_id == visitor.tenant, Action.campaign_id == campaign.id)
        by_state = select(Action.state, func.count()).where(*of_it).group_by(Action.state)
        sent = (
            select(Delivery.state, func.count())
            .join(Action, (Action.tenant_id == Delivery.tenant_id) & (Action.id == Delivery.action_id))
            .where(*of_it)
            .group_by(Delivery.state)
        )
        links = select(func.count()).where(Link.tenant_id == visitor.tenant, Link.campaign_id == campaign.id)
        return Standing(
            campaign_desk.shown(session, visitor, campaign, list(_lapsing(session, visitor, campaign))),
            Counter({row[0].value: row[1] for row in session.execute(by_state)}),
            Counter({row[0].value: row[1] for row in session.execute(sent)}),
            session.scalar(links) or 0,
            outlook.following(campaign, visitor.time_zone),
        )


def _lapsing(session: Session, visitor: Visitor, campaign: Campaign) -> Iterator[str]:
    """Requests and approvals that will have lapsed when the campaign starts."""
    if campaign.status is not CampaignStatus.SCHEDULED:
        return
    lapsing = select(Action.id).where(
        Action.tenant_id == visitor.tenant,
        Action.campaign_id == campaign.id,
        Action.state.in_(MOVES[Move.EXPIRE][0]),
        Action.expires_at <= campaign.start_date,
    )
    for action in session.scalars(lapsing.order_by(Action.id).limit(MOST_WARNED)):
        yield f"Action {action} lapses before the campaign starts: have it approved again by then."


def action_counts(session: Session, visitor: Visitor, numbers: Collection[int]) -> Counter[int]:
    """How many actions each of these campaigns has."""
    query = select(Action.campaign_id, func.count()).where(
        Action.tenant_id == visitor.tenant, Action.campaign_id.in_(numbers)
    )
    return Counter({row[0]: row[1] for row in session.execute(query.group_by(Action.campaign_id))})
