"""Uploads in the console: a list is looked at line by line on a page or by a program, then confirmed or discarded."""

import dagster as dg
import httpx
import pytest

from marketing_pipelines.defs.uploads.automation import add_upload_job, undecided_uploads
from store import events, records
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.requested import asked_for, run
from tests.console.visitors import Forms, Person
from tests.outbound.office import house_resource
from tests.uploads.test_adding import YESTERDAY, there

DAY = YESTERDAY.date()
SALES = f"when,event,user_id,value,currency\n{DAY},purchase,u1,3.50,EUR\n{DAY},purchase,u2,4,EUR\n"
HALF_WRONG = SALES + f"{DAY},nothing,u3,1,EUR\n{DAY},purchase,u3,x,EUR\n"


def upload(forms: Forms, content: bytes | str, name: str = "sales.csv") -> httpx.Response:
    sent = content.encode() if isinstance(content, str) else content
    files = {"file": (name, sent, "text/csv")}
    return forms.client.post(
        "/uploads", data={"csrf": forms.csrf}, files=files, headers={"Origin": forms.site}
    )


@pytest.fixture
def analyst(people: dict[MemberRole, Person]) -> Person:
    return people[MemberRole.ANALYST]


def test_a_person_looks_at_a_list_and_confirms_it(
    settings: Settings, clickhouse: events.Client, marketer: Person
) -> None:
    forms = marketer.forms()
    assert "No uploads yet" in forms.get("/uploads").text
    checked = upload(forms, HALF_WRONG)
    assert checked.status_code == 303
    address = checked.headers["location"]
    page = forms.get(address).text
    for said in (
        "2 lines right",
        "2 lines wrong",
        "7.50 EUR",
        "Add 2 lines",
        "is nothing that any goal counts",
        "is no amount",
    ):
        assert said in page, said
    assert there(clickhouse, marketer.tenant) == [], "nothing is kept before somebody says yes"
    confirmed = forms.post_signed(f"{address}/confirm")
    assert confirmed.headers["location"] == "/uploads?done=confirmed"
    with marketer.api() as api:
        [told] = api.get("/uploads").json()["items"]
        asked = asked_for(settings, told["request_id"])
        assert asked
        assert run(settings, asked, add_upload_job).success
        told = api.get(f"/uploads/{told['id']}").json()
        assert (told["state"], told["added"], told["wrong_lines"]) == ("added", 2, 2)
        assert api.get(f"/requested-runs/{told['request_id']}").json()["outcome"] == {
            "lines": 2,
            "added": 2,
            "known": 0,
        }
    assert len(there(clickhouse, marketer.tenant)) == 2
    assert "2 lines were new" in forms.get(address).text
    again = upload(forms, SALES)
    assert "2 lines of these have been added before" in forms.get(again.headers["location"]).text


def test_a_program_does_the_same(marketer: Person) -> None:
    with marketer.api() as api:
        answer = api.post("/uploads", json={"file_name": "C:\\books\\may.csv", "text": HALF_WRONG})
        assert answer.status_code == 201
        told = answer.json()
        assert (told["file_name"], told["state"], told["right_lines"]) == ("may.csv", "checked", 2)
        assert told["problems"][0] == {
            "line": 4,
            "column": "event",
            "what": "event is nothing that any goal counts; write one of offline_touch, purchase, refund.",
        }
        assert told["summary"]["amounts"] == [{"event": "purchase", "currency": "EUR", "value": "7.50"}]
        path = answer.headers["location"].removeprefix("/api")
        stale = api.post(f"{path}/confirm", headers={"If-Match": '"another"'})
        assert stale.status_code == 412
        confirmed = api.post(f"{path}/confirm", headers={"If-Match": answer.headers["etag"]})
        assert confirmed.json()["state"] == "waiting"
        assert api.post(f"{path}/confirm").status_code == 409
        assert api.delete(path).status_code == 409


def test_what_is_discarded_is_gone(marketer: Person) -> None:
    forms = marketer.forms()
    address = upload(forms, SALES).headers["location"]
    assert forms.post_signed(f"{address}/discard").headers["location"] == "/uploads?done=discarded"
    late = forms.post_signed(f"{address}/confirm")
    assert late.status_code == 409
    assert "upload the file again" in late.text


