"""Posts: what each has brought in a span of days, how it stands, and who follows the pages and profiles they are in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from connectors.posts import COUNTERS
from connectors.publishing import Network
from marketing_pipelines.analytics.asking import Question, Span
from marketing_pipelines.analytics.reading import read
from store import events
from store.records.schema import TenantId

# What people do with a post, beside looking at it.
ANSWERS = ("reactions", "comments", "shares", "saves", "clicks")
MOST_POSTS = 500


class PostsAsked(Question):
    platform: Annotated[Network | None, Field(description="Only what stands in this network.")] = None
    most: Annotated[int, Field(ge=1, le=MOST_POSTS, description="How many posts are told of.")] = 100


@dataclass(frozen=True, slots=True)
class Counted:
    """What a network counts; None where it does not tell."""

    impressions: int | None = None
    views: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    clicks: int | None = None
    video_watch_seconds: int | None = None

    @property
    def answers(self) -> int | None:
        """All that people did, as far as it is told; None where nothing is."""
        told = [count for name in ANSWERS if (count := getattr(self, name)) is not None]
        return sum(told) if told else None

    @property
    def seen(self) -> int | None:
        """How often it was before somebody's eyes, by the first of these that its network tells."""
        return next((it for it in (self.impressions, self.views, self.reach) if it is not None), None)


@dataclass(frozen=True, slots=True)
class Post:
    """`brought` is of the span, `total` since it was published; `action_id` is 0 where the house did not publish it."""

    platform: str
    account_id: str
    account_name: str
    post_id: str
    post_url: str
    beginning: str
    created_at: datetime
    action_id: int
    campaign_id: int
    brought: Counted
    total: Counted

    @property
    def answer_rate(self) -> float | None:
        """Of all times that it was seen."""
        answers, seen = self.total.answers, self.total.seen
        return answers / seen if seen and answers is not None else None


@dataclass(frozen=True, slots=True)
class Place:
    """A page or profile; followers as they were last read in the span, and how many more than before it."""

    platform: str
    account_id: str
    name: str
    followers: int | None
    followers_gained: int | None
    posts_published: int
    brought: Counted


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts that people answered most come first; `of_posts` is how many there are in all."""

    span: Span
    posts: Sequence[Post] = field(default_factory=tuple)
    of_posts: int = 0
    places: Sequence[Place] = field(default_factory=tuple)


def posts(client: events.Client, tenant: TenantId, asked: PostsAsked) -> Posts:
    """Every post that was read in the span."""
    span = asked.span
    said = {"first": span.first, "last": span.last, "platform": asked.platform or ""}
    found = read(client, tenant, _POSTS, **said, most=asked.most).to_dicts()
    places = read(client, tenant, _PLACES, **said).to_dicts()
    return Posts(
        span,
        [_post(row) for row in found],
        int(found[0]["of_posts"]) if found else 0,
        [_place(row) for row in places],
    )


def _post(row: Mapping[str, Any]) -> Post:
    told = (
        "platform", "account_id", "account_name", "post_id", "post_url", "beginning", "action_id", "campaign_id"
    )  # fmt: skip
    at: datetime = row["created_at"]
    return Post(
        **{name: row[name] for name in told},
        created_at=at if at.tzinfo else at.replace(tzinfo=UTC),
        brought=Counted(**{name: row[f"brought_{name}"] for name in COUNTERS}),
        total=Counted(**{name: row[f"total_{name}"] for name in COUNTERS}),
    )


def _place(row: Mapping[str, Any]) -> Place:
    told = ("platform", "account_id", "name", "followers", "followers_gained", "posts_published")
    return Place(
        **{name: row[name] for name in told},
        brought=Counted(**{name: row[f"brought_{name}"] for name in COUNTERS if name != "reach"}),
    )


_POSTS = """
with posts as (
    select
        toString(days.platform) as platform,
        account_id,
        post_id,
        argMax(days.account_name, date_day) as account_name,
        argMax(days.post_url, date_day) as post_url,
        argMax(days.beginning, date_day) as beginning,
        argMax(days.created_at, date_day) as created_at,
        argMax(days.action_id, date_day) as action_id,
        argMax(days.campaign_id, date_day) as campaign_id,
        sum(days.impressions) as brought_impressions,
        sum(days.views) as brought_views,
        sum(days.reach) as brought_reach,
        sum(days.reactions) as brought_reactions,
        sum(days.comments) as brought_comments,
        sum(days.shares) as brought_shares,
        sum(days.saves) as brought_saves,
        sum(days.clicks) as brought_clicks,
        sum(days.video_watch_seconds) as brought_video_watch_seconds,
        argMax(days.total_impressions, date_day) as total_impressions,
        argMax(days.total_views, date_day) as total_views,
        argMax(days.total_reach, date_day) as total_reach,
        argMax(days.total_reactions, date_day) as total_reactions,
        argMax(days.total_comments, date_day) as total_comments,
        argMax(days.total_shares, date_day) as total_shares,
        argMax(days.total_saves, date_day) as total_saves,
        argMax(days.total_clicks, date_day) as total_clicks,
        argMax(days.total_video_watch_seconds, date_day) as total_video_watch_seconds
    from marts.organic_performance as days
    where
        tenant_id = {tenant:Int64}
        and date_day between {first:Date} and {last:Date}
        and {platform:String} in ('', toString(days.platform))
    group by platform, account_id, post_id
)

select
    *,
    coalesce(brought_reactions, 0)
    + coalesce(brought_comments, 0)
    + coalesce(brought_shares, 0)
    + coalesce(brought_saves, 0)
    + coalesce(brought_clicks, 0) as answers,
    count() over () as of_posts
from posts
order by answers desc, created_at desc, post_id
limit {most:UInt16}
settings max_execution_time = 10
"""
_PLACES = """
select
    toString(days.platform) as platform,
    account_id,
    argMax(days.account_name, date_day) as name,
    argMax(days.followers, date_day) as followers,
    sum(days.followers_delta) as followers_gained,
    toInt64(sum(days.posts_published)) as posts_published,
    sum(days.impressions) as brought_impressions,
    sum(days.views) as brought_views,
    sum(days.reactions) as brought_reactions,
    sum(days.comments) as brought_comments,
    sum(days.shares) as brought_shares,
    sum(days.saves) as brought_saves,
    sum(days.clicks) as brought_clicks,
    sum(days.video_watch_seconds) as brought_video_watch_seconds
from marts.place_daily as days
where
    tenant_id = {tenant:Int64}
    and date_day between {first:Date} and {last:Date}
    and {platform:String} in ('', toString(days.platform))
group by platform, account_id
order by followers desc, platform, account_id
limit 500
settings max_execution_time = 10
"""
