"""What is X's own in its advertising: windows, placements, jobs, cursors, limits and refusals, in its documented words."""

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.advertising import NewCampaign
from connectors.answers import Answer
from connectors.errors import (
    AuthRevoked,
    ChannelError,
    Duplicate,
    Forbidden,
    Invalid,
    RateLimited,
    Scope,
    Sunset,
    TooMuchData,
    Transient,
    UnexpectedAnswer,
)
from connectors.face import Channel, Endpoint, InsightRow, Level, Wire
from connectors.retries import Patience
from connectors.sandbox import CREDENTIALS, endpoint
from connectors.x import X
from connectors.x_ads_api import unpacked
from connectors.x_credentials import XCredentials
from connectors.x_refusals import meaning_of_ads
from connectors.x_stats import midnight, spans
from tests.connectors.running_sandbox import NOON, Sandbox

ACCOUNT = "18ce54d4x5t"
GIVEN = dict[str, Any](CREDENTIALS[Channel.X])
CREDENTIALS_OF_X = XCredentials(**GIVEN)
SINCE, UNTIL = date(2026, 10, 1), date(2026, 10, 2)

KNOWN: Mapping[str, Any] = {
    f"/12/accounts/{ACCOUNT}": {
        "data": {"id": ACCOUNT, "name": "API McTestface", "timezone": "America/Los_Angeles"}
    },
    f"/12/accounts/{ACCOUNT}/funding_instruments": {
        "data": [{"id": "lygyi", "currency": "USD", "able_to_fund": True, "deleted": False}],
        "next_cursor": None,
    },
    f"/12/accounts/{ACCOUNT}/campaigns": {
        "data": [{"id": "8u94t", "name": "Autumn"}, {"id": "8v2x1", "name": None}],
        "next_cursor": None,
    },
}
ACTIVE = {
    "request": {"params": {}},
    "data": [
        {
            "entity_id": "8u94t",
            "activity_start_time": "2026-10-01T08:11:08Z",
            "activity_end_time": "2026-10-02T14:40:59Z",
            "placements": ["ALL_ON_TWITTER", "SPOTLIGHT"],
        }
    ],
}


def stats(metrics: Mapping[str, Any], entity: str = "8u94t", days: int = 2) -> dict[str, Any]:
    series = [{"id": entity, "id_data": [{"segment": None, "metrics": metrics}]}]
    return {"data_type": "stats", "time_series_length": days, "data": series, "request": {"params": {}}}


SAID = stats(
    {
        "impressions": [1233, 980],
        "clicks": [58, 41],
        "url_clicks": [22, None],
        "billed_charge_local_micro": [4200000, 3100000],
        "follows": None,
        "conversion_purchases": {
            "metric": [1, 0],
            "post_view": [0, 0],
            "post_engagement": [1, 0],
            "order_quantity": [1, 0],
            "sale_amount": [49000000, 0],
        },
        "conversion_custom": None,
    }
)
IN_SPOTLIGHT = stats({"impressions": [0, 20], "clicks": None, "billed_charge_local_micro": [None, 50000]})


