"""Short links: made, read, and how often they were followed."""

from datetime import date, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from console import link_book
from console.admission import LARGEST_ID, Id, SignedIn
from console.api.answers import AWAY, REFUSALS
from console.api.recipients import Body, Number
from console.cursors import Cursor, Limit
from console.link_book import Known, Wanted
from console.texts import Text
from marketing_pipelines.links import cells, importing, slugs, targets
from marketing_pipelines.links.figures import Clicks, Course, Day, Trait
from store.records.schema import CampaignId

router = APIRouter(tags=["links"], responses=REFUSALS)

Address = Annotated[Text, StringConstraints(max_length=targets.LONGEST_TARGET)]
OfCampaign = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Only those of this campaign.")]
Tag = Annotated[Text, StringConstraints(min_length=1, max_length=cells.LONGEST_TAG)]
MOST_CLICKS = 10**12


class NewLink(Body):
    """Where it leads, under which campaign and channel its visits are counted, and on which terms."""

    long_url: Annotated[Address, Field(description="Where it leads: https://shop.example/sale.")]
    campaign_id: Number | None = None
    channel: Annotated[
        Text,
        StringConstraints(max_length=importing.LONGEST_CHANNEL),
        Field(description="email, social, paid_search, … It becomes utm_source."),
    ] = ""
    slug: Annotated[
        Text | None,
        StringConstraints(max_length=slugs.LONGEST_SLUG),
        Field(description="The last piece of its address; by chance without it."),
    ] = None
    title: Annotated[Text, StringConstraints(max_length=importing.LONGEST_TITLE)] = ""
    tags: Annotated[tuple[Tag, ...], Field(max_length=cells.MOST_TAGS)] = ()
    starts_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    max_clicks: Annotated[
        int | None,
        Field(ge=1, le=MOST_CLICKS, description="How many people may follow it; programs do not count."),
    ] = None
    fallback_url: Annotated[
        Address | None, Field(description="Where it leads before, after and beyond that.")
    ] = None


class UtmOut(BaseModel):
    """An empty tag is not appended."""

    utm_source: str
    utm_medium: str
    utm_campaign: str


class LinkOut(BaseModel):
    id: int
    slug: str
    short_url: str
    long_url: str
    target_url: Annotated[str, Field(description="Where it leads, with the tags that the address lacks.")]
    utm: UtmOut
    campaign_id: int | None
    channel: str
    title: str
    tags: list[str]
    starts_at: datetime | None
    expires_at: datetime | None
    max_clicks: int | None
    fallback_url: str | None
    archived_at: datetime | None
    created_at: datetime
    warnings: list[str]

    @classmethod
    def of(cls, known: Known) -> Self:
        link = known.link
        own = {"short_url", "long_url", "target_url", "utm", "warnings"}
        return cls(
            **{name: getattr(link, name) for name in cls.model_fields if name not in own},
            short_url=known.short_url,
            long_url=link.target_url,
            target_url=known.target,
            utm=UtmOut(**known.utm),
            warnings=list(known.warnings),
        )


class LinkPage(BaseModel):
    items: list[LinkOut]
    next_cursor: int | None


class ClicksOut(BaseModel):
    """Never one without the others; rates go by those of people."""

    all: int
    people: int
    bots: int

    @classmethod
    def of(cls, clicks: Clicks) -> Self:
        return cls(all=clicks.all, people=clicks.human, bots=clicks.bot)


class DayOut(ClicksOut):
    date: date
    visitors: int

    @classmethod
    def of_day(cls, day: Day) -> Self:
        clicks = ClicksOut.of(day.clicks)
        return cls(**clicks.model_dump(), date=day.date, visitors=day.visitors)


class ValueOut(ClicksOut):
    """An empty value is one that nobody knows."""

    value: str


class LinkStats(BaseModel):
    """`visitors` are different people, as far as the pages they came to told us."""

    link_id: int
    since: date
    until: date
    clicks: ClicksOut
    visitors: int
    by_day: list[DayOut]
    by_country: list[ValueOut]
    by_device: list[ValueOut]
    by_referrer: list[ValueOut]


@router.post("/api/links", status_code=201)
def create(visitor: SignedIn, body: NewLink, response: Response) -> LinkOut:
    """A short link that works at once; what it leads to cannot be another link of ours or a blocked host."""
    given = body.model_dump(exclude={"campaign_id"})
    wanted = Wanted(**given, campaign=CampaignId(body.campaign_id) if body.campaign_id else None)
    known = link_book.create(visitor, wanted)
    response.headers["Location"] = f"/api/links/{known.link.id}"
    return LinkOut.of(known)


@router.get("/api/links")
def list_links(
    visitor: SignedIn, limit: Limit, campaign_id: OfCampaign = None, cursor: Cursor = None
) -> LinkPage:
    """Newest first."""
    page, following = link_book.listed(visitor, campaign=campaign_id, cursor=cursor, limit=limit)
    return LinkPage(items=[LinkOut.of(known) for known in page], next_cursor=following)


@router.get("/api/links/{link_id}")
def read(visitor: SignedIn, link_id: Id) -> LinkOut:
    return LinkOut.of(link_book.read(visitor, link_id))


@router.get("/api/links/{link_id}/stats", responses=AWAY)
def stats(
    visitor: SignedIn,
    link_id: Id,
    since: Annotated[date | None, Query(description="The first UTC day; 29 days before `until`.")] = None,
    until: Annotated[date | None, Query(description="The last UTC day; today.")] = None,
) -> LinkStats:
    """As of the last build of the marts, which is some minutes ago. The twenty most frequent of each kind."""
    first, last, course = link_book.course(visitor, link_id, since, until)
    return LinkStats(
        link_id=link_id,
        since=first,
        until=last,
        clicks=ClicksOut.of(course.clicks),
        visitors=course.visitors,
        by_day=[DayOut.of_day(day) for day in course.days],
        by_country=_values(course, Trait.COUNTRY),
        by_device=_values(course, Trait.DEVICE),
        by_referrer=_values(course, Trait.REFERRER),
    )


def _values(course: Course, trait: Trait) -> list[ValueOut]:
    return [
        ValueOut(value=value, all=clicks.all, people=clicks.human, bots=clicks.bot)
        for value, clicks in course.traits[trait]
    ]