def test_an_address_becomes_a_number_and_is_kept_nowhere(house: Settings, marketer: Person) -> None:
    with marketer.api() as api:
        ann = api.post("/recipients", json={"email": "ann@upload.example"}).json()["id"]
        text = f"when,event,email\n{DAY},purchase,Ann@Upload.example\n{DAY},purchase,bob@upload.example\n"
        told = api.post("/uploads", json={"text": text}).json()
        assert (told["right_lines"], told["wrong_lines"]) == (1, 1)
        assert "of no contact here" in told["problems"][0]["what"]
    with records.session(house, Role.OWNER) as session:
        kept = session.connection().exec_driver_sql(
            f"select lines::text, problems::text, summary::text from uploads where id = {told['id']}"
        )
        row = str(kept.one())
    assert f'"contact_id": {ann}' in row
    assert "upload.example" not in row.casefold()


def test_a_goal_of_the_tenant_is_an_event_of_its_lists(marketer: Person) -> None:
    with marketer.api() as api:
        api.post(
            "/goals", json={"name": "Demos", "event": "demo", "refund_event": "no_show"}
        ).raise_for_status()
        text = f"when,event\n{DAY},demo\n{DAY},no_show\n"
        assert api.post("/uploads", json={"text": text}).json()["right_lines"] == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"when,event\n\xff", "Line 2 is not UTF-8"),
        (b"PK\x03\x04", "a spreadsheet"),
        (b"when,event\n" + b"2026-03-05,purchase\n" * 20_001, "more than 20,000 lines"),
        (b"x" * (5 * 2**20 + 1), "larger than 5,242,880 bytes"),
    ],
)
def test_what_is_no_list_is_refused_beside_the_field(marketer: Person, content: bytes, reason: str) -> None:
    answer = upload(marketer.forms(), content)
    assert answer.status_code == 422
    assert 'id="file-trouble"' in answer.text
    assert reason in answer.text


def test_a_form_without_a_file_says_so(marketer: Person) -> None:
    answer = marketer.forms().post_signed("/uploads")
    assert (answer.status_code, "Choose a file first" in answer.text) == (422, True)


def test_a_file_far_too_large_is_not_even_read(marketer: Person) -> None:
    assert upload(marketer.forms(), b"x" * (6 * 2**20)).status_code == 413
    with marketer.api() as api:
        assert api.post("/uploads", json={"text": "x" * (11 * 2**20)}).status_code == 413


def test_what_stands_in_a_list_is_shown_and_never_run(marketer: Person) -> None:
    forms = marketer.forms()
    bad = "<script>alert(1)</script>"
    text = f"when,event,user_id,channel,{bad}\n{DAY},offline_touch,u,{bad},\n{DAY},{bad},u,,\n"
    page = forms.get(upload(forms, text, f"{bad}.csv").headers["location"]).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_template_can_be_uploaded_as_it_is(marketer: Person) -> None:
    forms = marketer.forms()
    template = forms.get("/uploads/template.csv")
    assert template.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in template.headers["content-disposition"]
    page = forms.get(upload(forms, template.content).headers["location"]).text
    assert "3 lines right" in page
    assert "0 lines wrong" in page


def test_analysts_read_and_viewers_do_not(marketer: Person, analyst: Person, viewer: Person) -> None:
    address = upload(marketer.forms(), SALES).headers["location"]
    forms = analyst.forms()
    page = forms.get(address).text
    assert "2 lines right" in page
    assert "/confirm" not in page
    assert "Check it" not in forms.get("/uploads").text
    assert forms.post_signed(f"{address}/confirm").status_code == 403
    with viewer.api() as api:
        assert api.get("/uploads").status_code == 403
    assert "/uploads" not in viewer.forms().get("/").text


def test_the_daemon_forgets_what_nobody_confirmed(house: Settings, marketer: Person) -> None:
    with marketer.api() as api:
        number = api.post("/uploads", json={"text": SALES}).json()["id"]
        with records.session(house, Role.OWNER) as session:
            session.connection().exec_driver_sql(
                f"update uploads set expires_at = now() - interval '1 second' where id = {number}"
            )
        undecided_uploads(dg.build_sensor_context(resources={"house": house_resource(house)}))
        with records.session(house, Role.OWNER) as session:
            kept = f"select lines from uploads where id = {number}"
            assert session.connection().exec_driver_sql(kept).scalar() == []
        assert api.get(f"/uploads/{number}").json()["state"] == "discarded"