@contextmanager
def said_by(
    answers: Mapping[str, Any], asked: list[httpx.Request] | None = None, attempts: int = 1
) -> Iterator[X]:
    """An X that answers these paths with JSON, bytes or whole answers, and all others with its 404."""

    def answered(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        found = answers.get(f"{request.url.path}?{request.url.params.get('placement', '')}")
        found = found if found is not None else answers.get(request.url.path)
        found = found(request) if callable(found) else found
        match found:
            case httpx.Response():
                return found
            case bytes():
                return httpx.Response(200, content=found)
            case None:
                error = {"code": "NOT_FOUND", "message": "not here"}
                return httpx.Response(404, json={"errors": [error]})
            case _:
                return httpx.Response(200, json=found)

    with httpx.Client(transport=httpx.MockTransport(answered)) as http:
        patience = Patience(attempts=attempts, sleep=lambda _: None, draw=lambda: 0.0)
        yield X(CREDENTIALS_OF_X, Wire(http=http, patience=patience, clock=lambda: NOON), lambda: "n0nce")


def read(x: X, level: Level = Level.CAMPAIGN, since: date = SINCE, until: date = UNTIL) -> list[InsightRow]:
    return list(x.insights(ACCOUNT, since, until, level))


OF_STATS = f"/12/stats/accounts/{ACCOUNT}"
WHOLE = {
    **KNOWN,
    f"{OF_STATS}/active_entities": ACTIVE,
    f"{OF_STATS}?ALL_ON_TWITTER": SAID,
    f"{OF_STATS}?SPOTLIGHT": IN_SPOTLIGHT,
}


def test_documented_figures_become_rows_with_placements_added_up() -> None:
    with said_by(WHOLE) as x:
        first, second = read(x)
    assert (first.date_day, second.date_day) == (SINCE, UNTIL)
    assert (first.campaign_id, first.campaign_name, first.currency) == ("8u94t", "Autumn", "USD")
    assert first.account_timezone == "America/Los_Angeles"
    assert (first.impressions, first.all_clicks, first.clicks) == (1233, 58, 22)
    assert (first.spend_micros, first.conversions) == (4_200_000, Decimal(1))
    assert (first.conversions_value_micros, first.view_through_conversions) == (49_000_000, 0)
    assert (second.impressions, second.clicks, second.spend_micros) == (1000, 0, 3_150_000)
    assert json.loads(second.raw) == {
        "date": "2026-10-02",
        "figures": {
            "8u94t": {
                "ALL_ON_TWITTER": {
                    "billed_charge_local_micro": 3100000,
                    "clicks": 41,
                    "impressions": 980,
                },
                "SPOTLIGHT": {"billed_charge_local_micro": 50000, "impressions": 20},
            }
        },
    }


def test_the_question_is_as_documented_and_each_is_signed() -> None:
    asked: list[httpx.Request] = []
    with said_by(WHOLE, asked) as x:
        read(x)
    [question] = [each for each in asked if each.url.params.get("placement") == "ALL_ON_TWITTER"]
    assert question.url.host == "ads-api.x.com"
    assert dict(question.url.params) == {
        "entity": "CAMPAIGN",
        "entity_ids": "8u94t",
        "start_time": "2026-10-01T07:00:00Z",
        "end_time": "2026-10-03T07:00:00Z",
        "granularity": "DAY",
        "placement": "ALL_ON_TWITTER",
        "metric_groups": "ENGAGEMENT,BILLING,WEB_CONVERSION",
    }
    assert all(each.headers["authorization"].startswith("OAuth oauth_consumer_key=") for each in asked)
    assert 'oauth_nonce="n0nce"' in question.headers["authorization"]
    assert f'oauth_timestamp="{int(NOON.timestamp())}"' in question.headers["authorization"]


def test_an_accounts_day_is_what_its_campaigns_did_since_x_keeps_no_spend_of_it() -> None:
    with said_by(WHOLE) as x:
        rows = read(x, Level.ACCOUNT)
    assert [row.spend_micros for row in rows] == [4_200_000, 3_150_000]
    assert {row.campaign_id for row in rows} == {""}


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("America/Los_Angeles", date(2026, 10, 31), "2026-10-31T07:00:00Z"),
        ("America/Los_Angeles", date(2026, 11, 2), "2026-11-02T08:00:00Z"),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00:00Z"),
        ("Europe/Berlin", date(2026, 10, 26), "2026-10-25T23:00:00Z"),
        ("Asia/Tokyo", date(2026, 10, 1), "2026-09-30T15:00:00Z"),
        ("Asia/Kolkata", date(2026, 10, 1), "2026-10-01T00:00:00+05:30"),
    ],
)
def test_a_day_begins_at_midnight_where_the_account_is(zone: str, day: date, begins: str) -> None:
    assert midnight(day, zone) == begins
    assert datetime.fromisoformat(begins).utcoffset() is not None


def test_windows_are_as_long_as_they_may_be_and_follow_on_each_other() -> None:
    assert spans(date(2026, 10, 1), date(2026, 10, 15), 7) == [
        (date(2026, 10, 1), date(2026, 10, 7)),
        (date(2026, 10, 8), date(2026, 10, 14)),
        (date(2026, 10, 15), date(2026, 10, 15)),
    ]


