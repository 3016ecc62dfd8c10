"""The script and the real collector: what a visit becomes in the warehouse."""

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page

from marketing_pipelines.events import pixel
from store import events, records
from store.records.collector_keys import CollectorKey, KeyKind
from store.settings import Role, Settings
from tests.collector.conftest import Collector, Site, signed_click
from tests.collector.pixel.conftest import Shop
from tests.conftest import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def real_shop(collector: Collector, site: Site, settings: Settings, shop: Shop) -> Shop:
    """The shop's pages with a key of their own, and events that go to the real collector."""
    key = f"pk_{uuid.uuid4().hex[:20]}"
    origin = shop.page("")
    with records.session(settings, Role.OWNER) as session:
        session.add(
            CollectorKey(tenant_id=site.tenant, kind=KeyKind.BROWSER, public_key=key, origins=[origin])
        )
    wait_until(
        "the key",
        lambda: collector.collect({"event": "probe", "key": key}, Origin=origin).status_code == 200,
        20,
    )
    address = str(collector.http.base_url).rstrip("/")
    shop.head = f'<script src="{address}/t.js" data-key="{key}"></script>'
    return shop


def rows(warehouse: events.Client, site: Site, campaign: str) -> dict[str, dict[str, Any]]:
    """What is in the warehouse of a campaign, by the event's name."""
    found = warehouse.query(
        "select * from raw.events where tenant_id = {tenant:Int64} and utm_campaign = {campaign:String}",
        parameters={"tenant": site.tenant, "campaign": campaign},
    )
    return {row["event"]: row for row in found.named_results()}


def test_a_visit_and_a_purchase(
    page: Page, real_shop: Shop, site: Site, settings: Settings, warehouse: events.Client
) -> None:
    campaign = uuid.uuid4().hex
    click = signed_click(settings, site, "click-1")
    tags = f"utm_source=news&utm_medium=email&utm_campaign={campaign}&mp_cid={click}"
    with page.expect_response("**/collect") as answer:
        page.goto(real_shop.page(f"/coats?{tags}"))
    assert answer.value.status == 200
    assert [result["status"] for result in answer.value.json()["results"]] == ["ok"]
    sid = page.evaluate("localStorage.am_sid")
    page.evaluate("mp.track('add_to_cart', {size: 'm'})")
    # The page goes away in the same moment: what it said must arrive all the same.
    page.evaluate("mp.revenue(49.5, 'EUR'); location.href = 'about:blank'")
    wait_until("three events", lambda: len(rows(warehouse, site, campaign)) == 3, 30)
    found = rows(warehouse, site, campaign)
    assert set(found) == {"page_view", "add_to_cart", "purchase"}
    assert {(row["sid"], row["click_id"]) for row in found.values()} == {(sid, "click-1")}
    view = found["page_view"]
    assert (view["trust"], view["utm_source"], view["consent"]) == ("browser", "news", "unknown")
    assert view["url"] == real_shop.page(f"/coats?{tags}")
    assert (float(found["purchase"]["value"]), found["purchase"]["currency"]) == (49.5, "EUR")


def test_whoever_objects_is_a_visit_without_a_visitor(
    page: Page, real_shop: Shop, site: Site, warehouse: events.Client
) -> None:
    campaign = uuid.uuid4().hex
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page.goto(real_shop.page(f"/coats?utm_campaign={campaign}&token=hidden&mp_cid=click-1"))
    wait_until("the event", lambda: bool(rows(warehouse, site, campaign)), 30)
    row = rows(warehouse, site, campaign)["page_view"]
    assert (row["consent"], row["sid"], row["click_id"], row["props"]) == ("denied", "", "", "{}")
    assert row["url"] == real_shop.page(f"/coats?utm_campaign={campaign}")


def test_the_script_is_asked_for_once(collector: Collector) -> None:
    answer = collector.http.get("/t.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    again = collector.http.get("/t.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_the_script_is_served_for_an_hour_and_its_version_for_ever(collector: Collector) -> None:
    newest, pinned = collector.http.get("/t.js"), collector.http.get(pixel.PATH)
    assert newest.content == pinned.content == pixel.SCRIPT
    assert newest.headers["cache-control"] == "public, max-age=3600"
    assert "immutable" in pinned.headers["cache-control"]
    for answer in (newest, pinned):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["content-encoding"] == "gzip"
    again = collector.http.get("/t.js", headers={"If-None-Match": newest.headers["etag"]})
    assert again.status_code == 304
    plain = collector.http.get("/t.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert collector.http.get("/t.000000000000.js").status_code == 404


def test_a_snippet_with_integrity_runs_under_a_strict_policy(
    page: Page, real_shop: Shop, collector: Collector, site: Site, warehouse: events.Client
) -> None:
    """The hash that the snippet names is that of the bytes that are served, and the recipe lets them in."""
    address, campaign = str(collector.http.base_url).rstrip("/"), uuid.uuid4().hex
    key = real_shop.head.partition('data-key="')[2].partition('"')[0]
    policy = pixel.content_security_policy(address)
    real_shop.head = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">{pixel.snippet(address, key)}'
    )
    with page.expect_response("**/collect") as answer:
        page.goto(real_shop.page(f"/coats?utm_source=news&utm_campaign={campaign}"))
    assert answer.value.status == 200
    wait_until("the page view", lambda: "page_view" in rows(warehouse, site, campaign), 30)
