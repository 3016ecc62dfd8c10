"""Short links: a slug, where it leads, and on which terms."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, String, and_, delete, false, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from store.audit import Actor
from store.clock import now
from store.records import audit_log
from store.records.schema import (
    CampaignId,
    LinkId,
    NotUsable,
    Numbered,
    Record,
    TenantId,
    TenantOwned,
    belongs_to,
    key_for_children,
)

HEAVIEST = 1_000_000
# Slugs by chance are tried so often; with millions of links hardly one in a thousand is taken.
MOST_TRIES = 8


class LinkState(StrEnum):
    """Where a link stands by its dates and its archive; one whose clicks are used up is still `live`."""

    LIVE = "live"
    WAITING = "waiting"
    OVER = "over"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which links a list shows: those that fit all that is given."""

    campaign: int | None = None
    text: str = ""
    state: LinkState | None = None


class Link(TenantOwned, Record):
    """The slug is unique over all tenants, since the redirector knows nothing but the slug."""

    __tablename__ = "links"
    __table_args__ = (
        key_for_children(),
        belongs_to("campaigns", "campaign_id", ondelete="RESTRICT"),
        CheckConstraint("max_clicks > 0", name="max_clicks"),
        CheckConstraint("expires_at > starts_at", name="expires_at"),
    )

    slug: Mapped[str] = mapped_column(String(64), unique=True)
    target_url: Mapped[str] = mapped_column(String(2048))
    campaign_id: Mapped[CampaignId | None]
    channel: Mapped[str] = mapped_column(String(40), server_default="")
    title: Mapped[str] = mapped_column(String(255), server_default="")
    tags: Mapped[list[str]] = mapped_column(server_default="[]")
    password_hash: Mapped[str | None] = mapped_column(String(255))
    starts_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    max_clicks: Mapped[int | None]
    fallback_url: Mapped[str | None] = mapped_column(String(2048))
    passed_parameters: Mapped[list[str]] = mapped_column(server_default="[]")
    imported_clicks: Mapped[int | None]
    archived_at: Mapped[datetime | None]
    targets: Mapped[list["LinkTarget"]] = relationship(order_by="LinkTarget.id", viewonly=True)

    @property
    def state(self) -> LinkState:
        if self.archived_at is not None:
            return LinkState.ARCHIVED
        moment = now()
        if self.starts_at is not None and self.starts_at > moment:
            return LinkState.WAITING
        return LinkState.OVER if self.expires_at is not None and self.expires_at <= moment else LinkState.LIVE


class LinkTarget(TenantOwned, Record):
    """An address for those whom every condition fits; an empty condition fits all.

    One that carries a variant weighs what the variant weighs, so that bandits move it.
    """

    __tablename__ = "link_targets"
    __table_args__ = (
        belongs_to("links", "link_id"),
        belongs_to("variants", "variant_id"),
        CheckConstraint(f"weight between 0 and {HEAVIEST}", name="weight"),
    )

    link_id: Mapped[LinkId] = mapped_column(index=True)
    url: Mapped[str] = mapped_column(String(2048))
    weight: Mapped[int] = mapped_column(server_default="1")
    countries: Mapped[list[str]] = mapped_column(server_default="[]")
    devices: Mapped[list[str]] = mapped_column(server_default="[]")
    systems: Mapped[list[str]] = mapped_column(server_default="[]")
    languages: Mapped[list[str]] = mapped_column(server_default="[]")
    variant_id: Mapped[int | None] = mapped_column(index=True)


class LinkUse(Record):
    """How often people followed a link that has a limit; the edge counts it up, by one statement."""

    __tablename__ = "link_uses"
    __table_args__ = (belongs_to("links", "link_id"),)

    tenant_id: Mapped[TenantId] = mapped_column(primary_key=True)
    link_id: Mapped[LinkId] = mapped_column(primary_key=True)
    used: Mapped[int]


class BlockedHost(Numbered, Record):
    """Nobody is sent there, whichever tenant's link says so: a host, or with a dot in front all below it too."""

    __tablename__ = "blocked_hosts"

    host: Mapped[str] = mapped_column(String(255), unique=True)
    reason: Mapped[str] = mapped_column(String(200), server_default="")


