"""With scripts off: whatever changes something is a plain form on a plain page, and the deciding ones work."""

import re
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser, Page, expect

from console.door.permissions import ACCESS
from store import events
from store.clock import now
from store.records.people import MemberRole
from store.settings import Settings
from tests.analytics.marts import marts
from tests.console.frame.test_browser import opened, state_of
from tests.console.scripted import API, OPML, Workplace, changes
from tests.console.visitors import PASSWORD, Person, submitted, written
from tests.trends.digests import digested

DECIDING = [
    endpoint
    for endpoint, roles in ACCESS.items()
    if changes(endpoint) and API not in endpoint and roles is not None
]
_NUMBER = re.compile(r"/\d+(?=/|$)")


class Posting(HTMLParser):
    """Every address that a form or a button of a page posts to, if the form is whole without a script."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self._form: list[str] | None = None
        self._is_signed = self._has_button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form" and (said.get("method") or "").lower() == "post":
            self._form, self._is_signed, self._has_button = [said.get("action") or ""], False, False
        elif self._form is not None and said.get("name") == "csrf":
            self._is_signed = bool(said.get("value"))
        elif self._form is not None and tag == "button" and said.get("type", "submit") == "submit":
            self._has_button = True
            if said.get("formaction"):
                self._form.append(said["formaction"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            if self._is_signed and self._has_button:
                self.addresses |= {address.partition("?")[0] for address in self._form}
            self._form = None


def posts(page: str) -> set[str]:
    """The endpoints that a page's forms post to, with what they name left open."""
    found = Posting()
    found.feed(page)
    return {_NUMBER.sub("/{}", address) for address in found.addresses}


def test_whatever_changes_something_is_a_plain_form_on_some_page(
    house: Settings, providers: str, people: dict[MemberRole, Person], clickhouse: events.Client
) -> None:
    place = Workplace(house, people, providers)
    draft, asked, campaign = place.action(), place.action("/approve"), place.campaign()
    feed, silent, connection = place.feed(), place.feed(), place.connection()
    running, paused = place.campaign("pause"), place.campaign("resume")
    asset, put_away, link, over = place.asset(), place.asset(), place.link(), place.link()
    disabled, elsewhere = place.user(), people[MemberRole.ADMIN].forms()
    for make in (place.standing, place.alert, place.invitation, place.collector_key):
        make()
    digested(clickhouse, place.tenant, now(), ("Boots", "https://a.example/boots", 3, 1))
    place.key(people[MemberRole.ADMIN])
    place.pages.post_signed(f"/people/{disabled}/disable")
    place.pages.post_signed(f"/links/{over}/archive")
    place.pages.post_signed(f"/assets/{put_away}/archive")
    place.pages.post_signed(f"/feeds/{silent}/retire")
    place.writer.post("/kill-switch", json={"scope": "channel", "subject": "smtp"}).raise_for_status()
    with people[MemberRole.ADMIN].api() as api:
        api.post("/tenants", json={"slug": place.mark, "name": "Another"}).raise_for_status()
    assert elsewhere.csrf, "signed in twice"
    shown = set[str]()
    for path in (
        *("/", "/approvals", f"/approvals/batch?action={asked}", "/actions", f"/actions/{draft}", f"/actions/{asked}"),
        *(f"/actions/{draft}/edit", "/actions/new/email", "/campaigns", "/campaigns/new", f"/campaigns/{campaign}"),
        *(f"/campaigns/{running}", f"/campaigns/{paused}", f"/campaigns/{campaign}/edit", "/assets", f"/assets/{asset}"),
        *(f"/assets/{put_away}", "/links", "/links/new", f"/links/{link}", f"/links/{link}/edit", f"/links/{over}"),
        *("/pixel", "/kill-switch", "/alerts", "/people", "/keys", "/tenants", "/settings", "/account", "/audit"),
        *("/goals", "/goals/new", f"/goals/{place.goal()}", "/measurement"),
        *("/feeds", "/feeds/new", "/feeds/new?url=news.example", f"/feeds/{feed}", f"/feeds/{feed}/edit", f"/feeds/{silent}", "/feeds/import"),
        *("/connections/new/meta", f"/connections/{connection}"),
        *("/hold-outs", "/hold-outs/new", f"/hold-outs/{place.hold_out()}"),
        *("/trends", "/exports", "/uploads", f"/uploads/{place.upload()}", f"/dead-letters/{place.dead_action()}"),
    ):  # fmt: skip
        answer = place.pages.get(path)
        assert answer.status_code == 200, path
        shown |= posts(answer.text)
    shown |= posts(place.pages.post_signed("/feeds/import", text=OPML).text)
    shown |= posts(place.pages.post_signed(f"/connections/{connection}/look").text)
    with marts(clickhouse) as filled:
        filled.owner(place.tenant, "7", "user:ann")
        shown |= posts(place.pages.get("/visitors/7").text)
        place.pages.post_signed("/visitors/7/splits", person_id="user:ann", reason="Sold")
        shown |= posts(place.pages.get("/visitors/7").text)
    wanted = {re.sub(r"\{\w+\}", "{}", endpoint.removeprefix("POST ")) for endpoint in DECIDING}
    offered = {re.sub(r"/new/(email|meta)", "/new/{}", address) for address in shown}
    assert wanted - offered == set()


