"""Meta's own words: answers as its reference documents them, and every error on its shelf."""

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
from connectors.answers import Answer
from connectors.face import InsightRow, Level, Wire
from connectors.meta import Meta
from connectors.meta_refusals import meaning_of, meaning_of_a_write
from connectors.sandbox.meta import CREDENTIALS
from tests.connectors.answering import answering

DAY = date(2026, 10, 3)

ACCOUNT = (
    200,
    b'{"id":"act_777","account_id":"777","name":"Shop","currency":"JPY","timezone_name":"Asia/Tokyo"}',
)

ROW: dict[str, Any] = {
    "account_id": "777",
    "account_currency": "USD",
    "campaign_id": "23850000000077",
    "campaign_name": "Herbst",
    "impressions": "5120",
    "clicks": "44",
    "inline_link_clicks": "17",
    "spend": "81.07",
    "attribution_setting": "7d_click_1d_view",
    "actions": [
        {"action_type": "link_click", "value": "17"},
        {"action_type": "purchase", "value": "3"},
        {"action_type": "omni_purchase", "value": "3"},
        {"action_type": "offsite_conversion.fb_pixel_purchase", "value": "3", "1d_view": "1"},
        {"action_type": "onsite_conversion.lead_grouped", "value": "2"},
    ],
    "action_values": [
        {"action_type": "purchase", "value": "240.6"},
        {"action_type": "offsite_conversion.fb_pixel_purchase", "value": "240.6"},
    ],
    "date_start": "2026-10-03",
    "date_stop": "2026-10-03",
}


def page(*rows: dict[str, Any], **paging: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"data": rows, **({"paging": paging} if paging else {})}).encode()


def read(wire: Wire) -> list[InsightRow]:
    return list(Meta.connect(CREDENTIALS, wire).insights("act_777", DAY, DAY, Level.CAMPAIGN))


def test_a_documented_row_in_the_unified_columns():
    with answering(ACCOUNT, page(ROW)) as wire:
        (row,) = read(dataclasses.replace(wire, clock=lambda: datetime(2026, 12, 1, tzinfo=UTC)))
    assert (row.account_id, row.account_name, row.currency) == ("777", "Shop", "USD")
    assert row.account_timezone == "Asia/Tokyo"
    assert (row.campaign_id, row.campaign_name, row.ad_id) == ("23850000000077", "Herbst", "")
    assert (row.impressions, row.clicks, row.all_clicks) == (5120, 17, 44)
    assert row.spend_micros == 81_070_000
    assert row.conversions == 5  # three purchases, counted under one of their names, and two leads
    assert row.conversions_value_micros == 240_600_000
    assert row.view_through_conversions == 1
    assert row.attribution_setting == "7d_click_1d_view"
    assert "omni_purchase" not in row.conversion_definition
    assert row.is_final
    assert json.loads(row.raw) == ROW


def test_money_of_a_currency_without_cents_is_in_main_units_too():
    with answering(ACCOUNT, page({**ROW, "account_currency": None, "spend": "1500"})) as wire:
        (row,) = read(wire)
    assert (row.currency, row.spend_micros, row.spend) == ("JPY", 1_500_000_000, Decimal(1500))


def test_a_row_without_actions_has_no_conversions():
    quiet = {name: value for name, value in ROW.items() if not name.startswith(("action", "inline", "spend"))}
    with answering(ACCOUNT, page(quiet)) as wire:
        (row,) = read(wire)
    assert (row.clicks, row.spend_micros, row.conversions, row.conversions_value_micros) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"clicks": "-"},
        {"spend": "NaN"},
        {"spend": "1e30"},
        {"actions": [{"action_type": "offsite_conversion.fb_pixel_purchase", "value": "sNaN"}]},
        {"actions": [{"action_type": "offsite_conversion.fb_pixel_purchase", "1d_view": "Infinity"}]},
        {"date_stop": "2026-10-04"},
        {"date_start": "yesterday"},
    ],
)
def test_a_row_that_does_not_fit_is_never_guessed(wrong: dict[str, Any]):
    with answering(ACCOUNT, page({**ROW, **wrong})) as wire, pytest.raises(errors.UnexpectedAnswer):
        read(wire)


