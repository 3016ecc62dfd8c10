"""Exports in the console: asked for on a page or by a program, made by a run, and fetched at an address that dies."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote

import httpx
import pytest
from sqlalchemy import text

from console.watching import export_form
from marketing_pipelines.analytics import reports
from marketing_pipelines.defs.analytics.automation import make_export_job
from store import events, export_tokens, records
from store.export_tokens import Fetching
from store.records.exports import MOST_OPEN
from store.records.people import MemberRole
from store.records.schema import ExportId, TenantId
from store.settings import Role, Settings
from tests.analytics.marts import Marts, marts
from tests.conftest import wait_until
from tests.console.requested import asked_for, run
from tests.console.visitors import Person

DAYS = {"from": "2026-03-01", "to": "2026-03-10"}
ROAS = {"report": "timeseries", "arguments": {"metric": "roas", "gran": "w", **DAYS}}


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


def make(house: Settings, request: int) -> None:
    asked = asked_for(house, request)
    assert asked
    assert run(house, asked, make_export_job).success


def a_ready_one(house: Settings, filled: Marts, analyst: Person, **said: object) -> dict:
    filled.channel_day(analyst.tenant, date(2026, 3, 2), "email", spend=10, conversions_value=25)
    with analyst.api() as api:
        asked = api.post("/exports", json=ROAS | said).raise_for_status().json()
        make(house, asked["request_id"])
        return api.get(f"/exports/{asked['id']}").raise_for_status().json()


@pytest.fixture
def analyst(people: dict[MemberRole, Person]) -> Person:
    return people[MemberRole.ANALYST]


def at(site: str, url: str) -> httpx.Response:
    """Fetched by somebody who has the address and nothing else; the site of a test is not where people reach it."""
    return httpx.get(site + "/exports/" + url.partition("/exports/")[2])


def logged_paths(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [getattr(line, "fields", {}).get("path", "") for line in list(caplog.records)]


def test_a_program_asks_follows_and_fetches(settings: Settings, filled: Marts, analyst: Person) -> None:
    ready = a_ready_one(settings, filled, analyst)
    assert (ready["state"], ready["rows"], ready["asked_by"]) == ("ready", 3, analyst.id)
    assert ready["arguments"] == {"metric": "roas", "gran": "w", "channel": "", "campaign": "", **DAYS}
    answer = at(analyst.site, ready["url"])
    assert answer.content.decode("utf-8-sig").splitlines()[:3] == [
        "From,Of,Metric,Value",
        '2026-02-23,"",roas,',
        '2026-03-02,"",roas,2.5',
    ]
    assert len(answer.content) == ready["bytes"]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert "timeseries-2026-03-01-2026-03-10.csv" in unquote(answer.headers["content-disposition"])
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "sandbox" in answer.headers["content-security-policy"]
    with analyst.api() as api:
        assert [it["id"] for it in api.get("/exports").json()["items"]] == [ready["id"]]
        followed = api.get(f"/requested-runs/{ready['request_id']}").json()
        assert (followed["kind"], followed["outcome"]) == (
            "make_export",
            {"rows": 3, "bytes": ready["bytes"]},
        )


def test_a_person_asks_on_the_page_and_downloads_a_sheet(
    settings: Settings, filled: Marts, analyst: Person
) -> None:
    forms = analyst.forms()
    assert "No exports yet" in forms.get("/exports").text
    asked = forms.post_signed("/exports", report="channels", format="xlsx", **DAYS)
    assert (asked.status_code, asked.headers["location"]) == (303, "/exports?done=asked")
    assert "Waiting for a run" in forms.get("/exports").text
    with analyst.api() as api:
        [export] = api.get("/exports").json()["items"]
    make(settings, export["request_id"])
    page = forms.get("/exports/list").text
    assert "Ready" in page
    assert "2026-03-01 to 2026-03-10" in page
    found = re.search(r'href="(/exports/[\w-]+/file)" download', page)
    assert found
    sheet = httpx.get(analyst.site + found[1])
    assert sheet.content.startswith(b"PK")
    assert sheet.headers["content-type"].endswith("spreadsheetml.sheet")


def test_an_address_opens_one_file_of_one_tenant_and_dies(
    settings: Settings, filled: Marts, analyst: Person, strangers: dict[MemberRole, Person]
) -> None:
    ready = a_ready_one(settings, filled, analyst)
    key = settings.derived(export_tokens.PURPOSE)
    soon = datetime.now(UTC) + timedelta(minutes=5)

    def told(tenant: int, export: int, until: datetime) -> int:
        token = export_tokens.token(key, Fetching(TenantId(tenant), ExportId(export), until))
        return at(analyst.site, f"/exports/{token}/file").status_code

    assert told(analyst.tenant, ready["id"], soon) == 200
    assert told(analyst.tenant, ready["id"], soon - timedelta(minutes=6)) == 404, "its time is over"
    assert told(strangers[MemberRole.ADMIN].tenant, ready["id"], soon) == 404, "of another tenant"
    assert told(analyst.tenant, ready["id"] + 1, soon) == 404, "of another export"
    token = ready["url"].split("/")[-2]
    for broken in (token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), "x", "%00", token + "A"):
        assert at(analyst.site, f"/exports/{broken}/file").status_code == 404, broken
    with records.session(settings, Role.OWNER) as session:
        over = "update exports set expires_at = now() - interval '1 second' where id = :id"
        session.execute(text(over), {"id": ready["id"]})
    assert at(analyst.site, ready["url"]).status_code == 404, "the file is over before its address is"
    with analyst.api() as api:
        shown = api.get(f"/exports/{ready['id']}").json()
        assert (shown["state"], shown["url"]) == ("expired", None)


def test_an_address_holds_no_longer_than_the_setting_says(
    settings: Settings, filled: Marts, analyst: Person
) -> None:
    ready = a_ready_one(settings, filled, analyst)
    token, key = ready["url"].split("/")[-2], settings.derived(export_tokens.PURPOSE)
    within = datetime.now(UTC) + timedelta(minutes=settings.export_link_minutes - 1)
    assert export_tokens.read(key, token, within).export == ready["id"]
    with pytest.raises(export_tokens.NotAToken):
        export_tokens.read(key, token, within + timedelta(minutes=2))


def test_two_addresses_of_one_file_are_asked_for_with_each_reading(
    settings: Settings, filled: Marts, analyst: Person
) -> None:
    ready = a_ready_one(settings, filled, analyst)
    with analyst.api() as api:
        again = api.get(f"/exports/{ready['id']}").json()
    assert at(analyst.site, again["url"]).content == at(analyst.site, ready["url"]).content


def test_no_log_holds_an_address_that_opens_a_file(
    settings: Settings, filled: Marts, analyst: Person, caplog: pytest.LogCaptureFixture
) -> None:
    ready = a_ready_one(settings, filled, analyst)
    with caplog.at_level("INFO", logger="console"):
        assert at(analyst.site, ready["url"]).status_code == 200
        wait_until("the line of the fetched file", lambda: "/exports/…/file" in logged_paths(caplog))
    assert not any(ready["url"].split("/")[-2] in path for path in logged_paths(caplog))


@pytest.mark.parametrize(
    ("said", "field", "reason"),
    [
        ({"report": "horoscope"}, "report", "there are channels, timeseries"),
        ({"format": "pdf"}, "format", "'csv' or 'xlsx'"),
        ({"arguments": {"metric": "happiness"}}, "metric", "'spend'"),
        ({"arguments": {"metric": "spend", "gran": "h"}}, "gran", "visits alone"),
        ({"arguments": {"from": "2015-01-01"}}, "from", "1,100 days"),
        ({"arguments": {"colour": "red"}}, "colour", "not permitted"),
    ],
)
def test_what_cannot_be_answered_is_refused_when_it_is_asked_for(
    analyst: Person, said: dict, field: str, reason: str
) -> None:
    with analyst.api() as api:
        answer = api.post("/exports", json=ROAS | said)
        assert answer.status_code == 422, answer.text
        assert any(it["field"] == field and reason in it["reason"] for it in answer.json()["errors"])
        assert api.get("/exports").json()["items"] == []


def test_a_form_keeps_what_was_typed_and_says_what_is_wrong(analyst: Person) -> None:
    forms = analyst.forms()
    answer = forms.post_signed("/exports", report="funnel", steps="click", window_days="12", format="csv")
    assert answer.status_code == 422
    assert 'id="steps-trouble"' in answer.text
    assert 'value="12"' in answer.text
    assert forms.post_signed("/exports", report="funnel", format="exe").status_code == 422


def test_another_page_may_fill_in_the_form(analyst: Person) -> None:
    page = analyst.forms().get("/exports?report=funnel&steps=click,purchase&from=2026-01-01&format=csv").text
    assert 'value="click,purchase"' in page
    assert 'value="2026-01-01"' in page
    assert '<option value="csv" selected>' in page
    hostile = analyst.forms().get("/exports?report=funnel&steps=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in hostile


def test_enough_is_enough_until_one_is_done(analyst: Person) -> None:
    with analyst.api() as api:
        for _ in range(MOST_OPEN):
            assert api.post("/exports", json=ROAS).status_code == 201
        answer = api.post("/exports", json=ROAS)
        assert answer.status_code == 409
        assert "5 exports are being made already" in answer.json()["detail"]


def test_asked_twice_under_one_key_is_asked_once(analyst: Person) -> None:
    with analyst.api() as api:
        first, again = (api.post("/exports", json=ROAS, headers={"Idempotency-Key": "a"}) for _ in range(2))
        assert first.json() == again.json()
        assert len(api.get("/exports").json()["items"]) == 1


def test_a_viewer_looks_and_carries_nothing_away(viewer: Person) -> None:
    with viewer.api() as api:
        assert api.post("/exports", json=ROAS).status_code == 403
        assert api.get("/exports").status_code == 403
    assert "/exports" not in viewer.forms().get("/").text


@pytest.mark.parametrize("report", reports.reports(), ids=lambda it: it.name)
def test_a_report_can_be_asked_for_in_the_form_as_it_stands(analyst: Person, report: reports.Report) -> None:
    fields = {field.name: field for field in export_form.fields(report, {}, date(2026, 3, 10))}
    assert set(fields) == {info.alias or name for name, info in report.asked.model_fields.items()}
    typed = {name: field.value for name, field in fields.items()}
    answer = analyst.forms().post_signed("/exports", report=report.name, format="csv", **typed)
    assert answer.status_code == 303, answer.text
