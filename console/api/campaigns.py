"""Campaigns: written, published, scheduled, paused and resumed; where they stand, and what happens next."""

from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)

from console import campaign_desk
from console.admission import LARGEST_ID, Id, SignedIn
from console.api.answers import REFUSALS
from console.api.groups import Name
from console.api.recipients import Body, Number
from console.campaign_desk import Brought, Published, Shown, Standing, TakenIn, Wanted
from console.cursors import Cursor, Limit
from console.sign_in import Visitor
from console.texts import Reason, Text, storable
from marketing_pipelines.campaigns.outlook import Step
from marketing_pipelines.outbound.kinds.face import Line, Words
from store.records.actions import State
from store.records.campaigns import LONGEST_UTM, CampaignStatus
from store.records.deliveries import DeliveryState
from store.records.requested_runs import RunState

router = APIRouter(tags=["campaigns"], responses=REFUSALS)

EARLIEST, LATEST = 1970, 2200
MOST_ADDRESSES = 100_000
# An address has 254 characters; what is longer is none however much is kept of it.
LONGEST_LINE = 300


def _written(value: object) -> datetime:
    """A date with its time as people and programs write it; numbers and bare days could mean several moments."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and len(value) > 10 else None
    except ValueError:
        moment = None
    if moment is None or not EARLIEST <= moment.year < LATEST:
        raise ValueError(
            "must be a date and time like 2026-05-01T09:00:00 (the tenant's zone) or 2026-05-01T09:00:00+02:00"
        )
    return moment


def _kept(line: str) -> str:
    """A line as it can be stored; what is no address stays none."""
    return line[:LONGEST_LINE].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


Date = Annotated[
    datetime,
    BeforeValidator(_written, json_schema_input_type=str),
    Field(description="Without a zone it is the tenant's.", examples=["2026-05-01T09:00:00"]),
]
Objective = Annotated[Text, StringConstraints(max_length=500)]
Utm = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=LONGEST_UTM, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$"
    ),
    AfterValidator(storable),
    Field(description="How links and ad accounts name it; derived from the name when it is left out."),
]
Subject = Annotated[Line, StringConstraints(max_length=200), AfterValidator(storable)]
Message = Annotated[Words, AfterValidator(storable)]
Addresses = Annotated[
    list[Annotated[str, AfterValidator(_kept)]],
    Field(
        min_length=1,
        max_length=MOST_ADDRESSES,
        fail_fast=True,
        description="One address a line; what is none is counted, and told by its line.",
    ),
]
ProjectId = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Only those of this project.")]


class _Said(Body):
    objective: Objective = ""
    utm_campaign: Utm | None = None
    project_id: Number | None = None
    start_date: Date | None = None
    end_date: Date | None = None

    def as_wanted(self, name: str) -> Wanted:
        return Wanted(
            name, self.objective, self.utm_campaign or "", self.project_id, self.start_date, self.end_date
        )


class ChangedCampaign(_Said):
    """The whole campaign; what is left out is empty, but for `utm_campaign`, which stays."""

    name: Name


class NewCampaign(_Said):
    """Needs a name. With a title, a message and addresses it brings its recipients along, and needs no other name."""

    name: Name | None = None
    title: Subject | None = None
    message: Message | None = None
    recipient_emails: Addresses | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = [self.title, self.message, self.recipient_emails]
        if any(each is not None for each in given) and any(each is None for each in given):
            raise ValueError("title, message and recipient_emails belong together: give all of them or none")
        if self.name is None and self.title is None:
            raise ValueError("give it a name")
        return self

    @property
    def brought(self) -> Brought | None:
        if self.title is None or self.message is None or self.recipient_emails is None:
            return None
        return Brought(self.title, self.message, self.recipient_emails)


class Dates(Body):
    start_date: Date | None = None
    end_date: Date | None = None


class Pause(Body):
    """Why, for those who wonder later."""

    reason: Reason = ""


class Problem(BaseModel):
    """A line of the list that is no address, counted from 1."""

    line: int
    reason: str


class IntakeOut(BaseModel):
    """The recipients that came with the campaign; of the `lines`, `taken` have been seen so far.

    Each is `new`, `known`, `unsubscribed`, `repeated` or `invalid`; the first of the invalid ones are in `problems`.
    """

    state: RunState
    lines: int
    taken: int
    new: int = 0
    known: int = 0
    unsubscribed: int = 0
    repeated: int = 0
    invalid: int = 0
    problems: list[Problem]
    group_id: int | None
    action_id: Annotated[int | None, Field(description="The draft mail to them all, once it is made.")]
    reason: Annotated[str, Field(description="Why it failed, or will be tried again.")]
    request_id: int
    ended_at: datetime | None

    @classmethod
    def of(cls, taken_in: TakenIn) -> Self:
        intake, request = taken_in.intake, taken_in.request
        return cls(
            state=request.state,
            lines=intake.lines,
            taken=intake.taken,
            problems=[Problem(**problem) for problem in intake.problems],
            group_id=intake.group_id,
            action_id=intake.action_id,
            reason=request.reason,
            request_id=request.id,
            ended_at=request.ended_at,
            **intake.counts,
        )


class CampaignOut(BaseModel):
    """Dates are in the tenant's zone. `warnings` say what its owner should know."""

    id: int
    name: str
    objective: str
    utm_campaign: str
    project_id: int | None
    status: CampaignStatus
    start_date: datetime | None
    end_date: datetime | None
    time_zone: str
    pause_reason: str
    warnings: list[str]
    intake: IntakeOut | None
    created_at: datetime

    @classmethod
    def of(cls, visitor: Visitor, shown: Shown) -> Self:
        campaign = shown.campaign
        plain = {name: getattr(campaign, name) for name in cls.model_fields if hasattr(campaign, name)}
        return cls(
            **plain
            | {
                "start_date": _there(campaign.start_date, visitor.time_zone),
                "end_date": _there(campaign.end_date, visitor.time_zone),
                "time_zone": str(visitor.time_zone),
                "warnings": list(shown.warnings),
                "intake": shown.taken_in and IntakeOut.of(shown.taken_in),
            }
        )


