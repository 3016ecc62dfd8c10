"""Entries: what feeds show becomes rows of raw.feed_entries, a row for each version and none twice."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from marketing_pipelines.trends.feeds import Entry
from store import events
from store.records.schema import FeedId, TenantId

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "raw.feed_entries"
# Ids travel in the address of a query, which may not be longer than servers read.
MOST_ASKED = 12_000

Key = tuple[FeedId, str]


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that is stored: its latest content, the date it first had, and in how many versions."""

    content_hash: str
    published_at: datetime
    versions: int


def store(
    client: events.Client,
    tenant: TenantId,
    shown: Mapping[FeedId, Sequence[Entry]],
    *,
    now: datetime,
    run_id: str,
) -> Mapping[FeedId, int]:
    """Appends the entries that are new or have changed and says how many of each feed; a second time there are none."""
    known = _known(client, tenant, shown)
    fresh = [
        (feed, entry)
        for feed, entries in shown.items()
        for entry in entries
        if (stored := known.get((feed, entry.entry_id))) is None or stored.content_hash != entry.content_hash
    ]
    if fresh:
        rows = _as_table(tenant, fresh, known, now, run_id)
        events.append(client, TABLE, rows, token=_token(tenant, fresh, known))
    counts = dict.fromkeys(shown, 0)
    for feed, _ in fresh:
        counts[feed] += 1
    return counts


def _known(
    client: events.Client, tenant: TenantId, shown: Mapping[FeedId, Sequence[Entry]]
) -> dict[Key, Known]:
    found: dict[Key, Known] = {}
    for asked in _portions(shown):
        rows = events.read_for_tenant(
            client,
            tenant,
            _STORED,
            feeds=list({feed for feed, _ in asked}),
            entries=[entry for _, entry in asked],
        )
        for feed, entry, *stored in rows.iter_rows():
            found[feed, entry] = Known(*stored)
    return found


def _portions(shown: Mapping[FeedId, Sequence[Entry]]) -> Iterator[list[Key]]:
    """The entries to be asked for, few enough at a time for one query."""
    portion, length = list[Key](), 0
    for feed, entries in shown.items():
        for entry in entries:
            # A character takes up to twelve in an address, and separators come with it.
            asked = len(entry.entry_id) + 4 if entry.entry_id.isascii() else 12 * len(entry.entry_id)
            if portion and length + asked > MOST_ASKED:
                yield portion
                portion, length = [], 0
            portion.append((feed, entry.entry_id))
            length += asked
    if portion:
        yield portion


def _token(tenant: TenantId, fresh: Sequence[tuple[FeedId, Entry]], known: Mapping[Key, Known]) -> str:
    """The version counts too: an edit that is taken back is a third version, not a repetition of the first."""
    digest = hashlib.sha256()
    for feed, entry in fresh:
        stored = known.get((feed, entry.entry_id))
        digest.update(
            f"{feed}\0{entry.entry_id}\0{entry.content_hash}\0{stored.versions if stored else 0}\n".encode()
        )
    return f"feed-entries:{tenant}:{digest.hexdigest()}"


def _as_table(
    tenant: TenantId,
    fresh: Sequence[tuple[FeedId, Entry]],
    known: Mapping[Key, Known],
    now: datetime,
    run_id: str,
) -> "pa.Table":
    """A date ahead of the clock would make a story trend tomorrow, and one that an edit moves would make it trend twice:
    the moment it was first seen and the date it first stated are the latest it can have.
    """
    import pyarrow as pa

    first_stated = [
        stored.published_at if (stored := known.get((feed, entry.entry_id))) else now for feed, entry in fresh
    ]
    published = [
        min(entry.published_at or now, stated, now)
        for (_, entry), stated in zip(fresh, first_stated, strict=True)
    ]
    moment, number, text = pa.timestamp("ms", tz="UTC"), pa.int64(), pa.string()
    return pa.table(
        {
            "tenant_id": pa.array([tenant] * len(fresh), number),
            "feed_id": pa.array([feed for feed, _ in fresh], number),
            "entry_id": pa.array([entry.entry_id for _, entry in fresh], text),
            "content_hash": pa.array([entry.content_hash for _, entry in fresh], text),
            "title": pa.array([entry.title for _, entry in fresh], text),
            "link": pa.array([entry.link for _, entry in fresh], text),
            "summary": pa.array([entry.summary for _, entry in fresh], text),
            "author": pa.array([entry.author for _, entry in fresh], text),
            "published_at": pa.array(published, moment),
            "first_seen_at": pa.array([now] * len(fresh), moment),
            "run_id": pa.array([run_id] * len(fresh), text),
        }
    )


_STORED = """
select
    feed_id,
    entry_id,
    argMax(content_hash, first_seen_at) as content_hash,
    min(published_at) as published_at,
    count() as versions
from raw.feed_entries
where
    tenant_id = {tenant:Int64}
    and feed_id in {feeds:Array(Int64)}
    and entry_id in {entries:Array(String)}
group by feed_id, entry_id
"""
