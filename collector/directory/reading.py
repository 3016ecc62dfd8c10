"""Reads keys, tenants and links out of the records, as the edge's role may."""

import logging
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, select, true

from collector.directory.keys import Key, normal_origin
from collector.directory.links import PreparedLink, prepared
from store import records, secrets
from store.records import tenants
from store.records.campaigns import Campaign
from store.records.links import Link
from store.records.people import CollectorKey, KeyKind
from store.settings import Role, Settings

logger = logging.getLogger(__name__)

ROWS_AT_A_TIME = 10_000


def keys(settings: Settings) -> dict[str, Key]:
    """Every key that has not been revoked, by its public half."""
    with records.session(settings, Role.EDGE) as session:
        rows = session.scalars(select(CollectorKey).where(CollectorKey.revoked_at.is_(None))).all()
    sealing_key = settings.derived("collector-keys")
    opened = {row.public_key: _key(row, sealing_key) for row in rows}
    return {public_key: key for public_key, key in opened.items() if key is not None}


def default_tenant(settings: Settings) -> int | None:
    """The tenant that keyless events belong to, where there is one."""
    if not settings.default_tenant:
        return None
    with records.session(settings, Role.EDGE) as session:
        tenant = tenants.by_slug(session, settings.default_tenant)
    return None if tenant is None else tenant.id


def campaign_tags(settings: Settings) -> dict[int, str]:
    """How each campaign is called in a link's target."""
    with records.session(settings, Role.EDGE) as session:
        return dict(session.execute(select(Campaign.id, Campaign.utm_campaign)).tuples().all())


def all_links(settings: Settings) -> dict[str, PreparedLink]:
    return _links(settings, true())


def links(settings: Settings, ids: Sequence[int]) -> dict[str, PreparedLink]:
    return _links(settings, Link.id.in_(ids))


def links_of_campaigns(settings: Settings, ids: Sequence[int]) -> dict[str, PreparedLink]:
    return _links(settings, Link.campaign_id.in_(ids))


def _links(settings: Settings, wanted: ColumnElement[bool]) -> dict[str, PreparedLink]:
    query = (
        select(
            Link.slug,
            Link.tenant_id,
            Link.id,
            Link.campaign_id,
            Link.target_url,
            Link.channel,
            Campaign.utm_campaign,
            Link.archived_at,
        )
        .outerjoin(Campaign, Campaign.id == Link.campaign_id)
        .where(wanted)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    with records.session(settings, Role.EDGE) as session:
        return {
            slug: prepared(
                tenant_id=tenant_id,
                link_id=link_id,
                campaign_id=campaign_id,
                target_url=target_url,
                channel=channel,
                utm_campaign=utm_campaign,
                is_archived=archived_at is not None,
            )
            for (
                slug,
                tenant_id,
                link_id,
                campaign_id,
                target_url,
                channel,
                utm_campaign,
                archived_at,
            ) in session.execute(query).tuples()
        }


def _key(row: CollectorKey, sealing_key: bytes) -> Key | None:
    """A server key whose secret cannot be read (another SECRET_KEY sealed it) is not accepted."""
    secret = ""
    if row.kind is KeyKind.SERVER:
        if row.secret_sealed is None:
            return None
        try:
            secret = secrets.decrypt(sealing_key, row.secret_sealed, bound_to=row.public_key)
        except (InvalidTag, ValueError):
            logger.error("collector key %d: its secret was sealed under another SECRET_KEY", row.id)
            return None
    origins = frozenset(normal_origin(origin) for origin in row.origins)
    return Key(row.tenant_id, row.kind, origins, secret)
