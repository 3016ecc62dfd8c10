"""The inbox of alerts, over the API and as a page: what is open, that somebody has seen it, and nobody else's."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import text

from marketing_pipelines.monitoring import alerting
from store import records
from store.clock import now
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.frame.test_browser import opened, press_tab_to, sign_in_by_keyboard
from tests.console.visitors import Person


def pulled(house: Settings, marketer: Person, reason: str = "") -> int:
    """A switch was pulled and somebody is to know of it; gives the alert's number."""
    with marketer.api() as api:
        api.post("/kill-switch", json={"engaged": True, "reason": reason}).raise_for_status()
        alerting.raise_alerts(house)
        open_ones = api.get("/alerts", params={"state": "open"}).json()["items"]
        return next(it["id"] for it in open_ones if not it["is_of_the_house"])


def silent(house: Settings) -> None:
    """The gate has been silent, and the whole house is told."""
    with records.session(house, Role.OWNER) as session:
        session.execute(
            text(
                "insert into gate_watchers (name, kind, seen_at) values ('silent', 'sensor', now() - interval '1 h') "
                "on conflict (name) do nothing"
            )
        )
        session.execute(
            text("update gate_watchers set seen_at = now() - interval '1 h' where kind = 'sensor'")
        )
    alerting.raise_alerts(house, came_at=now() - timedelta(hours=1))


def test_an_alert_is_open_until_somebody_has_seen_it(house: Settings, marketer: Person) -> None:
    number = pulled(house, marketer, reason="ask boss@example.com")
    with marketer.api() as api:
        [alert] = [it for it in api.get("/alerts").json()["items"] if it["id"] == number]
        assert (alert["kind"], alert["state"], alert["is_of_the_house"]) == (
            "kill_switch_pulled", "open", False,
        )  # fmt: skip
        assert "boss@example.com" not in str(alert)
        seen = api.post(f"/alerts/{number}/acknowledge").raise_for_status().json()
        assert (seen["state"], seen["acknowledged_by"]) == ("acknowledged", marketer.id)
        again = api.post(f"/alerts/{number}/acknowledge").json()
        assert again["acknowledged_at"] == seen["acknowledged_at"]
        assert number not in [it["id"] for it in api.get("/alerts", params={"state": "open"}).json()["items"]]
        chain = api.get("/audit", params={"entity": "alert"}).json()["items"]
        assert [(entry["action"], entry["entity_id"]) for entry in chain] == [("acknowledge", str(number))]


def test_another_tenants_alert_is_none_at_all(
    house: Settings, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    number = pulled(house, marketer)
    with strangers[MemberRole.MARKETER].api() as api:
        assert number not in [it["id"] for it in api.get("/alerts").json()["items"]]
        assert api.post(f"/alerts/{number}/acknowledge").status_code == 404
    forms = strangers[MemberRole.MARKETER].forms()
    assert forms.post_signed(f"/alerts/{number}/acknowledge").status_code == 404


def test_what_concerns_the_house_is_seen_by_each_tenant_for_itself(
    house: Settings, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    silent(house)
    with marketer.api() as api, strangers[MemberRole.MARKETER].api() as others:
        alert = next(it for it in api.get("/alerts?state=open").json()["items"] if it["is_of_the_house"])
        api.post(f"/alerts/{alert['id']}/acknowledge").raise_for_status()
        assert alert["id"] not in [it["id"] for it in api.get("/alerts?state=open").json()["items"]]
        assert alert["id"] in [it["id"] for it in others.get("/alerts?state=open").json()["items"]]


def test_they_come_a_page_at_a_time(house: Settings, marketer: Person) -> None:
    for _ in range(3):
        pulled(house, marketer)
    with marketer.api() as api:
        first = api.get("/alerts", params={"limit": 2}).json()
        rest = api.get("/alerts", params={"cursor": first["next_cursor"]}).json()
        numbers = [it["id"] for it in first["items"] + rest["items"]]
        assert numbers == sorted(set(numbers), reverse=True)
        assert api.get("/alerts", params={"state": "wrong"}).status_code == 422


def test_they_are_filtered_by_kind_and_lead_to_what_to_do(house: Settings, marketer: Person) -> None:
    pulled(house, marketer)
    silent(house)
    forms = marketer.forms()
    page = forms.get("/alerts?kind=kill_switch_pulled").text
    assert "The kill switch was pulled" in page
    assert "The gate is silent" not in page
    assert f"by Marketer of {marketer.tenant}" in page
    assert '<a href="/kill-switch">The kill switch</a>' in page
    assert "/alerts?state=acknowledged&amp;kind=kill_switch_pulled" in page
    page = forms.get("/alerts?kind=gate_silent").text
    assert '<a href="/runs">Is everything running?</a>' in page
    assert "None of these" in forms.get("/alerts?kind=glass_broken").text
    assert forms.get("/alerts?kind=").status_code == 200
    assert forms.get("/alerts?kind=wrong").status_code == 404


def test_readers_see_them_and_only_writers_take_note(
    house: Settings, people: dict[MemberRole, Person]
) -> None:
    number = pulled(house, people[MemberRole.MARKETER])
    viewer = people[MemberRole.VIEWER].forms()
    page = viewer.get("/alerts")
    assert "The kill switch was pulled" in page.text
    assert "I have seen it" not in page.text
    assert viewer.post_signed(f"/alerts/{number}/acknowledge").status_code == 403


def test_without_any_the_page_says_what_would_be_there(marketer: Person) -> None:
    assert "None of these" in marketer.forms().get("/alerts?state=acknowledged").text


@pytest.mark.browser
def test_an_alert_is_found_and_noted_by_keyboard_alone(
    house: Settings, browser: Browser, marketer: Person
) -> None:
    pulled(house, marketer)
    with marketer.api() as api:
        open_ones = len(api.get("/alerts?state=open").json()["items"])
    with opened(browser, marketer.site) as page:
        sign_in_by_keyboard(page, marketer)
        expect(page.get_by_role("link", name="Alerts")).to_contain_text(f"{open_ones} open")
        press_tab_to(page, "Alerts")
        page.keyboard.press("Enter")
        page.wait_for_url("**/alerts")
        expect(page.get_by_role("heading", name="Alerts")).to_be_visible()
        if shots := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(shots) / "alerts.png")
        for _ in range(open_ones):
            press_tab_to(page, "I have seen it")
            page.keyboard.press("Enter")
            expect(page.get_by_role("status")).to_contain_text("seen it")
        expect(page.get_by_text("Nothing to know of")).to_be_visible()
        if shots:
            page.screenshot(path=Path(shots) / "alerts-empty.png")
