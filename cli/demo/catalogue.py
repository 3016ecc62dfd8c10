"""What the demo tenant works with: campaigns, links, experiments, feeds and ad accounts, as records."""

import dataclasses
from datetime import datetime, timedelta

from sqlalchemy import select

from cli.demo import shop
from cli.demo.news.outlets import OUTLETS
from cli.demo.presence import ensure, find
from cli.demo.world import Places
from connectors import CONNECTORS, sandbox
from connectors.face import Channel
from store.audit import Actor, ActorKind
from store.records import Session, campaigns, connections
from store.records.accounts import AdAccount
from store.records.campaigns import Campaign, CampaignStatus
from store.records.connections import Connection
from store.records.experiments import Experiment, Variant
from store.records.feeds import Feed
from store.records.links import Link
from store.records.places import Place
from store.records.schema import ConnectionId, TenantId
from store.settings import Service, Settings

SEED = Actor(ActorKind.OPERATOR, "seed")


def settle(session: Session, settings: Settings, tenant: TenantId, moment: datetime) -> Places:
    """Everything in place and pointing at this installation's addresses; gives the numbers it got."""
    site = settings.address(Service.DEMO_SITE)
    running = _campaigns(session, tenant, moment)
    links = _links(session, tenant, site, running)
    variants = _experiments(session, tenant, links)
    _feeds(session, tenant, site)
    _ad_accounts(session, settings, tenant)
    _places(session, settings, tenant)
    return Places(tenant, site, settings.address(Service.COLLECTOR), running, links, variants)


def _campaigns(session: Session, tenant: TenantId, moment: datetime) -> dict[str, int]:
    """All of them run; one that somebody paused since stays paused."""
    numbers = {}
    for sold in shop.CAMPAIGNS:
        campaign = ensure(
            session,
            Campaign,
            {"tenant_id": tenant, "utm_campaign": sold.utm_campaign},
            name=sold.name,
            objective=sold.objective,
            start_date=moment - timedelta(days=45),
        )
        if campaign.status is CampaignStatus.DRAFT:
            campaigns.publish(session, campaign, SEED)
        numbers[sold.utm_campaign] = campaign.id
    return numbers


def _links(session: Session, tenant: TenantId, site: str, numbers: dict[str, int]) -> dict[str, int]:
    return {
        link.slug: ensure(
            session,
            Link,
            {"tenant_id": tenant, "slug": link.slug},
            target_url=link.target(site),
            campaign_id=numbers.get(link.utm_campaign),
            channel=link.channel or "",
        ).id
        for link in shop.LINKS
    }


def _experiments(session: Session, tenant: TenantId, links: dict[str, int]) -> dict[tuple[str, str], int]:
    """The weights stay as the bandit has left them."""
    numbers = {}
    for tried in shop.EXPERIMENTS:
        experiment = ensure(
            session, Experiment, {"tenant_id": tenant, "name": tried.name}, hypothesis=tried.hypothesis
        )
        for variant in tried.variants:
            row = ensure(
                session,
                Variant,
                {"tenant_id": tenant, "experiment_id": experiment.id, "name": variant.name},
                headline=variant.headline,
                link_id=links[variant.link.slug],
            )
            numbers[tried.name, variant.name] = row.id
    return numbers


def _feeds(session: Session, tenant: TenantId, site: str) -> None:
    """What people have changed of a feed since stays; only its address follows the site."""
    for outlet in OUTLETS:
        known = select(Feed).where(Feed.tenant_id == tenant, Feed.url.endswith(outlet.path, autoescape=True))
        feed = session.scalars(known).one_or_none()
        if feed is None:
            feed = Feed(
                tenant_id=tenant,
                name=outlet.name,
                topic=outlet.topic,
                language=outlet.language,
                weight=outlet.weight,
            )
            session.add(feed)
        feed.url = f"{site}{outlet.path}"
    session.flush()


def _ad_accounts(session: Session, settings: Settings, tenant: TenantId) -> None:
    """The shop's accounts at the sandbox."""
    for account in shop.AD_ACCOUNTS:
        known_by = {"tenant_id": tenant, "channel": account.channel, "account_id": account.id}
        connection = _connection(session, settings, tenant, account.channel)
        ensure(
            session,
            AdAccount,
            known_by,
            name=account.name,
            connection_id=connection,
            currency=account.currency,
            time_zone=account.time_zone,
        )


def _places(session: Session, settings: Settings, tenant: TenantId) -> None:
    """The shop's pages and profiles at the sandbox; one that somebody has left stays left."""
    for place in shop.PLACES:
        known_by = {"tenant_id": tenant, "network": place.network, "place_id": place.id}
        connection = _connection(session, settings, tenant, place.channel)
        ensure(session, Place, known_by, name=place.name, connection_id=connection)


def _connection(session: Session, settings: Settings, tenant: TenantId, channel: Channel) -> ConnectionId:
    """One a channel; a token that was renewed since the first time is kept."""
    row = find(session, Connection, tenant_id=tenant, channel=channel)
    granted = sandbox.CREDENTIALS[channel]
    if row is None:
        name = f"{shop.NAME} at {CONNECTORS[channel].title}"
        row = connections.connect(session, settings, SEED, tenant, channel, name, granted)
    elif not _opens(session, settings, row):
        connections.reconnect(session, settings, SEED, row, granted, ())
    row.options = dataclasses.asdict(sandbox.endpoint(channel, settings.address(Service.SANDBOX)))
    return ConnectionId(row.id)


def _opens(session: Session, settings: Settings, row: Connection) -> bool:
    try:
        connections.opened(session, settings, row)
    except connections.Unreadable:
        return False
    return True
