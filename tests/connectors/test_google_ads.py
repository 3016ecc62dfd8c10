"""Google's own words: answers as its reference documents them, and every error on its shelf."""

import dataclasses
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import errors
from connectors.answers import Answer, credentials_as
from connectors.face import Channel, InsightRow, Level, Wire
from connectors.google_ads import GoogleAds, GoogleAdsCredentials
from connectors.google_ads_refusals import meaning_of
from connectors.sandbox.google_ads import CREDENTIALS
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

DAY = date(2026, 10, 3)

RESULT: dict[str, Any] = {
    "customer": {
        "resourceName": "customers/7776665555",
        "id": "7776665555",
        "currencyCode": "EUR",
        "timeZone": "Europe/Berlin",
    },
    "campaign": {"resourceName": "customers/7776665555/campaigns/801", "id": "801", "name": "Marke"},
    "segments": {"date": "2026-10-03"},
    "metrics": {
        "impressions": "1510",
        "clicks": "63",
        "costMicros": "41230000",
        "conversions": 2.3333333333,
        "conversionsValue": 180.1,
        "viewThroughConversions": "1",
    },
}


def read(wire: Wire, level: Level = Level.CAMPAIGN) -> list[InsightRow]:
    return list(GoogleAds.connect(CREDENTIALS, wire).insights("777-666-5555", DAY, DAY, level))


def stream(*chunks: dict[str, Any]) -> tuple[int, bytes]:
    return 200, json.dumps(chunks).encode()


def test_a_documented_row_in_the_unified_columns():
    with answering(stream({"results": [RESULT], "fieldMask": "…", "requestId": "r"})) as wire:
        (row,) = read(dataclasses.replace(wire, clock=lambda: datetime(2026, 12, 1, tzinfo=UTC)))
    assert (row.account_id, row.currency, row.account_timezone) == ("7776665555", "EUR", "Europe/Berlin")
    assert (row.campaign_id, row.campaign_name, row.ad_id) == ("801", "Marke", "")
    assert (row.impressions, row.clicks, row.all_clicks) == (1510, 63, 63)
    assert (row.spend_micros, row.spend) == (41_230_000, Decimal("41.23"))
    assert row.conversions == Decimal("2.333333")
    assert row.conversions_value_micros == 180_100_000
    assert row.view_through_conversions == 1
    assert row.is_final
    assert json.loads(row.raw) == RESULT


@pytest.mark.parametrize("chunks", [(), ({},), ({"fieldMask": "…", "requestId": "r"},), ({"results": []},)])
def test_every_way_to_say_nothing(chunks: tuple[dict[str, Any], ...]):
    with answering(stream(*chunks)) as wire:
        assert read(wire) == []


@pytest.mark.parametrize("metrics", [{}, {"clicks": None}, {"impressions": 5}, {"costMicros": "0"}])
def test_a_missing_metric_is_zero(metrics: dict[str, Any]):
    with answering(stream({"results": [{**RESULT, "metrics": metrics}]})) as wire:
        (row,) = read(wire)
    assert (row.clicks, row.spend_micros, row.conversions) == (0, 0, 0)


@pytest.mark.parametrize(
    "metrics",
    [{"clicks": "-1"}, {"clicks": "many"}, {"clicks": 1.5}, {"costMicros": "9" * 30}, {"conversions": "NaN"}],
)
def test_a_number_that_is_none_is_never_guessed(metrics: dict[str, Any]):
    with (
        answering(stream({"results": [{**RESULT, "metrics": metrics}]})) as wire,
        pytest.raises(errors.UnexpectedAnswer),
    ):
        read(wire)


def test_an_unknown_time_zone_is_not_taken_for_utc():
    customer = {**RESULT["customer"], "timeZone": "Mars/Olympus"}
    with (
        answering(stream({"results": [{**RESULT, "customer": customer}]})) as wire,
        pytest.raises(errors.UnexpectedAnswer, match="Mars"),
    ):
        read(wire)


def test_a_stream_that_breaks_after_its_beginning_gives_nothing():
    error = {"error": {"code": 503, "message": "unavailable", "status": "UNAVAILABLE"}}
    with answering(stream({"results": [RESULT]}, error)) as wire, pytest.raises(errors.Transient):
        read(wire)


