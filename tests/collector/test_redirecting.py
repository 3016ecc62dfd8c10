"""Short links through a running collector."""

import uuid
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx

from store import events, records
from store.records.campaigns import Campaign
from store.records.links import Link
from store.records.tenants import ConsentRule, StoredAddresses, Tenant
from store.settings import Role, Settings
from tests.collector.conftest import Collector, Site, arrived, make_site
from tests.conftest import wait_until


def follow(collector: Collector, slug: str, method: str = "GET", **headers: str) -> httpx.Response:
    return collector.http.request(method, f"/r/{slug}", headers=headers)


def target(answer: httpx.Response) -> str:
    return answer.headers["location"].partition("?")[0]


def click_of(answer: httpx.Response) -> str:
    return parse_qs(urlsplit(answer.headers["location"]).query)["mp_cid"][0]


def add_link(settings: Settings, site: Site, url: str) -> tuple[int, str]:
    slug = f"l-{uuid.uuid4().hex[:10]}"
    with records.session(settings, Role.OWNER) as session:
        link = Link(tenant_id=site.tenant, slug=slug, target_url=url)
        session.add(link)
        session.flush()
        return link.id, slug


def test_a_link_redirects_and_its_click_is_an_event(
    collector: Collector, site: Site, warehouse: events.Client
) -> None:
    answer = follow(collector, site.link, Referer="https://mail.example/inbox?user=ann")
    assert answer.status_code == 302
    assert answer.headers["cache-control"] == "private, no-store"
    parts = urlsplit(answer.headers["location"])
    assert (parts.netloc, parts.path, parts.fragment) == ("shop.example", "/coats", "top")
    query = parse_qs(parts.query)
    assert (query["size"], query["utm_source"], query["utm_medium"]) == (["m"], ["email"], ["email"])
    assert query["utm_campaign"][0].startswith("spring-")
    row = arrived(warehouse, site.tenant, query["mp_cid"][0])
    assert (row["event"], row["link_id"], row["campaign_id"]) == ("click", site.link_id, site.campaign_id)
    assert (row["click_id"], row["is_bot"], row["utm_medium"]) == (row["event_id"], False, "email")
    assert row["url"].endswith(f"/r/{site.link}")


def test_programs_and_prefetchers_are_marked(
    collector: Collector, site: Site, warehouse: events.Client
) -> None:
    answers = [
        follow(collector, site.link, "HEAD"),
        follow(collector, site.link, **{"User-Agent": "curl/8.5.0"}),
        follow(collector, site.link, **{"Sec-Purpose": "prefetch;anonymous-client-ip"}),
    ]
    for answer in answers:
        assert answer.status_code == 302
        assert arrived(warehouse, site.tenant, click_of(answer))["is_bot"] is True


def test_whoever_objects_gets_no_click_id(collector: Collector, site: Site, warehouse: events.Client) -> None:
    before = denied_clicks(warehouse, site)
    answer = follow(collector, site.link, **{"Sec-GPC": "1"})
    assert answer.status_code == 302
    assert "mp_cid" not in answer.headers["location"]
    wait_until("the click", lambda: denied_clicks(warehouse, site) == before + 1, 30)


def denied_clicks(client: events.Client, site: Site) -> int:
    query = (
        "select count() from raw.events where tenant_id = {tenant:Int64} and event = 'click' "
        "and consent = 'denied' and click_id = ''"
    )
    return client.query(query, parameters={"tenant": site.tenant}).result_rows[0][0]


def test_an_unknown_link_is_a_page_with_a_reason(collector: Collector) -> None:
    for slug in ("no-such-link", "", "a/b", "%3Cscript%3E", "x" * 3000):
        answer = follow(collector, slug)
        assert answer.status_code == 404
        assert "does not exist" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert collector.http.post("/r/no-such-link").status_code == 405


def test_the_target_is_never_taken_from_the_request(collector: Collector, site: Site) -> None:
    answer = collector.http.get(f"/r/{site.link}?url=https://evil.example&target_url=https://evil.example")
    assert "evil" not in answer.headers["location"]


def test_changes_are_seen_within_moments(collector: Collector, site: Site, settings: Settings) -> None:
    link_id, slug = add_link(settings, site, "https://first.example/")
    wait_until("the new link", lambda: follow(collector, slug).status_code == 302, 30)

    with records.session(settings, Role.OWNER) as session:
        session.get_one(Link, link_id).target_url = "https://second.example/"
    wait_until("its new target", lambda: target(follow(collector, slug)) == "https://second.example/", 30)

    with records.session(settings, Role.OWNER) as session:
        session.get_one(Link, link_id).archived_at = datetime.now(UTC)
    wait_until("its end", lambda: follow(collector, slug).status_code == 410, 30)
    assert "has ended" in follow(collector, slug).text

    with records.session(settings, Role.OWNER) as session:
        session.delete(session.get_one(Link, link_id))
    wait_until("its absence", lambda: follow(collector, slug).status_code == 404, 30)


def test_a_renamed_campaign_renames_its_links_tags(
    collector: Collector, site: Site, settings: Settings
) -> None:
    renamed = f"spring-{uuid.uuid4().hex[:8]}"
    with records.session(settings, Role.OWNER) as session:
        session.get_one(Campaign, site.campaign_id).utm_campaign = renamed
    wait_until("the tag", lambda: renamed in follow(collector, site.link).headers["location"], 30)


def test_a_target_that_is_no_web_address_leads_nowhere(
    collector: Collector, site: Site, settings: Settings
) -> None:
    _, slug = add_link(settings, site, "javascript:alert(1)")
    wait_until("the link", lambda: "leads nowhere" in follow(collector, slug).text, 30)
    answer = follow(collector, slug)
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_a_click_keeps_no_more_than_its_tenant_wants(
    collector: Collector, settings: Settings, warehouse: events.Client
) -> None:
    careful = make_site(settings)
    with records.session(settings, Role.OWNER) as session:
        tenant = session.get_one(Tenant, careful.tenant)
        tenant.consent_rule, tenant.stored_addresses = ConsentRule.OPT_IN, StoredAddresses.NONE

    def target() -> str:
        return collector.http.get(f"/r/{careful.link}").headers.get("location", "")

    wait_until("the tenant's rules", lambda: "shop.example" in target() and "mp_cid" not in target(), 30)
    last = f"last-{uuid.uuid4().hex}"
    collector.http.get(f"/r/{careful.link}", headers={"User-Agent": last})
    query = "select ip, click_id, consent from raw.events where tenant_id = {tenant:Int64} and user_agent = {last:String}"

    def clicks() -> list[tuple[str, ...]]:
        rows = warehouse.query(query, parameters={"tenant": careful.tenant, "last": last}).result_rows
        return [tuple(row) for row in rows]

    wait_until("the click", lambda: bool(clicks()), 30)
    assert clicks() == [("", "", "unknown")]
