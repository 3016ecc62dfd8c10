"""A tenant whose every screen has something on it, long words and big numbers among it, and the address of each page."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import psycopg
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, BrowserContext
from psycopg import sql
from pydantic import SecretStr

from console.app import create_app
from console.people import front_door
from marketing_pipelines.monitoring import alerting
from marketing_pipelines.trends import past_readings, scoring
from marketing_pipelines.trends.past_readings import PastReading
from marketing_pipelines.trends.publishers.troubles import Trouble
from store import asset_files, events, migrations, records
from store.asset_files import Shelf
from store.audit import Actor, ActorKind
from store.embedded import postgres
from store.records import (
    accounts,
    audit_log,
    connections,
    exports,
    invitations,
    password_resets,
    places,
    requested_runs,
    uploads,
)
from store.records.accounts import AccountStatus
from store.records.actions import ActionType
from store.records.approvals import Decision
from store.records.connections import Connection
from store.records.feeds import Feed, FeedStatus
from store.records.people import MemberRole
from store.records.requested_runs import RunKind
from store.records.schema import FeedId, TenantId, UserId
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.analytics.marts import PEOPLE, Marts, lay_people
from tests.analytics.marts import TABLES as MARTS
from tests.conftest import free_port_base
from tests.console.campaigns.test_campaign_pages import AD_PERFORMANCE
from tests.console.campaigns.test_campaign_pages import made as a_campaign
from tests.console.campaigns.test_campaigns import in_days
from tests.console.conftest import served
from tests.console.frame.test_pages import CHANNEL_DAILY
from tests.console.library.test_asset_pages import an_upload
from tests.console.library.test_link_pages import a_link, under_test
from tests.console.library.test_links import LANDING
from tests.console.measuring.test_hold_outs import drawn_people
from tests.console.people.test_keys import made as a_key
from tests.console.providers import apps_at
from tests.console.visitors import PASSWORD, Person, everyone, mail, submitted, written
from tests.console.watching.test_overview import COLUMNS
from tests.console.watching.test_run_pages import RUN, Webserver, a_run, ask, done, told
from tests.outbound.office import MailServer, Office, an_office
from tests.store.records.test_hold_outs import begun, ended, planned
from tests.trends.digests import digested
from tests.trends.newsroom import HOUR, NOON, Newsroom

Scheme = Literal["light", "dark"]
LONG = "Winter sale for everybody who bought a coat, a scarf or boots last year and " + "unbroken" * 15
HTML = """<div style="font-family:sans-serif;padding:24px"><h1>Winter sale</h1><p>All warm things are 20 % off.</p>
<p><a href="https://shop.example/winter">To the shop</a></p></div>"""
TEXT = "Hello,\n\nall warm things are 20 % off until Sunday.\n\nhttps://shop.example/winter\n\nYour shop"
ADDRESS = "a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".com"
EMPTY = "empty_records_to_look_at"
TABLES = {
    "marts.link_daily": "tenant_id Int64, date_day Date, campaign_id Int64, link_id Int64, clicks UInt64, "
    "human_clicks UInt64, bot_clicks UInt64, human_visitors UInt64, variant_id Int64, variant_name String",
    "marts.cohorts": MARTS["marts.cohorts"],
    "marts.ltv": MARTS["marts.ltv"],
    "staging.stg_events": "tenant_id Int64, event_id String, event LowCardinality(String), occurred_on Date, "
    "occurred_at DateTime64(3, 'UTC'), channel LowCardinality(String), "
    "link_id Int64, click_id String, visitor_id String, country LowCardinality(String), "
    "device LowCardinality(String), referrer_host String, is_bot Bool, bot_reasons Array(String)",
}
ENTRIES = [
    "tenant_id", "feed_id", "entry_id", "content_hash", "title", "link", "summary", "author", "published_at", "first_seen_at",
    "run_id",
]  # fmt: skip
OF_PATHS = ("intermediate.int_paths", "staging.stg_goals", "staging.stg_measurement")


@dataclass(frozen=True)
class Furnished:
    """The console, somebody who may open all of it, and where its pages are, by their endpoint in the table."""

    settings: Settings
    site: str
    admin: Person
    pages: dict[str, list[str]]

    @contextmanager
    def opened(self, browser: Browser, **options: Any) -> Iterator[BrowserContext]:
        """A window of the Admin's."""
        context = browser.new_context(base_url=self.site, **options)
        kept = self.admin.forms().client.cookies.items()
        context.add_cookies([{"name": name, "value": value, "url": self.site} for name, value in kept])
        yield context
        context.close()

    def addresses(self) -> list[str]:
        return [address for addresses in self.pages.values() for address in addresses]


