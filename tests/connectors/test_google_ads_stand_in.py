"""Google's stand-in, asked by a client that is not ours: strict, in Google's words, and all of it or nothing."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.advertising import NewCampaign
from connectors.errors import Invalid
from connectors.face import Channel, Level
from connectors.google_ads import GoogleAds
from connectors.sandbox.google_ads import CREDENTIALS
from connectors.sandbox.world import accounts_of
from tests.connectors.running_sandbox import Sandbox

EURO = accounts_of(Channel.GOOGLE_ADS)[0].id
FIRST = accounts_of(Channel.GOOGLE_ADS)[0].campaigns[0].id

Told = dict[str, Any]

BUDGET: Told = {"name": "Own", "amountMicros": "20000000", "explicitlyShared": False}
CAMPAIGN: Told = {
    "status": "PAUSED",
    "advertisingChannelType": "SEARCH",
    "manualCpc": {},
    "containsEuPoliticalAdvertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
}


def in_the(sandbox: Sandbox) -> GoogleAds:
    opened = sandbox.connector(Channel.GOOGLE_ADS)
    assert isinstance(opened, GoogleAds)
    return opened


def ask(sandbox: Sandbox, body: Any) -> httpx.Response:
    return sandbox.http.post(
        f"{sandbox.address}/google_ads/v25/customers/{EURO}/googleAds:mutate",
        json=body,
        headers={
            "authorization": f"Bearer {CREDENTIALS['access_token']}",
            "developer-token": CREDENTIALS["developer_token"],
        },
    )


def mutate(sandbox: Sandbox, *operations: Told, **more: object) -> httpx.Response:
    return ask(sandbox, {"mutateOperations": operations, **more})


def shared(sandbox: Sandbox) -> str:
    """A campaign of people who share a budget between two; its number."""
    budget = f"customers/{EURO}/campaignBudgets/-1"
    pot = {"resourceName": budget, "name": "Pot", "amountMicros": "90000000"}
    answer = mutate(
        sandbox,
        {"campaignBudgetOperation": {"create": pot}},
        *(
            {"campaignOperation": {"create": {**CAMPAIGN, "name": name, "campaignBudget": budget}}}
            for name in ("One", "Two")
        ),
    )
    results = answer.raise_for_status().json()["mutateOperationResponses"]
    return results[1]["campaignResult"]["resourceName"].rpartition("/")[2]


def creation(campaign: Told, **budget: object) -> list[Told]:
    names = {"resourceName": f"customers/{EURO}/campaignBudgets/-1"}
    spends = {"campaignBudget": names["resourceName"], "name": "Own"}
    return [
        {"campaignBudgetOperation": {"create": {**names, **BUDGET, **budget}}},
        {"campaignOperation": {"create": {**CAMPAIGN, **spends, **campaign}}},
    ]


def update(operation: str, name: str, mask: str, **told: object) -> Told:
    change = {"update": {"resourceName": f"customers/{EURO}/{name}", **told}}
    return {operation: {**change, **({"updateMask": mask} if mask else {})}}


def pausing(number: str, mask: str = "status") -> Told:
    return update("campaignOperation", f"campaigns/{number}", mask, status="PAUSED")


def showing(constant: str) -> Told:
    told = {"campaign": f"customers/{EURO}/campaigns/{FIRST}", "location": {"geoTargetConstant": constant}}
    return {"campaignCriterionOperation": {"create": told}}


SPENDING_NOTHING = update(
    "campaignBudgetOperation", "campaignBudgets/1", "amountMicros", amountMicros="10000"
)
UNDECLARED = {"containsEuPoliticalAdvertising": ""}
NO_BUDGET = {"campaignBudget": f"customers/{EURO}/campaignBudgets/-7"}
SOMEBODYS_BUDGET = {"campaignBudget": f"customers/{EURO}/campaignBudgets/8{FIRST}"}
SHARING = "campaignBudgetError.CANNOT_USE_IMPLICITLY_SHARED_CAMPAIGN_BUDGET_WITH_MULTIPLE_CAMPAIGNS"
AT_NOON = "dateError.DATE_RANGE_ERROR_END_TIME_MUST_BE_THE_END_OF_A_DAY"
COINS = "campaignBudgetError.NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"
UNKNOWN = "mutateError.RESOURCE_NOT_FOUND"


@pytest.mark.parametrize(
    ("operations", "code", "at", "path"),
    [
        (creation({}, amountMicros="0"), "campaignBudgetError.NEGATIVE_MONEY_AMOUNT", 0, "create.amount_micros"),
        (creation({}, amountMicros="1"), COINS, 0, "create.amount_micros"),
        (creation({}, amountMicros=None), "fieldError.REQUIRED", 0, "create.amount_micros"),
        (creation({}, name="b" * 256), "stringLengthError.TOO_LONG", 0, "create.name"),
        (creation({}, name="", explicitlyShared=True), "fieldError.REQUIRED", 0, "create.name"),
        (creation(UNDECLARED), "fieldError.REQUIRED", 1, "create.contains_eu_political_advertising"),
        (creation({"advertisingChannelType": ""}), "fieldError.REQUIRED", 1, "create.advertising_channel_type"),
        (creation({"name": "b" * 256}), "stringLengthError.TOO_LONG", 1, "create.name"),
        (creation({"name": ""}), "fieldError.REQUIRED", 1, "create.name"),
        (creation({"name": "a\nb"}), "stringFormatError.ILLEGAL_CHARS", 1, "create.name"),
        (creation({"name": "Brand search"}), "campaignError.DUPLICATE_CAMPAIGN_NAME", 1, "create.name"),
        (creation({"manualCpc": None}), "fieldError.REQUIRED", 1, "create.campaign_bidding_strategy"),
        (creation({"endDateTime": "20261224"}), "dateError.INVALID_STRING_DATE_TIME_SECONDS", 1, "create.end_date_time"),
        (creation({"endDateTime": "2026-12-24 12:00:00"}), AT_NOON, 1, "create.end_date_time"),
        (creation(NO_BUDGET), UNKNOWN, 1, "create.campaign_budget"),
        (creation({})[::-1], UNKNOWN, 0, "create.campaign_budget"),
        (creation(SOMEBODYS_BUDGET), SHARING, 1, "create.campaign_budget"),
        ([*creation({}), showing("geoTargetConstants/1")], UNKNOWN, 2, "create.location"),
        ([pausing(FIRST, mask="")], "fieldMaskError.FIELD_MASK_MISSING", 0, "update_mask"),
        ([pausing(FIRST, mask="colour")], "fieldMaskError.FIELD_NOT_FOUND", 0, "update_mask"),
        ([pausing("1")], UNKNOWN, 0, "update.resource_name"),
        ([SPENDING_NOTHING], UNKNOWN, 0, "update.resource_name"),
        ([{"campaignOperation": {}}], "requestError.OPERATION_REQUIRED", 0, ""),
    ],
)  # fmt: skip
def test_it_refuses_in_googles_words_and_does_nothing_of_it(
    sandbox: Sandbox, operations: list[Told], code: str, at: int, path: str
):
    """What is right beside what is wrong is not done either."""
    before = in_the(sandbox).campaign(EURO, FIRST)
    answer = mutate(sandbox, *operations, pausing(FIRST))
    assert answer.status_code == 400
    [failure] = answer.json()["error"]["details"]
    assert failure["requestId"] == answer.headers["request-id"]
    error = failure["errors"][0]
    request, operation, *within = error["location"]["fieldPathElements"]
    [kind] = operations[at]
    assert error["errorCode"] == dict([code.split(".")])
    assert request == {"fieldName": "mutate_operations", "index": at}
    assert operation["fieldName"].replace("_", "") == kind.lower()
    assert ".".join(each["fieldName"] for each in within) == path
    assert sandbox.accepted(Channel.GOOGLE_ADS) == []
    assert in_the(sandbox).campaign(EURO, FIRST) == before


def test_every_wrong_operation_is_told_of(sandbox: Sandbox):
    answer = mutate(sandbox, *creation(UNDECLARED, amountMicros="1"))
    assert len(answer.json()["error"]["details"][0]["errors"]) == 2


@pytest.mark.parametrize(
    "body",
    [{"operations": []}, {"mutateOperations": [{"adOperation": {}}]}, {"mutateOperations": {}}, [], "x"],
)
def test_what_is_no_request_has_no_errors_of_google_ads(sandbox: Sandbox, body: Any):
    answer = ask(sandbox, body)
    assert answer.status_code == 400
    assert "details" not in answer.json()["error"]


def test_what_was_made_has_no_figures_and_the_others_keep_theirs(sandbox: Sandbox):
    ads, day = in_the(sandbox), date(2026, 10, 1)
    before = list(ads.insights(EURO, day, day, Level.CAMPAIGN))
    made = ads.create_campaign(EURO, NewCampaign(name="Autumn", marker="7f3a", daily_budget=Decimal(20)))
    ads.run_campaign(EURO, made.id)
    assert list(ads.insights(EURO, day, day, Level.CAMPAIGN)) == before


def test_what_is_right_is_done_with_its_own_numbers_in_the_order_of_asking(sandbox: Sandbox):
    told = [*creation({}), pausing(FIRST)]
    assert mutate(sandbox, *told, validateOnly=True).json() == {}
    assert sandbox.accepted(Channel.GOOGLE_ADS) == []
    results = mutate(sandbox, *told).raise_for_status().json()["mutateOperationResponses"]
    assert [list(each) for each in results] == [
        ["campaignBudgetResult"],
        ["campaignResult"],
        ["campaignResult"],
    ]
    made, paused = sandbox.accepted(Channel.GOOGLE_ADS)
    assert results[1]["campaignResult"]["resourceName"] == f"customers/{EURO}/campaigns/{made['id']}"
    assert (made["kind"], made["budget_micros"]) == ("create", 20_000_000)
    assert (paused["kind"], paused["id"]) == ("pause", FIRST)


def test_a_campaign_runs_at_once_unless_google_is_told_otherwise(sandbox: Sandbox):
    budget, campaign = creation({})
    del campaign["campaignOperation"]["create"]["status"]
    mutate(sandbox, budget, campaign).raise_for_status()
    [made] = sandbox.accepted(Channel.GOOGLE_ADS)
    assert made["is_running"]


def test_a_budget_is_shared_unless_google_is_told_otherwise_and_nobodys_to_change(sandbox: Sandbox):
    ads, number = in_the(sandbox), shared(sandbox)
    assert ads.campaign(EURO, number).daily_budget is None
    with pytest.raises(Invalid, match="shares") as wrong:
        ads.set_daily_budget(EURO, number, Decimal(10))
    assert wrong.value.field == "campaign"
    assert [each["kind"] for each in sandbox.accepted(Channel.GOOGLE_ADS)] == ["create", "create"]
