"""The console in a house that has been at work for years: how long a page takes, its statements, what the first one weighs.

python -m bench.console [--requests 50]

The house: 100,000 actions (60,000 of them due on one day, 1,000 waiting for a signature), 1,000,000 audit entries, 500
campaigns, 10,000 links, 2,000 assets, 500 people, 22,000 messages that failed or that nobody knows of, and their numbers in
ClickHouse. The console is a process of its own and is asked for one page after the other, as one person would. The limit
beside it, in the same run, is a page of 25 lines that FastAPI and Jinja2 render behind the same server, without a database
and without anybody signed in.
"""

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient
from jinja2 import Environment
from playwright.sync_api import sync_playwright
from sqlalchemy import event, text

from bench import houses
from bench.processes import running
from cli import readiness
from cli.pictures import installed_browser
from console.app import create_app
from store import events, passwords, records
from store.records import database
from store.records.people import MemberRole, Membership, User
from store.records.schema import UserId
from store.records.tenants import Tenant
from store.settings import Role, Service, Settings

PASSWORD = "a horse that is correct"  # noqa: S105 (of nobody)
EMAIL = "admin@bench.example"
ACTIONS, ENTRIES, CAMPAIGNS, LINKS, ASSETS, PEOPLE = 100_000, 1_000_000, 500, 10_000, 2_000, 500
LIMIT_MS, LIMIT_BYTES = 150, 60 * 1024
WARMING = 5
SETTLES_MS = 1500

