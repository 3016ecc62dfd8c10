"""Seeding: the demo tenant gets its people, records, 30 days of events, a fortnight's news and its mails; a second time adds nothing.

The history ends when the tenant was made, so that it is the same one however often it is asked for.
"""

from datetime import datetime

from sqlalchemy import select

from cli.demo import catalogue, mails, past_news, people, shop, world
from cli.demo.news.outlets import OUTLETS
from cli.demo.people import keys, log_ins
from cli.demo.presence import ensure
from cli.demo.world import Places
from store import events, records
from store.records.feeds import Feed
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.records.tenants import Tenant, by_slug
from store.settings import Role, Service, Settings

__all__ = ["is_complete", "keys", "log_ins", "seed"]

LATEST = """
select count() as seeded
from raw.events
where
    tenant_id = {tenant:Int64}
    and received_at between {moment:DateTime64(3, 'UTC')} - interval 1 day and {moment:DateTime64(3, 'UTC')}
    and startsWith(segment, 'demo:')
"""


def seed(settings: Settings) -> None:
    """Adds what is missing and points what is there at this installation's addresses."""
    people.refuse_in_production(settings)
    with records.session(settings, Role.OWNER) as session:
        tenant, moment = _tenant(session)
        users = people.settle(session, settings, tenant)
        places = catalogue.settle(session, settings, tenant, moment)
        session.expunge_all()
    with events.connect(settings) as clickhouse:
        _append_history(clickhouse, places, moment)
        past_news.append(settings, clickhouse, tenant, moment)
    # The mails come last, so that their presence says that all the rest is there.
    with records.session(settings, Role.OWNER) as session:
        mails.settle(session, settings, tenant, users[MemberRole.MARKETER], dict(places.campaigns))


def is_complete(settings: Settings) -> bool:
    """Whether everything is there and points at the addresses of now."""
    with records.session(settings, Role.OWNER) as session:
        tenant = by_slug(session, shop.TENANT)
        if tenant is None or not mails.are_written(session, tenant.id):
            return False
        site = settings.address(Service.DEMO_SITE)
        read = session.scalars(select(Feed.url).where(Feed.tenant_id == tenant.id)).all()
        if not {f"{site}{outlet.path}" for outlet in OUTLETS} <= set(read):
            return False
    with events.connect(settings) as clickhouse:
        latest = events.read_for_tenant(clickhouse, tenant.id, LATEST, moment=tenant.created_at)
    return latest["seeded"].item() > 0


def _tenant(session: records.Session) -> tuple[TenantId, datetime]:
    tenant = ensure(
        session,
        Tenant,
        {"slug": shop.TENANT},
        name=people.tenant_name(),
        time_zone=shop.TIME_ZONE,
        currency=shop.CURRENCY,
    )
    session.refresh(tenant)
    return tenant.id, tenant.created_at


def _append_history(clickhouse: events.Client, places: Places, moment: datetime) -> None:
    """One block a day, oldest first, under a token that a repetition brings again."""
    for day, rows in world.history(moment, places):
        events.append(clickhouse, "raw.events", rows, token=f"demo:{places.tenant}:{day}")
