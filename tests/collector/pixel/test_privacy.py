"""Whoever objects leaves nothing behind in the browser, and little goes out."""

import json

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.collector.pixel.conftest import Answer, Shop

pytestmark = pytest.mark.browser

OBJECTIONS = [
    "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})",
    "Object.defineProperty(navigator, 'doNotTrack', {value: '1'})",
]
LANDING = "/coats?utm_source=news&token=hidden&mp_cid=click-1#person"


def stored(page: Page) -> dict[str, str]:
    """All that the site keeps in this browser."""
    return page.evaluate(
        "({...localStorage, ...sessionStorage, ...(document.cookie && {cookie: document.cookie})})"
    )


def bare_view(shop: Shop) -> dict[str, str]:
    """What goes out of a page view of `LANDING` that somebody objects to, beside its id and time."""
    return {
        "event": "page_view",
        "consent": "denied",
        "url": shop.page("/coats?utm_source=news"),
        "ref": "https://mail.example/inbox",
        "utm_source": "news",
    }


def told(event: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in event.items() if name not in ("id", "ts")}


@pytest.mark.parametrize("objection", OBJECTIONS)
def test_an_objecting_browser_is_heard_and_what_was_stored_is_removed(
    page: Page, context: BrowserContext, shop: Shop, objection: str
) -> None:
    shop.include('data-cookie="shop.localhost"')
    page.goto(shop.page("/before?mp_cid=click-0"))
    page.evaluate("mp.consent('granted')")
    shop.wait_for("page_view")
    assert {"am_sid", "am_consent", "am_click", "cookie"} <= set(stored(page))
    shop.arrivals.clear()
    context.add_init_script(objection)
    page.goto(shop.page(LANDING), referer="https://mail.example/inbox?letter=7")
    page.evaluate("mp.consent('granted'); mp.identify('u-1')")
    shop.wait_for("page_view", "identify")
    assert stored(page) == {}
    assert told(shop.event("page_view")) == bare_view(shop)
    assert not {"user_id", "sid", "click_id", "props"} & set(shop.event("identify"))
    assert shop.arrivals[0].body["consent"] == "denied"


def test_a_withdrawn_consent_reaches_what_was_not_sent_yet(page: Page, shop: Shop) -> None:
    # A busy machine takes its time between the two calls, and what has been sent by then has been sent.
    page.add_init_script(
        "setTimeout = ((real) => (call, delay) => real(call, (delay || 0) + 5000))(setTimeout)"
    )
    page.goto(shop.page(LANDING), referer="https://mail.example/inbox?letter=7")
    page.evaluate("mp.identify('u-1'); mp.consent('denied'); mp.revenue(5, 'EUR', {order: 'o-1'})")
    purchase = shop.event("purchase")
    assert told(shop.event("page_view")) == bare_view(shop)
    assert told(purchase) == bare_view(shop) | {"event": "purchase", "value": 5, "currency": "EUR"}
    # A refusal that is not kept would be none on the next page.
    assert stored(page) == {"am_consent": "denied"}


def test_a_refusal_holds_on_the_next_page_and_in_the_other_tab(
    page: Page, context: BrowserContext, shop: Shop
) -> None:
    other = context.new_page()
    other.goto(shop.page("/other"))
    page.goto(shop.page("/a"))
    other.evaluate("sessionStorage.am_click = 'click-1'")
    page.evaluate("mp.consent('denied')")
    # One tab's word reaches the other in its own time, and clears what that one kept for itself.
    other.wait_for_function("!sessionStorage.am_click", polling=50)
    other.evaluate("mp.track('in_the_other_tab')")
    assert shop.event("in_the_other_tab")["consent"] == "denied"
    shop.after(page)
    # What was under way in both tabs may come by way of each, and is one event by its id.
    assert len({event["id"] for event in shop.events if event["event"] == "page_view"}) == 2
    shop.arrivals.clear()
    page.goto(shop.page("/b"))
    assert shop.event("page_view")["consent"] == "denied"
    assert stored(page) == {"am_consent": "denied"}


def test_a_consent_that_comes_later_does_not_reach_back(page: Page, shop: Shop) -> None:
    shop.include('data-consent="denied"')
    page.goto(shop.page(LANDING), referer="https://mail.example/inbox")
    page.evaluate("mp.consent('granted'); mp.track('after')")
    after = shop.event("after")
    assert told(shop.event("page_view")) == bare_view(shop)
    assert (after["consent"], after["click_id"]) == ("granted", "click-1")
    assert after["sid"] == stored(page)["am_sid"]
    shop.arrivals.clear()
    page.goto(shop.page("/b"))
    assert shop.event("page_view")["consent"] == "granted"


