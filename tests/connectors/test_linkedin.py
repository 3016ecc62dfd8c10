"""LinkedIn's own words: answers as its reference documents them, queries as it wants them, every error on its shelf."""

import dataclasses
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import errors, restli
from connectors.answers import Answer, credentials_as
from connectors.face import Channel, InsightRow, Level, Wire
from connectors.linkedin import LinkedIn
from connectors.linkedin_api import LinkedInCredentials
from connectors.linkedin_insights import MOST_ELEMENTS
from connectors.linkedin_refusals import meaning_of
from connectors.sandbox.linkedin import CREDENTIALS, VERSION
from connectors.sandbox.world import accounts_of
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import NOON, Sandbox

SINCE, UNTIL = date(2026, 10, 1), date(2026, 10, 14)
MINE = accounts_of(Channel.LINKEDIN)[0].id

ACCOUNT: dict[str, Any] = {
    "id": 500600,
    "name": "Shop",
    "currency": "USD",
    "status": "ACTIVE",
    "type": "BUSINESS",
    "test": False,
}
GROUP = {"id": 700800, "name": "Herbst", "account": "urn:li:sponsoredAccount:500600"}
CAMPAIGN = {"id": 300100, "name": "Buyers", "campaignGroup": "urn:li:sponsoredCampaignGroup:700800"}
CREATIVE = {
    "id": "urn:li:sponsoredCreative:900700",
    "name": "Calm",
    "campaign": "urn:li:sponsoredCampaign:300100",
}
DAY = {"year": 2026, "month": 10, "day": 2}
ROW: dict[str, Any] = {
    "impressions": 19090,
    "clicks": 100,
    "costInLocalCurrency": "209.449",
    "externalWebsiteConversions": 4,
    "externalWebsitePostViewConversions": 2,
    "oneClickLeads": 1,
    "conversionValueInLocalCurrency": "320.0",
    "pivotValues": ["urn:li:sponsoredCampaign:300100"],
    "dateRange": {"start": DAY, "end": DAY},
}

Said = tuple[int, bytes]


def said(body: Any) -> Said:
    return 200, json.dumps(body).encode()


def page(*elements: dict[str, Any], following: str | None = None) -> Said:
    return said({"elements": elements, "metadata": {"nextPageToken": following} if following else {}})


def report(*rows: dict[str, Any]) -> Said:
    return said({"paging": {"start": 0, "count": 10, "links": []}, "elements": rows})


def by_campaign(*rows: dict[str, Any], account: dict[str, Any] = ACCOUNT) -> tuple[Said, ...]:
    """What LinkedIn answers in turn when an account with one campaign is asked about by campaign."""
    return said(account), page(CAMPAIGN), page(GROUP), report(*rows)


def read(
    wire: Wire, level: Level = Level.AD_GROUP, since: date = SINCE, until: date = UNTIL
) -> list[InsightRow]:
    return list(LinkedIn.connect(CREDENTIALS, wire).insights("500600", since, until, level))


@contextmanager
def overheard(wire: Wire) -> Iterator[list[httpx.Request]]:
    asked: list[httpx.Request] = []
    wire.http.event_hooks = {"request": [asked.append]}
    yield asked
    wire.http.event_hooks = {}


def test_a_documented_row_in_the_unified_columns():
    with answering(*by_campaign(ROW)) as wire:
        (row,) = read(dataclasses.replace(wire, clock=lambda: datetime(2026, 12, 1, tzinfo=UTC)))
    assert (row.platform, row.account_id, row.account_name) == ("linkedin_ads", "500600", "Shop")
    assert (row.currency, row.account_timezone) == ("USD", "UTC")
    assert (row.campaign_id, row.campaign_name) == ("700800", "Herbst")
    assert (row.ad_group_id, row.ad_group_name, row.ad_id) == ("300100", "Buyers", "")
    assert (row.date_day, row.is_final) == (date(2026, 10, 2), True)
    assert (row.impressions, row.clicks, row.all_clicks) == (19090, 100, 100)
    assert (row.spend_micros, row.spend) == (209_449_000, Decimal("209.449"))
    assert row.conversions == 5  # four on the advertiser's site, and one lead in LinkedIn's own form
    assert row.conversions_value_micros == 320_000_000
    assert row.view_through_conversions == 2
    assert json.loads(row.raw) == ROW


