"""Feeds: which ones a tenant reads, how the last reading of each went, and when the next one is due.

The conditional state (etag, last_modified, body_hash) moves with the outcome of a reading, once its entries are stored: what
was not stored is asked for again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import (
    ColumnElement,
    Double,
    FetchedValue,
    Index,
    Integer,
    String,
    UniqueConstraint,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.records import audit_log, turns
from store.records.schema import (
    FeedId,
    NotUsable,
    Record,
    TenantId,
    TenantOwned,
    enumerated,
    key_for_children,
    one_of,
)

# How many a tenant may list, those that are read no more among them.
MOST_FEEDS = 2_000
LONGEST_NAME = 200
LONGEST_URL = 2_048
LONGEST_TOPIC = 100
SHORTEST_INTERVAL, LONGEST_INTERVAL = 5, 10_080
HEAVIEST = 100.0
LONGEST_ERROR = 1_000
# A tenth of the interval is forgiven, so that an hourly run finds an hourly feed due in spite of its seconds.
PUNCTUALITY = 0.9
LONGEST_PAUSE = timedelta(days=1)
# Whoever asks again and again presses on no publisher.
RESTS = timedelta(minutes=1)
# Longer than a run that reads all feeds takes.
LEASE = timedelta(minutes=20)


class FeedStatus(StrEnum):
    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    RETIRED = "retired"


class Feed(TenantOwned, Record):
    """`moved_from` is where it was before its publisher said that it has moved for good."""

    __tablename__ = "feeds"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "url"),
        one_of("status", FeedStatus),
        Index("ix_feeds_next_fetch_at", "next_fetch_at"),
    )

    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    url: Mapped[str] = mapped_column(String(LONGEST_URL))
    site_url: Mapped[str] = mapped_column(String(LONGEST_URL), server_default="")
    topic: Mapped[str] = mapped_column(String(LONGEST_TOPIC), server_default="")
    language: Mapped[str] = mapped_column(String(20), server_default="")
    weight: Mapped[float] = mapped_column(Double, server_default="1")
    interval_minutes: Mapped[int] = mapped_column(Integer, server_default="60")
    obeys_robots: Mapped[bool] = mapped_column(server_default="false")
    status: Mapped[FeedStatus] = mapped_column(enumerated(FeedStatus, 20), server_default="new")
    etag: Mapped[str | None] = mapped_column(String(500))
    last_modified: Mapped[str | None] = mapped_column(String(100))
    body_hash: Mapped[str | None] = mapped_column(String(64))
    last_fetched_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(LONGEST_ERROR))
    trouble: Mapped[str | None] = mapped_column(String(40))
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    next_fetch_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    moved_from: Mapped[str | None] = mapped_column(String(LONGEST_URL))
    moved_at: Mapped[datetime | None]
    # A trigger moves it when people change what the feed is; a reading does not.
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now(), server_onupdate=FetchedValue())

    @property
    def listing(self) -> "Listing":
        return Listing(**{field.name: getattr(self, field.name) for field in fields(Listing)})


@dataclass(frozen=True, slots=True)
class Listing:
    """What people say of a feed, whole."""

    name: str
    url: str
    site_url: str = ""
    topic: str = ""
    language: str = ""
    weight: float = 1.0
    interval_minutes: int = 60
    obeys_robots: bool = False

    def told(self) -> dict[str, Any]:
        """What decides about figures; addresses and names stay out of the audit, which nobody can erase."""
        return {name: getattr(self, name) for name in ("topic", "weight", "interval_minutes", "obeys_robots")}


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A feed was read, or had nothing new; what it sent is what is sent back the next time.

    `site_url` and `name` are the publisher's own words, taken where people said nothing.
    """

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    moved_to: str | None = None
    rests_for: timedelta = timedelta(0)
    site_url: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """A feed could not be read: why, for people, and what kind of trouble that is; `gone` for good, or not before `rests_for`
    has passed.
    """

    reason: str
    trouble: str = ""
    gone: bool = False
    rests_for: timedelta = timedelta(0)


class WrongAddress(NotUsable):
    """No feed can be read at this address; `field` says where it was typed."""

    field = "url"


class AlreadyListed(NotUsable):
    """Another feed of the tenant has this address."""

    field = "url"


