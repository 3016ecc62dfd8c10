"""One real thread of each kind, from the outside in: what a newcomer can follow in the browser."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from cli import dagster_ui
from cli.demo import shop
from store import records
from store.clock import now
from store.settings import Role, Service
from tests.conftest import wait_until
from tests.house.conftest import House

PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)

# The first test waits for the whole house to come up.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_every_part_is_up_and_says_where(running: House) -> None:
    assert running.status["ready"]
    assert all(part["healthy"] for part in running.status["parts"].values())
    assert set(running.demo["log_ins"]) == {"admin", "marketer", "approver", "analyst", "viewer"}
    screen = running.screen.read_text()
    for address in running.status["urls"].values():
        assert address in screen
    for log_in in running.demo["log_ins"].values():
        assert log_in["email"] in screen


def test_the_first_lineage_came_about(running: House) -> None:
    until_ready = running.screen.read_text().partition("Ready in")[0]
    assert "again: make demo" not in until_ready, until_ready


def test_a_visitor_becomes_a_session_and_a_credit(running: House, browser: Browser) -> None:
    """page with the pixel → collector → raw.events → staging → sessions → last touch."""
    # Headless Chromium says that it is, and would be counted as a machine.
    page = browser.new_page(user_agent=PERSON)
    campaign = f"e2e-{uuid.uuid4().hex[:8]}"
    page.goto(f"{running.url('demo_site')}/?utm_source=newsletter&utm_medium=email&utm_campaign={campaign}")
    sid = wait_for(lambda: page.evaluate("localStorage.getItem('am_sid')"))
    page.evaluate("AgenticTrack.send('purchase', {value: 49.5, currency: 'EUR'})")
    page.close()
    wait_until("the events", lambda: len(events_of(running, sid)) >= 2, 30)
    assert {event for event, *_ in events_of(running, sid)} >= {"page_view", "purchase"}

    before = last_touch_credits(running, "email")

    run_lineage(running, CREDITED)

    sessions = running.query(
        "select campaign, page_views from intermediate.int_sessions where visitor_id = {sid:String}",
        sid=sid,
    )
    assert sessions == [(campaign, 1)]
    paths = running.query(
        "select channels, value from intermediate.int_paths where visitor_id = {sid:String}", sid=sid
    )
    assert [(channels, float(value)) for channels, value in paths] == [(["email"], 49.5)]
    assert last_touch_credits(running, "email") == pytest.approx(before + 1)


def test_a_short_link_redirects_and_its_click_is_an_event(running: House) -> None:
    with records.session(running.settings, Role.PIPELINES) as session:
        link = session.query(records.links.Link).filter_by(archived_at=None).first()
    assert link
    answer = httpx.get(f"{running.url('collector')}/r/{link.slug}", headers={"User-Agent": "Mozilla/5.0 e2e"})
    assert answer.status_code == 302
    assert answer.headers["cache-control"] == "private, no-store"
    click = answer.headers["location"].split("mp_cid=")[1].partition(".")[0]
    found = wait_for(
        lambda: running.query(
            "select event, link_id from raw.events where event_id = {click:String}", click=click
        )
    )
    assert found == [("click", link.id)]


def test_an_unknown_slug_and_a_malformed_event_are_answered_with_a_reason(running: House) -> None:
    assert httpx.get(f"{running.url('collector')}/r/no-such-link").status_code == 404
    before = rejected(running)
    refused = httpx.post(f"{running.url('collector')}/collect", content=b"{not json")
    assert refused.status_code == 400
    assert refused.json()["detail"]
    wait_until("the rejected event", lambda: rejected(running) > before, 30)


def test_feeds_become_scored_trends(running: House) -> None:
    scores = running.query("select label, velocity, recent, before from raw.trend_scores")
    assert scores
    for _, velocity, recent, before in scores:
        assert velocity == pytest.approx(recent / max(before, 1))
    assert {label for label, *_ in scores} <= {"Rapidly trending", "Trending", "Emerging"}


def test_ad_accounts_become_performance(running: House) -> None:
    rows = running.query(
        "select count(), sum(spend), sum(clicks), sum(impressions), uniqExact(date_day), uniqExact(platform) "
        "from marts.ad_performance"
    )
    count, spend, clicks, impressions, days, platforms = rows[0]
    assert count
    assert spend > 0
    assert 0 < clicks < impressions
    assert days >= 30
    assert platforms == len(shop.AD_ACCOUNTS) == 6
    rates = running.query(
        "select ctr, clicks / impressions, cpa, spend / nullIf(conversions, 0), roas, conversions_value / nullIf(spend, 0) "
        "from marts.ad_performance where impressions > 0 limit 500"
    )
    for ctr, by_hand, cpa, cpa_by_hand, roas, roas_by_hand in rates:
        assert float(ctr) == pytest.approx(float(by_hand), rel=1e-3)
        assert cpa is None or float(cpa) == pytest.approx(float(cpa_by_hand), rel=1e-3)
        assert roas is None or float(roas) == pytest.approx(float(roas_by_hand), rel=1e-3)


def test_the_rates_of_a_months_days_are_there(running: House) -> None:
    """The sandbox's bank speaks on working days; the yen is what its advertisers in Japan pay in."""
    said = running.query(
        "select uniqExact(currency), uniqExact(rate_on), min(toDayOfWeek(rate_on)), max(toDayOfWeek(rate_on)), "
        "avgIf(toFloat64(per_euro), currency = 'JPY') from staging.stg_exchange_rates where rate_on > '1999-01-01'"
    )
    currencies, days, first_of_week, last_of_week, yen = said[0]
    assert currencies == 30
    assert 18 <= days <= 23
    assert (first_of_week, last_of_week) == (1, 5)
    assert yen == pytest.approx(164, rel=0.05)


