"""Events through a running collector: from the socket into ClickHouse, or back with a reason."""

import gzip
import json
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard
from sqlalchemy import select

from store import events, records, secrets
from store.records.collector_keys import CollectorKey
from store.records.tenants import Tenant, VisitorIds
from store.settings import Role, Settings
from tests.collector.conftest import (
    SHOP,
    Collector,
    Site,
    arrived,
    environment,
    make_site,
    rejections,
    running_collector,
    sign_headers,
    signed_click,
    stored,
)
from tests.conftest import wait_until


def new_id() -> str:
    return uuid.uuid4().hex


def statuses(answer: httpx.Response) -> list[str]:
    return [result["status"] for result in answer.json()["results"]]


def test_a_page_view_arrives_once(
    collector: Collector, site: Site, settings: Settings, warehouse: events.Client
) -> None:
    event_id = new_id()
    body = {
        "event": "page_view", "id": event_id, "key": site.browser_key, "ts": int(time.time() * 1000),
        "url": f"{SHOP}/?utm_source=news", "ref": "https://news.example/", "sid": "visitor-1",
        "utm_source": "news", "utm_medium": "email", "utm_campaign": "spring", "click_id": signed_click(settings, site, "c-1"),
        "props": {"size": "m"}, "something_new": [1],
    }  # fmt: skip
    answer = collector.collect(
        body, **{"Origin": SHOP, "Content-Type": "text/plain", "X-Forwarded-For": "203.0.113.77"}
    )
    assert (answer.status_code, answer.json()) == (
        200,
        {"ok": True, "results": [{"id": event_id, "status": "ok", "reason": ""}]},
    )
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in answer.headers
    row = arrived(warehouse, site.tenant, event_id)
    assert (row["event"], row["trust"], row["consent"], row["sid"]) == (
        "page_view",
        "browser",
        "unknown",
        "visitor-1",
    )
    assert (row["utm_source"], row["utm_medium"], row["utm_campaign"]) == ("news", "email", "spring")
    assert (row["url"], row["referrer"], row["click_id"]) == (body["url"], body["ref"], "c-1")
    assert json.loads(row["props"]) == {"size": "m"}
    assert (row["ip"], row["is_bot"]) == ("203.0.113.0", False)
    assert abs(row["received_at"].replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=5)
    assert row["segment"]


def test_the_same_event_again_is_a_duplicate(
    collector: Collector, site: Site, warehouse: events.Client
) -> None:
    event_id = new_id()
    body = {"event": "lead", "id": event_id}
    assert statuses(collector.collect(body)) == ["ok"]
    assert statuses(collector.collect(body)) == ["duplicate"]
    assert statuses(collector.collect([body, body, {"event": "lead", "id": new_id()}])) == [
        "duplicate",
        "duplicate",
        "ok",
    ]
    arrived(warehouse, site.tenant, event_id)


def test_each_event_of_a_batch_is_answered(
    collector: Collector, site: Site, warehouse: events.Client
) -> None:
    first, second, marker = new_id(), new_id(), new_id()
    sent = {
        "key": site.browser_key,
        "consent": "granted",
        "events": [
            {"event": "page_view", "id": first},
            {"event": "", "id": marker},
            {"event": "lead", "id": second, "consent": "denied", "sid": "s"},
        ],
    }
    answer = collector.collect(sent, Origin=SHOP)
    assert answer.status_code == 200
    assert statuses(answer) == ["ok", "rejected", "ok"]
    assert "event" in answer.json()["results"][1]["reason"]
    assert arrived(warehouse, site.tenant, first)["consent"] == "granted"
    denied = arrived(warehouse, site.tenant, second)
    assert (denied["consent"], denied["sid"]) == ("denied", "")
    wait_until("the rejection", lambda: bool(rejections(warehouse, "invalid_event", marker)), 30)
    assert rejections(warehouse, "invalid_event", marker)[0]["tenant_id"] == 0


def test_gpc_leaves_no_id(collector: Collector, site: Site, warehouse: events.Client) -> None:
    event_id = new_id()
    collector.collect(
        {"event": "page_view", "id": event_id, "sid": "s", "consent": "granted"}, **{"Sec-GPC": "1"}
    )
    row = arrived(warehouse, site.tenant, event_id)
    assert (row["consent"], row["sid"], row["props"]) == ("denied", "", "{}")


def test_keyless_events_are_the_default_tenants_and_untrusted(
    collector: Collector, site: Site, warehouse: events.Client
) -> None:
    answer = collector.http.post("/attribution/collect", content=b'{"event":"page_view","sid":"s"}')
    [result] = answer.json()["results"]
    assert arrived(warehouse, site.tenant, result["id"])["trust"] == "untrusted"


def test_a_server_sets_time_and_user(collector: Collector, site: Site, warehouse: events.Client) -> None:
    event_id = new_id()
    purchase = {
        "event": "purchase", "id": event_id, "sid": "visitor-1", "user_id": "customer-5", "value": 129.0,
        "currency": "EUR", "ts": "2026-01-02T03:04:05Z",
    }  # fmt: skip
    body = json.dumps(purchase).encode()
    answer = collector.http.post("/events", content=body, headers=sign_headers(site, body))
    assert statuses(answer) == ["ok"]
    row = arrived(warehouse, site.tenant, event_id)
    assert (row["trust"], row["user_id"], row["value"], row["currency"]) == (
        "server",
        "customer-5",
        Decimal("129.0000"),
        "EUR",
    )
    assert row["occurred_at"].replace(tzinfo=UTC) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert row["is_bot"] is False


