"""What a page may call, before and after the script is there."""

import pytest
from playwright.sync_api import BrowserContext, Page

from marketing_pipelines.events import pixel
from tests.collector.pixel.conftest import Shop

pytestmark = pytest.mark.browser


def test_track_tells_a_name_and_its_fields(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    page.evaluate("mp.track('add_to_cart', {size: 'm', of: {a: [1, null]}, at: new Date(0), not: undefined})")
    assert shop.event("add_to_cart")["props"] == {
        "size": "m",
        "of": {"a": [1, None]},
        "at": "1970-01-01T00:00:00.000Z",
    }


def test_revenue_is_a_purchase(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    page.evaluate("mp.revenue(49.5, 'EUR', {order: 'o-1'})")
    purchase = shop.event("purchase")
    assert (purchase["value"], purchase["currency"], purchase["props"]) == (49.5, "EUR", {"order": "o-1"})


def test_a_value_that_is_no_amount_stays_a_field(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    page.evaluate("mp.track('choice', {value: 'large', currency: 'points'})")
    page.evaluate("mp.track('bid', {value: '-12.50', currency: 'usd'})")
    assert shop.event("choice")["props"] == {"value": "large", "currency": "points"}
    bid = shop.event("bid")
    assert (bid["value"], bid["currency"], bid["props"]) == ("-12.50", "usd", {})


def test_whoever_is_identified_goes_along_until_told_otherwise(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    page.evaluate(
        "mp.track('before'); mp.identify(42); mp.track('during'); mp.identify(null); mp.track('after')"
    )
    shop.wait_for("before", "identify", "during", "after")
    said = {event["event"]: event.get("user_id") for event in shop.events}
    assert said == {"page_view": None, "before": None, "identify": "42", "during": "42", "after": None}


def test_what_was_said_before_the_script_came_is_heard(page: Page, shop: Shop) -> None:
    shop.head = f"""<script>
      window.mp = window.mp || [];
      mp.push(["identify", "u-1"]);
      mp.push(["track", "early", {{size: "m"}}], ["no such call"], "nonsense", null);
      mp.push(["revenue", 5, "EUR"]);
    </script>{shop.head}"""
    page.goto(shop.page())
    shop.wait_for("page_view")
    page.evaluate("mp.push(['track', 'late'])")
    shop.wait_for("late")
    assert set(shop.names) == {"identify", "early", "purchase", "page_view", "late"}
    assert {event["user_id"] for event in shop.events} == {"u-1"}


def test_the_older_snippet_goes_on_working(page: Page, shop: Shop, context: BrowserContext) -> None:
    context.add_init_script("localStorage.am_sid = 'visitor-of-last-year'")
    page.goto(shop.page())
    page.evaluate("AgenticTrack.send('purchase', {value: 49.5, currency: 'EUR', product: 'coat'})")
    purchase = shop.event("purchase")
    assert purchase["sid"] == "visitor-of-last-year"
    assert (purchase["value"], purchase["currency"], purchase["props"]) == (49.5, "EUR", {"product": "coat"})


@pytest.mark.parametrize(
    "hostile",
    [
        "new Proxy({}, {ownKeys() { throw new Error('no'); }})",
        "new Proxy({a: 1}, {get() { throw new Error('no'); }})",
        "(() => { const it = {}; it.self = it; return it; })()",
        "({get trap() { throw new Error('no'); }})",
        "({toJSON() { throw new Error('no'); }, huge: 10n, call() {}})",
        "({text: 'x'.repeat(1e6)})",
        "null",
    ],
)
def test_props_that_cannot_be_read_cost_neither_the_page_nor_the_event(
    page: Page, shop: Shop, hostile: str
) -> None:
    page.goto(shop.page())
    page.evaluate(f"mp.track('odd', {hostile}); mp.revenue(1, 'EUR', {hostile}); mp.track('next')")
    shop.wait_for("next")
    assert sorted(shop.names) == ["next", "odd", "page_view", "purchase"]
    assert shop.event("odd")["props"] == {}


def test_one_field_that_cannot_be_read_does_not_cost_the_others(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    page.evaluate("mp.track('odd', {window, huge: 10n, size: 'm'})")
    assert shop.event("odd")["props"] == {"size": "m"}


def test_no_call_throws_into_the_page(page: Page, shop: Shop) -> None:
    page.goto(shop.page())
    page.evaluate("""() => {
      for (const name of Object.keys(mp))
        for (const given of [undefined, null, 0, Symbol("s"), Object.create(null), [[]], "x".repeat(1e5)])
          mp[name](given, given, given);
    }""")
    shop.after(page)
    assert all(len(event["event"]) <= 64 for event in shop.events)


def test_an_id_is_unique_without_a_secure_context(page: Page, shop: Shop) -> None:
    page.add_init_script("delete Crypto.prototype.randomUUID")
    page.goto(shop.page())
    page.evaluate("for (let place = 0; place < 9; place++) mp.track('step')")
    shop.after(page)
    ids = [event["id"] for event in shop.events]
    assert len(set(ids)) == len(ids) == 11
    assert all(16 <= len(id) <= 64 for id in [*ids, shop.events[0]["sid"]])


def test_two_names_are_all_that_the_page_gets(page: Page, shop: Shop) -> None:
    shop.head = ""
    page.goto(shop.page())
    before = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    shop.include()
    page.goto(shop.page())
    shop.wait_for("page_view")
    assert set(page.evaluate("Object.getOwnPropertyNames(window)")) - before == {"mp", "AgenticTrack"}


def test_a_script_that_is_included_twice_counts_once(page: Page, shop: Shop) -> None:
    shop.head += shop.head
    page.goto(shop.page())
    assert shop.after(page) == ["page_view"]


@pytest.mark.parametrize(
    "loader",
    [
        "<script>{const it = document.createElement('script'); it.src = 'ADDRESS'; document.head.append(it);}</script>",
        "<script type='module' src='ADDRESS' data-key='pk_shop'></script>",
        "<script type='module' src='ADDRESS'></script>",
    ],
)
def test_the_script_finds_itself_however_it_was_loaded(page: Page, shop: Shop, loader: str) -> None:
    shop.head = loader.replace("ADDRESS", f"{shop.collector}/t.js")
    page.goto(shop.page())
    shop.wait_for("page_view")
    assert shop.arrivals[0].body.get("key") == ("pk_shop" if "data-key" in loader else None)


def test_a_script_that_does_not_know_where_it_came_from_is_quiet(page: Page, shop: Shop) -> None:
    shop.head = f"<script data-key='pk_shop'>{pixel.SCRIPT.decode()}</script>"
    page.goto(shop.page())
    assert page.evaluate("[typeof mp, typeof AgenticTrack]") == ["undefined", "undefined"]


def test_a_strict_policy_and_the_pinned_snippet_go_together(page: Page, shop: Shop) -> None:
    shop.head = pixel.snippet(shop.collector, 'pk_"quoted"&<odd>')
    policy = pixel.content_security_policy(shop.collector)
    shop.headers = {
        "Content-Security-Policy": f"default-src 'none'; {policy}; require-trusted-types-for 'script'"
    }
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(shop.page())
    shop.wait_for("page_view")
    assert shop.arrivals[0].body["key"] == 'pk_"quoted"&<odd>'
    # The favicon is the browser's own wish.
    assert [text for text in refused if "favicon" not in text] == []
