"""Analytics: metrics over time, funnels, channels beside the time before, and how fresh each number is."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from console.api.answers import AWAY, REFUSALS
from console.door import etags
from console.door.admission import SignedIn
from console.door.problems import nothing_here
from console.door.sign_in import Visitor
from console.frame.lineage import Asset
from console.measuring import goal_book
from console.watching import analytics
from marketing_pipelines.analytics.channels import Channel, ChannelsAsked, Lifetime, channels
from marketing_pipelines.analytics.freshness import Freshness
from marketing_pipelines.analytics.funnels import Course, FunnelAsked, Step, funnel
from marketing_pipelines.analytics.health import TrackingAsked, Warning, Worry, tracking
from marketing_pipelines.analytics.measures import Metric, Sums
from marketing_pipelines.analytics.timeline import LONGEST_ID, Timeline, TimelineAsked, timeline
from marketing_pipelines.analytics.timeseries import Granularity, TimeseriesAsked, timeseries

router = APIRouter(tags=["analytics"], responses=REFUSALS | AWAY)

VisitorId = Annotated[str, Path(min_length=1, max_length=LONGEST_ID)]
Day = Annotated[date, Field(description="Included.")]


class FreshnessOut(BaseModel):
    """Which asset made the numbers, the newest day in it, and when a build last wrote there."""

    made_by: str
    newest_day: date | None
    built_at: datetime | None

    @classmethod
    def of(cls, found: Freshness) -> Self:
        return cls(made_by=found.asset, newest_day=found.newest_day, built_at=found.built_at)


class AnswerOut(BaseModel):
    """`told` says why there is nothing, where there is nothing yet."""

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]
    freshness: FreshnessOut
    told: str


class Point(BaseModel):
    """A ratio is null where there was nothing to divide by."""

    at: Annotated[date | datetime, Field(description="A day, or where hours were asked for a moment.")]
    value: float | None


class Series(BaseModel):
    """What it is of: a channel, a campaign or a model; empty for all together."""

    of: str
    points: list[Point]


class TimeseriesOut(AnswerOut):
    metric: Metric
    gran: Granularity
    series: list[Series]


class StepOut(BaseModel):
    """Shares are of the people of the step before, and of the first; the median is of those who went on."""

    name: str
    people: int
    of_previous: float | None
    of_first: float | None
    median_seconds_to_next: float | None

    @classmethod
    def of(cls, step: Step) -> Self:
        median = step.median_to_next
        return cls(
            name=step.name,
            people=step.people,
            of_previous=step.of_previous,
            of_first=step.of_first,
            median_seconds_to_next=median.total_seconds() if median is not None else None,
        )


class SegmentOut(BaseModel):
    """What the people of it had in common at their first step; empty where that is not known."""

    of: str
    steps: list[StepOut]

    @classmethod
    def of_course(cls, course: Course) -> Self:
        return cls(of=course.of, steps=[StepOut.of(step) for step in course.steps])


class FunnelOut(AnswerOut):
    window_days: int
    steps: list[StepOut]
    segments: list[SegmentOut]


class FiguresOut(BaseModel):
    """Visits are those of people; a ratio is null where there was nothing to divide by.

    `ltv` is what a person brought within 30 days of first coming, of the last whole weeks that are over for so long.
    """

    spend: float
    impressions: float
    clicks: float
    visits: float
    conversions: float
    revenue: float
    ctr: float | None
    cvr: float | None
    cpa: float | None
    roas: float | None
    ltv: float | None

    @classmethod
    def of(cls, sums: Sums, lifetime: Lifetime) -> Self:
        counted = {name: sums.of(Metric(name)) for name in cls.model_fields if name != "ltv"}
        return cls.model_validate({**counted, "ltv": lifetime.value})


class ChannelOut(BaseModel):
    channel: str
    now: FiguresOut
    before: FiguresOut

    @classmethod
    def of(cls, channel: Channel) -> Self:
        return cls(
            channel=channel.name,
            now=FiguresOut.of(channel.now, channel.lifetime_now),
            before=FiguresOut.of(channel.before, channel.lifetime_before),
        )


class ChannelsOut(AnswerOut):
    currency: str
    channels: list[ChannelOut]
    total: ChannelOut | None


class OwnerOut(BaseModel):
    """No `since` where it was theirs from its first day, no `until` where it still is."""

    model_config = ConfigDict(from_attributes=True)

    person_id: str
    since: datetime | None
    until: datetime | None
    known_at: datetime


class MeetingOut(BaseModel):
    """Who was met there; `source` says so: an event of a server, a click, or a delivery."""

    model_config = ConfigDict(from_attributes=True)

    identity: str
    source: str
    first_at: datetime
    last_at: datetime
    times: int


class MomentOut(BaseModel):
    """`detail` is the first page of a visit, the goal of a conversion, or who was met."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    kind: str
    visitor_id: str
    channel: str
    campaign_id: int
    link_id: int
    page_views: int
    detail: str
    value: float
    currency: str


