"""Feeds: which ones are read, how each is doing, and where a site has its own."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.bodies import Body
from console.frame.cursors import Cursor, Limit
from console.frame.texts import IF_CHOSEN, Text
from console.trends import feed_book
from console.trends.bodies import FeedListing
from console.trends.feed_finding import AnyFinder, Preview, SiteOrFeed
from console.trends.feed_list import Sought
from marketing_pipelines.trends.seeds import FeedSeed
from store.records.feeds import Feed, FeedStatus

router = APIRouter(tags=["feeds"], responses=REFUSALS)

Search = Annotated[str, Query(max_length=200)]


class FeedOut(BaseModel):
    """`last_error` says what keeps it from being read and what to do; `moved_from` where it was before it moved for good."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    url: str
    site_url: str
    topic: str
    language: str
    weight: float
    interval_minutes: int
    obeys_robots: bool
    status: FeedStatus
    last_fetched_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None
    trouble: Annotated[
        str | None, Field(description="The same for programs, like `not_found` or `too_slow`.")
    ]
    failures: Annotated[int, Field(description="How often in a row it could not be read.")]
    next_fetch_at: Annotated[
        datetime | None,
        Field(description="None: with the next reading, or never again for one that is retired."),
    ]
    moved_from: str | None
    moved_at: datetime | None
    changed_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, feed: Feed) -> Self:
        return cls.model_validate(feed)


class FeedPage(BaseModel):
    items: list[FeedOut]
    next_cursor: int | None


class LatestEntry(BaseModel):
    """What a publisher wrote: text, never markup."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    link: str
    published_at: datetime | None


class FoundFeed(BaseModel):
    """A feed by the address at which it can be added; `latest` only where it has been read."""

    url: str
    title: str
    site_url: str = ""
    language: str = ""
    latest: list[LatestEntry] = []

    @classmethod
    def of(cls, feed: Preview) -> Self:
        latest = [LatestEntry.model_validate(entry) for entry in feed.latest]
        return cls(url=feed.url, title=feed.title, site_url=feed.site, language=feed.language, latest=latest)


class FoundFeeds(BaseModel):
    """The feed at an address, or those that its page names, the likeliest first."""

    items: list[FoundFeed]


class OpmlDocument(Body):
    """A list of feeds as readers exchange them, of 1 MiB at most; folders become topics."""

    text: Text
    dry_run: Annotated[bool, Field(description="Says what would be added, and adds nothing.")] = False


class ListedFeed(BaseModel):
    name: str
    url: str
    topic: str

    @classmethod
    def of(cls, seed: FeedSeed) -> Self:
        return cls(name=seed.name, url=str(seed.url), topic=seed.topic)


class Imported(BaseModel):
    added: list[ListedFeed]
    known: Annotated[list[ListedFeed], Field(description="Listed already, and left as they are.")]
    remarks: Annotated[
        list[str], Field(description="What was passed over or changed, by line, with the reason.")
    ]


@router.post("/api/feeds", status_code=201)
def add(visitor: SignedIn, body: FeedListing, response: Response) -> FeedOut:
    """It is read with the next reading."""
    feed = feed_book.add(visitor, body.as_listing())
    response.headers["Location"] = f"/api/feeds/{feed.id}"
    return _shown(visitor, feed)


@router.get("/api/feeds")
def list_feeds(
    visitor: SignedIn,
    limit: Limit,
    text: Search = "",
    status: Annotated[FeedStatus | None, IF_CHOSEN] = None,
    topic: Search = "",
    cursor: Cursor = None,
) -> FeedPage:
    """Newest first; `text` is looked for in names, addresses, topics and errors."""
    sought = Sought(text.strip(), status, topic.strip())
    page, following = feed_book.listed(visitor, sought, cursor=cursor, limit=limit)
    return FeedPage(items=[FeedOut.of(feed) for feed in page], next_cursor=following)


@router.post("/api/feeds/discover")
def discover(visitor: SignedIn, body: SiteOrFeed, finder: AnyFinder) -> FoundFeeds:
    """Looks at an address for ten seconds at most. What has no feed is refused, with what to do instead."""
    found = finder.look(visitor, body.url)
    if found.feed is not None:
        return FoundFeeds(items=[FoundFeed.of(found.feed)])
    return FoundFeeds(items=[FoundFeed(url=named.url, title=named.title) for named in found.named])


@router.post("/api/feeds/import")
def take_over(visitor: SignedIn, body: OpmlDocument) -> Imported:
    """Adds the feeds of an OPML document that are not listed yet; the same once more adds nothing."""
    bring = feed_book.look_through if body.dry_run else feed_book.take_over
    found = bring(visitor, "text", body.text.encode())
    return Imported(
        added=[ListedFeed.of(seed) for seed in found.fresh],
        known=[ListedFeed.of(seed) for seed in found.known],
        remarks=list(found.remarks),
    )


@router.get(
    "/api/feeds/export.opml", response_class=Response, responses={200: {"content": {"text/x-opml": {}}}}
)
def as_opml(visitor: SignedIn) -> Response:
    """The feeds that are read, as OPML 2.0 with a folder for each topic."""
    return Response(feed_book.as_opml(visitor), media_type="text/x-opml; charset=utf-8")


@router.get("/api/feeds/{feed_id}")
def read(visitor: SignedIn, feed_id: Id) -> FeedOut:
    """One that is read no more, too."""
    return _shown(visitor, feed_book.read(visitor, feed_id))


@router.put("/api/feeds/{feed_id}")
def change(visitor: SignedIn, feed_id: Id, body: FeedListing) -> FeedOut:
    """The whole listing; at another address it is a feed that nobody has read yet."""
    return _shown(visitor, feed_book.change(visitor, feed_id, body.as_listing()))


@router.post("/api/feeds/{feed_id}/retire")
def retire(visitor: SignedIn, feed_id: Id) -> FeedOut:
    """It is read no more; what it has published stays."""
    return _shown(visitor, feed_book.retire(visitor, feed_id))


@router.post("/api/feeds/{feed_id}/revive")
def revive(visitor: SignedIn, feed_id: Id) -> FeedOut:
    """It is read again, with the next reading."""
    return _shown(visitor, feed_book.revive(visitor, feed_id))


@router.delete("/api/feeds/{feed_id}", status_code=204)
def remove(visitor: SignedIn, feed_id: Id) -> Response:
    """It is listed no more; what it has published stays in the warehouse."""
    feed_book.remove(visitor, feed_id)
    return Response(status_code=204)


def _shown(visitor: Visitor, feed: Feed) -> FeedOut:
    visitor.conditions.show(feed_book.etag(feed))
    return FeedOut.of(feed)
