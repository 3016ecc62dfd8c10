"""What stands in a TikTok account, read from answers of the shapes that TikTok gives."""

import json
from decimal import Decimal
from typing import Any

import pytest

from connectors import errors
from connectors.inventory import Audience, ListedAd, ListedAdSet, ListedCampaign, Status
from tests.connectors.test_tiktok import NUMBER, page, said, tiktok

CAMPAIGN: dict[str, Any] = {
    "advertiser_id": NUMBER,
    "campaign_id": "1728545382536225",
    "campaign_name": "Website traffic",
    "objective_type": "TRAFFIC",
    "operation_status": "ENABLE",
    "secondary_status": "CAMPAIGN_STATUS_ENABLE",
    "budget_mode": "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
    "budget": 50.1,
    "is_smart_performance_campaign": False,
    "campaign_automation_type": "MANUAL",
    "create_time": "2026-03-28 12:09:05",
}
AD_GROUP: dict[str, Any] = {
    "adgroup_id": "1728545385226289",
    "campaign_id": "1728545382536225",
    "adgroup_name": "Twenties",
    "operation_status": "ENABLE",
    "secondary_status": "ADGROUP_STATUS_CAMPAIGN_DISABLE",
    "budget_mode": "BUDGET_MODE_DAY",
    "budget": 20,
    "bid_type": "BID_TYPE_CUSTOM",
    "bid_price": 0,
    "conversion_bid_price": 1.25,
    "placement_type": "PLACEMENT_TYPE_NORMAL",
    "placements": ["PLACEMENT_TIKTOK", "PLACEMENT_PANGLE"],
    "location_ids": ["6252001", "2950157", "99"],
    "excluded_location_ids": ["2921044"],
    "languages": ["en"],
    "age_groups": ["AGE_25_34", "AGE_55_100"],
    "audience_ids": ["123"],
    "excluded_audience_ids": ["456"],
    "gender": "GENDER_UNLIMITED",
    "keywords": None,
}
AD: dict[str, Any] = {
    "ad_id": "1728545390695442",
    "adgroup_id": "1728545385226289",
    "campaign_id": "1728545382536225",
    "ad_name": "First",
    "operation_status": "ENABLE",
    "secondary_status": "AD_STATUS_DELIVERY_OK",
    "ad_format": "SINGLE_VIDEO",
    "display_name": "Shop",
    "ad_text": "Coats for all",
    "ad_texts": None,
    "landing_page_url": "https://shop.example",
    "video_id": "v10033g50000c90q1d3c77ub6e96fvo0",
    "image_ids": ["v0201/7f"],
}
REGIONS = said(
    {
        "region_info": [
            {"location_id": "6252001", "name": "United States", "region_code": "US", "level": "COUNTRY"},
            {"location_id": "2921044", "name": "Germany", "region_code": "DE", "level": "COUNTRY"},
            {"location_id": "2950157", "name": "Berlin", "region_code": "DE", "level": "PROVINCE"},
        ]
    }
)


def test_a_campaign_says_how_it_stands_and_what_it_may_spend() -> None:
    with tiktok(page(CAMPAIGN)) as (opened, heard):
        assert list(opened.list_campaigns(NUMBER)) == [
            ListedCampaign(
                id="1728545382536225",
                name="Website traffic",
                status=Status.RUNNING,
                said="ENABLE",
                objective="TRAFFIC",
                daily_budget=Decimal("50.1"),
            )
        ]
    assert heard[0].url.path.endswith("/v0/campaign/get/")


def test_an_ad_group_says_whom_it_is_for() -> None:
    with tiktok(page(AD_GROUP), REGIONS) as (opened, heard):
        assert list(opened.list_ad_sets(NUMBER)) == [
            ListedAdSet(
                id="1728545385226289",
                name="Twenties",
                status=Status.RUNNING,
                said="ENABLE",
                why="ADGROUP_STATUS_CAMPAIGN_DISABLE",
                campaign_id="1728545382536225",
                audience=Audience(
                    countries=("US",),
                    places=("Berlin", "99"),
                    languages=("en",),
                    youngest=25,
                    lists=("123",),
                    without=("456", "DE"),
                ),
                placements=("tiktok", "pangle"),
                bid_strategy="BID_TYPE_CUSTOM",
                highest_bid=Decimal("1.25"),
                daily_budget=Decimal(20),
            )
        ]
    assert json.loads(heard[1].url.params["placements"]) == ["PLACEMENT_TIKTOK"]


@pytest.mark.parametrize("unnamed", [said({}, 40001, "No permission"), said({}, 40002, "x"), said({})])
def test_a_listing_does_not_fail_for_want_of_names(unnamed: tuple[int, bytes]) -> None:
    with tiktok(page(AD_GROUP), unnamed) as (opened, _):
        [listed] = opened.list_ad_sets(NUMBER)
    assert listed.audience.places == ("6252001", "2950157", "99")
    assert listed.audience.countries == ()


def test_where_nobody_is_narrowed_by_place_no_names_are_asked_for() -> None:
    anywhere = {**AD_GROUP, "location_ids": None, "excluded_location_ids": []}
    with tiktok(page(anywhere)) as (opened, heard):
        [listed] = opened.list_ad_sets(NUMBER)
    assert len(heard) == 1
    assert listed.audience.without == ("456",)


def test_where_tiktok_bids_there_is_no_highest_bid() -> None:
    free = {**AD_GROUP, "bid_type": "BID_TYPE_NO_BID", "location_ids": [], "excluded_location_ids": []}
    with tiktok(page(free)) as (opened, _):
        assert [each.highest_bid for each in opened.list_ad_sets(NUMBER)] == [None]


def test_an_ad_says_what_it_shows() -> None:
    with tiktok(page(AD)) as (opened, _):
        assert list(opened.list_ads(NUMBER)) == [
            ListedAd(
                id="1728545390695442",
                name="First",
                status=Status.RUNNING,
                said="ENABLE",
                campaign_id="1728545382536225",
                ad_set_id="1728545385226289",
                format="SINGLE_VIDEO",
                headline="Shop",
                text="Coats for all",
                leads_to="https://shop.example",
                creative_id="v10033g50000c90q1d3c77ub6e96fvo0",
            )
        ]


@pytest.mark.parametrize(
    ("switch", "second", "status", "word"),
    [
        ("ENABLE", "AD_STATUS_DELIVERY_OK", Status.RUNNING, "ENABLE"),
        ("ENABLE", "AD_STATUS_CAMPAIGN_DISABLE", Status.RUNNING, "ENABLE"),
        ("ENABLE", "AD_STATUS_ADGROUP_AUDIT_DENY", Status.RUNNING, "ENABLE"),
        ("ENABLE", "AD_STATUS_BALANCE_EXCEED", Status.RUNNING, "ENABLE"),
        ("ENABLE", "ADVERTISER_ACCOUNT_PUNISH", Status.RUNNING, "ENABLE"),
        ("ENABLE", "AD_STATUS_AUDIT", Status.IN_REVIEW, "AD_STATUS_AUDIT"),
        ("ENABLE", "AD_STATUS_REAUDIT", Status.IN_REVIEW, "AD_STATUS_REAUDIT"),
        ("ENABLE", "AD_STATUS_AUDIT_DENY", Status.REFUSED, "AD_STATUS_AUDIT_DENY"),
        ("DISABLE", "AD_STATUS_AUDIT_DENY", Status.REFUSED, "AD_STATUS_AUDIT_DENY"),
        ("DISABLE", "AD_STATUS_AUDIT", Status.PAUSED, "DISABLE"),
        ("DISABLE", "AD_STATUS_DISABLE", Status.PAUSED, "DISABLE"),
        ("ENABLE", "AD_STATUS_DONE", Status.ENDED, "AD_STATUS_DONE"),
        ("FROZEN", "AD_STATUS_FROZEN", Status.UNKNOWN, "FROZEN"),
        ("", "", Status.UNKNOWN, ""),
    ],
)
def test_a_status_is_its_own(switch: str, second: str, status: Status, word: str) -> None:
    with tiktok(page({**AD, "operation_status": switch, "secondary_status": second})) as (opened, _):
        [listed] = opened.list_ads(NUMBER)
    assert (listed.status, listed.said) == (status, word)


def test_an_ad_of_smart_plus_may_say_little() -> None:
    little = {"ad_id": 5, "adgroup_id": 6, "campaign_id": 7, "ad_texts": ["One", "Two"], "image_ids": ["i"]}
    with tiktok(page(little)) as (opened, _):
        [listed] = opened.list_ads(NUMBER)
    assert (listed.id, listed.text, listed.creative_id) == ("5", "One\nTwo", "i")


def test_what_was_deleted_is_not_listed() -> None:
    with tiktok(page({**AD, "secondary_status": "AD_STATUS_DELETE"})) as (opened, _):
        assert list(opened.list_ads(NUMBER)) == []


@pytest.mark.parametrize("broken", [{"budget": "much"}, {"operation_status": 5}, {"campaign_id": None}])
def test_what_is_not_of_the_shape_is_told(broken: dict[str, Any]) -> None:
    with tiktok(page({**CAMPAIGN, **broken})) as (opened, _), pytest.raises(errors.UnexpectedAnswer):
        list(opened.list_campaigns(NUMBER))
