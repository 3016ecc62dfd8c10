"""What Google Ads is told of campaigns, as the operations of a mutate."""

import re
from decimal import Decimal
from typing import Any

from connectors import money
from connectors.advertising import NewCampaign
from connectors.errors import Invalid
from connectors.google_ads_api import WHERE, Operation

CAMPAIGN_AT = 1
"""Which operation of a creation makes the campaign."""

# Names that hold until Google has given its own; only what stands before may be referred to.
_BUDGET, _CAMPAIGN = "-1", "-2"
# The characters that Google refuses in a name or that no JSON carries.
_NEVER_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def creation(customer: str, wanted: NewCampaign) -> list[Operation]:
    """A paused search campaign and a budget that is its own."""
    if not wanted.name.strip() or _NEVER_IN_A_NAME.search(wanted.name):
        raise _wrong("name", "is empty, or has characters that no name can have")
    budget = {
        "resourceName": f"customers/{customer}/campaignBudgets/{_BUDGET}",
        "name": wanted.marked_name,
        "amountMicros": str(micros(wanted.daily_budget, "daily_budget")),
        "deliveryMethod": "STANDARD",
        "explicitlyShared": False,
    }
    campaign = {
        "resourceName": named(customer, _CAMPAIGN),
        "name": wanted.marked_name,
        "status": "PAUSED",
        "advertisingChannelType": "SEARCH",
        "campaignBudget": budget["resourceName"],
        **_bidding(wanted.highest_bid),
        "networkSettings": {
            "targetGoogleSearch": True,
            "targetSearchNetwork": False,
            "targetContentNetwork": False,
        },
        "containsEuPoliticalAdvertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
        # In the account's time zone, and to the end of the day.
        **({"endDateTime": f"{wanted.until} 23:59:59"} if wanted.until else {}),
    }
    return [
        {"campaignBudgetOperation": {"create": budget}},
        {"campaignOperation": {"create": campaign}},
    ]


def location(customer: str, constant: str) -> Operation:
    """Shows the campaign that is being created in one place."""
    return _criterion(customer, "location", {"geoTargetConstant": constant})


def language(customer: str, constant: str) -> Operation:
    """Shows the campaign that is being created to those who speak one language."""
    return _criterion(customer, "language", {"languageConstant": constant})


def switching(customer: str, campaign: str, *, on: bool) -> Operation:
    update = {"resourceName": named(customer, campaign), "status": "ENABLED" if on else "PAUSED"}
    return {"campaignOperation": {"update": update, "updateMask": "status"}}


def budgeting(budget: str, amount_micros: int) -> Operation:
    update = {"resourceName": budget, "amountMicros": str(amount_micros)}
    return {"campaignBudgetOperation": {"update": update, "updateMask": "amountMicros"}}


def named(customer: str, campaign: str) -> str:
    return f"customers/{customer}/campaigns/{campaign}"


def micros(amount: Decimal, field: str) -> int:
    """An amount somebody has signed for, to the micro."""
    try:
        exact = money.micros(amount)
    except ValueError as wrong:
        raise _wrong(field, str(wrong)) from wrong
    if exact <= 0 or Decimal(exact).scaleb(-6) != amount:
        raise _wrong(field, "is not a positive amount of whole micros")
    return exact


def _bidding(highest_bid: Decimal | None) -> dict[str, Any]:
    """Bids under the ceiling by Google's hand, or by the advertiser's own."""
    if highest_bid is None:
        return {"manualCpc": {}}
    return {"targetSpend": {"cpcBidCeilingMicros": str(micros(highest_bid, "highest_bid"))}}


def _criterion(customer: str, kind: str, told: dict[str, str]) -> Operation:
    return {"campaignCriterionOperation": {"create": {"campaign": named(customer, _CAMPAIGN), kind: told}}}


def _wrong(field: str, what: str) -> Invalid:
    return Invalid(what=what, where=WHERE, field=field)