def test_twenty_ids_and_seven_days_a_call() -> None:
    numbers = [f"a{number:03}" for number in range(45)]
    active = {"data": [{"entity_id": each, "placements": ["ALL_ON_TWITTER"]} for each in numbers]}
    asked: list[httpx.Request] = []

    def answered(request: httpx.Request) -> dict[str, Any]:
        begins, ends = (
            datetime.fromisoformat(request.url.params[f"{each}_time"]) for each in ("start", "end")
        )
        days = (ends - begins) // timedelta(days=1)
        some = request.url.params["entity_ids"].split(",")
        data = [stats({"impressions": [7] * days}, each, days)["data"][0] for each in some]
        return {"time_series_length": days, "data": data}

    answers = {**KNOWN, f"{OF_STATS}/active_entities": active, OF_STATS: answered}
    with said_by(answers, asked) as x:
        rows = read(x, since=date(2026, 10, 1), until=date(2026, 10, 10))
    assert len(rows) == 45 * 10
    calls = [each for each in asked if each.url.path == OF_STATS]
    assert [len(each.url.params["entity_ids"].split(",")) for each in calls] == [20, 20, 5] * 2


JOBS = f"/12/stats/jobs/accounts/{ACCOUNT}"


class Working:
    """Jobs as X documents them: begun, looked at until they are done, and fetched."""

    def __init__(self, host: str = "https://ton.twimg.com", ends: str = "SUCCESS", fails: int = 0) -> None:
        self.begun: dict[str, dict[str, str]] = {}
        self.looks = 0
        self._host, self._ends, self._fails = host, ends, fails

    def __call__(self, request: httpx.Request) -> Any:
        if request.method == "POST":
            number = str(1120829647711653888 + len(self.begun))
            self.begun[number] = dict(request.url.params)
            return {"data": {"id_str": number, "id": int(number), "status": "PROCESSING", "url": None}}
        self.looks += 1
        ended = self._ends
        if self._fails:
            ended, self._fails = "FAILED", self._fails - 1
        told = [
            {"id_str": number, "status": ended if self.looks > 1 else "PROCESSING", "url": self.at(number)}
            for number in request.url.params["job_ids"].split(",")
        ]
        return {"data": told, "next_cursor": "1120828505715920896"}

    def at(self, number: str) -> str:
        return f"{self._host}/advertiser-api-async-analytics/stats_job_{number}.json.gz"

    def result(self, request: httpx.Request) -> bytes:
        assert "authorization" not in request.headers, "whoever keeps the file gets no signature"
        job = self.begun[request.url.path.partition("stats_job_")[2].removesuffix(".json.gz")]
        some = job["entity_ids"].split(",")
        data = [stats({"impressions": [3] * 30}, each, 30)["data"][0] for each in some]
        return gzip.compress(json.dumps({"time_series_length": 30, "data": data}).encode())


def by_jobs(working: Working, entities: int = 60) -> dict[str, Any]:
    active = [{"entity_id": f"a{each:03}", "placements": ["ALL_ON_TWITTER"]} for each in range(entities)]
    paths = {
        f"/advertiser-api-async-analytics/stats_job_{1120829647711653888 + number}.json.gz": working.result
        for number in range(20)
    }
    return {**KNOWN, f"{OF_STATS}/active_entities": {"data": active}, JOBS: working, **paths}


MONTH = (date(2026, 9, 1), date(2026, 9, 30))


def test_what_takes_many_calls_is_worked_out_as_jobs() -> None:
    working = Working()
    with said_by(by_jobs(working), attempts=5) as x:
        rows = read(x, since=MONTH[0], until=MONTH[1])
    assert len(rows) == 60 * 30
    assert {row.impressions for row in rows} == {3}
    assert [len(each["entity_ids"].split(",")) for each in working.begun.values()] == [20, 20, 20]
    assert {each["start_time"] for each in working.begun.values()} == {"2026-09-01T07:00:00Z"}
    assert working.looks == 2


def test_a_job_that_fails_is_begun_anew() -> None:
    working = Working(fails=2)
    with said_by(by_jobs(working), attempts=5) as x:
        assert len(read(x, since=MONTH[0], until=MONTH[1])) == 60 * 30
    assert len(working.begun) == 6


def test_a_job_that_always_fails_is_told() -> None:
    with (
        said_by(by_jobs(Working(ends="CANCELLED")), attempts=3) as x,
        pytest.raises(Transient, match="CANCELLED"),
    ):
        read(x, since=MONTH[0], until=MONTH[1])


@pytest.mark.parametrize(
    "host", ["https://evil.example", "http://ton.twimg.com", "https://nottwimg.com", "//["]
)
def test_a_result_that_lies_with_somebody_else_is_not_fetched(host: str) -> None:
    asked: list[httpx.Request] = []
    with said_by(by_jobs(Working(host)), asked, attempts=5) as x, pytest.raises(UnexpectedAnswer):
        read(x, since=MONTH[0], until=MONTH[1])
    assert {each.url.host for each in asked} == {"ads-api.x.com"}


