"""A tenant whose every screen has something on it, long words and big numbers among it, and the address of each page."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import psycopg
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, BrowserContext
from psycopg import sql
from pydantic import SecretStr

from console.app import create_app
from console.people import front_door
from marketing_pipelines.monitoring import alerting
from store import events, migrations, records
from store.audit import Actor, ActorKind
from store.embedded import postgres
from store.records import (
    audit_log,
    invitations,
    password_resets,
)
from store.records.actions import ActionType
from store.records.feeds import Feed, FeedStatus
from store.records.people import MemberRole
from store.records.requested_runs import RunKind
from store.records.schema import TenantId, UserId
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.conftest import free_port_base
from tests.console.conftest import served
from tests.console.frame.test_pages import CHANNEL_DAILY
from tests.console.furniture.making import (
    actions,
    of_assets,
    of_campaigns,
    of_exports,
    of_goals,
    of_hold_outs,
    of_links,
    of_uploads,
)
from tests.console.furniture.sources import of_connections, of_feeds, of_stories
from tests.console.furniture.watching import (
    clear_warehouse,
    of_attribution,
    of_people_who_came,
    of_posts,
    of_visitors,
)
from tests.console.furniture.words import ADDRESS, LONG
from tests.console.people.test_keys import made as a_key
from tests.console.providers import apps_at
from tests.console.visitors import PASSWORD, Person, everyone
from tests.console.watching.test_overview import COLUMNS
from tests.console.watching.test_run_pages import RUN, Webserver, a_run, ask, done, told
from tests.outbound.office import MailServer, an_office
from tests.trends.digests import digested

Scheme = Literal["light", "dark"]
EMPTY = "empty_records_to_look_at"


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
        of_posts(settings, people)
        yield Furnished(settings, site, people[MemberRole.ADMIN], pages)


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
        "GET /posts": ["/posts", "/posts?days=90&platform=linkedin"],
        "GET /login": ["/login?next=/keys"],
        "GET /actions": ["/actions", "/actions?state=denied&type=email&text=sale"],
        "GET /campaigns": ["/campaigns", "/campaigns?text=nothing+is+like+this"],
        "GET /calendar": ["/calendar", "/calendar?view=week"],
        "GET /audit": ["/audit", "/audit?entity=user&entity_id=none"],
        "GET /actions/new/{type}": [f"/actions/new/{type}" for type in ActionType],
    }


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
