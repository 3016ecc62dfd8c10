"""What is Reddit's own: answers of documented shapes, its words for refusals, its pages, its hours, and who asks."""

import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.answers import Answer
from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    RateLimited,
    Sunset,
    TooMuchData,
    Transient,
    UnexpectedAnswer,
)
from connectors.face import Channel, Endpoint, FoundAccount, InsightRow, Level, Wire
from connectors.reddit import Reddit
from connectors.reddit_refusals import meaning_of
from connectors.retries import Patience
from connectors.sandbox import CREDENTIALS
from connectors.sandbox.world import accounts_of
from tests.connectors.running_sandbox import NOON, Sandbox

ADS = "https://ads-api.reddit.com/api/v3"
ACCOUNT = {
    "id": "a2_x1y2",
    "name": "Coats",
    "currency": "USD",
    "time_zone_id": "GMT",
    "click_attribution_window": "MONTH",
    "view_attribution_window": "DAY",
}
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 3)


class Answering:
    """Plays Reddit from prepared answers by method and address, and keeps what it was asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        said = self._answers[f"{request.method} {request.url.copy_with(query=None)}"]
        said = said.pop(0) if isinstance(said, list) else said
        return said if isinstance(said, httpx.Response) else httpx.Response(200, json=said)


def opened(answers: dict[str, Any], **credentials: str) -> tuple[Reddit, Answering]:
    reddit = Answering(answers)
    wire = Wire(
        http=httpx.Client(transport=httpx.MockTransport(reddit)),
        patience=Patience(attempts=1),
        clock=lambda: NOON,
    )
    given = {"access_token": "given", "client_id": "abc-123", **credentials}
    return Reddit.connect(given, wire), reddit


def reported(metrics: list[dict[str, Any]], next_url: str | None = None) -> dict[str, Any]:
    return {
        "data": {"metrics": metrics, "metrics_updated_at": "2026-10-04T06:00:00Z"},
        "pagination": {"next_url": next_url} if next_url else {},
    }


def campaigns(*pages: Any) -> dict[str, Any]:
    """An account with one campaign, and these pages of a report."""
    return {
        f"GET {ADS}/ad_accounts/a2_x1y2": {"data": ACCOUNT},
        f"GET {ADS}/ad_accounts/a2_x1y2/campaigns": {
            "data": [{"id": "1510393823694638000", "name": "Autumn", "configured_status": "ACTIVE"}],
            "pagination": {},
        },
        f"POST {ADS}/ad_accounts/a2_x1y2/reports": list(pages),
    }


def read(reddit: Reddit, level: Level = Level.CAMPAIGN) -> list[InsightRow]:
    return list(reddit.insights("a2_x1y2", FIRST, LAST, level))


def test_a_documented_row_is_read_with_its_money_in_millionths_and_its_worth_in_hundredths() -> None:
    row = {
        "campaign_id": "1510393823694638000",
        "date": "2026-10-01",
        "impressions": 37523,
        "clicks": 108,
        "spend": 158865149,
        "conversion_purchase_clicks": 3,
        "conversion_purchase_views": 1,
        "conversion_purchase_total_value": 21_717,
        "conversion_lead_clicks": None,
        "conversion_sign_up_views": 2,
        "conversion_signup_total_value": 99.0,
        "cpc": 1470973.6,
    }
    reddit, asked = opened(campaigns(reported([row])))
    [told] = read(reddit)
    assert (told.campaign_id, told.campaign_name) == ("1510393823694638000", "Autumn")
    assert (told.impressions, told.clicks, told.spend_micros) == (37523, 108, 158_865_149)
    assert (told.conversions, told.view_through_conversions) == (Decimal(6), 3)
    assert told.conversions_value_micros == 218_160_000
    assert (told.attribution_setting, told.currency) == ("month_click,day_view", "USD")
    assert json.loads(told.raw) == row
    body = json.loads(asked.asked[-1].content)["data"]
    assert (body["starts_at"], body["ends_at"], body["time_zone_id"]) == (
        "2026-10-01T00:00:00Z",
        "2026-10-03T00:00:00Z",
        "GMT",
    )
    assert body["breakdowns"] == ["CAMPAIGN_ID", "DATE"]


def test_spend_that_is_a_fraction_of_a_millionth_is_rounded() -> None:
    reddit, _ = opened(campaigns(reported([{"date": "2026-10-01", "spend": 1470973.6}])))
    assert [row.spend_micros for row in read(reddit)] == [1_470_974]


def test_a_next_page_is_asked_for_with_the_same_body_and_none_is_the_end() -> None:
    following = f"{ADS}/ad_accounts/a2_x1y2/reports?page.token=abc%3D"
    days = [{"date": f"2026-10-0{day}", "impressions": day} for day in (1, 2, 3)]
    pages = (
        reported(days[:1], following),
        reported(days[1:2], f"{following}2"),
        {"data": {"metrics": days[2:]}},
    )
    reddit, asked = opened(campaigns(*pages))
    assert [row.impressions for row in read(reddit)] == [1, 2, 3]
    reports = [request for request in asked.asked if request.method == "POST"]
    assert len({request.content for request in reports}) == 1
    assert [request.url.query.decode() for request in reports] == [
        "",
        "page.token=abc%3D",
        "page.token=abc%3D2",
    ]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/api/v3/ad_accounts/a2_x1y2/reports?page.token=a",
        "http://ads-api.reddit.com/api/v3/ad_accounts/a2_x1y2/reports?page.token=a",
        "https://ads-api.reddit.com:444/api/v3/ad_accounts/a2_x1y2/reports?page.token=a",
        "https://me@ads-api.reddit.com/api/v3/ad_accounts/a2_x1y2/reports?page.token=a",
        "https://ads-api.reddit.com.evil.example/api/v3/ad_accounts/a2_x1y2/reports",
        "https://ads-api.reddit.com/api/v3/ad_accounts/a2_other/reports?page.token=a",
        "https://ads-api.reddit.com/api/v3/ad_accounts/a2_x1y2/reports/../../a2_other/reports",
        "//evil.example/x",
        "https://[",
    ],
)
def test_a_next_page_that_is_somewhere_else_is_never_asked_for(elsewhere: str) -> None:
    reddit, asked = opened(campaigns(reported([], elsewhere)))
    with pytest.raises(UnexpectedAnswer):
        read(reddit)
    assert {request.url.host for request in asked.asked} == {"ads-api.reddit.com"}
    assert len([request for request in asked.asked if request.method == "POST"]) == 1


def test_pages_that_lead_back_are_an_end() -> None:
    again = f"{ADS}/ad_accounts/a2_x1y2/reports?page.token=a"
    reddit, _ = opened(campaigns(reported([], again), reported([], again), reported([])))
    with pytest.raises(UnexpectedAnswer):
        read(reddit)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"date": "2026-10-01", "spend": "much"}, "spend"),
        ({"date": "2026-10-01", "spend": 1e30}, "bounds"),
        ({"date": "2026-10-01", "conversion_purchase_total_value": "1e999999"}, ""),
        ({"date": "2026-10-01", "clicks": -1}, "clicks"),
        ({"date": "soon"}, "isoformat"),
        ({"impressions": 1}, "date"),
    ],
)
def test_a_row_that_is_none_is_told(row: dict[str, Any], why: str) -> None:
    reddit, _ = opened(campaigns(reported([row])))
    with pytest.raises(UnexpectedAnswer) as wrong:
        read(reddit)
    assert why in wrong.value.what


@pytest.mark.parametrize(
    ("zone", "day", "starts", "ends"),
    [
        ("UTC", date(2026, 10, 1), "2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z"),
        ("Europe/Berlin", date(2026, 10, 1), "2026-09-30T22:00:00Z", "2026-09-30T22:00:00Z"),
        # A day of 25 hours is over 24 hours after its second hour has begun; one of 23 needs no more than one.
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00:00Z", "2026-10-24T23:00:00Z"),
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00:00Z", "2026-03-28T23:00:00Z"),
        ("Asia/Kolkata", date(2026, 10, 1), "2026-09-30T18:00:00Z", "2026-09-30T19:00:00Z"),
    ],
)
def test_whole_hours_hold_an_accounts_day(zone: str, day: date, starts: str, ends: str) -> None:
    answers = campaigns(reported([{"date": str(day)}, {"date": "2026-01-01"}]))
    answers[f"GET {ADS}/ad_accounts/a2_x1y2"] = {"data": {**ACCOUNT, "time_zone_id": zone}}
    reddit, asked = opened(answers)
    rows = list(reddit.insights("a2_x1y2", day, day, Level.CAMPAIGN))
    assert [row.date_day for row in rows] == [day], "what is told of days beside it is left out"
    body = json.loads(asked.asked[-1].content)["data"]
    assert (body["starts_at"], body["ends_at"]) == (starts, ends)


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2026, 3, 29)])
def test_a_day_of_25_hours_or_23_is_read_whole(sandbox: Sandbox, day: date) -> None:
    sandbox.now = datetime(2026, 10, 27, 12, tzinfo=UTC)
    account = accounts_of(Channel.REDDIT)[0].id
    rows = list(sandbox.reader(Channel.REDDIT).insights(account, day, day, Level.ACCOUNT))
    totals = sandbox.totals(Channel.REDDIT, account, day, day)
    assert [row.spend_micros for row in rows] == [int(totals["spend_micros"])]


def answer(status: int, said: Any, **headers: str) -> Answer:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return Answer(status, httpx.Headers(headers), body)


UNAUTHORIZED = {"message": "Unauthorized", "error": 401}
SCOPES = {"reason": "UNAUTHORIZED", "explanation": "Insufficient authentication scopes"}
WRONG = {
    "code": 400,
    "message": "Bad Request",
    "fields": [{"field": "data.goal_value", "message": "too low"}],
}


@pytest.mark.parametrize(
    ("status", "said", "kind", "what"),
    [
        (401, UNAUTHORIZED, AuthExpired, "Unauthorized"),
        (403, {"success": False, "error": SCOPES}, Forbidden, "Insufficient authentication scopes"),
        (403, {"message": "Forbidden", "error": 403, "reason": "private"}, Forbidden, "Forbidden"),
        (
            404,
            {"error": {"code": 404, "message": "The specified resource was not found"}},
            Forbidden,
            "resource",
        ),
        (302, b"", Forbidden, "HTTP 302"),
        (400, {"error": {"code": 400, "message": "invalid ad_account identifier"}}, Forbidden, "identifier"),
        (
            400,
            {"error": {"reason": "BAD_REQUEST", "explanation": "Unknown Ad Account"}},
            Forbidden,
            "Unknown",
        ),
        (400, {"error": WRONG}, Invalid, "too low"),
        (400, [1, 2], Invalid, "HTTP 400"),
        (400, {"error": "nope"}, Invalid, "HTTP 400"),
        (413, {}, TooMuchData, "HTTP 413"),
        (410, {"error": {"code": 410, "message": "gone"}}, Sunset, "gone"),
        (429, {"message": "Too Many Requests", "error": 429}, RateLimited, "Too Many Requests"),
        (500, b"<html>", Transient, "HTTP 500"),
        (503, b"[" * 100_000, Transient, "HTTP 503"),
    ],
)
def test_refusals_are_told_by_their_meaning(
    status: int, said: Any, kind: type[ChannelError], what: str
) -> None:
    refusal = meaning_of(answer(status, said), where="Reddit")
    assert type(refusal) is kind
    assert what in refusal.what


def test_a_wrong_field_is_named_as_people_call_it() -> None:
    refusal = meaning_of(answer(400, {"error": WRONG}), where="Reddit")
    assert isinstance(refusal, Invalid)
    assert refusal.field == "goal_value"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-reset": "42", "x-ratelimit-remaining": "0.0"}, 42.0),
        ({"x-ratelimit-reset": "12.5"}, 12.5),
        ({"retry-after": "60"}, 60.0),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-reset": "-3"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_stands_in_reddits_own_header(headers: dict[str, str], wait: float | None) -> None:
    refusal = meaning_of(answer(429, {}, **headers), where="Reddit")
    assert isinstance(refusal, RateLimited)
    assert refusal.retry_after == wait


def test_an_app_shows_its_secret_in_a_header_and_says_who_it_is() -> None:
    """The token that a refresh brings with it is kept; without one the old one goes on."""
    token = "POST https://www.reddit.com/api/v1/access_token"
    answers = {
        token: [
            {"access_token": "first", "expires_in": 86400, "token_type": "bearer"},
            {"access_token": "second", "expires_in": 3600, "refresh_token": "next"},
        ],
        f"GET {ADS}/me/businesses": [
            httpx.Response(401, json=UNAUTHORIZED),
            {"data": [], "pagination": {}},
            httpx.Response(401, json=UNAUTHORIZED),
            {"data": [], "pagination": {}},
        ],
    }
    reddit, asked = opened(answers, refresh_token="lasting", client_secret="hush")
    assert reddit.accounts() == reddit.accounts() == []
    first, second = (request for request in asked.asked if request.url.path == "/api/v1/access_token")
    shown = base64.b64encode(b"abc-123:hush").decode()
    assert {request.headers["authorization"] for request in (first, second)} == {f"Basic {shown}"}
    assert b"hush" not in first.content
    assert b"refresh_token=lasting" in first.content
    assert b"refresh_token=lasting" in second.content
    assert {request.headers["user-agent"] for request in asked.asked} == {
        "web:marketing-pipelines:v1 (app abc-123)"
    }


@pytest.mark.parametrize(
    ("status", "said"), [(400, {"error": "invalid_grant"}), (401, {"message": "Unauthorized", "error": 401})]
)
def test_a_refresh_that_is_refused_needs_a_person(status: int, said: dict[str, Any]) -> None:
    answers = {"POST https://www.reddit.com/api/v1/access_token": httpx.Response(status, json=said)}
    reddit, _ = opened(answers, access_token="", refresh_token="gone", client_secret="hush")
    with pytest.raises(AuthRevoked) as revoked:
        reddit.accounts()
    assert "hush" not in str(revoked.value)


def test_accounts_of_several_businesses_are_told_once() -> None:
    answers = {
        f"GET {ADS}/me/businesses": {"data": [{"id": "b-1"}, {"id": "b-2"}, {"id": "../x"}]},
        f"GET {ADS}/businesses/b-1/ad_accounts": {"data": [ACCOUNT], "pagination": {"next_url": None}},
        f"GET {ADS}/businesses/b-2/ad_accounts": {"data": [ACCOUNT, {**ACCOUNT, "id": "t2_old"}]},
    }
    reddit, _ = opened(answers)
    assert reddit.accounts() == [
        FoundAccount(id=number, name="Coats", currency="USD", time_zone="GMT")
        for number in ("a2_x1y2", "t2_old")
    ]


def test_who_does_not_say_who_they_are_is_refused(sandbox: Sandbox) -> None:
    headers = {"authorization": f"Bearer {CREDENTIALS[Channel.REDDIT]['access_token']}"}
    refused = sandbox.http.get(f"{sandbox.address}/reddit/v3/me/businesses", headers=headers)
    assert refused.status_code == 429


def test_a_region_or_another_version_replaces_reddits_own() -> None:
    reddit = Answering({"GET https://elsewhere.example/api/v4/me/businesses": {"data": []}})
    wire = Wire(
        http=httpx.Client(transport=httpx.MockTransport(reddit)),
        endpoint=Endpoint("https://elsewhere.example/api", "v4"),
    )
    assert Reddit.connect({"access_token": "x"}, wire).accounts() == []