def test_a_question_is_written_as_documented():
    with answering(*by_campaign(ROW)) as wire, overheard(wire) as asked:
        read(wire)
    paths = [request.url.raw_path.decode() for request in asked]
    assert paths == [
        "/adAccounts/500600",
        "/adAccounts/500600/adCampaigns?q=search&search=(status:(values:List("
        "ACTIVE,PAUSED,DRAFT,COMPLETED,ARCHIVED,CANCELED,PENDING_DELETION,REMOVED)))&pageSize=500",
        "/adAccounts/500600/adCampaignGroups?q=search&search=(status:(values:List("
        "ACTIVE,PAUSED,DRAFT,ARCHIVED,CANCELED,PENDING_DELETION,REMOVED)))&pageSize=500",
        "/adAnalytics?q=analytics&pivot=CAMPAIGN&timeGranularity=DAILY"
        "&dateRange=(start:(year:2026,month:10,day:1),end:(year:2026,month:10,day:14))"
        "&accounts=List(urn%3Ali%3AsponsoredAccount%3A500600)"
        "&fields=impressions,clicks,costInLocalCurrency,externalWebsiteConversions,"
        "externalWebsitePostViewConversions,oneClickLeads,conversionValueInLocalCurrency,dateRange,pivotValues",
    ]
    assert {request.headers["linkedin-version"] for request in asked} == {"v0"}
    assert {request.headers["x-restli-protocol-version"] for request in asked} == {"2.0.0"}
    assert len(paths[-1].rpartition("fields=")[2].split(",")) <= 20


def test_creatives_are_asked_for_by_their_own_finder():
    answers = (said(ACCOUNT), page(CREATIVE), page(CAMPAIGN), page(GROUP), report())
    with answering(*answers) as wire, overheard(wire) as asked:
        assert read(wire, Level.AD) == []
    assert asked[1].url.raw_path == b"/adAccounts/500600/creatives?q=criteria&pageSize=100"
    assert [request.headers.get("x-restli-method") for request in asked] == [None, "FINDER", None, None, None]


def test_a_page_token_is_encoded_once():
    answers = (
        said(ACCOUNT),
        page(CAMPAIGN, following="a+b/c%3D=&d:(e)"),
        page({**CAMPAIGN, "id": 300200, "name": "Second"}),
        page(GROUP),
        report({**ROW, "pivotValues": ["urn:li:sponsoredCampaign:300200"]}),
    )
    with answering(*answers) as wire, overheard(wire) as asked:
        (row,) = read(wire)
    assert asked[2].url.raw_path.endswith(b"&pageToken=a%2Bb%2Fc%253D%3D%26d%3A%28e%29")
    assert row.ad_group_name == "Second"


@pytest.mark.parametrize("tokens", [("same", "same"), ("one", "two", "one")])
def test_pages_that_lead_nowhere_end(tokens: tuple[str, ...]):
    pages = [page(CAMPAIGN, following=token) for token in tokens]
    with answering(said(ACCOUNT), *pages) as wire, pytest.raises(errors.UnexpectedAnswer, match="end"):
        read(wire)


def test_no_more_days_are_asked_for_at_once_than_fit_an_answer():
    creatives = [{**CREATIVE, "id": f"urn:li:sponsoredCreative:{number}"} for number in range(4000)]
    answers = (said(ACCOUNT), page(*creatives), page(CAMPAIGN), page(GROUP), report())
    with answering(*answers) as wire, overheard(wire) as asked:
        read(wire, Level.AD)
    ranges = [re.findall(r"day:(\d+)", str(request.url)) for request in asked[4:]]
    assert ranges == [["1", "3"], ["4", "6"], ["7", "9"], ["10", "12"], ["13", "14"]]