def test_the_bandit_learns_from_real_clicks(running: House) -> None:
    states = running.query(
        "select experiment_id, variant_id, trials, successes, alpha, beta, weight from raw.bandit_states "
        "where as_of = (select max(as_of) from raw.bandit_states)"
    )
    assert len({experiment for experiment, *_ in states}) >= 1
    for _, _, trials, successes, alpha, beta, _ in states:
        assert trials > 0
        assert (alpha, beta) == (successes + 1, trials - successes + 1)
    with records.session(running.settings, Role.PIPELINES) as session:
        weights = {v.id: v.weight for v in session.query(records.experiments.Variant).all()}
    for _, variant, *_, weight in states:
        assert weights[variant] == pytest.approx(weight)


def test_a_mail_leaves_after_a_person_signed_it_in_the_browser(running: House, browser: Browser) -> None:
    subject = f"Signed {uuid.uuid4().hex[:8]}"
    action = submitted_mail(running, subject)
    page = signed_in(running, browser, "approver")
    page.goto(f"{running.url('console')}/actions/{action}")
    assert subject in page.content()
    assert not [mail for mail in running.mails() if mail["subject"] == subject], "nothing leaves unsigned"
    page.get_by_role("button", name="Approve").click()
    page.wait_for_load_state()
    page.close()
    wait_until("the mail", lambda: any(mail["subject"] == subject for mail in running.mails()), 180)
    with running.api("marketer") as api:
        wait_until("the outcome", lambda: api.get(f"/actions/{action}").json()["state"] == "succeeded", 60)
    assert len([mail for mail in running.mails() if mail["subject"] == subject]) == 1
    with running.api("admin") as api:
        history = api.get("/audit", params={"entity": "action", "entity_id": action}).json()
    assert [entry["action"] for entry in history["items"]][:3] == ["create", "submit", "approve"]
    wait_until(
        "the delivery in the warehouse",
        lambda: bool(running.query("select 1 from raw.deliveries where action_id = {a:Int64}", a=action)),
        60,
    )


