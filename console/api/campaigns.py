"""Campaigns: written, published, scheduled, paused and resumed; where they stand, and what happens next."""

from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import (
    BaseModel,
    Field,
)

from console.actions.action_bodies import Origin
from console.api.answers import REFUSALS
from console.campaigns import campaign_desk, campaign_standing
from console.campaigns.campaign_bodies import ChangedCampaign, Dates, NewCampaign, Pause
from console.campaigns.campaign_desk import Published, Shown, TakenIn
from console.campaigns.campaign_standing import Standing
from console.door.admission import LARGEST_ID, Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.cursors import Cursor, Limit
from marketing_pipelines.campaigns.outlook import Step
from store.records.action_states import State
from store.records.campaigns import CampaignStatus
from store.records.deliveries import DeliveryState
from store.records.requested_runs import RunState

router = APIRouter(tags=["campaigns"], responses=REFUSALS)

ProjectId = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Only those of this project.")]


class InvalidLine(BaseModel):
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
    problems: list[InvalidLine]
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
            problems=[InvalidLine(**problem) for problem in intake.problems],
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
    provenance: list[Origin]
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
    return _shown(visitor, campaign_desk.read(visitor, campaign_id))


@router.put("/api/campaigns/{campaign_id}")
def change(visitor: SignedIn, campaign_id: Id, body: ChangedCampaign) -> CampaignOut:
    """Says the whole campaign anew; a live one follows its new dates at once."""
    return _shown(visitor, campaign_desk.change(visitor, campaign_id, body.as_wanted(body.name)))


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
    return StandingOut.of(visitor, campaign_standing.read(visitor, campaign_id))


def _shown(visitor: Visitor, shown: Shown) -> CampaignOut:
    visitor.conditions.show(shown.etag)
    return CampaignOut.of(visitor, shown)


def _there(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment and moment.astimezone(zone)
