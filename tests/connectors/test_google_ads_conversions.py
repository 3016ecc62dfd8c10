"""Conversions in Google's own words: what goes over the wire, and what each of its answers means."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.conversions import ConsentStatus, Conversion, Refusal, RefusedConversion, Reported
from connectors.errors import (
    ChannelError,
    Forbidden,
    Invalid,
    QuotaExhausted,
    UnexpectedAnswer,
    UnknownOutcome,
)
from connectors.face import Channel
from connectors.google_ads import GoogleAds
from connectors.sandbox.google_ads import CREDENTIALS
from connectors.sandbox.google_ads_conversions import gclid
from tests.connectors.answering import answering
from tests.connectors.orders import BOUGHT, CLICKED, HASH, ORDER
from tests.connectors.running_sandbox import NOON, Sandbox

ACCOUNT = "1112223333"
ACTION = f"customers/{ACCOUNT}/conversionActions/71001"
TYPE = "type.googleapis.com/google.ads.googleads.v25.errors.GoogleAdsFailure"


def opened(sandbox: Sandbox) -> GoogleAds:
    google = sandbox.connector(Channel.GOOGLE_ADS)
    assert isinstance(google, GoogleAds)
    return google


def report(sandbox: Sandbox, *conversions: Conversion, action: str = ACTION) -> Reported:
    return opened(sandbox).report_conversions(ACCOUNT, action, conversions)


def refusals(said: Reported) -> list[tuple[int, str, Refusal]]:
    return [(each.index, each.code.partition(".")[2], each.refusal) for each in said.refused]


@contextmanager
def hearing(status: int, said: object) -> Iterator[tuple[GoogleAds, list[httpx.Request]]]:
    with answering((status, json.dumps(said).encode())) as wire:
        asked: list[httpx.Request] = []
        wire.http.event_hooks = {"request": [asked.append]}
        yield GoogleAds.connect(CREDENTIALS, replace(wire, clock=lambda: NOON)), asked


def failing(*errors: dict[str, Any], results: list[Any] | None = None) -> dict[str, Any]:
    failure = {"@type": TYPE, "errors": list(errors), "requestId": "r-1"}
    return {
        "partialFailureError": {"code": 3, "message": "Multiple errors.", "details": [failure]},
        **({} if results is None else {"results": results}),
        "jobId": "2147483999",
    }


def error(
    index: int | None, code: str = "UNPARSEABLE_GCLID", family: str = "conversionUploadError"
) -> dict[str, Any]:
    place = {"fieldName": "conversions", **({} if index is None else {"index": index})}
    return {
        "errorCode": {family: code},
        "message": "The imported gclid could not be decoded.",
        "location": {"fieldPathElements": [place, {"fieldName": "gclid"}]},
    }


def test_it_is_told_as_google_documents_it():
    with hearing(200, {"results": [{"gclid": "x"}], "jobId": "1"}) as (google, asked):
        denied = replace(ORDER, ad_personalization=ConsentStatus.DENIED)
        assert google.report_conversions("111-222-3333", ACTION, [denied]) == Reported(1)
    assert asked[0].url.path == f"/v0/customers/{ACCOUNT}:uploadClickConversions"
    assert asked[0].headers["content-type"] == "application/json"
    assert json.loads(asked[0].content) == {
        "conversions": [
            {
                "conversionAction": ACTION,
                "orderId": "order-1001",
                "conversionDateTime": "2026-10-15 09:00:00+00:00",
                "gclid": ORDER.gclid,
                "conversionValue": 25.5,
                "currencyCode": "EUR",
                "consent": {"adUserData": "GRANTED", "adPersonalization": "DENIED"},
            }
        ],
        "partialFailure": True,
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"gbraid": "0AAAAAbra", "wbraid": "0AAAAAweb"}, {"gclid": ORDER.gclid}),
        ({"gclid": "", "gbraid": "0AAAAAbra", "wbraid": "0AAAAAweb"}, {"gbraid": "0AAAAAbra"}),
        ({"gclid": "", "wbraid": "0AAAAAweb"}, {"wbraid": "0AAAAAweb"}),
        ({"gclid": ""}, {"userIdentifiers": [{"hashedEmail": HASH}]}),
    ],
)
def test_one_thing_leads_back_and_the_hashed_address_only_where_no_click_does(
    given: dict[str, str], told: dict[str, object]
):
    with hearing(200, {"results": [{"gclid": "x"}]}) as (google, asked):
        google.report_conversions(ACCOUNT, ACTION, [replace(ORDER, **given)])  # pyright: ignore[reportArgumentType]
    [said] = json.loads(asked[0].content)["conversions"]
    ways = {"gclid", "gbraid", "wbraid", "userIdentifiers"}
    assert {name: value for name, value in said.items() if name in ways} == told


def test_a_click_of_somebody_elses_is_not_for_google(sandbox: Sandbox):
    with pytest.raises(Invalid) as refused:
        opened(sandbox).require_reportable(replace(ORDER, gclid="", hashed_email=""))
    assert refused.value.field == "gclid"


def test_a_click_that_no_window_reaches_goes_nowhere(sandbox: Sandbox):
    with pytest.raises(Invalid) as refused:
        report(sandbox, replace(ORDER, clicked_at=NOON - timedelta(days=90, seconds=1)))
    assert refused.value.field == "conversions[0].clicked_at"
    assert sandbox.requests(Channel.GOOGLE_ADS) == 0


def test_those_that_are_good_are_taken_and_the_others_named(sandbox: Sandbox):
    assert report(sandbox, ORDER) == Reported(1)
    late, early = NOON - timedelta(days=91), NOON - timedelta(hours=1)
    said = report(
        sandbox,
        replace(ORDER, id="good"),
        replace(ORDER, id="garbled", gclid="not-one"),
        replace(ORDER, id="late", gclid=gclid(late, "b"), clicked_at=None),
        replace(ORDER, id="early", at=NOON, gclid=gclid(early, "c"), clicked_at=None),
        ORDER,
        replace(ORDER, id="before", gclid=gclid(BOUGHT + timedelta(hours=1), "d"), clicked_at=None),
        replace(ORDER, id="good-too", gclid="", wbraid="0AAAAAweb"),
    )
    assert said.accepted == 2
    assert refusals(said) == [
        (1, "UNPARSEABLE_GCLID", Refusal.WRONG),
        (2, "EXPIRED_EVENT", Refusal.WRONG),
        (3, "TOO_RECENT_EVENT", Refusal.LATER),
        (4, "ORDER_ID_ALREADY_IN_USE", Refusal.THERE_ALREADY),
        (5, "CONVERSION_PRECEDES_EVENT", Refusal.WRONG),
    ]
    assert all(each.reason for each in said.refused)
    kept = [each["id"] for each in sandbox.accepted(Channel.GOOGLE_ADS)]
    assert kept == ["order-1001", "good", "good-too"]


@pytest.mark.parametrize(
    ("number", "code"),
    [("99999", "NO_CONVERSION_ACTION_FOUND"), ("71004", "INVALID_CONVERSION_ACTION_TYPE")],
)
def test_an_action_that_takes_no_uploads_takes_none(sandbox: Sandbox, number: str, code: str):
    said = report(sandbox, ORDER, action=f"customers/{ACCOUNT}/conversionActions/{number}")
    assert refusals(said) == [(0, code, Refusal.WRONG)]


def test_an_order_counts_once_for_each_action(sandbox: Sandbox):
    other = f"customers/{ACCOUNT}/conversionActions/71002"
    assert report(sandbox, ORDER) == report(sandbox, ORDER, action=other) == Reported(1)
    assert refusals(report(sandbox, replace(ORDER, at=BOUGHT - timedelta(hours=1)))) == [
        (0, "ORDER_ID_ALREADY_IN_USE", Refusal.THERE_ALREADY)
    ]


def test_checking_tells_what_would_be_refused(sandbox: Sandbox):
    garbled = replace(ORDER, id="garbled", gclid="not-one")
    said = opened(sandbox).check_conversions(ACCOUNT, ACTION, [garbled, ORDER])
    assert said.accepted == 1
    assert refusals(said) == [(0, "UNPARSEABLE_GCLID", Refusal.WRONG)]
    assert sandbox.accepted(Channel.GOOGLE_ADS) == []


def test_checking_is_patient(sandbox: Sandbox):
    sandbox.order(Channel.GOOGLE_ADS, "server_error", times=2)
    assert opened(sandbox).check_conversions(ACCOUNT, ACTION, [ORDER]) == Reported(1)
    assert len(sandbox.waits) == 2


def test_its_targets_take_uploads_and_say_whether_they_count(sandbox: Sandbox):
    found = opened(sandbox).conversion_targets(ACCOUNT)
    assert [(each.name, each.is_open) for each in found] == [
        ("Purchase (offline)", True),
        ("Signed up (offline)", True),
        ("Called back", False),
    ]
    assert found[0].id == ACTION


def test_a_documented_partial_failure():
    """With results that are empty where something was refused, as Google has it."""
    with hearing(200, failing(error(1), error(1, "EXPIRED_EVENT"), results=[{"gclid": "x"}, {}])) as (
        google,
        _,
    ):
        said = google.report_conversions(ACCOUNT, ACTION, [ORDER, replace(ORDER, id="2")])
    reason, code = "The imported gclid could not be decoded.", "conversionUploadError.UNPARSEABLE_GCLID"
    assert said == Reported(1, (RefusedConversion(index=1, reason=reason, code=code),))


def test_all_refused_for_their_own_sake_is_no_error():
    with hearing(200, failing(error(0))) as (google, _):
        assert google.report_conversions(ACCOUNT, ACTION, [ORDER]).accepted == 0


@pytest.mark.parametrize(
    ("family", "code", "kind"),
    [
        ("notAllowlistedError", "CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE", Forbidden),
        ("authorizationError", "USER_PERMISSION_DENIED", Forbidden),
        ("quotaError", "RESOURCE_EXHAUSTED", QuotaExhausted),
    ],
)
def test_what_is_wrong_with_all_of_them_is_raised(family: str, code: str, kind: type[ChannelError]):
    """Whether Google says it of the request or of each conversion."""
    whole = {"error": {"code": 403, "details": [{"@type": TYPE, "errors": [error(None, code, family)]}]}}
    for status, said in ((200, failing(error(0, code, family))), (403, whole)):
        with hearing(status, said) as (google, _), pytest.raises(kind):
            google.report_conversions(ACCOUNT, ACTION, [ORDER])


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        {"results": []},
        {"results": [{}]},
        {"results": [{"gclid": "x"}, {"gclid": "y"}]},
        failing(error(None), results=[{}]),
        failing(error(7), results=[{}]),
        failing(error(-1), results=[{}]),
        failing(error(0), results=[{"gclid": "x"}]),
        failing(results=[{"gclid": "x"}]),
        {"partialFailureError": "no", "results": [{}]},
        {"results": "x" * 100},
    ],
)
def test_an_answer_that_does_not_say_what_became_of_each_leaves_it_unknown(said: object):
    with hearing(200, said) as (google, asked), pytest.raises(UnknownOutcome):
        google.report_conversions(ACCOUNT, ACTION, [ORDER])
    assert len(asked) == 1


def test_a_check_whose_answer_is_unclear_leaves_nothing_unknown():
    with hearing(200, failing(error(None))) as (google, _), pytest.raises(UnexpectedAnswer):
        google.check_conversions(ACCOUNT, ACTION, [ORDER])


def test_the_sandbox_takes_nothing_that_google_would_not(sandbox: Sandbox):
    """Told past the connector, which would not let it out."""
    headers = {
        "authorization": f"Bearer {CREDENTIALS['access_token']}",
        "developer-token": CREDENTIALS["developer_token"],
    }
    good = {
        "conversionAction": ACTION,
        "conversionDateTime": "2026-10-15 09:00:00+00:00",
        "gclid": gclid(CLICKED, "a"),
    }

    def told(**body: object) -> httpx.Response:
        url = f"{sandbox.address}/google_ads/v25/customers/{ACCOUNT}:uploadClickConversions"
        return sandbox.http.post(url, headers=headers, json={"partialFailure": True, **body})

    for wrong in (
        {"conversions": [{**good, "conversion_value": 1}], "x": 1},
        {"conversions": [{**good, "conversionValue": "a lot"}]},
        {"conversions": [good], "partialFailure": False},
        {"conversions": [good] * 2001},
        {"conversions": [{**good, "consent": {"adUserData": "YES"}}]},
    ):
        assert told(**wrong).status_code == 400
    for changed, code in (
        ({"conversionDateTime": "2026-10-15T09:00:00Z"}, "INVALID_STRING_DATE_TIME_SECONDS_WITH_OFFSET"),
        ({"conversionDateTime": ""}, "REQUIRED"),
        ({"gclid": ""}, "REQUIRED"),
        ({"gclid": "", "gbraid": "0AAAAAbra", "wbraid": "0AAAAAweb"}, "GBRAID_WBRAID_BOTH_SET"),
        ({"gclid": "", "gbraid": "bra"}, "UNPARSEABLE_GBRAID"),
        ({"userIdentifiers": [{"hashedEmail": "anna@example.com"}]}, "INVALID_USER_IDENTIFIER"),
        ({"currencyCode": "euro"}, "UNSUPPORTED"),
    ):
        body = told(conversions=[{**good, **changed}]).json()
        [failure] = body["partialFailureError"]["details"]
        assert list(failure["errors"][0]["errorCode"].values()) == [code]
        assert body["results"] == [{}]
    twice = told(conversions=[{**good, "orderId": "1"}, {**good, "orderId": "1"}]).json()
    assert twice["results"] == [{}, {}]
    assert sandbox.accepted(Channel.GOOGLE_ADS) == []
    assert "partialFailureError" not in told(conversions=[good]).json()
    again = told(conversions=[good]).json()["partialFailureError"]
    assert "CLICK_CONVERSION_ALREADY_EXISTS" in json.dumps(again)
