"""Reads keys, tenants and links out of the records, as the edge's role may."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, select, true

from collector.directory.keys import HookSecret, Key, normal_origin
from collector.directory.known import Senders
from collector.directory.links import PreparedLink
from collector.directory.preparing import LinkRow, TargetRow, prepared
from collector.directory.senders import Rules, Sender, Trust
from marketing_pipelines.links.targets import BlockList, host_and_port
from store import records, secrets
from store.clock import now
from store.records import collector_keys, hooks, tenants, visitor_salts
from store.records.campaigns import Campaign
from store.records.collector_keys import CollectorKey, KeyKind
from store.records.experiments import Variant
from store.records.links import BlockedHost, Link, LinkTarget
from store.records.tenants import ConsentRule, StoredAddresses, Tenant, VisitorIds
from store.settings import Role, Service, Settings

logger = logging.getLogger(__name__)

ROWS_AT_A_TIME = 10_000


def senders(settings: Settings) -> Senders:
    """Every key and hook secret that counts, and what each tenant wants."""
    with records.session(settings, Role.EDGE) as session:
        rules: dict[int, Rules] = {tenant.id: _rules(tenant) for tenant in session.scalars(select(Tenant))}
        keyless = tenants.by_slug(session, settings.default_tenant) if settings.default_tenant else None
        keys = session.scalars(select(CollectorKey).where(CollectorKey.revoked_at.is_(None))).all()
        hook_secrets = session.scalars(
            select(hooks.HookSecret)
            .where(hooks.HookSecret.revoked_at.is_(None))
            .order_by(hooks.HookSecret.id.desc())
        ).all()
    sealing_key = settings.derived(collector_keys.SEALED_FOR)
    opened = {row.public_key: _key(row, rules[row.tenant_id], sealing_key) for row in keys}
    return Senders(
        rules=rules,
        keyless=None if keyless is None else rules[keyless.id],
        keys={public_key: key for public_key, key in opened.items() if key is not None},
        hook_secrets=_hook_secrets(hook_secrets, settings.derived(hooks.SEALED_FOR)),
    )


def salts(settings: Settings) -> dict[int, bytes]:
    """The salts of today's and the coming days' visitor ids, by day since 1970."""
    with records.session(settings, Role.EDGE) as session:
        kept = visitor_salts.kept_for(session, now().date())
    return {(day - date(1970, 1, 1)).days: salt for day, salt in kept.items()}


def all_links(settings: Settings) -> Iterator[tuple[str, PreparedLink]]:
    """Every link, a few thousand at a time."""
    return _links(settings, true(), true())


def slugs(settings: Settings) -> set[str]:
    """Of every link there is."""
    with records.session(settings, Role.EDGE) as session:
        return set(session.scalars(select(Link.slug).execution_options(yield_per=ROWS_AT_A_TIME)))


def links(settings: Settings, ids: Sequence[int]) -> dict[str, PreparedLink]:
    return dict(_links(settings, Link.id.in_(ids), LinkTarget.link_id.in_(ids)))


def links_of_campaigns(settings: Settings, ids: Sequence[int]) -> dict[str, PreparedLink]:
    theirs = Link.campaign_id.in_(ids)
    return dict(_links(settings, theirs, LinkTarget.link_id.in_(select(Link.id).where(theirs))))


def block_list(settings: Settings) -> BlockList:
    with records.session(settings, Role.EDGE) as session:
        return BlockList(session.scalars(select(BlockedHost.host)))


def _links(
    settings: Settings, wanted: ColumnElement[bool], wanted_targets: ColumnElement[bool]
) -> Iterator[tuple[str, PreparedLink]]:
    query = (
        select(
            Link.slug,
            Link.tenant_id,
            Link.id,
            Link.target_url,
            Link.campaign_id,
            Link.channel,
            Campaign.utm_campaign,
            Link.archived_at,
            Link.starts_at,
            Link.expires_at,
            Link.password_hash,
            Link.max_clicks,
            Link.fallback_url,
            Link.passed_parameters,
        )
        .outerjoin(Campaign, Campaign.id == Link.campaign_id)
        .where(wanted)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    own_hosts = {host_and_port(settings.address(Service.COLLECTOR))}
    with records.session(settings, Role.EDGE) as session:
        targets = _targets(session, wanted_targets)
        for found in session.execute(query):
            row = LinkRow._make(found)
            try:
                yield row.slug, prepared(row, targets.get(row.link_id, ()), own_hosts=own_hosts)
            except ValueError as error:
                # Written by a hand that knows more than we do, or less; the others go on.
                logger.error("link %d cannot be followed: %s", row.link_id, error)


def _targets(session: records.Session, wanted: ColumnElement[bool]) -> dict[int, list[TargetRow]]:
    query = (
        select(
            LinkTarget.link_id,
            LinkTarget.url,
            LinkTarget.weight,
            LinkTarget.countries,
            LinkTarget.devices,
            LinkTarget.systems,
            LinkTarget.languages,
            LinkTarget.variant_id,
            Variant.weight,
        )
        .outerjoin(Variant, Variant.id == LinkTarget.variant_id)
        .where(wanted)
        .order_by(LinkTarget.id)
    )
    found = defaultdict[int, list[TargetRow]](list)
    for row in session.execute(query):
        target = TargetRow._make(row)
        found[target.link_id].append(target)
    return found


def _hook_secrets(rows: Iterable[hooks.HookSecret], sealing_key: bytes) -> dict[str, list[HookSecret]]:
    """By provider; of several, the newest is tried first."""
    found: dict[str, list[HookSecret]] = {}
    for row in rows:
        bound_to = f"{row.provider}:{row.tenant_id}"
        if secret := _opened(f"hook secret {row.id}", row.secret_sealed, sealing_key, bound_to):
            found.setdefault(row.provider, []).append(HookSecret(row.id, row.tenant_id, secret))
    return found


def _rules(tenant: Tenant) -> Rules:
    return Rules(
        tenant.id,
        needs_yes=tenant.consent_rule is ConsentRule.OPT_IN,
        makes_daily_ids=tenant.visitor_ids is VisitorIds.DAILY,
        keeps_addresses=tenant.stored_addresses is StoredAddresses.SHORTENED,
    )


def _key(row: CollectorKey, rules: Rules, sealing_key: bytes) -> Key | None:
    """A server key of which no secret can be read (another SECRET_KEY sealed it) is not accepted."""
    is_server = row.kind is KeyKind.SERVER
    trust = Trust.SERVER if is_server else Trust.BROWSER
    sender = Sender(rules, trust, is_server, row.events_a_second or 0)
    if row.kind is KeyKind.BROWSER:
        return Key(sender, row.kind, origins=frozenset(normal_origin(origin) for origin in row.origins))
    is_changing = row.retires_at is not None and row.retires_at > now()
    sealed = [row.secret_sealed, row.retiring_secret_sealed if is_changing else None]
    name = f"collector key {row.id}"
    opened = [_opened(name, secret, sealing_key, row.public_key) for secret in sealed if secret is not None]
    secrets_of_key = tuple(secret for secret in opened if secret)
    return Key(sender, row.kind, secrets=secrets_of_key) if secrets_of_key else None


def _opened(name: str, sealed: bytes, sealing_key: bytes, bound_to: str) -> str:
    try:
        return secrets.decrypt(sealing_key, sealed, bound_to=bound_to)
    except (InvalidTag, ValueError):
        logger.error("%s: it was sealed under another SECRET_KEY", name)
        return ""