# In the order in which rows need each other; `:tenant` is the one house, `:admin` its first person.
FILLED = (
    # What is years old is not moved through all its states again.
    "alter table campaigns disable trigger user",
    "alter table actions disable trigger user",
    """insert into users (email, name, password_hash)
       select 'person' || n || '@bench.example', 'Person ' || n, :hash from generate_series(2, :people) n""",
    """insert into memberships (tenant_id, user_id, role)
       select :tenant, id, (array['marketer', 'approver', 'analyst', 'viewer'])[1 + id % 4] from users where id <> :admin""",
    """insert into campaigns (tenant_id, name, utm_campaign, start_date, end_date, status)
       select :tenant, 'Campaign ' || n, 'campaign-' || n, now() + (n % 120 - 60) * interval '1 day',
           now() + (n % 120 - 30) * interval '1 day',
           (array['draft', 'scheduled', 'running', 'paused', 'completed'])[1 + n % 5]
       from generate_series(1, :campaigns) n""",
    """insert into actions (tenant_id, type, channel, title, purpose, source, campaign_id, payload, author_id, due_at,
           updated_at, expires_at, state, version)
       select :tenant, (array['email', 'social_post', 'cms_webhook', 'chat_message'])[1 + n % 4],
           (array['smtp', 'linkedin', 'cms', 'chat'])[1 + n % 4],
           case when n % 3 = 0 then '' else 'Mail ' || n || ' of ' || md5(n::text) end, 'contract',
           (array['person', 'agent', 'optimiser'])[1 + n % 3],
           (select min(id) from campaigns) + n % :campaigns,
           jsonb_build_object('subject', 'Sale ' || n, 'body', repeat('It is cold. ', 20), 'text', 'Sale ' || n,
               'event', 'sale.' || n, 'recipient', 'user' || n || '@example.com'),
           :admin + n % :people,
           case when n <= 60000 then date_trunc('day', now()) + interval '9 hours' + n * interval '100 ms'
                else now() + (n % 400 - 300) * interval '1 day' end,
           now() - (:actions - n) * interval '1 minute', now() + interval '2 days',
           case when n % 100 = 0 then 'pending_approval' else (array['draft', 'succeeded', 'succeeded', 'denied', 'succeeded',
               'cancelled', 'succeeded', 'expired', 'partially_failed'])[1 + n / 7 % 9] end,
           (n % 100 = 0 or n / 7 % 9 <> 0)::int
       from generate_series(1, :actions) n""",
    """insert into action_versions (tenant_id, action_id, version, manifest, manifest_hash, submitted_by)
       select :tenant, id, 1, jsonb_build_object('recipients', jsonb_build_object('count', id % 5000)), sha256(id::text::bytea),
           author_id from actions where version = 1""",
    """insert into deliveries (tenant_id, action_id, version, recipient_key, message_id, state, outcome, settled_at)
       select :tenant, id, 1, md5(id::text || k), md5(id::text || k), case when k = 1 then 'failed' else 'unknown' end,
           'no such mailbox', now() from actions, generate_series(1, 2) k where state = 'partially_failed'""",
    """insert into links (tenant_id, slug, target_url, channel, title, campaign_id)
       select :tenant, 'k' || to_hex(n * 7919), 'https://shop.example/coats/' || md5(n::text), 'email', 'Link ' || n,
           (select min(id) from campaigns) + n % :campaigns from generate_series(1, :links) n""",
    """insert into link_targets (tenant_id, link_id, url, weight)
       select :tenant, id, 'https://shop.example/' || k, 1 from links, generate_series(1, 2) k""",
    """insert into assets (tenant_id, kind, name, media_type, size, sha256, tags, campaign_id)
       select :tenant, 'image', 'Picture ' || n, 'image/png', 100 + n, sha256(n::text::bytea),
           jsonb_build_array('winter', 'tag' || n % 50), (select min(id) from campaigns) + n % :campaigns
       from generate_series(1, :assets) n""",
    """insert into asset_uses (tenant_id, asset_id, action_id)
       select :tenant, (select min(id) from assets) + id % :assets, id from actions where id % 5 = 0""",
    """insert into alerts (tenant_id, kind, subject, occurred_at, about)
       select :tenant, 'glass_broken', n::text, now() - n * interval '1 hour',
           jsonb_build_object('action', n, 'user', :admin) from generate_series(1, 2000) n""",
    """insert into api_keys (tenant_id, user_id, name, hint, secret_hash, scopes)
       select :tenant, :admin, 'Key ' || n, '1234', sha256(n::text::bytea), '["actions:read"]' from generate_series(1, 500) n""",
    """insert into requested_runs (tenant_id, kind, asked_by, due_at, state, ended_at, outcome)
       select :tenant, 'fetch_feeds', :admin, now(), 'done', now(), '{"feeds": 1}' from generate_series(1, 2000) n""",
    """insert into audit_entries (tenant_id, seq, at, actor, action, entity, entity_id, before, after, hash)
       select :tenant, n, now() - (:entries - n) * interval '20 seconds',
           'user:' || :admin + n % :people, (array['create', 'submit', 'approve', 'deny', 'claim', 'finish'])[1 + n % 6],
           (array['action', 'action', 'campaign', 'link', 'contact'])[1 + n % 5], (n % 100000)::text,
           '{"state": "draft"}', '{"state": "pending_approval", "version": 1}', sha256(n::text::bytea)
       from generate_series(1, :entries) n""",
    """insert into audited_entities (tenant_id, entity, entity_id, seq, hash)
       select tenant_id, entity, entity_id, max(seq), '' from audit_entries group by 1, 2, 3""",
    "alter table campaigns enable trigger user",
    "alter table actions enable trigger user",
)
WAREHOUSE = (
    """create table if not exists marts.channel_daily (tenant_id Int64, date_day Date, channel String, currency String,
       visits UInt64, human_visits UInt64, bot_visits UInt64, impressions Int64, clicks Int64, ctr Nullable(Float64),
       spend Decimal(18, 6), conversions Float64, conversions_value Decimal(18, 4), cvr Nullable(Float64),
       cpa Nullable(Float64), roas Nullable(Float64)) engine = MergeTree order by (tenant_id, date_day, channel)""",
    """insert into marts.channel_daily
       select {tenant}, today() - number % 400, concat('channel ', toString(intDiv(number, 400))), 'EUR', 900, 800, 100, 9000,
       90, 0.01, 120.5, 7, 340, 0.07, 17, 2.8 from numbers(400 * 12)""",
    """create table if not exists marts.link_daily (tenant_id Int64, date_day Date, link_id Int64, campaign_id Int64,
       clicks UInt64, human_clicks UInt64, bot_clicks UInt64, human_visitors UInt64, variant_id Int64, variant_name String)
       engine = MergeTree order by (tenant_id, link_id, date_day)""",
    """insert into marts.link_daily
       select {tenant}, today() - number % 60, 1 + intDiv(number, 60), 1 + intDiv(number, 60) % 500, 9, 8, 1, 7, 0, ''
       from numbers(60 * 10000)""",
    """create table if not exists marts.ad_performance (tenant_id Int64, date_day Date, campaign_name String,
       currency LowCardinality(String), spend Decimal(18, 6), clicks Int64, conversions Decimal(18, 6))
       engine = MergeTree order by (tenant_id, date_day)""",
    """insert into marts.ad_performance
       select {tenant}, today() - number % 60, concat('campaign-', toString(1 + intDiv(number, 60))), 'EUR', 5.5, 12, 1
       from numbers(60 * 500)""",
)
_LINES = """<!doctype html><html lang="en"><head><title>Lines</title></head><body><main><h1>Lines</h1><table>
{% for line in lines %}<tr><th scope="row"><a href="/lines/{{ line.number }}">{{ line.title }}</a></th>
{% for cell in line.cells %}<td><span class="cell">{{ cell }}</span></td>{% endfor %}</tr>
{% endfor %}</table></main></body></html>"""


