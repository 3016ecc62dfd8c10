"""Trends: which stories spread fastest, and reading the feeds now."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from console.api.answers import AWAY, REFUSALS
from console.api.requested_runs import RequestedRunOut
from console.door.admission import SignedIn
from console.frame.cursors import Limit
from console.watching import trends

router = APIRouter(tags=["trends"], responses=REFUSALS)


class Story(BaseModel):
    """How many feeds mention it in the last 24 hours, in the 24 to 72 hours before, and how fast it spreads."""

    story_id: str
    title: str
    link: str
    recent: int
    before: int
    velocity: float
    label: str
    is_new: bool


class DigestOut(BaseModel):
    as_of: Annotated[datetime | None, Field(description="In the tenant's zone; None while there is nothing.")]
    items: list[Story]
    told: Annotated[str, Field(description="What to do, while there is nothing to show.")]


class Asked(RequestedRunOut):
    """Where to look: `follow` says how it goes, and `digest` what came of it."""

    follow: str
    digest: str = "/api/trends/digest"


@router.post("/api/trends/ingest", status_code=202)
def ingest(visitor: SignedIn, response: Response) -> Asked:
    """Asks for a run that reads the tenant's feeds now; who asks again while it waits has asked for the same."""
    request = trends.ask_for_reading(visitor)
    response.headers["Location"] = follow = f"/api/requested-runs/{request.id}"
    return Asked(**RequestedRunOut.of(request).model_dump(), follow=follow)


@router.get("/api/trends/digest", responses=AWAY)
def digest(visitor: SignedIn, limit: Limit) -> DigestOut:
    """The latest scores, fastest first. Titles and links are what publishers wrote: text, never markup."""
    found = trends.latest(visitor, limit)
    return DigestOut(
        as_of=found.as_of and found.as_of.astimezone(visitor.time_zone),
        items=[Story.model_validate(story) for story in found.stories],
        told=found.told,
    )