@contextmanager
def furnished(house: Settings) -> Iterator[Furnished]:
    with ExitStack() as open_things:
        server = MailServer(port=free_port_base())
        controller = Controller(server, hostname="127.0.0.1", port=server.port, ready_timeout=30)
        controller.start()
        open_things.callback(controller.stop)
        webserver = Webserver()
        open_things.callback(webserver.server.shutdown)
        open_things.callback(clear_warehouse, house)
        tenant = a_tenant(house)
        office = an_office(house, tenant, server.port)
        settings = office.settings.model_copy(
            update={"dagster_webserver_url": webserver.address, "channel_apps": apps_at("http://127.0.0.1:1")}
        )
        site = open_things.enter_context(served(create_app(settings)))
        people = everyone(house, site, tenant)
        office.author = UserId(people[MemberRole.MARKETER].id)
        office.approver = UserId(people[MemberRole.APPROVER].id)
        webserver.says = told(a_run(RUN, "FAILURE"), a_run(RUN.replace("1", "2")))
        pages = {
            **screens(),
            **actions(office, people, server),
            **of_campaigns(settings, people),
            **of_assets(people),
            **of_links(settings, people),
            **of_goals(people),
            **of_feeds(settings, people),
            **of_connections(settings, people),
            **of_stories(settings, people),
            **of_uploads(settings, people),
            **of_visitors(settings, people),
            **of_hold_outs(settings, people),
            **entrances(settings, people),
        }
        of_people_who_came(settings, people)
        of_exports(settings, people)
        around(settings, people)
        of_attribution(settings, people)
        yield Furnished(settings, site, people[MemberRole.ADMIN], pages)


def clear_warehouse(house: Settings) -> None:
    """Tables with a few of their columns are in the way of the models that make them whole."""
    with events.connect(house) as client:
        for table in (
            "marts.visitor_timeline",
            *PEOPLE,
            *TABLES,
            *OF_PATHS,
            "marts.ad_performance",
            "marts.channel_daily",
        ):
            client.command(f"drop table if exists {table}")
        client.command("truncate table raw.attribution_results")


def a_tenant(house: Settings) -> TenantId:
    with records.session(house, Role.OWNER) as session:
        row = Tenant(
            slug="furnished-" + datetime.now(UTC).strftime("%H%M%S%f"), name="House of Winter & Daughters"
        )
        session.add(row)
        session.flush()
        return row.id


def screens() -> dict[str, list[str]]:
    """The pages whose address is their endpoint."""
    alone = [
        "/approvals", "/campaigns/new", "/assets", "/links", "/links/new", "/pixel",
        "/kill-switch", "/alerts", "/forgot", "/people", "/people/roles", "/keys", "/tenants", "/settings", "/account",
        "/goals", "/goals/new", "/hold-outs", "/measurement",
        "/trends", "/runs", "/dead-letters", "/actions/new", "/uploads",
    ]  # fmt: skip
    return {f"GET {path}": [path] for path in alone} | {
        "GET /": ["/", "/?days=90"],
        "GET /exports": ["/exports", f"/exports?report=funnel&steps={'long_name,' * 7}purchase"],
        "GET /attribution": ["/attribution", "/attribution?show=roas", "/attribution?window_days=90"],
        "GET /attribution/paths": ["/attribution/paths?model=linear", "/attribution/paths?from=x"],
        "GET /funnels": [
            "/funnels",
            "/funnels?steps=page_view&steps=lead&steps=purchase&by=channel",
            "/funnels?steps=lead",
        ],
        "GET /cohorts": ["/cohorts", "/cohorts?show=revenue&weeks=52"],
        "GET /login": ["/login?next=/keys"],
        "GET /actions": ["/actions", "/actions?state=denied&type=email&text=sale"],
        "GET /campaigns": ["/campaigns", "/campaigns?text=nothing+is+like+this"],
        "GET /calendar": ["/calendar", "/calendar?view=week"],
        "GET /audit": ["/audit", "/audit?entity=user&entity_id=none"],
        "GET /actions/new/{type}": [f"/actions/new/{type}" for type in ActionType],
    }


