"""The digest: of each day and topic the few stories that a marketer should know, with what speaks for each.

It is made from scores as of one moment and from what was known then, so that a digest of a past day can be made again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl
from sqlalchemy import select

from marketing_pipelines.trends.grouping import likeness, words
from marketing_pipelines.trends.velocity import Certainty
from store import events, records
from store.events import Client
from store.records.feeds import Feed
from store.records.schema import TenantId
from store.settings import Role, Settings

HOUR = timedelta(hours=1)
WINDOW = timedelta(hours=72)
TABLE = "raw.trend_digests"
# More than a person reads before noon.
MOST_STORIES = 20
MOST_SOURCES = 12
# How far back a story is compared with what was in digests, and from when on that is the past.
REMEMBERED = timedelta(days=90)
PAST = timedelta(days=3)
# Below this, two stories have words in common and nothing else.
ALIKE = 0.3
BEST_FIRST = ["rate_low", "recent", "reach", "story_id"]
_DOWN = [True, True, True, False]


@dataclass(frozen=True, slots=True)
class Made:
    """How many rows were written, and the stories of the last day over all topics."""

    rows: int
    latest: pl.DataFrame


def make_days(settings: Settings, days: Sequence[date], *, run_id: str) -> Made:
    """Makes the digests of these days anew, for every tenant that has scores of them."""
    rows, latest = 0, NO_DIGEST
    with events.connect(settings, run_id=run_id) as client:
        for day in sorted(days):
            made = [NO_DIGEST]
            with events.replaced_partition(client, TABLE, day) as append:
                for tenant in _tenants(client, day):
                    names = _feed_names(settings, tenant)
                    digest = of_day(client, tenant, day, names)
                    append(digest.with_columns(pl.lit(run_id).alias("run_id")).to_arrow())
                    made.append(digest)
            latest = pl.concat(made)
            rows += len(latest)
    return Made(rows, latest.filter(topic="").sort(BEST_FIRST, descending=_DOWN))


def of_day(client: Client, tenant: TenantId, day: date, names: pl.DataFrame) -> pl.DataFrame:
    """One tenant's digests of a day: of all topics together, under no name, and of each."""
    scores = events.read_for_tenant(client, tenant, _SCORES, day=day)
    if scores.is_empty():
        return NO_DIGEST
    moment: datetime = scores["as_of"][0]
    placed = best_of_each_topic(scores)
    stories = placed["story_id"].unique().to_list()
    told = events.read_for_tenant(client, tenant, _TOLD, stories=stories, as_of=moment)
    past = events.read_for_tenant(
        client, tenant, _PAST, first=day - REMEMBERED, last=day - PAST, stories=stories
    )
    return (
        placed.drop("sources")
        .join(sources(told, names), on="story_id", how="left")
        .join(courses(told, moment), on="story_id", how="left")
        .join(resemblances(scores.filter(pl.col("story_id").is_in(stories)), past), on="story_id", how="left")
        .with_columns(pl.lit(day).alias("day"))
        .with_columns(because())
        .select(pl.col(name).cast(kind) for name, kind in NO_DIGEST.schema.items())
    )


def best_of_each_topic(scores: pl.DataFrame) -> pl.DataFrame:
    """Where each story stands, by what its rate is at least; a story of two topics stands in both.

    What one feed alone tells has not spread: it is left out of a topic in which anything else has.
    """
    every = pl.concat(
        [
            scores.with_columns(pl.lit("").alias("topic")),
            scores.explode("topics").rename({"topics": "topic"}).filter(pl.col("topic") != ""),
        ],
        how="diagonal_relaxed",
    ).sort("topic", *BEST_FIRST, descending=[False, *_DOWN])
    has_spread = (pl.col("sources") > 1) | (pl.col("sources").max().over("topic") < 2)
    place = pl.int_range(pl.len()).over("topic") + 1
    return every.filter(has_spread).with_columns(place.alias("place")).filter(pl.col("place") <= MOST_STORIES)