def test_what_unpacks_to_more_than_is_bearable_is_refused_before_it_fills_the_house() -> None:
    packed = gzip.compress(b"a" * 1_000_000)
    with pytest.raises(TooMuchData):
        unpacked(packed, 999_999)
    assert len(unpacked(packed, 1_000_000)) == 1_000_000
    assert unpacked(b"{}") == b"{}"
    for broken in (packed[:-20], packed[:20] + b"\0" * 20):
        with pytest.raises(Transient):
            unpacked(broken)


def test_sums_are_the_same_by_jobs_and_at_once(sandbox: Sandbox) -> None:
    """Ninety days of the sandbox are thirteen calls and more."""
    since, until = date(2026, 7, 10), date(2026, 10, 7)
    reader = sandbox.reader(Channel.X)
    rows = list(reader.insights(ACCOUNT, since, until, Level.CAMPAIGN))
    counted = sandbox.http.get(f"{sandbox.address}/_sandbox/requests").json()["x"]
    assert sum(calls for path, calls in counted.items() if path.startswith("POST")) == 2, "two placements"
    totals = sandbox.totals(Channel.X, ACCOUNT, since, until)
    assert sum(row.spend_micros for row in rows) == totals["spend_micros"]
    assert sum(row.conversions for row in rows) == totals["conversions"]
    assert sum(row.all_clicks for row in rows) == totals["all_clicks"] > totals["clicks"]


@pytest.mark.parametrize("fault", ["report_failed", "report_skipped"])
def test_the_sandboxs_jobs_fail_and_another_one_ends_well(sandbox: Sandbox, fault: str) -> None:
    sandbox.order(Channel.X, fault, at="POST *")
    rows = list(
        sandbox.reader(Channel.X).insights(ACCOUNT, date(2026, 7, 10), date(2026, 10, 7), Level.ACCOUNT)
    )
    assert len(rows) == 90


def test_a_job_that_never_ends_is_given_up(sandbox: Sandbox) -> None:
    sandbox.order(Channel.X, "report_stuck", times=50, at="POST *")
    with pytest.raises(ChannelError, match="still worked out"):
        list(sandbox.reader(Channel.X).insights(ACCOUNT, date(2026, 7, 10), date(2026, 10, 7)))


@pytest.mark.parametrize(
    "answer",
    [
        stats({"impressions": [1]}, days=1),
        stats({"impressions": [1, 2, 3]}),
        stats({"impressions": [-1, 2]}),
        stats({"impressions": ["many", 2]}),
        stats({"impressions": 5}),
        stats({"conversion_purchases": {"metric": {"deep": [1, 2]}}}),
        stats({"impressions": [1, 2]}, entity="8zzzz"),
        {**SAID, "data": [{"id": "8u94t", "id_data": [{"segment": {"segment_name": "x"}, "metrics": {}}]}]},
    ],
)
def test_figures_of_no_documented_shape_are_not_believed(answer: dict[str, Any]) -> None:
    with said_by({**WHOLE, f"{OF_STATS}?ALL_ON_TWITTER": answer}) as x, pytest.raises(UnexpectedAnswer):
        read(x)


