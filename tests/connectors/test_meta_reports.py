"""Meta's reports: what becomes of a day that is too much to be answered at once, however its report ends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.budgets import budgets_of
from connectors.face import Channel, InsightRow, Level, Wire
from connectors.meta import Meta
from connectors.retries import Patience
from connectors.sandbox import endpoint
from connectors.sandbox.meta import CREDENTIALS
from tests.conftest import TRUST
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

ACCOUNT = "555000111"
DAY = date(2026, 10, 3)

AT_ONCE, BEGUN = "GET */act_*/insights", "POST */insights"
LOOKED_AT, LOADED = "GET */v26.0/[0-9]*[0-9]", "GET */v26.0/[0-9]*/insights"
PAGE_SIZES = ["500", "250", "125", "62"]
FIRST_WAITS = [2.5, 5.0, 10.0]
"""Between the four looks that a report of the sandbox takes."""

ENDINGS = {
    "report_failed": "-2/2490547",
    "report_skipped": "",
    "report_forgotten": "100/33",
}


def read(sandbox: Sandbox, http: httpx.Client | None = None, level: Level = Level.AD) -> list[InsightRow]:
    return list(sandbox.reader(Channel.META, http=http).insights(ACCOUNT, DAY, DAY, level))


def find_too_much(sandbox: Sandbox, times: int = len(PAGE_SIZES)) -> None:
    sandbox.order(Channel.META, "too_much_data", times=times, at=AT_ONCE)


@contextmanager
def overheard() -> Iterator[tuple[httpx.Client, list[httpx.Request]]]:
    asked: list[httpx.Request] = []
    with httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [asked.append]}) as http:
        yield http, asked


def begun(asked: list[httpx.Request]) -> int:
    return sum(request.method == "POST" for request in asked)


@pytest.mark.parametrize("level", list(Level))
def test_a_day_that_is_too_much_is_read_as_a_report(sandbox: Sandbox, level: Level) -> None:
    at_once = read(sandbox, level=level)
    find_too_much(sandbox)
    with overheard() as (http, asked):
        assert read(sandbox, http, level) == at_once
    sizes = [
        request.url.params["limit"]
        for request in asked
        if request.method == "GET" and request.url.path.endswith(f"act_{ACCOUNT}/insights")
    ]
    assert sizes == PAGE_SIZES, "smaller pages are tried first"
    assert begun(asked) == 1
    assert sandbox.waits == FIRST_WAITS
    totals = sandbox.totals(Channel.META, ACCOUNT, DAY, DAY)
    assert sum(row.spend_micros for row in at_once) == totals["spend_micros"] > 0


def test_a_day_that_turns_out_too_much_half_way_is_not_read_twice(sandbox: Sandbox) -> None:
    at_once = read(sandbox)
    heard: list[httpx.Response] = []

    def first_page_and_no_further(response: httpx.Response) -> None:
        if response.request.url.path.endswith("/insights"):
            heard.append(response)
            if len(heard) == 1:
                find_too_much(sandbox)

    hooks = {"response": [first_page_and_no_further]}
    with httpx.Client(timeout=10, verify=TRUST, event_hooks=hooks) as http:
        assert read(sandbox, http) == at_once
    assert any(response.request.method == "POST" for response in heard)


def test_of_longer_windows_no_report_is_asked_for(sandbox: Sandbox) -> None:
    find_too_much(sandbox)
    with overheard() as (http, asked), pytest.raises(errors.TooMuchData):
        list(sandbox.reader(Channel.META, http=http).insights(ACCOUNT, DAY, DAY + timedelta(days=1)))
    assert begun(asked) == 0


@pytest.mark.parametrize("ending", ENDINGS)
def test_for_a_report_that_comes_to_nothing_another_is_asked_for(sandbox: Sandbox, ending: str) -> None:
    at_once = read(sandbox)
    find_too_much(sandbox)
    sandbox.order(Channel.META, ending, times=2, at=BEGUN)
    with overheard() as (http, asked):
        assert read(sandbox, http) == at_once
    assert begun(asked) == 3


@pytest.mark.parametrize(("ending", "code"), ENDINGS.items())
def test_reports_that_all_come_to_nothing_are_told(sandbox: Sandbox, ending: str, code: str) -> None:
    find_too_much(sandbox)
    sandbox.order(Channel.META, ending, times=50, at=BEGUN)
    with overheard() as (http, asked), pytest.raises(errors.Transient) as trouble:
        read(sandbox, http)
    assert trouble.value.code == code
    assert begun(asked) == Patience().attempts


@dataclass
class Time:
    """It passes while somebody sleeps."""

    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waits.append(seconds)

    @property
    def patience(self) -> Patience:
        return Patience(sleep=self.sleep, clock=lambda: self.now, draw=lambda: 1.0)


def test_a_report_that_never_ends_is_given_up_after_half_an_hour(sandbox: Sandbox) -> None:
    find_too_much(sandbox)
    sandbox.order(Channel.META, "report_stuck", at=BEGUN)
    time = Time()
    there = endpoint(Channel.META, sandbox.address)
    with overheard() as (http, asked):
        meta = Meta.connect(CREDENTIALS, Wire(http=http, endpoint=there, patience=time.patience))
        with pytest.raises(errors.NotReady, match="'Job Running', 37 %"):
            list(meta.insights(ACCOUNT, DAY, DAY))
    assert begun(asked) == 1
    assert time.waits[:5] == [5, 10, 20, 40, 60]
    assert 1800 - 60 < sum(time.waits) <= 1800


@pytest.mark.parametrize("fault", ["accepted_then_silent", "truncated", "server_error"])
def test_a_lost_answer_about_a_report_costs_another_report_and_nothing_else(
    sandbox: Sandbox, fault: str
) -> None:
    at_once = read(sandbox)
    find_too_much(sandbox)
    sandbox.order(Channel.META, fault, at=BEGUN)
    with overheard() as (http, asked):
        assert read(sandbox, http) == at_once
    assert begun(asked) == 2


@pytest.mark.parametrize("fault", ["server_error", "truncated", "rate_limited"])
@pytest.mark.parametrize("at", [LOOKED_AT, LOADED])
def test_trouble_around_a_report_does_not_lose_it(sandbox: Sandbox, fault: str, at: str) -> None:
    at_once = read(sandbox)
    find_too_much(sandbox)
    sandbox.order(Channel.META, fault, times=3, at=at)
    with overheard() as (http, asked):
        assert read(sandbox, http) == at_once
    assert begun(asked) == 1
    assert len(sandbox.waits) >= 3


def test_pages_of_a_report_that_are_too_much_are_asked_for_by_halves(sandbox: Sandbox) -> None:
    at_once = read(sandbox)
    find_too_much(sandbox)
    sandbox.order(Channel.META, "too_much_data", times=8, at=LOADED)
    with overheard() as (http, asked):
        assert read(sandbox, http) == at_once
    assert asked[-1].url.params["limit"] == "1"


def test_all_of_a_report_is_counted_for_its_account_and_meta_hears_nothing_of_it(sandbox: Sandbox) -> None:
    find_too_much(sandbox)
    with overheard() as (http, asked):
        read(sandbox, http)
    insights, management = budgets_of(Meta)
    assert [insights.of(request) for request in asked] == [None] + [ACCOUNT] * (len(asked) - 1)
    assert [management.of(request) for request in asked] == [ACCOUNT] + [None] * (len(asked) - 1)
    assert len(asked) == 1 + len(PAGE_SIZES) + 1 + 4 + 3
    for request in asked:
        sent = f"{request.url} {request.headers} {request.content}"
        assert "counted_for" not in sent


def said(status: int, **body: Any) -> tuple[int, bytes]:
    return status, json.dumps(body).encode()


DESCRIBED = said(
    200, id="act_777", account_id="777", name="Shop", currency="EUR", timezone_name="Europe/Berlin"
)
TOO_MUCH = said(400, error={"code": 100, "error_subcode": 1504018, "message": "Your request timed out."})
BEGUN_AS = said(200, report_run_id="6012")
COMPLETE = said(200, id="6012", async_status="Job Completed", async_percent_completion=100)
ROW = {
    "account_id": "777",
    "impressions": "5",
    "spend": "1.07",
    "date_start": str(DAY),
    "date_stop": str(DAY),
}
PAGE = said(200, data=[ROW])
BEFORE = (DESCRIBED, *[TOO_MUCH] * len(PAGE_SIZES))


def hear(*answers: tuple[int, bytes]) -> list[InsightRow]:
    with answering(*BEFORE, *answers) as wire:
        patient = replace(wire, patience=Time().patience)
        return list(Meta.connect(CREDENTIALS, patient).insights("777", DAY, DAY, Level.ACCOUNT))


@pytest.mark.parametrize("number", ["6012", 6012, 23842564769190375])
def test_a_time_out_leads_to_a_report_whose_number_comes_either_way(number: object) -> None:
    (row,) = hear(said(200, report_run_id=number), COMPLETE, PAGE)
    assert row.spend_micros == 1_070_000


@pytest.mark.parametrize("number", ["../me", -1, None, "6012/insights?limit=1"])
def test_a_number_that_is_none_is_never_asked_for(number: object) -> None:
    with pytest.raises(errors.UnexpectedAnswer):
        hear(said(200, report_run_id=number), COMPLETE, PAGE)


@pytest.mark.parametrize(
    ("status", "percent"),
    [("Job Running", 100), ("Job Completed", 37), ("Job Started", 0), ("Job Not Started", 0)],
)
def test_neither_the_word_nor_the_percentage_alone_is_the_end(status: str, percent: int) -> None:
    not_yet = said(200, async_status=status, async_percent_completion=percent)
    (row,) = hear(BEGUN_AS, not_yet, not_yet, COMPLETE, PAGE)
    assert row.impressions == 5


def test_a_report_that_cannot_be_loaded_yet_is_loaded_later() -> None:
    not_yet = said(
        400,
        error={
            "message": "Error accessing adreport job.",
            "type": "OAuthException",
            "code": 2601,
            "error_subcode": 1815107,
            "is_transient": True,
            "error_user_title": "Loading Async Ads Report Failed",
            "fbtrace_id": "Az",
        },
    )
    (row,) = hear(BEGUN_AS, COMPLETE, not_yet, not_yet, PAGE)
    assert row.impressions == 5


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (-3, 1504045, errors.TooMuchData),
        (100, 1487534, errors.TooMuchData),
        (4, 1504022, errors.RateLimited),
        (4, 1504039, errors.RateLimited),
        (2, 1504041, errors.Invalid),
        (2, 1504042, errors.Invalid),
        (100, 3191001, errors.Forbidden),
        (190, 463, errors.AuthRevoked),
        (-2, 2490547, errors.Transient),
        (2, 1504043, errors.Transient),
        (0, None, errors.Transient),
        (99999, 1, errors.Transient),
    ],
)
def test_a_report_that_failed_says_why_in_the_words_of_a_refusal(
    code: int, subcode: int | None, kind: type[errors.ChannelError]
) -> None:
    failed = said(
        200,
        async_status="Job Failed",
        async_percent_completion=12,
        error_code=code,
        error_subcode=subcode,
        error_message="No.",
        error_user_msg="Generating the report failed.",
    )
    with pytest.raises(kind) as trouble:
        hear(*[BEGUN_AS, failed] * Patience().attempts)
    assert trouble.value.code == (f"{code}/{subcode}" if code else "")
    assert "report" in str(trouble.value)


def test_a_state_that_nobody_knows_is_not_waited_out() -> None:
    with pytest.raises(errors.UnexpectedAnswer, match="'Job Lost'"):
        hear(BEGUN_AS, said(200, async_status="Job Lost", async_percent_completion=100))