def sources(told: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Who tells each story, who told it first comes first, each feed once."""
    first = told.sort("published_at").unique(["story_id", "feed_id"], keep="first", maintain_order=True)
    named = first.join(names, on="feed_id", how="left").with_columns(
        pl.col("name").fill_null("a feed that is listed no more")
    )
    return named.group_by("story_id", maintain_order=True).agg(
        pl.struct("feed_id", "name", "title", "link", "published_at").head(MOST_SOURCES).alias("sources")
    )


def courses(told: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """How many feeds told each story in each of the last 72 hours, the oldest first."""
    hours = WINDOW // HOUR
    hour = (hours - 1 - (pl.lit(moment) - pl.col("published_at")).dt.total_hours()).alias("hour")
    counted = told.with_columns(hour).group_by("story_id", "hour").agg(pl.col("feed_id").n_unique())
    grid = told.select("story_id").unique().join(pl.DataFrame({"hour": range(hours)}), how="cross")
    return (
        grid.join(counted, on=["story_id", "hour"], how="left")
        .sort("story_id", "hour")
        .group_by("story_id", maintain_order=True)
        .agg(pl.col("feed_id").fill_null(0).alias("course"))
    )


def resemblances(stories: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    """Of each story the one of earlier digests that is most like it, where one is alike at all."""
    titles = pl.concat([past["title"], stories["title"]])
    told = words.matrix(pl.DataFrame({"title": titles, "summary": "", "language": ""}))
    alike = likeness.pairs(likeness.vectors(told), len(past), ALIKE)
    return (
        pl.DataFrame({"story": alike.text, "past": alike.earlier, "resembles_likeness": alike.cosine})
        .filter(pl.col("past") < len(past))
        .unique("story", keep="first", maintain_order=True)
        .select(
            pl.lit(stories["story_id"]).gather(pl.col("story") - len(past)).alias("story_id"),
            pl.lit(past["story_id"]).gather(pl.col("past")).alias("resembles_story_id"),
            pl.lit(past["title"]).gather(pl.col("past")).alias("resembles_title"),
            pl.lit(past["day"]).gather(pl.col("past")).alias("resembles_on"),
            "resembles_likeness",
        )
    )


def because() -> pl.Expr:
    """Why a story is here, in a sentence."""
    feeds = pl.when(pl.col("recent") == 1).then(pl.lit(" feed has")).otherwise(pl.lit(" feeds have"))
    now = pl.concat_str(pl.col("recent"), feeds, pl.lit(" told it in the last 24 hours"))
    since = pl.when(pl.col("is_new")).then(pl.lit(", and none did in the two days before."))
    after = pl.concat_str(pl.lit(", after "), pl.col("before"), pl.lit(" in the two days before."))
    # Two figures tell a person what six do not.
    at_least = pl.concat_str(
        pl.lit(" An hour that is at least "), pl.col("rate_low").round(1), pl.lit(" times as many.")
    )
    sure = pl.when(pl.col("certainty") == Certainty.SURE).then(at_least)
    unsure = pl.lit(" That is too few to be sure that it spreads.")
    return pl.concat_str(now, since.otherwise(after), sure.otherwise(unsure)).alias("because")


def _tenants(client: Client, day: date) -> Sequence[TenantId]:
    return [TenantId(int(tenant)) for (tenant,) in client.query(_SCORED, {"day": day}).result_rows]


def _feed_names(settings: Settings, tenant: TenantId) -> pl.DataFrame:
    with records.session(settings, Role.PIPELINES, tenant=tenant) as session:
        rows = session.execute(select(Feed.id, Feed.name).where(Feed.tenant_id == tenant)).all()
    return pl.DataFrame(
        [tuple(row) for row in rows], schema={"feed_id": pl.Int64, "name": pl.String}, orient="row"
    )


_MOMENT = pl.Datetime("ms", "UTC")
NO_DIGEST = pl.DataFrame(
    schema={
        "tenant_id": pl.Int64,
        "day": pl.Date,
        "topic": pl.String,
        "place": pl.UInt16,
        "as_of": _MOMENT,
        "story_id": pl.String,
        "title": pl.String,
        "link": pl.String,
        "sources": pl.List(
            pl.Struct(
                {
                    "feed_id": pl.Int64,
                    "name": pl.String,
                    "title": pl.String,
                    "link": pl.String,
                    "published_at": _MOMENT,
                }
            )
        ),
        "course": pl.List(pl.UInt32),
        "recent": pl.UInt64,
        "before": pl.UInt64,
        "reach": pl.Float64,
        "velocity": pl.Float64,
        "label": pl.String,
        "is_new": pl.Boolean,
        "rate_ratio": pl.Float64,
        "rate_low": pl.Float64,
        "rate_high": pl.Float64,
        "p_value": pl.Float64,
        "certainty": pl.String,
        "because": pl.String,
        "resembles_story_id": pl.String,
        "resembles_title": pl.String,
        "resembles_on": pl.Date,
        "resembles_likeness": pl.Float32,
    }
)
_SCORED = """
select distinct tenant_id
from raw.trend_scores
where toDate(as_of) = {day:Date}
order by tenant_id
"""
_SCORES = """
select
    tenant_id,
    toDateTime64(as_of, 3, 'UTC') as as_of,
    story_id,
    title,
    link,
    arrayMap(topic -> toString(topic), topics) as topics,
    reach,
    recent,
    before,
    velocity,
    toString(label) as label,
    is_new,
    sources,
    rate_ratio,
    rate_low,
    rate_high,
    p_value,
    toString(certainty) as certainty
from raw.trend_scores
where
    tenant_id = {tenant:Int64}
    and trend_scores.as_of = (
        select max(as_of)
        from raw.trend_scores
        where tenant_id = {tenant:Int64} and toDate(as_of) = {day:Date}
    )
"""
_TOLD = """
with known as (
    select
        feed_id,
        entry_id,
        argMax(story_id, assigned_at) as story_id,
        min(published_at) as published_at
    from raw.story_members
    where
        tenant_id = {tenant:Int64}
        and assigned_at > {as_of:DateTime64(3, 'UTC')} - interval 72 hour
        and assigned_at <= {as_of:DateTime64(3, 'UTC')}
        and story_members.published_at > {as_of:DateTime64(3, 'UTC')} - interval 72 hour
    group by feed_id, entry_id
    having story_id in {stories:Array(String)}
),

worded as (
    select
        feed_id,
        entry_id,
        argMax(title, first_seen_at) as title,
        argMax(link, first_seen_at) as link
    from raw.feed_entries
    where
        tenant_id = {tenant:Int64}
        and first_seen_at > {as_of:DateTime64(3, 'UTC')} - interval 72 hour
        and first_seen_at <= {as_of:DateTime64(3, 'UTC')}
        and (feed_id, entry_id) in (select feed_id, entry_id from known)
    group by feed_id, entry_id
)

select
    known.story_id as story_id,
    known.feed_id as feed_id,
    worded.title as title,
    worded.link as link,
    known.published_at as published_at
from known
left join worded using (feed_id, entry_id)
order by known.published_at, known.feed_id, known.entry_id
"""
# Once each, as it stood in the last digest that it was in.
_PAST = """
select
    story_id,
    argMax(title, trend_digests.day) as title,
    max(trend_digests.day) as day
from raw.trend_digests
where
    tenant_id = {tenant:Int64}
    and topic = ''
    and trend_digests.day between {first:Date} and {last:Date}
    and story_id not in {stories:Array(String)}
group by story_id
order by story_id
"""
