"""Changes of advertising: a campaign is made, runs, stops or gets another budget, or an optimiser may do so within a rule."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from connectors.advertising import CampaignNow, ChangesAds, NewCampaign
from connectors.errors import Forbidden, Invalid
from connectors.face import Channel as ConnectedChannel
from connectors.face import Connector
from marketing_pipelines.outbound import destinations
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.destinations import Destination
from marketing_pipelines.outbound.kinds.face import (
    Cost,
    Line,
    Money,
    Payload,
    PlatformId,
    Read,
    Standing,
    Surroundings,
)
from marketing_pipelines.outbound.kinds.in_force import put_in_force
from marketing_pipelines.outbound.kinds.through_connection import ThroughConnection, chosen
from marketing_pipelines.outbound.sending import Sending
from store.clock import now
from store.records.actions import ActionType, Channel, Purpose
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.schema import TenantId
from store.settings import Settings

# What a budget without an end is reckoned to cost before somebody looks at it again.
RECKONED_DAYS = 30


class Platform(StrEnum):
    GOOGLE_ADS = "google_ads"
    META = "meta"
    LINKEDIN = "linkedin"
    TIKTOK = "tiktok"
    REDDIT = "reddit"
    X = "x"


class Change(StrEnum):
    CREATE = "create"
    RUN = "run"
    PAUSE = "pause"
    BUDGET = "budget"
    RULE = "rule"


_TAKES = {
    Change.CREATE: ({"name", "daily_budget"}, {"until", "countries", "language", "highest_bid"}),
    Change.RUN: ({"campaign", "daily_budget"}, set[str]()),
    Change.PAUSE: ({"campaign"}, set[str]()),
    Change.BUDGET: ({"campaign", "daily_budget"}, set[str]()),
    Change.RULE: ({"campaigns", "changes", "daily_budget", "most", "until"}, set[str]()),
}
_TARGETING = {"countries", "language", "highest_bid"}
# What a platform keeps in ad sets. Those of TikTok's and X's also have the last day.
_NOT_OF_CAMPAIGNS = {
    Platform.META: _TARGETING,
    Platform.TIKTOK: _TARGETING | {"until"},
    Platform.REDDIT: _TARGETING,
    Platform.X: _TARGETING | {"until"},
}
# So much of a delivery's id tells a campaign from every other one of its account.
_MARKER_LETTERS = 16
# Of a campaign that is only looked through; none is ever made with it.
_LOOKED_AT = "0" * _MARKER_LETTERS


Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class AdChangePayload(Payload):
    """`campaign` is the platform's own id of what is changed; a new campaign has a name and none yet.

    Money is in the account's own currency. Whoever lets a campaign run signs the budget that it has: with a higher one
    it is not let run. A rule names the campaigns, the changes and the highest daily budget that an optimiser may choose by itself, how
    many changes it may make, and the last day.
    """

    platform: Annotated[Platform, Field(strict=False)]
    account: PlatformId
    change: Annotated[Change, Field(strict=False)]
    campaign: PlatformId | None = None
    name: Line | None = None
    daily_budget: Money | None = None
    until: Annotated[date, Field(strict=False)] | None = None
    countries: Annotated[list[Country], Field(min_length=1, max_length=50)] | None = None
    language: Language | None = None
    highest_bid: Money | None = None
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
        if self.change is Change.CREATE:
            self._fits_the_platform(given)
        return self

    def _fits_the_platform(self, given: set[str]) -> None:
        """Some aim their ad sets, not their campaigns; LinkedIn takes no campaign that is not aimed."""
        if refused := given & _NOT_OF_CAMPAIGNS.get(self.platform, set()):
            raise ValueError(f"{self.platform} takes no {' and no '.join(sorted(refused))} of a campaign")
        if self.platform is Platform.LINKEDIN and not given >= _TARGETING:
            raise ValueError(f"linkedin needs {' and '.join(sorted(_TARGETING - given))} of a new campaign")

    @property
    def days(self) -> int:
        """For how many days its budget is spent."""
        return max((self.until - now().date()).days + 1, 0) if self.until else RECKONED_DAYS


class AdChange(ThroughConnection[AdChangePayload]):
    payload = AdChangePayload
    main_field = "change"
    named_by = "change"

    def headline(self, payload: Mapping[str, Any]) -> str:
        return _HEADLINES[Change(payload["change"])]

    def channel(self, payload: AdChangePayload) -> Channel:
        return Channel(payload.platform.value)

    def connection(self, around: Surroundings, payload: AdChangePayload) -> str:
        """A rule is kept here; only what is done by it goes to the platform."""
        return "our own records" if payload.change is Change.RULE else super().connection(around, payload)

    def destination(self, session: Session, tenant: TenantId, payload: AdChangePayload) -> Destination | None:
        accounts = destinations.ad_accounts(session, tenant, ConnectedChannel(payload.platform.value))
        return chosen(accounts, payload.account, "account")

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        standing = self.standing(sending.approved.manifest["template"])
        if standing is None:
            return super().hand_over(sending, claim, carriers)
        return put_in_force(sending, standing)

    def carry_out(self, sending: Sending, claim: Claim, opened: Connector) -> str:
        wanted = AdChangePayload.model_validate(sending.approved.manifest["template"])
        ads = _advertiser(opened)
        match wanted:
            case AdChangePayload(change=Change.CREATE):
                return _told(ads.create_campaign(wanted.account, _new(wanted, _marker(claim))))
            case AdChangePayload(change=Change.RUN, campaign=str(campaign)):
                _refuse_another_budget(ads.campaign(wanted.account, campaign), wanted)
                ads.run_campaign(wanted.account, campaign)
            case AdChangePayload(change=Change.PAUSE, campaign=str(campaign)):
                ads.pause_campaign(wanted.account, campaign)
            case AdChangePayload(change=Change.BUDGET, campaign=str(campaign), daily_budget=Decimal() as sum):
                ads.set_daily_budget(wanted.account, campaign, sum)
            case _:
                raise Invalid(what="is no change that a platform could make", where=opened.channel)
        return f"done: {wanted.change} {wanted.campaign}"

    def found(self, sending: Sending, claim: Claim, opened: Connector) -> str | None:
        wanted = AdChangePayload.model_validate(sending.approved.manifest["template"])
        ads = _advertiser(opened)
        if wanted.campaign is None:
            made = ads.campaign_made_with(wanted.account, _marker(claim))
            return _told(made) if made else None
        now_there = ads.campaign(wanted.account, wanted.campaign)
        return f"it is as it was to be: {now_there.id}" if _is_as_wanted(now_there, wanted) else None

    def content(self, payload: AdChangePayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return payload.model_dump(mode="json", exclude_none=True)

    def is_said_once(self, payload: AdChangePayload) -> bool:
        return payload.change is Change.CREATE

    def is_looked_through(self, payload: AdChangePayload) -> bool:
        return payload.change is Change.CREATE

    def look_through(self, opened: Connector, payload: AdChangePayload) -> None:
        _advertiser(opened).check_campaign(payload.account, _new(payload, _LOOKED_AT))

    def place(self, payload: AdChangePayload) -> str:
        return f"{payload.platform} account {payload.account}"

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        change = manifest["template"]
        facts = {
            "Platform": change["platform"],
            "Account": " ".join(filter(None, [change["account"], values.get("name")])),
            "Campaign": change.get("campaign") or change.get("name", ""),
            "Campaigns": ", ".join(change.get("campaigns", ())),
            "What it may do": " and ".join(change.get("changes", ())),
            "How often at most": str(change.get("most", "")),
            "Highest daily budget" if "campaigns" in change else "Daily budget": change.get(
                "daily_budget", ""
            ),
            "In": values.get("currency", ""),
            "Until": change.get("until", ""),
            "Countries": ", ".join(change.get("countries", ())),
            "Language": change.get("language", ""),
            "Highest bid": change.get("highest_bid", ""),
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

    def currency(self, around: Surroundings, payload: AdChangePayload) -> str:
        found = self.destination(around.session, around.tenant, payload)
        return found.currency if found and payload.daily_budget is not None else ""

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
    Change.RUN: "Let an advertising campaign run",
    Change.PAUSE: "Pause an advertising campaign",
    Change.BUDGET: "Another budget for an advertising campaign",
    Change.RULE: "A rule by which advertising is changed without asking again",
}


def _advertiser(opened: Connector) -> ChangesAds:
    if not isinstance(opened, ChangesAds):
        raise Forbidden(what="its advertising cannot be changed from here", where=opened.channel)
    return opened


def _marker(claim: Claim) -> str:
    return claim.message_id[:_MARKER_LETTERS]


def _new(wanted: AdChangePayload, marker: str) -> NewCampaign:
    return NewCampaign(
        name=wanted.name or "",
        marker=marker,
        daily_budget=wanted.daily_budget or Decimal(0),
        until=wanted.until,
        countries=tuple(wanted.countries or ()),
        language=wanted.language or "",
        highest_bid=wanted.highest_bid,
    )


def _told(made: CampaignNow) -> str:
    return f"made, paused: {made.id}"


def _refuse_another_budget(now_there: CampaignNow, signed: AdChangePayload) -> None:
    """Whoever lets a campaign run has signed what it may spend a day."""
    has = now_there.daily_budget
    if has is None or signed.daily_budget is None or has > signed.daily_budget:
        spends = "has no daily budget of its own" if has is None else f"may spend {has.normalize():f} a day"
        what = f"campaign {now_there.id} {spends}, and {signed.daily_budget} was signed"
        raise Invalid(what=what, where=signed.platform, field="daily_budget")


def _is_as_wanted(now_there: CampaignNow, wanted: AdChangePayload) -> bool:
    match wanted.change:
        case Change.RUN:
            return now_there.is_running
        case Change.PAUSE:
            return not now_there.is_running
        case _:
            return now_there.daily_budget == wanted.daily_budget
