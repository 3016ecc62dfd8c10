"""How events get there: in batches, at the end of a page, after an outage, once."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.collector.pixel.conftest import Answer, Shop
from tests.conftest import wait_until

pytestmark = pytest.mark.browser

NO_BEACON = "delete Navigator.prototype.sendBeacon"
QUEUE = "Object.entries(localStorage).filter(([name]) => /^am_queue/.test(name)).map(([, text]) => text)"
BROKEN_FETCH = "window.fetch = () => { throw new Error('patched away'); }"
REFUSED_BEACON = "navigator.sendBeacon = () => false"


def queue(page: Page) -> list[str]:
    """The names of what waits in the browser."""
    entries = [json.loads(text) for text in page.evaluate(QUEUE)]
    return [entry["event"]["event"] for entry in sorted(entries, key=lambda it: it["event"]["ts"])]


def wait_until_answered(page: Page) -> None:
    wait_until("the answer", lambda: queue(page) == [], 20)


def wait_for_attempts(page: Page, shop: Shop, attempts: int) -> None:
    """How long the page waits is its own affair: its clock goes on until it has come that often."""

    def came() -> bool:
        page.clock.run_for(500)
        return len(shop.arrivals) >= attempts

    wait_until(f"attempt {attempts}", came, 20)


def came_once(shop: Shop) -> bool:
    return max(Counter(event["id"] for event in shop.events).values()) == 1


def test_what_happens_together_travels_together(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    page.evaluate("for (let place = 0; place < 44; place++) mp.track('step', {place})")
    wait_until("all events", lambda: len(shop.events) == 45, 20)
    assert max(len(arrival.body["events"]) for arrival in shop.arrivals) == 20
    places = [event["props"]["place"] for event in shop.events if event["event"] == "step"]
    assert sorted(places) == list(range(44))
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
    with tab.expect_event("close"):
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
    # The clock of the first page stands: its timer sends nothing that the second would send as well.
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=10))
    page.evaluate("mp.revenue(5, 'EUR'); location.href = '/b'")
    page.wait_for_url("**/b")
    page.clock.resume()
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
    wait_until("all events", lambda: shop.names.count("offline") == 3, 60)
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
    with first.expect_event("close"):
        first.close(run_before_unload=True)
    context.set_offline(False)
    page.goto(shop.page("/next"))
    purchase = shop.event("purchase")
    arrival = next(it for it in shop.arrivals if "purchase" in it.names)
    assert purchase["ts"] < arrival.body["sent_at"]
    assert purchase["url"] == shop.page("/")
    shop.after(page)
    assert came_once(shop)


def test_tabs_that_speak_at_the_same_time_lose_nothing(context: BrowserContext, shop: Shop) -> None:
    tabs = [context.new_page() for _ in range(3)]
    for tab in tabs:
        tab.goto(shop.page())
    wait_until("the tabs", lambda: shop.names.count("page_view") == 3, 20)
    context.set_offline(True)
    for place in range(12):
        tabs[place % 3].evaluate("place => { mp.track('spoken', {place}); mp.flush(); }", place)
    context.set_offline(False)
    spoken = set(range(12))
    wait_until(
        "all events",
        lambda: {event["props"].get("place") for event in shop.events} >= spoken,
        20,
    )


def test_what_one_tab_is_sending_the_other_leaves_alone(
    page: Page, context: BrowserContext, shop: Shop
) -> None:
    other = context.new_page()
    for tab in (page, other):
        tab.goto(shop.page())
    wait_until("the tabs", lambda: shop.names.count("page_view") == 2, 20)
    wait_until_answered(page)
    shop.answers.append(Answer(after_seconds=2))
    page.evaluate("mp.track('slow'); mp.flush()")
    # One tab sees in its own time what the other wrote.
    other.wait_for_function(f"{QUEUE}.some((it) => JSON.parse(it).claimed)", polling=50)
    other.evaluate("mp.flush()")
    shop.after(other)
    wait_until_answered(page)
    assert came_once(shop)


def test_after_a_failure_one_event_tries_the_way_and_the_others_follow(page: Page, shop: Shop) -> None:
    page.clock.install(time=0)
    # The page's time stands still until all three have been said.
    page.clock.pause_at(1_000)
    shop.answers.extend([Answer(500), Answer(502), Answer(200)])
    page.goto(shop.page())
    page.evaluate("mp.track('a'); mp.track('b')")
    wait_for_attempts(page, shop, 4)
    assert [len(arrival.names) for arrival in shop.arrivals] == [3, 1, 1, 2]
    assert set(shop.names) == {"page_view", "a", "b"}
    wait_until_answered(page)


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
    wait_until_answered(page)
    assert shop.names == ["page_view", "page_view", "page_view", "meanwhile"]


@pytest.mark.parametrize("status", [400, 401, 403, 413, 415])
def test_a_refusal_is_final(page: Page, shop: Shop, status: int) -> None:
    shop.answers.append(Answer(status))
    page.goto(shop.page())
    shop.wait_for("page_view")
    wait_until_answered(page)
    assert shop.after(page) == ["page_view"]


@pytest.mark.parametrize("becomes", ["duplicate", "rejected"])
def test_an_event_that_is_settled_does_not_come_again(page: Page, shop: Shop, becomes: str) -> None:
    shop.answers.append(Answer(becomes=becomes))
    page.goto(shop.page())
    shop.wait_for("page_view")
    wait_until_answered(page)
    assert shop.after(page) == ["page_view"]


def test_an_event_that_shall_come_again_does(page: Page, shop: Shop) -> None:
    page.clock.install()
    shop.answers.append(Answer(becomes="retry"))
    page.goto(shop.page())
    wait_for_attempts(page, shop, 2)
    wait_until_answered(page)
    assert len({event["id"] for event in shop.events}) == 1


@pytest.mark.parametrize("answer", ["", "<h1>", "null", "[]", '{"results": [null]}', '{"results": 5}'])
def test_an_answer_that_cannot_be_read_ends_the_matter(page: Page, shop: Shop, answer: str) -> None:
    page.route(
        "**/collect", lambda route: route.fulfill(body=answer, headers={"Access-Control-Allow-Origin": "*"})
    )
    page.goto(shop.page())
    wait_until_answered(page)


def test_what_a_dead_tab_was_sending_is_sent_by_another_after_a_minute(page: Page, shop: Shop) -> None:
    page.clock.install()
    page.goto(shop.page())
    page.clock.run_for(500)
    shop.wait_for("page_view")
    wait_until_answered(page)
    page.evaluate("""() => {
      const event = {event: "orphan", id: "orphan-1", ts: Date.now()};
      localStorage.setItem("am_queue_orphan-1", JSON.stringify({event, claimed: Date.now()}));
    }""")
    page.evaluate("mp.flush()")
    page.clock.run_for(50_000)
    assert "orphan" not in shop.names
    page.clock.run_for(20_000)
    shop.wait_for("orphan")
    wait_until_answered(page)
    assert came_once(shop)


def test_the_queue_is_bounded_in_number_in_size_and_in_age(page: Page, shop: Shop) -> None:
    page.clock.install()
    shop.answers.append(Answer(503, {"Retry-After": "2400"}))
    page.goto(shop.page())
    page.clock.run_for(500)
    wait_until("the answer", lambda: page.evaluate("!!localStorage.am_quiet"), 20)
    page.evaluate("for (let place = 0; place < 60; place++) mp.track('small', {place})")
    assert queue(page) == ["small"] * 50
    page.evaluate("for (let place = 0; place < 9; place++) mp.track('large', {text: 'x'.repeat(9000)})")
    assert sum(map(len, page.evaluate(QUEUE))) <= 32 * 1024
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
    wait_until_answered(page)
    assert came_once(shop)


def test_where_fetch_is_broken_beacons_bring_all(page: Page, shop: Shop) -> None:
    page.add_init_script(BROKEN_FETCH)
    page.goto(shop.page())
    shop.wait_for("page_view")
    page.evaluate("mp.track('a'); location.href = 'about:blank'")
    shop.wait_for("a")
    assert came_once(shop)


def test_what_has_no_way_out_waits_for_a_page_that_has(
    page: Page, context: BrowserContext, shop: Shop
) -> None:
    page.add_init_script(f"{BROKEN_FETCH}; {NO_BEACON}")
    page.goto(shop.page("/broken"))
    page.evaluate("mp.track('a'); mp.flush()")
    assert queue(page) == ["page_view", "a"]
    whole = context.new_page()
    whole.goto(shop.page("/whole"))
    assert shop.after(whole) == ["page_view", "a", "page_view"]
    assert came_once(shop)