@pytest.mark.parametrize("cursors", [{}, {"after": "same"}])
def test_pages_that_lead_nowhere_end(cursors: dict[str, str]):
    going_on = page(ROW, next="https://elsewhere.example/steal?access_token=x", cursors=cursors)
    with answering(ACCOUNT, going_on) as wire, pytest.raises(errors.UnexpectedAnswer, match="cursor"):
        read(wire)


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (190, None, errors.AuthRevoked),
        (190, 463, errors.AuthRevoked),
        (190, 460, errors.AuthRevoked),
        (4, None, errors.RateLimited),
        (17, None, errors.RateLimited),
        (17, 2446079, errors.RateLimited),
        (32, None, errors.RateLimited),
        (613, None, errors.RateLimited),
        (80000, None, errors.RateLimited),
        (80004, None, errors.RateLimited),
        (80014, None, errors.RateLimited),
        (1, None, errors.Transient),
        (2, None, errors.Transient),
        (999, 960, errors.Transient),
        (100, None, errors.Invalid),
        (100, 33, errors.Invalid),
        (100, 1487534, errors.TooMuchData),
        (100, 1504018, errors.TooMuchData),
        (2, 1504038, errors.TooMuchData),
        (-3, 1504045, errors.TooMuchData),
        (2, 1504041, errors.Invalid),
        (2, 1504042, errors.Invalid),
        (2, 1504043, errors.Transient),
        (2, 1504044, errors.Transient),
        (4, 1504022, errors.RateLimited),
        (100, 3191001, errors.Forbidden),
        (2601, 1815107, errors.Transient),
        (10, None, errors.Forbidden),
        (200, None, errors.Forbidden),
        (294, None, errors.Forbidden),
        (368, None, errors.Forbidden),
        (2635, None, errors.Sunset),
        (-2, 2207003, errors.Transient),
        (-1, 2207001, errors.Transient),
        (24, 2207008, errors.Transient),
        (36000, 2207004, errors.Invalid),
        (36003, 2207009, errors.Invalid),
        (36003, None, errors.Invalid),
        (36004, 2207010, errors.Invalid),
        (9007, 2207027, errors.NotReady),
        (9, 2207042, errors.QuotaExhausted),
        (25, 2207050, errors.Forbidden),
        (4, 2207051, errors.Forbidden),
        (324, 1366046, errors.Invalid),
        (368, 1390008, errors.RateLimited),
        (368, 1346003, errors.Forbidden),
        (200, 1404078, errors.AuthRevoked),
        (100, 1609008, errors.Invalid),
    ],
)
def test_every_error_code_has_its_class(code: int, subcode: int | None, kind: type[errors.ChannelError]):
    error = {"message": "Refused.", "type": "OAuthException", "code": code, "fbtrace_id": "Az"}
    body = {"error": error | ({"error_subcode": subcode} if subcode else {})}
    meaning = meaning_of(Answer(400, httpx.Headers(), json.dumps(body).encode()), where="test")
    assert type(meaning) is kind
    assert meaning.code.startswith(str(code))
    assert (meaning.what, meaning.request_id) == ("Refused.", "Az")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (500, 2, errors.UnknownOutcome),
        (503, 2, errors.UnknownOutcome),
        (400, 1, errors.UnknownOutcome),
        (400, 2, errors.UnknownOutcome),
        (400, -1, errors.UnknownOutcome),
        (400, 17, errors.RateLimited),
        (500, 17, errors.RateLimited),
        (400, 100, errors.Invalid),
        (400, 190, errors.AuthRevoked),
        (502, None, errors.UnknownOutcome),
        (503, None, errors.Transient),
        (429, None, errors.RateLimited),
    ],
)
def test_of_a_write_what_meta_calls_passing_may_have_been_taken(
    status: int, code: int | None, kind: type[errors.ChannelError]
):
    body = b"<html>" if code is None else json.dumps({"error": {"code": code, "message": "No."}}).encode()
    assert type(meaning_of_a_write(Answer(status, httpx.Headers(), body), where="test")) is kind


def test_too_much_data_hides_behind_an_unknown_error():
    error = {
        "code": 1,
        "message": "Please reduce the amount of data you're asking for, then retry your request",
    }
    answer = Answer(500, httpx.Headers(), json.dumps({"error": error}).encode())
    assert isinstance(meaning_of(answer, where="test"), errors.TooMuchData)


def test_the_longest_wait_of_the_usage_header_counts():
    usage = {
        "777": [{"estimated_time_to_regain_access": 3}, {"estimated_time_to_regain_access": 12}],
        "8": [],
    }
    answer = Answer(
        400,
        httpx.Headers({"x-business-use-case-usage": json.dumps(usage)}),
        b'{"error":{"code":17,"error_subcode":2446079,"message":"slow"}}',
    )
    meaning = meaning_of(answer, where="test")
    assert isinstance(meaning, errors.RateLimited)
    assert (meaning.retry_after, meaning.scope) == (720.0, errors.Scope.ACCOUNT)


@given(
    status=st.sampled_from([400, 401, 403, 404, 429, 500, 503]),
    body=st.binary(max_size=200),
    usage=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80),
)
def test_no_body_and_no_header_breaks_the_reading_of_an_error(status: int, body: bytes, usage: str):
    headers = httpx.Headers({"x-business-use-case-usage": usage})
    assert isinstance(meaning_of(Answer(status, headers, body), where="test"), errors.ChannelError)


def test_a_providers_text_cannot_forge_lines_in_a_log():
    body = json.dumps({"error": {"code": 100, "message": "bad\r\nINFO all is well\x1b[2K" + "x" * 9000}})
    said = str(meaning_of(Answer(400, httpx.Headers(), body.encode()), where="test"))
    assert said.isprintable()
    assert len(said) < 1000


def test_the_token_travels_in_a_header_alone():
    with answering(ACCOUNT, page()) as wire:
        asked: list[httpx.Request] = []
        wire.http.event_hooks = {"request": [asked.append]}
        read(wire)
    assert len(asked) == 2
    assert all(CREDENTIALS["access_token"] not in str(request.url) for request in asked)
    assert all("appsecret_proof=" in str(request.url) for request in asked)
