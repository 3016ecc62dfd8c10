"""Short links through a running collector."""

import concurrent.futures
import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from argon2 import PasswordHasher

from store import events, records
from store.audit import Actor, ActorKind
from store.records import campaigns, experiments, links
from store.records.campaigns import Campaign, CampaignStatus
from store.records.experiments import Experiment, Variant
from store.records.links import Link
from store.records.schema import LinkId
from store.records.tenants import ConsentRule, StoredAddresses
from store.settings import Role, Service, Settings
from tests.browser import chromium
from tests.collector.conftest import Collector, Site, arrived, environment, make_site, running_collector
from tests.collector.relay import relay_to
from tests.conftest import wait_until


def follow(collector: Collector, slug: str, method: str = "GET", **headers: str) -> httpx.Response:
    return collector.http.request(method, f"/r/{slug}", headers=headers)


def target(answer: httpx.Response) -> str:
    return answer.headers["location"].partition("?")[0]


def click_of(answer: httpx.Response) -> str:
    """The click's own id, without its proof."""
    return parse_qs(urlsplit(answer.headers["location"]).query)["mp_cid"][0].partition(".")[0]


def add_link(settings: Settings, site: Site, url: str, **terms: Any) -> tuple[int, str]:
    slug = f"l-{uuid.uuid4().hex[:10]}"
    with records.session(settings, Role.OWNER) as session:
        link = Link(tenant_id=site.tenant, slug=slug, target_url=url, **terms)
        session.add(link)
        session.flush()
        return link.id, slug


def known_link(collector: Collector, settings: Settings, site: Site, **terms: Any) -> tuple[int, str]:
    """A link that the collector has heard of; a look from a program uses nothing up."""
    link_id, slug = add_link(settings, site, "https://shop.example/sale", **terms)
    wait_until("the link", lambda: "does not exist" not in follow(collector, slug, **PROGRAM).text, 30)
    return link_id, slug


OPERATOR = Actor(ActorKind.OPERATOR, "test")
PROGRAM = {"User-Agent": "curl/8.5.0"}


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
    row = arrived(warehouse, site.tenant, click_of(answer))
    assert (row["event"], row["link_id"], row["campaign_id"]) == ("click", site.link_id, site.campaign_id)
    assert (row["click_id"], row["is_bot"], row["utm_medium"]) == (row["event_id"], False, "email")
    assert row["url"].endswith(f"/r/{site.link}")


def test_a_link_of_a_campaign_that_has_ended_leads_on_under_its_name(
    collector: Collector, settings: Settings, site: Site
) -> None:
    with records.session(settings, Role.PIPELINES) as session:
        year = {"start_date": datetime(2025, 1, 1, tzinfo=UTC), "end_date": datetime(2026, 1, 1, tzinfo=UTC)}
        plan = campaigns.Plan(name="Last year", objective="", project_id=None, **year)
        campaign = campaigns.add(session, site.tenant, OPERATOR, plan)
    assert campaign.status is CampaignStatus.COMPLETED
    _, slug = known_link(collector, settings, site, campaign_id=campaign.id)
    answer = follow(collector, slug)
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer.headers["location"]).query)["utm_campaign"] == ["last-year"]


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
    careful = make_site(settings, consent_rule=ConsentRule.OPT_IN, stored_addresses=StoredAddresses.NONE)
    wait_until("the link", lambda: follow(collector, careful.link).status_code == 302, 30)
    last = f"last-{uuid.uuid4().hex}"
    assert "mp_cid" not in follow(collector, careful.link, **{"User-Agent": last}).headers["location"]
    query = "select ip, click_id, consent from raw.events where tenant_id = {tenant:Int64} and user_agent = {last:String}"

    def clicks() -> list[tuple[str, ...]]:
        rows = warehouse.query(query, parameters={"tenant": careful.tenant, "last": last}).result_rows
        return [tuple(row) for row in rows]

    wait_until("the click", lambda: bool(clicks()), 30)
    assert clicks() == [("", "", "unknown")]


