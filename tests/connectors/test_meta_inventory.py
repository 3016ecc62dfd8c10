"""What stands in an account in Meta's own words: documented nodes, statuses above and below, targeting, and its coins."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.face import Channel
from connectors.inventory import Audience, ListedAd, ListedAdSet, ListedCampaign, ListsAds, Status
from connectors.meta import Meta
from connectors.sandbox.meta import CREDENTIALS
from connectors.sandbox.meta_graph import VERSION
from connectors.sandbox.world import accounts_of
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import NOON, Sandbox

Told = dict[str, Any]
Said = tuple[int, bytes]

EURO = accounts_of(Channel.META)[0]
ACCOUNT: Told = {"account_id": "555", "currency": "EUR", "timezone_name": "Europe/Berlin", "id": "act_555"}
CAMPAIGN: Told = {
    "id": "23850000000010",
    "name": "Autumn",
    "status": "ACTIVE",
    "effective_status": "ACTIVE",
    "objective": "OUTCOME_SALES",
    "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
    "daily_budget": "2550",
    "start_time": "2026-10-01T00:00:00+0200",
    "stop_time": "2026-12-24T23:59:59+0100",
}
AD_SET: Told = {
    "id": "23850000000110",
    "name": "Broad",
    "status": "ACTIVE",
    "effective_status": "CAMPAIGN_PAUSED",
    "campaign_id": "23850000000010",
    "daily_budget": "1000",
    "bid_strategy": "LOWEST_COST_WITH_BID_CAP",
    "bid_amount": 150,
    "targeting": {
        "age_min": 25,
        "age_max": 54,
        "genders": [2],
        "geo_locations": {
            "countries": ["DE"],
            "regions": [{"key": "3847", "name": "Kärnten", "country": "AT"}],
            "cities": [{"key": "622168", "name": "Berlin", "country": "DE", "radius": 25, "distance_unit": "kilometer"}],
            "zips": [{"key": "DE:10115"}],
            "custom_locations": [
                {"latitude": 54.47, "longitude": 9.05, "radius": 20},
                {"address_string": "Husum, harbour", "latitude": 54.4, "longitude": 9.1},
            ],
            "location_types": ["home", "recent"],
        },
        "excluded_geo_locations": {"countries": ["CH"]},
        "locales": [5, 24, 999],
        "custom_audiences": [{"id": "7001", "name": "Newsletter readers"}, {"id": "7003"}],
        "excluded_custom_audiences": [{"id": "7002", "name": "Past buyers"}],
        "flexible_spec": [{"interests": [{"id": "6003", "name": "Knitting"}]}],
        "publisher_platforms": ["facebook", "instagram", "audience_network"],
        "facebook_positions": ["feed", "story"],
        "instagram_positions": ["stream"],
        "device_platforms": ["mobile"],
    },
}  # fmt: skip
AD: Told = {
    "id": "23850000000111",
    "name": "Autumn: Broad, Calm",
    "status": "ACTIVE",
    "effective_status": "ACTIVE",
    "campaign_id": "23850000000010",
    "adset_id": "23850000000110",
}
LOCALES: Told = {"data": [{"key": "5", "name": "German"}, {"key": 24, "name": "English (UK)"}]}


def said(body: Any) -> Said:
    return 200, json.dumps(body).encode()


def page(*rows: Told, following: str = "") -> Said:
    paging: Told = {"cursors": {"before": "MA", "after": following or "MQ"}}
    if following:
        paging["next"] = "https://graph.facebook.com/next"
    return said({"data": rows, "paging": paging})


@contextmanager
def meta(*answers: Said) -> Iterator[tuple[Meta, list[httpx.Request]]]:
    with answering(*answers) as wire:
        asked: list[httpx.Request] = []
        wire.http.event_hooks = {"request": [asked.append]}
        yield Meta.connect({"access_token": "t"}, replace(wire, clock=lambda: NOON)), asked


def campaign(told: Told, account: Told = ACCOUNT) -> ListedCampaign:
    with meta(said(account), page(told)) as (ads, _):
        [listed] = ads.list_campaigns("555")
    return listed


def ad_set(told: Told, locales: Told = LOCALES) -> ListedAdSet:
    with meta(said(ACCOUNT), page(told), said(locales)) as (ads, _):
        [listed] = ads.list_ad_sets("555")
    return listed


def ad(told: Told) -> ListedAd:
    with meta(page({**AD, **told})) as (ads, _):
        [listed] = ads.list_ads("555")
    return listed


def test_a_documented_campaign():
    assert campaign(CAMPAIGN) == ListedCampaign(
        id="23850000000010",
        name="Autumn",
        status=Status.RUNNING,
        said="ACTIVE",
        objective="OUTCOME_SALES",
        bid_strategy="LOWEST_COST_WITHOUT_CAP",
        daily_budget=Decimal("25.50"),
        starts_on=date(2026, 10, 1),
        ends_on=date(2026, 12, 24),
    )


@pytest.mark.parametrize(
    ("currency", "coins", "budget"),
    [
        ("JPY", "4000", Decimal(4000)),
        ("HUF", "4000", Decimal(4000)),
        ("EUR", 4000, Decimal(40)),
        ("EUR", "0", None),
        ("EUR", None, None),
    ],
)
def test_budgets_are_in_metas_own_coins(currency: str, coins: str | int | None, budget: Decimal | None):
    """HUF has cents in ISO 4217, and none at Meta."""
    told = {name: value for name, value in {**CAMPAIGN, "daily_budget": coins}.items() if value is not None}
    assert campaign(told, {**ACCOUNT, "currency": currency}).daily_budget == budget


def test_a_sum_in_a_currency_that_nobody_knows_is_not_guessed():
    with pytest.raises(errors.UnexpectedAnswer, match="XTS"):
        campaign(CAMPAIGN, {**ACCOUNT, "currency": "XTS"})


@pytest.mark.parametrize(
    ("told", "status", "said"),
    [
        ({"status": "ACTIVE", "effective_status": "ACTIVE"}, Status.RUNNING, "ACTIVE"),
        ({"status": "PAUSED", "effective_status": "PAUSED"}, Status.PAUSED, "PAUSED"),
        ({"status": "ACTIVE", "effective_status": "CAMPAIGN_PAUSED"}, Status.RUNNING, "CAMPAIGN_PAUSED"),
        ({"status": "PAUSED", "effective_status": "ADSET_PAUSED"}, Status.PAUSED, "ADSET_PAUSED"),
        ({"status": "ACTIVE", "effective_status": "PENDING_REVIEW"}, Status.IN_REVIEW, "PENDING_REVIEW"),
        ({"status": "ACTIVE", "effective_status": "IN_PROCESS"}, Status.IN_REVIEW, "IN_PROCESS"),
        ({"status": "PAUSED", "effective_status": "PENDING_REVIEW"}, Status.PAUSED, "PENDING_REVIEW"),
        ({"status": "ACTIVE", "effective_status": "DISAPPROVED"}, Status.REFUSED, "DISAPPROVED"),
        ({"status": "PAUSED", "effective_status": "DISAPPROVED"}, Status.REFUSED, "DISAPPROVED"),
        ({"status": "ACTIVE", "effective_status": "WITH_ISSUES"}, Status.RUNNING, "WITH_ISSUES"),
        ({"status": "ACTIVE", "effective_status": "DAYDREAMING"}, Status.UNKNOWN, "DAYDREAMING"),
        ({"status": "ASLEEP", "effective_status": "ASLEEP"}, Status.UNKNOWN, "ASLEEP"),
        ({"status": "ACTIVE", "effective_status": ""}, Status.RUNNING, "ACTIVE"),
    ],
)
def test_a_status_is_its_own_whatever_is_above_it(told: Told, status: Status, said: str):
    listed = ad(told)
    assert (listed.status, listed.said) == (status, said)


@pytest.mark.parametrize(
    ("stop", "status", "last"),
    [
        ("2026-10-15T13:59:59+0200", Status.ENDED, date(2026, 10, 15)),
        ("2026-10-15T14:00:01+0200", Status.RUNNING, date(2026, 10, 15)),
        ("2026-12-25T00:00:00+0100", Status.RUNNING, date(2026, 12, 24)),
        ("1969-12-31T16:00:00-0800", Status.RUNNING, None),
        ("", Status.RUNNING, None),
    ],
)
def test_what_has_come_to_its_end_has_ended(stop: str, status: Status, last: date | None):
    """At noon in UTC it is two in Berlin; Meta leaves it on."""
    listed = campaign({**CAMPAIGN, "stop_time": stop})
    assert (listed.status, listed.ends_on) == (status, last)
    assert campaign({**CAMPAIGN, "status": "PAUSED", "stop_time": stop}).status is Status.PAUSED


def test_a_documented_ad_set():
    assert ad_set(AD_SET) == ListedAdSet(
        id="23850000000110",
        name="Broad",
        status=Status.RUNNING,
        said="CAMPAIGN_PAUSED",
        campaign_id="23850000000010",
        audience=Audience(
            countries=("DE",),
            places=("Kärnten, AT", "Berlin, DE", "DE:10115", "54.47, 9.05", "Husum, harbour"),
            languages=("de", "en", "999"),
            youngest=25,
            oldest=54,
            lists=("Newsletter readers", "7003"),
            without=("Past buyers", "CH"),
        ),
        placements=("facebook feed", "facebook story", "instagram stream", "audience_network"),
        bid_strategy="LOWEST_COST_WITH_BID_CAP",
        highest_bid=Decimal("1.5"),
        daily_budget=Decimal(10),
    )


def test_an_ad_set_that_says_little_narrows_nothing():
    told = {
        "id": "1",
        "campaign_id": "2",
        "status": "ACTIVE",
        "campaign": {"bid_strategy": "COST_CAP", "id": "2"},
    }
    assert ad_set(told) == ListedAdSet(
        id="1", name="", status=Status.RUNNING, said="ACTIVE", campaign_id="2", bid_strategy="COST_CAP"
    )


def test_sixty_five_is_everybody_who_is_older():
    listed = ad_set({**AD_SET, "targeting": {"age_min": 18, "age_max": 65}})
    assert (listed.audience.youngest, listed.audience.oldest) == (18, None)


def test_a_listing_does_not_fail_for_want_of_languages():
    refused = 400, json.dumps({"error": {"message": "(#100) q is required", "code": 100}}).encode()
    with meta(said(ACCOUNT), page(AD_SET), refused) as (ads, asked):
        [listed] = ads.list_ad_sets("555")
    assert listed.audience.languages == ("5", "24", "999")
    assert asked[-1].url.path == "/v0/search"


def test_languages_are_asked_for_once_and_only_where_there_are_any():
    plain = {**AD_SET, "targeting": {}}
    answers = (
        said(ACCOUNT),
        page(plain, following="A"),
        page(AD_SET, following="B"),
        said({"data": []}),
        page(AD_SET),
    )
    with meta(*answers) as (ads, asked):
        assert len(list(ads.list_ad_sets("555"))) == 3
    assert [request.url.path.rpartition("/")[2] for request in asked] == [
        "act_555", "adsets", "adsets", "search", "adsets",
    ]  # fmt: skip


LINK = {"message": "Waxed cotton.", "name": "Coats", "link": "https://shop.example/coats"}
VIDEO = {
    "message": "See it move.",
    "title": "Coats, moving",
    "call_to_action": {"type": "SHOP_NOW", "value": {"link": "https://shop.example/film"}},
}
FEED = {
    "titles": [{"text": "Coats"}, {"text": "Boots"}],
    "bodies": [{"text": "Waxed."}, {"text": "Resoled."}],
    "link_urls": [{"website_url": "https://shop.example/feed"}],
}


@pytest.mark.parametrize(
    ("creative", "headline", "text", "leads_to"),
    [
        ({"title": "T", "body": "B", "link_url": "https://shop.example/t"}, "T", "B", "https://shop.example/t"),
        ({"object_story_spec": {"page_id": "1", "link_data": LINK}}, "Coats", "Waxed cotton.", "https://shop.example/coats"),
        ({"object_story_spec": {"page_id": "1", "video_data": VIDEO}}, "Coats, moving", "See it move.", "https://shop.example/film"),
        ({"asset_feed_spec": FEED}, "Coats | Boots", "Waxed.\nResoled.", "https://shop.example/feed"),
        ({}, "", "", ""),
    ],
)  # fmt: skip
def test_an_ad_says_what_it_shows_wherever_meta_keeps_it(
    creative: Told, headline: str, text: str, leads_to: str
):
    listed = ad({"creative": {"id": "9001", "object_type": "SHARE", **creative}})
    assert (listed.headline, listed.text, listed.leads_to) == (headline, text, leads_to)
    assert (listed.creative_id, listed.format) == ("9001", "SHARE")
    assert (listed.campaign_id, listed.ad_set_id) == ("23850000000010", "23850000000110")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"ad_review_feedback": {"global": {"ADULT": "Too much skin."}}}, "ADULT: Too much skin."),
        (
            {"ad_review_feedback": {"global": {"A": "One."}, "placement_specific": {"instagram": {"B": "Two."}}}},
            "A: One.; B: Two.",
        ),
        ({"ad_review_feedback": {"global": [], "placement_specific": []}}, ""),
        ({"ad_review_feedback": []}, ""),
        ({"ad_review_feedback": None, "issues_info": None}, ""),
        (
            {"issues_info": [{"level": "AD", "error_code": 1815869, "error_summary": "No page", "error_message": "It is gone."}]},
            "No page: It is gone.",
        ),
    ],
)  # fmt: skip
def test_reasons_are_told_in_metas_words(told: Told, why: str):
    assert ad(told).why == why


def test_fields_are_asked_for_in_one_go_and_the_token_is_not_in_the_address():
    with meta(page(AD)) as (ads, asked):
        list(ads.list_ads("act_555"))
    [request] = asked
    assert request.url.path == "/v0/act_555/ads"
    assert (
        "creative{id,object_type,title,body,link_url,object_story_spec,asset_feed_spec}"
        in request.url.params["fields"]
    )
    assert set(request.url.params) == {"fields", "limit"}


@pytest.mark.parametrize(
    "gone", [{"status": "ARCHIVED"}, {"effective_status": "ARCHIVED"}, {"status": "DELETED"}]
)
def test_what_is_gone_is_left_out_even_if_meta_lists_it(gone: Told):
    with meta(page({**AD, **gone}, AD)) as (ads, _):
        assert len(list(ads.list_ads("555"))) == 1
    with meta(said(ACCOUNT), page({**CAMPAIGN, **gone})) as (ads, _):
        assert list(ads.list_campaigns("555")) == []


@pytest.mark.parametrize(
    "row",
    [
        {},
        {**CAMPAIGN, "id": "../1"},
        {**CAMPAIGN, "daily_budget": "a lot"},
        {**CAMPAIGN, "daily_budget": "-5"},
        {**CAMPAIGN, "stop_time": "at Christmas"},
        {**CAMPAIGN, "stop_time": "2026-12-24T23:59:59"},
        {**CAMPAIGN, "name": {"de": "Herbst"}},
    ],
)
def test_a_row_of_another_shape_is_unexpected(row: Told):
    with pytest.raises(errors.UnexpectedAnswer):
        campaign(row)


def test_pages_that_are_too_much_are_halved(sandbox: Sandbox):
    listing = sandbox.connector(Channel.META)
    assert isinstance(listing, ListsAds)
    undisturbed = list(listing.list_ads(EURO.id))
    sandbox.order(Channel.META, "too_much_data", times=3)
    limits: list[str] = []
    with httpx.Client(
        timeout=10, event_hooks={"request": [lambda it: limits.append(it.url.params["limit"])]}
    ) as http:
        again = sandbox.connector(Channel.META, http=http)
        assert isinstance(again, ListsAds)
        assert list(again.list_ads(EURO.id)) == undisturbed
    assert limits[:4] == ["100", "50", "25", "12"]


def test_the_stand_in_lists_what_is_gone_to_whoever_asks_for_it(sandbox: Sandbox):
    def statuses(edge: str, **asked: str) -> set[str]:
        answer = sandbox.http.get(
            f"{sandbox.address}/meta/{VERSION}/act_{EURO.id}/{edge}",
            params={"fields": "effective_status", "limit": "100", **asked},
            headers={"authorization": f"Bearer {CREDENTIALS['access_token']}"},
        )
        return {row["effective_status"] for row in answer.raise_for_status().json()["data"]}

    for edge in ("campaigns", "adsets", "ads"):
        assert "ARCHIVED" not in statuses(edge)
        assert statuses(edge, effective_status='["ARCHIVED"]') == {"ARCHIVED"}