def test_a_cursor_that_leads_in_a_circle_is_left() -> None:
    page = {"data": [{"id": "8u94t", "name": "Autumn"}], "next_cursor": "8x7v00oow"}
    there = {**WHOLE, f"/12/accounts/{ACCOUNT}/campaigns": page}
    with said_by(there) as x, pytest.raises(UnexpectedAnswer, match="without an end"):
        read(x)


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, "INVALID_PARAMETER", 'Expected time, got "" for start_time', Invalid),
        (400, "REQUEST_TOO_COMPLEX", "too complex", TooMuchData),
        (400, "DUPLICATE_TWEET", "again", Duplicate),
        (401, "UNAUTHORIZED_ACCESS", "This request is not properly authenticated", AuthRevoked),
        (401, "135", "Timestamp out of bounds.", Transient),
        (403, "ACCOUNT_NOT_FOUND", "no such account", Forbidden),
        (403, "UNAUTHORIZED_CLIENT_APPLICATION", "The client application is not permitted", Forbidden),
        (404, "NOT_FOUND", "campaign 8u94t was not found", Invalid),
        (404, "ROUTE_NOT_FOUND", "The requested route was not found", Sunset),
        (408, "CANCELLED_REQUEST", "cancelled", Transient),
        (423, "LOCK_ACQUISITION_TIMEOUT", "locked", Transient),
        (429, "TOO_MANY_REQUESTS", "slow down", RateLimited),
        (429, "TWEET_RATE_LIMIT_EXCEEDED", "slow down", RateLimited),
        (500, "INTERNAL_ERROR", "broken", Transient),
        (503, "OVER_CAPACITY", "busy", Transient),
    ],
)
def test_refusals_mean_what_they_say(status: int, code: str, message: str, kind: type[ChannelError]) -> None:
    error = {"code": code, "message": message, "parameter": "start_time"}
    answer = Answer(status, httpx.Headers(), json.dumps({"errors": [error]}).encode())
    meaning = meaning_of_ads(answer, where="X Ads", now=NOON)
    assert type(meaning) is kind
    assert (meaning.code, meaning.what) == (code, message)
    if isinstance(meaning, Invalid):
        assert meaning.field == "start_time"


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"errors": 5}', b"[" * 10_000])
def test_a_refusal_without_a_body_is_told_by_its_status(body: bytes) -> None:
    meaning = meaning_of_ads(Answer(403, httpx.Headers(), body), where="X Ads", now=NOON)
    assert (type(meaning), meaning.code) == (Forbidden, "403")


@pytest.mark.parametrize(
    ("status", "headers", "scope", "wait"),
    [
        (429, {"x-rate-limit-reset": "+90"}, Scope.USER, 90.0),
        (429, {"x-rate-limit-reset": "+900", "x-account-rate-limit-reset": "+60"}, Scope.ACCOUNT, 60.0),
        (429, {"x-rate-limit-reset": "-5"}, Scope.USER, 0.0),
        (429, {"x-rate-limit-reset": "soon", "retry-after": "7"}, Scope.UNKNOWN, 7.0),
        (429, {"x-rate-limit-reset": "+99999999"}, Scope.USER, 86_400.0),
        (429, {}, Scope.UNKNOWN, None),
        (503, {"retry-after": "30"}, Scope.UNKNOWN, 30.0),
    ],
)
def test_who_is_to_slow_down_and_for_how_long(
    status: int, headers: dict[str, str], scope: Scope, wait: float | None
) -> None:
    moments = {
        name: str(int(NOON.timestamp()) + int(value)) if value[0] in "+-" else value
        for name, value in headers.items()
    }
    answer = Answer(status, httpx.Headers(moments), b"{}")
    limited = meaning_of_ads(answer, where="X Ads", now=NOON)
    assert isinstance(limited, RateLimited)
    assert (limited.scope, limited.retry_after) == (scope, wait)


def test_without_keys_there_are_no_accounts_and_no_insights() -> None:
    granted = {name: CREDENTIALS[Channel.X][name] for name in ("access_token", "refresh_token")}
    with httpx.Client() as http:
        x = X.connect(granted, Wire(http=http))
        assert x.accounts() == []
        with pytest.raises(Forbidden, match="no keys"):
            read(x)
        half = X.connect({"ads_token": "x"}, Wire(http=http))
        with pytest.raises(Invalid) as invalid:
            half.accounts()
    assert invalid.value.field == "consumer_key"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ads_token_secret", "wrong"),
        ("consumer_secret", "wrong"),
        ("consumer_key", "wrong"),
        ("ads_token", "wrong"),
    ],
)
def test_who_signs_with_anything_else_is_turned_away(sandbox: Sandbox, name: str, value: str) -> None:
    with pytest.raises(AuthRevoked):
        list(sandbox.reader(Channel.X, http=None, **{name: value}).insights(ACCOUNT, SINCE, UNTIL))


def test_a_clock_that_runs_wrong_is_no_revoked_grant(sandbox: Sandbox) -> None:
    wire = Wire(
        http=sandbox.http,
        endpoint=endpoint(Channel.X, sandbox.address),
        patience=Patience(attempts=1),
        clock=lambda: sandbox.now + timedelta(minutes=20),
    )
    with pytest.raises(Transient, match="out of bounds"):
        list(X.connect(CREDENTIALS[Channel.X], wire).insights(ACCOUNT, SINCE, UNTIL))


