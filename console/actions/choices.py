"""What forms let people choose from: the tenant's campaigns, groups, standing approvals and what it has connected."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import select

from connectors import channels_with
from connectors.face import Capability, Channel
from connectors.publishing import Network
from console.actions import switches
from console.door.sign_in import Visitor
from console.frame.wording import words
from console.people import contact_book
from marketing_pipelines.outbound import destinations
from marketing_pipelines.outbound.kinds.social_post import NETWORKS
from store.clock import now
from store.records import goals
from store.records.actions import Action
from store.records.campaigns import Campaign
from store.records.database import Session
from store.records.schema import TenantId
from store.records.standing_approvals import StandingApproval

Options = Sequence[tuple[str, str]]
MOST_GROUPS = 200
MOST_STANDING = 100


class Known(StrEnum):
    """Whose ids a form offers to somebody who types."""

    ACCOUNTS = "accounts"
    PAGES = "pages"
    ROOMS = "rooms"
    RECEIVERS = "receivers"
    GOALS = "goals"
    TEXTING = "texting"


def campaigns(session: Session, visitor: Visitor, chosen: int | None = None) -> Options:
    """The newest campaigns, and the chosen one however old it is."""
    shown = {campaign.id: campaign.name for campaign in switches.campaigns(session, visitor.tenant)}
    if chosen is not None and chosen not in shown:
        query = select(Campaign.name).where(Campaign.tenant_id == visitor.tenant, Campaign.id == chosen)
        name = session.scalar(query)
        shown |= {chosen: name} if name is not None else {}
    return [(str(number), name) for number, name in shown.items()]


def groups(visitor: Visitor) -> Options:
    """Every group with its size, as far as a form can show them."""
    listed, _ = contact_book.all_groups(visitor, None, MOST_GROUPS)
    return [(str(each.group.id), f"{each.group.name} ({each.size:,})") for each in listed]


def standing_approvals(session: Session, visitor: Visitor) -> Options:
    """Those in force, by what was signed."""
    today = now().date()
    rows = session.execute(
        select(StandingApproval, Action)
        .join(
            Action,
            (Action.tenant_id == StandingApproval.tenant_id) & (Action.id == StandingApproval.action_id),
        )
        .where(
            StandingApproval.tenant_id == visitor.tenant,
            StandingApproval.revoked_at.is_(None),
            StandingApproval.until >= today,
        )
        .order_by(StandingApproval.id.desc())
        .limit(MOST_STANDING)
    )
    return [(str(kept.id), _standing(kept, action)) for kept, action in rows]


def connected(session: Session, tenant: TenantId) -> Mapping[Known, Options]:
    """What the tenant has connected and an action can be meant for, by the ids that its payload takes."""
    accounts = destinations.ad_accounts(session, tenant, *channels_with(Capability.ADS))
    places = destinations.places(session, tenant, *NETWORKS, Network.SLACK)
    receivers = destinations.receivers(session, tenant, Channel.CMS)
    texting = destinations.receivers(session, tenant, Channel.SMS, used_for=Capability.TEXTS)
    return {
        Known.ACCOUNTS: [(it.id, f"{words(it.channel)}: {it.name} {it.currency}".strip()) for it in accounts],
        Known.PAGES: [
            (it.id, f"{words(it.network)}: {it.name}")
            for it in places
            if it.network and it.network is not Network.SLACK
        ],
        Known.ROOMS: [(it.id, it.name) for it in places if it.network is Network.SLACK],
        Known.RECEIVERS: [(str(it.connection), it.name) for it in receivers],
        Known.TEXTING: [(str(it.connection), it.name) for it in texting],
        Known.GOALS: [(str(it.id), it.name) for it in goals.live(session, tenant)],
    }


def _standing(kept: StandingApproval, action: Action) -> str:
    name = action.title or action.payload.get("name") or f"action {action.id}"
    return f"{name}: {kept.most - kept.drawn:,} of {kept.most:,} left, until {kept.until:%-d %b %Y}"