def test_an_account_too_large_for_a_days_answer_is_asked_about_in_lists():
    creatives = [{**CREATIVE, "id": f"urn:li:sponsoredCreative:{number}"} for number in range(MOST_ELEMENTS)]
    answers = (said(ACCOUNT), page(*creatives), page(CAMPAIGN), page(GROUP), report())
    with answering(*answers) as wire, overheard(wire) as asked:
        read(wire, Level.AD)
    questions = asked[4:]
    assert {request.method for request in questions} == {"POST"}
    assert {request.url.raw_path for request in questions} == {b"/adAnalytics"}
    assert {request.headers["x-http-method-override"] for request in questions} == {"GET"}
    assert {request.headers["content-type"] for request in questions} == {"application/x-www-form-urlencoded"}
    listed: list[str] = []
    for request in questions:
        form = dict(part.split("=") for part in request.content.decode().split("&"))
        assert form["dateRange"] == "(start:(year:2026,month:10,day:1),end:(year:2026,month:10,day:14))"
        urns = re.findall(r"urn%3Ali%3AsponsoredCreative%3A\d+", form["creatives"])
        assert form["creatives"] == f"List({','.join(urns)})"
        assert len(urns) * 14 < MOST_ELEMENTS
        listed += urns
    assert len(set(listed)) == len(listed) == MOST_ELEMENTS


@pytest.mark.parametrize(
    ("length", "method"), [(restli.LONGEST_QUERY, "GET"), (restli.LONGEST_QUERY + 1, "POST")]
)
def test_a_query_travels_in_the_address_as_long_as_it_may(length: int, method: str):
    request = restli.asking("http://here.example/adAnalytics", "q" * length)
    assert request.method == method
    assert ("?" in request.address) == (request.form is None) == (method == "GET")


def test_an_answer_that_may_have_been_cut_is_no_answer():
    row = json.dumps({"pivotValues": ROW["pivotValues"], "dateRange": ROW["dateRange"]}).encode()
    whole, cut = (
        (200, b'{"elements":[' + b",".join([row] * rows) + b"]}")
        for rows in (MOST_ELEMENTS - 1, MOST_ELEMENTS)
    )
    with answering(*by_campaign()[:-1], whole) as wire:
        assert len(read(wire)) == MOST_ELEMENTS - 1
    with answering(*by_campaign()[:-1], cut) as wire, pytest.raises(errors.TooMuchData, match="cut"):
        read(wire)


@pytest.mark.parametrize(
    "gaps",
    [
        dict.fromkeys(name for name in ROW if name not in ("pivotValues", "dateRange")),
        {"clicks": "-", "costInLocalCurrency": "-", "oneClickLeads": "-", "externalWebsiteConversions": "-"},
    ],
    ids=["null", "dash"],
)
def test_what_was_not_counted_is_zero(gaps: dict[str, Any]):
    with answering(*by_campaign({**ROW, **gaps})) as wire:
        (row,) = read(wire)
    assert (row.clicks, row.all_clicks, row.spend_micros, row.conversions) == (0, 0, 0, 0)


