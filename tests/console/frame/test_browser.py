"""The console as people use it: by keyboard, on a phone, in the dark, and with hostile mail in the inbox."""

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from console.actions.switches import CHANNELS
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.visitors import PASSWORD, Person, person, submitted, written

pytestmark = pytest.mark.browser

HTML = """<div style="font-family:sans-serif;padding:24px;background:#f3efe4">
<h1 style="color:#7a2e1d">Winter sale</h1><p>Hello,</p><p>all <b>warm things</b> are 20 % off until Sunday.</p>
<p><a href="https://shop.example/winter">To the shop</a></p></div>"""
TEXT = "Hello,\n\nall warm things are 20 % off until Sunday.\n\nhttps://shop.example/winter\n\nYour shop"
HOSTILE = '"><script>window.pwned=1</script><img src=x onerror="window.pwned=1"><style>*{display:none}</style>{{7*7}}'


@contextmanager
def opened(browser: Browser, site: str, **options: object) -> Iterator[Page]:
    """A fresh browser window; whatever its pages try to run or load against the policy fails the test."""
    context = browser.new_context(base_url=site, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    yield page
    context.close()


def sign_in_by_keyboard(page: Page, visitor: Person, path: str = "/") -> None:
    page.goto(path)
    expect(page.get_by_label("Email address")).to_be_focused()
    page.keyboard.type(visitor.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def press_tab_to(page: Page, name: str) -> None:
    """Reaches something by Tab alone."""
    for _ in range(90):
        page.keyboard.press("Tab")
        text = page.evaluate("document.activeElement.innerText || document.activeElement.id || ''")
        if text.strip().startswith(name):
            outline = page.evaluate(
                "getComputedStyle(document.activeElement.closest('.row') || document.activeElement).outlineStyle"
            )
            assert outline != "none", f"no visible focus on {name}"
            return
    pytest.fail(f"{name} cannot be reached by keyboard")


def fit_every_screen(page: Page, paths: Iterable[str]) -> None:
    """None is too wide; each has one heading of all, skips no level, labels every field and gives no name twice."""
    for width, height in ((320, 640), (1280, 800), (3840, 2160)):
        page.set_viewport_size({"width": width, "height": height})
        for path in paths:
            page.goto(path)
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, f"{path} is {overflow} px too wide at {width}"
            headings = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
            assert headings.count(1) == 1, path
            steps = [after - before for before, after in itertools.pairwise(headings)]
            assert max(steps, default=0) <= 1, f"{path} skips a level: {headings}"
            unnamed = page.evaluate(
                "[...document.querySelectorAll('input:not([type=hidden]),textarea,select')].filter(f => !f.labels.length).length"
            )
            assert unnamed == 0, path
            twice = page.evaluate(
                "(ids => ids.filter((id, at) => ids.indexOf(id) !== at))([...document.querySelectorAll('[id]')].map(it => it.id))"
            )
            assert twice == [], path


def state_of(reader: Person, action: int) -> str:
    with reader.api() as api:
        return api.get(f"/actions/{action}").json()["state"]


def test_an_approver_reads_and_approves_by_keyboard_alone(
    browser: Browser, marketer: Person, approver: Person
) -> None:
    right = submitted(marketer, subject="Winter sale", body=TEXT, html=HTML)
    wrong = submitted(marketer, subject="Summer sale", body="Everything costs 0 EUR")
    with opened(browser, approver.site) as page:
        sign_in_by_keyboard(page, approver, "/approvals")
        press_tab_to(page, "Winter sale")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/actions/{right['id']}")
        expect(page.get_by_role("article")).to_contain_text("all warm things are 20 % off until Sunday.")
        expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text("Winter sale")
        digits = page.locator(".hash").inner_text().replace(" ", "").replace("\n", "")
        assert digits == right["manifest_hash"]
        press_tab_to(page, "note")
        page.keyboard.type("Good prices")
        press_tab_to(page, "Approve")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Approved")
        assert state_of(approver, right["id"]) == "approved"

        page.goto("/approvals")
        press_tab_to(page, "Summer sale")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/actions/{wrong['id']}")
        press_tab_to(page, "Deny")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("a denial needs a note")
        expect(page.get_by_label("Note")).to_be_focused()
        page.keyboard.type("Everything is free")
        press_tab_to(page, "Deny")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Denied")
        expect(page.get_by_role("blockquote")).to_have_text("Everything is free")
        assert state_of(approver, wrong["id"]) == "denied"


def test_an_author_finds_no_button_for_their_own_and_a_forged_one_is_refused(
    browser: Browser, admin: Person
) -> None:
    own = submitted(admin)
    with opened(browser, admin.site) as page:
        sign_in_by_keyboard(page, admin, f"/actions/{own['id']}")
        expect(page.get_by_text("This is your own work")).to_be_visible()
        expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        page.get_by_role("button", name="Ask for changes").evaluate(
            f"button => button.formAction = '/actions/{own['id']}/approve'"
        )
        page.get_by_role("button", name="Ask for changes").click()
        expect(page.get_by_role("heading")).to_have_text("You may not do this")
    assert state_of(admin, own["id"]) == "pending_approval"


def test_what_changed_while_it_was_read_is_not_approved(
    browser: Browser, marketer: Person, approver: Person
) -> None:
    action = submitted(marketer)
    with opened(browser, approver.site) as page:
        sign_in_by_keyboard(page, approver, f"/actions/{action['id']}")
        with marketer.api() as author:
            changed = action["payload"] | {"body": "Now everything is free"}
            author.put(f"/actions/{action['id']}", json={"payload": changed}).raise_for_status()
            author.post(f"/actions/{action['id']}/submit").raise_for_status()
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("alert")).to_contain_text("It changed while you were reading")
        expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        page.get_by_role("link", name="Read the action again").click()
        expect(page.get_by_role("article")).to_contain_text("Now everything is free")
    assert state_of(approver, action["id"]) == "pending_approval"


def test_hostile_mail_is_only_text(
    browser: Browser, house: Settings, site: str, marketer: Person, approver: Person
) -> None:
    html = f'{HOSTILE}<a id="out" href="javascript:top.pwned=1">x</a><form action="/kill-switch/pull" method="post"><button>b</button></form><meta http-equiv="refresh" content="0;url=https://evil.example/">'
    author = person(house, site, marketer.tenant, MemberRole.MARKETER, name=HOSTILE[:150])
    action = submitted(author, subject=HOSTILE, body=HOSTILE, html=html)
    asked: list[str] = []
    with opened(browser, approver.site) as page:
        page.on("request", lambda request: asked.append(request.url))
        sign_in_by_keyboard(page, approver, "/")
        for path in ("/", "/approvals", "/actions", f"/actions/{action['id']}"):
            page.goto(path)
            expect(page.locator("main")).to_be_visible()
            assert page.evaluate("window.pwned") is None, path
            assert HOSTILE[:40] in page.content().replace("&gt;", ">").replace("&lt;", "<").replace(
                "&#34;", '"'
            )
        expect(page.locator(".letter-text")).to_have_text(HOSTILE)
        page.frame_locator("iframe").locator("#out").evaluate("link => link.click()")
        assert page.evaluate("window.pwned") is None
        page.goto(f"/actions/{action['id']}/html")
        assert page.evaluate("document.scripts.length") >= 1
        assert page.evaluate("window.pwned") is None, "opened alone, it is sandboxed all the same"
    assert {url.split("/")[2] for url in asked} == {site.split("/")[2]}, "nothing was loaded from elsewhere"


def test_the_frame_of_a_mail_cannot_be_made_into_a_page_of_ours(marketer: Person, approver: Person) -> None:
    action = submitted(marketer, html=HTML)
    policy = approver.forms().get(f"/actions/{action['id']}/html").headers["content-security-policy"]
    assert policy.endswith("sandbox")
    assert "frame-ancestors 'self'" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_every_screen(
    browser: Browser,
    people: dict[MemberRole, Person],
    scheme: Literal["light", "dark"],
) -> None:
    marketer, admin = people[MemberRole.MARKETER], people[MemberRole.ADMIN]
    action = submitted(
        marketer,
        recipients=[f"reader{n}@example.com" for n in range(40)],
        recipient=None,
        subject="Winter sale " + "unbroken" * 20,
        body=TEXT,
        html=HTML,
    )["id"]
    draft = written(marketer)
    admin.forms().post_signed(
        "/kill-switch/pull", reach=f"channel:{CHANNELS[0]}", reason="Wrong price in the winter mail"
    )
    pages = [
        "/",
        "/approvals",
        "/actions",
        f"/actions/{action}",
        f"/actions/{draft}",
        "/kill-switch",
        "/nothing",
    ]
    with opened(browser, admin.site, color_scheme=scheme) as page:
        sign_in_by_keyboard(page, admin)
        fit_every_screen(page, pages)


def test_without_scripts_everything_decides(browser: Browser, marketer: Person, approver: Person) -> None:
    action = submitted(marketer)
    with opened(browser, approver.site, java_script_enabled=False) as page:
        sign_in_by_keyboard_without_waiting(page, approver)
        page.goto(f"/actions/{action['id']}")
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("status")).to_contain_text("Approved")


def sign_in_by_keyboard_without_waiting(page: Page, visitor: Person) -> None:
    page.goto("/login")
    page.get_by_label("Email address").fill(visitor.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
