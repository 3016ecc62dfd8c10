"""Approving as people do it: by keyboard alone, on a phone, and with somebody else at the same request."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from store.records.people import MemberRole
from store.settings import Settings
from tests.console.frame.test_browser import (
    HTML,
    TEXT,
    fit_every_screen,
    opened,
    press_tab_to,
    sign_in_by_keyboard,
    state_of,
)
from tests.console.visitors import Person, mail, person, submitted

pytestmark = pytest.mark.browser


def test_who_has_never_seen_it_approves_the_right_one_and_denies_the_wrong_one(
    browser: Browser, marketer: Person, approver: Person
) -> None:
    """Tab, Enter, Space and typing; nothing is pointed at."""
    for number in range(4):
        submitted(marketer, subject=f"Reminder {number}")
    right = submitted(marketer, subject="Winter sale", body=TEXT, html=HTML)
    wrong = submitted(marketer, subject="Winter sale, everything free", body="Everything costs 0 EUR")
    with opened(browser, approver.site) as page:
        sign_in_by_keyboard(page, approver, "/approvals")
        press_tab_to(page, "Winter sale")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/actions/{right['id']}")
        expect(page.get_by_role("article")).to_contain_text("20 % off until Sunday")
        press_tab_to(page, "Go to the decision")
        page.keyboard.press("Enter")
        expect(page.locator("#decide")).to_be_focused()
        expect(page.locator("#decide")).to_be_in_viewport()
        page.keyboard.press("Tab")
        expect(page.get_by_label("Note")).to_be_focused()
        page.keyboard.type("Good")
        page.keyboard.press("Enter")
        assert page.url.endswith(f"/actions/{right['id']}#decide"), "Enter in the note sends nothing"
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Approve")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Approved")
        press_tab_to(page, "Back to what waits")
        page.keyboard.press("Enter")
        page.wait_for_url("**/approvals")
        press_tab_to(page, "Winter sale, everything free")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/actions/{wrong['id']}")
        press_tab_to(page, "note")
        page.keyboard.type("Nothing is free")
        press_tab_to(page, "Deny")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Denied")
        expect(page.get_by_role("blockquote")).to_have_text("Nothing is free")
    assert state_of(approver, right["id"]) == "approved"
    assert state_of(approver, wrong["id"]) == "denied"


def test_several_are_chosen_and_approved_by_keyboard_and_without_scripts(
    browser: Browser, marketer: Person, approver: Person
) -> None:
    actions = [submitted(marketer, subject=f"Reminder {number}")["id"] for number in range(3)]
    with opened(browser, approver.site, java_script_enabled=False) as page:
        page.goto("/login?next=/approvals")
        page.get_by_label("Email address").fill(approver.email)
        page.get_by_label("Password").fill("a horse that is correct")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Approvals")).to_be_visible()
        for number in (0, 2):
            box = page.get_by_role("checkbox", name=f"Choose Reminder {number}")
            box.focus()
            page.keyboard.press("Space")
            expect(box).to_be_checked()
        page.get_by_role("button", name="Review chosen together").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("2 requests")
        page.get_by_role("button", name="Approve these 2").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("2 of 2 approved")
    assert [state_of(approver, action) for action in actions] == ["approved", "pending_approval", "approved"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_inbox_request_and_batch_fit_every_screen(
    browser: Browser,
    house: Settings,
    site: str,
    people: dict[MemberRole, Person],
    scheme: Literal["light", "dark"],
) -> None:
    marketer, approver = people[MemberRole.MARKETER], people[MemberRole.APPROVER]
    person(house, site, marketer.tenant, MemberRole.APPROVER, "x" * 100)
    first = submitted(marketer, subject="Sale " + "unbroken" * 20, body=TEXT, html=HTML)
    with marketer.api() as api:
        changed = first["payload"] | {
            "body": f"{TEXT}\nhttps://shop.example/{'long' * 60}",
            "subject": "Sale " * 20,
        }
        api.put(f"/actions/{first['id']}", json={"payload": changed}).raise_for_status()
        api.post(f"/actions/{first['id']}/submit").raise_for_status()
        link = {"type": "link_change", "purpose": "contract", "dry_run": False}
        slug = api.post("/links", json={"long_url": f"https://old.example/{'a' * 200}"}).json()["slug"]
        link["payload"] = {"slug": slug, "target_url": f"https://new.example/{'b' * 200}"}
        second = api.post("/actions", json=link).raise_for_status().json()["id"]
        api.post(f"/actions/{second}/submit").raise_for_status()
        hook = mail() | {"type": "cms_webhook", "payload": {"event": "a.b", "data": {"long": "c" * 400}}}
        third = api.post("/actions", json=hook).raise_for_status().json()["id"]
        api.post(f"/actions/{third}/submit").raise_for_status()
    pages = [
        "/approvals?order=expiring&type=email",
        *(f"/actions/{each}" for each in (first["id"], second, third)),
        f"/approvals/batch?action={first['id']}&action={second}&action={third}",
    ]
    with opened(browser, approver.site, color_scheme=scheme) as page:
        sign_in_by_keyboard(page, approver)
        fit_every_screen(page, pages)


def test_on_a_phone_a_bar_leads_to_the_decision(browser: Browser, marketer: Person, approver: Person) -> None:
    action = submitted(marketer, body=TEXT * 5, html=HTML)["id"]
    with opened(browser, approver.site, viewport={"width": 360, "height": 640}) as page:
        sign_in_by_keyboard(page, approver, f"/actions/{action}")
        bar = page.get_by_role("link", name="Decide", exact=True)
        expect(bar).to_be_in_viewport()
        expect(page.get_by_role("button", name="Approve")).not_to_be_in_viewport()
        bar.click()
        expect(page.get_by_role("button", name="Approve")).to_be_in_viewport()
        page.set_viewport_size({"width": 1280, "height": 800})
        expect(bar).to_be_hidden()


def test_hidden_characters_are_read_out_where_they_stand(
    browser: Browser, marketer: Person, approver: Person
) -> None:
    action = submitted(marketer, body="Transfer to \u202egro.elpmaxe\u202c now")["id"]
    with opened(browser, approver.site) as page:
        sign_in_by_keyboard(page, approver, f"/actions/{action}")
        text = page.locator(".letter-text").inner_text()
    assert re.sub(r"\s+", " ", text) == (
        "Transfer to [right-to-left override U+202E]gro.elpmaxe[pop directional formatting U+202C] now"
    )


def test_anothers_vote_appears_while_one_is_typing_and_takes_no_word_away(
    browser: Browser, marketer: Person, approver: Person, admin: Person
) -> None:
    action = submitted(marketer)["id"]
    with opened(browser, approver.site) as page:
        sign_in_by_keyboard(page, approver, f"/actions/{action}")
        press_tab_to(page, "note")
        page.keyboard.type("I was going to ")
        with admin.api() as api:
            api.post(f"/actions/{action}/deny", json={"note": "Too early"}).raise_for_status()
        standing = page.locator("#standing")
        expect(standing).to_contain_text("This changed while you were reading", timeout=30_000)
        expect(standing).to_contain_text(f"Admin of {marketer.tenant}")
        expect(page.get_by_label("Note")).to_be_focused()
        page.keyboard.type("say yes")
        expect(page.get_by_label("Note")).to_have_value("I was going to say yes")
