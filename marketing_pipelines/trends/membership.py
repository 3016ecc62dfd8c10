"""Membership: which story each entry belongs to, written down with the moment since when that is known.

Nothing is ever changed: a merge, a split or an edit adds rows, so that any score can be computed again as of any moment.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from marketing_pipelines.trends import stories
from store import clock, events, records
from store.records.feeds import Feed
from store.records.schema import TenantId
from store.settings import Role, Settings

if TYPE_CHECKING:
    import polars as pl

# An entry may tell a story that began this long ago.
WINDOW = timedelta(days=30)
# Of a summary only so much is compared; the rest is the publisher's affair.
COMPARED = 400
LONGEST_READING = timedelta(minutes=30)
TABLE = "raw.story_members"


class Turned(StrEnum):
    """Why an entry belongs to another story than before."""

    MERGED = "merged"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Assigned:
    """How many of a tenant's entries were given a story, and what became of stories that were known."""

    tenant: TenantId
    entries: int
    new_stories: int
    merges: int
    splits: int


def assign_new(settings: Settings, *, run_id: str) -> list[Assigned]:
    """Gives every entry that is new or was edited its story; a second time there is nothing to do."""
    with events.connect(settings, run_id=run_id) as client:
        asked = {"now": clock.now(), "days": WINDOW.days}
        concerned = client.query(f"select distinct tenant_id from ({_WAITING})", asked)  # noqa: S608 (ours)
        tenants = sorted(TenantId(int(tenant)) for (tenant,) in concerned.result_rows)
        return [assign_for(settings, client, tenant, clock.now(), run_id) for tenant in tenants]


def waiting(settings: Settings) -> int:
    """How many entries have waited for a story for longer than a reading takes."""
    with events.connect(settings) as client:
        asked = {"now": clock.now() - LONGEST_READING, "days": WINDOW.days}
        return int(client.query(f"select count() from ({_WAITING})", asked).result_rows[0][0])  # noqa: S608 (ours)


def assign_for(
    settings: Settings, client: events.Client, tenant: TenantId, now: datetime, run_id: str
) -> Assigned:
    known = events.read_for_tenant(client, tenant, _KNOWN, now=now, days=WINDOW.days, compared=COMPARED)
    feeds = _feeds(settings, tenant)
    entries, window = _fresh_and_settled(known.join(feeds, on="feed_id", how="left"))
    assigned = stories.assign(entries, window)
    rows = members(assigned, window)
    store(client, tenant, rows, now=now, run_id=run_id)
    return Assigned(
        tenant=tenant,
        entries=len(entries),
        new_stories=int((assigned["why"] == stories.Why.ALONE).sum()),
        merges=rows.filter(why=Turned.MERGED)["from_story_id"].n_unique(),
        splits=len(rows.filter(why=Turned.SPLIT)),
    )


def members(assigned: "pl.DataFrame", window: "pl.DataFrame") -> "pl.DataFrame":
    """Rows to write down: the assigned entries, and those whose story turned out to be another one's."""
    import polars as pl

    into = _merges(assigned)
    own = assigned.with_columns(
        pl.col("story_id").replace(into),
        pl.col("was_story_id").fill_null("").alias("from_story_id"),
    ).with_columns(
        pl.when((pl.col("from_story_id") != "") & (pl.col("from_story_id") != pl.col("story_id")))
        .then(pl.lit(Turned.SPLIT.value))
        .otherwise(pl.col("why"))
        .alias("why")
    )
    others = window.join(assigned, on=["feed_id", "entry_id"], how="anti")
    merged = others.filter(pl.col("story_id").is_in(list(into))).with_columns(
        pl.col("story_id").alias("from_story_id"),
        pl.col("story_id").replace(into),
        pl.lit(Turned.MERGED.value).alias("why"),
        pl.lit(1.0, pl.Float32).alias("likeness"),
    )
    return pl.concat([frame.select(_WRITTEN) for frame in (own, merged)], how="vertical_relaxed")


def store(
    client: events.Client, tenant: TenantId, rows: "pl.DataFrame", *, now: datetime, run_id: str
) -> None:
    import polars as pl

    if rows.is_empty():
        return
    told = rows.select(pl.concat_str(_WRITTEN, separator="\0")).to_series().str.join("\n").item()
    written = rows.with_columns(
        pl.lit(tenant, pl.Int64).alias("tenant_id"),
        pl.lit(now).dt.cast_time_unit("ms").alias("assigned_at"),
        pl.lit(run_id).alias("run_id"),
    )
    token = f"story-members:{tenant}:{run_id}:{hashlib.sha256(told.encode()).hexdigest()}"
    events.append(client, TABLE, written.to_arrow(), token=token)