def test_a_row_of_nothing_but_its_day_is_zero():
    nothing = {name: ROW[name] for name in ("pivotValues", "dateRange")}
    with answering(*by_campaign(nothing, account={**ACCOUNT, "name": None})) as wire:
        (row,) = read(wire)
    assert row.account_name == ""
    assert (row.impressions, row.spend_micros, row.conversions_value_micros) == (0, 0, 0)
    assert (row.conversions, row.view_through_conversions) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"clicks": -1},
        {"clicks": "many"},
        {"impressions": 1.5},
        {"costInLocalCurrency": "NaN"},
        {"costInLocalCurrency": "1e30"},
        {"conversionValueInLocalCurrency": "Infinity"},
        {"externalWebsiteConversions": 2**62},
        {"dateRange": {"start": DAY, "end": {**DAY, "day": 3}}},
        {"dateRange": {"start": {**DAY, "month": 13}, "end": {**DAY, "month": 13}}},
        {"dateRange": None},
        {"pivotValues": []},
        {"pivotValues": ROW["pivotValues"] * 2},
        {"pivotValues": ["urn:li:sponsoredCampaignGroup:300100"]},
        {"pivotValues": ["urn:li:sponsoredCampaign:../adAccounts"]},
    ],
)
def test_a_row_that_does_not_fit_is_never_guessed(wrong: dict[str, Any]):
    with answering(*by_campaign({**ROW, **wrong})) as wire, pytest.raises(errors.UnexpectedAnswer):
        read(wire)


@pytest.mark.parametrize(
    ("currency", "cost", "micros"),
    [
        ("USD", "209.449", 209_449_000),
        ("USD", "99.99999999999996", 100_000_000),
        ("USD", "-2E-18", 0),
        ("USD", "0.0000005", 0),
        ("EUR", "9007199254740993.000001", None),
        ("EUR", "9007199254.740993", 9_007_199_254_740_993),
        ("JPY", "1500", 1_500_000_000),
    ],
)
def test_money_is_exact_in_main_units_of_the_accounts_currency(currency: str, cost: str, micros: int | None):
    answers = by_campaign({**ROW, "costInLocalCurrency": cost}, account={**ACCOUNT, "currency": currency})
    with answering(*answers) as wire:
        if micros is None:
            with pytest.raises(errors.UnexpectedAnswer, match="beyond all bounds"):
                read(wire)
            return
        (row,) = read(wire)
    assert (row.currency, row.spend_micros) == (currency, micros)


def test_what_was_deleted_keeps_its_numbers_and_its_id():
    gone = {**ROW, "pivotValues": ["urn:li:sponsoredCreative:1"]}
    orphan = {**ROW, "pivotValues": [CREATIVE["id"]]}
    answers = (said(ACCOUNT), page(CREATIVE), page(CAMPAIGN), page(), report(gone, orphan))
    with answering(*answers) as wire:
        first, second = read(wire, Level.AD)
    assert (first.ad_id, first.ad_name, first.ad_group_id, first.campaign_id) == ("1", "", "", "")
    assert first.spend_micros == 209_449_000
    assert (second.ad_id, second.ad_name) == ("900700", "Calm")
    assert (second.ad_group_id, second.ad_group_name) == ("300100", "Buyers")
    assert (second.campaign_id, second.campaign_name) == ("700800", "")


@pytest.mark.parametrize(
    "unnamed", [{"id": "urn:li:sponsoredCreative:900700"}, {**CREATIVE, "name": None, "campaign": None}]
)
def test_an_entity_may_have_no_name_and_no_parent(unnamed: dict[str, Any]):
    answers = (said(ACCOUNT), page(unnamed), page(), page(), report({**ROW, "pivotValues": [CREATIVE["id"]]}))
    with answering(*answers) as wire:
        (row,) = read(wire, Level.AD)
    assert (row.ad_id, row.ad_name, row.ad_group_id) == ("900700", "", "")


@pytest.mark.parametrize(
    "strange",
    [
        {**CREATIVE, "id": "urn:li:sponsoredAccount:1"},
        {**CREATIVE, "id": -1},
        {**CREATIVE, "campaign": "urn:li:person:1"},
        {"name": "nameless"},
    ],
)
def test_an_entity_that_does_not_fit_is_never_guessed(strange: dict[str, Any]):
    with answering(said(ACCOUNT), page(strange)) as wire, pytest.raises(errors.UnexpectedAnswer):
        read(wire, Level.AD)


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("status", [403, 404])
def test_an_account_that_may_not_be_seen_is_no_account_without_activity(level: Level, status: int):
    refused = {
        "status": status,
        "serviceErrorCode": 100,
        "code": "ACCESS_DENIED",
        "message": "Not enough permissions to access: GET /adAccounts",
    }
    with answering((status, json.dumps(refused).encode()), report()) as wire, pytest.raises(errors.Forbidden):
        read(wire, level)


