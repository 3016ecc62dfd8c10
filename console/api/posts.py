"""Posts: what each brought, how it stands, and who follows the places they are in."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from console.api.analytics import AnswerOut, about, shown
from console.api.answers import AWAY, REFUSALS
from console.door.admission import SignedIn
from console.frame.lineage import Asset
from console.watching import analytics
from marketing_pipelines.analytics.posts import Place, Post, PostsAsked, posts

router = APIRouter(tags=["analytics"], responses=REFUSALS | AWAY)


class CountedOut(BaseModel):
    """Null is what the network does not tell."""

    model_config = ConfigDict(from_attributes=True)

    impressions: int | None
    views: int | None
    reach: int | None
    reactions: int | None
    comments: int | None
    shares: int | None
    saves: int | None
    clicks: int | None
    video_watch_seconds: int | None


class PostOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    platform: str
    account_id: str
    account_name: str
    post_id: str
    post_url: str
    beginning: Annotated[str, Field(description="Of its words, as its network tells them.")]
    created_at: datetime
    action_id: Annotated[
        int, Field(description="The signed action that published it; 0 where the house did not.")
    ]
    campaign_id: int
    brought: Annotated[CountedOut, Field(description="In the days that were asked for.")]
    total: Annotated[CountedOut, Field(description="Since it was published.")]
    answer_rate: Annotated[
        float | None,
        Field(description="Reactions, comments, shares, saves and clicks by how often it was seen."),
    ]

    @classmethod
    def of(cls, post: Post) -> Self:
        return cls.model_validate(post)


class PlaceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    platform: str
    account_id: str
    name: str
    followers: int | None
    followers_gained: int | None
    posts_published: int
    brought: CountedOut

    @classmethod
    def of(cls, place: Place) -> Self:
        return cls.model_validate(place)


class PostsOut(AnswerOut):
    posts: list[PostOut]
    of_posts: Annotated[int, Field(description="How many there are, told of or not.")]
    places: list[PlaceOut]


@router.get("/api/analytics/posts")
def of_posts(visitor: SignedIn, asked: Annotated[PostsAsked, Query()]) -> PostsOut:
    """What each post brought in the days, those that people answered most first, and who follows the places they are in."""
    asked = analytics.settled(visitor, asked)
    found, told = analytics.answered(visitor, posts, asked)
    return shown(
        visitor,
        PostsOut(
            **about(visitor, asked, Asset.ORGANIC_PERFORMANCE, told),
            posts=[PostOut.of(post) for post in found.posts] if found else [],
            of_posts=found.of_posts if found else 0,
            places=[PlaceOut.of(place) for place in found.places] if found else [],
        ),
    )