@pytest.mark.parametrize(
    ("status", "family", "value", "kind"),
    [
        (401, "authenticationError", "OAUTH_TOKEN_EXPIRED", errors.AuthExpired),
        (401, "authenticationError", "OAUTH_TOKEN_REVOKED", errors.AuthRevoked),
        (401, "authenticationError", "CUSTOMER_NOT_FOUND", errors.AuthRevoked),
        (403, "authorizationError", "USER_PERMISSION_DENIED", errors.Forbidden),
        (403, "authorizationError", "CUSTOMER_NOT_ENABLED", errors.Forbidden),
        (403, "authorizationError", "DEVELOPER_TOKEN_NOT_APPROVED", errors.Forbidden),
        (429, "quotaError", "RESOURCE_EXHAUSTED", errors.QuotaExhausted),
        (429, "quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED", errors.RateLimited),
        (429, "quotaError", "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION", errors.RateLimited),
        (500, "internalError", "INTERNAL_ERROR", errors.Transient),
        (500, "internalError", "DEADLINE_EXCEEDED", errors.Transient),
        (400, "campaignError", "DUPLICATE_CAMPAIGN_NAME", errors.Duplicate),
        (400, "adGroupError", "DUPLICATE_ADGROUP_NAME", errors.Duplicate),
        (400, "dateRangeError", "INVALID_DATE", errors.Invalid),
        (400, "stringLengthError", "TOO_LONG", errors.Invalid),
        (400, "queryError", "REQUESTED_METRICS_FOR_MANAGER", errors.Invalid),
        (400, "requestError", "UNSUPPORTED_VERSION", errors.Sunset),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False], ids=["array", "object"])
def test_every_error_code_has_its_class(
    status: int, family: str, value: str, kind: type[errors.ChannelError], wrapped: bool
):
    failure = {"errors": [{"errorCode": {family: value}, "message": "Refused."}], "requestId": "q-1"}
    body = {"error": {"code": status, "message": "…", "status": "…", "details": [failure]}}
    answer = Answer(status, httpx.Headers(), json.dumps([body] if wrapped else body).encode())
    meaning = meaning_of(answer, where="test")
    assert type(meaning) is kind
    assert meaning.code == f"{family}.{value}"
    assert meaning.request_id == "q-1"
    assert meaning.what == "Refused."


def test_an_invalid_request_names_its_field():
    path = [{"fieldName": "operations", "index": 0}, {"fieldName": "create"}, {"fieldName": "name"}]
    error = {
        "errorCode": {"stringLengthError": "TOO_LONG"},
        "message": "Too long.",
        "location": {"fieldPathElements": path},
    }
    body = {"error": {"details": [{"errors": [error]}]}}
    meaning = meaning_of(Answer(400, httpx.Headers(), json.dumps(body).encode()), where="test")
    assert isinstance(meaning, errors.Invalid)
    assert meaning.field == "operations.create.name"


def test_a_quotas_scope_and_delay_are_read_from_its_details():
    error = {
        "errorCode": {"quotaError": "RESOURCE_TEMPORARILY_EXHAUSTED"},
        "details": {"quotaErrorDetails": {"rateScope": "DEVELOPER", "retryDelay": "12.5s"}},
    }
    body = [{"error": {"details": [{"errors": [error]}]}}]
    meaning = meaning_of(Answer(429, httpx.Headers(), json.dumps(body).encode()), where="test")
    assert isinstance(meaning, errors.RateLimited)
    assert (meaning.retry_after, meaning.scope) == (12.5, errors.Scope.APP)


@given(status=st.sampled_from([400, 401, 403, 404, 429, 500, 503]), body=st.binary(max_size=200))
def test_no_body_breaks_the_reading_of_an_error(status: int, body: bytes):
    assert isinstance(meaning_of(Answer(status, httpx.Headers(), body), where="test"), errors.ChannelError)


def test_a_revoked_grant_asks_for_a_reconnect(sandbox: Sandbox):
    sandbox.order(Channel.GOOGLE_ADS, "expired_token")
    reader = sandbox.reader(Channel.GOOGLE_ADS, refresh_token="withdrawn")
    with pytest.raises(errors.AuthRevoked, match="expired or revoked"):
        list(reader.insights("1112223333", DAY, DAY))
    assert sandbox.renewals == []


def test_without_an_access_token_the_grant_fetches_one(sandbox: Sandbox):
    reader = sandbox.reader(Channel.GOOGLE_ADS, access_token="")
    assert list(reader.insights("1112223333", DAY, DAY))
    (renewed,) = sandbox.renewals
    assert renewed["access_token"]
    assert renewed["refresh_token"] == CREDENTIALS["refresh_token"]
    assert renewed["client_secret"] == CREDENTIALS["client_secret"]


def test_secrets_do_not_show():
    shown = repr(credentials_as(GoogleAdsCredentials, CREDENTIALS, where="here"))
    assert "sandbox-client" in shown
    assert not any(secret in shown for name, secret in CREDENTIALS.items() if name != "client_id")