def test_a_report_of_somebody_elses_account_is_empty_and_no_error(sandbox: Sandbox):
    asked = (
        f"{sandbox.address}/linkedin/adAnalytics?q=analytics&pivot=CREATIVE&timeGranularity=DAILY"
        "&dateRange=(start:(year:2026,month:10,day:1),end:(year:2026,month:10,day:14))&accounts=List({})"
    )

    def elements(account: str) -> list[dict[str, Any]]:
        answer = sandbox.http.get(asked.format(f"urn%3Ali%3AsponsoredAccount%3A{account}"), headers=HEADERS)
        return answer.raise_for_status().json()["elements"]

    assert elements("9999999999") == []
    assert {frozenset(element) for element in elements(MINE)} == {frozenset({"impressions", "clicks"})}


HEADERS = {
    "authorization": f"Bearer {CREDENTIALS['access_token']}",
    "linkedin-version": VERSION,
    "x-restli-protocol-version": "2.0.0",
}
QUESTION = {
    "q": "analytics",
    "pivot": "CAMPAIGN",
    "timeGranularity": "DAILY",
    "dateRange": "(start:(year:2026,month:10,day:1),end:(year:2026,month:10,day:14))",
    "accounts": f"List(urn%3Ali%3AsponsoredAccount%3A{MINE})",
}


def asked_of(
    sandbox: Sandbox, changed: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> httpx.Response:
    query = "&".join(f"{name}={value}" for name, value in {**QUESTION, **(changed or {})}.items())
    address = f"{sandbox.address}/linkedin/adAnalytics?{query}"
    return sandbox.http.get(address, headers={**HEADERS, **(headers or {})})


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"accounts": f"List(urn:li:sponsoredAccount:{MINE})"}, "accounts"),
        ({"accounts": f"List(urn%253Ali%253AsponsoredAccount%253A{MINE})"}, "accounts"),
        ({"accounts": f"List%28urn%3Ali%3AsponsoredAccount%3A{MINE}%29"}, "accounts"),
        ({"dateRange": "(start%3A(year%3A2026,month%3A10,day%3A1))"}, "dateRange"),
        ({"dateRange": "(start:(year:2026,month:13,day:1),end:(year:2026,month:13,day:2))"}, "dateRange"),
        ({"pivot": "(value:CAMPAIGN)"}, "pivot"),
        ({"timeGranularity": "ALL"}, "timeGranularity"),
        ({"fields": ",".join("f" * n for n in range(1, 22))}, "fields"),
    ],
)
def test_the_stand_in_refuses_a_query_in_linkedins_words(
    sandbox: Sandbox, changed: dict[str, str], field: str
):
    answer = asked_of(sandbox, changed)
    assert answer.status_code == 400
    meaning = meaning_of(Answer(400, answer.headers, answer.content), where="test", now=NOON)
    assert isinstance(meaning, errors.Invalid)
    assert (meaning.field, meaning.code) == (field, "PARAM_INVALID")
    assert meaning.request_id


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"authorization": "Bearer x"}, 401),
        ({"linkedin-version": "202401"}, 426),
        ({"x-restli-protocol-version": "1.0.0"}, 400),
    ],
)
def test_the_stand_in_wants_linkedins_headers(sandbox: Sandbox, changed: dict[str, str], status: int):
    assert asked_of(sandbox, headers=changed).status_code == status


