"""Reading: the due feeds of all tenants, their new entries stored, and each feed's row moved on afterwards."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from marketing_pipelines.trends import entries, feeds, past_readings
from marketing_pipelines.trends.feeds import Document, NotAFeed
from marketing_pipelines.trends.past_readings import PastReading
from marketing_pipelines.trends.publishers import fetching, turns
from marketing_pipelines.trends.publishers.fetching import Failed, Fetched, NotModified
from marketing_pipelines.trends.publishers.hosts import Hosts
from marketing_pipelines.trends.publishers.robots import Robots
from marketing_pipelines.trends.publishers.troubles import Trouble
from store import clock, events, records
from store.records import feeds as listed
from store.records.feeds import Feed, FeedStatus, Missed, Succeeded
from store.records.schema import FeedId, TenantId
from store.settings import Role, Settings

if TYPE_CHECKING:
    import httpx

# So many answers are stored at once: few enough that a killed run loses little, many enough that a store has time to breathe.
AT_ONCE = 50
NO_REST = timedelta(0)


@dataclass(frozen=True, slots=True)
class Health:
    """How many feeds are read, how many of those are failing, and how many are read no more."""

    read: int
    failing: int
    retired: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How the reading of one feed went."""

    tenant_id: TenantId
    feed_id: FeedId
    name: str
    status: FeedStatus
    entries: int
    stored: int
    error: str | None

    @property
    def failing(self) -> bool:
        return self.error is not None


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of asking for a feed, and how long that took; a document that was read already is not read again."""

    feed: Feed
    answer: Fetched | NotModified | Failed
    took: timedelta
    document: Document | None = None

    @property
    def shown(self) -> Sequence[feeds.Entry]:
        return self.document.entries if self.document else ()

    @property
    def outcome(self) -> Succeeded | Missed:
        """What the feed's row keeps of it."""
        answer = self.answer
        if isinstance(answer, Failed):
            rests = answer.retry_after or NO_REST
            return Missed(answer.reason, str(answer.kind), gone=answer.gone, rests_for=rests)
        fetched = answer if isinstance(answer, Fetched) else None
        wish = self.document.wait if self.document else None
        return Succeeded(
            etag=answer.etag if fetched else answer.etag or self.feed.etag,
            last_modified=answer.last_modified
            if fetched
            else answer.last_modified or self.feed.last_modified,
            body_hash=fetched.body_hash if fetched else self.feed.body_hash,
            moved_to=answer.moved_to,
            rests_for=max(answer.not_before or NO_REST, wish or NO_REST),
            site_url=self.document.site if self.document else "",
        )

    def remembered(self, stored: int) -> PastReading:
        answer = self.answer
        said = str(answer.kind) if isinstance(answer, Failed) else "read" if self.document else "unchanged"
        size = len(answer.body) if isinstance(answer, Fetched) else 0
        return PastReading(FeedId(self.feed.id), said, len(self.shown), stored, size, self.took)


def health(settings: Settings) -> Health:
    """The state of all tenants' feeds, as their last readings left it."""
    with records.session(settings, Role.PIPELINES) as session:
        counted = select(Feed.status, func.count()).group_by(Feed.status)
        feeds_by_status = dict(session.execute(counted).tuples().all())
    retired = feeds_by_status.pop(FeedStatus.RETIRED, 0)
    return Health(sum(feeds_by_status.values()), feeds_by_status.get(FeedStatus.FAILING, 0), retired)


def read_due(settings: Settings, *, run_id: str) -> list[Reading]:
    """Reads every feed that is due; one that fails says so in its own row and holds up no other."""
    with records.session(settings, Role.PIPELINES) as session:
        due = listed.claim_due(session, clock.now())
    return list(_read(settings, due, run_id))


def read_now(settings: Settings, tenant: TenantId, *, run_id: str) -> Iterator[Reading]:
    """Reads a tenant's feeds, due or not, but for those that were read a moment ago; gives each as it is read."""
    with records.session(settings, Role.PIPELINES) as session:
        rested = listed.claim_rested(session, tenant, clock.now())
    yield from _read(settings, rested, run_id)


