"""Past readings: how each reading of a feed went, kept for 90 days, and what that says of a feed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from store import events
from store.records.schema import FeedId, TenantId

if TYPE_CHECKING:
    import polars as pl

TABLE = "raw.feed_readings"
# How far a feed's page looks back.
SHOWN = timedelta(days=14)
MOST_SHOWN = 50
# What was seen before is no news.
KNOWN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class PastReading:
    """`outcome` says whether it was read, unchanged, or what kind of trouble there was."""

    feed_id: FeedId
    outcome: str
    entries: int
    stored: int
    bytes: int
    took: timedelta


def remember(
    client: events.Client, tenant: TenantId, readings: Sequence[PastReading], *, at: datetime, run_id: str
) -> None:
    import pyarrow as pa

    if not readings:
        return
    rows = pa.table(
        {
            "tenant_id": pa.array([tenant] * len(readings), pa.int64()),
            "feed_id": pa.array([it.feed_id for it in readings], pa.int64()),
            "read_at": pa.array([at] * len(readings), pa.timestamp("ms", tz="UTC")),
            "outcome": pa.array([it.outcome for it in readings], pa.string()),
            "entries": pa.array([it.entries for it in readings], pa.uint32()),
            "stored": pa.array([it.stored for it in readings], pa.uint32()),
            "bytes": pa.array([it.bytes for it in readings], pa.uint64()),
            "took_ms": pa.array([it.took // timedelta(milliseconds=1) for it in readings], pa.uint32()),
            "run_id": pa.array([run_id] * len(readings), pa.string()),
        }
    )
    told = f"{at.isoformat()}:{','.join(str(it.feed_id) for it in readings)}"
    events.append(
        client, TABLE, rows, token=f"feed-readings:{tenant}:{hashlib.sha256(told.encode()).hexdigest()}"
    )


def of_feed(client: events.Client, tenant: TenantId, feed: FeedId) -> "pl.DataFrame":
    """The last readings of a feed, the newest first."""
    return events.read_for_tenant(client, tenant, _OF_FEED, feed=feed, days=SHOWN.days, most=MOST_SHOWN)


def entries_by_day(client: events.Client, tenant: TenantId, feed: FeedId) -> "pl.DataFrame":
    """How many entries a feed has published on each of the last days, those without any among them."""
    return events.read_for_tenant(client, tenant, _BY_DAY, feed=feed, days=SHOWN.days)


def entries_a_day(client: events.Client, tenant: TenantId) -> dict[FeedId, float]:
    """How many entries each feed publishes a day, over the last two weeks or for as long as it is known."""
    rows = events.read_for_tenant(client, tenant, _A_DAY, days=SHOWN.days)
    return {FeedId(feed): rate for feed, rate in rows.iter_rows()}


def latest_entries(client: events.Client, tenant: TenantId, feed: FeedId, *, most: int) -> "pl.DataFrame":
    """What a feed has published last, each entry as it stands now; the newest first."""
    return events.read_for_tenant(client, tenant, _LATEST, feed=feed, days=KNOWN.days, most=most)


_OF_FEED = """
select
    read_at,
    toString(outcome) as outcome,
    entries,
    stored,
    bytes,
    took_ms
from raw.feed_readings
where
    tenant_id = {tenant:Int64}
    and feed_id = {feed:Int64}
    and read_at > now64(3, 'UTC') - toIntervalDay({days:UInt16})
order by read_at desc
limit {most:UInt16}
settings max_execution_time = 5
"""
_BY_DAY = """
select
    toDate(published_at) as day,
    uniqExact(entry_id) as entries
from raw.feed_entries
where
    tenant_id = {tenant:Int64}
    and feed_id = {feed:Int64}
    and first_seen_at > now64(3, 'UTC') - toIntervalDay({days:UInt16})
    and published_at >= toStartOfDay(now64(3, 'UTC')) - toIntervalDay({days:UInt16} - 1)
group by day
order by day with fill
    from toDate(now('UTC')) - {days:UInt16} + 1
    to toDate(now('UTC')) + 1
settings max_execution_time = 5
"""
# Of a feed that is new here, the oldest entry that it still shows says for how many days it is known.
_A_DAY = """
with
    now64(3, 'UTC') as present,
    present - toIntervalDay({days:UInt16}) as since
select
    feed_id,
    uniqExactIf(entry_id, published_at > since) / if(
        min(first_seen_at) <= since,
        {days:UInt16},
        least({days:UInt16}, greatest(1, dateDiff('second', min(published_at), present) / 86400))
    ) as a_day
from raw.feed_entries
where
    tenant_id = {tenant:Int64}
    and first_seen_at > since - toIntervalDay({days:UInt16})
group by feed_id
having a_day > 0
settings max_execution_time = 5
"""
_LATEST = """
select
    argMax(title, first_seen_at) as title,
    argMax(link, first_seen_at) as link,
    min(published_at) as published_at
from raw.feed_entries
where
    tenant_id = {tenant:Int64}
    and feed_id = {feed:Int64}
    and first_seen_at > now64(3, 'UTC') - toIntervalDay({days:UInt16})
group by entry_id
order by min(feed_entries.published_at) desc, entry_id
limit {most:UInt16}
settings max_execution_time = 5
"""
