"""Scoring: how fast each story spreads, as of every full hour of a day and as of its end.

What is counted is what was known at that moment and no more, so that a moment that is scored again gives the same scores.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import polars as pl

from marketing_pipelines.trends import velocity
from store import clock, events
from store.events import Client
from store.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HOUR = timedelta(hours=1)
TABLE = "raw.trend_scores"
FASTEST_FIRST = ["rate_low", "recent", "reach", "story_id"]
_DOWN = [True, True, True, False]


@dataclass(frozen=True, slots=True)
class Scored:
    """How many rows were written, and the stories of the last moment, those of all tenants, fastest first."""

    rows: int
    latest: pl.DataFrame


def score_days(settings: Settings, days: Sequence[date], *, run_id: str) -> Scored:
    """Scores each hour of each day for all tenants, and makes what is stored of that day be just that."""
    rows, latest = 0, NO_SCORES
    with events.connect(settings, run_id=run_id) as client:
        for day in sorted(days):
            with events.replaced_partition(client, TABLE, day) as append:
                for moment in moments(day, clock.now()):
                    latest = score_as_of(client, moment).with_columns(pl.lit(run_id).alias("run_id"))
                    append(latest.to_arrow())
                    rows += len(latest)
    return Scored(rows, latest)


def moments(day: date, now: datetime) -> Iterator[datetime]:
    """The moments as of which a day is scored: its full hours and its last second, or the current one while it lasts."""
    begins = datetime.combine(day, time(), tzinfo=UTC)
    last = min(begins + timedelta(days=1, seconds=-1), now.replace(microsecond=0) + timedelta(seconds=1))
    hour = begins + HOUR
    while hour < last:
        yield hour
        hour += HOUR
    yield last


def score_as_of(client: Client, moment: datetime) -> pl.DataFrame:
    """Every tenant's stories that anybody told in the 24 hours before a moment, as was known then, fastest first."""
    told = pl.from_arrow(client.query_arrow(_TOLD, {"as_of": moment}, use_strings=True))
    assert isinstance(told, pl.DataFrame)
    return scored(told, moment)


def scored(told: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """Counts with what they say: how fast, and how sure that is."""
    scores = velocity.score(told["recent"], told["before"])
    return (
        told.with_columns(
            pl.lit(moment).dt.cast_time_unit("us").alias("as_of"),
            pl.Series("velocity", scores.velocity, dtype=pl.Float64),
            pl.Series("label", scores.label, dtype=pl.String),
            pl.Series("is_new", scores.is_new, dtype=pl.Boolean),
            _finite("rate_ratio", scores.rate_ratio),
            pl.Series("rate_low", scores.interval.low, dtype=pl.Float64),
            _finite("rate_high", scores.interval.high),
            pl.Series("p_value", scores.p_value, dtype=pl.Float64),
            pl.Series("certainty", scores.certainty, dtype=pl.String),
        )
        .select(NO_SCORES.columns)
        .cast(NO_SCORES.schema)
        .sort(FASTEST_FIRST, descending=_DOWN)
    )


def impossible(settings: Settings) -> int:
    """How many stored scores no count can give."""
    with events.connect(settings) as client:
        return int(client.query(_IMPOSSIBLE).result_rows[0][0])


def _finite(name: str, values: "NDArray[np.float64]") -> pl.Series:
    """What has no bound is not a number that a table keeps."""
    given = pl.Series(name, values, dtype=pl.Float64)
    return given.set(~given.is_finite(), None)


NO_SCORES = pl.DataFrame(
    schema={
        "tenant_id": pl.Int64,
        "as_of": pl.Datetime("ms", "UTC"),
        "story_id": pl.String,
        "title": pl.String,
        "link": pl.String,
        "topics": pl.List(pl.String),
        "sources": pl.UInt64,
        "reach": pl.Float64,
        "recent": pl.UInt64,
        "before": pl.UInt64,
        "velocity": pl.Float64,
        "label": pl.String,
        "is_new": pl.Boolean,
        "rate_ratio": pl.Float64,
        "rate_low": pl.Float64,
        "rate_high": pl.Float64,
        "p_value": pl.Float64,
        "certainty": pl.String,
        "first_mentioned_at": pl.Datetime("ms", "UTC"),
    }
)
# A mention is a feed that tells the story; a feed that tells it twice in a window mentions it once.
_TOLD = """
with known as (
    select
        tenant_id,
        feed_id,
        entry_id,
        argMax(story_id, assigned_at) as story_id,
        argMin(topic, assigned_at) as topic,
        argMin(weight, assigned_at) as weight,
        min(published_at) as mentioned_at
    from raw.story_members
    where
        assigned_at > {as_of:DateTime64(3, 'UTC')} - interval 72 hour
        and assigned_at <= {as_of:DateTime64(3, 'UTC')}
        and published_at > {as_of:DateTime64(3, 'UTC')} - interval 72 hour
    group by tenant_id, feed_id, entry_id
),

told as (
    select
        tenant_id,
        story_id,
        uniqExactIf(feed_id, mentioned_at > {as_of:DateTime64(3, 'UTC')} - interval 24 hour) as recent,
        uniqExactIf(feed_id, mentioned_at <= {as_of:DateTime64(3, 'UTC')} - interval 24 hour) as before,
        uniqExact(feed_id) as sources,
        arraySum(arrayMap(heard -> heard.2, groupUniqArray((feed_id, weight)))) as reach,
        arraySort(groupUniqArrayIf(toString(topic), topic != '')) as topics,
        min(mentioned_at) as first_mentioned_at,
        argMin((feed_id, entry_id), (mentioned_at, feed_id, entry_id)) as first_told
    from known
    group by tenant_id, story_id
    having recent > 0
),

-- In the wording of that moment.
worded as (
    select
        tenant_id,
        feed_id,
        entry_id,
        argMax(title, first_seen_at) as title,
        argMax(link, first_seen_at) as link
    from raw.feed_entries
    where
        first_seen_at > {as_of:DateTime64(3, 'UTC')} - interval 72 hour
        and first_seen_at <= {as_of:DateTime64(3, 'UTC')}
        and (tenant_id, feed_id, entry_id) in (select tenant_id, first_told.1, first_told.2 from told)
    group by tenant_id, feed_id, entry_id
)

select
    told.tenant_id as tenant_id,
    told.story_id as story_id,
    worded.title as title,
    worded.link as link,
    told.topics as topics,
    told.sources as sources,
    told.reach as reach,
    told.recent as recent,
    told.before as before,
    told.first_mentioned_at as first_mentioned_at
from told
left join worded
    on
        told.tenant_id = worded.tenant_id
        and told.first_told.1 = worded.feed_id
        and told.first_told.2 = worded.entry_id
settings max_bytes_before_external_group_by = 500000000
"""
_IMPOSSIBLE = """
select count()
from raw.trend_scores
where
    not isFinite(velocity)
    or velocity < 0
    or rate_low < 0
    or p_value not between 0 and 1
    or recent > sources
    or before > sources
"""
