"""What counts as a page view, and what goes along with it."""

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.collector.pixel.conftest import KEY, Shop

pytestmark = pytest.mark.browser


def paths(shop: Shop) -> list[str]:
    """The pages that were viewed."""
    origin = shop.page("")
    return [event["url"].removeprefix(origin) for event in shop.events if event["event"] == "page_view"]


def test_a_visit_is_a_page_view_with_all_that_is_known_of_it(page: Page, shop: Shop) -> None:
    tags = "utm_source=news&utm_medium=email&utm_campaign=spring&utm_term=coat&utm_content=top"
    url = shop.page(f"/coats?{tags}&mp_cid=click-1#sizes")
    page.goto(url, referer="https://mail.example/inbox")
    view = shop.event("page_view")
    assert view == {
        "event": "page_view",
        "id": view["id"],
        "ts": view["ts"],
        "consent": "unknown",
        "url": url,
        "ref": "https://mail.example/inbox",
        "sid": page.evaluate("localStorage.am_sid"),
        "click_id": "click-1",
        "utm_source": "news",
        "utm_medium": "email",
        "utm_campaign": "spring",
        "utm_term": "coat",
        "utm_content": "top",
        "props": {},
    }
    assert len(view["id"]) == 36
    [arrival] = shop.arrivals
    assert (arrival.body["key"], arrival.body["consent"]) == (KEY, "unknown")
    assert view["ts"] <= arrival.body["sent_at"] <= view["ts"] + 60_000


def test_the_request_needs_no_preflight_and_carries_no_cookie(
    page: Page, context: BrowserContext, shop: Shop
) -> None:
    context.add_cookies([{"name": "theirs", "value": "1", "url": shop.collector}])
    page.goto(shop.page(host="127.0.0.1"))
    shop.wait_for("page_view")
    [arrival] = shop.arrivals
    assert arrival.headers["content-type"].startswith("text/plain")
    assert "cookie" not in arrival.headers


def test_the_click_of_the_landing_is_sent_until_the_session_ends(page: Page, shop: Shop) -> None:
    page.goto(shop.page("/coats?mp_cid=click-1"))
    shop.wait_for("page_view")
    page.goto(shop.page("/cart"))
    page.evaluate("mp.revenue(5, 'EUR')")
    assert shop.event("purchase")["click_id"] == "click-1"
    page.goto(shop.page("/coats?mp_cid=click-2"))
    page.evaluate("mp.track('later')")
    assert shop.event("later")["click_id"] == "click-2"


def test_a_single_page_app_views_each_address_once(page: Page, shop: Shop) -> None:
    page.goto(shop.page("/a"))
    shop.wait_for("page_view")
    page.evaluate("""() => {
      history.pushState({}, "", "/b");
      history.pushState({}, "", "/b");
      history.replaceState({}, "", "/b");
      history.replaceState({}, "", "/c");
      history.pushState({}, "", "/c#reviews");
    }""")
    page.go_back()
    page.go_back()
    shop.after(page)
    assert sorted(paths(shop)) == ["/a", "/b", "/b", "/c"]
    came_from = {event["url"]: event["ref"] for event in shop.events if event["event"] == "page_view"}
    assert came_from[shop.page("/c")] == shop.page("/b")


def test_taking_the_campaign_out_of_the_address_is_no_new_page(page: Page, shop: Shop) -> None:
    page.goto(shop.page("/a?utm_source=news&size=m&mp_cid=1"))
    page.evaluate("history.replaceState({}, '', '/a?size=m')")
    assert shop.after(page) == ["page_view"]
    assert shop.event("the_end")["utm_source"] == "news"


def test_routes_behind_a_hash_are_pages_and_jumps_are_not(page: Page, shop: Shop) -> None:
    page.goto(shop.page("/"))
    for fragment in ("/cart", "/pay", "top", "bottom"):
        page.evaluate(
            "to => new Promise(there => { addEventListener('popstate', () => there()); location.hash = to; })",
            fragment,
        )
    shop.after(page)
    assert paths(shop) == ["/", "/#/cart", "/#/pay", "/#top"]


def test_the_history_goes_on_as_the_page_knows_it(page: Page, shop: Shop) -> None:
    page.goto(shop.page("/a"))
    shop.wait_for("page_view")
    told = page.evaluate("""() => {
      history.pushState({step: 2}, "", "/b");
      try { history.pushState({}, "", "https://other.example/"); } catch (error) {
        return [history.state.step, error.name, location.pathname];
      }
    }""")
    assert told == [2, "SecurityError", "/b"]


def test_a_page_that_comes_back_from_the_cache_is_viewed_again(page: Page, shop: Shop) -> None:
    page.goto(shop.page("/a"))
    shop.wait_for("page_view")
    # The browser of the tests has no such cache, so the event is all there is.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: false}))")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    shop.after(page)
    assert paths(shop) == ["/a", "/a"]


def test_a_page_that_is_rendered_ahead_is_viewed_when_it_is_shown(page: Page, shop: Shop) -> None:
    page.add_init_script("Object.defineProperty(document, 'prerendering', {value: true})")
    page.goto(shop.page("/a"))
    assert shop.after(page) == []
    page.evaluate("document.dispatchEvent(new Event('prerenderingchange'))")
    shop.wait_for("page_view")


def test_a_site_may_count_its_page_views_itself(page: Page, shop: Shop) -> None:
    shop.include('data-auto="off"')
    page.goto(shop.page("/a"))
    page.evaluate("history.pushState({}, '', '/b')")
    assert shop.after(page) == []
    page.evaluate("mp.track('page_view')")
    assert shop.event("page_view")["url"] == shop.page("/b")