def add(session: Session, tenant: TenantId, actor: Actor, listing: Listing) -> Feed:
    """A feed to be read as soon as one is read again."""
    turns.take(session, turns.Turn.LISTING_FEEDS, tenant)
    _require_room(session, tenant, 1)
    _require_usable(session, tenant, listing)
    feed = Feed(tenant_id=tenant, **asdict(listing))
    session.add(feed)
    session.flush()
    session.refresh(feed)
    audit_log.append(session, tenant, actor, "add", "feed", feed.id, {}, listing.told())
    return feed


def take_over(
    session: Session, tenant: TenantId, actor: Actor | None, listings: Iterable[Listing]
) -> Sequence[FeedId]:
    """Adds those that the tenant does not list yet; what people changed since stays as it is."""
    distinct = {listing.url: listing for listing in listings}
    if not distinct:
        return []
    turns.take(session, turns.Turn.LISTING_FEEDS, tenant)
    known = session.scalars(select(Feed.url).where(Feed.tenant_id == tenant, Feed.url.in_(distinct))).all()
    rows = [
        {"tenant_id": tenant, **asdict(listing)} for url, listing in distinct.items() if url not in set(known)
    ]
    if not rows:
        return []
    _require_room(session, tenant, len(rows))
    added = session.scalars(insert(Feed).values(rows).on_conflict_do_nothing().returning(Feed.id)).all()
    if actor is not None:
        audit_log.append(session, tenant, actor, "import", "feeds", tenant, {}, {"feeds": list(added)})
    return [FeedId(feed) for feed in added]


def change(session: Session, feed: Feed, actor: Actor, listing: Listing) -> None:
    """What people say of it from now on; at another address it is a feed that nobody has read yet."""
    before = feed.listing
    if listing == before:
        return
    if listing.url != before.url:
        _require_usable(session, feed.tenant_id, listing)
        _forget_reading(feed)
    for name, value in asdict(listing).items():
        setattr(feed, name, value)
    session.flush()
    session.refresh(feed)
    audit_log.append(session, feed.tenant_id, actor, "change", "feed", feed.id, before.told(), listing.told())


def retire(session: Session, feed: Feed, actor: Actor) -> None:
    """It is read no more; its entries stay."""
    if feed.status is FeedStatus.RETIRED:
        return
    feed.status, feed.next_fetch_at = FeedStatus.RETIRED, None
    feed.last_error = feed.trouble = None
    session.flush()
    audit_log.append(session, feed.tenant_id, actor, "retire", "feed", feed.id, {}, {})


def revive(session: Session, feed: Feed, actor: Actor) -> None:
    """It is read again, the next time that feeds are read."""
    if feed.status is not FeedStatus.RETIRED:
        return
    _forget_reading(feed)
    session.flush()
    audit_log.append(session, feed.tenant_id, actor, "revive", "feed", feed.id, {}, {})


def remove(session: Session, feed: Feed, actor: Actor) -> None:
    """It is listed no more; what it has said stays in the warehouse."""
    told = feed.listing.told()
    session.delete(feed)
    session.flush()
    audit_log.append(session, feed.tenant_id, actor, "remove", "feed", feed.id, told, {})


def settle(session: Session, feed: Feed, outcome: Succeeded | Missed, at: datetime) -> None:
    """Writes down how a reading went and when the next one is due; the caller holds the row's lock."""
    feed.last_fetched_at, feed.claimed_until = at, None
    interval = timedelta(minutes=feed.interval_minutes) * PUNCTUALITY
    if isinstance(outcome, Missed):
        feed.failures += 1
        feed.status = FeedStatus.RETIRED if outcome.gone else FeedStatus.FAILING
        feed.last_error, feed.trouble = outcome.reason[:LONGEST_ERROR], outcome.trouble or None
        feed.next_fetch_at = None if outcome.gone else at + _pause(feed, outcome, interval, at)
        return
    feed.etag, feed.last_modified = outcome.etag, outcome.last_modified
    feed.body_hash = outcome.body_hash
    feed.site_url = feed.site_url or outcome.site_url[:LONGEST_URL]
    feed.status, feed.failures = FeedStatus.OK, 0
    feed.last_error = feed.trouble = None
    feed.last_success_at = at
    feed.next_fetch_at = at + max(interval, min(outcome.rests_for, LONGEST_PAUSE))
    if outcome.moved_to is not None:
        _move(session, feed, outcome.moved_to, at)


