"""Google's own words about campaigns: requests as documented, answers that say too little, every refusal in its place."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.advertising import CampaignNow, NewCampaign
from connectors.face import Channel, Wire
from connectors.google_ads import GoogleAds
from connectors.sandbox.google_ads import CREDENTIALS
from connectors.sandbox.world import accounts_of
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

EURO, YEN = (known.id for known in accounts_of(Channel.GOOGLE_ADS))
MINE = "7776665555"
WANTED = NewCampaign(name="Autumn", marker="7f3a", daily_budget=Decimal(20))

Said = tuple[int, bytes]
Told = dict[str, Any]


def said(body: Any, status: int = 200) -> Said:
    return status, json.dumps(body).encode()


def found(*results: Told) -> Said:
    return said([{"results": results, "requestId": "r"}] if results else [])


def standing(number: str = "9001", name: str = "Autumn [mp:7f3a]", **budget: object) -> Told:
    return {
        "campaign": {"resourceName": f"customers/{MINE}/campaigns/{number}", "id": number, "name": name, "status": "PAUSED"},
        "campaignBudget": {
            "resourceName": f"customers/{MINE}/campaignBudgets/801",
            "amountMicros": "20000000",
            "explicitlyShared": False,
            **budget,
        },
        "customer": {"resourceName": f"customers/{MINE}", "currencyCode": "EUR"},
    }  # fmt: skip


CURRENCY = found({"customer": {"resourceName": f"customers/{MINE}", "currencyCode": "EUR"}})
MADE = said(
    {
        "mutateOperationResponses": [
            {"campaignBudgetResult": {"resourceName": f"customers/{MINE}/campaignBudgets/801"}},
            {"campaignResult": {"resourceName": f"customers/{MINE}/campaigns/9001"}},
        ]
    }
)
CHANGED = said(
    {"mutateOperationResponses": [{"campaignResult": {"resourceName": f"customers/{MINE}/campaigns/9001"}}]}
)


def refused(family: str, value: str, *path: Told, status: int = 400) -> Said:
    error = {"errorCode": {family: value}, "message": "No.", "location": {"fieldPathElements": path}}
    failure = {"errors": [error], "requestId": "q-1"}
    return said({"error": {"code": status, "message": "…", "details": [failure]}}, status)


@dataclass(frozen=True)
class Heard:
    """What a server was asked, in the order in which it came."""

    requests: list[httpx.Request]

    @property
    def queries(self) -> list[str]:
        return [
            json.loads(request.content)["query"]
            for request in self.requests
            if request.url.path.endswith("googleAds:searchStream")
        ]

    @property
    def mutates(self) -> list[Told]:
        return [
            json.loads(request.content)
            for request in self.requests
            if request.url.path.endswith("googleAds:mutate")
        ]


@contextmanager
def google(*answers: Said, headers: dict[str, str] | None = None) -> Iterator[tuple[GoogleAds, Heard]]:
    with answering(*answers, headers=headers) as wire:
        heard = Heard([])
        wire.http.event_hooks = {"request": [heard.requests.append]}
        yield connected(wire), heard


def connected(wire: Wire) -> GoogleAds:
    return GoogleAds.connect(CREDENTIALS, wire)


def in_the(sandbox: Sandbox) -> GoogleAds:
    opened = sandbox.connector(Channel.GOOGLE_ADS)
    assert isinstance(opened, GoogleAds)
    return opened


def test_a_creation_is_one_request_as_documented():
    with google(found(), CURRENCY, MADE) as (ads, heard):
        now = ads.create_campaign("777-666-5555", WANTED)
    assert heard.requests[-1].url.path == f"/v0/customers/{MINE}/googleAds:mutate"
    assert heard.mutates == [
        {
            "mutateOperations": [
                {
                    "campaignBudgetOperation": {
                        "create": {
                            "resourceName": f"customers/{MINE}/campaignBudgets/-1",
                            "name": "Autumn [mp:7f3a]",
                            "amountMicros": "20000000",
                            "deliveryMethod": "STANDARD",
                            "explicitlyShared": False,
                        }
                    }
                },
                {
                    "campaignOperation": {
                        "create": {
                            "resourceName": f"customers/{MINE}/campaigns/-2",
                            "name": "Autumn [mp:7f3a]",
                            "status": "PAUSED",
                            "advertisingChannelType": "SEARCH",
                            "campaignBudget": f"customers/{MINE}/campaignBudgets/-1",
                            "manualCpc": {},
                            "networkSettings": {
                                "targetGoogleSearch": True,
                                "targetSearchNetwork": False,
                                "targetContentNetwork": False,
                            },
                            "containsEuPoliticalAdvertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
                        }
                    }
                },
            ]
        }
    ]
    assert now == CampaignNow(
        id="9001", name="Autumn [mp:7f3a]", is_running=False, daily_budget=Decimal(20), currency="EUR"
    )


def test_an_end_a_ceiling_countries_and_a_language_are_told_as_documented():
    wanted = replace(
        WANTED,
        until=date(2026, 12, 24),
        countries=("DE", "AT", "DE"),
        language="de",
        highest_bid=Decimal("0.85"),
    )
    places = found(
        {"geoTargetConstant": {"resourceName": "geoTargetConstants/2040", "countryCode": "AT"}},
        {"geoTargetConstant": {"resourceName": "geoTargetConstants/2276", "countryCode": "DE"}},
    )
    tongue = {"resourceName": "languageConstants/1001", "code": "de", "targetable": True}
    criterion = {"campaignCriterionResult": {"resourceName": f"customers/{MINE}/campaignCriteria/9001~1"}}
    made = json.loads(MADE[1])["mutateOperationResponses"]
    answer = said({"mutateOperationResponses": [*made, criterion, criterion, criterion]})
    with google(found(), CURRENCY, places, found({"languageConstant": tongue}), answer) as (ads, heard):
        assert ads.create_campaign(MINE, wanted).id == "9001"
    [told] = heard.mutates
    campaign = told["mutateOperations"][1]["campaignOperation"]["create"]
    assert campaign["endDateTime"] == "2026-12-24 23:59:59"
    assert campaign["targetSpend"] == {"cpcBidCeilingMicros": "850000"}
    assert "manualCpc" not in campaign
    made_for = f"customers/{MINE}/campaigns/-2"
    assert [each["campaignCriterionOperation"]["create"] for each in told["mutateOperations"][2:]] == [
        {"campaign": made_for, "location": {"geoTargetConstant": "geoTargetConstants/2276"}},
        {"campaign": made_for, "location": {"geoTargetConstant": "geoTargetConstants/2040"}},
        {"campaign": made_for, "language": {"languageConstant": "languageConstants/1001"}},
    ]


def test_what_is_asked_before_is_asked_in_gaql():
    wanted = replace(WANTED, countries=("DE",))
    with google(found(), CURRENCY, found()) as (ads, heard), pytest.raises(errors.Invalid):
        ads.create_campaign(MINE, wanted)
    assert heard.queries == [
        "SELECT campaign.id, campaign.name, campaign.status, campaign_budget.resource_name, "
        "campaign_budget.amount_micros, campaign_budget.explicitly_shared, customer.currency_code "
        "FROM campaign WHERE campaign.status != 'REMOVED' "
        "AND campaign.name LIKE '%[[]mp:7f3a[]]%' ORDER BY campaign.id",
        "SELECT customer.currency_code FROM customer",
        "SELECT geo_target_constant.resource_name, geo_target_constant.country_code, "
        "geo_target_constant.target_type FROM geo_target_constant "
        "WHERE geo_target_constant.target_type = 'Country' AND geo_target_constant.country_code IN ('DE')",
    ]
    assert heard.mutates == []


@pytest.mark.parametrize(
    ("change", "status"), [(GoogleAds.run_campaign, "ENABLED"), (GoogleAds.pause_campaign, "PAUSED")]
)
def test_a_status_is_changed_alone(change: Callable[[GoogleAds, str, str], None], status: str):
    with google(CHANGED) as (ads, heard):
        change(ads, MINE, "9001")
    update = {"resourceName": f"customers/{MINE}/campaigns/9001", "status": status}
    operation = {"campaignOperation": {"update": update, "updateMask": "status"}}
    assert heard.mutates == [{"mutateOperations": [operation]}]


def test_a_budget_is_changed_by_its_own_name():
    with google(found(standing()), CHANGED) as (ads, heard):
        ads.set_daily_budget(MINE, "9001", Decimal("31.07"))
    update = {"resourceName": f"customers/{MINE}/campaignBudgets/801", "amountMicros": "31070000"}
    operation = {"campaignBudgetOperation": {"update": update, "updateMask": "amountMicros"}}
    assert heard.mutates == [{"mutateOperations": [operation]}]
    assert heard.queries[0].endswith("AND campaign.id = 9001")


def test_a_check_is_the_creation_validated_only():
    with google(found(), said({})) as (ads, heard):
        ads.check_campaign(MINE, WANTED)
    with google(found(), CURRENCY, MADE) as (ads, created):
        ads.create_campaign(MINE, WANTED)
    assert heard.mutates == [{**created.mutates[0], "validateOnly": True}]


@pytest.mark.parametrize("marker", ["", "A", "a b", "x'", "x]", "%", "ü", "a" * 65, "\ud800"])
def test_a_marker_that_is_none_is_sent_nowhere(sandbox: Sandbox, marker: str):
    ads = in_the(sandbox)
    for asked in (
        lambda: ads.campaign_made_with(EURO, marker),
        lambda: ads.create_campaign(EURO, replace(WANTED, marker=marker)),
    ):
        with pytest.raises(errors.Invalid) as wrong:
            asked()
        assert wrong.value.field == "marker"
    assert sandbox.requests(Channel.GOOGLE_ADS) == 0


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "two\nlines"}),
        ("name", {"name": "\ud800"}),
        ("daily_budget", {"daily_budget": Decimal(0)}),
        ("daily_budget", {"daily_budget": Decimal(-5)}),
        ("daily_budget", {"daily_budget": Decimal("NaN")}),
        ("daily_budget", {"daily_budget": Decimal("1e40")}),
        ("daily_budget", {"daily_budget": Decimal("10.0000004")}),
        ("highest_bid", {"highest_bid": Decimal("1.0000006")}),
    ],
)
def test_what_cannot_be_said_is_said_nowhere(sandbox: Sandbox, field: str, changed: Told):
    for asked in (GoogleAds.create_campaign, GoogleAds.check_campaign):
        with pytest.raises(errors.Invalid) as wrong:
            asked(in_the(sandbox), EURO, replace(WANTED, **changed))
        assert wrong.value.field == field
    assert sandbox.requests(Channel.GOOGLE_ADS) == 0


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("countries", {"countries": ("DE", "XX")}),
        ("countries", {"countries": ("de",)}),
        ("countries", {"countries": ("D'",)}),
        ("language", {"language": "tlh"}),
        ("language", {"language": "zz"}),
        ("language", {"language": "x'"}),
    ],
)
def test_a_country_or_language_that_google_does_not_know_is_named(
    sandbox: Sandbox, field: str, changed: Told
):
    with pytest.raises(errors.Invalid) as wrong:
        in_the(sandbox).create_campaign(EURO, replace(WANTED, **changed))
    assert wrong.value.field == field
    assert sandbox.accepted(Channel.GOOGLE_ADS) == []


def test_a_city_is_no_country(sandbox: Sandbox):
    wanted = replace(WANTED, countries=("JP", "DE"), language="ja")
    made = in_the(sandbox).create_campaign(YEN, wanted)
    assert in_the(sandbox).campaign(YEN, made.id) == made


def test_a_language_that_cannot_be_targeted_is_not_known():
    tongue = {"resourceName": "languageConstants/1500", "code": "de", "targetable": False}
    with (
        google(found(), CURRENCY, found({"languageConstant": tongue})) as (ads, heard),
        pytest.raises(errors.Invalid),
    ):
        ads.create_campaign(MINE, replace(WANTED, language="de"))
    assert heard.mutates == []


def test_a_copy_that_people_made_is_not_the_campaign():
    copy = standing("9100", "Autumn [mp:7f3a] #2")
    with google(found(standing(), copy)) as (ads, heard):
        assert ads.create_campaign(MINE, WANTED).id == "9001"
    assert heard.mutates == []


def test_like_knows_no_case_but_markers_do():
    with google(found(standing(name="Autumn [MP:7F3A]"))) as (ads, _):
        assert ads.campaign_made_with(MINE, "7f3a") is None


def test_whoever_comes_second_adopts_what_the_first_has_made():
    taken = refused("campaignError", "DUPLICATE_CAMPAIGN_NAME")
    with google(found(), CURRENCY, taken, found(standing())) as (ads, heard):
        assert ads.create_campaign(MINE, WANTED).id == "9001"
    assert len(heard.mutates) == 1


def test_a_name_that_somebody_else_has_is_a_duplicate():
    with (
        google(found(), CURRENCY, refused("campaignBudgetError", "DUPLICATE_NAME"), found()) as (ads, _),
        pytest.raises(errors.Duplicate) as taken,
    ):
        ads.create_campaign(MINE, WANTED)
    assert (taken.value.code, taken.value.request_id) == ("campaignBudgetError.DUPLICATE_NAME", "q-1")


@pytest.mark.parametrize(
    ("account", "budget", "micros"),
    [(EURO, Decimal("25.50"), 25_500_000), (YEN, Decimal(4000), 4_000_000_000)],
)
def test_every_currency_is_told_in_micros(sandbox: Sandbox, account: str, budget: Decimal, micros: int):
    ads = in_the(sandbox)
    made = ads.create_campaign(account, replace(WANTED, daily_budget=budget, highest_bid=Decimal(90)))
    assert made.daily_budget == ads.campaign(account, made.id).daily_budget == budget
    assert [each["budget_micros"] for each in sandbox.accepted(Channel.GOOGLE_ADS)] == [micros]


@pytest.mark.parametrize(
    ("account", "amount"), [(EURO, Decimal("25.505")), (YEN, Decimal("4000.5")), (EURO, Decimal("0.001"))]
)
def test_no_account_spends_parts_of_its_smallest_coin(sandbox: Sandbox, account: str, amount: Decimal):
    ads, existing = in_the(sandbox), standing_in_the_world(account)
    for asked in (
        lambda: ads.check_campaign(account, replace(WANTED, daily_budget=amount)),
        lambda: ads.create_campaign(account, replace(WANTED, daily_budget=amount)),
        lambda: ads.set_daily_budget(account, existing, amount),
    ):
        with pytest.raises(errors.Invalid, match="minimum unit") as wrong:
            asked()
        assert wrong.value.code == "campaignBudgetError.NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"
        assert wrong.value.field.endswith(".amount_micros")
    assert sandbox.accepted(Channel.GOOGLE_ADS) == []


def standing_in_the_world(account: str) -> str:
    return next(known for known in accounts_of(Channel.GOOGLE_ADS) if known.id == account).campaigns[0].id


def test_a_shared_budget_is_nobodys_to_change():
    with google(found(standing(explicitlyShared=True))) as (ads, heard):
        assert ads.campaign(MINE, "9001").daily_budget is None
        with pytest.raises(errors.Invalid, match="shares") as wrong:
            ads.set_daily_budget(MINE, "9001", Decimal(10))
    assert wrong.value.field == "campaign"
    assert heard.mutates == []


def test_a_budget_for_the_whole_duration_has_no_day():
    whole = standing(amountMicros=None)
    with google(found(whole)) as (ads, heard):
        assert ads.campaign(MINE, "9001").daily_budget is None
        with pytest.raises(errors.Invalid, match="no daily budget"):
            ads.set_daily_budget(MINE, "9001", Decimal(10))
    assert heard.mutates == []


def test_a_budget_of_another_account_is_left_alone():
    stranger = standing(resourceName="customers/1/campaignBudgets/801")
    with google(found(stranger)) as (ads, heard), pytest.raises(errors.UnexpectedAnswer):
        ads.set_daily_budget(MINE, "9001", Decimal(10))
    assert heard.mutates == []


@pytest.mark.parametrize(
    ("code", "field", "changed"),
    [
        ("stringLengthError.TOO_LONG", "campaign_budget_operation.create.name", {"name": "a" * 300}),
        ("stringLengthError.TOO_LONG", "campaign_budget_operation.create.name", {"name": "秋" * 100}),
        (
            "campaignError.CANNOT_SET_DATE_TO_PAST",
            "campaign_operation.create.end_date_time",
            {"until": date(2026, 10, 14)},
        ),
        (
            "currencyError.VALUE_NOT_MULTIPLE_OF_BILLABLE_UNIT",
            "campaign_operation.create.target_spend.cpc_bid_ceiling_micros",
            {"highest_bid": Decimal("0.855")},
        ),
    ],
)
def test_a_refusal_names_its_field_whether_checked_or_created(
    sandbox: Sandbox, code: str, field: str, changed: Told
):
    for asked in (GoogleAds.check_campaign, GoogleAds.create_campaign):
        with pytest.raises(errors.Invalid) as wrong:
            asked(in_the(sandbox), EURO, replace(WANTED, **changed))
        assert (wrong.value.code, wrong.value.field) == (code, f"mutate_operations.{field}")
        assert wrong.value.request_id
    assert sandbox.accepted(Channel.GOOGLE_ADS) == []


def test_a_check_changes_nothing_and_has_nothing_against_what_is_there(sandbox: Sandbox):
    ads = in_the(sandbox)
    ads.check_campaign(EURO, WANTED)
    assert sandbox.accepted(Channel.GOOGLE_ADS) == []
    assert ads.campaign_made_with(EURO, WANTED.marker) is None
    ads.create_campaign(EURO, WANTED)
    ads.check_campaign(EURO, WANTED)
    assert len(sandbox.accepted(Channel.GOOGLE_ADS)) == 1


def test_a_check_may_be_asked_again(sandbox: Sandbox):
    sandbox.order(Channel.GOOGLE_ADS, "server_error", times=2)
    in_the(sandbox).check_campaign(EURO, WANTED)
    assert len(sandbox.waits) == 2


def test_two_who_write_at_once_are_asked_to_come_again():
    """Google has refused it, and whoever asks may ask again."""
    with (
        google(refused("databaseError", "CONCURRENT_MODIFICATION")) as (ads, heard),
        pytest.raises(errors.Transient),
    ):
        ads.pause_campaign(MINE, "9001")
    assert len(heard.mutates) == 1


def test_a_campaign_that_was_removed_is_not_there():
    with google(found()) as (ads, heard), pytest.raises(errors.Invalid) as gone:
        ads.campaign(MINE, "9001")
    assert gone.value.field == "campaign"
    assert "campaign.status != 'REMOVED'" in heard.queries[0]


@pytest.mark.parametrize(
    "answer",
    [
        said({}),
        said([]),
        said({"mutateOperationResponses": []}),
        said({"mutateOperationResponses": [{}, {}]}),
        said({"mutateOperationResponses": json.loads(MADE[1])["mutateOperationResponses"][:1]}),
        said({"partialFailureError": {"code": 3, "message": "operation 1"}, "mutateOperationResponses": [{}, {}]}),
        said({"mutateOperationResponses": [{"campaignBudgetResult": {"resourceName": "x"}}] * 2}),
        said({"mutateOperationResponses": [{"campaignResult": {"resourceName": f"customers/1/campaigns/{at}"}} for at in "12"]}),
        (200, MADE[1][:80]),
        (200, b"<html>"),
        (200, b"[" * 100_000),
        refused("internalError", "INTERNAL_ERROR", status=500),
        refused("internalError", "DEADLINE_EXCEEDED", status=504),
        (502, b"<html>"),
        (408, b""),
    ],
)  # fmt: skip
def test_a_creation_that_may_have_been_taken_is_an_unknown_outcome(answer: Said):
    with google(found(), CURRENCY, answer) as (ads, heard), pytest.raises(errors.UnknownOutcome):
        ads.create_campaign(MINE, WANTED)
    assert len(heard.mutates) == 1


@pytest.mark.parametrize("answer", [said({}), said({"mutateOperationResponses": [{}]}), (500, b"")])
def test_a_change_that_may_have_been_taken_is_an_unknown_outcome(answer: Said):
    with (
        google(answer, headers={"request-id": "q-9"}) as (ads, _),
        pytest.raises(errors.UnknownOutcome) as unclear,
    ):
        ads.run_campaign(MINE, "9001")
    assert unclear.value.request_id == "q-9"


@pytest.mark.parametrize("status", [400, 403, 404, 429, 503])
def test_a_refusal_without_words_keeps_its_request(status: int):
    with (
        google((status, b"no"), headers={"request-id": "q-9"}) as (ads, _),
        pytest.raises(errors.ChannelError) as refusal,
    ):
        ads.run_campaign(MINE, "9001")
    assert not isinstance(refusal.value, errors.UnknownOutcome)
    assert refusal.value.request_id == "q-9"


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"campaign": {"id": "9001"}},
        {**standing(), "customer": {}},
        {**standing(), "customer": {"currencyCode": "euros"}},
        standing("9001 OR 1=1"),
        standing(amountMicros="-1"),
        standing(amountMicros="many"),
        standing(amountMicros="9" * 30),
    ],
)
def test_a_campaign_that_is_told_of_in_another_shape_is_not_guessed(result: Told):
    with google(found(result)) as (ads, _), pytest.raises(errors.UnexpectedAnswer):
        ads.campaign(MINE, "9001")


def test_an_answer_about_another_campaign_is_none():
    with google(found(standing("9002"))) as (ads, _), pytest.raises(errors.Invalid):
        ads.campaign(MINE, "9001")


def test_an_account_that_says_nothing_of_itself_makes_nothing():
    with google(found(), found()) as (ads, heard), pytest.raises(errors.UnexpectedAnswer):
        ads.create_campaign(MINE, WANTED)
    assert heard.mutates == []
