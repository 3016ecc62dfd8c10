"""How events get there: in batches, at the end of a page, after an outage, once."""

import json
from collections import Counter

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.collector.pixel.conftest import Answer, Shop
from tests.conftest import wait_until

pytestmark = pytest.mark.browser

NO_BEACON = "delete Navigator.prototype.sendBeacon"
REFUSED_BEACON = "navigator.sendBeacon = () => false"


def queue(page: Page) -> list[str]:
    """The names of what waits in the browser."""
    return [entry["event"]["event"] for entry in json.loads(page.evaluate("localStorage.am_queue") or "[]")]


def came_once(shop: Shop) -> bool:
    return max(Counter(event["id"] for event in shop.events).values()) == 1


def test_what_happens_together_travels_together(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    page.evaluate("for (let place = 0; place < 44; place++) mp.track('step', {place})")
    wait_until("all events", lambda: len(shop.events) == 45, 20)
    assert max(len(arrival.body["events"]) for arrival in shop.arrivals) == 20
    places = [event["props"]["place"] for event in shop.events if event["event"] == "step"]
    assert places == list(range(44))
    assert came_once(shop)


@pytest.mark.parametrize("browser_that", ["", NO_BEACON])
def test_what_is_said_in_the_last_moment_arrives(page: Page, shop: Shop, browser_that: str) -> None:
    page.add_init_script(browser_that or "0")
    page.goto(shop.page())
    shop.wait_for("page_view")
    page.evaluate("mp.revenue(5, 'EUR'); location.href = 'about:blank'")
    shop.wait_for("purchase")
    assert shop.names == ["page_view", "purchase"]


def test_a_page_closed_right_after_a_click_has_told_of_it(
    page: Page, context: BrowserContext, shop: Shop
) -> None:
    shop.body = '<a href="https://other.example/" onclick="event.preventDefault()">Out</a>'
    tab = context.new_page()
    tab.goto(shop.page())
    shop.wait_for("page_view")
    tab.click("text=Out")
    tab.close(run_before_unload=True)
    shop.wait_for("outbound_click")
    page.goto(shop.page())
    shop.after(page)
    assert came_once(shop)


def test_a_tab_in_the_background_has_told_all(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    shop.wait_for("page_view")
    page.clock.install()
    page.evaluate("""() => {
      Object.defineProperty(document, "hidden", {value: true});
      mp.track("glance");
      document.dispatchEvent(new Event("visibilitychange", {bubbles: true}));
    }""")
    # The clock stands: only the beacon can have brought it.
    shop.wait_for("glance")
    assert queue(page) == []


def test_a_refused_beacon_stays_in_the_queue(page: Page, shop: Shop) -> None:
    page.add_init_script(REFUSED_BEACON)
    page.goto(shop.page("/a"))
    shop.wait_for("page_view")
    page.evaluate("mp.revenue(5, 'EUR'); location.href = '/b'")
    page.wait_for_url("**/b")
    shop.wait_for("purchase")
    assert shop.after(page) == ["page_view", "purchase", "page_view"]
    assert came_once(shop)


def test_a_browser_that_is_offline_tells_everything_once_it_is_back(
    page: Page, context: BrowserContext, shop: Shop
) -> None:
    page.goto(shop.page())
    shop.wait_for("page_view")
    context.set_offline(True)
    for place in range(3):
        page.evaluate("place => { mp.track('offline', {place}); mp.flush(); }", place)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert queue(page) == ["offline"] * 3
    context.set_offline(False)
    wait_until("all events", lambda: shop.names.count("offline") == 3, 20)
    assert shop.after(page) == ["page_view", "offline", "offline", "offline"]
    assert came_once(shop)


def test_what_waited_when_the_page_was_closed_is_told_by_the_next(
    page: Page, context: BrowserContext, shop: Shop
) -> None:
    first = context.new_page()
    first.goto(shop.page())
    shop.wait_for("page_view")
    context.set_offline(True)
    first.evaluate("mp.revenue(5, 'EUR')")
    first.close(run_before_unload=True)
    context.set_offline(False)
    page.goto(shop.page("/next"))
    purchase = shop.event("purchase")
    arrival = next(it for it in shop.arrivals if "purchase" in it.names)
    assert purchase["ts"] < arrival.body["sent_at"]
    assert purchase["url"] == shop.page("/")
    shop.after(page)
    assert came_once(shop)


def test_of_several_tabs_one_tells_what_waited(page: Page, context: BrowserContext, shop: Shop) -> None:
    page.goto(shop.page())
    shop.wait_for("page_view")
    context.set_offline(True)
    page.evaluate("for (let place = 0; place < 9; place++) mp.track('offline')")
    tabs = [context.new_page() for _ in range(3)]
    context.set_offline(False)
    for tab in tabs:
        tab.goto(shop.page("/other"), wait_until="commit")
    for tab in tabs:
        tab.wait_for_function("window.mp && !!mp.flush", polling=50)
        tab.evaluate("mp.flush()")
    wait_until("all events", lambda: shop.names.count("offline") >= 9, 20)
    for tab in tabs:
        shop.after(tab)
        shop.arrivals[:] = [it for it in shop.arrivals if "the_end" not in it.names]
    assert shop.names.count("offline") == 9


def test_after_a_failure_one_event_tries_the_way_and_the_others_follow(page: Page, shop: Shop) -> None:
    page.clock.install()
    shop.answers.extend([Answer(500), Answer(502), Answer(200)])
    page.goto(shop.page())
    page.evaluate("mp.track('a'); mp.track('b')")
    page.clock.run_for(500)
    wait_until("the first attempt", lambda: len(shop.arrivals) == 1, 20)
    for attempts in (2, 3, 4):
        # How long the page waits is its own affair: time goes on until it comes again.
        wait_until(f"attempt {attempts}", lambda many=attempts: comes(page, shop, many), 20)
    assert [arrival.names for arrival in shop.arrivals] == [
        ["page_view", "a", "b"],
        ["page_view"],
        ["page_view"],
        ["a", "b"],
    ]
    assert queue(page) == [] or settles(page)


def comes(page: Page, shop: Shop, attempts: int) -> bool:
    page.clock.run_for(500)
    return len(shop.arrivals) >= attempts


def settles(page: Page) -> bool:
    wait_until("the answer", lambda: queue(page) == [], 20)
    return True


def test_the_collector_says_when_to_come_again_and_every_page_heeds_it(page: Page, shop: Shop) -> None:
    page.clock.install()
    shop.answers.append(Answer(503, {"Retry-After": "120"}))
    page.goto(shop.page("/a"))
    page.clock.run_for(500)
    wait_until("the answer", lambda: page.evaluate("!!localStorage.am_quiet"), 20)
    page.clock.run_for(60_000)
    page.goto(shop.page("/b"))
    page.evaluate("mp.track('meanwhile'); mp.flush(); dispatchEvent(new Event('online'))")
    page.clock.run_for(30_000)
    assert [arrival.names for arrival in shop.arrivals] == [["page_view"]]
    assert queue(page) == ["page_view", "page_view", "meanwhile"]
    page.clock.run_for(120_000)
    shop.wait_for("meanwhile")
    wait_until("the answer", lambda: queue(page) == [], 20)
    assert shop.names == ["page_view", "page_view", "page_view", "meanwhile"]


def test_a_date_says_when_to_come_again_as_well(page: Page, shop: Shop) -> None:
    page.clock.install(time="2026-06-01T12:00:00Z")
    shop.answers.append(Answer(503, {"Retry-After": "Mon, 01 Jun 2026 12:20:00 GMT"}))
    page.goto(shop.page())
    page.clock.run_for(500)
    wait_until("the answer", lambda: page.evaluate("!!localStorage.am_quiet"), 20)
    page.clock.run_for(15 * 60_000)
    assert len(shop.arrivals) == 1
    page.clock.run_for(15 * 60_000)
    wait_until("the second attempt", lambda: len(shop.arrivals) == 2, 20)


@pytest.mark.parametrize("status", [400, 401, 403, 413, 415])
def test_a_refusal_is_final(page: Page, shop: Shop, status: int) -> None:
    shop.answers.append(Answer(status))
    page.goto(shop.page())
    shop.wait_for("page_view")
    wait_until("the answer", lambda: queue(page) == [], 20)
    assert shop.after(page) == ["page_view"]


@pytest.mark.parametrize(("becomes", "comes_again"), [("duplicate", 0), ("rejected", 0), ("retry", 1)])
def test_each_event_has_an_answer_of_its_own(page: Page, shop: Shop, becomes: str, comes_again: int) -> None:
    page.clock.install()
    shop.answers.append(Answer(becomes=becomes))
    page.goto(shop.page())
    page.clock.run_for(500)
    shop.wait_for("page_view")
    wait_until("the answer", lambda: len(shop.arrivals) == 1 + comes_again or comes(page, shop, 2), 20) if (
        comes_again
    ) else settles(page)
    page.clock.run_for(20_000)
    settles(page)
    assert shop.names == ["page_view"] * (1 + comes_again)


@pytest.mark.parametrize("answer", ["", "<h1>", "null", "[]", '{"results": [null]}', '{"results": 5}'])
def test_an_answer_that_cannot_be_read_ends_the_matter(page: Page, shop: Shop, answer: str) -> None:
    page.route(
        "**/collect", lambda route: route.fulfill(body=answer, headers={"Access-Control-Allow-Origin": "*"})
    )
    page.goto(shop.page())
    page.wait_for_function("localStorage.am_queue === '[]'", polling=50)


def test_what_a_dead_tab_was_sending_is_sent_by_another_after_a_minute(page: Page, shop: Shop) -> None:
    page.clock.install()
    page.goto(shop.page())
    page.clock.run_for(500)
    shop.wait_for("page_view")
    settles(page)
    page.evaluate("""() => {
      const event = {event: "orphan", id: "orphan-1", ts: Date.now()};
      localStorage.am_queue = JSON.stringify([{event, claimed: Date.now()}]);
    }""")
    page.evaluate("mp.flush()")
    page.clock.run_for(50_000)
    assert "orphan" not in shop.names
    page.clock.run_for(20_000)
    shop.wait_for("orphan")
    settles(page)
    assert came_once(shop)


def test_the_queue_is_bounded_in_number_in_size_and_in_age(page: Page, shop: Shop) -> None:
    page.clock.install()
    shop.answers.append(Answer(503, {"Retry-After": "2400"}))
    page.goto(shop.page())
    page.clock.run_for(500)
    wait_until("the answer", lambda: page.evaluate("!!localStorage.am_quiet"), 20)
    page.evaluate("for (let place = 0; place < 60; place++) mp.track('small', {place})")
    assert queue(page) == ["small"] * 50
    assert '"place":59' in page.evaluate("localStorage.am_queue")
    page.evaluate("for (let place = 0; place < 9; place++) mp.track('large', {text: 'x'.repeat(9000)})")
    assert page.evaluate("localStorage.am_queue.length") <= 32 * 1024
    assert queue(page) == ["large"] * 3
    page.clock.run_for(60_000)
    page.clock.set_fixed_time(page.evaluate("Date.now()") + 3 * 24 * 3600 * 1000)
    page.evaluate("mp.track('days_later')")
    assert queue(page) == ["days_later"]


def test_flush_does_not_wait(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    shop.wait_for("page_view")
    page.clock.install()
    page.evaluate("mp.track('now'); mp.flush()")
    shop.wait_for("now")


def test_while_one_batch_travels_the_next_goes_its_own_way(page: Page, shop: Shop) -> None:
    shop.answers.append(Answer(after_seconds=2))
    page.goto(shop.page())
    shop.wait_for("page_view")
    page.evaluate("mp.flush(); mp.track('next')")
    shop.wait_for("next")
    wait_until("both answers", lambda: queue(page) == [], 20)
    assert came_once(shop)


def test_without_fetch_the_beacon_at_the_end_brings_all(page: Page, shop: Shop) -> None:
    page.add_init_script("window.fetch = () => { throw new Error('patched away'); }")
    page.goto(shop.page())
    page.evaluate("mp.track('a'); location.href = 'about:blank'")
    shop.wait_for("page_view", "a")