def sign_in(page: Page, visitor: Person, path: str) -> None:
    page.goto(path)
    page.get_by_label("Email address").fill(visitor.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)


@pytest.mark.browser
def test_an_approver_approves_and_denies(browser: Browser, marketer: Person, approver: Person) -> None:
    right, wrong = submitted(marketer, subject="Winter sale"), submitted(marketer, subject="Everything for 0")
    with opened(browser, approver.site, java_script_enabled=False) as page:
        sign_in(page, approver, "/approvals")
        page.get_by_role("link", name="Winter sale").click()
        page.get_by_role("button", name="Approve").click()
        page.wait_for_url("**?done=*")
        page.goto(f"/actions/{wrong['id']}")
        page.get_by_role("button", name="Deny").click()
        note = page.locator("#note")
        expect(note).to_have_attribute("aria-invalid", "true")
        note.fill("Nothing costs 0")
        page.get_by_role("button", name="Deny").click()
        page.wait_for_url("**?done=*")
    assert state_of(marketer, right["id"]) == "approved"
    assert state_of(marketer, wrong["id"]) == "denied"


@pytest.mark.browser
def test_an_approver_asks_for_changes_and_several_are_signed_at_once(
    browser: Browser, marketer: Person, approver: Person
) -> None:
    first, *several = [submitted(marketer, subject=f"Sale {n}")["id"] for n in range(3)]
    with opened(browser, approver.site, java_script_enabled=False) as page:
        sign_in(page, approver, f"/actions/{first}")
        page.locator("#note").fill("Say it in fewer words")
        page.get_by_role("button", name="Ask for changes").click()
        page.wait_for_url("**?done=*")
        page.goto("/approvals/batch?" + "&".join(f"action={number}" for number in several))
        page.get_by_role("button", name=re.compile("^Approve")).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert state_of(marketer, first) == "changes_requested"
    assert [state_of(marketer, number) for number in several] == ["approved", "approved"]


@pytest.mark.browser
def test_a_marketer_asks_for_approval_makes_a_link_and_stops_everything(
    browser: Browser, marketer: Person
) -> None:
    draft = written(marketer)
    with opened(browser, marketer.site, java_script_enabled=False) as page:
        sign_in(page, marketer, f"/actions/{draft}")
        page.get_by_role("button", name="Ask for approval").click()
        page.wait_for_url("**?done=submitted")
        page.goto("/links/new")
        page.locator("#long_url").fill("https://shop.example/winter")
        page.get_by_role("button", name="Make the link").click()
        page.wait_for_url("**/links/*?done=made")
        page.goto("/kill-switch")
        page.get_by_label("Why").fill("The prices are wrong")
        page.get_by_role("button", name="Stop sending").click()
        page.wait_for_url("**?done=pulled")
        expect(page.get_by_text("The prices are wrong").first).to_be_visible()
    assert state_of(marketer, draft) == "pending_approval"
    with marketer.api() as api:
        assert api.get("/kill-switch").json()["engaged"]
        assert [link["long_url"] for link in api.get("/links").json()["items"]] == [
            "https://shop.example/winter"
        ]


@pytest.mark.browser
def test_an_admin_invites_somebody_and_changes_what_they_may(
    browser: Browser, admin: Person, viewer: Person
) -> None:
    with opened(browser, admin.site, java_script_enabled=False) as page:
        sign_in(page, admin, "/people")
        page.locator("form[action='/people/invite'] #email").fill("new@example.com")
        page.get_by_role("button", name="Invite", exact=True).click()
        expect(page.get_by_text("new@example.com").first).to_be_visible()
        row = page.locator(f"form[action='/people/{viewer.id}/role']")
        row.get_by_role("combobox").select_option("analyst")
        row.get_by_role("button").click()
        page.wait_for_url("**?done=changed")
    with viewer.api() as api:
        assert api.get("/me").json()["role"] == "analyst"