def test_the_click_joins_the_visit_that_it_leads_to(
    collector: Collector, site: Site, warehouse: events.Client
) -> None:
    answer = follow(collector, site.link)
    given = parse_qs(urlsplit(answer.headers["location"]).query)["mp_cid"][0]
    visits = [uuid.uuid4().hex, uuid.uuid4().hex]
    for visit, click in zip(visits, (given, given[:-1] + "x"), strict=True):
        collector.collect({"event": "page_view", "id": visit, "click_id": click})
    assert arrived(warehouse, site.tenant, visits[0])["click_id"] == click_of(answer)
    made_up = arrived(warehouse, site.tenant, visits[1])
    assert (made_up["click_id"], list(made_up["signals"])) == ("", ["unproved_click"])


def test_only_listed_parameters_of_the_request_go_on(
    collector: Collector, site: Site, settings: Settings
) -> None:
    _, slug = known_link(collector, settings, site, passed_parameters=["gclid"])
    answer = follow(collector, f"{slug}?gclid=a%20b&url=https://evil.example&mp_cid=1&size=m")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["gclid"] == ["a b"]
    assert "evil" not in answer.headers["location"]
    assert set(query) == {"gclid", "mp_cid"}
    assert query["mp_cid"] != ["1"]


def test_a_link_opens_and_ends_by_the_clock(
    collector: Collector, site: Site, settings: Settings, warehouse: events.Client
) -> None:
    moment, hour = datetime.now(UTC), timedelta(hours=1)
    _, early = known_link(collector, settings, site, starts_at=moment + hour)
    assert (follow(collector, early).status_code, "not open yet" in follow(collector, early).text) == (
        404,
        True,
    )
    _, over = known_link(collector, settings, site, expires_at=moment - hour)
    assert (follow(collector, over).status_code, "has ended" in follow(collector, over).text) == (410, True)
    _, led_on = known_link(
        collector, settings, site, expires_at=moment - hour, fallback_url="https://shop.example/over"
    )
    answer = follow(collector, led_on)
    assert (answer.status_code, target(answer)) == (302, "https://shop.example/over")
    assert json.loads(arrived(warehouse, site.tenant, click_of(answer))["props"]) == {"fallback": "expired"}


def test_a_limit_is_for_people_and_holds_however_many_come_at_once(
    collector: Collector, site: Site, settings: Settings
) -> None:
    link_id, slug = known_link(
        collector, settings, site, max_clicks=3, fallback_url="https://shop.example/over"
    )
    for _ in range(5):
        assert target(follow(collector, slug, **PROGRAM)) == "https://shop.example/sale"
        assert target(follow(collector, slug, "HEAD")) == "https://shop.example/sale"
        prefetched = follow(collector, slug, **{"Sec-Purpose": "prefetch"})
        assert target(prefetched) == "https://shop.example/sale"
    with concurrent.futures.ThreadPoolExecutor(8) as people:
        led = Counter(people.map(lambda _: target(follow(collector, slug)), range(20)))
    assert led == {"https://shop.example/sale": 3, "https://shop.example/over": 17}
    assert target(follow(collector, slug, **PROGRAM)) == "https://shop.example/over"
    with records.session(settings, Role.OWNER) as session:
        assert links.uses(session, site.tenant)[LinkId(link_id)] == 3
        session.get_one(Link, link_id).max_clicks = 4
    assert target(follow(collector, slug)) == "https://shop.example/sale"
    assert target(follow(collector, slug)) == "https://shop.example/over"


def test_a_used_up_link_without_fallback_says_so(
    collector: Collector, site: Site, settings: Settings
) -> None:
    _, slug = known_link(collector, settings, site, max_clicks=1)
    assert follow(collector, slug).status_code == 302
    answer = follow(collector, slug)
    assert (answer.status_code, "used up" in answer.text) == (410, True)