def _feeds(settings: Settings, tenant: TenantId) -> "pl.DataFrame":
    """What is said of each feed now; entries keep what was said when they were assigned."""
    import polars as pl

    with records.session(settings, Role.PIPELINES, tenant=tenant) as session:
        rows = session.execute(
            select(Feed.id, Feed.topic, Feed.language, Feed.weight).where(Feed.tenant_id == tenant)
        ).all()
    columns = {"feed_id": pl.Int64, "topic": pl.String, "language": pl.String, "weight": pl.Float64}
    return pl.DataFrame([tuple(row) for row in rows], schema=columns, orient="row")


def _fresh_and_settled(known: "pl.DataFrame") -> "tuple[pl.DataFrame, pl.DataFrame]":
    """Entries that wait for a story, and those that have one, in the wording in which they were given it.

    An edited entry is among both.
    """
    import polars as pl

    known = known.with_columns(
        pl.col("topic").fill_null(""), pl.col("language").fill_null(""), pl.col("weight").fill_null(1.0)
    )
    waits = pl.col("assigned_at").is_null() | (pl.col("assigned_at") <= pl.col("edited_at"))
    fresh = known.filter(waits).rename({"story_id": "was_story_id"})
    settled = known.filter(pl.col("assigned_at").is_not_null()).with_columns(
        pl.col(f"{said}_then").alias(said) for said in ("title", "link", "summary")
    )
    return fresh, settled


def _merges(assigned: "pl.DataFrame") -> Mapping[str, str]:
    """Which stories go into which: of those that entries have joined together, the one that is kept.

    Chains are followed to their end, so that three stories that two entries join become one.
    """
    into: dict[str, str] = {}

    def kept(story: str) -> str:
        while story in into:
            story = into[story]
        return story

    for story, joins in assigned.select("story_id", "joins").iter_rows():
        for other in joins:
            one, another = kept(story), kept(other)
            if one != another:
                into[another] = one
    return {story: kept(story) for story in into}


_WRITTEN: Sequence[str] = (
    "feed_id",
    "entry_id",
    "story_id",
    "from_story_id",
    "why",
    "likeness",
    "topic",
    "weight",
    "published_at",
)
# The tenant of each entry that waits for a story.
_WAITING = """
with versions as (
    select
        tenant_id,
        feed_id,
        entry_id,
        max(first_seen_at) as edited_at
    from raw.feed_entries
    where
        first_seen_at > {now:DateTime64(3, 'UTC')} - toIntervalDay({days:UInt16})
        and first_seen_at <= {now:DateTime64(3, 'UTC')}
    group by tenant_id, feed_id, entry_id
),

assigned as (
    select
        tenant_id,
        feed_id,
        entry_id,
        max(assigned_at) as last_assigned_at
    from raw.story_members
    where assigned_at > {now:DateTime64(3, 'UTC')} - toIntervalDay({days:UInt16})
    group by tenant_id, feed_id, entry_id
)

select versions.tenant_id as tenant_id
from versions
left join assigned using (tenant_id, feed_id, entry_id)
where versions.edited_at >= assigned.last_assigned_at
"""
# Each entry of the window in its latest wording and in that in which it was given its story, if it has one so far.
_KNOWN = """
with assigned as (
    select
        feed_id,
        entry_id,
        argMax(story_id, assigned_at) as story_id,
        toNullable(max(assigned_at)) as last_assigned_at
    from raw.story_members
    where
        tenant_id = {tenant:Int64}
        and assigned_at > {now:DateTime64(3, 'UTC')} - toIntervalDay({days:UInt16})
        and assigned_at <= {now:DateTime64(3, 'UTC')}
    group by feed_id, entry_id
),

versions as (
    select
        feed_id,
        entry_id,
        title,
        link,
        substringUTF8(summary, 1, {compared:UInt32}) as summary,
        published_at,
        first_seen_at
    from raw.feed_entries
    where
        tenant_id = {tenant:Int64}
        and first_seen_at > {now:DateTime64(3, 'UTC')} - toIntervalDay({days:UInt16})
        and first_seen_at <= {now:DateTime64(3, 'UTC')}
)

select
    versions.feed_id as feed_id,
    versions.entry_id as entry_id,
    argMax(versions.title, first_seen_at) as title,
    argMax(versions.link, first_seen_at) as link,
    argMax(versions.summary, first_seen_at) as summary,
    argMaxIf(versions.title, first_seen_at, first_seen_at <= assigned.last_assigned_at) as title_then,
    argMaxIf(versions.link, first_seen_at, first_seen_at <= assigned.last_assigned_at) as link_then,
    argMaxIf(versions.summary, first_seen_at, first_seen_at <= assigned.last_assigned_at) as summary_then,
    min(versions.published_at) as published_at,
    max(first_seen_at) as edited_at,
    any(assigned.story_id) as story_id,
    any(assigned.last_assigned_at) as assigned_at
from versions
left join assigned on versions.feed_id = assigned.feed_id and versions.entry_id = assigned.entry_id
group by versions.feed_id, versions.entry_id
order by published_at, feed_id, entry_id
settings join_use_nulls = 1
"""
