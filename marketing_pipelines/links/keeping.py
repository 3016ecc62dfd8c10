"""Drafts become records and records drafts: how links are added, taken in from lists and given out as one."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from marketing_pipelines.events.user_agents import Device
from marketing_pipelines.links.drafts import LinkDraft
from marketing_pipelines.links.importing import Problem
from marketing_pipelines.links.refusals import NotUsable
from marketing_pipelines.links.slugs import new_slug, usable_slug
from marketing_pipelines.links.targets import Target
from store.audit import Actor
from store.clock import now
from store.records import links
from store.records.campaigns import Campaign
from store.records.links import Link, LinkTarget, SlugTaken
from store.records.schema import CampaignId, TenantId

AT_A_TIME = 1000


def keep(
    session: Session,
    actor: Actor,
    tenant: TenantId,
    draft: LinkDraft,
    *,
    campaign: CampaignId | None = None,
    password_hash: str | None = None,
) -> Link:
    """The draft as a link of the tenant's; its addresses are those that `usable_target` gave.

    Its campaign is the one given by number, which is the tenant's, or else the one that the draft names.
    """
    slug = None if draft.slug is None else usable_slug(draft.slug)
    number = _campaign(session, tenant, draft.campaign) if campaign is None else campaign
    values = {**_values(draft, number), "password_hash": password_hash}
    targets = [_target_values(target) for target in draft.targets]
    return links.add(session, actor, tenant, values, targets, slug=slug, by_chance=new_slug)


def change(
    session: Session,
    actor: Actor,
    link: Link,
    draft: LinkDraft,
    *,
    campaign: CampaignId | None,
    password_hash: str | None,
) -> None:
    """The link as the draft says from now on; its slug, and what another service counted, stay."""
    values = _values(draft, campaign)
    for fixed in ("imported_clicks", "archived_at", "created_at"):
        values.pop(fixed, None)
    targets = [_target_values(target) for target in draft.targets]
    links.edit(session, actor, link, {**values, "password_hash": password_hash}, targets)


def keep_all(
    session: Session, actor: Actor, tenant: TenantId, drafts: Mapping[int, LinkDraft]
) -> list[Problem]:
    """Takes a list in, each link by itself, and says by row which were left out and why."""
    problems = list[Problem]()
    for row, draft in drafts.items():
        try:
            with session.begin_nested():
                keep(session, actor, tenant, draft)
        except SlugTaken as taken:
            problems.append(Problem(row, "slug", str(taken), draft.slug or ""))
        except NotUsable as refusal:
            problems.append(Problem(row, "", str(refusal), draft.slug or draft.target_url))
    return problems


def drafts_of(session: Session, tenant: TenantId) -> Iterator[LinkDraft]:
    """Every link of the tenant's, the oldest first."""
    query = (
        select(Link, Campaign.utm_campaign)
        .outerjoin(Campaign, Campaign.id == Link.campaign_id)
        .where(Link.tenant_id == tenant)
        .order_by(Link.id)
        .options(selectinload(Link.targets))
        .execution_options(yield_per=AT_A_TIME)
    )
    for link, campaign in session.execute(query).tuples():
        yield LinkDraft(
            target_url=link.target_url,
            slug=link.slug,
            title=link.title,
            channel=link.channel,
            campaign=campaign or "",
            tags=tuple(link.tags),
            starts_at=link.starts_at,
            expires_at=link.expires_at,
            max_clicks=link.max_clicks,
            fallback_url=link.fallback_url,
            is_archived=link.archived_at is not None,
            created_at=link.created_at,
            clicks=link.imported_clicks,
            targets=tuple(_target(row) for row in link.targets),
            passed_parameters=tuple(link.passed_parameters),
        )


def _campaign(session: Session, tenant: TenantId, name: str) -> int | None:
    """The campaign that a draft names, as visits name it or as people do."""
    if not name:
        return None
    ours = select(Campaign.id).where(Campaign.tenant_id == tenant)
    found = session.scalar(ours.where(Campaign.utm_campaign == name)) or session.scalar(
        ours.where(Campaign.name == name).order_by(Campaign.id.desc())
    )
    if found is None:
        raise NotUsable(f"There is no campaign {name[:80]!r}; add it first, or leave the cell empty.")
    return found


def _values(draft: LinkDraft, campaign: int | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "target_url": draft.target_url,
        "campaign_id": campaign,
        "channel": draft.channel,
        "title": draft.title,
        "tags": list(draft.tags),
        "starts_at": draft.starts_at,
        "expires_at": draft.expires_at,
        "max_clicks": draft.max_clicks,
        "fallback_url": draft.fallback_url,
        "passed_parameters": list(draft.passed_parameters),
        "imported_clicks": draft.clicks,
        "archived_at": now() if draft.is_archived else None,
    }
    return values | ({"created_at": draft.created_at} if draft.created_at else {})


def _target_values(target: Target) -> dict[str, Any]:
    return {
        "url": target.url,
        "weight": target.weight,
        "countries": sorted(target.countries),
        "devices": sorted(target.devices),
        "systems": sorted(target.systems),
        "languages": sorted(target.languages),
        "variant_id": target.variant_id or None,
    }


def _target(row: LinkTarget) -> Target:
    return Target(
        row.url,
        weight=row.weight,
        countries=frozenset(row.countries),
        devices=frozenset(map(Device, row.devices)),
        systems=frozenset(row.systems),
        languages=frozenset(row.languages),
        variant_id=row.variant_id or 0,
    )
