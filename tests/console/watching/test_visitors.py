"""Timelines of visitors on their pages and over the API: whose a device is, undone where that is wrong, and shown to few."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from console.app import create_app
from store import events
from store.records.people import MemberRole
from store.settings import Settings
from tests.analytics.marts import Marts, marts
from tests.console.conftest import served
from tests.console.visitors import Person, person
from tests.days import noon


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made


@pytest.fixture
def phone(filled: Marts, marketer: Person) -> Marts:
    """Ann's, who came from a mail and bought."""
    tenant = marketer.tenant
    filled.owner(tenant, "phone", "user:ann", known_at=noon())
    filled.meeting(tenant, "phone", "user:ann", noon(), source="click", times=3)
    filled.moment(tenant, "user:ann", noon(), channel="email", page_views=4, detail="/coats")
    filled.moment(
        tenant,
        "user:ann",
        noon(),
        "conversion",
        visitor_id="user:ann",
        detail="Purchases",
        value=30,
        currency="EUR",
    )
    filled.conversion(tenant, "user:ann", noon(), value=30)
    return filled


@pytest.mark.usefixtures("phone")
def test_a_device_shows_whose_it_is_why_and_what_happened(marketer: Person) -> None:
    page = marketer.forms().get("/visitors/phone").text
    assert "This device is believed to be of" in page
    assert "a click that names its reader" in page
    assert "from email" in page
    assert "<code>/coats</code>" in page
    assert "Purchases, 30\u00a0EUR" in page
    assert "/assets/marts/visitor_timeline" in page


@pytest.mark.usefixtures("phone")
def test_the_api_tells_the_same(marketer: Person, strangers: dict[MemberRole, Person]) -> None:
    with marketer.api() as api:
        told = api.get("/analytics/visitors/phone").raise_for_status().json()
        assert api.get("/analytics/visitors/nobody").status_code == 404
    assert (told["visitor_id"], told["person_id"], told["goes_on_before"]) == ("phone", "user:ann", None)
    assert [(it["kind"], it["value"]) for it in told["moments"]] == [("visit", 0), ("conversion", 30)]
    [owner], [meeting] = told["owners"], told["meetings"]
    assert (owner["person_id"], owner["since"], meeting["source"], meeting["times"]) == (
        "user:ann",
        None,
        "click",
        3,
    )
    with strangers[MemberRole.ADMIN].api() as api:
        assert api.get("/analytics/visitors/phone").status_code == 404
        assert api.get("/analytics/visitors/user:ann").status_code == 404


@pytest.mark.usefixtures("phone")
def test_another_tenant_knows_nobody_by_that_name(strangers: dict[MemberRole, Person]) -> None:
    forms = strangers[MemberRole.ADMIN].forms()
    for name in ("phone", "user:ann"):
        assert "Nothing is known under this name" in forms.get(f"/visitors/{name}").text
    assert "user:ann" not in forms.get("/visitors").text


@pytest.mark.usefixtures("phone")
def test_whoever_converted_lately_is_an_example(marketer: Person) -> None:
    assert 'href="/visitors/user%3Aann"' in marketer.forms().get("/visitors").text


def test_visitors_are_looked_up_by_what_people_know(marketer: Person) -> None:
    with marketer.api() as api:
        number = api.post("/recipients", json={"email": "ann@example.com"}).raise_for_status().json()["id"]
    forms = marketer.forms()
    for called, name, led_to in (
        ("device", " phone ", "phone"),
        ("user", "ann/7", "user%3Aann%2F7"),
        ("user", "user:ann", "user%3Aann"),
        ("contact", "7", "contact%3A7"),
        ("contact", "Ann@Example.com", f"contact%3A{number}"),
    ):
        answer = forms.get(f"/visitors?called={called}&name={name}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/visitors/{led_to}")
    unknown = forms.get("/visitors?called=contact&name=nobody@example.com")
    assert unknown.status_code == 422
    assert "No contact of yours has this address" in unknown.text
    assert 'aria-invalid="true"' in unknown.text


@pytest.mark.usefixtures("phone")
def test_a_device_is_said_to_be_somebody_elses_and_that_is_taken_back(marketer: Person) -> None:
    forms = marketer.forms()
    refused = forms.post_signed("/visitors/phone/splits", person_id="user:ann", reason=" ")
    assert refused.status_code == 422
    assert 'value="user:ann"' in refused.text
    done = forms.post_signed("/visitors/phone/splits", person_id="user:ann", reason="It is the till.")
    assert (done.status_code, done.headers["location"]) == (303, "/visitors/phone?done=split")
    page = forms.get("/visitors/phone").text
    assert "It is the till." in page
    with marketer.api() as api:
        [split] = api.get("/identity/splits").json()["items"]
        assert (split["visitor_id"], split["person_id"]) == ("phone", "user:ann")
        back = forms.post_signed(f"/visitors/splits/{split['id']}/take-back")
        assert back.headers["location"] == "/visitors/phone?done=taken-back"
        assert api.get(f"/identity/splits/{split['id']}").json()["taken_back_at"]
    assert "It is the till." not in forms.get("/visitors/phone").text


@pytest.mark.usefixtures("phone")
def test_who_people_are_is_not_for_viewers(people: dict[MemberRole, Person]) -> None:
    viewer = people[MemberRole.VIEWER]
    for path in ("/visitors", "/visitors/phone"):
        assert viewer.forms().get(path).status_code == 403
    assert 'href="/visitors"' not in viewer.forms().get("/").text
    with viewer.api() as api:
        assert api.get("/analytics/visitors/phone").status_code == 403
    approver = people[MemberRole.APPROVER].forms()
    page = approver.get("/visitors/phone").text
    assert "believed to be of" in page
    assert "It is not theirs" not in page


def test_before_the_first_build_that_is_said(clickhouse: events.Client, marketer: Person) -> None:
    forms = marketer.forms()
    for path in ("/visitors", "/visitors/phone"):
        assert "has not been built yet" in forms.get(path).text
    with marketer.api() as api:
        told = api.get("/analytics/visitors/phone").raise_for_status().json()
    assert (told["moments"], "has not been built yet" in told["told"]) == ([], True)


def test_while_the_warehouse_is_away_the_pages_say_so(house: Settings, marketer: Person) -> None:
    nobody = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9")})
    with served(create_app(nobody)) as beside:
        analyst = person(house, beside, marketer.tenant, MemberRole.ANALYST)
        for path in ("/visitors", "/visitors/phone", "/tracking"):
            answer = analyst.forms().get(path)
            assert answer.status_code == 200, path
            assert "The warehouse cannot be reached right now." in answer.text, path
        with analyst.api() as api:
            for path in ("visitors/phone", "tracking"):
                assert api.get(f"/analytics/{path}").status_code == 503
