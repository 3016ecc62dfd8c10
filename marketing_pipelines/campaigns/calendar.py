"""The calendar: campaigns start and end when their dates say so, and what is left of one that is over is called off."""

from dataclasses import dataclass

from store import records
from store.audit import Actor, ActorKind
from store.records import actions, campaign_ends, campaigns
from store.records.schema import ActionId, CampaignId, TenantId
from store.settings import Role, Settings


@dataclass(frozen=True, slots=True)
class Look:
    """How many campaigns one look has moved, and how many actions it has called off."""

    moved: int
    called_off: int


def look(settings: Settings, watcher: str) -> Look:
    """One look: selects by state, so that a daemon that was down misses nothing; each change is a transaction."""
    actor = Actor(ActorKind.SENSOR, watcher)
    with records.session(settings, Role.PIPELINES) as session:
        due = campaigns.moved_on_by_dates(session)
    moved = sum(_follow(settings, actor, tenant, campaign) for tenant, campaign in due)
    with records.session(settings, Role.PIPELINES) as session:
        left = campaign_ends.left_over(session)
    called_off = sum(_call_off(settings, actor, tenant, action) for tenant, action in left)
    return Look(moved, called_off)


def _follow(settings: Settings, actor: Actor, tenant: TenantId, campaign_id: CampaignId) -> bool:
    with records.session(settings, Role.PIPELINES) as session:
        campaign = campaigns.locked(session, tenant, campaign_id)
        if campaign is None:
            return False
        before = campaign.status
        campaigns.follow_dates(session, campaign, actor)
        return campaign.status is not before


def _call_off(settings: Settings, actor: Actor, tenant: TenantId, action_id: ActionId) -> bool:
    with records.session(settings, Role.PIPELINES) as session:
        action = actions.locked(session, tenant, action_id)
        return action is not None and campaign_ends.call_off(session, action, actor)
