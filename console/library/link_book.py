"""What a person does with short links, the same for forms and for the API: each function is one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from console.actions import desk
from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from marketing_pipelines.events.user_agents import Device
from marketing_pipelines.links import cells, figures, importing, keeping, parameters
from marketing_pipelines.links.addresses import own_hosts, short_address
from marketing_pipelines.links.drafts import LinkDraft
from marketing_pipelines.links.figures import Course, Recent
from marketing_pipelines.links.refusals import NotUsable as NoLink
from marketing_pipelines.links.slugs import usable_slug
from marketing_pipelines.links.targets import HEAVIEST, BlockList, Target, usable_target
from marketing_pipelines.links.utm import utm_of
from store import events, passwords
from store.clock import now
from store.records import links
from store.records.campaigns import Campaign
from store.records.database import Session
from store.records.experiments import Variant
from store.records.links import Link, LinkTarget, SlugTaken, Sought
from store.records.schema import CampaignId, LinkId

SHORTEST_PASSWORD = 4
LONGEST_PASSWORD = 200
LONGEST_SPAN = timedelta(days=400)
USUAL_SPAN = timedelta(days=29)


@dataclass(frozen=True, slots=True)
class WantedTarget:
    """Another address for those whom every condition fits; an empty condition fits all."""

    url: str
    weight: int = 1
    countries: Sequence[str] = ()
    devices: Sequence[str] = ()
    systems: Sequence[str] = ()
    languages: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A new link as somebody asks for it."""

    long_url: str
    campaign: CampaignId | None = None
    channel: str = ""
    slug: str | None = None
    title: str = ""
    tags: Sequence[str] = ()
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    max_clicks: int | None = None
    fallback_url: str | None = None
    passed_parameters: Sequence[str] = ()
    targets: Sequence[WantedTarget] = ()
    password: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A link as it is followed: its short address, its tags, and what stands out about it."""

    link: Link
    short_url: str
    target: str
    utm: Mapping[str, str]
    warnings: Sequence[str]
    campaign: str = ""
    variants: Sequence[Variant] = ()

    @property
    def etag(self) -> str:
        own = [target for target in self.link.targets if target.variant_id is None]
        return etags.of(self.link, *own)

    @property
    def chances(self) -> Mapping[int, float]:
        """By the number of a target, the share of those whom it fits that it gets, among its equals."""
        weighs = {variant.id: variant.weight * HEAVIEST for variant in self.variants}
        weights = {
            it.id: weighs.get(it.variant_id, 0.0) if it.variant_id else float(it.weight)
            for it in self.link.targets
        }
        equals = dict[object, float]()
        for it in self.link.targets:
            equals[_conditions(it)] = equals.get(_conditions(it), 0.0) + weights[it.id]
        return {
            it.id: weights[it.id] / equals[_conditions(it)] if equals[_conditions(it)] else 0.0
            for it in self.link.targets
        }


def create(visitor: Visitor, wanted: Wanted) -> Known:
    draft = _draft(visitor, wanted)
    password_hash = _hashed(wanted.password)
    with visitor.records() as session:
        if wanted.campaign is not None:
            desk.require_campaign(session, visitor, wanted.campaign)
        _refuse_blocked(session, draft)
        with _refusing("slug"):
            link = keeping.keep(
                session,
                visitor.actor,
                visitor.tenant,
                draft,
                campaign=wanted.campaign,
                password_hash=password_hash,
            )
        return _known(session, visitor, [link])[0]


def change(visitor: Visitor, link_id: int, changes: Mapping[str, Any]) -> Known:
    """What is not named stays as it is, and so does the slug, which stands on paper by now.

    The names are those of `Wanted`, and `archived`; an empty password takes away the one there is.
    """
    with visitor.records() as session:
        link = links.by_number(session, visitor.tenant, LinkId(link_id), lock=True)
        if link is None:
            raise nothing_here()
        visitor.conditions.require(lambda: _known(session, visitor, [link])[0].etag)
        named = dict(changes)
        archived = named.pop("archived", None)
        if named:
            _rewrite(session, visitor, link, named)
        if archived is not None:
            step = links.archive if archived else links.restore
            step(session, visitor.actor, visitor.tenant, link.slug)
        session.flush()
        return _known(session, visitor, [link])[0]


def _rewrite(session: Session, visitor: Visitor, link: Link, named: Mapping[str, Any]) -> None:
    wanted = replace(as_wanted(link), **named)
    draft = _draft(visitor, wanted)
    if "campaign" in named and wanted.campaign is not None:
        desk.require_campaign(session, visitor, wanted.campaign)
    _refuse_blocked(session, draft)
    password_hash = _hashed(wanted.password) if "password" in named else link.password_hash
    keeping.change(session, visitor.actor, link, draft, campaign=wanted.campaign, password_hash=password_hash)


def as_wanted(link: Link) -> Wanted:
    """The link as somebody would ask for it, but for its password, which nobody reads again."""
    own = [target for target in link.targets if target.variant_id is None]
    return Wanted(
        long_url=link.target_url,
        campaign=link.campaign_id,
        channel=link.channel,
        slug=link.slug,
        title=link.title,
        tags=link.tags,
        starts_at=link.starts_at,
        expires_at=link.expires_at,
        max_clicks=link.max_clicks,
        fallback_url=link.fallback_url,
        passed_parameters=link.passed_parameters,
        targets=[
            WantedTarget(it.url, it.weight, it.countries, it.devices, it.systems, it.languages) for it in own
        ],
    )


def read(visitor: Visitor, link_id: int) -> Known:
    with visitor.records() as session:
        return known(session, visitor, link_id)


def known(session: Session, visitor: Visitor, link_id: int) -> Known:
    return _known(session, visitor, [_found(session, visitor, link_id)])[0]


def listed(
    visitor: Visitor, sought: Sought, *, cursor: int | None, limit: int
) -> tuple[Sequence[Known], int | None]:
    """A page of links, newest first, and where the next begins."""
    with visitor.records() as session:
        page, following = links.listed(session, visitor.tenant, sought, cursor=cursor, limit=limit)
        return _known(session, visitor, page), following


def recently(visitor: Visitor, shown: Sequence[Known]) -> Mapping[LinkId, Recent] | None:
    """How often people followed each of these links lately; None while nobody can say."""
    try:
        numbers = [LinkId(it.link.id) for it in shown]
        client = events.shared(visitor.settings)
        return figures.recently(client, visitor.tenant, numbers, datetime.now(UTC).date())
    except (ClickHouseError, OSError):
        return None


def course(
    visitor: Visitor, link_id: int, since: date | None, until: date | None
) -> tuple[date, date, Course]:
    """How a link was followed in a span of UTC days: the last thirty, unless others are asked for."""
    last = until or datetime.now(UTC).date()
    first = since or last - USUAL_SPAN
    if first > last:
        raise _wrong("since", "must not lie after until")
    if last - first > LONGEST_SPAN:
        raise _wrong("since", f"must not lie more than {LONGEST_SPAN.days} days before until")
    with visitor.records() as session:
        link = LinkId(_found(session, visitor, link_id).id)
    try:
        client = events.shared(visitor.settings)
        return first, last, figures.course_of_link(client, visitor.tenant, link, first, last)
    except (ClickHouseError, OSError):
        raise Refused(503, "The figures cannot be read right now; the link itself works.") from None


def _draft(visitor: Visitor, wanted: Wanted) -> LinkDraft:
    """What was asked for, in the one spelling that is kept; whatever cannot be is refused by its field."""
    ours = own_hosts(visitor.settings)
    with _refusing("long_url"):
        target = usable_target(wanted.long_url, own_hosts=ours)
    with _refusing("fallback_url"):
        fallback = usable_target(wanted.fallback_url, own_hosts=ours) if wanted.fallback_url else None
    with _refusing("slug"):
        slug = usable_slug(wanted.slug) if wanted.slug else None
    with _refusing("title"):
        title = cells.one_line(wanted.title, importing.LONGEST_TITLE)
    with _refusing("channel"):
        channel = cells.one_line(wanted.channel, importing.LONGEST_CHANNEL)
    with _refusing("tags"):
        tags = tuple(dict.fromkeys(cells.one_line(tag, cells.LONGEST_TAG) for tag in wanted.tags))
    with _refusing("passed_parameters"):
        passed = cells.parameters(",".join(wanted.passed_parameters))
    targets = _targets(visitor, wanted.targets)
    with _refusing("expires_at"):
        return LinkDraft(
            target_url=target,
            slug=slug,
            title=title,
            channel=channel,
            tags=tags,
            starts_at=wanted.starts_at,
            expires_at=wanted.expires_at,
            max_clicks=wanted.max_clicks,
            fallback_url=fallback,
            targets=targets,
            passed_parameters=passed,
        )


def _targets(visitor: Visitor, wanted: Sequence[WantedTarget]) -> tuple[Target, ...]:
    if len(wanted) > importing.MOST_TARGETS:
        raise _wrong("targets", f"A link has {importing.MOST_TARGETS} targets at most, not {len(wanted)}.")
    ours = own_hosts(visitor.settings)
    targets = list[Target]()
    for number, given in enumerate(wanted):
        with _refusing(f"targets.{number}"):
            targets.append(
                Target(
                    usable_target(given.url, own_hosts=ours),
                    weight=given.weight,
                    countries=frozenset(country.upper() for country in given.countries),
                    devices=frozenset(map(_device, given.devices)),
                    systems=frozenset(given.systems),
                    languages=frozenset(language.lower() for language in given.languages),
                )
            )
    return tuple(targets)


def _device(name: str) -> Device:
    try:
        return Device(name.lower())
    except ValueError:
        raise NoLink(f"{name[:20]!r} is no device; write one of {', '.join(Device)}.") from None


def _hashed(password: str) -> str | None:
    if not password:
        return None
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise _wrong("password", f"It has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    return passwords.hashed(password)


def _conditions(target: LinkTarget) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(sorted(it)) for it in (target.countries, target.devices, target.systems, target.languages)
    )


def _refuse_blocked(session: Session, draft: LinkDraft) -> None:
    block_list = BlockList(blocked.host for blocked in links.blocked_hosts(session))
    targets = [(f"targets.{number}", target.url) for number, target in enumerate(draft.targets)]
    for name, url in (("long_url", draft.target_url), ("fallback_url", draft.fallback_url), *targets):
        if url and block_list.blocks(url):
            raise _wrong(name, "leads to a host that nobody is sent to from here")


def _known(session: Session, visitor: Visitor, shown: Sequence[Link]) -> list[Known]:
    """In as many statements for a hundred links as for one."""
    rows = session.execute(
        select(Campaign.id, Campaign.utm_campaign, Campaign.name).where(
            Campaign.tenant_id == visitor.tenant, Campaign.id.in_({link.campaign_id for link in shown})
        )
    )
    named = {row.id: row for row in rows}
    ours = LinkTarget.tenant_id == visitor.tenant, LinkTarget.link_id.in_([link.id for link in shown])
    targets = session.scalars(select(LinkTarget).where(*ours).order_by(LinkTarget.id))
    by_link = dict[int, list[LinkTarget]]()
    for target in targets:
        by_link.setdefault(target.link_id, []).append(target)
    carried = {it.variant_id for targets in by_link.values() for it in targets if it.variant_id}
    carry = select(Variant).where(
        Variant.tenant_id == visitor.tenant,
        or_(Variant.id.in_(carried), Variant.link_id.in_([link.id for link in shown])),
    )
    variants = list(session.scalars(carry.options(joinedload(Variant.experiment)).order_by(Variant.id)))
    before_slug = short_address(visitor.settings)
    found = list[Known]()
    for link in shown:
        of_link = by_link.get(link.id, [])
        set_committed_value(link, "targets", of_link)
        numbers = {target.variant_id for target in of_link}
        campaign = named.get(link.campaign_id)
        utm = utm_of(link.channel, campaign.utm_campaign if campaign else "")
        found.append(
            Known(
                link,
                f"{before_slug}{link.slug}",
                parameters.tagged(link.target_url, utm),
                utm,
                tuple(_warnings(link, utm)),
                campaign.name if campaign else "",
                [it for it in variants if it.id in numbers or it.link_id == link.id],
            )
        )
    return found


def _warnings(link: Link, utm: Mapping[str, str]) -> Iterator[str]:
    if link.target_url.startswith("http://"):
        yield "The address is not encrypted; use https."
    own = parameters.names(link.target_url) & {name for name, value in utm.items() if value}
    if own:
        yield f"The address has {', '.join(sorted(own))} of its own, which stay as they are."
    if link.expires_at is not None and link.expires_at <= now():
        yield "It has expired already."
    if not link.channel:
        yield "Without a channel its visits say neither utm_source nor utm_medium."
    if link.campaign_id is None:
        yield "Without a campaign its visits are nobody's."
    ends = link.expires_at is not None or link.max_clicks is not None
    if ends and link.fallback_url is None:
        yield "Once it has ended it shows a page of ours; give a fallback_url to lead people elsewhere."


def _found(session: Session, visitor: Visitor, link_id: int) -> Link:
    link = links.by_number(session, visitor.tenant, LinkId(link_id))
    if link is None:
        raise nothing_here()
    return link


def _wrong(name: str, reason: str) -> Refused:
    return Refused(422, f"{name}: {reason}", [FieldError(name, reason)])


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    try:
        yield
    except SlugTaken as taken:
        raise Refused(409, str(taken), [FieldError("slug", str(taken))]) from None
    except NoLink as unusable:
        raise Refused(422, str(unusable), [FieldError(name, str(unusable))]) from None