def test_a_long_question_is_taken_as_a_form_only(sandbox: Sandbox):
    several = ",".join(f"urn%3Ali%3AsponsoredAccount%3A{number}" for number in (*range(200), MINE))
    assert asked_of(sandbox, {"accounts": f"List({several})"}).status_code == 414
    query = "&".join(
        f"{name}={value}" for name, value in {**QUESTION, "accounts": f"List({several})"}.items()
    )
    request = restli.asking(f"{sandbox.address}/linkedin/adAnalytics", query)
    answer = sandbox.http.request(
        request.method, request.address, content=request.form, headers={**HEADERS, **request.headers}
    )
    assert answer.json()["elements"] == asked_of(sandbox).json()["elements"] != []


def refusal(status: int, body: Any, **headers: str) -> errors.ChannelError:
    answer = Answer(status, httpx.Headers(headers), json.dumps(body).encode())
    return meaning_of(answer, where="test", now=NOON)


@pytest.mark.parametrize(
    ("status", "service_code", "code", "message", "kind"),
    [
        (401, 65600, "INVALID_ACCESS_TOKEN", "Invalid access token", errors.AuthRevoked),
        (401, 65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user", errors.AuthRevoked),
        (401, 65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", errors.AuthExpired),
        (401, 401, "UNAUTHORIZED", "Empty oauth2_access_token", errors.AuthExpired),
        (403, 100, "ACCESS_DENIED", "Not enough permissions to access: GET /adAccounts", errors.Forbidden),
        (404, None, "NOT_FOUND", "There is no such account", errors.Forbidden),
        (426, None, "NONEXISTENT_VERSION", "Requested version 20240401 is not active", errors.Sunset),
        (414, None, "URI_TOO_LONG", "Request-URI Too Long", errors.TooMuchData),
        (413, None, "TOO_LARGE", "Too large", errors.TooMuchData),
        (400, None, "BAD_REQUEST", "Request would return too many entities. ", errors.TooMuchData),
        (400, 10007, "FIELD_VALUE_TOO_HIGH", "Field validation error", errors.Invalid),
        (422, None, "UNPROCESSABLE_ENTITY", "Not that", errors.Invalid),
        (429, None, "TOO_MANY_REQUESTS", "Too many requests", errors.RateLimited),
        *(
            (
                429,
                101,
                "TOO_MANY_REQUESTS",
                f"Resource level throttle {who} DAY limit for calls to this resource is reached.",
                errors.QuotaExhausted,
            )
            for who in ("APPLICATION", "MEMBER", "APPLICATION_AND_MEMBER")
        ),
        (500, None, "INTERNAL_SERVER_ERROR", "Internal Server Error", errors.Transient),
        (503, None, "UNAVAILABLE", "Try again", errors.Transient),
        (504, None, "GATEWAY_TIMEOUT", "Too slow", errors.Transient),
    ],
)  # fmt: skip
def test_every_error_has_its_class(
    status: int, service_code: int | None, code: str, message: str, kind: type[errors.ChannelError]
):
    body = {"status": status, "serviceErrorCode": service_code, "code": code, "message": message}
    meaning = refusal(status, body, **{"x-li-uuid": "AAY-1", "x-li-request-id": "q-1"})
    assert type(meaning) is kind
    assert (meaning.what, meaning.code, meaning.request_id) == (message, code, "AAY-1")


def test_without_a_code_the_services_own_or_the_status_is_told():
    assert refusal(401, {"serviceErrorCode": 65600, "message": "Invalid access token"}).code == "65600"
    meaning = refusal(503, {}, **{"x-li-request-id": "q-1"})
    assert (meaning.what, meaning.code, meaning.request_id) == ("HTTP 503", "503", "q-1")


def test_the_days_budget_is_renewed_at_the_next_midnight_of_utc():
    body = {"message": "Resource level throttle MEMBER DAY limit for calls to this resource is reached."}
    late = datetime(2026, 10, 14, 22, 30, tzinfo=UTC)
    for now in (late, late.astimezone(ZoneInfo("Asia/Tokyo"))):
        meaning = meaning_of(Answer(429, httpx.Headers(), json.dumps(body).encode()), where="test", now=now)
        assert isinstance(meaning, errors.QuotaExhausted)
        assert meaning.reset_at == datetime(2026, 10, 15, tzinfo=UTC)


def test_a_used_up_day_is_not_asked_again():
    body = {"message": "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."}
    with answering((429, json.dumps(body).encode())) as wire, overheard(wire) as asked:
        patient = dataclasses.replace(wire, patience=dataclasses.replace(wire.patience, attempts=5))
        with pytest.raises(errors.QuotaExhausted):
            read(patient)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("message", "headers", "wait"),
    [
        ("Too many requests", {}, None),
        ("Too many requests", {"retry-after": "20"}, 20.0),
        ("More than 45 million metric values were requested in a 5-minute window.", {}, 330.0),
        (
            "More than 45 million metric values were requested in a 5-minute window.",
            {"retry-after": "9"},
            9.0,
        ),
    ],
)
def test_a_wait_is_what_linkedin_says_or_what_its_window_takes(
    message: str, headers: dict[str, str], wait: float | None
):
    meaning = refusal(429, {"message": message}, **headers)
    assert isinstance(meaning, errors.RateLimited)
    assert meaning.retry_after == wait


def test_an_invalid_request_names_its_field():
    wrong = {
        "description": "Invalid value for param; wrong type or other syntax error",
        "input": {"inputPath": {"fieldPath": "/search/status"}},
        "code": "PARAM_INVALID",
    }
    body = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": "Invalid param. Please see errorDetails for more information.",
        "errorDetails": {"inputErrors": [wrong, {"code": "SECOND"}]},
        "status": 400,
    }
    meaning = refusal(400, body)
    assert isinstance(meaning, errors.Invalid)
    assert (meaning.field, meaning.code) == ("search/status", "PARAM_INVALID")
    assert meaning.what == wrong["description"]


