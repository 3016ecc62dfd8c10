"""What people say of a campaign: dates as they write them, and lists of recipients, bounded before anything is done with them."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from console.actions.action_bodies import Provenance
from console.campaigns.campaign_desk import Brought, Wanted
from console.frame.bodies import Body, Name, Number
from console.frame.texts import Reason, Text, storable
from console.frame.timing import EARLIEST, LATEST
from marketing_pipelines.campaigns.announcement import Announcement, Outlet
from marketing_pipelines.outbound.kinds.face import Line, Link, Words
from store.records.campaigns import LONGEST_UTM

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


class Announced(Body):
    """What a campaign says, and on which channels: each gets a draft of its own, which is signed by itself."""

    text: Message
    channels: Annotated[list[Outlet], Field(min_length=1, max_length=len(Outlet))]
    link: (
        Annotated[Link, Field(description="Each channel's draft says of it where it was (utm_source …).")]
        | None
    ) = None
    image: Link | None = None

    def as_announcement(self) -> Announcement:
        return Announcement(self.text, self.channels, self.link or "", self.image or "")


class NewCampaign(_Said):
    """Needs a name. With a title, a message and addresses it brings its recipients along, and needs no other name."""

    name: Name | None = None
    title: Subject | None = None
    message: Message | None = None
    recipient_emails: Addresses | None = None
    announcement: Announced | None = None
    provenance: Provenance = Field(default_factory=list)

    def as_wanted(self, name: str) -> Wanted:
        return replace(
            super().as_wanted(name),
            provenance=[origin.model_dump() for origin in self.provenance],
            announcement=self.announcement.as_announcement() if self.announcement else None,
        )

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
