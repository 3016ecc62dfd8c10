"""Reading: the due feeds of all tenants, their new entries stored, and each feed's row moved on afterwards."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from marketing_pipelines.trends import feeds, fetching
from marketing_pipelines.trends.feeds import Entry, NotAFeed
from marketing_pipelines.trends.fetching import Failed, Fetched, NotModified
from store import clock, events, records
from store.records.feeds import Feed, FeedStatus
from store.records.schema import TenantId
from store.settings import Role, Settings

if TYPE_CHECKING:
    import httpx
    import pyarrow as pa

LONGEST_PAUSE = timedelta(days=1)
# A tenth of the interval is forgiven, so that an hourly run finds an hourly feed due in spite of its seconds.
PUNCTUALITY = 0.9
# Whoever asks again and again presses on no publisher.
RESTS = timedelta(minutes=1)

STORED_VERSIONS = """
select
    entry_id,
    argMax(content_hash, first_seen_at) as content_hash,
    min(published_at) as published_at,
    count() as versions
from raw.feed_entries
where tenant_id = {tenant:Int64} and feed_id = {feed:Int64}
group by entry_id
"""


@dataclass(frozen=True, slots=True)
class Health:
    """How many feeds are read, how many of those are failing, and how many are gone for good."""

    read: int
    failing: int
    retired: int


def health(settings: Settings) -> Health:
    """The state of all tenants' feeds, as their last readings left it."""
    with records.session(settings, Role.PIPELINES) as session:
        counted = select(Feed.status, func.count()).group_by(Feed.status)
        feeds_by_status = {status: count for status, count in session.execute(counted)}  # noqa: C416
    retired = feeds_by_status.pop(FeedStatus.RETIRED, 0)
    return Health(sum(feeds_by_status.values()), feeds_by_status.get(FeedStatus.FAILING, 0), retired)


@dataclass(frozen=True, slots=True)
class Document:
    """A feed that was fetched and could be read."""

    fetched: Fetched
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the reading of one feed went."""

    tenant_id: TenantId
    feed_id: int
    name: str
    status: FeedStatus
    entries: int
    stored: int
    error: str | None

    @property
    def failing(self) -> bool:
        return self.error is not None


def read_due(settings: Settings, *, run_id: str) -> list[Reading]:
    """Reads every feed that is due; one that fails says so in its own row and holds up no other."""
    with records.session(settings, Role.PIPELINES) as session:
        due = due_feeds(session, clock.now())
    return list(_read(settings, due, run_id))


def read_now(settings: Settings, tenant: TenantId, *, run_id: str) -> Iterator[Reading]:
    """Reads a tenant's feeds, due or not, but for those that were read a moment ago; gives each as it is read."""
    rested = or_(Feed.last_fetched_at.is_(None), Feed.last_fetched_at <= clock.now() - RESTS)
    with records.session(settings, Role.PIPELINES) as session:
        chosen = session.scalars(
            select(Feed)
            .where(Feed.tenant_id == tenant, Feed.status != FeedStatus.RETIRED, rested)
            .order_by(Feed.id)
        ).all()
    yield from _read(settings, chosen, run_id)


def due_feeds(session: records.Session, now: datetime) -> Sequence[Feed]:
    """The feeds to be read now, those first that have waited longest."""
    return session.scalars(
        select(Feed)
        .where(Feed.status != FeedStatus.RETIRED)
        .where(or_(Feed.next_fetch_at.is_(None), Feed.next_fetch_at <= now))
        .order_by(Feed.next_fetch_at.nulls_first(), Feed.id)
    ).all()


def _read(settings: Settings, chosen: Sequence[Feed], run_id: str) -> Iterator[Reading]:
    if not chosen:
        return
    with (
        fetching.open_client(allow_private=not settings.production) as http,
        events.connect(settings, run_id=run_id) as clickhouse,
    ):
        yield from _read_with(settings, clickhouse, http, chosen, run_id)


def _read_with(
    settings: Settings, clickhouse: events.Client, http: "httpx.Client", chosen: Sequence[Feed], run_id: str
) -> Iterator[Reading]:
    outcomes = fetching.spread(
        chosen, lambda feed: ask(http, feed), key=lambda feed: fetching.host_of(feed.url)
    )
    for feed, outcome in outcomes:
        now = clock.now()
        entries = outcome.entries if isinstance(outcome, Document) else []
        stored = store_entries(clickhouse, feed, entries, now=now, run_id=run_id)
        with records.session(settings, Role.PIPELINES, tenant=feed.tenant_id) as session:
            row = session.get(Feed, feed.id)
            if row is not None:  # a feed may be deleted while it is being read
                move_on(row, outcome, now)
        yield Reading(
            tenant_id=feed.tenant_id,
            feed_id=feed.id,
            name=feed.name,
            status=row.status if row else FeedStatus.RETIRED,
            entries=len(entries),
            stored=stored,
            error=outcome.reason if isinstance(outcome, Failed) else None,
        )