def claim_due(session: Session, at: datetime) -> Sequence[Feed]:
    """Takes every tenant's feeds that are to be read, those first that have waited longest."""
    is_due = or_(Feed.next_fetch_at.is_(None), Feed.next_fetch_at <= at)
    return _claim(session, at, is_due)


def claim_rested(session: Session, tenant: TenantId, at: datetime) -> Sequence[Feed]:
    """Takes a tenant's feeds, due or not, but for those that were read a moment ago."""
    has_rested = or_(Feed.last_fetched_at.is_(None), Feed.last_fetched_at <= at - RESTS)
    return _claim(session, at, has_rested, Feed.tenant_id == tenant)


def _claim(session: Session, at: datetime, *wanted: ColumnElement[bool]) -> Sequence[Feed]:
    """Whoever takes a feed has it for a while: nobody else reads it meanwhile, and a run that was killed holds none for long."""
    is_free = or_(Feed.claimed_until.is_(None), Feed.claimed_until <= at)
    free = select(Feed.id).where(Feed.status != FeedStatus.RETIRED, is_free, *wanted)
    taken = session.scalars(
        update(Feed)
        .where(Feed.id.in_(free.with_for_update(skip_locked=True)))
        .values(claimed_until=at + LEASE)
        .returning(Feed),
        execution_options={"synchronize_session": False},
    ).all()
    first = datetime.min.replace(tzinfo=UTC)
    return sorted(taken, key=lambda feed: (feed.next_fetch_at or first, feed.id))


def locked(session: Session, tenant: TenantId, feed: FeedId) -> Feed | None:
    """The feed as it is now, while nobody else changes it; none that is another tenant's."""
    return session.scalars(
        select(Feed)
        .where(Feed.tenant_id == tenant, Feed.id == feed)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _forget_reading(feed: Feed) -> None:
    feed.status, feed.failures = FeedStatus.NEW, 0
    feed.last_error = feed.trouble = None
    feed.etag = feed.last_modified = feed.body_hash = None
    feed.next_fetch_at = feed.claimed_until = None


def _move(session: Session, feed: Feed, url: str, at: datetime) -> None:
    """Follows the publisher; where the new address is listed already, this one is read no more."""
    if len(url) > LONGEST_URL or url == feed.url:
        return
    other = select(Feed.name).where(Feed.tenant_id == feed.tenant_id, Feed.url == url)
    twin = session.scalars(other).one_or_none()
    if twin is not None:
        feed.status, feed.next_fetch_at = FeedStatus.RETIRED, None
        feed.last_error = f"It has moved to the address of “{twin}”, which you read already."
        return
    feed.moved_from, feed.url, feed.moved_at = feed.url, url, at


def _pause(feed: Feed, missed: Missed, interval: timedelta, at: datetime) -> timedelta:
    """Half as long again as it has been failing for, a day at most; a publisher's own wish comes first."""
    failing_for = at - (feed.last_success_at or feed.created_at)
    return min(max(interval, failing_for / 2, missed.rests_for), max(LONGEST_PAUSE, interval))


def _require_room(session: Session, tenant: TenantId, wanted: int) -> None:
    listed = session.scalars(select(func.count()).where(Feed.tenant_id == tenant)).one()
    if listed + wanted > MOST_FEEDS:
        raise NotUsable(
            f"{listed:,} feeds are listed and {MOST_FEEDS:,} are the most; {wanted:,} more are too many. Remove some first."
        )


def _require_usable(session: Session, tenant: TenantId, listing: Listing) -> None:
    try:
        parts = urlsplit(listing.url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_web = False
    if not is_web or len(listing.url) > LONGEST_URL:
        raise WrongAddress("A feed has a web address: https://… of its site or of the feed itself.")
    other = select(Feed.name).where(Feed.tenant_id == tenant, Feed.url == listing.url)
    twin = session.scalars(other).one_or_none()
    if twin is not None:
        raise AlreadyListed(f"“{twin}” has this address already.")
