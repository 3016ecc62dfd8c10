"""What stands in an account in LinkedIn's own words: groups, campaigns and creatives as its reference documents them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.face import Channel
from connectors.inventory import Audience, ListedAd, ListedAdSet, ListedCampaign, Status
from connectors.linkedin import LinkedIn
from connectors.sandbox.linkedin import CREDENTIALS
from connectors.sandbox.world import accounts_of
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import NOON, Sandbox

Told = dict[str, Any]
Said = tuple[int, bytes]

EURO = accounts_of(Channel.LINKEDIN)[0]
FACET = "urn:li:adTargetingFacet:"
ACCOUNT: Told = {"id": 500600, "name": "Shop", "currency": "EUR", "status": "ACTIVE"}
SCHEDULE = {
    "start": int(datetime(2026, 10, 1, 9, tzinfo=UTC).timestamp() * 1000),
    "end": int(datetime(2026, 12, 25, tzinfo=UTC).timestamp() * 1000),
}
GROUP: Told = {
    "id": 700800,
    "name": "Team wear",
    "account": "urn:li:sponsoredAccount:500600",
    "status": "ACTIVE",
    "servingStatuses": ["RUNNABLE"],
    "runSchedule": SCHEDULE,
}
CAMPAIGN: Told = {
    "id": 300100,
    "name": "HR leads",
    "campaignGroup": "urn:li:sponsoredCampaignGroup:700800",
    "status": "ACTIVE",
    "servingStatuses": ["CAMPAIGN_GROUP_STATUS_HOLD", "CAMPAIGN_AUDIENCE_COUNT_HOLD"],
    "type": "SPONSORED_UPDATES",
    "objectiveType": "WEBSITE_VISIT",
    "format": "SINGLE_VIDEO",
    "costType": "CPM",
    "optimizationTargetType": "NONE",
    "unitCost": {"amount": "8.00", "currencyCode": "EUR"},
    "dailyBudget": {"amount": "50.5", "currencyCode": "EUR"},
    "offsiteDeliveryEnabled": False,
    "targetingCriteria": {
        "include": {
            "and": [
                {
                    "or": {
                        f"{FACET}locations": ["urn:li:geo:101282230", "urn:li:geo:106967730", "urn:li:geo:1"]
                    }
                },
                {"or": {f"{FACET}interfaceLocales": ["urn:li:locale:de_DE", "urn:li:locale:en_US"]}},
                {
                    "or": {
                        f"{FACET}ageRanges": ["urn:li:ageRange:(25,34)", "urn:li:ageRange:(35,54)"],
                        f"{FACET}titles": ["urn:li:title:22"],
                    }
                },
                {"or": {f"{FACET}dynamicSegments": ["urn:li:adSegment:7001"]}},
            ]
        },
        "exclude": {
            "or": {
                f"{FACET}audienceMatchingSegments": ["urn:li:adSegment:7002"],
                f"{FACET}profileLocations": ["urn:li:geo:106693272"],
            }
        },
    },
}
PLACES = [
    {"urn": "urn:li:geo:101282230", "name": "Germany"},
    {"urn": "urn:li:geo:106967730", "name": "Berlin, Germany"},
    {"urn": "urn:li:geo:106693272", "name": "Switzerland"},
]
CREATIVE: Told = {
    "id": "urn:li:sponsoredCreative:119962155",
    "account": "urn:li:sponsoredAccount:500600",
    "name": "Team wear: HR leads, Calm",
    "campaign": "urn:li:sponsoredCampaign:300100",
    "intendedStatus": "ACTIVE",
    "isServing": True,
    "review": {"status": "APPROVED"},
    "content": {"reference": "urn:li:share:6778045555198214144"},
}


def said(body: Any) -> Said:
    return 200, json.dumps(body).encode()


def page(*elements: Told) -> Said:
    return said({"elements": elements, "metadata": {}})


@contextmanager
def linkedin(*answers: Said) -> Iterator[tuple[LinkedIn, list[str]]]:
    """An account with these answers after it was looked up, and the addresses that were asked."""
    with answering(said(ACCOUNT), *answers) as wire:
        asked: list[str] = []
        wire.http.event_hooks = {"request": [lambda request: asked.append(request.url.raw_path.decode())]}
        yield LinkedIn.connect(CREDENTIALS, replace(wire, clock=lambda: NOON)), asked


def campaign(group: Told, *inside: Told) -> ListedCampaign:
    with linkedin(page(*inside), page(group)) as (ads, _):
        [listed] = ads.list_campaigns("500600")
    return listed


def ad_set(told: Told, *places: Told) -> ListedAdSet:
    with linkedin(page(told), said({"elements": places})) as (ads, _):
        [listed] = ads.list_ad_sets("500600")
    return listed


def ad(told: Told) -> ListedAd:
    with linkedin(page(CAMPAIGN), page({**CREATIVE, **told})) as (ads, _):
        [listed] = ads.list_ads("500600")
    return listed


def test_a_group_is_a_campaign_with_what_is_inside():
    assert campaign(GROUP, CAMPAIGN) == ListedCampaign(
        id="700800",
        name="Team wear",
        status=Status.RUNNING,
        said="ACTIVE",
        objective="WEBSITE_VISIT",
        bid_strategy="CPM",
        daily_budget=Decimal("50.5"),
        starts_on=date(2026, 10, 1),
        ends_on=date(2026, 12, 24),
    )


def test_what_several_inside_do_not_have_in_common_is_not_the_groups():
    other = {**CAMPAIGN, "id": 300200, "objectiveType": "LEAD_GENERATION"}
    listed = campaign(GROUP, CAMPAIGN, other)
    assert (listed.objective, listed.bid_strategy, listed.daily_budget) == ("", "CPM", None)
    own = {**GROUP, "dailyBudget": {"amount": "90", "currencyCode": "EUR"}, "objectiveType": "ENGAGEMENT"}
    listed = campaign(own, CAMPAIGN, other)
    assert (listed.objective, listed.daily_budget) == ("ENGAGEMENT", Decimal(90))


def test_an_empty_group_that_says_little():
    assert campaign({"id": "700800", "status": "DRAFT"}) == ListedCampaign(
        id="700800", name="", status=Status.PAUSED, said="DRAFT"
    )


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"status": "ACTIVE"}, Status.RUNNING),
        ({"status": "PAUSED"}, Status.PAUSED),
        ({"status": "DRAFT"}, Status.PAUSED),
        ({"status": "COMPLETED"}, Status.ENDED),
        (
            {"status": "ACTIVE", "runSchedule": {"start": 1, "end": int(NOON.timestamp() * 1000)}},
            Status.ENDED,
        ),
        ({"status": "PAUSED", "runSchedule": {"start": 1, "end": 2}}, Status.PAUSED),
        ({"status": "DAYDREAMING"}, Status.UNKNOWN),
        ({"status": ""}, Status.UNKNOWN),
    ],
)
def test_a_campaign_is_as_it_is_switched(told: Told, status: Status):
    listed = ad_set({**CAMPAIGN, **told})
    assert (listed.status, listed.said) == (status, told["status"])


def test_a_documented_campaign_is_an_ad_set():
    assert ad_set(CAMPAIGN, *PLACES) == ListedAdSet(
        id="300100",
        name="HR leads",
        status=Status.RUNNING,
        said="ACTIVE",
        why="CAMPAIGN_GROUP_STATUS_HOLD, CAMPAIGN_AUDIENCE_COUNT_HOLD",
        campaign_id="700800",
        audience=Audience(
            countries=("DE",),
            places=("Berlin, Germany", "urn:li:geo:1"),
            languages=("de", "en"),
            youngest=25,
            oldest=54,
            lists=("urn:li:adSegment:7001",),
            without=("CH", "urn:li:adSegment:7002"),
        ),
        placements=("linkedin",),
        bid_strategy="CPM",
        highest_bid=Decimal(8),
        daily_budget=Decimal("50.5"),
    )


def test_all_places_of_an_account_are_named_in_one_question():
    other = {**CAMPAIGN, "id": 300200}
    with linkedin(page(CAMPAIGN, other), said({"elements": PLACES})) as (ads, asked):
        assert len(list(ads.list_ad_sets("500600"))) == 2
    assert asked[2:] == [
        "/adTargetingEntities?q=urns&queryVersion=QUERY_USES_URNS&urns=List(urn%3Ali%3Ageo%3A101282230,"
        "urn%3Ali%3Ageo%3A106967730,urn%3Ali%3Ageo%3A1,urn%3Ali%3Ageo%3A106693272)"
        "&locale=(language:en,country:US)"
    ]


def test_a_listing_does_not_fail_for_want_of_names():
    refused = 403, b'{"status": 403, "code": "ACCESS_DENIED", "message": "Not enough permissions"}'
    with linkedin(page(CAMPAIGN), refused) as (ads, _):
        [listed] = ads.list_ad_sets("500600")
    assert listed.audience.countries == ()
    assert listed.audience.places[0] == "urn:li:geo:101282230"


@pytest.mark.parametrize(
    ("told", "strategy", "bid"),
    [
        ({}, "CPM", Decimal(8)),
        ({"optimizationTargetType": None}, "CPM", Decimal(8)),
        ({"optimizationTargetType": "TARGET_COST_PER_CLICK"}, "TARGET_COST_PER_CLICK", Decimal(8)),
        ({"optimizationTargetType": "MAX_CLICK", "unitCost": {"amount": "0", "currencyCode": "EUR"}}, "MAX_CLICK", None),
        ({"costType": None, "unitCost": None}, "", None),
    ],
)  # fmt: skip
def test_a_bid_is_the_advertisers_unless_linkedin_bids(told: Told, strategy: str, bid: Decimal | None):
    listed = ad_set({**CAMPAIGN, **told})
    assert (listed.bid_strategy, listed.highest_bid) == (strategy, bid)


@pytest.mark.parametrize(
    ("told", "placements"),
    [
        ({"offsiteDeliveryEnabled": False}, ("linkedin",)),
        ({"offsiteDeliveryEnabled": True}, ("linkedin", "linkedin_audience_network")),
        ({"offsiteDeliveryEnabled": True, "connectedTelevisionOnly": True}, ("connected_television",)),
        ({"offsiteDeliveryEnabled": None}, ()),
    ],
)
def test_placements_are_linkedin_and_its_network(told: Told, placements: tuple[str, ...]):
    assert ad_set({**CAMPAIGN, **told}).placements == placements


def test_the_oldest_band_has_no_end():
    criteria = {"include": {"and": [{"or": {f"{FACET}ageRanges": ["urn:li:ageRange:(55,2147483647)"]}}]}}
    listed = ad_set({**CAMPAIGN, "targetingCriteria": criteria})
    assert (listed.audience.youngest, listed.audience.oldest) == (55, None)


def test_a_documented_creative_is_an_ad():
    assert ad({}) == ListedAd(
        id="119962155",
        name="Team wear: HR leads, Calm",
        status=Status.RUNNING,
        said="ACTIVE",
        campaign_id="700800",
        ad_set_id="300100",
        format="SINGLE_VIDEO",
        creative_id="urn:li:share:6778045555198214144",
    )


@pytest.mark.parametrize(
    ("content", "headline", "text"),
    [
        ({"textAd": {"headline": "Coats", "description": "Waxed.", "landingPage": "https://shop.example/x", "image": "urn:li:image:1"}}, "Coats", "Waxed."),
        ({"spotlight": {"headline": {"custom": "Coats"}, "description": "Waxed.", "landingPage": "https://shop.example/x"}}, "Coats", "Waxed."),
        ({"spotlight": {"headline": {"preApproved": "H1"}, "landingPage": "https://shop.example/x"}}, "", ""),
    ],
)  # fmt: skip
def test_a_creative_with_words_of_its_own_tells_them(content: Told, headline: str, text: str):
    listed = ad({"content": content})
    assert (listed.headline, listed.text, listed.leads_to) == (headline, text, "https://shop.example/x")
    assert listed.creative_id == ""


@pytest.mark.parametrize(
    ("told", "status", "said", "why"),
    [
        ({"review": {"status": "PENDING"}, "servingHoldReasons": ["UNDER_REVIEW"]}, Status.IN_REVIEW, "PENDING", "UNDER_REVIEW"),
        ({"review": {"status": "NEEDS_REVIEW"}}, Status.IN_REVIEW, "NEEDS_REVIEW", ""),
        ({"review": {"status": "REJECTED", "rejectionReasons": ["ADULT", {"a": 1}]}, "servingHoldReasons": ["REJECTED"]}, Status.REFUSED, "REJECTED", "ADULT, REJECTED"),
        ({"review": {"status": "REJECTED"}, "intendedStatus": "PAUSED"}, Status.REFUSED, "REJECTED", ""),
        ({"review": {"status": "PENDING"}, "intendedStatus": "PAUSED"}, Status.PAUSED, "PAUSED", ""),
        ({"review": None, "intendedStatus": "DRAFT"}, Status.PAUSED, "DRAFT", ""),
        ({"review": None}, Status.RUNNING, "ACTIVE", ""),
        ({"servingHoldReasons": ["CAMPAIGN_STOPPED", "ACCOUNT_SERVING_HOLD"]}, Status.RUNNING, "ACTIVE", "CAMPAIGN_STOPPED, ACCOUNT_SERVING_HOLD"),
        ({"review": {"status": "FROWNED_UPON"}}, Status.UNKNOWN, "FROWNED_UPON", ""),
        ({"intendedStatus": "ASLEEP"}, Status.UNKNOWN, "ASLEEP", ""),
    ],
)  # fmt: skip
def test_a_creative_is_as_it_is_switched_and_reviewed(told: Told, status: Status, said: str, why: str):
    listed = ad(told)
    assert (listed.status, listed.said, listed.why) == (status, said, why)


def test_only_what_lives_is_asked_for():
    with linkedin(page(CAMPAIGN), page(CREATIVE)) as (ads, asked):
        assert len(list(ads.list_ads("500600"))) == 1
    assert asked == [
        "/adAccounts/500600",
        "/adAccounts/500600/adCampaigns?q=search&search=(status:(values:List(ACTIVE,PAUSED,DRAFT,COMPLETED)))"
        "&pageSize=500",
        "/adAccounts/500600/creatives?q=criteria&intendedStatuses=List(ACTIVE,PAUSED,DRAFT)&pageSize=100",
    ]


@pytest.mark.parametrize("gone", ["ARCHIVED", "CANCELED", "REMOVED", "PENDING_DELETION"])
def test_what_is_gone_is_left_out_even_if_linkedin_lists_it(gone: str):
    with linkedin(page({**CAMPAIGN, "status": gone}), page({**GROUP, "status": gone})) as (ads, _):
        assert list(ads.list_campaigns("500600")) == []
    with linkedin(page({**CAMPAIGN, "status": gone}), page(CREATIVE)) as (ads, _):
        assert list(ads.list_ads("500600")) == []
    with linkedin(page(CAMPAIGN), page({**CREATIVE, "intendedStatus": gone})) as (ads, _):
        assert list(ads.list_ads("500600")) == []


@pytest.mark.parametrize(
    "told",
    [
        {"id": "x"},
        {"campaignGroup": "urn:li:sponsoredAccount:1"},
        {"campaignGroup": "urn:li:sponsoredCampaignGroup:../1"},
        {"dailyBudget": {"amount": "a lot"}},
        {"dailyBudget": {"amount": "1e30"}},
        {"dailyBudget": {"amount": "NaN"}},
        {"targetingCriteria": {"include": {"and": {}}}},
        {"name": ["HR"]},
    ],
)
def test_a_campaign_of_another_shape_is_unexpected(told: Told):
    with pytest.raises(errors.UnexpectedAnswer):
        ad_set({**CAMPAIGN, **told})


def test_a_day_beyond_all_calendars_is_unexpected():
    with pytest.raises(errors.UnexpectedAnswer):
        campaign({**GROUP, "runSchedule": {"start": 2**62, "end": 2**63 - 1}})


def test_the_stand_in_lists_what_is_gone_to_whoever_asks_for_it(sandbox: Sandbox):
    def statuses(edge: str, field: str, query: str) -> set[str]:
        request = httpx.Request(
            "GET",
            f"{sandbox.address}/linkedin/adAccounts/{EURO.id}/{edge}?{query}",
            headers={
                "authorization": f"Bearer {CREDENTIALS['access_token']}",
                "linkedin-version": "202607",
                "x-restli-protocol-version": "2.0.0",
                "x-restli-method": "FINDER",
            },
        )
        answer = sandbox.http.send(request).raise_for_status()
        return {each[field] for each in answer.json()["elements"]}

    search = "q=search&search=(status:(values:List(ARCHIVED)))&pageSize=100"
    assert statuses("adCampaignGroups", "status", search) == {"ARCHIVED"}
    assert statuses("adCampaigns", "status", search) == {"ARCHIVED"}
    only = "q=criteria&intendedStatuses=List(ARCHIVED)&pageSize=100"
    assert statuses("creatives", "intendedStatus", only) == {"ARCHIVED"}
