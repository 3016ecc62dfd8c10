"""What a person does with short links over the API: each function is one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from sqlalchemy import select

from console import desk
from console.problems import FieldError, Refused, nothing_here
from console.sign_in import Visitor
from marketing_pipelines.links import cells, figures, importing, keeping, parameters
from marketing_pipelines.links.addresses import own_hosts, short_address
from marketing_pipelines.links.drafts import LinkDraft
from marketing_pipelines.links.figures import Course
from marketing_pipelines.links.refusals import NotUsable as NoLink
from marketing_pipelines.links.slugs import usable_slug
from marketing_pipelines.links.targets import BlockList, usable_target
from marketing_pipelines.links.utm import utm_of
from store import events
from store.clock import now
from store.records import links
from store.records.campaigns import Campaign
from store.records.database import Session
from store.records.links import Link, SlugTaken
from store.records.schema import CampaignId, LinkId

LONGEST_SPAN = timedelta(days=400)
USUAL_SPAN = timedelta(days=29)


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


@dataclass(frozen=True, slots=True)
class Known:
    """A link as it is followed: its short address, its tags, and what stands out about it."""

    link: Link
    short_url: str
    target: str
    utm: Mapping[str, str]
    warnings: Sequence[str]


def create(visitor: Visitor, wanted: Wanted) -> Known:
    draft = _draft(visitor, wanted)
    with visitor.records() as session:
        if wanted.campaign is not None:
            desk.require_campaign(session, visitor, wanted.campaign)
        _refuse_blocked(session, draft)
        with _refusing("slug"):
            link = keeping.keep(session, visitor.actor, visitor.tenant, draft, campaign=wanted.campaign)
        return _known(session, visitor, [link])[0]


def read(visitor: Visitor, link_id: int) -> Known:
    with visitor.records() as session:
        return _known(session, visitor, [_found(session, visitor, link_id)])[0]


def listed(
    visitor: Visitor, *, campaign: int | None, cursor: int | None, limit: int
) -> tuple[Sequence[Known], int | None]:
    """A page of links, newest first, and where the next begins."""
    query = select(Link).where(Link.tenant_id == visitor.tenant).order_by(Link.id.desc()).limit(limit + 1)
    if campaign is not None:
        query = query.where(Link.campaign_id == campaign)
    with visitor.records() as session:
        rows = list(session.scalars(query.where(Link.id < cursor) if cursor else query))
        shown = rows[:limit]
        return _known(session, visitor, shown), (shown[-1].id if len(rows) > limit else None)


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
        with events.connect(visitor.settings) as client:
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
        )


def _refuse_blocked(session: Session, draft: LinkDraft) -> None:
    block_list = BlockList(blocked.host for blocked in links.blocked_hosts(session))
    for name, url in (("long_url", draft.target_url), ("fallback_url", draft.fallback_url)):
        if url and block_list.blocks(url):
            raise _wrong(name, "leads to a host that nobody is sent to from here")


def _known(session: Session, visitor: Visitor, shown: Sequence[Link]) -> list[Known]:
    rows = session.execute(
        select(Campaign.id, Campaign.utm_campaign).where(
            Campaign.tenant_id == visitor.tenant, Campaign.id.in_({link.campaign_id for link in shown})
        )
    )
    named = {row.id: row.utm_campaign for row in rows}
    before_slug = short_address(visitor.settings)
    return [
        _as_followed(link, f"{before_slug}{link.slug}", utm_of(link.channel, named.get(link.campaign_id, "")))
        for link in shown
    ]


def _as_followed(link: Link, short_url: str, utm: Mapping[str, str]) -> Known:
    target = parameters.tagged(link.target_url, utm)
    return Known(link, short_url, target, utm, tuple(_warnings(link, utm)))


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
