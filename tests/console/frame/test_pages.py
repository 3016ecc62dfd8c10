"""Pages as anyone gets them: headers, empty states, errors for people, numbers out of the marts."""

import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import delete, exists, select

from console.app import create_app
from console.door.request_log import JsonLines
from store import events, records
from store.records.gate import Watcher, WatcherKind
from store.records.people import MemberRole
from store.settings import Role, Settings, load
from tests.conftest import free_port_base, wait_until
from tests.console.conftest import served
from tests.console.visitors import Person, submitted

CHANNEL_DAILY = """
create table if not exists marts.channel_daily
(
    tenant_id Int64, date_day Date, channel String, currency String, visits UInt64, human_visits UInt64,
    bot_visits UInt64, impressions Int64, clicks Int64, ctr Nullable(Float64), spend Decimal(18, 6), conversions Float64,
    conversions_value Decimal(18, 4), cvr Nullable(Float64), cpa Nullable(Float64), roas Nullable(Float64)
)
engine = MergeTree
order by (tenant_id, date_day, channel)
"""


def test_every_answer_has_the_security_headers(site: str, approver: Person) -> None:
    forms = approver.forms()
    for path in ("/", "/login", "/healthz", "/nothing", "/api/me", "/static/console.css"):
        headers = forms.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe-inline" not in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-request-id"]
    assert "no-store" in forms.get("/").headers["cache-control"]


def test_empty_screens_say_what_will_be_there(
    people: dict[MemberRole, Person], clickhouse: events.Client
) -> None:
    viewer = people[MemberRole.VIEWER].forms()
    assert "Nothing waits for you" in viewer.get("/").text
    assert "No numbers yet" in viewer.get("/").text
    assert "Nothing waits for you" in viewer.get("/approvals").text
    assert "No actions yet" in viewer.get("/actions").text
    assert "None in this state" in viewer.get("/actions?state=denied").text
    assert "Nothing is stopped" in viewer.get("/kill-switch").text


@pytest.mark.parametrize(
    "path", ["/actions/1152921504606846976", "/actions/abc", "/actions?state=gone", "/no/such"]
)
def test_what_is_not_there_is_a_friendly_404(approver: Person, path: str) -> None:
    answer = approver.forms().get(path)
    assert answer.status_code == 404
    assert "Nothing here" in answer.text
    assert "Go to the overview" in answer.text


def test_other_names_lead_to_the_same_screens(approver: Person) -> None:
    forms = approver.forms()
    assert forms.get("/admin").headers["location"] == "/"
    assert forms.get("/admin/approvals").headers["location"] == "/approvals"


def test_the_api_describes_itself(site: str) -> None:
    described = httpx.get(f"{site}/api/openapi.json").json()
    approve = described["paths"]["/api/actions/{action_id}/approve"]["post"]
    assert "application/problem+json" in approve["responses"]["422"]["content"]
    assert "/approvals" not in described["paths"], "pages are not part of the API"


def test_it_says_whether_it_can_work(site: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert httpx.get(f"{site}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{site}/readyz").json() == {"ready": True}
    nowhere = load(_env_file=None, data_dir=tmp_path_factory.mktemp("nowhere"), port_base=free_port_base())
    with served(create_app(nowhere)) as address:
        assert httpx.get(f"{address}/healthz").status_code == 200
        assert httpx.get(f"{address}/readyz").status_code == 503
        log_in = {"email": "a@example.com", "password": "x"}
        away = httpx.post(f"{address}/api/auth/login", json=log_in)
        assert (away.status_code, away.headers["content-type"]) == (503, "application/problem+json")
        page = httpx.post(f"{address}/login", data=log_in, headers={"Origin": address})
        assert page.status_code == 503
        assert "The records are away" in page.text
        assert "content-security-policy" in page.headers


def logged_lines(caplog: pytest.LogCaptureFixture) -> list[dict]:
    ours = [record for record in list(caplog.records) if record.name == "console"]
    return [json.loads(JsonLines().format(record)) for record in ours]


def test_the_log_has_the_request_and_none_of_its_secrets(
    site: str, approver: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="console"):
        answer = httpx.get(f"{site}/login?next=/secret-path", headers={"X-Request-Id": "from-the-proxy-1"})
        forms = approver.forms()
        wait_until("the line of the request", lambda: "from-the-proxy-1" in json.dumps(logged_lines(caplog)))
    assert answer.headers["x-request-id"] == "from-the-proxy-1"
    lines = logged_lines(caplog)
    asked = next(line for line in lines if line.get("request_id") == "from-the-proxy-1")
    assert (asked["method"], asked["path"], asked["status"]) == ("GET", "/login", 200)
    written = json.dumps(lines)
    for secret in ("correct", "secret-path", approver.email, *forms.client.cookies.values()):
        assert secret not in written


def test_the_overview_shows_the_tenants_own_numbers(
    settings: Settings,
    clickhouse: events.Client,
    people: dict[MemberRole, Person],
    strangers: dict[MemberRole, Person],
) -> None:
    clickhouse.command(CHANNEL_DAILY)
    today = datetime.now(UTC).date()
    columns = [
        "tenant_id",
        "date_day",
        "channel",
        "currency",
        "visits",
        "human_visits",
        "bot_visits",
        "impressions",
        "clicks",
        "spend",
        "conversions",
        "conversions_value",
    ]
    rows = [
        [people[MemberRole.VIEWER].tenant, today, "paid_search", "EUR", 97, 90, 7, 1000, 40, 123, 4.0, 369],
        [
            strangers[MemberRole.VIEWER].tenant,
            today,
            "theirs_alone",
            "EUR",
            97,
            90,
            7,
            1000,
            40,
            777,
            4.0,
            369,
        ],
    ]
    clickhouse.insert("marts.channel_daily", rows, column_names=columns)
    shown = people[MemberRole.VIEWER].forms().get("/").text
    assert "Paid search" in shown
    assert "123\u00a0EUR" in shown
    assert "3.00×" in shown
    assert "97 in all, 7 by bots" in shown
    assert "Theirs alone" not in shown
    assert not re.search(r">\s*777\b", shown)


def test_the_gate_hears_of_whoever_reads_what_they_may_sign(
    house: Settings, marketer: Person, approver: Person
) -> None:
    def heard_after(look: Callable[[], httpx.Response]) -> bool:
        with records.session(house, Role.OWNER) as session:
            session.execute(delete(Watcher).where(Watcher.kind == WatcherKind.APPROVER))
        assert look().status_code == 200
        with records.session(house, Role.OWNER) as session:
            return session.scalar(select(exists().where(Watcher.kind == WatcherKind.APPROVER))) or False

    signer, author = approver.forms(), marketer.forms()
    assert not heard_after(lambda: signer.get("/approvals")), "nothing waits yet"
    request = f"/actions/{submitted(marketer)['id']}"
    for page in ("/", "/approvals", request):
        assert heard_after(lambda page=page: signer.get(page)), page
        assert not heard_after(lambda page=page: author.get(page)), page
    with approver.api() as program:
        assert heard_after(lambda: program.get(request))
        program.post(f"{request}/deny", json={"note": "No"}).raise_for_status()
    assert not heard_after(lambda: signer.get(request)), "it has been decided"
