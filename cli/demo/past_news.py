"""Past news: what readings of the last fortnight would have brought, with the stories as they were known at the time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from cli.demo.news import formats
from cli.demo.news.chance import dice
from cli.demo.news.outlets import BY_PATH, Outlet
from marketing_pipelines.trends import entries, feeds, membership, past_readings
from marketing_pipelines.trends.feeds import Entry
from marketing_pipelines.trends.past_readings import PastReading
from store import events, records
from store.records.feeds import Feed
from store.records.schema import FeedId, TenantId
from store.settings import Role, Service, Settings

REACHES_BACK = timedelta(days=14)
READ_OFTEN_FOR = timedelta(days=8)
# Ends of hours. Every reading takes the warehouse a while: nobody publishes at night, and of older days one is enough.
READ_OFTEN_AT = (8, 12, 16, 20, 24)
READ_SELDOM_AT = (24,)
# An hour is whole when it is read at its end, and its stories are known before the next one begins.
BEFORE_THE_HOUR = timedelta(seconds=30)
ASSIGNED_AFTER = timedelta(seconds=10)
RUN = "demo"

READ_UNTIL = """
select max(read_at) as read_until
from raw.feed_readings
where tenant_id = {tenant:Int64} and run_id = {run:String}
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """Of each feed what was new at a moment; None of one that could not be read."""

    at: datetime
    fresh: Mapping[FeedId, Sequence[Entry] | None]


def append(settings: Settings, client: events.Client, tenant: TenantId, moment: datetime) -> None:
    """Goes on where it was interrupted: that a reading was remembered says that all the rest of it is there."""
    known = events.read_for_tenant(client, tenant, READ_UNTIL, run=RUN)
    read_until: datetime = known["read_until"].item()
    if read_until >= last_reading(moment):
        return
    for reading in readings(published(settings, tenant, moment), moment):
        if reading.at > read_until:
            bring(settings, client, tenant, reading)


def published(
    settings: Settings, tenant: TenantId, moment: datetime
) -> Mapping[FeedId, tuple[Outlet, Sequence[Entry]]]:
    """What each feed published in the time looked at, as the real parser reads it."""
    site = settings.address(Service.DEMO_SITE)
    with records.session(settings, Role.PIPELINES, tenant=tenant) as session:
        listed = session.execute(select(Feed.id, Feed.url).where(Feed.tenant_id == tenant)).all()
    found = dict[FeedId, tuple[Outlet, Sequence[Entry]]]()
    for feed, url in listed:
        if outlet := BY_PATH.get(url.removeprefix(site)):
            document = formats.document(outlet, moment, url, REACHES_BACK)
            found[FeedId(feed)] = outlet, feeds.parse(document, outlet.format.media_type, url)
    return found


def readings(
    published: Mapping[FeedId, tuple[Outlet, Sequence[Entry]]], moment: datetime
) -> Iterator[Reading]:
    """Each brings what came since the one before; what a feed could not say it says the next time."""
    heard_until = dict.fromkeys(published, moment - REACHES_BACK)
    for at in reading_times(moment):
        fresh: dict[FeedId, Sequence[Entry] | None] = {}
        for feed, (outlet, told) in published.items():
            if outlet.is_down(at):
                fresh[feed] = None
                continue
            since, heard_until[feed] = heard_until[feed], at
            fresh[feed] = [entry for entry in told if entry.published_at and since < entry.published_at <= at]
        yield Reading(at, fresh)


def reading_times(moment: datetime) -> Iterator[datetime]:
    last = last_reading(moment)
    first, often_since = _midnight(moment - REACHES_BACK), _midnight(moment - READ_OFTEN_FOR)
    for days in range((last - first).days + 1):
        begins = first + timedelta(days=days)
        for hours in READ_OFTEN_AT if begins >= often_since else READ_SELDOM_AT:
            at = begins + timedelta(hours=hours) - BEFORE_THE_HOUR
            if at < last:
                yield at
    yield last


def last_reading(moment: datetime) -> datetime:
    return moment.replace(microsecond=0) - ASSIGNED_AFTER


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def bring(settings: Settings, client: events.Client, tenant: TenantId, reading: Reading) -> None:
    """What one reading adds; a second time it adds nothing."""
    shown = {feed: fresh for feed, fresh in reading.fresh.items() if fresh}
    entries.store(client, tenant, shown, now=reading.at, run_id=RUN)
    membership.assign_for(settings, client, tenant, reading.at + ASSIGNED_AFTER, RUN)
    past = [_past(feed, fresh, reading.at) for feed, fresh in reading.fresh.items()]
    past_readings.remember(client, tenant, past, at=reading.at, run_id=RUN)


def _past(feed: FeedId, fresh: Sequence[Entry] | None, at: datetime) -> PastReading:
    chance = dice("reading", feed, at)
    took = timedelta(milliseconds=chance.randrange(20, 240))
    if fresh is None:
        return PastReading(feed, "busy", entries=0, stored=0, bytes=0, took=took)
    size = sum(400 + len(entry.title) + len(entry.link) + len(entry.summary) for entry in fresh)
    return PastReading(
        feed, "read" if fresh else "unchanged", entries=len(fresh), stored=len(fresh), bytes=size, took=took
    )
