"""Adding a feed in a real browser: with scripts off it is found, chosen and added; what is shown on the way keeps nobody out."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, Page, expect

from tests.console.frame.test_accessibility import LOOK, STANDARD
from tests.console.frame.test_browser import opened
from tests.console.frame.test_without_scripts import sign_in
from tests.console.trends.test_feed_lists import OPML
from tests.console.visitors import Person
from tests.trends.publisher import Publisher, item, rss

pytestmark = pytest.mark.browser


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    running = Publisher()
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" title="{name}" href="/{name}.xml">'
        for name in ("all", "shop")
    )
    running.publish("/", links.encode(), "text/html")
    told = item("1", "Boots are back", "https://a.example/boots", "Tue, 10 Mar 2026 09:00:00 GMT")
    running.publish("/shop.xml", rss(told, name="Only the shop"))
    yield running
    running.close()


def look(page: Page, address: str) -> None:
    page.goto("/feeds/new")
    page.get_by_label("Address of a site or of a feed").fill(address)
    page.get_by_role("button", name="Look", exact=True).click()


def test_a_feed_is_found_chosen_and_added_with_scripts_off(
    browser: Browser, marketer: Person, publisher: Publisher
) -> None:
    with opened(browser, marketer.site, java_script_enabled=False) as page:
        sign_in(page, marketer, "/feeds")
        page.get_by_role("link", name="Add a feed").first.click()
        page.get_by_label("Address of a site or of a feed").fill(publisher.url("/"))
        page.get_by_role("button", name="Look", exact=True).click()
        page.get_by_role("button", name=re.compile("^Look at it.*shop$")).click()
        expect(page.get_by_text("Boots are back")).to_be_visible()
        expect(page.get_by_label("Name")).to_have_value("Only the shop")
        page.get_by_label("Topic").fill("trade")
        page.get_by_role("button", name="Add it").click()
        page.wait_for_url("**/feeds/*?done=added")
        expect(page.get_by_role("heading", level=1)).to_have_text("Only the shop")
        page.goto("/feeds/import")
        page.get_by_label("Or the list itself").fill(OPML)
        page.get_by_role("button", name="Look through it").click()
        page.get_by_role("button", name="Add all 2").click()
        page.wait_for_url("**/feeds?done=imported")
        expect(page.get_by_role("link", name=re.compile("Shops"))).to_be_visible()


def test_axe_finds_nothing_serious_on_the_way(
    browser: Browser, marketer: Person, publisher: Publisher
) -> None:
    found = list[str]()
    with opened(browser, marketer.site, bypass_csp=True) as page:
        sign_in(page, marketer, "/feeds")

        def looked_at(step: str) -> None:
            page.add_script_tag(path=AXE_FILE_PATH)
            found.extend(f"{step}: {it}" for it in page.evaluate(LOOK, {"type": "tag", "values": STANDARD}))

        for path in ("/", "/shop.xml", "/nothing"):
            look(page, publisher.url(path))
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            looked_at(path)
        page.goto("/feeds/import")
        page.get_by_label("Or the list itself").fill(OPML)
        page.get_by_role("button", name="Look through it").click()
        expect(page.get_by_role("heading", name="2 to add")).to_be_visible()
        looked_at("import")
    assert found == []
