"""TikTok's advertising in its own words: codes within a 200, dashes, windows of thirty days, and campaigns made paused."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.advertising import CampaignNow, NewCampaign, mark
from connectors.answers import Answer
from connectors.face import Channel, FoundAccount, InsightRow, Level
from connectors.retries import Patience
from connectors.sandbox.world import accounts_of
from connectors.tiktok import TikTok
from connectors.tiktok_insights import MOST_ROWS
from connectors.tiktok_refusals import Said, meaning_of
from tests.conftest import TRUST
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import NOON, Sandbox

MARKER = "7f3a2c"
NUMBER, CAMPAIGN = "7001040009704833026", "1790000000000001"
GIVEN = {"access_token": "very-secret", "app_id": "7000", "app_secret": "quite-secret"}
ADVERTISER: dict[str, Any] = {
    "advertiser_id": NUMBER,
    "name": "Shop",
    "currency": "USD",
    "timezone": "Etc/GMT+8",
    "display_timezone": "America/Los_Angeles",
    "status": "STATUS_ENABLE",
    "rejection_reason": None,
}
METRICS: dict[str, Any] = {
    "spend": "20.00",
    "impressions": "4696",
    "clicks": "51",
    "conversion": "3",
    "vta_conversion": "-",
    "total_purchase_value": "120.5",
    "total_sales_lead_value": "-",
    "campaign_name": "Autumn",
}
ROW: dict[str, Any] = {
    "dimensions": {"campaign_id": CAMPAIGN, "stat_time_day": "2026-10-03 00:00:00"},
    "metrics": METRICS,
}
STANDING: dict[str, Any] = {
    "campaign_id": CAMPAIGN,
    "campaign_name": f"Winter coats {mark(MARKER)}",
    "operation_status": "DISABLE",
    "secondary_status": "CAMPAIGN_STATUS_DISABLE",
    "budget_mode": "BUDGET_MODE_DAY",
    "budget": 25.5,
    "campaign_automation_type": "MANUAL",
    "objective_type": "TRAFFIC",
}
WANTED = NewCampaign(name="Winter coats", marker=MARKER, daily_budget=Decimal("25.50"))


def said(data: Any, code: int = 0, message: str = "OK") -> tuple[int, bytes]:
    body = {"code": code, "message": message, "request_id": "2026A1", "data": data}
    return 200, json.dumps(body).encode()


def page(*rows: Any, pages: int = 1, number: int | None = None) -> tuple[int, bytes]:
    info = {
        "page": 1,
        "page_size": 1000,
        "total_number": len(rows) if number is None else number,
        "total_page": pages,
    }
    return said({"list": list(rows), "page_info": info})


OWN = page(ADVERTISER)


@contextmanager
def tiktok(
    *answers: tuple[int, bytes], now: datetime = NOON, attempts: int = 1
) -> Iterator[tuple[TikTok, list[httpx.Request]]]:
    """Answered in turn, and the last one for ever; with the requests that it makes."""
    heard: list[httpx.Request] = []
    with (
        answering(*answers) as wire,
        httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [heard.append]}) as http,
    ):
        patience = Patience(attempts=attempts, sleep=lambda _: None)
        yield TikTok.connect(GIVEN, replace(wire, http=http, patience=patience, clock=lambda: now)), heard


def read(
    opened: TikTok, since: date = date(2026, 10, 3), until: date | None = None, level: Level = Level.CAMPAIGN
) -> list[InsightRow]:
    return list(opened.insights(NUMBER, since, until or since, level))


def test_a_row_of_the_documented_shape_is_read_to_the_cent() -> None:
    with tiktok(OWN, page(ROW)) as (opened, heard):
        [row] = read(opened)
    assert (row.account_id, row.account_timezone, row.currency) == (NUMBER, "America/Los_Angeles", "USD")
    assert (row.campaign_id, row.campaign_name, row.date_day) == (CAMPAIGN, "Autumn", date(2026, 10, 3))
    assert (row.impressions, row.clicks, row.all_clicks) == (4696, 51, 51)
    assert (row.spend_micros, row.conversions, row.conversions_value_micros) == (20_000_000, 3, 120_500_000)
    assert (row.view_through_conversions, row.is_final) == (0, False)
    assert json.loads(row.raw) == ROW
    asked = heard[1].url.params
    assert heard[1].headers["access-token"] == "very-secret"
    assert "authorization" not in heard[1].headers
    assert heard[1].url.path.endswith("/v0/report/integrated/get/")
    assert json.loads(asked["dimensions"]) == ["campaign_id", "stat_time_day"]
    assert set(json.loads(asked["metrics"])) == set(METRICS)
    assert (asked["data_level"], asked["service_type"], asked["report_type"]) == (
        "AUCTION_CAMPAIGN",
        "AUCTION",
        "BASIC",
    )


@pytest.mark.parametrize("name", ["spend", "impressions", "clicks", "conversion", "total_purchase_value"])
@pytest.mark.parametrize("nothing", ["-", None])
def test_a_dash_is_nothing(name: str, nothing: str | None) -> None:
    with tiktok(OWN, page({**ROW, "metrics": {**METRICS, name: nothing}})) as (opened, _):
        [row] = read(opened)
    counted = {
        "spend": row.spend_micros,
        "impressions": row.impressions,
        "clicks": row.clicks,
        "conversion": row.conversions,
        "total_purchase_value": row.conversions_value_micros,
    }
    assert counted[name] == 0
    assert sum(value == 0 for value in counted.values()) == 1


def test_the_value_is_that_of_purchases_and_of_leads() -> None:
    told = {**METRICS, "total_purchase_value": "0.10", "total_sales_lead_value": "0.20"}
    with tiktok(OWN, page({**ROW, "metrics": told})) as (opened, _):
        [row] = read(opened)
    assert row.conversions_value_micros == 300_000


@pytest.mark.parametrize(
    "broken",
    [
        {"spend": "much"},
        {"impressions": "1.5"},
        {"clicks": "-1"},
        {"impressions": "1e400"},
        {"spend": "9" * 70},
        {"conversion": "NaN"},
        {"vta_conversion": {}},
    ],
)
def test_a_figure_that_is_none_is_told(broken: dict[str, Any]) -> None:
    with (
        tiktok(OWN, page({**ROW, "metrics": {**METRICS, **broken}})) as (opened, _),
        pytest.raises(errors.UnexpectedAnswer),
    ):
        read(opened)


def test_windows_have_thirty_days_and_none_in_the_future() -> None:
    with tiktok(OWN, page()) as (opened, heard):
        assert read(opened, date(2026, 8, 1), date(2026, 12, 31)) == []
    windows = [(it.url.params["start_date"], it.url.params["end_date"]) for it in heard[1:]]
    assert windows == [
        ("2026-08-01", "2026-08-30"),
        ("2026-08-31", "2026-09-29"),
        ("2026-09-30", "2026-10-15"),
    ]


def test_today_is_the_advertisers_own_ahead_of_utc() -> None:
    """At 20:00 UTC it is tomorrow in Tokyo already."""
    abroad = {**ADVERTISER, "display_timezone": "Asia/Tokyo"}
    with tiktok(page(abroad), page(), now=NOON + timedelta(hours=8)) as (opened, heard):
        read(opened, date(2026, 10, 14), date(2026, 10, 20))
    assert heard[-1].url.params["end_date"] == "2026-10-16"


def test_a_fixed_zone_is_what_is_left_where_no_other_is_told() -> None:
    with tiktok(page({**ADVERTISER, "display_timezone": ""}), page(ROW)) as (opened, _):
        assert read(opened)[0].account_timezone == "Etc/GMT+8"


def test_pages_are_followed_by_their_number() -> None:
    second = {**ROW, "dimensions": {**ROW["dimensions"], "stat_time_day": "2026-10-04 00:00:00"}}
    answers = (page(ROW, pages=2, number=2), page(second, pages=2, number=2))
    with tiktok(OWN, *answers) as (opened, heard):
        assert len(read(opened, until=date(2026, 10, 4))) == 2
    assert [it.url.params["page"] for it in heard[1:]] == ["1", "2"]
    assert {it.url.params["page_size"] for it in heard[1:]} == {"1000"}


def test_an_answer_that_may_have_been_cut_is_not_believed() -> None:
    with (
        tiktok(OWN, page(ROW, number=MOST_ROWS)) as (opened, _),
        pytest.raises(errors.TooMuchData),
    ):
        read(opened, until=date(2026, 10, 9))


def test_the_advertisers_are_found_by_the_app_and_described_a_hundred_at_once() -> None:
    granted = [{"advertiser_id": str(number), "advertiser_name": "x"} for number in range(150)]
    with tiktok(said({"list": granted}), OWN) as (opened, heard):
        found = opened.accounts()
    assert found == 2 * [
        FoundAccount(id=NUMBER, name="Shop", currency="USD", time_zone="America/Los_Angeles")
    ]
    assert dict(heard[0].url.params) == {"app_id": "7000", "secret": "quite-secret"}
    assert [len(json.loads(it.url.params["advertiser_ids"])) for it in heard[1:]] == [100, 50]


def test_an_advertiser_that_is_not_described_is_not_ours() -> None:
    with tiktok(page()) as (opened, _), pytest.raises(errors.Forbidden):
        read(opened)


REFUSALS = [
    (40001, "No permission", errors.Forbidden),
    (40002, "budget: Too small.", errors.Invalid),
    (40007, "Not found", errors.Invalid),
    (40016, "Too many requests", errors.RateLimited),
    (40100, "Requests made too frequently", errors.RateLimited),
    (40132, "x", errors.RateLimited),
    (40133, "Daily request limit reached", errors.QuotaExhausted),
    (40050, "Duplicated request", errors.Duplicate),
    (40067, "Too big", errors.TooMuchData),
    (40101, "x", errors.AuthRevoked),
    (40102, "Access token expired", errors.AuthRevoked),
    (40104, "Empty", errors.AuthRevoked),
    (40105, "Invalid", errors.AuthRevoked),
    (40119, "x", errors.AuthRevoked),
    (40200, "x", errors.Transient),
    (40201, "The task is not ready", errors.NotReady),
    (40202, "Conflict", errors.Transient),
    (40300, "The advertiser does not exist", errors.Forbidden),
    (40700, "Internal service timed out", errors.Transient),
    (40902, "x", errors.Transient),
    (40999, "New", errors.Invalid),
    (50000, "System error", errors.Transient),
    (50002, "x", errors.Transient),
    (51305, "x", errors.Transient),
    (60001, "Maintenance", errors.Transient),
    (20001, "Partial success", errors.Invalid),
    (12345, "New", errors.UnexpectedAnswer),
]


@pytest.mark.parametrize(("code", "message", "kind"), REFUSALS)
def test_a_code_means_what_the_table_says(code: int, message: str, kind: type[errors.ChannelError]) -> None:
    with tiktok(said({}, code, message)) as (opened, _), pytest.raises(errors.ChannelError) as refused:
        read(opened)
    assert type(refused.value) is kind
    assert (refused.value.code, refused.value.request_id) == (str(code), "2026A1")
    assert "secret" not in str(refused.value)


def meaning(code: int, message: str, **headers: str) -> errors.ChannelError:
    told = Said(code=code, message=message)
    return meaning_of(told, Answer(200, httpx.Headers(headers), b""), where="TikTok Ads", now=NOON)


def test_how_long_to_wait_is_told_where_it_can_be_known() -> None:
    restricted = meaning(40100, "Due to too many requests, requests from App 7 are temporarily restricted.")
    assert isinstance(restricted, errors.RateLimited)
    assert (restricted.retry_after, restricted.scope) == (300.0, errors.Scope.APP)
    plain = meaning(40100, "Requests made too frequently.")
    assert isinstance(plain, errors.RateLimited)
    assert plain.retry_after is None
    spent = meaning(40133, "The daily limit (QPD) was reached.")
    assert isinstance(spent, errors.QuotaExhausted)
    assert spent.reset_at == datetime(2026, 10, 16, tzinfo=UTC)


def test_what_is_wrong_is_named() -> None:
    wrong = meaning(40002, "campaign_name: Missing data for required field.")
    assert isinstance(wrong, errors.Invalid)
    assert wrong.field == "campaign_name"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((404, b"404 page not found"), errors.Sunset),
        ((502, b"<html>"), errors.Transient),
        ((429, b""), errors.RateLimited),
        ((200, b'{"code":0,"data"'), errors.Transient),
        ((200, b"[]"), errors.UnexpectedAnswer),
        ((200, b'{"message":"OK"}'), errors.UnexpectedAnswer),
        ((200, b"[" * 100_000), errors.ChannelError),
        (said(None), errors.UnexpectedAnswer),
        (said({"list": [{"advertiser_id": 5}]}), errors.UnexpectedAnswer),
    ],
)
def test_what_stands_before_tiktok_may_answer_too(
    answer: tuple[int, bytes], kind: type[errors.ChannelError]
) -> None:
    with tiktok(answer) as (opened, _), pytest.raises(kind):
        read(opened)


def test_a_day_that_is_too_much_comes_as_a_report(sandbox: Sandbox) -> None:
    account, day = accounts_of(Channel.TIKTOK)[0].id, date(2026, 10, 3)
    opened = sandbox.reader(Channel.TIKTOK)
    at_once = list(opened.insights(account, day, day))
    sandbox.order(Channel.TIKTOK, "too_much_data", at="GET */report/integrated/get/")
    reported = list(opened.insights(account, day, day))
    assert [replaced(row) for row in reported] == [replaced(row) for row in at_once]
    assert len(sandbox.waits) == 2


def replaced(row: InsightRow) -> Any:
    """Without the very words, which are those of the file."""
    return {name: getattr(row, name) for name in row.__struct_fields__ if not name.startswith("raw")}


def test_several_days_that_are_too_much_are_left_to_smaller_windows(sandbox: Sandbox) -> None:
    account = accounts_of(Channel.TIKTOK)[0].id
    sandbox.order(Channel.TIKTOK, "too_much_data", at="GET */report/integrated/get/")
    with pytest.raises(errors.TooMuchData):
        list(sandbox.reader(Channel.TIKTOK).insights(account, date(2026, 10, 3), date(2026, 10, 4)))


def test_a_report_that_fails_is_asked_for_anew(sandbox: Sandbox) -> None:
    account, day = accounts_of(Channel.TIKTOK)[0].id, date(2026, 10, 3)
    sandbox.order(Channel.TIKTOK, "too_much_data", at="GET */report/integrated/get/")
    sandbox.order(Channel.TIKTOK, "report_failed", at="POST */report/task/create/")
    assert list(sandbox.reader(Channel.TIKTOK).insights(account, day, day))


def test_a_report_that_never_ends_is_told(sandbox: Sandbox) -> None:
    account, day = accounts_of(Channel.TIKTOK)[0].id, date(2026, 10, 3)
    sandbox.order(Channel.TIKTOK, "too_much_data", at="GET */report/integrated/get/")
    sandbox.order(Channel.TIKTOK, "report_stuck", at="POST */report/task/create/")
    with pytest.raises(errors.NotReady):
        list(sandbox.reader(Channel.TIKTOK).insights(account, day, day))


@pytest.mark.parametrize(
    "file",
    [
        b"Campaign ID,Campaign Name,Cost\n1,x,2\n",
        b"\xff\xfe\x00",
        b'Campaign ID,"Cost\n1,2\n',
        b"",
    ],
)
def test_a_file_without_its_columns_is_not_taken_for_nothing(file: bytes) -> None:
    too_much, begun = said({}, 40067, "Too big"), said({"task_id": "1"})
    with (
        tiktok(OWN, too_much, begun, said({"status": "SUCCESS"}), (200, file)) as (opened, _),
        pytest.raises(errors.UnexpectedAnswer),
    ):
        read(opened)


def test_a_campaign_is_made_with_what_tiktok_wants_to_know() -> None:
    answers = (OWN, page(), said({"campaign_id": CAMPAIGN}), page(STANDING))
    with tiktok(*answers) as (opened, heard):
        made = opened.create_campaign(NUMBER, WANTED)
    assert made == CampaignNow(
        id=CAMPAIGN,
        name=f"Winter coats {mark(MARKER)}",
        is_running=False,
        daily_budget=Decimal("25.5"),
        currency="USD",
    )
    assert b'"budget":25.50,' in heard[2].content
    body = json.loads(heard[2].content)
    assert body.pop("request_id").isdigit()
    assert body == {
        "advertiser_id": NUMBER,
        "campaign_name": f"Winter coats {mark(MARKER)}",
        "objective_type": "TRAFFIC",
        "budget_optimize_on": True,
        "budget_mode": "BUDGET_MODE_DAY",
        "budget": 25.5,
        "operation_status": "DISABLE",
    }


def test_one_that_tiktok_made_running_all_the_same_is_paused() -> None:
    running = {**STANDING, "operation_status": "ENABLE"}
    answers = (OWN, page(), said({"campaign_id": CAMPAIGN}), page(running), said({"status": "DISABLE"}))
    with tiktok(*answers) as (opened, heard):
        assert not opened.create_campaign(NUMBER, WANTED).is_running
    assert heard[4].url.path.endswith("/campaign/status/update/")
    assert json.loads(heard[4].content) == {
        "advertiser_id": NUMBER,
        "campaign_ids": [CAMPAIGN],
        "operation_status": "DISABLE",
    }


def test_one_that_was_made_and_not_seen_is_for_a_person_to_look_at() -> None:
    answers = (OWN, page(), said({"campaign_id": CAMPAIGN}), said({}, 40001, "No permission"))
    with tiktok(*answers) as (opened, _), pytest.raises(errors.UnknownOutcome) as unknown:
        opened.create_campaign(NUMBER, WANTED)
    assert CAMPAIGN in str(unknown.value)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said({}, 50000, "System error"), errors.UnknownOutcome),
        (said({}, 51305, "x"), errors.UnknownOutcome),
        ((200, b'{"code":'), errors.UnknownOutcome),
        ((200, b"[]"), errors.UnknownOutcome),
        (said({}), errors.UnknownOutcome),
        ((500, b""), errors.UnknownOutcome),
        ((503, b""), errors.Transient),
        (said({}, 60001, "Maintenance"), errors.Transient),
        (said({}, 40100, "Too frequently"), errors.RateLimited),
        (said({}, 40050, "Duplicated request"), errors.Duplicate),
        (said({}, 40002, "campaign_name: Already exists"), errors.Invalid),
    ],
)
def test_whatever_becomes_of_a_write_it_is_sent_once(
    answer: tuple[int, bytes], kind: type[errors.ChannelError]
) -> None:
    with (
        tiktok(OWN, page(), answer, attempts=5) as (opened, heard),
        pytest.raises(errors.ChannelError) as met,
    ):
        opened.create_campaign(NUMBER, WANTED)
    assert type(met.value) is kind
    assert sum(it.method == "POST" for it in heard) == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"until": date(2026, 12, 24)}, "until"),
        ({"countries": ("DE",)}, "countries"),
        ({"language": "de"}, "language"),
        ({"highest_bid": Decimal(1)}, "highest_bid"),
        ({"name": " "}, "name"),
        ({"name": "冬" * 260}, "name"),
        ({"daily_budget": Decimal("1.005")}, "daily_budget"),
        ({"daily_budget": Decimal(0)}, "daily_budget"),
    ],
)
def test_what_tiktok_would_not_take_is_never_sent(changed: dict[str, Any], field: str) -> None:
    with tiktok(OWN) as (opened, heard):
        for attempt in (opened.create_campaign, opened.check_campaign):
            with pytest.raises(errors.Invalid) as invalid:
                attempt(NUMBER, replace(WANTED, **changed))
            assert invalid.value.field == field
    assert {it.method for it in heard} <= {"GET"}


def test_an_advertiser_that_is_shut_takes_no_campaigns() -> None:
    with (
        tiktok(page({**ADVERTISER, "status": "STATUS_LIMIT"})) as (opened, _),
        pytest.raises(errors.Forbidden),
    ):
        opened.check_campaign(NUMBER, WANTED)


def test_smart_plus_is_changed_at_its_own_doors() -> None:
    smart = {**STANDING, "campaign_automation_type": "UPGRADED_SMART_PLUS", "budget_mode": "BUDGET_MODE_DYNAMIC_DAILY_BUDGET"}  # fmt: skip
    with tiktok(page(smart), said({})) as (opened, heard):
        opened.run_campaign(NUMBER, CAMPAIGN)
    assert heard[-1].url.path.endswith("/v0/smart_plus/campaign/status/update/")
    with tiktok(page(smart), OWN, said({})) as (opened, heard):
        opened.set_daily_budget(NUMBER, CAMPAIGN, Decimal(31))
    assert heard[-1].url.path.endswith("/v0/smart_plus/campaign/update/")
    assert json.loads(heard[-1].content)["budget"] == 31


def test_the_older_smart_plus_is_left_to_people() -> None:
    old = {**STANDING, "campaign_automation_type": "SMART_PLUS"}
    with tiktok(page(old)) as (opened, heard), pytest.raises(errors.Invalid):
        opened.pause_campaign(NUMBER, CAMPAIGN)
    assert [it.method for it in heard] == ["GET"]


def test_a_budget_of_the_ad_groups_is_none_of_the_campaigns() -> None:
    shared = {**STANDING, "budget_mode": "BUDGET_MODE_INFINITE", "budget": 0}
    with tiktok(page(shared), OWN) as (opened, _):
        assert opened.campaign(NUMBER, CAMPAIGN).daily_budget is None
    with tiktok(page(shared), OWN) as (opened, _), pytest.raises(errors.Invalid):
        opened.set_daily_budget(NUMBER, CAMPAIGN, Decimal(10))


def test_what_was_deleted_is_not_there() -> None:
    gone = {**STANDING, "secondary_status": "CAMPAIGN_STATUS_DELETE"}
    with tiktok(page(gone)) as (opened, _):
        assert opened.campaign_made_with(NUMBER, MARKER) is None
        with pytest.raises(errors.Invalid):
            opened.campaign(NUMBER, CAMPAIGN)
