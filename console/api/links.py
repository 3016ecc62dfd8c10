"""Short links: made, read, and how often they were followed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from console.api.answers import AWAY, REFUSALS
from console.door.admission import LARGEST_ID, Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.bodies import Body, Number
from console.frame.cursors import Cursor, Limit
from console.frame.texts import Text
from console.library import link_book
from console.library.link_book import Known, Wanted, WantedTarget
from marketing_pipelines.links import cells, importing, slugs, targets
from marketing_pipelines.links.figures import Clicks, Course, Day, Trait
from store.records.links import LinkState, Sought
from store.records.schema import CampaignId

router = APIRouter(tags=["links"], responses=REFUSALS)

Address = Annotated[Text, StringConstraints(max_length=targets.LONGEST_TARGET)]
OfCampaign = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Only those of this campaign.")]
Tag = Annotated[Text, StringConstraints(min_length=1, max_length=cells.LONGEST_TAG)]
Conditions = Annotated[tuple[Annotated[Text, StringConstraints(max_length=71)], ...], Field(max_length=100)]
MOST_CLICKS = 10**12


class TargetIn(Body):
    """Another address for those whom every condition fits; of several that fit, the weights decide."""

    url: Address
    weight: Annotated[int, Field(ge=0, le=targets.HEAVIEST)] = 1
    countries: Conditions = ()
    devices: Conditions = ()
    systems: Conditions = ()
    languages: Conditions = ()


Targets = Annotated[tuple[TargetIn, ...], Field(max_length=importing.MOST_TARGETS)]
Passed = Annotated[
    tuple[Annotated[Text, StringConstraints(max_length=40)], ...],
    Field(
        max_length=cells.MOST_PARAMETERS,
        description="Parameters of a visitor's address that go on to the target: gclid.",
    ),
]
Password = Annotated[
    Text,
    StringConstraints(max_length=link_book.LONGEST_PASSWORD),
    Field(description="One that visitors must know."),
]


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
    passed_parameters: Passed = ()
    targets: Targets = ()
    password: Password = ""


class ChangedLink(Body):
    """What is left out stays as it is. The slug stays: it is printed by now. An empty password takes it away."""

    long_url: Address | None = None
    campaign_id: Number | None = None
    channel: Annotated[Text, StringConstraints(max_length=importing.LONGEST_CHANNEL)] | None = None
    title: Annotated[Text, StringConstraints(max_length=importing.LONGEST_TITLE)] | None = None
    tags: Annotated[tuple[Tag, ...], Field(max_length=cells.MOST_TAGS)] | None = None
    starts_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    max_clicks: Annotated[int | None, Field(ge=1, le=MOST_CLICKS)] = None
    fallback_url: Address | None = None
    passed_parameters: Passed | None = None
    targets: Annotated[
        Targets | None,
        Field(description="Those that no experiment owns; its own stay, and the bandit weighs them."),
    ] = None
    password: Password | None = None
    archived: bool | None = None

    def changes(self) -> dict[str, Any]:
        """What was given, by the names of `Wanted`; null empties what may be empty, and else leaves it."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "campaign_id" in given:
            given["campaign"] = given.pop("campaign_id")
        return {
            name: _wanted_targets(value or ()) if name == "targets" else value
            for name, value in given.items()
            if value is not None or name in _MAY_BE_EMPTY
        }


_MAY_BE_EMPTY = frozenset({"campaign", "starts_at", "expires_at", "max_clicks", "fallback_url"})


class TargetOut(BaseModel):
    """`share` is what it gets of those whom it and its equals fit; a `variant_id` is an experiment's, which moves it."""

    url: str
    weight: int
    share: float
    countries: list[str]
    devices: list[str]
    systems: list[str]
    languages: list[str]
    variant_id: int | None


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
    passed_parameters: list[str]
    targets: list[TargetOut]
    has_password: bool
    state: LinkState
    archived_at: datetime | None
    created_at: datetime
    warnings: list[str]

    @classmethod
    def of(cls, known: Known) -> Self:
        link = known.link
        own = {"short_url", "long_url", "target_url", "utm", "warnings", "targets", "has_password"}
        return cls(
            **{name: getattr(link, name) for name in cls.model_fields if name not in own},
            short_url=known.short_url,
            long_url=link.target_url,
            target_url=known.target,
            utm=UtmOut(**known.utm),
            targets=_targets(known),
            has_password=link.password_hash is not None,
            warnings=list(known.warnings),
        )