def test_a_word_that_is_none_changes_nothing(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    page.evaluate("mp.consent('granted'); mp.consent('whatever'); mp.consent(); mp.track('after')")
    assert shop.event("after")["consent"] == "granted"
    page.evaluate("mp.consent('unknown'); mp.track('undone')")
    assert shop.event("undone")["consent"] == "unknown"


def test_a_word_before_the_script_is_there_holds_for_the_first_page_view(page: Page, shop: Shop) -> None:
    shop.head = f"<script>window.mp = [['consent', 'denied']]</script>{shop.head}"
    page.goto(shop.page(LANDING), referer="https://mail.example/inbox")
    assert told(shop.event("page_view")) == bare_view(shop)
    assert stored(page) == {"am_consent": "denied"}


def test_without_storage_there_is_no_id_and_all_else(page: Page, shop: Shop) -> None:
    shop.include('data-cookie="shop.localhost"')
    page.goto(shop.page())
    shop.wait_for("page_view")
    shop.arrivals.clear()
    shop.include('data-storage="none" data-cookie="shop.localhost"')
    page.goto(shop.page(LANDING))
    page.evaluate("mp.consent('granted'); mp.track('fitting', {size: 'm'})")
    fitting = shop.event("fitting")
    assert stored(page) == {}
    assert "sid" not in fitting
    assert (fitting["consent"], fitting["click_id"], fitting["props"]) == (
        "granted",
        "click-1",
        {"size": "m"},
    )
    assert fitting["url"] == shop.page(LANDING)


def test_there_is_no_cookie_unless_asked(page: Page, context: BrowserContext, shop: Shop) -> None:
    page.goto(shop.page())
    shop.wait_for("page_view")
    assert context.cookies() == []


def test_subdomains_share_the_id_through_a_cookie(page: Page, context: BrowserContext, shop: Shop) -> None:
    shop.include('data-cookie="shop.localhost"')
    page.goto(shop.page(host="www.shop.localhost"))
    first = shop.event("page_view")["sid"]
    [cookie] = context.cookies()
    assert (cookie.get("name"), cookie.get("value")) == ("am_sid", first)
    assert (cookie.get("domain"), cookie.get("sameSite")) == (".shop.localhost", "Lax")
    assert cookie.get("expires", 0) - page.evaluate("Date.now() / 1000") == pytest.approx(
        365 * 86400, abs=600
    )
    shop.arrivals.clear()
    page.goto(shop.page(host="blog.shop.localhost"))
    assert shop.event("page_view")["sid"] == first


def test_a_cookie_for_somebody_elses_domain_leaves_the_id_in_the_storage(page: Page, shop: Shop) -> None:
    shop.include('data-cookie="other.example"')
    page.goto(shop.page())
    assert shop.event("page_view")["sid"] == stored(page)["am_sid"]


def test_where_storage_throws_the_page_and_the_events_go_on(page: Page, shop: Shop) -> None:
    inside = f"{shop.head}<p>Inside</p>".replace('"', "&quot;")
    shop.head, shop.body = "", f'<iframe sandbox="allow-scripts" srcdoc="{inside}"></iframe>'
    page.goto(shop.page())
    frame = page.frames[1]
    assert frame.evaluate(
        "(() => { try { return localStorage } catch (error) { return error.name } })()"
    ) == ("SecurityError")
    frame.wait_for_function("window.mp && !!mp.track", polling=50)
    # The first answer asks for patience: what is only in memory is sent again all the same.
    shop.answers.append(Answer(503))
    frame.evaluate("mp.track('inside', {size: 'm'})")
    inside_event = next(event for event in shop.wait_for("inside") if event["event"] == "inside")
    assert "sid" not in inside_event
    assert inside_event["props"] == {"size": "m"}
    frame.evaluate("mp.consent('denied'); mp.consent('granted'); mp.identify('u-1'); mp.track('still')")
    assert shop.event("still")["user_id"] == "u-1"


@pytest.mark.parametrize("rubbish", ["{", "5", "null", "[null]", '{"event":{}}', '{"event":5}', '"text"', ""])
def test_rubbish_in_the_storage_is_not_sent_and_not_in_the_way(
    page: Page, context: BrowserContext, shop: Shop, rubbish: str
) -> None:
    context.add_init_script(
        f"localStorage.am_queue_1 = {json.dumps(rubbish)}; localStorage.am_quiet = 'soon';"
        "localStorage.am_consent = ''"
    )
    page.goto(shop.page())
    assert shop.after(page) == ["page_view"]