def _read(settings: Settings, chosen: Sequence[Feed], run_id: str) -> Iterator[Reading]:
    if not chosen:
        return
    with (
        fetching.open_client(allow_private=not settings.production, contact=settings.feeds_contact) as http,
        events.connect(settings, run_id=run_id) as client,
    ):
        asking = Asking(http)
        answers = turns.spread(
            chosen,
            asking.ask,
            key=lambda feed: fetching.host_of(feed.url),
            pause=asking.robots.pause,
        )
        for gathered in _in_batches((answered for _, answered in answers), AT_ONCE):
            yield from _keep(settings, client, gathered, run_id)


class Asking:
    """Asks for feeds during one run, in which what one feed's host has said holds for its other feeds as well."""

    def __init__(self, http: "httpx.Client") -> None:
        self._http = http
        self._hosts = Hosts()
        self.robots = Robots(http)

    def ask(self, feed: Feed) -> Answered:
        """Fetches and reads one feed; an answer that is no feed has failed too."""
        began = time.monotonic()
        answer, document = self._answer(feed), None
        if isinstance(answer, Fetched) and answer.body_hash != feed.body_hash:
            try:
                document = feeds.read(answer.body, answer.content_type, answer.url)
            except NotAFeed as error:
                answer = Failed(error.reason, Trouble.NOT_A_FEED)
        return Answered(feed, answer, timedelta(seconds=time.monotonic() - began), document)

    def _answer(self, feed: Feed) -> Fetched | NotModified | Failed:
        refusal = self.robots.refusal(feed.url) if feed.obeys_robots else None
        return refusal or self._hosts.ask(
            feed.url,
            lambda: fetching.fetch(self._http, feed.url, etag=feed.etag, last_modified=feed.last_modified),
        )


def _keep(
    settings: Settings, client: events.Client, gathered: Sequence[Answered], run_id: str
) -> Iterator[Reading]:
    """Entries first, rows afterwards: who is killed in between asks again for what may not have been stored."""
    by_tenant = defaultdict[TenantId, list[Answered]](list)
    for answered in gathered:
        by_tenant[answered.feed.tenant_id].append(answered)
    for tenant, answers in by_tenant.items():
        now = clock.now()
        shown = {FeedId(it.feed.id): it.shown for it in answers if it.shown}
        stored = entries.store(client, tenant, shown, now=now, run_id=run_id)
        readings = [it.remembered(stored.get(FeedId(it.feed.id), 0)) for it in answers]
        past_readings.remember(client, tenant, readings, at=now, run_id=run_id)
        statuses = _settle(settings, tenant, answers, now)
        for it, reading in zip(answers, readings, strict=True):
            yield Reading(
                tenant_id=tenant,
                feed_id=reading.feed_id,
                name=it.feed.name,
                status=statuses.get(reading.feed_id, FeedStatus.RETIRED),
                entries=reading.entries,
                stored=reading.stored,
                error=it.answer.reason if isinstance(it.answer, Failed) else None,
            )


def _settle(
    settings: Settings, tenant: TenantId, answers: Sequence[Answered], now: datetime
) -> Mapping[FeedId, FeedStatus]:
    """Each feed's row as the reading leaves it; one that was removed meanwhile is left alone, as is one at another address."""
    with records.session(settings, Role.PIPELINES, tenant=tenant) as session:
        # In one order, so that two runs cannot wait for each other.
        for it in sorted(answers, key=lambda it: it.feed.id):
            row = listed.locked(session, tenant, FeedId(it.feed.id))
            if row is not None and row.url == it.feed.url and row.status is not FeedStatus.RETIRED:
                listed.settle(session, row, it.outcome, now)
        kept = session.execute(
            select(Feed.id, Feed.status).where(Feed.id.in_([it.feed.id for it in answers]))
        )
        return {FeedId(feed): status for feed, status in kept}


def _in_batches(answers: Iterable[Answered], size: int) -> Iterator[list[Answered]]:
    waiting = iter(answers)
    while batch := list(islice(waiting, size)):
        yield batch