def bare() -> FastAPI:
    """The limit: what the same server and the same templates do with a page of that size."""
    app, template = FastAPI(), Environment(autoescape=True).from_string(_LINES)

    @app.get("/")
    def lines() -> HTMLResponse:
        cells = [f"{word} of this line" for word in ("state", "author", "campaign", "type", "day", "count")]
        said = [{"number": n, "title": f"Line {n} & what it says", "cells": cells} for n in range(25)]
        return HTMLResponse(template.render(lines=said))

    return app


def fill(house: Settings) -> None:
    with records.session(house, Role.OWNER) as session:
        bench = Tenant(slug="bench", name="Bench")
        admin = User(email=EMAIL, name="Ada", password_hash=passwords.hashed(PASSWORD))
        session.add_all([bench, admin])
        session.flush()
        session.add(Membership(tenant_id=bench.id, user_id=UserId(admin.id), role=MemberRole.ADMIN))
        session.flush()
        tenant = bench.id
        given: dict[str, Any] = {
            "hash": admin.password_hash, "tenant": tenant, "admin": admin.id, "actions": ACTIONS, "entries": ENTRIES,
            "campaigns": CAMPAIGNS, "links": LINKS, "assets": ASSETS, "people": PEOPLE,
        }  # fmt: skip
        for statement in FILLED:
            session.execute(text(statement), given)
    with database.engine(house, Role.OWNER).connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("vacuum analyze"))
    with events.connect(house) as warehouse:
        for statement in WAREHOUSE:
            warehouse.command(statement.replace("{tenant}", str(tenant)))


def sign_in(client: httpx.Client, site: str) -> None:
    said = {"email": EMAIL, "password": PASSWORD, "next": "/"}
    answer = client.post("/login", data=said, headers={"Origin": site})
    assert answer.status_code == 303, answer.text


def asked_for_approval(client: httpx.Client, site: str) -> int:
    """An action that was made as people make them, with everything that its page shows."""
    token = client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD}).json()["access_token"]
    api = httpx.Client(base_url=f"{site}/api", headers={"Authorization": f"Bearer {token}"})
    payload = {"recipient": "user@example.com", "subject": "Winter sale", "body": "Hello,\n\nit is cold."}
    body = {"type": "email", "payload": payload, "purpose": "contract"}
    with api:
        number = api.post("/actions", json=body).raise_for_status().json()["id"]
        api.post(f"/actions/{number}/submit").raise_for_status()
        return number


def pages(action: int) -> dict[str, str]:
    """What is measured: every main page, and the ways of asking for one that take most."""
    return {
        "overview": "/",
        "overview, 90 days": "/?days=90",
        "approvals, all": "/approvals?whose=all",
        "approvals": "/approvals",
        "an action to approve": f"/actions/{action}",
        "actions": "/actions",
        "actions, deep down": "/actions?cursor=3000",
        "actions, by state": "/actions?state=denied&type=email",
        "actions, words there": "/actions?text=Mail",
        "actions, words nowhere": "/actions?text=nowhere",
        "a new mail": "/actions/new/email",
        "campaigns": "/campaigns",
        "campaigns, words nowhere": "/campaigns?text=nowhere",
        "a campaign": "/campaigns/250",
        "calendar, month": "/calendar",
        "calendar, week": "/calendar?view=week",
        "assets": "/assets",
        "assets, by tag": "/assets?tag=tag7",
        "assets, words nowhere": "/assets?text=nowhere",
        "an asset": "/assets/100",
        "links": "/links",
        "links, words nowhere": "/links?text=nowhere",
        "a link": "/links/100",
        "trends": "/trends",
        "audit": "/audit",
        "audit, person and event": "/audit?actor=user:7&event=approve",
        "audit, days": "/audit?first=2026-01-01&last=2026-03-01&entity=link",
        "audit, nothing found": "/audit?actor=user:1&event=remove",
        "alerts": "/alerts",
        "runs": "/runs",
        "exports": "/exports",
        "dead letters": "/dead-letters",
        "people": "/people",
        "roles": "/people/roles",
        "keys": "/keys",
        "tenants": "/tenants",
        "settings": "/settings",
        "account": "/account",
        "kill switch": "/kill-switch",
        "pixel": "/pixel",
    }


def taken(client: httpx.Client, path: str, requests: int) -> tuple[list[float], int]:
    """Milliseconds of each request, and the size of the page."""
    size, milliseconds = 0, []
    for number in range(requests + WARMING):
        began = time.perf_counter()
        answer = client.get(path)
        if number >= WARMING:
            milliseconds.append((time.perf_counter() - began) * 1000)
        answer.raise_for_status()
        size = len(answer.content)
    return sorted(milliseconds), size


def p95(milliseconds: list[float]) -> float:
    return milliseconds[math.ceil(0.95 * len(milliseconds)) - 1]


@contextmanager
def counting(house: Settings) -> Iterator[list[str]]:
    """The statements that the console runs in this process."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = database.engine(house, Role.CONSOLE)
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def counted(house: Settings, cookies: httpx.Cookies, asked: dict[str, str]) -> dict[str, int]:
    """How many statements each page takes."""
    found = {}
    with TestClient(create_app(house), cookies=dict(cookies)) as here, counting(house) as statements:
        for path in asked.values():
            statements.clear()
            here.get(path).raise_for_status()
            found[path] = len(statements)
    return found


def on_the_wire(site: str, path: str, cookies: httpx.Cookies) -> dict[str, float]:
    """What a browser that was never here loads for its first page: bytes as they are sent, headers too, by address."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_browser(), args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([{"name": name, "value": value, "url": site} for name, value in cookies.items()])
        page = context.new_page()
        network = context.new_cdp_session(page)
        addresses, sent = dict[str, str](), dict[str, float]()

        def asked(event: dict[str, Any]) -> None:
            addresses[event["requestId"]] = urlsplit(event["request"]["url"]).path

        def came(event: dict[str, Any]) -> None:
            address = addresses[event["requestId"]]
            sent[address] = sent.get(address, 0.0) + event["encodedDataLength"]

        network.on("Network.requestWillBeSent", asked)
        network.on("Network.loadingFinished", came)
        network.send("Network.enable")
        page.goto(f"{site}{path}", wait_until="load")
        page.wait_for_timeout(SETTLES_MS)
        browser.close()
        return sent


def measure(house: Settings, requests: int) -> None:
    port, beside = house.port(Service.CONSOLE), house.port(Service.COLLECTOR)
    site = f"http://127.0.0.1:{port}"
    server = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "bench.console:bare",
        "--port",
        str(beside),
        "--no-access-log",
    ]
    given = houses.environment(house) | {"LOG_LEVEL": "WARNING", "ALERT_WATCH": "false"}
    with (
        running([sys.executable, "-m", "console"], lambda: readiness.answers_http(port), environment=given),
        running(server, lambda: readiness.answers_tcp(beside)),
        httpx.Client(base_url=site, timeout=60) as client,
    ):
        sign_in(client, site)
        asked = pages(asked_for_approval(client, site))
        limit, size = taken(httpx.Client(base_url=f"http://127.0.0.1:{beside}"), "/", requests)
        base = statistics.median(limit)
        statements = counted(house, client.cookies, asked)
        print(f"{'':<28}{'p50 ms':>8}{'p95 ms':>8}{'of 150':>8}{'× bare':>8}{'SQL':>5}{'KB':>6}")
        print(f"{'a bare page':<28}{base:>8.1f}{p95(limit):>8.1f}{'':>8}{1:>8.1f}{0:>5}{size / 1024:>6.0f}")
        for name, path in asked.items():
            times, size = taken(client, path, requests)
            median, slow = statistics.median(times), p95(times)
            print(
                f"{name:<28}{median:>8.1f}{slow:>8.1f}{slow / LIMIT_MS:>8.2f}{median / base:>8.1f}"
                f"{statements[path]:>5}{size / 1024:>6.0f}",
                flush=True,
            )
        print()
        for name, path, known in (
            ("to sign in", "/login", httpx.Cookies()),
            ("the overview", "/", client.cookies),
        ):
            loaded = on_the_wire(site, path, known)
            weight = sum(loaded.values())
            print(f"{name}: {weight / 1024:.1f} KB on the wire, {weight / LIMIT_BYTES:.2f} of the limit")
            for address, sent in loaded.items():
                print(f"  {address:<34}{sent / 1024:>8.1f} KB")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--requests", type=int, default=50)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        house = houses.settled(Path(folder))
        with houses.with_engines(house):
            began = time.perf_counter()
            fill(house)
            print(f"the house was filled in {time.perf_counter() - began:.0f} s\n", flush=True)
            measure(house, chosen.requests)


if __name__ == "__main__":
    main()