@pytest.mark.parametrize("details", [None, [], {}, {"inputErrors": []}, {"inputErrors": [{}]}, "see above"])
def test_an_invalid_request_without_details_keeps_its_message(details: Any):
    meaning = refusal(400, {"message": "No.", "code": "BAD", "errorDetails": details})
    assert isinstance(meaning, errors.Invalid)
    assert (meaning.what, meaning.code, meaning.field) == ("No.", "BAD", "")


@given(
    status=st.sampled_from([302, 400, 401, 403, 404, 414, 426, 429, 500, 503]),
    body=st.binary(max_size=200)
    | st.fixed_dictionaries(
        {},
        optional={
            "message": st.none() | st.integers() | st.text(max_size=20),
            "code": st.none() | st.integers() | st.text(max_size=20),
            "serviceErrorCode": st.none() | st.integers() | st.text(max_size=5),
            "errorDetails": st.none()
            | st.text(max_size=5)
            | st.fixed_dictionaries({"inputErrors": st.none()}),
        },
    ).map(lambda said: json.dumps(said).encode()),
)
def test_no_body_breaks_the_reading_of_an_error(status: int, body: bytes):
    meaning = meaning_of(Answer(status, httpx.Headers(), body), where="test", now=NOON)
    assert isinstance(meaning, errors.ChannelError)


def test_nothing_of_a_providers_can_forge_lines_in_a_log():
    forged = "bad\r\nINFO all is well\x1b[2K" + "x" * 9000
    wrong = {"description": forged, "code": forged, "input": {"inputPath": {"fieldPath": forged}}}
    told = str(refusal(400, {"message": forged, "code": forged, "errorDetails": {"inputErrors": [wrong]}}))
    assert told.isprintable()
    assert len(told) < 2000


