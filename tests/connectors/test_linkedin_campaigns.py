"""LinkedIn's campaigns in its own words: a group and one campaign in it, made in two steps, run in two, and read back."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.advertising import NewCampaign, mark
from connectors.answers import Answer
from connectors.face import Channel, Wire
from connectors.linkedin import LinkedIn
from connectors.linkedin_refusals import meaning_of
from connectors.sandbox.linkedin import CREDENTIALS, VERSION
from connectors.sandbox.world import accounts_of
from tests.conftest import TRUST
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import NOON, Sandbox

MARKER = "7f3a2c"
WANTED = NewCampaign(
    name="Winter coats",
    marker=MARKER,
    daily_budget=Decimal("25.50"),
    countries=("DE", "AT"),
    language="de",
    highest_bid=Decimal(8),
)
EUROS, YEN = (
    next(each for each in accounts_of(Channel.LINKEDIN) if each.currency == currency)
    for currency in ("EUR", "JPY")
)
HEADERS = {
    "authorization": f"Bearer {CREDENTIALS['access_token']}",
    "linkedin-version": VERSION,
    "x-restli-protocol-version": "2.0.0",
}
ACCOUNT: dict[str, Any] = {"id": 500600, "name": "Shop", "currency": "EUR", "status": "ACTIVE"}
GROUP: dict[str, Any] = {"id": 700800, "name": f"Winter coats {mark(MARKER)}", "status": "PAUSED"}
CAMPAIGN: dict[str, Any] = {
    "id": 300100,
    "name": f"Winter coats {mark(MARKER)}",
    "campaignGroup": "urn:li:sponsoredCampaignGroup:700800",
    "status": "PAUSED",
    "dailyBudget": {"amount": "25.5", "currencyCode": "EUR"},
}


def ads(sandbox: Sandbox, http: httpx.Client | None = None) -> LinkedIn:
    opened = sandbox.connector(Channel.LINKEDIN, http=http)
    assert isinstance(opened, LinkedIn)
    return opened


class Told:
    """What LinkedIn was told; `before` may spoil the n-th of it."""

    def __init__(self, before: dict[int, Any] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self._before = before or {}

    def __enter__(self) -> "Told":
        self.http = httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [self._hear]})
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def _hear(self, request: httpx.Request) -> None:
        if request.method == "POST" and not request.url.path.endswith("/token"):
            self.requests.append(request)
            self._before.get(len(self.requests), lambda: None)()

    @property
    def paths(self) -> list[str]:
        return [request.url.path.rpartition("/adAccounts/")[2] for request in self.requests]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests]


def at_noon(wire: Wire) -> LinkedIn:
    return LinkedIn.connect(CREDENTIALS, replace(wire, clock=lambda: NOON))


def said(body: Any) -> tuple[int, bytes]:
    return 200, json.dumps(body).encode()


def page(*elements: dict[str, Any]) -> tuple[int, bytes]:
    return said({"elements": elements, "metadata": {}})


def refused(answer: httpx.Response) -> errors.ChannelError:
    assert answer.status_code >= 400
    return meaning_of(Answer(answer.status_code, answer.headers, answer.content), where="test", now=NOON)


def test_a_campaign_is_told_as_documented(sandbox: Sandbox):
    with Told() as told:
        made = ads(sandbox, told.http).create_campaign(EUROS.id, replace(WANTED, until=date(2026, 12, 24)))
    group, campaign = told.bodies
    account = f"urn:li:sponsoredAccount:{EUROS.id}"
    christmas = datetime(2026, 12, 25, tzinfo=UTC)
    schedule = {
        "start": int(NOON.timestamp() * 1000),
        "end": int(christmas.timestamp() * 1000),
    }
    assert told.paths == [f"{EUROS.id}/adCampaignGroups", f"{EUROS.id}/adCampaigns"]
    assert group == {
        "account": account,
        "name": "Winter coats [mp:7f3a2c]",
        "status": "PAUSED",
        "runSchedule": schedule,
    }
    assert campaign == {
        "account": account,
        "campaignGroup": f"urn:li:sponsoredCampaignGroup:{made.id}",
        "name": "Winter coats [mp:7f3a2c]",
        "type": "SPONSORED_UPDATES",
        "objectiveType": "WEBSITE_VISIT",
        "format": "STANDARD_UPDATE",
        "costType": "CPM",
        "unitCost": {"amount": "8.00", "currencyCode": "EUR"},
        "dailyBudget": {"amount": "25.50", "currencyCode": "EUR"},
        "locale": {"country": "DE", "language": "de"},
        "runSchedule": schedule,
        "targetingCriteria": {
            "include": {
                "and": [
                    {
                        "or": {
                            "urn:li:adTargetingFacet:locations": [
                                "urn:li:geo:101282230",
                                "urn:li:geo:103883259",
                            ]
                        }
                    }
                ]
            }
        },
        "audienceExpansionEnabled": False,
        "offsiteDeliveryEnabled": False,
        "creativeSelection": "OPTIMIZED",
        "politicalIntent": "NOT_POLITICAL",
        "status": "PAUSED",
    }


def test_money_has_the_decimals_of_its_currency(sandbox: Sandbox):
    with Told() as told:
        ads(sandbox, told.http).create_campaign(YEN.id, replace(WANTED, daily_budget=Decimal("4000.00")))
    assert told.bodies[1]["dailyBudget"] == {"amount": "4000", "currencyCode": "JPY"}
    assert told.bodies[1]["unitCost"] == {"amount": "8", "currencyCode": "JPY"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"countries": ()}, "countries"),
        ({"countries": ("de",)}, "countries"),
        ({"countries": ("DE", "DE&q=x")}, "countries"),
        ({"language": ""}, "language"),
        ({"language": "deu"}, "language"),
        ({"highest_bid": None}, "highest_bid"),
        ({"name": " "}, "name"),
        ({"name": "n" * 250}, "name"),
        ({"until": date(2026, 10, 14)}, "until"),
    ],
)
def test_what_linkedin_has_to_know_is_asked_for_before_it_is_asked_anything(
    sandbox: Sandbox, changed: dict[str, Any], field: str
):
    wanted = replace(WANTED, **changed)
    for attempt in (ads(sandbox).create_campaign, ads(sandbox).check_campaign):
        with pytest.raises(errors.Invalid) as wrong:
            attempt(EUROS.id, wanted)
        assert wrong.value.field == field
    assert sandbox.requests(Channel.LINKEDIN) == 0


@pytest.mark.parametrize(
    ("account", "changed", "field"),
    [
        (EUROS, {"daily_budget": Decimal("25.505")}, "daily_budget"),
        (EUROS, {"daily_budget": Decimal(0)}, "daily_budget"),
        (EUROS, {"daily_budget": Decimal("NaN")}, "daily_budget"),
        (EUROS, {"daily_budget": Decimal("Infinity")}, "daily_budget"),
        (EUROS, {"daily_budget": Decimal("1e30")}, "daily_budget"),
        (EUROS, {"highest_bid": Decimal(-1)}, "highest_bid"),
        (YEN, {"daily_budget": Decimal("4000.5")}, "daily_budget"),
        (EUROS, {"countries": ("DE", "FR")}, "countries"),
        (EUROS, {"countries": ("QQ",)}, "countries"),
    ],
)
def test_what_will_not_do_is_told_and_nothing_is_made(
    sandbox: Sandbox, account: Any, changed: dict[str, Any], field: str
):
    wanted = replace(WANTED, **changed)
    with Told() as told:
        for attempt in (ads(sandbox, told.http).check_campaign, ads(sandbox, told.http).create_campaign):
            with pytest.raises(errors.Invalid) as wrong:
                attempt(account.id, wanted)
            assert wrong.value.field == field
    assert told.requests == []


def test_a_check_makes_nothing(sandbox: Sandbox):
    with Told() as told:
        ads(sandbox, told.http).check_campaign(EUROS.id, WANTED)
    assert told.requests == []
    assert ads(sandbox).campaign_made_with(EUROS.id, MARKER) is None


def test_a_country_is_not_its_namesake(sandbox: Sandbox):
    with Told() as told:
        ads(sandbox, told.http).create_campaign(EUROS.id, replace(WANTED, countries=("GE",)))
    assert "urn:li:geo:106315325" in told.requests[1].content.decode()
    assert "urn:li:geo:103950076" not in told.requests[1].content.decode()


@pytest.mark.parametrize("status", ["DRAFT", "CANCELED", "REMOVED"])
def test_an_account_that_is_not_in_use_takes_no_campaigns(status: str):
    with (
        answering(said({**ACCOUNT, "status": status})) as wire,
        pytest.raises(errors.Forbidden, match=status),
    ):
        at_noon(wire).check_campaign("500600", WANTED)


def test_a_group_without_its_campaign_is_completed_and_not_made_again(sandbox: Sandbox):
    with Told({2: lambda: sandbox.order(Channel.LINKEDIN, "rate_limited")}) as told:
        connection = ads(sandbox, told.http)
        with pytest.raises(errors.RateLimited):
            connection.create_campaign(EUROS.id, WANTED)
        assert connection.campaign_made_with(EUROS.id, MARKER) is None
        assert sandbox.accepted(Channel.LINKEDIN) == []
        made = connection.create_campaign(EUROS.id, WANTED)
    assert [path.partition("/")[2] for path in told.paths] == [
        "adCampaignGroups",
        "adCampaigns",
        "adCampaigns",
    ]
    assert ads(sandbox).campaign_made_with(EUROS.id, MARKER) == made
    assert made.daily_budget == Decimal("25.5")


def test_of_a_group_and_its_copies_the_oldest_is_ours():
    copy = {**GROUP, "id": 700900, "name": f"{GROUP['name']} - Copy", "status": "ACTIVE"}
    with answering(said(ACCOUNT), page(copy, GROUP), page(CAMPAIGN)) as wire:
        found = LinkedIn.connect(CREDENTIALS, wire).campaign_made_with("500600", MARKER)
    assert found is not None
    assert (found.id, found.is_running, found.daily_budget) == ("700800", False, Decimal("25.5"))


@pytest.mark.parametrize("headers", [{}, {"x-restli-id": "urn:li:x"}, {"x-restli-id": "1/../2"}])
def test_what_was_made_without_a_number_has_to_be_looked_for(headers: dict[str, str]):
    locations = [{"urn": "urn:li:geo:101282230", "name": "Germany"}]
    answers = (said(ACCOUNT), said({"elements": locations}), page(), (201, b""))
    with answering(*answers, headers=headers) as wire, pytest.raises(errors.UnknownOutcome):
        at_noon(wire).create_campaign("500600", replace(WANTED, countries=("DE",)))


@pytest.mark.parametrize(
    "offered",
    [
        [],
        [{"urn": "urn:li:geo:1", "name": "Germany (East)"}],
        [{"urn": "urn:li:geo:1", "name": "Germany"}, {"urn": "urn:li:geo:2", "name": "germany"}],
    ],
)
def test_a_country_that_linkedin_does_not_know_for_sure_is_invalid(offered: list[dict[str, str]]):
    with (
        answering(said(ACCOUNT), said({"elements": offered})) as wire,
        pytest.raises(errors.Invalid) as wrong,
    ):
        at_noon(wire).check_campaign("500600", WANTED)
    assert wrong.value.field == "countries"
    assert "Germany" in str(wrong.value)


def test_a_location_that_is_none_is_never_guessed():
    offered = [{"urn": "urn:li:person:1", "name": "Germany"}]
    with (
        answering(said(ACCOUNT), said({"elements": offered})) as wire,
        pytest.raises(errors.UnexpectedAnswer),
    ):
        at_noon(wire).check_campaign("500600", WANTED)


def test_it_runs_from_the_inside_out_and_is_paused_as_a_whole(sandbox: Sandbox):
    number = ads(sandbox).create_campaign(EUROS.id, WANTED).id
    with Told() as told:
        connection = ads(sandbox, told.http)
        connection.run_campaign(EUROS.id, number)
        connection.pause_campaign(EUROS.id, number)
        connection.run_campaign(EUROS.id, number)
    kinds = [path.split("/")[1] for path in told.paths]
    assert kinds == ["adCampaigns", "adCampaignGroups", "adCampaignGroups", "adCampaignGroups"]
    assert [body["patch"]["$set"]["status"] for body in told.bodies] == [
        "ACTIVE",
        "ACTIVE",
        "PAUSED",
        "ACTIVE",
    ]
    assert {request.headers["x-restli-method"] for request in told.requests} == {"PARTIAL_UPDATE"}


def test_between_the_two_steps_of_running_nothing_runs(sandbox: Sandbox):
    number = ads(sandbox).create_campaign(EUROS.id, WANTED).id
    with (
        Told({2: lambda: sandbox.order(Channel.LINKEDIN, "server_error")}) as told,
        pytest.raises(errors.UnknownOutcome),
    ):
        ads(sandbox, told.http).run_campaign(EUROS.id, number)
    assert len(told.requests) == 2
    assert not ads(sandbox).campaign(EUROS.id, number).is_running
    ads(sandbox).run_campaign(EUROS.id, number)
    assert ads(sandbox).campaign(EUROS.id, number).is_running


def test_of_several_inside_none_is_touched(sandbox: Sandbox):
    number = EUROS.campaigns[0].id
    with Told() as told:
        connection = ads(sandbox, told.http)
        connection.pause_campaign(EUROS.id, number)
        connection.run_campaign(EUROS.id, number)
        assert connection.campaign(EUROS.id, number).daily_budget is None
        with pytest.raises(errors.Invalid, match="no one daily budget"):
            connection.set_daily_budget(EUROS.id, number, Decimal(10))
    assert told.paths == [f"{EUROS.id}/adCampaignGroups/{number}"] * 2


@pytest.mark.parametrize(
    ("inside", "budget"),
    [
        ([CAMPAIGN], Decimal("25.5")),
        ([CAMPAIGN, {**CAMPAIGN, "id": 2, "status": "ARCHIVED"}], Decimal("25.5")),
        ([CAMPAIGN, {**CAMPAIGN, "id": 2, "status": "DRAFT"}], None),
        ([{**CAMPAIGN, "dailyBudget": None}], None),
        ([{**CAMPAIGN, "status": "REMOVED"}], None),
        ([], None),
    ],
)
def test_a_budget_is_that_of_the_one_living_campaign(inside: list[dict[str, Any]], budget: Decimal | None):
    with answering(said(ACCOUNT), said(GROUP), page(*inside)) as wire:
        assert LinkedIn.connect(CREDENTIALS, wire).campaign("500600", "700800").daily_budget == budget


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e40", "many"])
def test_a_budget_that_is_none_is_never_guessed(amount: str):
    strange = {**CAMPAIGN, "dailyBudget": {"amount": amount, "currencyCode": "EUR"}}
    with answering(said(ACCOUNT), said(GROUP), page(strange)) as wire, pytest.raises(errors.UnexpectedAnswer):
        LinkedIn.connect(CREDENTIALS, wire).campaign("500600", "700800")


@pytest.mark.parametrize("inside", [[], [{**CAMPAIGN, "status": "ARCHIVED"}]])
def test_what_holds_nothing_does_not_run(inside: list[dict[str, Any]]):
    with answering(page(*inside)) as wire, pytest.raises(errors.Invalid, match="nothing that could run"):
        LinkedIn.connect(CREDENTIALS, wire).run_campaign("500600", "700800")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"dailyBudget": {"amount": "25.00", "currencyCode": "USD"}}, "dailyBudget/currencyCode"),
        ({"dailyBudget": {"amount": "25.005", "currencyCode": "EUR"}}, "dailyBudget/amount"),
        ({"unitCost": None}, "unitCost"),
        ({"politicalIntent": None}, "politicalIntent"),
        ({"runSchedule": {}}, "runSchedule/start"),
        ({"runSchedule": {"start": 2000, "end": 1000}}, "runSchedule/end"),
        ({"locale": {"country": "de", "language": "de"}}, "locale/country"),
        ({"targetingCriteria": {}}, "targetingCriteria"),
        ({"account": "urn:li:sponsoredAccount:1"}, "account"),
        ({"status": "RUNNING"}, "status"),
    ],
)
def test_the_stand_in_refuses_a_campaign_field_by_field(
    sandbox: Sandbox, changed: dict[str, Any], field: str
):
    with Told() as told:
        ads(sandbox, told.http).create_campaign(EUROS.id, WANTED)
    address = f"{sandbox.address}/linkedin/adAccounts/{EUROS.id}/adCampaigns"
    answer = sandbox.http.post(address, json={**told.bodies[1], **changed}, headers=HEADERS)
    meaning = refused(answer)
    assert isinstance(meaning, errors.Invalid)
    assert meaning.field == field


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"linkedin-version": ""}, errors.Invalid),
        ({"linkedin-version": "202401"}, errors.Sunset),
        ({"authorization": "Bearer x"}, errors.AuthRevoked),
        ({"x-restli-method": ""}, errors.Invalid),
    ],
)
def test_the_stand_in_wants_linkedins_headers_of_a_change(
    sandbox: Sandbox, headers: dict[str, str], kind: type[errors.ChannelError]
):
    address = f"{sandbox.address}/linkedin/adAccounts/{EUROS.id}/adCampaignGroups/{EUROS.campaigns[0].id}"
    whole = {**HEADERS, "x-restli-method": "PARTIAL_UPDATE", **headers}
    answer = sandbox.http.post(address, json={"patch": {"$set": {"status": "PAUSED"}}}, headers=whole)
    assert isinstance(refused(answer), kind)
    assert sandbox.accepted(Channel.LINKEDIN) == []
