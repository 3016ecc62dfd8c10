"""The services' very commands, from a clean environment, against real stores; their own healthchecks judge them."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cli.readiness import answers_tcp
from store import passwords, records
from store.embedded import commands, postgres
from store.records.people import MemberRole, Membership, User
from store.records.tenants import Tenant
from store.settings import Role, Service, Settings, load
from tests.conftest import environment_of, free_port_base, process, wait_until
from tests.deploy import image
from tests.deploy.conftest import ROOT

# The first test waits for every store and service to start.
pytestmark = pytest.mark.timeout(600)

CADDY = Path(sys.executable).with_name("caddy")
PASSWORD = "a password of the test"
# As the compose file has them, and the place of each among a house's ports.
PORTS = {"8000": 0, "8001": 1, "8002": 2, "8005": 5}
# Of two that listen on the same port, each in a container of its own, one gets another place on this host.
ELSEWHERE = {"reader": {"8002": 6}}
LISTENS_ON = {
    "collector": Service.COLLECTOR,
    "console": Service.CONSOLE,
    "code-server": Service.CODE_SERVER,
    "webserver": Service.DAGSTER,
    "reader": Service.SANDBOX,
}


@dataclass(frozen=True)
class Host:
    """One host with empty stores, on which compose's services are started one by one."""

    stores: Settings
    services: dict[str, dict[str, Any]]
    app: Path
    hidden: Path
    data: Path

    def port(self, service: Service) -> int:
        return self.stores.port(service)

    def local(self, text: str, service: str = "") -> str:
        """What a container calls by name, or listens on, as this host has it."""
        places = PORTS | ELSEWHERE.get(service, {})
        postgres_at = f"@127.0.0.1:{self.port(Service.POSTGRES)}/"
        text = text.replace("@postgres:5432/", postgres_at).replace("0.0.0.0", "127.0.0.1")  # noqa: S104 (the other way round)
        text = re.sub(r"http://mp:\w+@clickhouse:8123/", self.stores.clickhouse_address(), text)
        text = text.replace("/data", str(self.data)) if text.startswith("/data") else text
        ports = r"(?<![\w.])(800[0125])(?!\w)"
        return re.sub(ports, lambda found: str(self.stores.port_base + places[found[1]]), text)

    def environment(self, service: str) -> dict[str, str]:
        given = {
            name: self.local(str(value), service)
            for name, value in self.services[service]["environment"].items()
        }
        if given.get("DAGSTER_CODE_SERVER_HOST"):
            given["DAGSTER_CODE_SERVER_HOST"] = "127.0.0.1"
        # A code server that is asked to stop lets its sensors' ticks end.
        own = {"PORT_BASE": str(self.stores.port_base), "GATE_TICK_SECONDS": "1"}
        return image.environment(given | own, self.app, self.hidden)

    def command(self, words: list[str], service: str) -> list[str]:
        python = {"python": sys.executable}
        program = python.get(words[0]) or str(Path(sys.executable).with_name(words[0]))
        return [program, *(self.local(word, service) for word in words[1:])]

    @contextmanager
    def start(self, service: str) -> Iterator[subprocess.Popen[bytes]]:
        command = self.command(self.services[service]["command"], service)
        with ExitStack() as started:
            with chdir(self.app):
                run = process(command, self.environment(service), self.log(service))
                child = started.enter_context(run)
            yield child

    def run(self, service: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """A service's command until it ends by itself."""
        return subprocess.run(
            self.command(self.services[service]["command"], service),
            env=self.environment(service) | changed,
            cwd=self.app,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def log(self, service: str) -> Path:
        return self.data / f"{service}.log"

    def until_healthy(self, service: str) -> None:
        """Each look is a process of its own, which would slow down what it looks at: so the first one comes late."""
        log = self.log(service)
        if service in LISTENS_ON:
            port = self.port(LISTENS_ON[service])
            wait_until(f"{service} ({log})", lambda: answers_tcp(port), 150)
        wait_until(f"{service} ({log})", lambda: self.is_healthy(service), 150, every=3)

    def is_healthy(self, service: str) -> bool:
        kind, *words = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        checked = subprocess.run(
            self.command(words, service),
            env=self.environment(service),
            cwd=self.app,
            capture_output=True,
            check=False,
        )
        return checked.returncode == 0


@pytest.fixture(scope="module")
def host(
    services: dict[str, dict[str, Any]], example: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    """Empty stores, made ready by the very scripts and commands that compose would run."""
    data = tmp_path_factory.mktemp("host")
    hidden = image.without_development_packages(data / "hidden")
    stores = load(_env_file=None, data_dir=data / "stores", port_base=free_port_base())
    stores.data_dir.mkdir()
    environment = environment_of(stores)
    with (
        process(commands.postgres(), environment, data / "postgres.log", signal.SIGINT),
        process(commands.clickhouse(stores), environment, data / "clickhouse.log"),
    ):
        wait_until("Postgres", lambda: postgres.is_ready(stores))
        wait_until("ClickHouse", lambda: answers_tcp(stores.port(Service.CLICKHOUSE)))
        first_start(stores, services["postgres"]["environment"])
        found = Host(stores, services, image.built(data / "image"), hidden, data)
        migrated = found.run("migrate")
        assert migrated.returncode == 0, migrated.stdout + migrated.stderr
        yield found


def first_start(stores: Settings, given: dict[str, str]) -> None:
    """What the Postgres image does with the scripts of docker-entrypoint-initdb.d."""
    subprocess.run(
        ["bash", str(ROOT / "deploy" / "postgres-init.sh")],
        env={
            "PATH": f"{postgres.binary('psql').parent}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(stores.port(Service.POSTGRES)),
            "PGPASSWORD": postgres.superuser_password(stores),
            "POSTGRES_USER": postgres.SUPERUSER,
            **given,
        },
        check=True,
    )


def test_the_owner_can_do_no_more_than_own(host: Host) -> None:
    """No log-in that a process has is a superuser, passes by row-level security, or reaches Dagster's database."""
    with psycopg.connect(postgres.superuser_url(host.stores)) as connection:
        rows = connection.execute(
            "select rolname, rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname like 'mp_%'"
        ).fetchall()
    assert {name for name, *_ in rows} == {role.value for role in Role}
    assert not [name for name, superuser, bypass, _ in rows if superuser or bypass]
    assert [name for name, _, _, creates in rows if creates] == [Role.OWNER]
    address = host.environment("console")["DATABASE_URL"].replace("/marketing_pipelines", "/dagster")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(address)


def test_migrating_again_changes_nothing(host: Host) -> None:
    again = host.run("migrate")
    assert again.returncode == 0, again.stdout + again.stderr


@pytest.mark.parametrize("service", ["migrate", "collector", "shipper", "console"])
def test_a_placeholder_secret_is_refused(host: Host, service: str) -> None:
    refused = host.run(service, SECRET_KEY="changeme")
    assert refused.returncode == 2
    assert "SECRET_KEY" in refused.stderr
    assert "changeme" not in refused.stderr


@pytest.fixture(scope="module")
def running(host: Host) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Every service of ours, started in the order of compose, each healthy by its own check."""
    found: dict[str, subprocess.Popen[bytes]] = {}
    with ExitStack() as started:
        for together in (
            ("collector", "shipper", "console", "code-server"),
            ("webserver", "reader"),
            ("daemon",),
        ):
            found |= {service: started.enter_context(host.start(service)) for service in together}
            for service in together:
                host.until_healthy(service)
        yield found


@pytest.fixture(scope="module")
def proxy(
    host: Host, running: dict[str, subprocess.Popen[bytes]], example: dict[str, str]
) -> Iterator[Callable[[str], str]]:
    """Caddy with the very Caddyfile, but on plain ports of its own: gives a site's address by its name."""
    names = ("CONSOLE_HOST", "COLLECTOR_HOST", "DAGSTER_HOST")
    sites = {
        name: f"http://127.0.0.1:{host.stores.port_base + 10 + place}" for place, name in enumerate(names)
    }
    text = (ROOT / "deploy" / "Caddyfile").read_text()
    for name, address in sites.items():
        text = text.replace(f"https://{{${name}}}", address).replace(f"{{${name}}}", address)
    text = text.replace("{$ACME_EMAIL}", example["ACME_EMAIL"]).replace("\temail", "\tadmin off\n\temail")
    text = re.sub(
        r"(console|collector|webserver|reader):(\d+)",
        lambda at: f"127.0.0.1:{host.local(at[2], at[1])}",
        text,
    )
    config = host.data / "Caddyfile"
    config.write_text(text)
    environment = {"HOME": str(host.data), "PATH": "/usr/bin:/bin"}
    command = [str(CADDY), "run", "--config", str(config), "--adapter", "caddyfile"]
    assert all(child.poll() is None for child in running.values())
    with process(command, environment, host.data / "caddy.log"):
        wait_until("Caddy", lambda: all(answers_tcp(int(site.rpartition(":")[2])) for site in sites.values()))
        yield sites.__getitem__


@pytest.fixture(scope="module")
def cookies(host: Host, proxy: Callable[[str], str]) -> dict[MemberRole, str]:
    """Log-ins under the Dagster UI's own name, by role."""
    found = {}
    for role in MemberRole:
        email = f"{role}@house.example"
        person(host, email, role)
        ui = proxy("DAGSTER_HOST")
        answer = httpx.post(
            f"{ui}/login",
            data={"email": email, "password": PASSWORD, "next": "/"},
            headers={"Origin": ui},
        )
        assert answer.status_code == 303, answer.text
        found[role] = answer.headers["set-cookie"].partition(";")[0]
    return found


def person(host: Host, email: str, role: MemberRole) -> None:
    owner = load(_env_file=None, database_url=host.environment("migrate")["DATABASE_URL"])
    with records.session(owner, Role.OWNER) as session:
        tenant = records.tenants.by_slug(session, "house") or Tenant(slug="house", name="House")
        user = User(email=email, name=email, password_hash=passwords.hashed(PASSWORD))
        session.add_all([tenant, user])
        session.flush()
        session.add(Membership(tenant_id=tenant.id, user_id=user.id, role=role))


def test_the_dagster_ui_is_behind_the_consoles_log_in(
    proxy: Callable[[str], str], cookies: dict[MemberRole, str]
) -> None:
    ui = proxy("DAGSTER_HOST")
    for path in ("/", "/graphql", "/server_info", "/assets"):
        stranger = httpx.get(f"{ui}{path}")
        assert stranger.status_code == 302, path
        assert stranger.headers["location"].startswith("/login"), path
        forged = httpx.get(f"{ui}{path}", headers={"Cookie": "__Host-console=forged", "X-Auth-User": "1"})
        assert forged.status_code == 302, path
    assert httpx.post(f"{ui}/graphql", json={"query": "{ version }"}).status_code in (302, 303, 401, 403)
    assert httpx.get(f"{ui}/login").status_code == 200
    admin = httpx.get(f"{ui}/server_info", headers={"Cookie": cookies[MemberRole.ADMIN]})
    assert admin.status_code == 200
    assert "dagster_version" in admin.json()


PERMISSIONS = "{ permissions { permission value } }"


@pytest.mark.parametrize("role", list(MemberRole))
def test_every_role_is_led_to_the_ui_that_is_meant_for_it(
    proxy: Callable[[str], str], cookies: dict[MemberRole, str], role: MemberRole
) -> None:
    """Also when the browser itself says which door it wants."""
    ui = proxy("DAGSTER_HOST")
    asked = {"Cookie": cookies[role], "Origin": ui, "X-Auth-Door": "works"}
    answer = httpx.post(f"{ui}/graphql", json={"query": PERMISSIONS}, headers=asked, timeout=60)
    may = {row["permission"]: row["value"] for row in answer.json()["data"]["permissions"]}
    works = role in {MemberRole.ADMIN, MemberRole.ANALYST, MemberRole.MARKETER}
    assert may["launch_pipeline_execution"] is works
    assert may["delete_pipeline_run"] is works


def test_no_link_and_no_other_site_speaks_graphql(
    proxy: Callable[[str], str], cookies: dict[MemberRole, str]
) -> None:
    ui, signed_in = proxy("DAGSTER_HOST"), {"Cookie": cookies[MemberRole.ADMIN]}
    query = {"query": "{ version }"}
    by_link = httpx.get(f"{ui}/graphql", params=query, headers=signed_in)
    assert by_link.status_code == 405
    foreign = httpx.post(f"{ui}/graphql", json=query, headers=signed_in | {"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    own = httpx.post(f"{ui}/graphql", json=query, headers=signed_in | {"Origin": ui})
    assert own.json()["data"]["version"]


def test_the_uis_socket_opens_for_its_own_pages_only(
    proxy: Callable[[str], str], cookies: dict[MemberRole, str]
) -> None:
    ui, cookie = proxy("DAGSTER_HOST"), cookies[MemberRole.ADMIN]
    assert handshake(ui, {"Cookie": cookie, "Origin": ui}) == 101
    assert handshake(ui, {"Cookie": cookie, "Origin": "https://evil.example"}) == 403
    assert handshake(ui, {"Cookie": cookie}) == 403
    assert handshake(ui, {"Origin": ui}) == 302


def handshake(site: str, headers: dict[str, str]) -> int:
    """Asks for a web socket as a browser does, and gives the status of the answer."""
    connection = HTTPConnection(site.removeprefix("http://"), timeout=30)
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "graphql-ws",
    }
    try:
        connection.request("GET", "/graphql", headers=asked | headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_console_and_collector_answer_by_their_names(proxy: Callable[[str], str]) -> None:
    for name in ("CONSOLE_HOST", "COLLECTOR_HOST"):
        assert httpx.get(f"{proxy(name)}/healthz").status_code == 200
    assert httpx.get(f"{proxy('CONSOLE_HOST')}/graphql").status_code == 404
    pixel = httpx.get(f"{proxy('COLLECTOR_HOST')}/t.js")
    assert pixel.status_code == 200
    assert "javascript" in pixel.headers["content-type"]


def test_every_service_started_from_a_clean_environment_and_stops_in_time(
    host: Host, running: dict[str, subprocess.Popen[bytes]]
) -> None:
    for service, child in running.items():
        assert child.poll() is None, host.log(service).read_text()
    # A code server lets its runs end, and a quarter of an hour may just have brought one that builds the warehouse.
    running["daemon"].terminate()
    wait_until("the runs that were under way", lambda: runs_under_way(host) == 0, 400)
    for child in running.values():
        child.terminate()
    for service, child in running.items():
        child.wait(int(host.services[service].get("stop_grace_period", "10s").rstrip("s")))
    # Dagster's processes call a stop an abort; ours end well, or by the very signal.
    for service in ("collector", "shipper", "console"):
        assert running[service].returncode in (0, -signal.SIGTERM), host.log(service).read_text()


def runs_under_way(host: Host) -> int:
    address = make_conninfo(postgres.superuser_url(host.stores), dbname="dagster")
    with psycopg.connect(address) as connection:
        found = connection.execute(
            "select count(*) from runs where status in ('STARTING', 'STARTED', 'CANCELING')"
        ).fetchone()
    assert found is not None
    return found[0]