@pytest.mark.parametrize("fault", ["truncated", "server_error", "expired_token"])
def test_trouble_between_the_pages_of_names_changes_nothing(sandbox: Sandbox, fault: str):
    undisturbed = list(sandbox.reader(Channel.LINKEDIN).insights(MINE, SINCE, UNTIL))
    seen: list[httpx.Request] = []

    def trouble_the_third(request: httpx.Request) -> None:
        seen.append(request)
        if len(seen) == 3:
            sandbox.order(Channel.LINKEDIN, fault)

    with httpx.Client(event_hooks={"request": [trouble_the_third]}) as http:
        reader = sandbox.reader(Channel.LINKEDIN, http=http)
        assert list(reader.insights(MINE, SINCE, UNTIL)) == undisturbed
    assert "creatives" in seen[2].url.path
    assert len(sandbox.renewals) == (fault == "expired_token")


def test_names_are_read_once_a_connection(sandbox: Sandbox):
    reader = sandbox.reader(Channel.LINKEDIN)
    first = list(reader.insights(MINE, SINCE, UNTIL, Level.AD))
    before = sandbox.requests(Channel.LINKEDIN)
    assert list(reader.insights(MINE, SINCE, UNTIL, Level.AD)) == first
    assert list(reader.insights(MINE, SINCE, UNTIL, Level.CAMPAIGN))
    assert sandbox.requests(Channel.LINKEDIN) == before + 4  # the account and its figures, twice


def test_a_window_read_in_parts_is_the_window(sandbox: Sandbox):
    reader = sandbox.reader(Channel.LINKEDIN)
    days = [SINCE + timedelta(days=number) for number in range(14)]
    parts = [row for day in days for row in reader.insights(MINE, day, day)]
    assert parts == list(reader.insights(MINE, SINCE, UNTIL))


def test_a_renewed_token_says_how_long_it_holds(sandbox: Sandbox):
    reader = sandbox.reader(Channel.LINKEDIN, access_token="")
    assert list(reader.insights(MINE, SINCE, SINCE))
    (renewed,) = sandbox.renewals
    assert renewed["expires_at"] == int(NOON.timestamp()) + 5183999
    assert renewed["refresh_token"] == CREDENTIALS["refresh_token"]


def test_a_revoked_grant_asks_for_a_reconnect(sandbox: Sandbox):
    sandbox.order(Channel.LINKEDIN, "expired_token")
    reader = sandbox.reader(Channel.LINKEDIN, refresh_token="withdrawn")
    with pytest.raises(errors.AuthRevoked, match="expired or revoked"):
        list(reader.insights(MINE, SINCE, SINCE))
    assert sandbox.renewals == []


def test_a_change_that_a_new_token_is_refused_for_as_well_was_not_taken():
    expired = 401, json.dumps({"status": 401, "serviceErrorCode": 65602, "message": "Expired"}).encode()
    renewed = said({"access_token": "new", "expires_in": 5183999})
    with (
        answering(expired, renewed, expired) as wire,
        overheard(wire) as asked,
        pytest.raises(errors.AuthExpired),
    ):
        LinkedIn.connect(CREDENTIALS, wire).pause_campaign("500600", "700800")
    assert len(asked) == 3


def test_too_much_data_is_told(sandbox: Sandbox):
    sandbox.order(Channel.LINKEDIN, "too_much_data")
    with pytest.raises(errors.TooMuchData, match="too many entities"):
        list(sandbox.reader(Channel.LINKEDIN).insights(MINE, SINCE, SINCE))


def test_the_token_travels_in_a_header_alone():
    with answering(*by_campaign(ROW)) as wire, overheard(wire) as asked:
        read(wire)
    assert len(asked) == 4
    assert {request.headers["authorization"] for request in asked} == {HEADERS["authorization"]}
    assert all(CREDENTIALS["access_token"] not in str(request.url) for request in asked)


def test_secrets_do_not_show():
    shown = repr(credentials_as(LinkedInCredentials, CREDENTIALS, where="test"))
    assert "sandbox-client" in shown
    assert not any(secret in shown for name, secret in CREDENTIALS.items() if name != "client_id")