def actions(office: Office, people: dict[MemberRole, Person], server: MailServer) -> dict[str, list[str]]:
    """One in every state that a page tells apart."""
    marketer, admin = people[MemberRole.MARKETER], people[MemberRole.ADMIN]
    readers = [f"reader{n}@example.com" for n in range(40)]
    waiting = submitted(
        marketer, subject=LONG[:180], body=TEXT, html=HTML, recipient=None, recipients=[*readers, ADDRESS]
    )["id"]
    draft, own = written(marketer, subject="A draft"), submitted(admin, subject="The Admin's own")["id"]
    server.refusals["gone@example.com"] = ["550 <gone@example.com> no such mailbox " + "here" * 40]
    partly = office.approved(to=["gone@example.com", "here@example.com"])
    sent = office.approved(to=["here@example.com"])
    office.send()
    for decision in (Decision.DENIED, Decision.CHANGES_REQUESTED):
        action = office.draft()
        office.approve(action, office.submit(action), decision)
    approved = office.approved(due_at=datetime.now(UTC) + timedelta(days=2))
    with marketer.api() as author:
        changed = mail(subject="Changed since", body=TEXT + "\n\nOr later.")["payload"]
        again = submitted(marketer, subject="Changed since", body=TEXT)["id"]
        author.put(f"/actions/{again}", json={"payload": changed}).raise_for_status()
        author.post(f"/actions/{again}/submit").raise_for_status()
    shown = [waiting, draft, own, partly, sent, approved, again]
    return {
        "GET /actions/{action_id}": [f"/actions/{number}" for number in shown],
        "GET /approvals/batch": [
            f"/approvals/batch?action={waiting}&action={own}&action={again}",
            "/approvals/batch",
        ],
        "GET /actions/{action_id}/html": [f"/actions/{waiting}/html"],
        "GET /actions/{action_id}/edit": [f"/actions/{draft}/edit"],
        "GET /actions/{action_id}/preview": [f"/actions/{draft}/preview"],
        "GET /actions/new/{type}/preview": ["/actions/new/email/preview"],
        "GET /dead-letters/{action_id}": [f"/dead-letters/{partly}"],
    }