class SlugTaken(NotUsable):
    """Another link has this slug, this tenant's or somebody else's."""


class NoSuchLink(NotUsable):
    """The tenant has no link with this slug."""


def add(
    session: Session,
    actor: Actor,
    tenant: TenantId,
    values: Mapping[str, Any],
    targets: Iterable[Mapping[str, Any]] = (),
    *,
    slug: str | None = None,
    by_chance: Callable[[], str],
) -> Link:
    """A link under the slug that somebody chose, or under one by chance that no other link has."""
    link = None
    for _ in range(1 if slug else MOST_TRIES):
        row = {**values, "tenant_id": tenant, "slug": slug or by_chance()}
        link = session.scalar(
            insert(Link).values(row).on_conflict_do_nothing(index_elements=["slug"]).returning(Link)
        )
        if link is not None:
            break
    if link is None:
        raise SlugTaken(
            f"The slug {slug} is taken; choose another one."
            if slug
            else "No free slug was found by chance; make new ones longer."
        )
    replace_targets(session, link, targets)
    told = {"slug": link.slug, "campaign_id": link.campaign_id, "channel": link.channel}
    audit_log.append(session, tenant, actor, "add", "link", link.id, {}, told)
    return link


def replace_targets(session: Session, link: Link, targets: Iterable[Mapping[str, Any]]) -> None:
    """The link's targets are these from now on, and no others."""
    session.execute(delete(LinkTarget).where(LinkTarget.link_id == link.id))
    rows = [{**target, "tenant_id": link.tenant_id, "link_id": link.id} for target in targets]
    if rows:
        session.execute(insert(LinkTarget), rows)
    session.expire(link, ["targets"])


def edit(
    session: Session,
    actor: Actor,
    link: Link,
    values: Mapping[str, Any],
    targets: Iterable[Mapping[str, Any]] | None = None,
) -> None:
    """The link as somebody wants it from now on; targets that an experiment owns stay what and where they are."""
    changed = sorted(name for name, value in values.items() if getattr(link, name) != value)
    before = {"target_url": link.target_url, "fallback_url": link.fallback_url}
    for name in changed:
        setattr(link, name, values[name])
    session.flush()
    if targets is not None and _replace_own_targets(session, link, list(targets)):
        changed.append("targets")
    if changed:
        after = {"target_url": link.target_url, "fallback_url": link.fallback_url, "changed": changed}
        audit_log.append(session, link.tenant_id, actor, "change", "link", link.id, before, after)


def _replace_own_targets(session: Session, link: Link, wanted: list[Mapping[str, Any]]) -> bool:
    own = [target for target in link.targets if target.variant_id is None]
    if (
        [{name: getattr(target, name) for name in wanted[0]} for target in own] == wanted
        if wanted
        else not own
    ):
        return False
    mine = LinkTarget.tenant_id == link.tenant_id, LinkTarget.link_id == link.id
    session.execute(delete(LinkTarget).where(*mine, LinkTarget.variant_id.is_(None)))
    if wanted:
        rows = [{**target, "tenant_id": link.tenant_id, "link_id": link.id} for target in wanted]
        session.execute(insert(LinkTarget), rows)
    session.expire(link, ["targets"])
    return True


def change(session: Session, actor: Actor, link: Link, wanted: Mapping[str, Any]) -> None:
    """The link leads elsewhere from now on, or has ended, or is back; what is not named stays."""
    before = {"target_url": link.target_url, "archived": link.archived_at is not None}
    link.target_url = wanted.get("target_url", link.target_url)
    link.fallback_url = wanted.get("fallback_url", link.fallback_url)
    if "archived" in wanted:
        link.archived_at = (link.archived_at or now()) if wanted["archived"] else None
    session.flush()
    after = {"target_url": link.target_url, "archived": link.archived_at is not None}
    audit_log.append(session, link.tenant_id, actor, "change", "link", link.id, before, after)


