"""What people see on any screen: no page scrolls sideways, nothing is too small to hit, and the keyboard reaches all of it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from console.door.permissions import ACCESS
from console.frame.places import GROUPS
from console.frame.rendering import STATIC
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.furnished import Furnished, furnished
from tests.console.visitors import person

pytestmark = pytest.mark.browser

# Mails as somebody else wrote them, alone.
LETTERS = ("/html", "/preview")
WIDTHS = (320, 360, 640, 768, 1360, 1920, 3840)
OVERFLOWING = """() => {
  const wide = document.documentElement;
  if (wide.scrollWidth <= wide.clientWidth) return null;
  const out = [...document.querySelectorAll("body *")].filter(it => it.getBoundingClientRect().right > wide.clientWidth + 1
    && !it.closest(".scroll")).slice(-1)[0];
  return `${wide.scrollWidth} px of ${wide.clientWidth}: ` + (out ? out.outerHTML.slice(0, 160) : "?");
}"""
# A link within a sentence is as high as its line (WCAG 2.5.8 says so); a box that is ticked is as large as its label.
SMALL = """(least) => [...document.querySelectorAll("a[href], button, select, input:not([type=hidden]), summary")].filter(it => {
    const box = it.getBoundingClientRect();
    if (!box.width || !box.height || it.matches(".unseen, .skip, [tabindex='-1']")) return false;
    const target = it.matches("[type=checkbox], [type=radio]") && it.closest("label") || it;
    const seen = getComputedStyle(it), after = getComputedStyle(it, "::after");
    if (seen.display === "inline" && after.position !== "absolute") return false;
    if (after.position === "absolute" && after.content !== "none") return false;
    return target.getBoundingClientRect().height < least - 0.5;
  }).map(it => it.outerHTML.slice(0, 100) + " is " + Math.round(it.getBoundingClientRect().height) + " px high")"""


@pytest.fixture(scope="module")
def full(settings: Settings) -> Iterator[Furnished]:
    with furnished(settings) as found:
        yield found


@pytest.mark.parametrize("part", range(2))
def test_no_page_scrolls_sideways_and_everything_can_be_hit(
    full: Furnished, browser: Browser, part: int
) -> None:
    found = list[str]()
    with full.opened(browser) as window:
        page = window.new_page()
        for address in full.addresses()[part::2]:
            page.goto(address)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                if out := page.evaluate(OVERFLOWING):
                    found.append(f"{address} at {width}: {out}")
            for width, least in ((1360, 24), (360, 40)):
                page.set_viewport_size({"width": width, "height": 800})
                found += [f"{address} at {width}: {it}" for it in page.evaluate(SMALL, least)]
    assert found == [], "\n".join(found)


def focused(page: Page) -> str:
    return page.evaluate(
        "(document.activeElement.innerText || document.activeElement.id).trim().split('\\n')[0]"
    )


def test_the_first_thing_that_tab_reaches_skips_the_places(full: Furnished, browser: Browser) -> None:
    with full.opened(browser) as window:
        page = window.new_page()
        page.goto("/links")
        page.keyboard.press("Tab")
        assert focused(page) == "Skip to the content"
        expect(page.locator(".skip").first).to_be_in_viewport()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.keyboard.press("Tab")
        assert focused(page) == "New link"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(
    full: Furnished, browser: Browser, scripts: bool
) -> None:
    with full.opened(browser, viewport={"width": 360, "height": 740}, java_script_enabled=scripts) as window:
        page = window.new_page()
        page.goto("/links")
        menu, places = page.get_by_role("link", name="Menu"), page.get_by_role("navigation", name="Screens")
        expect(places).to_be_hidden()
        menu.focus()
        page.keyboard.press("Enter")
        expect(places).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Close the menu")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Overview")).to_be_focused()
        for _ in range(40):
            page.keyboard.press("Tab")
            expect(page.locator("main :focus")).to_have_count(0)
        page.get_by_role("link", name="Close the menu").focus()
        page.keyboard.press("Enter")
        expect(places).to_be_hidden()
        expect(menu).to_be_focused()


# What is framed shows the focus itself. Where it shows on the row, the tile or the choice around a link, that is what is looked at.
WITHOUT_FOCUS = """() => {
  const around = document.activeElement.closest(".row, .tile") || document.activeElement;
  const shown = [document.activeElement, around].some(it => {
    const seen = getComputedStyle(it);
    return seen.outlineStyle !== "none" && parseFloat(seen.outlineWidth) >= 2;
  });
  return shown || document.activeElement.matches("body, iframe") ? null : document.activeElement.outerHTML.slice(0, 120);
}"""


@pytest.mark.parametrize("part", range(2))
def test_whatever_has_the_focus_shows_it(full: Furnished, browser: Browser, part: int) -> None:
    found = set[str]()
    with full.opened(browser) as window:
        page = window.new_page()
        for address in [it for it in full.addresses() if not it.endswith(LETTERS)][part::2]:
            page.goto(f"{address}#content")
            for _ in range(25):
                page.keyboard.press("Tab")
                if unseen := page.evaluate(WITHOUT_FOCUS):
                    found.add(f"{address}: {unseen}")
    assert found == set(), "\n".join(found)


def test_colours_of_the_readers_own_and_less_motion_are_kept_to(full: Furnished, browser: Browser) -> None:
    with full.opened(browser, forced_colors="active", reduced_motion="reduce") as window:
        page = window.new_page()
        page.goto("/links")
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        here = page.locator(".places [aria-current=page]")
        for part in (here, page.locator("main .button").first, page.locator(".badge").first):
            box = part.evaluate("it => [getComputedStyle(it).borderStyle, getComputedStyle(it).outlineStyle]")
            assert "solid" in box, "it has an edge where backgrounds are not shown"
        moving = page.evaluate("document.getAnimations().length")
        assert moving == 0


@pytest.mark.parametrize("role", list(MemberRole))
def test_the_navigation_shows_what_a_role_may_open_and_where_one_is(
    full: Furnished, role: MemberRole
) -> None:
    forms = person(full.settings, full.site, full.admin.tenant, role).forms()
    open_to = [
        place.address for group in GROUPS for place in group.places if role in everyone_at(place.address)
    ]
    for address in ("/", "/links", "/kill-switch"):
        page = forms.get(address).text
        nav = page[page.index('<nav aria-label="Screens">') : page.index("</nav>")]
        assert re.findall(r'<li><a href="([^"]+)"', nav) == open_to
        assert re.findall(r'<a href="([^"]+)" aria-current="page"', nav) == [address]
    for place in (place for group in GROUPS for place in group.places):
        assert (forms.get(place.address).status_code == 200) is (place.address in open_to)


def everyone_at(address: str) -> frozenset[MemberRole]:
    return ACCESS[f"GET {address}"] or frozenset(MemberRole)


def test_every_page_marks_a_place_of_the_navigation(full: Furnished) -> None:
    forms = full.admin.forms()
    elsewhere = {"GET /account", "GET /login", "GET /forgot", "GET /join", "GET /reset", ""}
    for endpoint, addresses in full.pages.items():
        if endpoint not in elsewhere:
            page = forms.get(addresses[0]).text
            assert page.count('aria-current="page"') == (1 if "<nav" in page else 0), endpoint


def test_every_place_has_an_icon_of_its_own() -> None:
    drawn = re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text())
    icons = [place.icon for group in GROUPS for place in group.places]
    assert len(set(icons)) == len(icons)
    assert set(icons) <= set(drawn)