def of_campaigns(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    marketer = people[MemberRole.MARKETER]
    forms = marketer.forms()
    campaign = a_campaign(
        forms, name=LONG[:190], objective=TEXT, start_date=in_days(-3)[:16], end_date=in_days(9)[:16]
    )
    paused, later = (
        a_campaign(forms, name="Autumn"),
        a_campaign(forms, name="Summer", start_date=in_days(4)[:16]),
    )
    for number in (campaign, paused, later):
        forms.post_signed(f"/campaigns/{number}/publish")
    forms.post_signed(f"/campaigns/{paused}/pause")
    for day in range(5):
        with marketer.api() as author:
            body = mail(subject=f"Mail {day}") | {"campaign_id": campaign, "due_at": in_days(day)}
            author.post("/actions", json=body).raise_for_status()
    today = datetime.now(UTC).date()
    with events.connect(settings) as client:
        client.command(AD_PERFORMANCE)
        rows = [[marketer.tenant, today, "spring", "EUR", 4_000_000, 712_345, 31_234]]
        columns = ["tenant_id", "date_day", "campaign_name", "currency", "spend", "clicks", "conversions"]
        client.insert("marts.ad_performance", rows, column_names=columns)
    return {
        "GET /campaigns/{campaign_id}": [f"/campaigns/{campaign}", f"/campaigns/{paused}"],
        "GET /campaigns/{campaign_id}/edit": [f"/campaigns/{campaign}/edit"],
    }


def of_assets(people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    forms = people[MemberRole.MARKETER].forms()
    picture = an_upload(forms, "unbroken-" * 18 + ".png", tags="winter, " + "long" * 9)
    words = an_upload(forms, "slogans.txt", b"Warm things for cold days.\nWarm things, less money.")
    table = an_upload(forms, "prices.csv", b"coat,price,note\nparka,120,warm\nraincoat,80," + b"dry" * 60)
    forms.post_signed(f"/assets/{words}", name="Slogans", tags="", flags=["do_not_use", "contains_people"])
    return {"GET /assets/{asset_id}": [f"/assets/{number}" for number in (picture, words, table)]}


def of_stories(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One that another went into, with a score as of every hour, and topics of which more is told than usual."""
    tenant = people[MemberRole.MARKETER].tenant
    story, other = "5" * 32, "6" * 32
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with events.connect(settings) as client:
        newsroom = Newsroom(client, tenant)
        for feed in range(9):
            newsroom.tells(story, feed, 30 - 4 * feed, topic="shops", title=f"{LONG[:150]} {feed}")
        newsroom.tells(other, 10, 8, "moves", title="unbroken" * 12)
        newsroom.tells(story, 10, 8, "moves", known=1, was=other, why="merged")
        for hour in range(30):
            scores = scoring.score_as_of(client, NOON - hour * HOUR).filter(tenant_id=tenant)
            client.insert_arrow("raw.trend_scores", scores.to_arrow())
        client.insert(
            "raw.topic_scores",
            [[tenant, today + n * HOUR, "shops" + "unbroken" * n, 30, 4.5, 6.2, True] for n in range(3)],
            column_names=["tenant_id", "as_of", "topic", "mentions", "expected", "z", "is_burst"],
        )
    return {
        "GET /trends/stories/{story_id}": [
            f"/trends/stories/{story}",
            f"/trends/stories/{other}",
            f"/trends/stories/{story}?as_of={NOON - 9 * HOUR:%Y-%m-%dT%H:%M:%SZ}",
        ]
    }


def of_links(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    marketer = people[MemberRole.MARKETER]
    forms = marketer.forms()
    plain = a_link(forms)
    link = a_link(
        forms,
        long_url=LANDING + "?" + "&".join(f"parameter{n}={n * 7}" for n in range(20)),
        title=LONG[:200], channel="email", tags="print, shop",
        to_url=["https://shop.example/" + "at" * 50, "https://shop.example/b"],
        to_weight=["1", "3"], to_countries=["at, de", ""], to_devices=["mobile", ""],
        to_systems=["iOS", ""], to_languages=["de", ""],
    )  # fmt: skip
    under_test(settings, marketer, link)
    today = datetime.now(UTC).date()
    with events.connect(settings) as client:
        for table, columns in TABLES.items():
            client.command(f"drop table if exists {table}")
            client.command(f"create table {table} ({columns}) engine = MergeTree order by tenant_id")
        client.insert(
            "marts.link_daily",
            [
                [marketer.tenant, today - timedelta(days=ago), link, 90 + ago, 70 + ago * ago % 37, 20, 60]
                for ago in range(60)
            ],
            column_names=[
                "tenant_id",
                "date_day",
                "link_id",
                "clicks",
                "human_clicks",
                "bot_clicks",
                "human_visitors",
            ],
        )
        places = [
            ("AT", "mobile", "news.example"),
            ("DE", "desktop", "very-long-host-of-a-newspaper." * 4),
            ("", "", ""),
        ]
        client.insert(
            "staging.stg_events",
            [
                [
                    marketer.tenant,
                    f"c{n}",
                    "click",
                    today,
                    link,
                    "",
                    "",
                    *places[n % 3],
                    n % 9 == 0,
                    ["preview"],
                ]
                for n in range(200)
            ],
            column_names=[
                "tenant_id", "event_id", "event", "occurred_on", "link_id", "click_id", "visitor_id", "country", "device",
                "referrer_host", "is_bot", "bot_reasons",
            ],
        )  # fmt: skip
    return {
        "GET /links/{link_id}": [f"/links/{link}", f"/links/{plain}"],
        "GET /links/{link_id}/edit": [f"/links/{link}/edit"],
    }


def of_people_who_came(settings: Settings, people: dict[MemberRole, Person]) -> None:
    """What they did in these weeks, and a year of weeks of first visits."""
    tenant = people[MemberRole.MARKETER].tenant
    began = datetime.now(UTC) - timedelta(days=20)
    steps = (("page_view", 0, 1), ("lead", 3, 3), ("purchase", 50, 11), ("unbroken" * 8, 90, 40))
    with events.connect(settings) as client:
        client.insert(
            "staging.stg_events",
            [
                [tenant, event, at, at.date(), f"v{number}", ("email", "paid_search", "")[number % 3]]
                for number in range(600)
                for event, hours, every in steps
                if number % every == 0
                for at in (began + timedelta(hours=hours, minutes=number),)
            ],
            column_names=["tenant_id", "event", "occurred_at", "occurred_on", "visitor_id", "channel"],
        )
        monday = began.date() - timedelta(days=began.weekday()) + timedelta(weeks=2)
        weeks = [(ago, monday - timedelta(weeks=ago), 120_000 + 700 * (ago % 7)) for ago in range(60)]
        client.insert(
            "marts.cohorts",
            [
                [tenant, week, since, size, size // (1 + 2 * since), size // (9 + since), 1_234_567 // (1 + since), since < ago]
                for ago, week, size in weeks
                for since in range(ago + 1)
            ],
            column_names=[
                "tenant_id", "cohort_week", "weeks_since", "cohort_people", "people", "people_converting", "revenue", "is_complete",
            ],
        )  # fmt: skip
        client.insert(
            "marts.ltv",
            [
                [tenant, week, channel, within, size // 3, (200_000 + 900 * ago) * within * (3 - place) // 100,
                 week + timedelta(days=6 + within) <= began.date()]
                for ago, week, size in weeks
                for place, channel in enumerate(("email", "paid_search", "social"))
                for within in (7, 30, 90, 180, 365)
            ],
            column_names=["tenant_id", "cohort_week", "first_channel", "within_days", "people", "revenue", "is_complete"],
        )  # fmt: skip


def of_exports(settings: Settings, people: dict[MemberRole, Person]) -> None:
    """One in every state."""
    analyst = people[MemberRole.ANALYST]
    reports: list[tuple[str, dict[str, Any]]] = [
        ("funnel", {"steps": ["unbroken" * 8, "lead", "purchase"]}),
        ("conversions", {"from": "2026-01-01", "to": "2026-03-31"}),
        ("channels", {}),
        ("timeseries", {"metric": "roas", "gran": "w", "campaign": LONG[:150]}),
    ]
    with analyst.api() as api:
        failing, over, ready, _waiting = [
            api.post("/exports", json={"report": report, "format": "xlsx", "arguments": asked}).json()
            for report, asked in reports
        ]
    shelf = asset_files.of(settings, Shelf.EXPORTS)
    for made, lasts in ((over, timedelta(days=-1)), (ready, timedelta(days=6))):
        with records.session(settings, Role.PIPELINES) as session:
            taken = requested_runs.take(session, made["request_id"], RUN)
            export = exports.by_number(session, analyst.tenant, made["id"])
            assert taken
            assert export
            exports.note_bytes(session, export, shelf.put(analyst.tenant, b"Day,Spend"))
            until = datetime.now(UTC) + lasts
            exports.is_ready(session, taken.actor, export, rows=123_456, size=6_543_210, expires_at=until)
            requested_runs.finish(session, taken, {"rows": 123_456})
    with records.session(settings, Role.PIPELINES) as session:
        taken = requested_runs.take(session, failing["request_id"], RUN)
        assert taken
        requested_runs.fail(
            session, taken, "It has more than 500,000 rows; ask for fewer days. " + LONG[:200]
        )


def of_uploads(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One with everything that can be said of a list, and one in each other state."""
    marketer = people[MemberRole.MARKETER]
    day = datetime.now(UTC).date() - timedelta(days=5)
    heading = "when,event,user_id,channel,value,currency,order_id,notes\n"
    touches = "".join(
        f"{day},offline_touch,u{n},{word},,,,\n" for n in range(9) for word in ("fair", "unbroken" * 12)
    )
    sales = "".join(
        f"{day},purchase,u{n},,{n}234567.50,{code},o{n},\n" for n in range(9) for code in ("EUR", "JPY")
    )
    wrong = "".join(f"{day},{'unbroken' * 9}{n},u,,-{n},,,\n" for n in range(130))
    lists = {
        "wrong.csv": heading + wrong,
        "unbroken" * 20 + ".csv": f"{heading}{touches}{sales}{day},refund,,,3,,,\n{wrong}",
        "gone.csv": heading + sales,
        "failed.csv": heading + touches,
        "added.csv": heading + sales,
        "waiting.csv": heading + touches,
    }
    with marketer.api() as api:
        made = [
            api.post("/uploads", json={"file_name": name, "text": text}).raise_for_status().json()["id"]
            for name, text in lists.items()
        ]
        _wrong, _long, gone, failed, added, waiting = made
        api.delete(f"/uploads/{gone}").raise_for_status()
        asked = {
            number: api.post(f"/uploads/{number}/confirm").raise_for_status().json()["request_id"]
            for number in (failed, added, waiting)
        }
    with records.session(settings, Role.PIPELINES) as session:
        taken = requested_runs.take(session, asked[failed], RUN)
        assert taken
        requested_runs.fail(session, taken, f"There is no such upload any more. {LONG[:200]}")
        taken = requested_runs.take(session, asked[added], RUN)
        upload = uploads.by_number(session, marketer.tenant, added)
        assert taken
        assert upload
        uploads.note_taken(session, upload, lines=18, added=17)
        uploads.is_added(session, taken.actor, upload)
        requested_runs.finish(session, taken, {"lines": 18, "added": 17})
    return {"GET /uploads/{upload_id}": [f"/uploads/{number}" for number in made]}


def of_goals(people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One that counts at the head, one with long words that nothing comes in for, and one that is over."""
    with people[MemberRole.ANALYST].api() as analyst:
        terms = [
            {
                "name": "Clicks on short links",
                "event": "click",
                "counting": "once",
                "fixed_value": "1234567.5",
            },
            {"name": LONG[:190], "event": "unbroken_" * 7, "refund_event": "", "currency": "JPY"},
            {"name": "Old leads", "event": "lead"},
        ]
        made = [analyst.post("/goals", json=each).raise_for_status().json()["id"] for each in terms]
        analyst.delete(f"/goals/{made[2]}").raise_for_status()
        split = {"visitor_id": "till", "person_id": "ann", "reason": LONG}
        analyst.post("/identity/splits", json=split).raise_for_status()
    return {"GET /goals/{goal_id}": [f"/goals/{number}" for number in made]}


def of_connections(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One that works with accounts of every kind, one that does not open any more, and one that is over."""
    tenant, actor = people[MemberRole.ADMIN].tenant, Actor(ActorKind.USER, str(people[MemberRole.ADMIN].id))
    soon = int((datetime.now(UTC) + timedelta(days=3)).timestamp())
    made: list[int] = []
    with records.session(settings, Role.OWNER) as session:
        for channel, name in (
            ("google_ads", f"Google {LONG[:150]}"),
            ("google_ads", "unbroken" * 20),
            ("meta", "Over"),
        ):
            granted = {"access_token": "x", "expires_at": soon}
            row = connections.connect(
                session, settings, actor, tenant, channel, name[:200], granted, scopes=["a-scope", "another"]
            )
            made.append(row.id)
            for status in AccountStatus:
                account = accounts.read_from_now_on(
                    session, actor, row, f"{row.id}-{status}", f"Shop {LONG[:120]}"
                )
                account.status, account.last_synced_at = status, datetime.now(UTC)
                places.publish_to(session, actor, row, "facebook", f"{row.id}-{status}", f"Page {LONG[:150]}")
                account.last_error = (
                    None if status is AccountStatus.CONNECTED else f"Answered 500, {'again' * 60}"
                )
        connections.mark_broken(
            session.get_one(Connection, made[1]), ValueError("revoked " + "because " * 90)
        )
        connections.disconnect(session, actor, session.get_one(Connection, made[2]))
    return {
        "GET /connections": ["/connections", "/connections?trouble=It+took+too+long"],
        "GET /connections/callback": ["/connections/callback?error=access_denied"],
        "GET /connections/new/{channel}": ["/connections/new/meta"],
        "GET /connections/{connection_id}": [f"/connections/{number}" for number in made],
    }


def of_feeds(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One that is read well, one that has failed for days, one that is over and one that nobody has read yet, in pages."""
    tenant, today = people[MemberRole.MARKETER].tenant, datetime.now(UTC)
    hour, day = timedelta(hours=1), timedelta(days=1)
    known: list[dict[str, Any]] = [
        {"name": "Shop talk", "url": "https://talk.example/feed", "topic": "trade / makers", "status": FeedStatus.OK,
         "last_fetched_at": today - hour / 2, "last_success_at": today - hour / 2, "next_fetch_at": today + hour / 2,
         "site_url": "https://talk.example/", "moved_from": "http://old-talk.example/rss?format=xml", "moved_at": today - day},
        {"name": LONG[:190], "url": f"https://news.example/{'unbroken' * 20}", "topic": "unbroken" * 12,
         "status": FeedStatus.FAILING, "failures": 17, "last_success_at": today - 6 * day,
         "last_error": f"The host answers 500 {'because ' * 40}. {Trouble.SERVER.advice}", "next_fetch_at": today + 9 * hour},
        {"name": "Over", "url": "https://over.example/feed", "status": FeedStatus.RETIRED,
         "last_error": f"The host answers 410 Gone. {Trouble.GONE.advice}", "last_success_at": today - 40 * day},
        {"name": "Not read yet", "url": "https://new.example/feed", "obeys_robots": True},
    ]  # fmt: skip
    with records.session(settings, Role.PIPELINES, tenant=tenant) as session:
        session.add_all(
            Feed(tenant_id=tenant, name=f"Feed {n}", url=f"https://{n}.example/", topic="trade")
            for n in range(60)
        )
        rows = [Feed(tenant_id=tenant, **facts) for facts in known]
        session.add_all(rows)
        session.flush()
        made = [FeedId(row.id) for row in rows]
    told = [
        [
            tenant,
            made[0],
            f"{ago}",
            "x",
            LONG if ago % 5 == 0 else f"Boots are back, part {ago}",
            link,
            "",
            "",
            at,
            at,
            RUN,
        ]
        for ago in range(120)
        for at in (today - ago * 2.7 * hour,)
        for link in ("https://talk.example/boots" if ago % 3 else "",)
    ]
    with events.connect(settings) as client:
        client.insert("raw.feed_entries", told, column_names=ENTRIES)
        for ago in range(30):
            feed, outcome = (
                made[ago % 5 == 0],
                ("server" if ago % 5 == 0 else "unchanged" if ago % 2 else "read"),
            )
            shown = 0 if outcome != "read" else 50
            reading = PastReading(
                feed, outcome, shown, shown // 9, shown * 1_234, timedelta(milliseconds=120 + 9 * ago)
            )
            past_readings.remember(client, tenant, [reading], at=today - ago * hour, run_id=RUN)
    return {
        "GET /feeds": ["/feeds", "/feeds?status=failing", "/feeds?text=nothing+is+like+this"],
        "GET /feeds/new": ["/feeds/new", "/feeds/new?url=https://news.example/feed"],
        "GET /feeds/import": ["/feeds/import"],
        "GET /feeds/{feed_id}": [f"/feeds/{number}" for number in made],
        "GET /feeds/{feed_id}/edit": [f"/feeds/{made[1]}/edit"],
    }


def of_attribution(settings: Settings, people: dict[MemberRole, Person]) -> None:
    """Channels with short and long names, some that models argue about, and paths of one step and of many."""
    admin, today = people[MemberRole.ADMIN], datetime.now(UTC)
    with admin.api() as api:
        goal = next(it["id"] for it in api.get("/goals").json()["items"] if it["is_headline"])
    long = "unbroken_" * 5
    ways = [(["email", "paid_search"], 210, 18_000.0, 900), (["social", "email"], 90, 9_900.0, 240),
            ([long, "paid_search"], 40, 1_234_567.0, 300), (["paid_search"], 160, 14_000.0, 500),
            (["social"], 3, 20.0, 3_000)]  # fmt: skip
    with events.connect(settings) as client:
        for table in OF_PATHS:
            client.command(
                f"create table if not exists {table} ({MARTS[table]}) engine = MergeTree order by tenant_id"
            )
        rows = Marts(client)
        rows.results(admin.tenant, goal, today.date(), ways)
        before = today.date() - timedelta(days=28)
        fewer = [(way, conversions // 2, value / 3, nulls) for way, conversions, value, nulls in ways]
        rows.results(admin.tenant, goal, before, fewer)
        for channel, spend in (("paid_search", 20_000_000), (long, 1_234_567)):
            rows.channel_day(admin.tenant, today.date(), channel, spend=spend)
        for way, _, value, _ in [*ways, (["email", "social", long] * 9, 1, 70.0, 0)]:
            touches = [(channel, today - timedelta(days=2), 0) for channel in way]
            rows.path(admin.tenant, today, *touches, goal_id=goal, value=value)


def of_visitors(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """Somebody with a long life and long names, one whom nobody knows, and tracking with all that may be wrong."""
    tenant = people[MemberRole.ANALYST].tenant
    noon = datetime.now(UTC).replace(hour=12, minute=0) - timedelta(days=1)
    phone, ann = "0b9e2c1a-" + "f" * 40, f"user:{ADDRESS}"
    with events.connect(settings) as client:
        lay_people(client)
        made = Marts(client)
        made.owner(tenant, phone, "user:bob", until=noon - timedelta(days=9))
        made.owner(tenant, phone, ann, since=noon - timedelta(days=9))
        for source in ("event", "click", "delivery"):
            made.meeting(tenant, phone, ann, noon, source=source)
        for ago in range(9):
            at = noon - timedelta(days=ago)
            made.moment(tenant, ann, at, channel="paid_search", page_views=4, detail="/winter/" + "coats-" * 30,
                        visitor_id=phone if ago % 2 else "laptop", campaign_id=7, link_id=8)  # fmt: skip
            said: dict[str, Any] = {"detail": LONG[:190], "currency": "EUR", "visitor_id": ann}
            if ago % 3 == 0:
                made.moment(tenant, ann, at + timedelta(minutes=4), "conversion", value=1234.5, **said)
                made.conversion(tenant, ann if ago else f"user:{ago}", at, goal=LONG[:190], value=1234.5)
        made.moment(tenant, ann, noon, "identity", detail="contact:7", visitor_id=phone)
        made.moment(
            tenant, ann, noon, "refund", detail="Purchases", value=-20, currency="EUR", visitor_id=ann
        )
        for ago in range(90):
            made.tracked(
                tenant, noon.date() - timedelta(days=ago), received=12_345 + 100 * (ago % 7), events=11_000, copies=1_345,
                events_by_kind={"page_view": 9_000, "unbroken" * 8: 2_000}, clocks_corrected=1_000,
                events_by_lateness={"within an hour": 9_000, "within a day": 500, "within three days": 900, "later": 600},
                rejected=2_000 + 10 * ago, rejected_by_reason={"wrong_origin": 2_000, "too_long": 10 * ago},
                events_of_programs=6_000 if ago < 40 else 700, share_with_consent=0.7, share_refused=0.2,
                events_without_visitor=70, human_page_views=9_000, unknown_channels=2_500 + ago, conversions=90,
                conversions_without_value=9, conversions_without_currency=1, click_ids=100, unmatched_click_ids=40,
                devices_shared=1, people_crowded=1, devices_refused=2,
            )  # fmt: skip
    return {
        "GET /visitors": ["/visitors", "/visitors?called=contact&name=nobody%40example.com"],
        "GET /visitors/{visitor_id}": [f"/visitors/{phone}", f"/visitors/{ann}", "/visitors/till"],
        "GET /tracking": ["/tracking", "/tracking?days=90"],
    }


def of_hold_outs(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One that is to come, one that runs, one that has found something, one that has not, and one that was called off."""
    tenant, today = people[MemberRole.ADMIN].tenant, datetime.now(UTC).date()
    in_days = [today + timedelta(days=ahead) for ahead in range(-60, 30)]
    half = Decimal("0.5")
    made = [
        planned(settings, tenant, question=LONG),
        begun(settings, tenant, in_days[50], in_days[70], name=LONG[:190]),
        begun(settings, tenant, in_days[20], in_days[40], name="Letters in spring", share=half),
        begun(settings, tenant, in_days[42], in_days[58], name="Retargeting", share=half),
        ended(settings, tenant, planned(settings, tenant, name="Never mind").id),
    ]
    with events.connect(settings) as client:
        rows = Marts(client)
        bought = drawn_people(rows, tenant, 600, made[2], treated=0.3, held_out=0.1)
        bought += drawn_people(rows, tenant, 0, made[3], treated=0.2, held_out=0.2)
        assert bought
    one, paths = "GET /hold-outs/{hold_out_id}", [f"/hold-outs/{it.id}" for it in made]
    looked_for = [f"{paths[2]}?person=user:1", f"{paths[2]}?person=nobody"]
    return {"GET /hold-outs/new": ["/hold-outs/new", "/hold-outs/new?days=56"], one: [*paths, *looked_for]}


def entrances(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """Pages behind the links of mails, and what a page says when there is nothing behind its address."""
    admin = people[MemberRole.ADMIN]
    forms = admin.forms()
    forms.post_signed("/people/invite", email=ADDRESS, name="Nia " + "van der " * 20, role="marketer")
    with records.session(settings, Role.CONSOLE, tenant=admin.tenant) as session:
        [invitation] = invitations.open_ones(session, admin.tenant)
        join = invitations.token_of(settings, invitation)
        reset = password_resets.begin(
            session, settings, UserId(people[MemberRole.VIEWER].id), datetime.now(UTC)
        )
    return {
        "GET /join": [f"/join?token={join}", "/join?token=spent"],
        "GET /reset": [f"/reset?token={reset}"],
        "": ["/no/such/page"],
    }


def around(settings: Settings, people: dict[MemberRole, Person]) -> None:
    """What the rest of the house has to tell."""
    admin, marketer = people[MemberRole.ADMIN], people[MemberRole.MARKETER]
    today = datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)
    with events.connect(settings) as client:
        client.command(CHANNEL_DAILY)
        rows = [
            [marketer.tenant, today.date() - timedelta(days=ago), channel, "EUR", 5200, 4100 + 37 * ago, 1100, 99_000,
             2000, 1_234_567 / (1 + ago % 5), 10.0 + ago % 7, 30_000]
            for ago in range(190) for channel in ("email", "paid_search", "social")
        ]  # fmt: skip
        client.insert("marts.channel_daily", rows, column_names=COLUMNS)
        stories = [
            (f"{LONG[:90]} {n}" if n % 3 else f"Boots {n}", f"https://a.example/{n}", 9 + n, 2 + n % 4)
            for n in range(8)
        ]
        digested(client, marketer.tenant, today, *stories)
    with records.session(settings, Role.PIPELINES) as session:
        for name, status, error in (
            ("A feed with " + "unbroken" * 12, FeedStatus.FAILING, "answered 500 " + "again" * 30),
            ("Gone", FeedStatus.RETIRED, ""),
        ):
            session.add(
                Feed(
                    tenant_id=admin.tenant,
                    name=name,
                    url=f"https://{name[:4].strip().lower()}.example/feed",
                    status=status,
                    last_error=error or None,
                )
            )
        actor = Actor(ActorKind.RUN, "0123")
        for number in range(60):
            after = {"state": "held", "because": LONG if number % 7 == 0 else "the window is closed"}
            audit_log.append(session, admin.tenant, actor, "hold", "action", 900_000 + number, {}, after)
    done(settings, marketer, RUN, {"feeds": 12, "entries": 1_234_567, "failing": 1})
    ask(settings, admin, RunKind.VERIFY_AUDIT)
    a_key(marketer, name="k" * 100)
    a_key(admin, "actions:read")
    forms = admin.forms()
    forms.post_signed("/pixel/keys", origins="https://shop.example https://www.shop.example")
    with marketer.api() as api:
        api.post(
            "/kill-switch", json={"engaged": True, "scope": "type", "subject": "social_post", "reason": LONG}
        ).raise_for_status()
    alerting.raise_alerts(settings)


@contextmanager
def empty_console(house: Settings) -> Iterator[str]:
    """A console that nobody has an account in; gives the address of its page for setting it up."""
    with psycopg.connect(postgres.superuser_url(house), autocommit=True) as connection:
        connection.execute(f"drop database if exists {EMPTY} with (force)")
        connection.execute(
            sql.SQL("create database {} owner {}").format(sql.Identifier(EMPTY), sql.Identifier(Role.OWNER))
        )
    url = house.postgres_url(Role.OWNER, "postgresql").rpartition("/")[0] + f"/{EMPTY}"
    settings = house.model_copy(update={"database_url": SecretStr(url)})
    migrations.migrate_postgres(settings)
    with served(create_app(settings)) as site:
        yield f"{site}/setup?token={front_door.setup_token(settings)}"


__all__ = ["PASSWORD", "Furnished", "Scheme", "empty_console", "furnished"]
