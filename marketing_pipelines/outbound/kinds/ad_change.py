"""Changes of advertising: a campaign is made, paused or given another budget, or an optimiser may do so within a rule."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.kinds.face import (
    Cost,
    Line,
    Money,
    Payload,
    Read,
    Standing,
)
from marketing_pipelines.outbound.kinds.in_force import put_in_force
from marketing_pipelines.outbound.kinds.unconnected import Unconnected
from marketing_pipelines.outbound.sending import Sending
from store.clock import now
from store.records.actions import ActionType, Channel, Purpose
from store.records.delivery_chunks import Claim
from store.settings import Settings

# What a budget without an end is reckoned to cost before somebody looks at it again.
RECKONED_DAYS = 30


class Platform(StrEnum):
    GOOGLE_ADS = "google_ads"
    META = "meta"
    LINKEDIN = "linkedin"


class Change(StrEnum):
    CREATE = "create"
    PAUSE = "pause"
    BUDGET = "budget"
    RULE = "rule"


PlatformId = Annotated[str, Field(pattern=r"^[\w.:-]{1,100}$")]
_TAKES = {
    Change.CREATE: ({"name", "daily_budget"}, {"until"}),
    Change.PAUSE: ({"campaign"}, set()),
    Change.BUDGET: ({"campaign", "daily_budget"}, {"until"}),
    Change.RULE: ({"campaigns", "changes", "daily_budget", "most", "until"}, set()),
}


class AdChangePayload(Payload):
    """`campaign` is the platform's own id of what is changed; a new campaign has a name and none yet.

    A rule names the campaigns, the changes and the highest daily budget that an optimiser may choose by itself, how
    many changes it may make, and the last day.
    """

    platform: Annotated[Platform, Field(strict=False)]
    account: PlatformId
    change: Annotated[Change, Field(strict=False)]
    campaign: PlatformId | None = None
    name: Line | None = None
    daily_budget: Money | None = None
    until: Annotated[date, Field(strict=False)] | None = None
    campaigns: Annotated[list[PlatformId], Field(min_length=1, max_length=100)] | None = None
    changes: (
        Annotated[list[Annotated[Change, Field(strict=False)]], Field(min_length=1, max_length=2)] | None
    ) = None
    most: Annotated[int, Field(ge=1, le=10_000)] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "AdChangePayload":
        needed, possible = _TAKES[self.change]
        given = self.model_fields_set - {"platform", "account", "change"}
        given = {field for field in given if getattr(self, field) is not None}
        if not needed <= given <= needed | possible:
            raise ValueError(f"{self.change} takes {', '.join(sorted(needed))}, and none of the others")
        if self.changes and not {Change.PAUSE, Change.BUDGET}.issuperset(self.changes):
            raise ValueError("a rule may allow pause and budget, nothing else")
        return self

    @property
    def days(self) -> int:
        """For how many days its budget is spent."""
        return max((self.until - now().date()).days + 1, 0) if self.until else RECKONED_DAYS


class AdChange(Unconnected[AdChangePayload]):
    payload = AdChangePayload
    main_field = "change"
    named_by = "change"

    def headline(self, payload: Mapping[str, Any]) -> str:
        return _HEADLINES[Change(payload["change"])]

    def channel(self, payload: AdChangePayload) -> Channel:
        return Channel(payload.platform.value)

    def connection(self, settings: Settings, payload: AdChangePayload) -> str:
        """A rule is kept here; only what is done by it goes to the platform."""
        return "our own records" if payload.change is Change.RULE else super().connection(settings, payload)

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        standing = self.standing(sending.approved.manifest["template"])
        if standing is None:
            return super().hand_over(sending, claim, carriers)
        return put_in_force(sending, standing)

    def content(self, payload: AdChangePayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return payload.model_dump(mode="json", exclude_none=True)

    def place(self, payload: AdChangePayload) -> str:
        return f"{payload.platform} account {payload.account}"

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        del values
        change = manifest["template"]
        facts = {
            "Platform": change["platform"],
            "Account": change["account"],
            "Campaign": change.get("campaign") or change.get("name", ""),
            "Campaigns": ", ".join(change.get("campaigns", ())),
            "What it may do": " and ".join(change.get("changes", ())),
            "How often at most": str(change.get("most", "")),
            "Highest daily budget" if "campaigns" in change else "Daily budget": change.get(
                "daily_budget", ""
            ),
            "Until": change.get("until", ""),
        }
        text = "\n".join(f"{name}: {value}" for name, value in facts.items() if value)
        return Read(_HEADLINES[Change(change["change"])], text)

    def standing(self, template: Mapping[str, Any]) -> Standing | None:
        if template["change"] != Change.RULE:
            return None
        return Standing(template["most"], date.fromisoformat(template["until"]))

    def why_not_covered(
        self, template: Mapping[str, Any], type: ActionType, wanted: Mapping[str, Any]
    ) -> str:
        """An optimiser's change of a campaign that the rule names, within the budget that it names."""
        if type is not ActionType.AD_CHANGE or wanted["change"] not in template["changes"]:
            return f"the rule allows {' and '.join(template['changes'])}"
        if any(wanted[name] != template[name] for name in ("platform", "account")):
            return "the rule is for another account"
        if wanted["campaign"] not in template["campaigns"]:
            return "the rule does not name this campaign"
        if Decimal(wanted.get("daily_budget", "0")) > Decimal(template["daily_budget"]):
            return f"the rule allows {template['daily_budget']} a day"
        return ""

    def cost(self, settings: Settings, payload: AdChangePayload, reached: int) -> Cost:
        if payload.daily_budget is None:
            return super().cost(settings, payload, reached)
        until = "" if payload.until else ", since it has no last day"
        campaigns = len(payload.campaigns or ()) or 1
        each = f" for each of {campaigns} campaigns" if campaigns > 1 else ""
        basis = f"{payload.daily_budget} a day for {payload.days} days{until}{each}"
        return Cost(payload.daily_budget * payload.days * campaigns, basis)


_HEADLINES = {
    Change.CREATE: "A new advertising campaign",
    Change.PAUSE: "Pause an advertising campaign",
    Change.BUDGET: "Another budget for an advertising campaign",
    Change.RULE: "A rule by which advertising is changed without asking again",
}
