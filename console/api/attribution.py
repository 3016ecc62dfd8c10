"""Attribution: the ways by which people came to convert, and what a model gives each channel on them."""

from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from console.api.analytics import AnswerOut, about, shown
from console.api.answers import AWAY, REFUSALS
from console.campaigns import campaign_desk
from console.door.admission import SignedIn
from console.frame.lineage import Asset
from console.measuring import goal_book
from console.watching import analytics
from marketing_pipelines.analytics.paths import Path, PathsAsked, paths

router = APIRouter(tags=["analytics"], responses=REFUSALS | AWAY)


class ShareOut(BaseModel):
    """Shares of a path add up to one."""

    channel: str
    share: float
    conversions: float
    value: float


class PathOut(BaseModel):
    """`channels` are its touches, first to last; `credit` has each channel that gets any."""

    channels: list[str]
    conversions: int
    value: float
    credit: list[ShareOut]

    @classmethod
    def of(cls, path: Path) -> Self:
        credit = [
            ShareOut(channel=it.channel, share=it.share, conversions=it.conversions, value=it.value)
            for it in path.credit
        ]
        return cls(
            channels=list(path.channels), conversions=path.conversions, value=path.value, credit=credit
        )


class PathsOut(AnswerOut):
    model: str
    currency: str
    conversions: Annotated[int, Field(description="Of all paths, those that are not listed too.")]
    value: float
    different: Annotated[int, Field(description="How many different paths there were.")]
    paths: list[PathOut]


@router.get("/api/attribution/paths")
def of_conversions(visitor: SignedIn, asked: Annotated[PathsAsked, Query()]) -> PathsOut:
    """The most frequent paths that led to conversions. Credit tells who was there, and proves no cause."""
    if asked.campaign_id is not None:
        campaign_desk.read(visitor, asked.campaign_id)
    if asked.goal_id is not None:
        goal_book.read(visitor, asked.goal_id)
    asked = analytics.settled(visitor, asked)
    found, told = analytics.answered(visitor, paths, asked)
    return shown(
        visitor,
        PathsOut(
            **about(visitor, asked, Asset.PATHS, told),
            model=asked.model,
            currency=(found.currency if found else "") or visitor.currency,
            conversions=found.conversions if found else 0,
            value=found.value if found else 0.0,
            different=found.different if found else 0,
            paths=[PathOut.of(path) for path in found.paths] if found else [],
        ),
    )