class CampaignPage(BaseModel):
    items: list[CampaignOut]
    next_cursor: int | None


class NotSubmitted(BaseModel):
    action_id: int
    reason: str


class PublishedOut(BaseModel):
    """`submitted` wait for approval now; `left` were too many for one request: publish again."""

    campaign: CampaignOut
    submitted: list[int]
    not_submitted: list[NotSubmitted]
    left: int

    @classmethod
    def of(cls, visitor: Visitor, published: Published) -> Self:
        refused = [NotSubmitted(action_id=it.action, reason=it.reason) for it in published.not_submitted]
        return cls(
            campaign=CampaignOut.of(visitor, published.shown),
            submitted=published.submitted,
            not_submitted=refused,
            left=published.left,
        )


class Next(BaseModel):
    """`at` is when it happens by itself; without one it waits for a person, or never comes."""

    step: Step
    at: datetime | None
    told: str


class StandingOut(BaseModel):
    id: int
    status: CampaignStatus
    start_date: datetime | None
    end_date: datetime | None
    warnings: list[str]
    actions: Annotated[dict[State, int], Field(description="How many are in which state.")]
    deliveries: Annotated[dict[DeliveryState, int], Field(description="How many are in which state.")]
    links: int
    next: Next

    @classmethod
    def of(cls, visitor: Visitor, standing: Standing) -> Self:
        campaign, following = standing.shown.campaign, standing.following
        return cls(
            id=campaign.id,
            status=campaign.status,
            start_date=_there(campaign.start_date, visitor.time_zone),
            end_date=_there(campaign.end_date, visitor.time_zone),
            warnings=list(standing.shown.warnings),
            actions={State(state): count for state, count in standing.actions.items()},
            deliveries={DeliveryState(state): count for state, count in standing.deliveries.items()},
            links=standing.links,
            next=Next(step=following.step, at=_there(following.at, visitor.time_zone), told=following.told),
        )


@router.post("/api/campaigns", status_code=201)
def create(visitor: SignedIn, body: NewCampaign, response: Response) -> CampaignOut:
    """A draft; one whose end has passed is completed at once, says so in `warnings`, and its links work.

    Recipients that it brings along are taken in by a run in the background, which `intake` follows.
    """
    wanted = body.as_wanted(body.name or body.title or "")
    shown = campaign_desk.create(visitor, wanted, body.brought)
    response.headers["Location"] = f"/api/campaigns/{shown.campaign.id}"
    return CampaignOut.of(visitor, shown)


@router.get("/api/campaigns")
def list_campaigns(
    visitor: SignedIn,
    limit: Limit,
    status: CampaignStatus | None = None,
    project_id: ProjectId = None,
    cursor: Cursor = None,
) -> CampaignPage:
    """Newest first."""
    page, following = campaign_desk.listed(
        visitor, status=status, project=project_id, cursor=cursor, limit=limit
    )
    return CampaignPage(items=[CampaignOut.of(visitor, shown) for shown in page], next_cursor=following)


@router.get("/api/campaigns/{campaign_id}")
def read(visitor: SignedIn, campaign_id: Id) -> CampaignOut:
    return CampaignOut.of(visitor, campaign_desk.read(visitor, campaign_id))


@router.put("/api/campaigns/{campaign_id}")
def change(visitor: SignedIn, campaign_id: Id, body: ChangedCampaign) -> CampaignOut:
    """Says the whole campaign anew; a live one follows its new dates at once."""
    return CampaignOut.of(visitor, campaign_desk.change(visitor, campaign_id, body.as_wanted(body.name)))


@router.post("/api/campaigns/{campaign_id}/publish")
def publish(visitor: SignedIn, campaign_id: Id) -> PublishedOut:
    """Makes it live by its dates and asks for approval of its draft actions; approves and sends nothing."""
    return PublishedOut.of(visitor, campaign_desk.publish(visitor, campaign_id))


@router.post("/api/campaigns/{campaign_id}/schedule")
def schedule(visitor: SignedIn, campaign_id: Id, body: Dates) -> CampaignOut:
    """Makes it live by these dates, also one that had ended; a paused one stays paused."""
    shown = campaign_desk.schedule(visitor, campaign_id, body.start_date, body.end_date)
    return CampaignOut.of(visitor, shown)


@router.post("/api/campaigns/{campaign_id}/pause")
def pause(visitor: SignedIn, campaign_id: Id, body: Pause) -> CampaignOut:
    """Holds its actions from the next message on, also of what is being sent this moment."""
    return CampaignOut.of(visitor, campaign_desk.pause(visitor, campaign_id, body.reason))


@router.post("/api/campaigns/{campaign_id}/resume")
def resume(visitor: SignedIn, campaign_id: Id) -> CampaignOut:
    """What was held goes on from where it was."""
    return CampaignOut.of(visitor, campaign_desk.resume(visitor, campaign_id))


@router.get("/api/campaigns/{campaign_id}/status")
def standing(visitor: SignedIn, campaign_id: Id) -> StandingOut:
    """Where it stands, what belongs to it, and what happens next and when."""
    return StandingOut.of(visitor, campaign_desk.standing(visitor, campaign_id))


def _there(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment and moment.astimezone(zone)