def _targets(known: Known) -> list[TargetOut]:
    shares = known.chances
    return [
        TargetOut(
            **{name: getattr(it, name) for name in TargetOut.model_fields if name != "share"},
            share=round(shares[it.id], 6),
        )
        for it in known.link.targets
    ]


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


class VariantOut(ClicksOut):
    variant_id: int
    name: str


class LinkStats(BaseModel):
    """`visitors` are different people, as far as the pages they came to told us.

    `previews` are those of the bots' clicks by which a messenger or a browser looked ahead.
    """

    link_id: int
    since: date
    until: date
    clicks: ClicksOut
    visitors: int
    previews: int
    by_day: list[DayOut]
    by_country: list[ValueOut]
    by_device: list[ValueOut]
    by_referrer: list[ValueOut]
    by_variant: list[VariantOut]


@router.post("/api/links", status_code=201)
def create(visitor: SignedIn, body: NewLink, response: Response) -> LinkOut:
    """A short link that works at once; what it leads to cannot be another link of ours or a blocked host."""
    given = body.model_dump(exclude={"campaign_id", "targets"})
    campaign = CampaignId(body.campaign_id) if body.campaign_id else None
    wanted = Wanted(**given, campaign=campaign, targets=_wanted_targets(body.targets))
    known = link_book.create(visitor, wanted)
    response.headers["Location"] = f"/api/links/{known.link.id}"
    return LinkOut.of(known)


@router.get("/api/links")
def list_links(
    visitor: SignedIn,
    limit: Limit,
    campaign_id: OfCampaign = None,
    text: Annotated[
        str, Query(max_length=200, description="Only those with this in slug, title or address.")
    ] = "",
    state: Annotated[LinkState | None, Query(description="Only those in this state.")] = None,
    cursor: Cursor = None,
) -> LinkPage:
    """Newest first."""
    sought = Sought(campaign_id, text, state)
    page, following = link_book.listed(visitor, sought, cursor=cursor, limit=limit)
    return LinkPage(items=[LinkOut.of(known) for known in page], next_cursor=following)


@router.get("/api/links/{link_id}")
def read(visitor: SignedIn, link_id: Id) -> LinkOut:
    return _shown(visitor, link_book.read(visitor, link_id))


@router.patch("/api/links/{link_id}")
def change(visitor: SignedIn, link_id: Id, body: ChangedLink) -> LinkOut:
    """Followed from that moment on, by every process of the edge."""
    return _shown(visitor, link_book.change(visitor, link_id, body.changes()))


def _shown(visitor: Visitor, known: Known) -> LinkOut:
    visitor.conditions.show(known.etag)
    return LinkOut.of(known)


def _wanted_targets(given: Sequence[TargetIn]) -> tuple[WantedTarget, ...]:
    return tuple(WantedTarget(**target.model_dump()) for target in given)


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
        previews=course.previews,
        by_day=[DayOut.of_day(day) for day in course.days],
        by_country=_values(course, Trait.COUNTRY),
        by_device=_values(course, Trait.DEVICE),
        by_referrer=_values(course, Trait.REFERRER),
        by_variant=[
            VariantOut(**ClicksOut.of(it.clicks).model_dump(), variant_id=it.variant, name=it.name)
            for it in course.variants
        ],
    )


def _values(course: Course, trait: Trait) -> list[ValueOut]:
    return [
        ValueOut(value=value, all=clicks.all, people=clicks.human, bots=clicks.bot)
        for value, clicks in course.traits[trait]
    ]
