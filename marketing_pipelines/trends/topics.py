"""Topics: how many mentions each has an hour, and which hours are out of the ordinary.

An hour counts what was published in it and known an hour after its end, so that it is complete however feeds are read, and the
same whenever it is looked at again. An hour for which no feed was read is unknown, not quiet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl

from marketing_pipelines.trends import bursts
from store import clock, events
from store.events import Client
from store.settings import Settings

HOUR = timedelta(hours=1)
# What is ordinary is learnt from so many days before.
LEARNT = timedelta(days=21)
TABLE = "raw.topic_scores"


@dataclass(frozen=True, slots=True)
class Bursts:
    """How many rows were written, and the hours that were out of the ordinary."""

    rows: int
    found: pl.DataFrame


def score_days(settings: Settings, days: Sequence[date], *, run_id: str) -> Bursts:
    """Makes the scores of each day's hours be what is known of them now."""
    rows, found = 0, [NO_SCORES]
    with events.connect(settings, run_id=run_id) as client:
        for day in sorted(days):
            scores = scores_of(client, day, clock.now())
            with events.replaced_partition(client, TABLE, day) as append:
                append(scores.with_columns(pl.lit(run_id).alias("run_id")).to_arrow())
            rows += len(scores)
            found.append(scores.filter("is_alarm"))
    return Bursts(rows, pl.concat(found))


def scores_of(client: Client, day: date, now: datetime) -> pl.DataFrame:
    """A row for each topic of each tenant and each hour that ended on this day."""
    begins = datetime.combine(day, time(), tzinfo=UTC)
    ends = min(begins + timedelta(hours=23), _full_hour(now.astimezone(UTC)))
    since = begins - LEARNT
    wanted = {"first": since, "last": ends}
    counted = _frame(client, _COUNTED, wanted)
    heard = _frame(client, _HEARD, wanted)
    scored = [
        scores
        for tenant, mentions in _by_tenant(counted)
        for scores in [scored_hours(mentions, heard.filter(tenant_id=tenant), since, ends)]
    ]
    shown = pl.col("as_of") >= begins
    return pl.concat([NO_SCORES, *scored]).filter(shown).sort("tenant_id", "as_of", "topic")


def scored_hours(
    mentions: pl.DataFrame, heard: pl.DataFrame, first: datetime, last: datetime
) -> pl.DataFrame:
    """One tenant's topics over whole hours; `heard` are the hours in which any of its feeds could be read."""
    hours = pl.DataFrame({"as_of": pl.datetime_range(first, last, "1h", closed="right", eager=True)}).cast(
        {"as_of": NO_SCORES.schema["as_of"]}
    )
    grid = (
        mentions.select("tenant_id", "topic")
        .unique()
        .sort("topic")
        .join(hours, how="cross")
        .join(mentions, on=["tenant_id", "topic", "as_of"], how="left")
        .join(heard.select("as_of", pl.lit(value=True).alias("is_heard")), on="as_of", how="left")
        .sort("topic", "as_of")
        .with_columns(pl.col("mentions").fill_null(0))
    )
    known = grid["is_heard"].fill_null(value=False) | (grid["mentions"] > 0)
    counts = grid["mentions"].cast(pl.Float64).set(~known, None).to_numpy().reshape(-1, len(hours))
    found = bursts.score(counts)
    return grid.with_columns(
        pl.Series("expected", found.expected.ravel()).fill_nan(None),
        pl.Series("z", np.fmax(found.z, found.z_of_two).ravel()).fill_nan(None),
        pl.Series("is_burst", found.is_burst.ravel()),
        pl.Series("is_alarm", found.is_alarm.ravel()),
    ).select(pl.col(name).cast(kind) for name, kind in NO_SCORES.schema.items())


def _by_tenant(counted: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    for (tenant,), mentions in counted.group_by("tenant_id", maintain_order=True):
        assert isinstance(tenant, int)
        yield tenant, mentions


def _full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _frame(client: Client, query: str, wanted: dict[str, datetime]) -> pl.DataFrame:
    found = pl.from_arrow(client.query_arrow(query, wanted, use_strings=True))
    assert isinstance(found, pl.DataFrame)
    return found.with_columns(pl.col("as_of").cast(NO_SCORES.schema["as_of"]))


NO_SCORES = pl.DataFrame(
    schema={
        "tenant_id": pl.Int64,
        "as_of": pl.Datetime("ms", "UTC"),
        "topic": pl.String,
        "mentions": pl.UInt64,
        "expected": pl.Float64,
        "z": pl.Float64,
        "is_burst": pl.Boolean,
        "is_alarm": pl.Boolean,
    }
)
# A feed that tells a story twice within an hour mentions it once.
_COUNTED = """
with known as (
    select
        tenant_id,
        feed_id,
        entry_id,
        argMin(story_id, assigned_at) as story_id,
        argMin(topic, assigned_at) as topic,
        toStartOfHour(min(published_at)) + interval 1 hour as ended_at,
        min(assigned_at) as known_since
    from raw.story_members
    where
        published_at >= {first:DateTime64(3, 'UTC')}
        and published_at < {last:DateTime64(3, 'UTC')}
        and assigned_at >= {first:DateTime64(3, 'UTC')}
    group by tenant_id, feed_id, entry_id
)

select
    tenant_id,
    toString(topic) as topic,
    toDateTime64(ended_at, 3, 'UTC') as as_of,
    uniqExact(feed_id, story_id) as mentions
from known
where topic != '' and known_since < ended_at + interval 1 hour
group by tenant_id, topic, ended_at
order by tenant_id, topic, ended_at
"""
# A reading tells of the hour that has just ended; of the running one it tells too little.
_HEARD = """
select distinct
    tenant_id,
    toDateTime64(toStartOfHour(read_at), 3, 'UTC') as as_of
from raw.feed_readings
where
    read_at >= {first:DateTime64(3, 'UTC')}
    and read_at < {last:DateTime64(3, 'UTC')} + interval 1 hour
    and outcome in ('read', 'unchanged')
order by tenant_id, as_of
"""
