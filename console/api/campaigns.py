"""Campaigns: written, published, scheduled, paused and resumed; where they stand, and what happens next."""

from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints

from console import campaign_desk
from console.admission import LARGEST_ID, Id, SignedIn
from console.api.answers import REFUSALS
from console.api.groups import Name
from console.api.recipients import Body, Number
from console.campaign_desk import Published, Shown, Standing, Wanted
from console.cursors import USUAL_LIMIT, Cursor, Limit
from console.sign_in import Visitor
from console.texts import Reason, Text, storable
from marketing_pipelines.campaigns.outlook import Step
from store.records.actions import State
from store.records.campaigns import LONGEST_UTM, CampaignStatus
from store.records.deliveries import DeliveryState

router = APIRouter(tags=["campaigns"], responses=REFUSALS)

EARLIEST, LATEST = 1970, 2200


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
ProjectId = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Only those of this project.")]


class ChangedCampaign(Body):
    """The whole campaign; what is left out is empty, but for `utm_campaign`, which stays."""

    name: Name
    objective: Objective = ""
    utm_campaign: Utm | None = None
    project_id: Number | None = None
    start_date: Date | None = None
    end_date: Date | None = None

    def wanted(self) -> Wanted:
        return Wanted(
            self.name,
            self.objective,
            self.utm_campaign or "",
            self.project_id,
            self.start_date,
            self.end_date,
        )


class NewCampaign(ChangedCampaign):
    """Only the name is needed."""


class Dates(Body):
    start_date: Date | None = None
    end_date: Date | None = None


class Pause(Body):
    """Why, for those who wonder later."""

    reason: Reason = ""


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
    """A draft; one whose end has passed is completed at once, says so in `warnings`, and its links work."""
    shown = campaign_desk.create(visitor, body.wanted())
    response.headers["Location"] = f"/api/campaigns/{shown.campaign.id}"
    return CampaignOut.of(visitor, shown)


@router.get("/api/campaigns")
def list_campaigns(
    visitor: SignedIn,
    status: CampaignStatus | None = None,
    project_id: ProjectId = None,
    cursor: Cursor = None,
    limit: Limit = USUAL_LIMIT,
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
    return CampaignOut.of(visitor, campaign_desk.change(visitor, campaign_id, body.wanted()))


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