def test_a_link_with_a_limit_leads_to_its_fallback_while_postgres_is_away(
    settings: Settings, site: Site, tmp_path: Path
) -> None:
    port = settings.port(Service.POSTGRES)
    with relay_to(port) as wire:
        given = environment(settings, tmp_path, DEFAULT_TENANT=site.slug)
        given["DATABASE_URL"] = given["DATABASE_URL"].replace(f":{port}/", f":{wire.port}/")
        over = "https://shop.example/over"
        with running_collector(given, ships=False) as collector:
            _, with_fallback = known_link(collector, settings, site, max_clicks=9, fallback_url=over)
            _, without = known_link(collector, settings, site, max_clicks=9)
            assert target(follow(collector, with_fallback)) == "https://shop.example/sale"
            wire.cut()
            wait_until("the cut", lambda: target(follow(collector, with_fallback)) == over, 30)
            answer = follow(collector, without)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert follow(collector, site.link).status_code == 302
            wire.mend()
            wait_until("its end", lambda: target(follow(collector, with_fallback)) != over, 30)


def test_nobody_waits_for_a_postgres_that_hangs(settings: Settings, site: Site, tmp_path: Path) -> None:
    port = settings.port(Service.POSTGRES)
    with relay_to(port) as wire:
        given = environment(settings, tmp_path, DEFAULT_TENANT=site.slug)
        given["DATABASE_URL"] = given["DATABASE_URL"].replace(f":{port}/", f":{wire.port}/")
        over = "https://shop.example/over"
        with running_collector(given, ships=False) as collector:
            _, slug = known_link(collector, settings, site, max_clicks=9, fallback_url=over)
            assert target(follow(collector, slug)) == "https://shop.example/sale"
            wire.freeze()
            # Its client gives up after twenty seconds: a link that waited for Postgres would answer nothing.
            assert target(follow(collector, slug)) == over
            wait_until("the silence", lambda: "postgres" in degraded(collector), 30)
            wire.thaw()
            wait_until("its end", lambda: target(follow(collector, slug)) != over, 30)
            wait_until("its word", lambda: "postgres" not in degraded(collector), 60)


def degraded(collector: Collector) -> dict[str, str]:
    return collector.http.get("/readyz").json()["degraded"]


def test_a_password_is_asked_by_a_form_and_never_in_an_address(
    collector: Collector, site: Site, settings: Settings
) -> None:
    _, slug = known_link(collector, settings, site, password_hash=PasswordHasher().hash("let me in"))
    asked = follow(collector, slug)
    assert (asked.status_code, 'type="password"' in asked.text) == (200, True)
    assert "location" not in asked.headers
    assert follow(collector, f"{slug}?password=let+me+in").status_code == 200
    wrong = collector.http.post(f"/r/{slug}", data={"password": "let me out"})
    assert (wrong.status_code, "not the password" in wrong.text) == (403, True)
    for form in (b"\xff\xfe=%", b"", b"password=" + b"x" * 3000):
        assert collector.http.post(f"/r/{slug}", content=form).status_code == 403
    assert collector.http.post(f"/r/{slug}", content=b"x" * 100_000).status_code == 413
    right = collector.http.post(f"/r/{slug}", data={"password": "let me in"})
    assert (right.status_code, target(right)) == (303, "https://shop.example/sale")
    assert collector.http.post(f"/r/{site.link}", data={"password": "x"}).status_code == 405


def test_passwords_cannot_be_tried_without_end(collector: Collector, site: Site, settings: Settings) -> None:
    _, slug = known_link(collector, settings, site, password_hash=PasswordHasher().hash("let me in"))
    # The window begins anew every ten seconds; the tries of two of them are more than both allow.
    statuses = [
        collector.http.post(f"/r/{slug}", data={"password": str(guess)}).status_code for guess in range(40)
    ]
    assert 429 in statuses
    assert set(statuses) == {403, 429}


def test_a_browser_gets_through_the_password(collector: Collector, site: Site, settings: Settings) -> None:
    """What the form leads to is on another site, which the page's own policy must allow."""
    elsewhere = str(collector.http.base_url).replace("127.0.0.1", "localhost").rstrip("/")
    slug = f"l-{uuid.uuid4().hex[:10]}"
    with records.session(settings, Role.OWNER) as session:
        hashed = PasswordHasher().hash("let me in")
        session.add(
            Link(tenant_id=site.tenant, slug=slug, target_url=f"{elsewhere}/healthz", password_hash=hashed)
        )
    wait_until("the link", lambda: follow(collector, slug).status_code == 200, 30)
    with chromium() as browser:
        page = browser.new_page()
        page.goto(str(collector.http.base_url.join(f"/r/{slug}")))
        page.get_by_label("Password").fill("let me out")
        page.keyboard.press("Enter")
        page.get_by_text("That is not the password").wait_for()
        page.get_by_label("Password").fill("let me in")
        page.get_by_role("button", name="Go on").click()
        page.wait_for_url(f"{elsewhere}/healthz?mp_cid=*")