def test_a_nonce_holds_once(sandbox: Sandbox) -> None:
    wire = Wire(http=sandbox.http, endpoint=endpoint(Channel.X, sandbox.address), clock=lambda: sandbox.now)
    x = X(CREDENTIALS_OF_X, wire, lambda: "always the same")
    with pytest.raises(AuthRevoked, match="nonce"):
        x.accounts()


WANTED = NewCampaign(name="Winter coats", marker="7f3a2c9e01", daily_budget=Decimal("25.50"))


def test_a_campaign_is_made_as_documented() -> None:
    asked: list[httpx.Request] = []
    made = {
        "data": {
            "name": "Winter coats [mp:7f3a2c9e01]",
            "budget_optimization": "CAMPAIGN",
            "daily_budget_amount_local_micro": 25500000,
            "id": "hwtbm",
            "entity_status": "PAUSED",
            "currency": "USD",
            "deleted": False,
        }
    }
    there = {
        **KNOWN,
        f"/12/accounts/{ACCOUNT}/campaigns": lambda it: made if it.method == "POST" else {"data": []},
    }
    with said_by(there, asked) as x:
        now = x.create_campaign(ACCOUNT, WANTED)
    assert (now.id, now.is_running, now.daily_budget, now.currency) == (
        "hwtbm",
        False,
        Decimal("25.5"),
        "USD",
    )
    assert asked[-1].method == "POST"
    assert dict(asked[-1].url.params) == {
        "funding_instrument_id": "lygyi",
        "name": "Winter coats [mp:7f3a2c9e01]",
        "budget_optimization": "CAMPAIGN",
        "daily_budget_amount_local_micro": "25500000",
        "entity_status": "PAUSED",
    }


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"until": date(2026, 12, 24)}, "until"),
        ({"countries": ("DE",)}, "countries"),
        ({"language": "de"}, "language"),
        ({"highest_bid": Decimal(1)}, "highest_bid"),
        ({"name": "x" * 250}, "name"),
        ({"daily_budget": Decimal("1.005")}, "daily_budget"),
    ],
)
def test_what_x_would_not_take_is_refused_before_it_is_told(
    sandbox: Sandbox, changed: dict[str, Any], field: str
) -> None:
    x = sandbox.connector(Channel.X)
    assert isinstance(x, X)
    with pytest.raises(Invalid) as invalid:
        x.check_campaign(ACCOUNT, replace(WANTED, **changed))
    assert invalid.value.field == field
    assert sandbox.accepted(Channel.X) == []


@pytest.mark.parametrize("able", [0, 2])
def test_who_pays_has_to_be_plain(able: int) -> None:
    fundings = [{"id": f"ly{each}", "currency": "USD", "able_to_fund": True} for each in range(able)]
    fundings.append({"id": "lyx", "currency": "USD", "able_to_fund": False})
    answers = {
        **KNOWN,
        f"/12/accounts/{ACCOUNT}/funding_instruments": {"data": fundings},
        f"/12/accounts/{ACCOUNT}/campaigns": {"data": []},
    }
    with said_by(answers) as x, pytest.raises(Invalid, match=f"{able} funding instruments"):
        x.create_campaign(ACCOUNT, WANTED)


def test_a_budget_that_its_line_items_have_is_not_the_campaigns() -> None:
    there = {"data": {"id": "8u94t", "entity_status": "ACTIVE", "currency": "USD", "name": "Autumn"}}
    with said_by({**KNOWN, f"/12/accounts/{ACCOUNT}/campaigns/8u94t": there}) as x:
        assert x.campaign(ACCOUNT, "8u94t").daily_budget is None
        with pytest.raises(Invalid, match="line items"):
            x.set_daily_budget(ACCOUNT, "8u94t", Decimal(10))


def test_a_version_of_somebody_else_is_gone(sandbox: Sandbox) -> None:
    wire = Wire(http=sandbox.http, endpoint=Endpoint(f"{sandbox.address}/x", "11"), clock=lambda: sandbox.now)
    with pytest.raises(Sunset):
        X.connect(CREDENTIALS[Channel.X], wire).accounts()


def test_the_days_of_a_zone_that_nobody_knows_are_not_guessed() -> None:
    nowhere = {"data": {"id": ACCOUNT, "name": "x", "timezone": "Mars/Olympus"}}
    with (
        said_by({**WHOLE, f"/12/accounts/{ACCOUNT}": nowhere}) as x,
        pytest.raises(UnexpectedAnswer, match="zone"),
    ):
        read(x)
