"""The pixel in a real browser, on a page of another origin than the collector's."""

import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from store import events, records
from store.records.people import CollectorKey, KeyKind
from store.settings import Role, Settings
from tests.browser import chromium
from tests.collector.conftest import Collector, Site
from tests.conftest import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def shop(collector: Collector, site: Site, settings: Settings) -> Iterator[str]:
    """A page with the pixel; its key is bound to the page's origin."""
    key = f"pk_{uuid.uuid4().hex[:20]}"
    script = f'<script src="{collector.http.base_url}/t.js" data-key="{key}"></script>'
    page = f'<!doctype html><html lang="en"><title>Shop</title><h1>Coats</h1>{script}'.encode()

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: Any) -> None:
            """The test says what it saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    address = f"http://127.0.0.1:{server.server_port}"
    with records.session(settings, Role.OWNER) as session:
        session.add(
            CollectorKey(tenant_id=site.tenant, kind=KeyKind.BROWSER, public_key=key, origins=[address])
        )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    wait_until(
        "the key",
        lambda: collector.collect({"event": "probe", "key": key}, Origin=address).status_code == 200,
        10,
    )
    yield address
    server.shutdown()


def seen(warehouse: events.Client, site: Site, campaign: str) -> list[dict[str, Any]]:
    found = warehouse.query(
        "select * from raw.events where tenant_id = {tenant:Int64} and utm_campaign = {campaign:String} "
        "order by received_at, event",
        parameters={"tenant": site.tenant, "campaign": campaign},
    )
    return list(found.named_results())


def visit(page: Page, shop: str, campaign: str) -> None:
    tags = f"utm_source=news&utm_medium=email&utm_campaign={campaign}&mp_cid=click-1"
    with page.expect_response("**/collect") as answer:
        page.goto(f"{shop}/coats?{tags}")
    assert answer.value.status == 200


def test_a_visit_and_a_purchase(browser: Browser, shop: str, site: Site, warehouse: events.Client) -> None:
    campaign = uuid.uuid4().hex
    page = browser.new_page()
    visit(page, shop, campaign)
    sid = page.evaluate("localStorage.getItem('am_sid')")
    page.evaluate("mp.track('add_to_cart', {size: 'm'})")
    # The page goes away in the same moment: what it said must arrive all the same.
    page.evaluate(
        "AgenticTrack.send('purchase', {value: 49.5, currency: 'EUR'}); location.href = 'about:blank'"
    )
    wait_until("three events", lambda: len(seen(warehouse, site, campaign)) == 3, 30)
    page.close()
    rows = {row["event"]: row for row in seen(warehouse, site, campaign)}
    assert set(rows) == {"page_view", "add_to_cart", "purchase"}
    assert {row["sid"] for row in rows.values()} == {sid}
    view = rows["page_view"]
    assert (view["trust"], view["click_id"], view["utm_source"]) == ("browser", "click-1", "news")
    assert view["url"].startswith(f"{shop}/coats?")
    assert rows["add_to_cart"]["props"] == '{"size":"m"}'
    assert (float(rows["purchase"]["value"]), rows["purchase"]["currency"]) == (49.5, "EUR")


def test_the_anonymous_id_stays_between_visits(browser: Browser, shop: str) -> None:
    page = browser.new_page()
    visit(page, shop, uuid.uuid4().hex)
    first = page.evaluate("localStorage.getItem('am_sid')")
    visit(page, shop, uuid.uuid4().hex)
    assert page.evaluate("localStorage.getItem('am_sid')") == first
    page.close()


def test_whoever_objects_is_not_given_an_id(
    browser: Browser, shop: str, site: Site, warehouse: events.Client
) -> None:
    campaign = uuid.uuid4().hex
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page = context.new_page()
    visit(page, shop, campaign)
    assert page.evaluate("localStorage.getItem('am_sid')") is None
    wait_until("the event", lambda: bool(seen(warehouse, site, campaign)), 30)
    [row] = seen(warehouse, site, campaign)
    assert (row["consent"], row["sid"], row["click_id"], row["props"]) == ("denied", "", "", "{}")
    assert row["url"] == f"{shop}/coats"
    context.close()


def test_consent_can_be_withdrawn(browser: Browser, shop: str, site: Site, warehouse: events.Client) -> None:
    campaign = uuid.uuid4().hex
    context = browser.new_context()
    page = context.new_page()
    visit(page, shop, campaign)
    page.evaluate("mp.consent('denied'); mp.track('after', {})")
    assert page.evaluate("localStorage.getItem('am_sid')") is None
    wait_until("both events", lambda: len(seen(warehouse, site, campaign)) == 2, 30)
    after = {row["event"]: row for row in seen(warehouse, site, campaign)}["after"]
    assert (after["consent"], after["sid"]) == ("denied", "")
    context.close()


def test_the_script_is_small_and_cacheable(collector: Collector) -> None:
    answer = collector.http.get("/t.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    again = collector.http.get("/t.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert len(answer.content) < 4096
