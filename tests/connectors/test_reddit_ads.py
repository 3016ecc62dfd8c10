"""Reddit's campaigns, ad groups and ads in its own words: what it is told of a new one, and how what stands is read."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.advertising import NewCampaign, mark
from connectors.errors import AuthExpired, Duplicate, Forbidden, Invalid, UnexpectedAnswer, UnknownOutcome
from connectors.inventory import Audience, ListedAd, ListedAdSet, ListedCampaign, Status
from connectors.reddit import Reddit
from tests.connectors.test_reddit import ACCOUNT, ADS, Answering, opened

Told = dict[str, Any]

HERE = f"{ADS}/ad_accounts/a2_x1y2"
BERLIN = {**ACCOUNT, "currency": "EUR", "time_zone_id": "Europe/Berlin"}
NUMBER = "1510393823694638000"
CAMPAIGN: Told = {
    "id": NUMBER,
    "ad_account_id": "a2_x1y2",
    "name": "Autumn",
    "objective": "CLICKS",
    "configured_status": "ACTIVE",
    "effective_status": "ACTIVE",
    "is_campaign_budget_optimization": True,
    "goal_type": "DAILY_SPEND",
    "goal_value": 25_500_000,
    "bid_strategy": "BIDLESS",
    "start_time": "2026-10-01T22:30:00+00:00",
    "end_time": "2026-12-24T23:00:00Z",
}
WANTED = NewCampaign(name="Winter coats", marker="7f3a", daily_budget=Decimal("25.50"))


def account(answers: Told, account: Told = BERLIN) -> tuple[Reddit, Answering]:
    return opened({f"GET {HERE}": {"data": account}, **answers})


def listed(kind: str, *data: Told) -> Told:
    return {f"GET {HERE}/{kind}": {"data": list(data), "pagination": {}}}


def making(
    instruments: list[Told], pixels: list[Told], answer: Any, account_said: Told = BERLIN
) -> tuple[Reddit, Answering]:
    return account(
        {
            **listed("campaigns"),
            **listed("funding_instruments", *instruments),
            **listed("pixels", *pixels),
            f"POST {HERE}/campaigns": answer,
        },
        account_said,
    )


def told(asked: Answering) -> Told:
    return json.loads(asked.asked[-1].content)["data"]


PAYS = {"id": "fi_1", "is_servable": True}


def test_a_campaign_is_made_paused_with_a_budget_of_its_own() -> None:
    made = {"data": {**CAMPAIGN, "configured_status": "PAUSED"}}
    reddit, asked = making([PAYS, {"id": "fi_0", "is_servable": False}], [{"id": "a2_x1y2"}], made)
    now = reddit.create_campaign("a2_x1y2", WANTED)
    assert (now.id, now.is_running, now.daily_budget, now.currency) == (
        NUMBER,
        False,
        Decimal("25.50"),
        "EUR",
    )
    assert told(asked) == {
        "name": f"Winter coats {mark('7f3a')}",
        "configured_status": "PAUSED",
        "objective": "CLICKS",
        "is_campaign_budget_optimization": True,
        "goal_type": "DAILY_SPEND",
        "goal_value": 25_500_000,
        "bid_strategy": "BIDLESS",
        "bid_type": "CPC",
        "funding_instrument_id": "fi_1",
        "conversion_pixel_id": "a2_x1y2",
    }


def test_its_last_day_ends_at_the_accounts_midnight_and_needs_a_beginning() -> None:
    reddit, asked = making([], [], {"data": CAMPAIGN})
    reddit.create_campaign("a2_x1y2", NewCampaign(**{**_fields(), "until": date(2026, 12, 24)}))
    plan = told(asked)
    assert plan["end_time"] == "2026-12-24T23:59:59+01:00"
    assert plan["start_time"] == "2026-10-15T13:00:00+00:00"


def test_which_of_several_pays_is_for_a_person_to_say() -> None:
    reddit, asked = making([PAYS, {"id": "fi_2"}], [{"id": "p1"}, {"id": "p2"}], {"data": CAMPAIGN})
    reddit.create_campaign("a2_x1y2", WANTED)
    assert told(asked).keys().isdisjoint({"funding_instrument_id", "conversion_pixel_id"})


def test_who_may_not_see_what_pays_may_still_make_a_campaign() -> None:
    reddit_answers = {
        f"GET {HERE}/funding_instruments": httpx.Response(403, json={"message": "Forbidden", "error": 403}),
        f"GET {HERE}/pixels": httpx.Response(404, json={"error": {"code": 404, "message": "not found"}}),
    }
    reddit, asked = account(
        {**listed("campaigns"), **reddit_answers, f"POST {HERE}/campaigns": {"data": CAMPAIGN}}
    )
    reddit.create_campaign("a2_x1y2", WANTED)
    assert told(asked)["name"].startswith("Winter coats")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"countries": ("DE",)}, "countries"),
        ({"language": "de"}, "language"),
        ({"highest_bid": Decimal(2)}, "highest_bid"),
        ({"name": "ab"}, "name"),
        ({"daily_budget": Decimal("25.505")}, "daily_budget"),
        ({"until": date(2026, 10, 14)}, "until"),
    ],
)
def test_what_reddit_would_not_take_is_refused_before_anything_is_made(changed: Told, field: str) -> None:
    reddit, asked = making([], [], {"data": CAMPAIGN})
    wanted = NewCampaign(**{**_fields(), **changed})
    for attempt in (reddit.check_campaign, reddit.create_campaign):
        with pytest.raises(Invalid) as invalid:
            attempt("a2_x1y2", wanted)
        assert invalid.value.field == field
    assert {request.method for request in asked.asked} == {"GET"}


def _fields() -> Told:
    return {"name": WANTED.name, "marker": WANTED.marker, "daily_budget": WANTED.daily_budget}


def test_yen_have_no_hundredths() -> None:
    reddit, _ = making([], [], {"data": CAMPAIGN}, {**BERLIN, "currency": "JPY"})
    with pytest.raises(Invalid):
        reddit.check_campaign("a2_x1y2", WANTED)


@pytest.mark.parametrize("answer", [{"data": None}, {}, [], {"data": {"name": "no id"}}])
def test_an_answer_that_does_not_say_what_was_made_leaves_it_open(answer: Any) -> None:
    reddit, asked = making([], [], httpx.Response(200, json=answer))
    with pytest.raises(UnknownOutcome):
        reddit.create_campaign("a2_x1y2", WANTED)
    assert [request.method for request in asked.asked].count("POST") == 1


def test_the_oldest_that_carries_the_mark_is_the_one() -> None:
    name = f"Winter coats {mark('7f3a')}"
    copies = [
        {**CAMPAIGN, "id": "1000", "name": f"Copy of {name}"},
        {**CAMPAIGN, "id": "999", "name": name},
        {**CAMPAIGN, "id": "7", "name": name, "configured_status": "ARCHIVED"},
        {**CAMPAIGN, "id": "8", "name": "Winter coats [mp:7f3]"},
    ]
    reddit, _ = account(listed("campaigns", *copies))
    found = reddit.campaign_made_with("a2_x1y2", "7f3a")
    assert found is not None
    assert found.id == "999"


@pytest.mark.parametrize(
    "found",
    [
        {**CAMPAIGN, "ad_account_id": "a2_other"},
        {**CAMPAIGN, "configured_status": "DELETED"},
        {**CAMPAIGN, "id": "1"},
    ],
)
def test_a_campaign_of_another_account_is_not_there(found: Told) -> None:
    """One campaign is asked for by its number alone."""
    reddit, asked = account({f"GET {ADS}/campaigns/{NUMBER}": {"data": found}})
    with pytest.raises(Invalid):
        reddit.pause_campaign("a2_x1y2", NUMBER)
    assert {request.method for request in asked.asked} == {"GET"}


@pytest.mark.parametrize(
    "changed",
    [
        {"is_campaign_budget_optimization": False, "goal_type": None, "goal_value": None},
        {"goal_type": "LIFETIME_SPEND"},
        {"goal_value": None},
    ],
)
def test_a_budget_that_is_not_its_own_a_day_is_not_set(changed: Told) -> None:
    reddit, asked = account({f"GET {ADS}/campaigns/{NUMBER}": {"data": {**CAMPAIGN, **changed}}})
    assert reddit.campaign("a2_x1y2", NUMBER).daily_budget is None
    with pytest.raises(Invalid):
        reddit.set_daily_budget("a2_x1y2", NUMBER, Decimal(10))
    assert {request.method for request in asked.asked} == {"GET"}


def test_a_change_is_believed_once_it_is_told_back() -> None:
    """The status that was set changes at once; the one that follows from it may lag."""
    one = f"{ADS}/campaigns/{NUMBER}"
    lagging = {**CAMPAIGN, "configured_status": "PAUSED", "effective_status": "ACTIVE"}
    reddit, asked = account(
        {f"GET {one}": {"data": CAMPAIGN}, f"PATCH {one}": [{"data": lagging}, {"data": CAMPAIGN}]}
    )
    reddit.pause_campaign("a2_x1y2", NUMBER)
    assert told(asked) == {"configured_status": "PAUSED"}
    with pytest.raises(UnknownOutcome):
        reddit.pause_campaign("a2_x1y2", NUMBER)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"code": 400, "fields": [{"field": "data.goal_value", "message": "low"}]}}, Invalid),
        (401, {"message": "Unauthorized", "error": 401}, AuthExpired),
        (403, {"success": False, "error": {"reason": "UNAUTHORIZED"}}, Forbidden),
        (404, {"error": {"code": 404, "message": "not found"}}, Invalid),
        (500, {}, UnknownOutcome),
        (502, {}, UnknownOutcome),
    ],
)
def test_a_refused_change_has_its_class(status: int, body: Told, kind: type[Exception]) -> None:
    one = f"{ADS}/campaigns/{NUMBER}"
    reddit, _ = account({f"GET {one}": {"data": CAMPAIGN}, f"PATCH {one}": httpx.Response(status, json=body)})
    with pytest.raises(kind) as refused:
        reddit.set_daily_budget("a2_x1y2", NUMBER, Decimal(10))
    assert not isinstance(refused.value, Duplicate)


def test_a_campaign_is_listed_as_its_account_counts_days() -> None:
    reddit, _ = account(
        listed("campaigns", CAMPAIGN, {**CAMPAIGN, "id": "1", "configured_status": "ARCHIVED"})
    )
    assert list(reddit.list_campaigns("a2_x1y2")) == [
        ListedCampaign(
            id=NUMBER,
            name="Autumn",
            status=Status.RUNNING,
            said="ACTIVE",
            objective="CLICKS",
            bid_strategy="BIDLESS",
            daily_budget=Decimal("25.50"),
            starts_on=date(2026, 10, 2),
            ends_on=date(2026, 12, 24),
        )
    ]


AD_GROUP: Told = {
    "id": "77",
    "campaign_id": NUMBER,
    "name": "Everybody",
    "configured_status": "ACTIVE",
    "effective_status": "CAMPAIGN_PAUSED",
    "goal_type": "DAILY_SPEND",
    "goal_value": 20_000_000,
    "bid_strategy": "MANUAL_BIDDING",
    "bid_type": "CPC",
    "bid_value": 500_000,
    "is_campaign_budget_optimization": False,
    "end_time": None,
    "targeting": {
        "geolocations": ["DE", "US-CA"],
        "excluded_geolocations": ["DE-BY"],
        "languages": ["DE"],
        "age_targeting": {"min_age": 25, "max_age": 54},
        "custom_audience_ids": ["71"],
        "excluded_communities": ["Filz"],
        "locations": ["FEED", "COMMENTS_PAGE"],
        "gender": None,
        "devices": [],
    },
}


def test_an_ad_group_is_listed_with_whom_it_is_for_and_where() -> None:
    reddit, _ = account(listed("ad_groups", AD_GROUP, {**AD_GROUP, "id": "1", "effective_status": "DELETED"}))
    assert list(reddit.list_ad_sets("a2_x1y2")) == [
        ListedAdSet(
            id="77",
            campaign_id=NUMBER,
            name="Everybody",
            status=Status.RUNNING,
            said="ACTIVE",
            why="CAMPAIGN_PAUSED",
            audience=Audience(
                countries=("DE",),
                places=("US-CA",),
                languages=("de",),
                youngest=25,
                oldest=54,
                lists=("71",),
                without=("DE-BY", "Filz"),
            ),
            placements=("FEED", "COMMENTS_PAGE"),
            bid_strategy="MANUAL_BIDDING",
            highest_bid=Decimal("0.5"),
            daily_budget=Decimal(20),
        )
    ]


def test_an_ad_group_without_anything_is_one_still() -> None:
    bare = {"id": "77", "campaign_id": NUMBER, "targeting": None}
    reddit, _ = account(listed("ad_groups", bare))
    [listed_one] = reddit.list_ad_sets("a2_x1y2")
    assert (listed_one.status, listed_one.audience) == (Status.UNKNOWN, Audience())


AD: Told = {
    "id": "9",
    "campaign_id": NUMBER,
    "ad_group_id": "77",
    "name": "Calm",
    "configured_status": "ACTIVE",
    "effective_status": "ACTIVE",
    "type": "UNSPECIFIED",
    "click_url": "https://shop.example/",
    "post_id": "t3_1abc",
    "rejection_reason": None,
}


@pytest.mark.parametrize(
    ("configured", "effective", "status", "said", "why"),
    [
        ("ACTIVE", "ACTIVE", Status.RUNNING, "ACTIVE", ""),
        ("ACTIVE", "AD_GROUP_PAUSED", Status.RUNNING, "ACTIVE", "AD_GROUP_PAUSED"),
        ("ACTIVE", "PENDING_BILLING_INFO", Status.RUNNING, "ACTIVE", "PENDING_BILLING_INFO"),
        ("ACTIVE", "PENDING_APPROVAL", Status.IN_REVIEW, "PENDING_APPROVAL", ""),
        ("ACTIVE", "PROCESSING", Status.IN_REVIEW, "PROCESSING", ""),
        ("PAUSED", "PENDING_APPROVAL", Status.PAUSED, "PAUSED", ""),
        ("PAUSED", "REJECTED", Status.REFUSED, "REJECTED", "BROKEN_URL"),
        ("ACTIVE", "REJECTED", Status.REFUSED, "REJECTED", "BROKEN_URL"),
        ("ACTIVE", "COMPLETED", Status.ENDED, "COMPLETED", ""),
        ("DREAMING", "DREAMING", Status.UNKNOWN, "DREAMING", ""),
        ("ACTIVE", None, Status.RUNNING, "ACTIVE", ""),
    ],
)
def test_a_status_is_its_own(
    configured: str, effective: str | None, status: Status, said: str, why: str
) -> None:
    ad = {
        **AD,
        "configured_status": configured,
        "effective_status": effective,
        "rejection_reason": "BROKEN_URL",
    }
    reddit, _ = account(listed("ads", ad))
    assert list(reddit.list_ads("a2_x1y2")) == [
        ListedAd(
            id="9",
            campaign_id=NUMBER,
            ad_set_id="77",
            name="Calm",
            status=status,
            said=said,
            why=why,
            format="UNSPECIFIED",
            leads_to="https://shop.example/",
            creative_id="t3_1abc",
        )
    ]


@pytest.mark.parametrize(
    "changed",
    [{"end_time": "soon"}, {"end_time": "2026-10-01T00:00:00"}, {"goal_value": -1}, {"id": None}, {"start_time": "0001-01-01T00:00:00+14:00"}],
)  # fmt: skip
def test_what_is_no_campaign_is_told(changed: Told) -> None:
    reddit, _ = account(listed("campaigns", {**CAMPAIGN, **changed}))
    with pytest.raises(UnexpectedAnswer):
        list(reddit.list_campaigns("a2_x1y2"))
