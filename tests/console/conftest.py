"""A console on a real server, and people who work in it."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser
from sqlalchemy import delete
from starlette.applications import Starlette

from connectors import sandbox
from console.app import create_app
from console.rates import Rates
from store import records
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.records.sign_in_tries import SignInTries
from store.records.system_mails import SystemMail
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.browser import chromium
from tests.conftest import wait_until
from tests.console.mailing import Post
from tests.console.providers import apps_at
from tests.console.visitors import Person, everyone
from tests.outbound.conftest import mail_server_log
from tests.outbound.office import MailServer

__all__ = ["mail_server_log"]


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The application on a real server, on a port of the kernel's choice."""
    server = uvicorn.Server(
        uvicorn.Config(
            app, host="127.0.0.1", port=0, log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until("the console", lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="session")
def providers() -> Iterator[str]:
    """The address of a sandbox at which people consent."""
    with served(sandbox.create_app()) as address:
        yield address


@pytest.fixture(scope="session")
def console_app(house: Settings, providers: str) -> FastAPI:
    return create_app(house.model_copy(update={"channel_apps": apps_at(providers)}))


@pytest.fixture(scope="session")
def site_of_the_session(console_app: FastAPI) -> Iterator[str]:
    with served(console_app) as address:
        yield address


@pytest.fixture
def site(house: Settings, console_app: FastAPI, site_of_the_session: str) -> str:
    """The console's address; nobody has tried to sign in yet, nor asked too often."""
    with records.session(house, Role.OWNER) as session:
        session.execute(delete(SignInTries))
    console_app.state.rates = Rates(house.api_rate_per_minute)
    return site_of_the_session


@pytest.fixture
def post(house: Settings, mail_server_log: MailServer) -> Iterator[Post]:
    """A console with a mail server; mails of tests before are gone."""
    with records.session(house, Role.OWNER) as session:
        session.execute(delete(SystemMail))
        session.execute(delete(SignInTries))
    mailing = {"smtp_host": "127.0.0.1", "smtp_port": mail_server_log.port, "smtp_tls": False}
    settings = house.model_copy(update=mailing | {"mail_from": "Console <console@house.example>"})
    with served(create_app(settings)) as address:
        yield Post(settings, address, mail_server_log)


@pytest.fixture
def people(house: Settings, site: str, tenant: TenantId) -> dict[MemberRole, Person]:
    """One person for each role, in a tenant of their own."""
    return everyone(house, site, tenant)


@pytest.fixture
def strangers(house: Settings, site: str) -> dict[MemberRole, Person]:
    """The same in another tenant."""
    with records.session(house, Role.OWNER) as session:
        other = Tenant(slug=f"s-{uuid.uuid4().hex[:12]}", name="Strangers")
        session.add(other)
        session.flush()
        tenant = other.id
    return everyone(house, site, tenant)


@pytest.fixture
def marketer(people: dict[MemberRole, Person]) -> Person:
    return people[MemberRole.MARKETER]


@pytest.fixture
def approver(people: dict[MemberRole, Person]) -> Person:
    return people[MemberRole.APPROVER]


@pytest.fixture
def viewer(people: dict[MemberRole, Person]) -> Person:
    return people[MemberRole.VIEWER]


@pytest.fixture
def admin(people: dict[MemberRole, Person]) -> Person:
    return people[MemberRole.ADMIN]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened
