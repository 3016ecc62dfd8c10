"""What stands in an account in Google's own words: documented rows, statuses, criteria, and rows that say too little."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.face import Channel
from connectors.google_ads import GoogleAds
from connectors.inventory import Audience, Listed, ListedAd, ListedAdSet, ListedCampaign, Status
from connectors.sandbox.google_ads import CREDENTIALS
from connectors.sandbox.world import accounts_of
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

MINE = "7776665555"
EURO = accounts_of(Channel.GOOGLE_ADS)[0]
Told = dict[str, Any]
Said = tuple[int, bytes]

CAMPAIGN: Told = {
    "resourceName": f"customers/{MINE}/campaigns/9001",
    "id": "9001",
    "name": "Autumn",
    "status": "ENABLED",
    "primaryStatus": "LIMITED",
    "primaryStatusReasons": ["BUDGET_CONSTRAINED", "HAS_ADS_DISAPPROVED"],
    "advertisingChannelType": "SEARCH",
    "biddingStrategyType": "TARGET_SPEND",
    "startDateTime": "2026-10-01 00:00:00",
    "endDateTime": "2026-12-24 23:59:59",
}
BUDGET: Told = {
    "resourceName": f"customers/{MINE}/campaignBudgets/801",
    "amountMicros": "25500000",
    "explicitlyShared": False,
}
AD_GROUP: Told = {
    "resourceName": f"customers/{MINE}/adGroups/77",
    "id": "77",
    "name": "Coats",
    "status": "ENABLED",
    "cpcBidMicros": "1440000",
    "cpmBidMicros": "9000000",
}
AD: Told = {
    "resourceName": f"customers/{MINE}/ads/555",
    "id": "555",
    "type": "RESPONSIVE_SEARCH_AD",
    "finalUrls": ["https://shop.example/coats", "https://shop.example/other"],
    "responsiveSearchAd": {
        "headlines": [{"text": "Coats", "pinnedField": "HEADLINE_1"}, {"text": "Made to last"}],
        "descriptions": [{"text": "Waxed cotton."}, {"text": "Mended for free."}],
    },
}


def found(*results: Told) -> Said:
    return page(*results)


def page(*results: Told, following: str = "") -> Said:
    told = {"results": results} if results else {}
    token = {"nextPageToken": following} if following else {}
    return 200, json.dumps({**told, **token, "fieldMask": "campaign.id", "requestId": "r"}).encode()


@contextmanager
def google(*answers: Said) -> Iterator[tuple[GoogleAds, list[str]]]:
    with answering(*answers) as wire:
        queries: list[str] = []

        def hear(request: httpx.Request) -> None:
            queries.append(json.loads(request.content)["query"])

        wire.http.event_hooks = {"request": [hear]}
        yield GoogleAds.connect(CREDENTIALS, wire), queries


def campaign(told: Told, budget: Told | None = BUDGET) -> ListedCampaign:
    row = {"campaign": told, **({"campaignBudget": budget} if budget is not None else {})}
    with google(found(row)) as (ads, _):
        [listed] = ads.list_campaigns(MINE)
    return listed


def test_a_documented_campaign():
    assert campaign(CAMPAIGN) == ListedCampaign(
        id="9001",
        name="Autumn",
        status=Status.RUNNING,
        said="LIMITED",
        why="BUDGET_CONSTRAINED, HAS_ADS_DISAPPROVED",
        objective="SEARCH",
        bid_strategy="TARGET_SPEND",
        daily_budget=Decimal("25.50"),
        starts_on=date(2026, 10, 1),
        ends_on=date(2026, 12, 24),
    )


def test_dates_are_asked_for_as_versions_from_23_on_name_them():
    with google(found()) as (ads, queries):
        assert list(ads.list_campaigns("777-666-5555")) == []
    [query] = queries
    assert "campaign.start_date_time, campaign.end_date_time," in query
    assert query.endswith("WHERE campaign.status != 'REMOVED' ORDER BY campaign.id")


@pytest.mark.parametrize(
    ("told", "status", "said", "why"),
    [
        ({"status": "PAUSED", "primaryStatus": "PAUSED", "primaryStatusReasons": ["CAMPAIGN_PAUSED"]}, Status.PAUSED, "PAUSED", ""),
        ({"status": "PAUSED", "primaryStatus": "ENDED"}, Status.PAUSED, "PAUSED", ""),
        ({"status": "ENABLED", "primaryStatus": "ENDED"}, Status.ENDED, "ENDED", ""),
        ({"status": "ENABLED", "primaryStatus": "ELIGIBLE"}, Status.RUNNING, "ELIGIBLE", ""),
        ({"status": "ENABLED", "primaryStatus": "DREAMING", "primaryStatusReasons": ["NIGHT"]}, Status.RUNNING, "DREAMING", "NIGHT"),
        ({"status": "ENABLED"}, Status.RUNNING, "ENABLED", ""),
        ({"status": "HIBERNATING"}, Status.UNKNOWN, "HIBERNATING", ""),
        ({}, Status.UNKNOWN, "", ""),
    ],
)  # fmt: skip
def test_a_campaign_is_as_it_is_switched(told: Told, status: Status, said: str, why: str):
    listed = campaign({"id": "9001", **told}, budget=None)
    assert (listed.status, listed.said, listed.why) == (status, said, why)
    assert (listed.name, listed.daily_budget, listed.starts_on, listed.ends_on) == ("", None, None, None)


@pytest.mark.parametrize("budget", [{**BUDGET, "explicitlyShared": True}, {"explicitlyShared": False}, {}])
def test_a_budget_that_is_not_its_own_a_day_is_none(budget: Told):
    assert campaign(CAMPAIGN, budget).daily_budget is None


def ad_set(*, above: Told, own: Told, of_campaign: list[Told], of_group: list[Told]) -> ListedAdSet:
    """What is listed of one ad group with these criteria, none of them a place or a language."""
    row = {"campaign": {**CAMPAIGN, **above}, "adGroup": {**AD_GROUP, **own}}
    answers = [
        found(row),
        found(*({"campaign": {"id": "9001"}, "campaignCriterion": each} for each in of_campaign)),
        found(*({"adGroup": {"id": "77"}, "adGroupCriterion": each} for each in of_group)),
    ]
    with google(*answers) as (ads, queries):
        [listed] = ads.list_ad_sets(MINE)
    assert len(queries) == len(answers)
    return listed


@pytest.mark.parametrize(
    ("strategy", "bid"),
    [
        ("MANUAL_CPC", Decimal("1.44")),
        ("ENHANCED_CPC", Decimal("1.44")),
        ("MANUAL_CPM", Decimal(9)),
        ("TARGET_SPEND", Decimal("0.8")),
        ("MAXIMIZE_CONVERSIONS", None),
        ("SOMETHING_NEW", None),
    ],
)
def test_a_bid_is_told_where_it_means_something(strategy: str, bid: Decimal | None):
    above = {"biddingStrategyType": strategy, "targetSpend": {"cpcBidCeilingMicros": "800000"}}
    listed = ad_set(above=above, own={}, of_campaign=[], of_group=[])
    assert (listed.bid_strategy, listed.highest_bid) == (strategy, bid)
    assert (listed.id, listed.name, listed.campaign_id) == ("77", "Coats", "9001")
    assert (listed.status, listed.said, listed.daily_budget) == (Status.RUNNING, "ENABLED", None)
    assert (listed.audience, listed.placements) == (Audience(), ())


def test_places_of_the_campaign_and_lists_of_the_ad_group_are_one_audience():
    berlin, germany, france = (f"geoTargetConstants/{number}" for number in (1003854, 2276, 2250))
    of_campaign = [
        {"criterionId": "2276", "type": "LOCATION", "displayName": "Germany", "location": {"geoTargetConstant": germany}},
        {"criterionId": "1003854", "type": "LOCATION", "location": {"geoTargetConstant": berlin}},
        {"criterionId": "9", "type": "LOCATION", "displayName": "Atlantis", "location": {"geoTargetConstant": "geoTargetConstants/9"}},
        {"criterionId": "8", "type": "PROXIMITY", "displayName": "20 km around Husum"},
        {"criterionId": "2250", "type": "LOCATION", "negative": True, "location": {"geoTargetConstant": france}},
        {"criterionId": "1001", "type": "LANGUAGE", "language": {"languageConstant": "languageConstants/1001"}},
    ]  # fmt: skip
    of_group = [
        {"criterionId": "11", "type": "USER_LIST", "negative": False, "displayName": "Newsletter readers"},
        {"criterionId": "12", "type": "USER_LIST", "negative": True, "displayName": "Past buyers"},
        {"criterionId": "13", "type": "USER_INTEREST"},
    ]
    places = [
        {"resourceName": germany, "countryCode": "DE", "targetType": "Country", "canonicalName": "Germany"},
        {"resourceName": berlin, "countryCode": "DE", "targetType": "City", "canonicalName": "Berlin,Berlin,Germany"},
        {"resourceName": france, "countryCode": "FR", "targetType": "Country", "canonicalName": "France"},
    ]  # fmt: skip
    language = {"resourceName": "languageConstants/1001", "code": "de"}
    answers = (
        found({"campaign": CAMPAIGN, "adGroup": AD_GROUP}),
        found(*({"campaign": {"id": "9001"}, "campaignCriterion": each} for each in of_campaign)),
        found(*({"adGroup": {"id": "77"}, "adGroupCriterion": each} for each in of_group)),
        found(*({"geoTargetConstant": each} for each in places)),
        found({"languageConstant": language}),
    )
    with google(*answers) as (ads, queries):
        [listed] = ads.list_ad_sets(MINE)
    assert listed.audience == Audience(
        countries=("DE",),
        places=("Berlin,Berlin,Germany", "Atlantis", "20 km around Husum"),
        languages=("de",),
        lists=("Newsletter readers", "13"),
        without=("FR", "Past buyers"),
    )
    assert f"IN ('{berlin}', '{france}', '{germany}', 'geoTargetConstants/9')" in queries[3]
    assert "IN ('languageConstants/1001')" in queries[4]


@pytest.mark.parametrize(
    ("above", "own", "lists"),
    [
        ([], [], ("Of campaign", "Of group")),
        ([{"targetingDimension": "AUDIENCE", "bidOnly": True}], [], ("Of group",)),
        ([], [{"targetingDimension": "AUDIENCE", "bidOnly": True}], ("Of campaign",)),
        ([{"targetingDimension": "AGE_RANGE", "bidOnly": True}], [{"targetingDimension": "AUDIENCE", "bidOnly": False}], ("Of campaign", "Of group")),
    ],
)  # fmt: skip
def test_lists_that_are_only_watched_narrow_nothing(
    above: list[Told], own: list[Told], lists: tuple[str, ...]
):
    """What is excluded is excluded all the same."""
    listed = ad_set(
        above={"targetingSetting": {"targetRestrictions": above}},
        own={"targetingSetting": {"targetRestrictions": own}},
        of_campaign=[
            {"criterionId": "1", "type": "USER_LIST", "displayName": "Of campaign"},
            {"criterionId": "2", "type": "USER_LIST", "displayName": "Buyers", "negative": True},
        ],
        of_group=[{"criterionId": "3", "type": "AUDIENCE", "displayName": "Of group"}],
    )
    assert (listed.audience.lists, listed.audience.without) == (lists, ("Buyers",))


@pytest.mark.parametrize(
    ("wanted", "excluded", "ages"),
    [
        (["25_34", "35_44"], [], (25, 44)),
        (["55_64", "65_UP"], [], (55, None)),
        ([], ["18_24"], (25, None)),
        ([], ["65_UP"], (18, 64)),
        (["25_34", "35_44"], ["25_34"], (35, 44)),
        (["18_24", "25_34", "35_44", "45_54", "55_64", "65_UP", "UNDETERMINED"], [], (None, None)),
        (["UNDETERMINED"], [], (None, None)),
        ([], [], (None, None)),
    ],
)
def test_ages_are_those_of_the_bands_that_are_left(
    wanted: list[str], excluded: list[str], ages: tuple[int | None, int | None]
):
    of_group = [
        {"criterionId": band, "type": "AGE_RANGE", "negative": negative, "ageRange": {"type": f"AGE_RANGE_{band}"}}
        for bands, negative in ((wanted, False), (excluded, True))
        for band in bands
    ]  # fmt: skip
    listed = ad_set(above={}, own={}, of_campaign=[], of_group=of_group)
    assert (listed.audience.youngest, listed.audience.oldest) == ages


def test_networks_are_placements():
    networks = {
        "targetGoogleSearch": True,
        "targetSearchNetwork": True,
        "targetContentNetwork": False,
        "targetPartnerSearchNetwork": True,
    }
    listed = ad_set(above={"networkSettings": networks}, own={}, of_campaign=[], of_group=[])
    assert listed.placements == ("google_search", "search_network", "partner_search_network")


def test_many_places_are_asked_for_in_parts():
    of_campaign = [
        {"criterionId": str(number), "type": "LOCATION", "location": {"geoTargetConstant": f"geoTargetConstants/{number}"}}
        for number in range(1001)
    ]  # fmt: skip
    answers = [
        found({"campaign": CAMPAIGN, "adGroup": AD_GROUP}),
        found(*({"campaign": {"id": "9001"}, "campaignCriterion": each} for each in of_campaign)),
        found(),
    ]
    with google(*answers) as (ads, queries):
        [each] = ads.list_ad_sets(MINE)
    assert [query.count("geoTargetConstants/") for query in queries[3:]] == [1000, 1]
    assert len(each.audience.places) == 200


def ad(shown: Told, **more: Any) -> ListedAd:
    row = {
        "campaign": {"id": "9001"},
        "adGroup": {"id": "77"},
        "adGroupAd": {"ad": {"id": "555", **shown}, **more},
    }
    with google(found(row)) as (ads, _):
        [listed] = ads.list_ads(MINE)
    return listed


def test_a_documented_ad():
    policy = {"approvalStatus": "APPROVED_LIMITED", "reviewStatus": "REVIEWED", "policyTopicEntries": [{"topic": "ALCOHOL", "type": "LIMITED"}]}  # fmt: skip
    assert ad(AD, status="ENABLED", policySummary=policy) == ListedAd(
        id="555",
        name="",
        status=Status.RUNNING,
        said="ENABLED",
        why="ALCOHOL",
        campaign_id="9001",
        ad_set_id="77",
        format="RESPONSIVE_SEARCH_AD",
        headline="Coats | Made to last",
        text="Waxed cotton.\nMended for free.",
        leads_to="https://shop.example/coats",
    )


def test_a_display_ad_shows_an_asset():
    shown = {
        "name": "Coats, wide",
        "type": "RESPONSIVE_DISPLAY_AD",
        "responsiveDisplayAd": {
            "headlines": [{"text": "Coats"}],
            "descriptions": [{"text": "Waxed."}],
            "marketingImages": [{"asset": f"customers/{MINE}/assets/4711"}],
        },
    }
    listed = ad(shown, status="PAUSED")
    assert (listed.name, listed.headline, listed.text) == ("Coats, wide", "Coats", "Waxed.")
    assert (listed.creative_id, listed.leads_to, listed.status) == ("4711", "", Status.PAUSED)


@pytest.mark.parametrize(
    ("own", "approval", "review", "status", "said"),
    [
        ("ENABLED", "APPROVED", "REVIEWED", Status.RUNNING, "ENABLED"),
        ("ENABLED", "UNKNOWN", "REVIEW_IN_PROGRESS", Status.IN_REVIEW, "REVIEW_IN_PROGRESS"),
        ("ENABLED", "APPROVED", "ELIGIBLE_MAY_SERVE", Status.RUNNING, "ENABLED"),
        ("ENABLED", "AREA_OF_INTEREST_ONLY", "REVIEWED", Status.RUNNING, "ENABLED"),
        ("ENABLED", "DISAPPROVED", "REVIEWED", Status.REFUSED, "DISAPPROVED"),
        ("ENABLED", "DISAPPROVED", "UNDER_APPEAL", Status.REFUSED, "DISAPPROVED"),
        ("PAUSED", "DISAPPROVED", "REVIEWED", Status.REFUSED, "DISAPPROVED"),
        ("PAUSED", "UNKNOWN", "REVIEW_IN_PROGRESS", Status.PAUSED, "PAUSED"),
        ("ENABLED", "FROWNED_UPON", "REVIEWED", Status.UNKNOWN, "FROWNED_UPON"),
        ("ASLEEP", "APPROVED", "REVIEWED", Status.UNKNOWN, "ASLEEP"),
        ("ENABLED", "", "", Status.RUNNING, "ENABLED"),
    ],
)
def test_an_ad_is_as_it_is_switched_and_reviewed(
    own: str, approval: str, review: str, status: Status, said: str
):
    listed = ad({}, status=own, policySummary={"approvalStatus": approval, "reviewStatus": review})
    assert (listed.status, listed.said) == (status, said)


def listing(ads: GoogleAds) -> list[Listed]:
    return [*ads.list_campaigns(MINE), *ads.list_ad_sets(MINE), *ads.list_ads(MINE)]


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"campaign": {}},
        {"campaign": {**CAMPAIGN, "id": "9001/../1"}},
        {"campaign": {**CAMPAIGN, "name": ["Autumn"]}},
        {"campaign": {**CAMPAIGN, "endDateTime": "Christmas"}},
        {"campaign": CAMPAIGN, "campaignBudget": {"amountMicros": "-1"}},
        {"campaign": CAMPAIGN, "campaignBudget": {"amountMicros": "99999999999999999999"}},
        {"campaign": CAMPAIGN, "campaignBudget": {"amountMicros": "1.5 or so"}},
    ],
)
def test_a_row_of_another_shape_is_unexpected(row: Told):
    with google(found(row)) as (ads, _), pytest.raises(errors.UnexpectedAnswer):
        list(ads.list_campaigns(MINE))


def test_pages_are_asked_for_by_their_tokens():
    rows = [{"campaign": {**CAMPAIGN, "id": str(number)}} for number in range(3)]
    answers = page(rows[0], rows[1], following="CAoQ"), page(following="CBoQ"), page(rows[2])
    with answering(*answers) as wire:
        bodies: list[Told] = []
        wire.http.event_hooks = {"request": [lambda request: bodies.append(json.loads(request.content))]}
        ads = GoogleAds.connect(CREDENTIALS, wire)
        assert [each.id for each in ads.list_campaigns(MINE)] == ["0", "1", "2"]
    assert [body.get("pageToken") for body in bodies] == [None, "CAoQ", "CBoQ"]
    assert len({body["query"] for body in bodies}) == 1
    assert all(body.keys() <= {"query", "pageToken"} for body in bodies)


def test_pages_without_an_end_are_not_followed():
    row = {"campaign": CAMPAIGN}
    with google(page(row, following="CAoQ")) as (ads, queries), pytest.raises(errors.UnexpectedAnswer):
        list(ads.list_campaigns(MINE))
    assert len(queries) == 2


def test_a_page_that_fails_is_no_short_list():
    failed = 500, b'{"error": {"code": 500, "message": "Internal error.", "status": "INTERNAL"}}'
    with google(page({"campaign": CAMPAIGN}, following="CAoQ"), failed) as (ads, _):
        listed = ads.list_campaigns(MINE)
        assert next(listed).id == "9001"
        with pytest.raises(errors.Transient):
            next(listed)


def test_an_empty_account_is_asked_for_no_criteria():
    with google(found()) as (ads, queries):
        assert listing(ads) == []
    assert len(queries) == 3


def asked(sandbox: Sandbox, method: str, **told: object) -> httpx.Response:
    """By somebody else, at the stand-in's own door."""
    return sandbox.http.post(
        f"{sandbox.address}/google_ads/v25/customers/{EURO.id}/googleAds:{method}",
        json=told,
        headers={
            "authorization": f"Bearer {CREDENTIALS['access_token']}",
            "developer-token": CREDENTIALS["developer_token"],
        },
    )


@pytest.mark.parametrize("more", [{"pageToken": "made-up"}, {"pageToken": "after-x"}, {"pageSize": 100}])
def test_the_stand_in_knows_its_own_pages_alone(sandbox: Sandbox, more: Told):
    assert asked(sandbox, "search", query="SELECT campaign.id FROM campaign", **more).status_code == 400


@pytest.mark.parametrize(
    ("resource", "field"), [("campaign", "campaign"), ("ad_group", "adGroup"), ("ad_group_ad", "adGroupAd")]
)
def test_the_stand_in_lists_what_was_removed_to_whoever_asks_for_it(
    sandbox: Sandbox, resource: str, field: str
):
    query = f"SELECT {resource}.status FROM {resource} WHERE {resource}.status = 'REMOVED'"
    chunks = asked(sandbox, "searchStream", query=query).raise_for_status().json()
    rows = [row for chunk in chunks for row in chunk.get("results", [])]
    assert {row[field]["status"] for row in rows} == {"REMOVED"}
