"""Scoring a day: stories, the windows their mentions fall in, and the velocity that follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from marketing_pipelines.trends import stories, velocity
from store import clock, events, records
from store.events import Client
from store.records.schema import TenantId
from store.settings import Role, Settings

RECENT = timedelta(hours=24)
WINDOW = timedelta(hours=72)
FASTEST_FIRST = ["velocity", "recent", "story_id"]

# Each entry once, in its latest wording. Every version carries the date of the first and came no earlier than
# that, so that nothing seen before the window is of interest and old months are not opened.
KNOWN_ENTRIES = """
select
    feed_id,
    entry_id,
    argMax(title, first_seen_at) as title,
    argMax(link, first_seen_at) as link,
    min(published_at) as mentioned_at
from raw.feed_entries
where tenant_id = {tenant:Int64}
    and first_seen_at > {since:DateTime64(3, 'UTC')}
    and first_seen_at <= {as_of:DateTime64(3, 'UTC')}
group by feed_id, entry_id
having mentioned_at > {since:DateTime64(3, 'UTC')}
order by mentioned_at, feed_id, entry_id
"""

IMPOSSIBLE = "select count() from raw.trend_scores where not isFinite(velocity) or velocity < 0"


NO_STORIES = pl.DataFrame(
    schema={
        "story_id": pl.String,
        "title": pl.String,
        "link": pl.String,
        "recent": pl.UInt64,
        "before": pl.UInt64,
        "velocity": pl.Float64,
        "label": pl.String,
        "is_new": pl.Boolean,
    }
)


@dataclass(frozen=True, slots=True)
class Scored:
    """How many rows were written, and the stories of the last day, those of all tenants, fastest first."""

    rows: int
    latest: pl.DataFrame


def score_days(settings: Settings, days: Sequence[date], *, run_id: str) -> Scored:
    """Scores each day for each tenant, and makes what is stored of that day be just that."""
    with records.session(settings, Role.PIPELINES) as session:
        tenants = records.tenants.all_ids(session)
    moments = [as_of(day, clock.now()) for day in sorted(days)]
    rows, latest = 0, dict[TenantId, pl.DataFrame]()
    with events.connect(settings, run_id=run_id) as clickhouse:
        for tenant in tenants:
            scores = [score_stories(entries_known(clickhouse, tenant, at), at) for at in moments]
            rows += replace_scores(clickhouse, tenant, moments, scores, run_id)
            latest[tenant] = scores[-1]
    return Scored(rows, fastest(latest))


def fastest(scores: Mapping[TenantId, pl.DataFrame]) -> pl.DataFrame:
    """All tenants' stories in one table, fastest first."""
    of_all = [
        scored.with_columns(pl.lit(tenant, dtype=pl.Int64).alias("tenant_id"))
        for tenant, scored in {TenantId(0): NO_STORIES, **scores}.items()
    ]
    return pl.concat(of_all).sort(FASTEST_FIRST, descending=[True, True, False])


def impossible(settings: Settings) -> int:
    """How many stored scores no count can give."""
    with events.connect(settings) as clickhouse:
        return int(clickhouse.query(IMPOSSIBLE).result_rows[0][0])


def as_of(day: date, now: datetime) -> datetime:
    """The moment a day is scored for: its last second, or the current one while it lasts."""
    last = datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
    return min(last, now.replace(microsecond=0) + timedelta(seconds=1))


def entries_known(client: Client, tenant: TenantId, moment: datetime) -> pl.DataFrame:
    """The entries of the 72 hours before a moment, as they were known then; later news does not change them."""
    return events.read_for_tenant(client, tenant, KNOWN_ENTRIES, as_of=moment, since=moment - WINDOW)


def score_stories(entries: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """A row a story, fastest first; a feed that tells a story twice in a window mentions it once."""
    is_recent = pl.col("mentioned_at") > moment - RECENT
    told = (
        stories.assign(entries)
        .group_by("story_id")
        .agg(
            pl.col("title").first(),
            pl.col("link").first(),
            pl.col("feed_id").filter(is_recent).n_unique().cast(pl.UInt64).alias("recent"),
            pl.col("feed_id").filter(~is_recent).n_unique().cast(pl.UInt64).alias("before"),
        )
    )
    scores = velocity.score(told["recent"], told["before"])
    return told.with_columns(
        pl.Series("velocity", scores.velocity, dtype=pl.Float64),
        pl.Series("label", scores.label, dtype=pl.String),
        pl.Series("is_new", scores.is_new, dtype=pl.Boolean),
    ).sort(FASTEST_FIRST, descending=[True, True, False])


def replace_scores(
    client: Client, tenant: TenantId, moments: Sequence[datetime], scores: Sequence[pl.DataFrame], run_id: str
) -> int:
    """Makes these the tenant's scores of the moments' days."""
    rows = pl.concat(
        scored.select(
            pl.lit(tenant, dtype=pl.Int64).alias("tenant_id"),
            pl.lit(moment).dt.cast_time_unit("ms").alias("as_of"),
            *NO_STORIES.columns,
            pl.lit(run_id).alias("run_id"),
        )
        for moment, scored in zip(moments, scores, strict=True)
    )
    return events.replace_days(
        client,
        "raw.trend_scores",
        rows.to_arrow(),
        tenant=tenant,
        days=events.Days(moments[0].date(), moments[-1].date()),
        column="toDate(as_of)",
    )