def ask(http: "httpx.Client", feed: Feed) -> Document | NotModified | Failed:
    """Fetches and parses one feed; an answer that is no feed has failed too."""
    answer = fetching.fetch(http, feed.url, etag=feed.etag, last_modified=feed.last_modified)
    if not isinstance(answer, Fetched):
        return answer
    try:
        return Document(answer, feeds.parse(answer.body, answer.content_type, answer.url))
    except NotAFeed as error:
        return Failed(error.reason)


def store_entries(
    clickhouse: events.Client, feed: Feed, entries: Sequence[Entry], *, now: datetime, run_id: str
) -> int:
    """Appends the entries that are new or have changed; the same ones a second time add nothing."""
    if not entries:
        return 0
    stored = events.read_for_tenant(clickhouse, feed.tenant_id, STORED_VERSIONS, feed=feed.id)
    known = {row["entry_id"]: row for row in stored.iter_rows(named=True)}
    fresh = [
        entry
        for entry in entries
        if entry.entry_id not in known or known[entry.entry_id]["content_hash"] != entry.content_hash
    ]
    # The version counts too: an edit that is taken back is a third version, not a repetition of the first.
    versions = [known[entry.entry_id]["versions"] if entry.entry_id in known else 0 for entry in fresh]
    told = "\n".join(
        f"{entry.entry_id}\0{entry.content_hash}\0{version}"
        for entry, version in zip(fresh, versions, strict=True)
    )
    token = f"feed-entries:{feed.tenant_id}:{feed.id}:{hashlib.sha256(told.encode()).hexdigest()}"
    first_dates = {entry_id: row["published_at"] for entry_id, row in known.items()}
    return events.append(
        clickhouse, "raw.feed_entries", as_table(feed, fresh, first_dates, now, run_id), token=token
    )


def as_table(
    feed: Feed, entries: Sequence[Entry], first_dates: Mapping[str, datetime], now: datetime, run_id: str
) -> "pa.Table":
    """Entries in the columns of raw.feed_entries.

    A date ahead of the clock would make a story trend tomorrow, and one that an edit moves would make it trend
    twice: the moment it was first seen and the date it first stated are the latest it can have.
    """
    import pyarrow as pa

    published = [
        min(entry.published_at or now, first_dates.get(entry.entry_id, now), now) for entry in entries
    ]
    moment, number, text = pa.timestamp("ms", tz="UTC"), pa.int64(), pa.string()
    return pa.table(
        {
            "tenant_id": pa.array([feed.tenant_id] * len(entries), number),
            "feed_id": pa.array([feed.id] * len(entries), number),
            "entry_id": pa.array([entry.entry_id for entry in entries], text),
            "content_hash": pa.array([entry.content_hash for entry in entries], text),
            "title": pa.array([entry.title for entry in entries], text),
            "link": pa.array([entry.link for entry in entries], text),
            "summary": pa.array([entry.summary for entry in entries], text),
            "author": pa.array([entry.author for entry in entries], text),
            "published_at": pa.array(published, moment),
            "first_seen_at": pa.array([now] * len(entries), moment),
            "run_id": pa.array([run_id] * len(entries), text),
        }
    )


def move_on(feed: Feed, outcome: Document | NotModified | Failed, now: datetime) -> None:
    """Writes down how the reading went and when the next one is due, once the entries are safe."""
    feed.last_fetched_at = now
    interval = timedelta(minutes=feed.interval_minutes)
    if isinstance(outcome, Failed):
        feed.status = FeedStatus.RETIRED if outcome.gone else FeedStatus.FAILING
        feed.last_error = outcome.reason
        feed.next_fetch_at = now + _pause(feed, outcome, interval, now)
        return
    if isinstance(outcome, Document):
        feed.etag = outcome.fetched.etag
        feed.last_modified = outcome.fetched.last_modified
    feed.status = FeedStatus.OK
    feed.last_success_at = now
    feed.last_error = None
    feed.next_fetch_at = now + interval * PUNCTUALITY


def _pause(feed: Feed, failed: Failed, interval: timedelta, now: datetime) -> timedelta:
    """Half as long again as it has been failing for, a day at most; a publisher's own wish comes first."""
    failing_for = now - (feed.last_success_at or feed.created_at)
    wished = failed.retry_after or timedelta(0)
    return min(max(interval * PUNCTUALITY, failing_for / 2, wished), max(LONGEST_PAUSE, interval))