def test_an_image_brings_a_page_view(collector: Collector, site: Site, warehouse: events.Client) -> None:
    event_id = new_id()
    answer = collector.http.get(
        "/pixel.gif",
        params={"id": event_id, "key": site.browser_key, "sid": "s", "value": "2.5", "utm_source": "news"},
        headers={"Referer": f"{SHOP}/page"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a")
    row = arrived(warehouse, site.tenant, event_id)
    assert (row["event"], row["trust"], row["value"], row["utm_source"]) == (
        "page_view",
        "browser",
        Decimal("2.5"),
        "news",
    )


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_packed_body(
    collector: Collector,
    site: Site,
    warehouse: events.Client,
    encoding: str,
    pack: Callable[[bytes], bytes],
) -> None:
    event_id = new_id()
    body = pack(json.dumps({"event": "lead", "id": event_id}).encode())
    assert statuses(collector.collect(body, **{"Content-Encoding": encoding})) == ["ok"]
    arrived(warehouse, site.tenant, event_id)
    cut_off = collector.collect(body[:-4], **{"Content-Encoding": encoding})
    assert (cut_off.status_code, cut_off.json()["reason"]) == (400, "malformed")


def test_whoever_wants_little_is_answered_little(collector: Collector) -> None:
    minimal = {"Prefer": "return=minimal"}
    answer = collector.collect({"event": "lead"}, **minimal)
    assert (answer.status_code, answer.content) == (204, b"")
    assert statuses(collector.collect([{"event": "lead"}, {"event": ""}], **minimal)) == ["ok", "rejected"]


def test_an_origin_names_the_tenant_where_no_key_does(
    collector: Collector, settings: Settings, warehouse: events.Client
) -> None:
    """Its origin belongs to one tenant alone; what several claim is nobody's."""
    ours, theirs = f"https://{new_id()}.example", f"https://{new_id()}.example"
    site, other = make_site(settings), make_site(settings)
    with records.session(settings, Role.OWNER) as session:
        for tenant, origins in ((site.tenant, [ours, theirs]), (other.tenant, [theirs])):
            session.add(CollectorKey(tenant_id=tenant, kind="browser", public_key=new_id(), origins=origins))

    def trust(origin: str, tenant: int) -> str:
        [result] = collector.collect({"event": "page_view"}, Origin=origin).json()["results"]
        wait_until("the event", lambda: bool(found(result["id"])), 30)
        [(belongs_to, trusted)] = found(result["id"])
        return trusted if belongs_to == tenant else f"{trusted}, another's"

    def found(event_id: str) -> Sequence[Any]:
        query = "select tenant_id, trust from raw.events where event_id = {id:String}"
        return warehouse.query(query, parameters={"id": event_id}).result_rows

    wait_until("the keys", lambda: trust(ours, site.tenant) == "browser", 20)
    assert trust(theirs, site.tenant) == "untrusted, another's"


def test_what_the_rules_make_of_an_event_stands_beside_it(
    collector: Collector, site: Site, warehouse: events.Client
) -> None:
    body = {
        "event": "page_view", "url": f"{SHOP}/?utm_source=Facebook.com&utm_medium=CPC&fbclid=f1&gclid=g1",
        "ref": "https://www.google.com/", "ts": int(time.time() * 1000) - 5000,
    }  # fmt: skip
    [result] = collector.collect(body, Origin=SHOP).json()["results"]
    row = arrived(warehouse, site.tenant, result["id"])
    assert (row["utm_source"], row["source"], row["medium"]) == ("", "facebook", "cpc")
    assert {each["name"]: each["value"] for each in row["click_ids"]} == {"fbclid": "f1", "gclid": "g1"}
    assert (row["site"], row["referrer_source"], row["browser"], row["device"]) == (
        "shop.example",
        "Google",
        "Firefox",
        "desktop",
    )
    assert row["rules_version"] > 0
    assert row["original_at"] < row["occurred_at"]


def test_a_flood_from_one_address_is_over_its_quota(
    settings: Settings, site: Site, warehouse: events.Client, tmp_path: Path
) -> None:
    given = environment(settings, tmp_path, DEFAULT_TENANT=site.slug, COLLECT_MAX_ADDRESS_RATE="2")
    with running_collector(given) as collector:
        batch = [{"event": "lead"}] * 15
        answers = [collector.collect(batch) for _ in range(4)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert refused[0].json()["reason"] == "over_quota"
        assert 0 < int(refused[0].headers["retry-after"]) <= 10
        query = "select sum(events) from raw.rejected where reason = 'over_quota' and segment like {volume:String}"
        volume = f"%-{collector.process.pid}-%"

        def counted() -> int:
            return int(warehouse.query(query, parameters={"volume": volume}).result_rows[0][0])

        wait_until("the count of what was refused", lambda: counted() == len(refused), 30)


def test_a_key_has_a_quota_and_a_secret_that_can_be_changed(
    collector: Collector, site: Site, settings: Settings
) -> None:
    body = b'{"event":"purchase"}'
    assert collector.http.post("/events", content=body, headers=sign_headers(site, body)).status_code == 200
    sealing_key = settings.derived("collector-keys")
    with records.session(settings, Role.OWNER) as session:
        key = session.scalars(select(CollectorKey).where(CollectorKey.public_key == site.server_key)).one()
        key.retiring_secret_sealed, key.retires_at = key.secret_sealed, datetime.now(UTC) + timedelta(hours=1)
        key.secret_sealed = secrets.encrypt(sealing_key, "the next", bound_to=site.server_key)

    def status(secret: str) -> int:
        headers = sign_headers(site, body, secret=secret)
        return collector.http.post("/events", content=body, headers=headers).status_code

    wait_until("the next secret", lambda: status("the next") == 200, 30)
    assert status(site.server_secret) == 200
    with records.session(settings, Role.OWNER) as session:
        key = session.scalars(select(CollectorKey).where(CollectorKey.public_key == site.server_key)).one()
        key.retires_at = datetime.now(UTC)
        key.secret_sealed, key.retiring_secret_sealed = key.retiring_secret_sealed, key.secret_sealed
    wait_until("its end", lambda: status("the next") == 401, 30)
    assert status(site.server_secret) == 200


def test_the_cookieless_mode_makes_an_id_for_a_day(
    collector: Collector, settings: Settings, warehouse: events.Client
) -> None:
    site = make_site(settings)
    with records.session(settings, Role.OWNER) as session:
        session.get_one(Tenant, site.tenant).visitor_ids = VisitorIds.DAILY

    def view(**headers: str) -> Any:
        body = {"event": "page_view", "sid": "stored", "key": site.browser_key}
        answer = collector.collect(body, Origin=SHOP, **headers)
        return answer.json()["results"][0]["id"] if answer.status_code == 200 else None

    def sid() -> str:
        event_id = view()
        return arrived(warehouse, site.tenant, event_id)["sid"] if event_id else "stored"

    wait_until("the tenant's rule", lambda: sid() != "stored", 20)
    ids = [view(), view(), view(**{"User-Agent": "Mozilla/5.0 (X11) Firefox/1"}), view(**{"Sec-GPC": "1"})]
    sids = [arrived(warehouse, site.tenant, event_id)["sid"] for event_id in ids]
    assert sids[0] == sids[1] != sids[2]
    assert "stored" not in sids
    assert sids[3] == ""


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        (b'{"event": "page_view", MARK', {}, 400, "malformed"),
        (b'{"event": 5, "id": "MARK"}', {}, 400, "invalid_event"),
        (b'"MARK"', {}, 400, "invalid_event"),
        (b'{"event": "a", "key": "pk_MARK"}', {}, 401, "unknown_key"),
        (b'{"event": "MARK"}', {"X-Write-Key": "pk_unknown"}, 401, "unknown_key"),
        (b'{"event": "MARK", "key": "BROWSER_KEY"}', {"Origin": "https://evil.example"}, 403, "wrong_origin"),
        (b'{"event": "MARK", "key": "BROWSER_KEY"}', {}, 403, "wrong_origin"),
        (b'{"event": "MARK", "key": "SERVER_KEY"}', {"Origin": SHOP}, 401, "unknown_key"),
        (b"MARK is no gzip", {"Content-Encoding": "gzip"}, 400, "malformed"),
        (b"MARK", {"Content-Encoding": "br"}, 415, "unsupported_encoding"),
        (b"[" + b",".join([b'{"event":"MARK"}'] * 501) + b"]", {}, 413, "too_many_events"),
    ],
)
def test_what_is_refused_says_why_and_is_kept(
    collector: Collector,
    site: Site,
    warehouse: events.Client,
    body: bytes,
    headers: dict[str, str],
    status: int,
    reason: str,
) -> None:
    marker = new_id()
    sent = body.replace(b"MARK", marker.encode())
    sent = sent.replace(b"BROWSER_KEY", site.browser_key.encode()).replace(
        b"SERVER_KEY", site.server_key.encode()
    )
    before = collector.metric(f'collector_rejected_total{{reason="{reason}"}}')
    answer = collector.collect(sent, **headers)
    assert (answer.status_code, answer.json()["reason"], answer.json()["ok"]) == (status, reason, False)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert collector.metric(f'collector_rejected_total{{reason="{reason}"}}') == before + 1
    if reason not in ("unsupported_encoding",) and b"gzip" not in sent:
        wait_until("the rejection", lambda: bool(rejections(warehouse, reason, marker)), 30)
    if reason == "wrong_origin":
        assert "access-control-allow-origin" not in answer.headers


def test_bodies_are_bounded_as_sent_and_unpacked(collector: Collector) -> None:
    large = b'{"event":"a","props":{"x":"' + b"y" * 600_000 + b'"}}'
    assert collector.collect(large).status_code == 413
    larger = b'{"event":"a","props":{"x":"' + b"y" * 2**21 + b'"}}'
    for encoding, packed in (("gzip", gzip.compress(larger)), ("zstd", zstandard.compress(larger))):
        answer = collector.collect(packed, **{"Content-Encoding": encoding})
        assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")
    chunked = collector.http.post("/collect", content=iter([large[:300_000], large[300_000:]]))
    assert chunked.status_code == 413


def test_a_signature_that_does_not_fit_is_refused(collector: Collector, site: Site) -> None:
    body = b'{"event":"purchase","value":1}'
    for headers in (
        sign_headers(site, body, secret="guessed"),
        sign_headers(site, body, timestamp=int(time.time()) - 600),
        sign_headers(site, body + b" "),
        {"X-Write-Key": site.server_key},
    ):
        answer = collector.http.post("/events", content=body, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (401, "bad_signature")
    unknown = {**sign_headers(site, body), "X-Write-Key": site.browser_key}
    assert collector.http.post("/events", content=body, headers=unknown).json()["reason"] == "unknown_key"


def test_browsers_are_answered_before_they_send(collector: Collector) -> None:
    ask = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    answer = collector.http.options("/collect", headers=ask)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, SHOP)
    assert "access-control-allow-credentials" not in answer.headers
    assert collector.http.get("/collect").status_code == 405


def test_a_revoked_key_is_soon_refused(collector: Collector, site: Site, settings: Settings) -> None:
    key = f"pk_{new_id()}"
    with records.session(settings, Role.OWNER) as session:
        row = CollectorKey(tenant_id=site.tenant, kind="browser", public_key=key, origins=[SHOP])
        session.add(row)

    def answer() -> int:
        return collector.collect({"event": "a", "key": key}, Origin=SHOP).status_code

    wait_until("the new key", lambda: answer() == 200, 30)
    with records.session(settings, Role.OWNER) as session:
        session.get_one(CollectorKey, row.id).revoked_at = datetime.now(UTC)
    wait_until("its end", lambda: answer() == 401, 30)


def test_operators_see_how_it_is(collector: Collector, site: Site) -> None:
    assert collector.http.get("/healthz").json() == {"ok": True}
    wait_until(
        "all parts", lambda: collector.http.get("/readyz").json() == {"ready": True, "degraded": {}}, 20
    )
    collector.collect({"event": "page_view"})
    text = collector.http.get("/metrics").text
    for name in (
        "accepted_total",
        "fsync_seconds_count",
        "request_seconds_bucket",
        "shipper_up",
        "backlog_bytes",
        "shipper_lag_seconds",
        "links",
    ):
        assert f"\ncollector_{name}" in text
    for line in collector.log.read_text().splitlines():
        assert set(json.loads(line)) >= {"at", "level", "logger", "message"}


def test_nothing_was_taken_twice(collector: Collector, site: Site, warehouse: events.Client) -> None:
    """After all the tests above: as many rows as answers, whatever the batches were."""
    ids = [new_id() for _ in range(50)]
    for start in range(0, 50, 10):
        batch: list[dict[str, Any]] = [{"event": "lead", "id": i} for i in ids[start : start + 10]]
        assert statuses(collector.collect(batch)) == ["ok"] * 10
    wait_until("the last of them", lambda: bool(stored(warehouse, site.tenant, ids[-1])), 30)
    wait_until("the rest", lambda: collector.metric("collector_backlog_bytes") == 0, 30)
    counted = warehouse.query(
        "select count(), uniqExact(event_id) from raw.events where has({ids:Array(String)}, event_id)",
        parameters={"ids": ids},
    ).result_rows
    assert counted == [(50, 50)]


@pytest.mark.parametrize(
    ("proxies", "network"), [("192.0.2.0/24", "127.0.0.0"), ("127.0.0.0/8", "203.0.113.0")]
)
def test_only_our_own_proxies_speak_for_a_visitor(
    settings: Settings, site: Site, warehouse: events.Client, tmp_path: Path, proxies: str, network: str
) -> None:
    event_id = new_id()
    body = {"event": "page_view", "id": event_id, "key": site.browser_key, "url": f"{SHOP}/"}
    with running_collector(environment(settings, tmp_path, FORWARDED_ALLOW_IPS=proxies)) as collector:
        collector.collect(body, **{"Origin": SHOP, "X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
        assert arrived(warehouse, site.tenant, event_id)["ip"] == network
