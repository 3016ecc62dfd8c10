"""What is to be said about a campaign as it stands: warnings, and what happens next by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from store.records.campaigns import Campaign, CampaignStatus


class Step(StrEnum):
    """What happens next: by itself, or when a person does it."""

    PUBLISH = "publish"
    START = "start"
    RESUME = "resume"
    END = "end"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Next:
    """`at` is None for what waits for a person, and for what never comes."""

    step: Step
    at: datetime | None
    told: str


def warnings(campaign: Campaign, zone: ZoneInfo) -> Iterator[str]:
    """What its owner should know."""
    end = campaign.end_date
    if campaign.has_ended and end is not None:
        yield (
            f"Its end, {_said(end, zone)}, has passed: nothing more of it is sent. Its links go on. "
            "Schedule it with a later end to bring it back."
        )
    elif campaign.status is CampaignStatus.COMPLETED:
        yield "It is completed although its end has not passed: schedule it to bring it back."


def following(campaign: Campaign, zone: ZoneInfo) -> Next:
    """The next step of the campaign as it stands."""
    start, end = campaign.start_date, campaign.end_date
    match campaign.status:
        case CampaignStatus.DRAFT:
            return Next(Step.PUBLISH, None, "It is a draft: publish or schedule it.")
        case CampaignStatus.SCHEDULED if start is not None:
            return Next(Step.START, start, f"It starts by itself at {_said(start, zone)}.")
        case CampaignStatus.PAUSED:
            until = f" It ends at {_said(end, zone)} all the same." if end else ""
            return Next(Step.RESUME, None, f"It is paused until somebody resumes it.{until}")
        case CampaignStatus.RUNNING if end is not None:
            return Next(Step.END, end, f"It ends by itself at {_said(end, zone)}.")
        case CampaignStatus.RUNNING:
            return Next(Step.NOTHING, None, "It runs until somebody ends it: it has no end.")
        case _:
            return Next(Step.NOTHING, None, "It is over.")


def _said(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%-d %b %Y, %H:%M %Z}"