def test_denied_and_kill_switched_mails_are_never_sent(running: House, browser: Browser) -> None:
    denied = submitted_mail(running, subject_denied := f"Denied {uuid.uuid4().hex[:8]}")
    page = signed_in(running, browser, "approver")
    page.goto(f"{running.url('console')}/actions/{denied}")
    page.get_by_label("Note").last.fill("Wrong price")
    page.get_by_role("button", name="Deny").click()
    page.wait_for_load_state()
    page.close()
    with running.api("admin") as admin, running.api("approver") as approver:
        admin.post(
            "/kill-switch", json={"engaged": True, "scope": "tenant", "reason": "e2e"}
        ).raise_for_status()
        stopped = submitted_mail(running, subject_stopped := f"Stopped {uuid.uuid4().hex[:8]}")
        approver.post(f"/actions/{stopped}/approve", json={"status": "approved"}).raise_for_status()
        time.sleep(15)
        subjects = {mail["subject"] for mail in running.mails()}
        assert subject_denied not in subjects
        assert subject_stopped not in subjects
        assert admin.get(f"/actions/{denied}").json()["state"] == "denied"
        for one_of_two in (admin, approver):
            one_of_two.post(
                "/kill-switch", json={"engaged": False, "scope": "tenant", "reason": "e2e"}
            ).raise_for_status()
        wait_until(
            "the held mail, once released",
            lambda: subject_stopped in {mail["subject"] for mail in running.mails()},
            90,
        )
    assert subject_denied not in {mail["subject"] for mail in running.mails()}


def test_the_lineage_is_one_graph(running: House) -> None:
    nodes = running.graphql(
        "{ assetNodes { assetKey { path } groupName description owners { ... on TeamAssetOwner { team } } "
        "dependencyKeys { path } } }"
    )["assetNodes"]
    neighbours: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for node in nodes:
        key = tuple(node["assetKey"]["path"])
        neighbours.setdefault(key, set())
        for upstream in node["dependencyKeys"]:
            neighbours.setdefault(tuple(upstream["path"]), set()).add(key)
            neighbours[key].add(tuple(upstream["path"]))
    reached = set[tuple[str, ...]]()
    frontier: list[tuple[str, ...]] = [("raw_events",)]
    while frontier:
        key = frontier.pop()
        if key not in reached:
            reached.add(key)
            frontier += neighbours[key]
    assert set(neighbours) - reached == set()


def test_the_records_and_their_chain_are_whole(running: House) -> None:
    from tests.house.conftest import mp

    verified = mp(running.environment, "audit", "verify")
    assert verified.returncode == 0, verified.stdout
    examined = mp(running.environment, "doctor")
    assert examined.returncode == 0, examined.stdout


def wait_for(look: Callable[[], Any], within: float = 30) -> Any:
    """What `look` finds, as soon as it finds something."""
    found: list[Any] = []

    def there() -> bool:
        found[:] = [look()]
        return bool(found[0])

    wait_until("what is looked for", there, within)
    return found[0]


def events_of(running: House, sid: str) -> list[tuple[Any, ...]]:
    return running.query("select event, url from raw.events where sid = {sid:String}", sid=sid)


def rejected(running: House) -> int:
    return running.query("select count() from raw.rejected")[0][0]


def last_touch_credits(running: House, channel: str) -> float:
    return running.query(
        "select sum(conversions) from raw.attribution_credits "
        "where model = 'last_touch' and channel = {channel:String} and date_day = toDate(now('UTC'))",
        channel=channel,
    )[0][0]


# From the collector's table to the credit.
CREDITED = [
    "staging/stg_events",
    "staging/stg_links",
    "intermediate/int_sessions",
    "intermediate/int_touchpoints",
    "intermediate/int_conversions",
    "intermediate/int_paths",
    "attribution_rules",
]


def run_lineage(running: House, assets: list[str]) -> None:
    """Materialises today, as the button in the Dagster UI does."""
    today = now().date()
    port = running.settings.port(Service.DAGSTER)
    dagster_ui.run_job(port, "lineage_job", today, today, within=400, assets=assets)


def submitted_mail(running: House, subject: str) -> int:
    """A mail that waits for approval."""
    with running.api("marketer") as api:
        payload = {"recipient": "user@example.com", "subject": subject, "body": "Looks good, does it?"}
        action = (
            api.post("/actions", json={"type": "email", "payload": payload}).raise_for_status().json()["id"]
        )
        api.post(f"/actions/{action}/submit").raise_for_status()
    return action


def signed_in(running: House, browser: Browser, role: str) -> Any:
    log_in = running.demo["log_ins"][role]
    page = browser.new_context().new_page()
    page.goto(f"{running.url('console')}/login")
    page.get_by_label("Email").fill(log_in["email"])
    page.get_by_label("Password").fill(log_in["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    return page