class TimelineOut(BaseModel):
    """`person_id` is whose moments these are: the person that the device belongs to today."""

    visitor_id: str
    person_id: str
    owners: list[OwnerOut]
    meetings: list[MeetingOut]
    moments: list[MomentOut]
    goes_on_before: datetime | None
    freshness: FreshnessOut
    told: str

    @classmethod
    def of(cls, visitor_id: str, found: Timeline | None, fresh: FreshnessOut, told: str) -> Self:
        known = found or Timeline(visitor_id, visitor_id)
        return cls(
            visitor_id=visitor_id,
            person_id=known.person_id,
            owners=[OwnerOut.model_validate(it) for it in known.owners],
            meetings=[MeetingOut.model_validate(it) for it in known.meetings],
            moments=[MomentOut.model_validate(it) for it in known.moments],
            goes_on_before=known.goes_on_before,
            freshness=fresh,
            told=told,
        )


class WarningOut(BaseModel):
    """`count` of `of`, in the days or on the one that is named."""

    worry: Worry
    count: int
    of: int
    day: date | None

    @classmethod
    def of_warning(cls, warning: Warning) -> Self:
        return cls(worry=warning.worry, count=warning.count, of=warning.of, day=warning.day)


class TrackedDay(BaseModel):
    """A UTC day. Shares of consent are null where nothing came in."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    received: int
    events: int
    copies: int
    clocks_corrected: int
    rejected: int
    of_programs: int
    without_visitor: int
    page_views: int
    unknown_channels: int
    conversions: int
    without_value: int
    without_currency: int
    click_ids: int
    unmatched_click_ids: int
    devices_shared: int
    people_crowded: int
    devices_refused: int
    with_consent: float | None
    without_consent: float | None
    by_kind: dict[str, int]
    by_lateness: dict[str, int]
    by_reason: dict[str, int]


class TrackingOut(AnswerOut):
    warnings: list[WarningOut]
    days: list[TrackedDay]


class FreshnessPage(BaseModel):
    items: list[FreshnessOut]


@router.get("/api/analytics/timeseries")
def of_time(visitor: SignedIn, asked: Annotated[TimeseriesAsked, Query()]) -> TimeseriesOut:
    """One metric by hour, day, week or month. Ratios are ratios of sums; every moment of the span is there."""
    if asked.goal_id is not None:
        goal_book.read(visitor, asked.goal_id)
    asked = analytics.settled(visitor, asked)
    with analytics.refusing():
        source = Asset(asked.source)
    found, told = analytics.answered(visitor, timeseries, asked)
    rows = found.rows.partition_by("of", as_dict=True, maintain_order=True) if found else {}
    series = [
        Series(of=of, points=[Point(at=at, value=value) for at, value in part.select("at", "value").rows()])
        for (of,), part in rows.items()
    ]
    return shown(
        visitor,
        TimeseriesOut(
            **about(visitor, asked, source, told), metric=asked.metric, gran=asked.gran, series=series
        ),
    )


@router.get("/api/analytics/funnel")
def of_steps(visitor: SignedIn, asked: Annotated[FunnelAsked, Query()]) -> FunnelOut:
    """How many people took ordered steps within a window, where they stopped, and how long it took them."""
    asked = analytics.settled(visitor, asked)
    found, told = analytics.answered(visitor, funnel, asked)
    return shown(
        visitor,
        FunnelOut(
            **about(visitor, asked, Asset.PERSON_EVENTS, told),
            window_days=asked.window_days,
            steps=[StepOut.of(step) for step in found.whole.steps] if found else [],
            segments=[SegmentOut.of_course(course) for course in found.segments] if found else [],
        ),
    )


@router.get("/api/analytics/channels")
def of_channels(visitor: SignedIn, asked: Annotated[ChannelsAsked, Query()]) -> ChannelsOut:
    """What each channel cost and brought, beside as many days before; what cost most comes first."""
    asked = analytics.settled(visitor, asked)
    found, told = analytics.answered(visitor, channels, asked)
    return shown(
        visitor,
        ChannelsOut(
            **about(visitor, asked, Asset.CHANNEL_DAILY, told),
            currency=(found.currency if found else "") or visitor.currency,
            channels=[ChannelOut.of(channel) for channel in found.channels] if found else [],
            total=ChannelOut.of(found.total) if found else None,
        ),
    )


@router.get("/api/analytics/visitors/{visitor_id}")
def of_visitor(visitor: SignedIn, visitor_id: VisitorId, before: AwareDatetime | None = None) -> TimelineOut:
    """What is known of a device, a user (`user:7`) or a contact (`contact:7`), oldest first; who it is, and why.

    The latest 500 moments; `goes_on_before` is the `before` that asks for those in front of them.
    """
    asked = TimelineAsked(visitor_id=visitor_id, before=before)
    found, told = analytics.answered(visitor, timeline, asked)
    if found and not found.is_known:
        raise nothing_here()
    [fresh] = analytics.fresh(visitor, Asset.TOUCHPOINTS)
    return shown(visitor, TimelineOut.of(visitor_id, found, FreshnessOut.of(fresh), told))


@router.get("/api/analytics/tracking")
def of_tracking(visitor: SignedIn, asked: Annotated[TrackingAsked, Query()]) -> TrackingOut:
    """What came in by UTC day, late, twice, refused or incomplete, and what of it is out of the ordinary."""
    asked = analytics.settled(visitor, asked)
    found, told = analytics.answered(visitor, tracking, asked)
    return shown(
        visitor,
        TrackingOut(
            **about(visitor, asked, Asset.TRACKING_HEALTH, told),
            warnings=[WarningOut.of_warning(it) for it in found.warnings] if found else [],
            days=[TrackedDay.model_validate(it) for it in found.days] if found else [],
        ),
    )


@router.get("/api/analytics/freshness")
def how_fresh(visitor: SignedIn) -> FreshnessPage:
    """Of each asset that numbers are read from, the newest day in it and when a build last wrote there."""
    return shown(visitor, FreshnessPage(items=[FreshnessOut.of(it) for it in analytics.fresh(visitor)]))


def about(visitor: Visitor, asked: Any, source: Asset, told: str) -> dict[str, Any]:
    """What every answer says of itself."""
    [found] = analytics.fresh(visitor, source)
    span = asked.span
    return {"from": span.first, "to": span.last, "freshness": FreshnessOut.of(found), "told": told}


def shown(visitor: Visitor, answer: Any) -> Any:
    """With its ETag: who knows the answer already is not told it again."""
    visitor.conditions.show(etags.of(answer.model_dump(mode="json")))
    return answer
