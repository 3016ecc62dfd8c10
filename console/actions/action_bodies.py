"""What people and programs say of an action, bounded before anything is done with it."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from console.actions.desk import Wanted
from console.door.admission import LARGEST_ID
from console.door.sign_in import Visitor
from console.frame.bodies import Body
from console.frame.texts import Content, Text, Title
from console.frame.timing import Timing
from store.records import actions
from store.records.actions import ActionType, Purpose, Source
from store.records.schedules import Schedule
from store.records.schema import CampaignId, StandingId

Number = Annotated[int, Field(ge=1, le=LARGEST_ID)]
BudgetCap = Annotated[
    Decimal,
    Field(gt=0, max_digits=18, decimal_places=2, description="What it may cost at most, as estimated."),
]
Standing = Annotated[
    Number | None, Field(description="Signed once already: a submission that fits goes at once.")
]


class Origin(Body):
    """What an action or a campaign came from: a feed's item, an agent's run, a recommendation."""

    kind: Annotated[Text, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
    id: Annotated[Text, StringConstraints(min_length=1, max_length=200)]


Provenance = Annotated[list[Origin], Field(max_length=100)]


class NewAction(Timing, Body):
    type: ActionType
    payload: Annotated[Content, Field(description="By type; see the page on actions.")]
    title: Title = ""
    purpose: Purpose | None = None
    source: Source = Source.PERSON
    campaign_id: Number | None = None
    budget_cap: BudgetCap | None = None
    provenance: Provenance = Field(default_factory=list)
    standing_approval_id: Standing = None
    dry_run: bool = False

    def as_wanted(self, visitor: Visitor) -> Wanted:
        return Wanted(
            type=self.type,
            payload=self.payload,
            title=self.title,
            purpose=self.purpose,
            source=self.source,
            campaign=CampaignId(self.campaign_id) if self.campaign_id else None,
            schedule=self.over(Schedule(zone=visitor.time_zone)),
            budget_cap=self.budget_cap,
            provenance=[origin.model_dump() for origin in self.provenance],
            standing=StandingId(self.standing_approval_id) if self.standing_approval_id else None,
            dry_run=self.dry_run,
        )


class ChangedAction(Timing, Body):
    """The whole new payload; everything else stays as it is unless given.

    Purpose, campaign, dry run and standing approval stay for good once a message has gone out.
    """

    payload: Content
    title: Title = ""
    budget_cap: BudgetCap | None = None
    purpose: Purpose | None = None
    campaign_id: Number | None = None
    standing_approval_id: Standing = None
    dry_run: bool | None = None

    def as_changes(self) -> actions.Changes:
        """What was given beside payload and times."""
        given = self.model_fields_set
        changes: actions.Changes = {}
        if "title" in given:
            changes["title"] = self.title
        if "budget_cap" in given:
            changes["budget_cap"] = self.budget_cap
        if "campaign_id" in given:
            changes["campaign_id"] = CampaignId(self.campaign_id) if self.campaign_id else None
        if "standing_approval_id" in given:
            standing = self.standing_approval_id
            changes["standing_id"] = StandingId(standing) if standing else None
        if self.purpose is not None:
            changes["purpose"] = self.purpose
        if self.dry_run is not None:
            changes["dry_run"] = self.dry_run
        return changes