def archive(session: Session, actor: Actor, tenant: TenantId, slug: str) -> Link:
    """The link says from now on that it has ended; its numbers stay."""
    link = found(session, tenant, slug)
    if link.archived_at is None:
        link.archived_at = now()
        audit_log.append(session, tenant, actor, "archive", "link", link.id, {}, {"slug": slug})
    return link


def restore(session: Session, actor: Actor, tenant: TenantId, slug: str) -> Link:
    """The link leads somewhere again."""
    link = found(session, tenant, slug)
    if link.archived_at is not None:
        link.archived_at = None
        audit_log.append(session, tenant, actor, "restore", "link", link.id, {}, {"slug": slug})
    return link


def found(session: Session, tenant: TenantId, slug: str) -> Link:
    """The tenant's link, held until the transaction ends."""
    link = session.scalar(select(Link).where(Link.tenant_id == tenant, Link.slug == slug).with_for_update())
    if link is None:
        raise NoSuchLink(f"This tenant has no link {slug!r}.")
    return link


def by_number(session: Session, tenant: TenantId, link: LinkId, *, lock: bool = False) -> Link | None:
    query = select(Link).where(Link.tenant_id == tenant, Link.id == link)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def listed(
    session: Session, tenant: TenantId, sought: Sought, *, cursor: int | None, limit: int
) -> tuple[list[Link], int | None]:
    """A page of links, newest first, and where the next begins."""
    query = select(Link).where(Link.tenant_id == tenant, *_fitting(sought))
    query = query.order_by(Link.id.desc()).limit(limit + 1)
    rows = list(session.scalars(query.where(Link.id < cursor) if cursor else query))
    shown = rows[:limit]
    return shown, (shown[-1].id if len(rows) > limit else None)


def _fitting(sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.campaign is not None:
        yield Link.campaign_id == sought.campaign
    if sought.text:
        wanted = sought.text.lower()
        yield or_(
            *(
                func.strpos(func.lower(column), wanted) > 0
                for column in (Link.slug, Link.title, Link.target_url)
            )
        )
    if sought.state is not None:
        moment = now()
        is_archived = Link.archived_at.is_not(None)
        starts_later = func.coalesce(Link.starts_at > moment, false())
        has_expired = func.coalesce(Link.expires_at <= moment, false())
        yield {
            LinkState.LIVE: and_(~is_archived, ~starts_later, ~has_expired),
            LinkState.WAITING: and_(~is_archived, starts_later),
            LinkState.OVER: and_(~is_archived, has_expired),
            LinkState.ARCHIVED: is_archived,
        }[sought.state]


def newest(session: Session, tenant: TenantId, most: int = 1000) -> list[Link]:
    query = select(Link).where(Link.tenant_id == tenant).order_by(Link.id.desc()).limit(most)
    return list(session.scalars(query))


def uses(session: Session, tenant: TenantId) -> dict[LinkId, int]:
    """How often people followed each of the tenant's links that has a limit."""
    query = select(LinkUse.link_id, LinkUse.used).where(LinkUse.tenant_id == tenant)
    return dict(session.execute(query).tuples().all())


def block(session: Session, actor: Actor, host: str, reason: str) -> None:
    """From now on nobody is sent to the host."""
    kept = session.scalar(
        insert(BlockedHost)
        .values(host=host, reason=reason)
        .on_conflict_do_update(index_elements=["host"], set_={"reason": reason})
        .returning(BlockedHost.id)
    )
    told = {"host": host, "reason": reason}
    audit_log.append(session, audit_log.HOUSE, actor, "block", "host", str(kept), {}, told)


def unblock(session: Session, actor: Actor, host: str) -> None:
    gone = session.scalar(delete(BlockedHost).where(BlockedHost.host == host).returning(BlockedHost.id))
    if gone is None:
        raise NotUsable(f"{host} is not blocked.")
    audit_log.append(session, audit_log.HOUSE, actor, "unblock", "host", str(gone), {"host": host}, {})


def blocked_hosts(session: Session) -> list[BlockedHost]:
    return list(session.scalars(select(BlockedHost).order_by(BlockedHost.host)))