def test_targets_are_chosen_by_who_comes(collector: Collector, site: Site, settings: Settings) -> None:
    link_id, slug = add_link(settings, site, "https://shop.example/sale")
    with records.session(settings, Role.OWNER) as session:
        for_phones = {"url": "https://shop.example/app", "devices": ["mobile"], "systems": ["iOS"]}
        in_german = {"url": "https://shop.example/de", "languages": ["de"]}
        links.replace_targets(session, session.get_one(Link, link_id), [for_phones, in_german])
    wait_until("the targets", lambda: target_in(collector, slug, "de-AT,en;q=0.4").endswith("/de"), 30)
    assert target_in(collector, slug, "fr") == "https://shop.example/sale"
    phone = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.1 Mobile/15E148 Safari/604.1"
    )
    assert target(follow(collector, slug, **{"User-Agent": phone})) == "https://shop.example/app"


def target_in(collector: Collector, slug: str, language: str) -> str:
    answer = follow(collector, slug, **{"Accept-Language": language})
    return target(answer) if "location" in answer.headers else ""


def test_variants_share_the_visitors_by_weights_that_move_live(
    collector: Collector, site: Site, settings: Settings, warehouse: events.Client
) -> None:
    link_id, slug = add_link(settings, site, "https://shop.example/sale")
    with records.session(settings, Role.OWNER) as session:
        experiment = Experiment(tenant_id=site.tenant, name=f"e-{slug}")
        session.add(experiment)
        session.flush()
        one, other = (
            Variant(
                tenant_id=site.tenant, experiment_id=experiment.id, name=name, link_id=link_id, weight=0.5
            )
            for name in "ab"
        )
        session.add_all([one, other])
        session.flush()
        variants = {"https://shop.example/a": one.id, "https://shop.example/b": other.id}
        links.replace_targets(
            session,
            session.get_one(Link, link_id),
            [{"url": url, "variant_id": variant} for url, variant in variants.items()],
        )
    wait_until("the variants", lambda: target_in(collector, slug, "") in variants, 30)

    def led(visitor: int) -> httpx.Response:
        return follow(collector, slug, **{"X-Forwarded-For": f"198.51.100.{visitor}"})

    first = {visitor: target(led(visitor)) for visitor in range(60)}
    assert first == {visitor: target(led(visitor)) for visitor in range(60)}
    assert 15 < sum(url == "https://shop.example/a" for url in first.values()) < 45
    answer = led(1)
    row = arrived(warehouse, site.tenant, click_of(answer))
    assert json.loads(row["props"]) == {"variant_id": variants[target(answer)]}
    with records.session(settings, Role.OWNER) as session:
        experiments.set_weights(session, {one.id: 0.0, other.id: 1.0})
    wait_until("the weights", lambda: {target(led(v)) for v in range(20)} == {"https://shop.example/b"}, 30)


def test_a_host_that_is_blocked_is_not_led_to_from_that_moment(
    collector: Collector, site: Site, settings: Settings
) -> None:
    _, slug = add_link(settings, site, "https://shop.phishing.example/")
    wait_until("the link", lambda: follow(collector, slug).status_code == 302, 30)
    with records.session(settings, Role.OWNER) as session:
        links.block(session, OPERATOR, ".phishing.example", "reported")
    wait_until("the block", lambda: follow(collector, slug).status_code == 403, 30)
    assert "not safe" in follow(collector, slug).text
    with records.session(settings, Role.OWNER) as session:
        links.unblock(session, OPERATOR, ".phishing.example")
    wait_until("its end", lambda: follow(collector, slug).status_code == 302, 30)
