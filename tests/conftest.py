"""The real parts that tests stand on: one embedded Postgres and ClickHouse for the session, a tenant for each test."""

import os
import signal
import ssl
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck
from xdist.scheduler import LoadFileScheduling

from cli import readiness
from store import events, migrations, records
from store.embedded import commands, postgres
from store.records.schema import TenantId
from store.records.tenants import Tenant
from store.settings import Role, Service, Settings, load
from tests.days import until_tomorrow

# A shared machine may pause in any example; how long one takes says nothing.
hypothesis.settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("unhurried")

STARTS_WITHIN = 60.0
NEAR_MIDNIGHT = timedelta(seconds=30)
# Read once for all clients: reading the authorities' certificates takes longer than most tests.
TRUST = ssl.create_default_context()
HOUSE = "tests/house/"


class WholeFiles(LoadFileScheduling):
    """Side by side, a worker takes whole files, and one takes all that shares the one whole house."""

    def _split_scope(self, nodeid: str) -> str:
        return HOUSE if nodeid.startswith(HOUSE) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeFiles:
    return WholeFiles(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The house takes longest and so comes first."""
    items.sort(key=lambda item: not item.nodeid.startswith(HOUSE))


def pytest_runtest_setup() -> None:
    """A test that begins on one day and ends on another would ask for the wrong one."""
    if (left := until_tomorrow()) < NEAR_MIDNIGHT:
        time.sleep(left.total_seconds())


def free_port_base() -> int:
    """A base of its own for each worker, though all of them look at once."""
    return readiness.free_base(21000 + os.getpid() % 400 * 20, 20)


def wait_until(
    what: str, ready: Callable[[], bool], within: float = STARTS_WITHIN, *, every: float = 0.1
) -> None:
    deadline = time.monotonic() + within
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not ready after {within:.0f} s")
        time.sleep(every)


@contextmanager
def process(
    command: list[str], environment: dict[str, str], log: Path, stop: signal.Signals = signal.SIGTERM
) -> Iterator[subprocess.Popen[bytes]]:
    """A real process that is stopped politely at the end, and its log kept for the failure report."""
    with log.open("ab") as output:
        child = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(stop)
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of an installation with its Postgres up and migrated: for tests that need no ClickHouse."""
    data = tmp_path_factory.mktemp("house")
    # A busy machine may take its time: what is given up after a while is tested where it belongs.
    house = load(_env_file=None, data_dir=data, port_base=free_port_base(), api_query_seconds=300)
    with process(commands.postgres(), environment_of(house), data / "postgres.log", signal.SIGINT):
        wait_until("Postgres", lambda: postgres.is_ready(house))
        postgres.ensure_databases(house)
        migrations.migrate_postgres(house)
        yield house


@pytest.fixture(scope="session")
def settings(house: Settings) -> Iterator[Settings]:
    """The same installation with its ClickHouse up and migrated as well."""
    log = house.data_dir / "clickhouse.log"
    with process(commands.clickhouse(house), environment_of(house), log):
        wait_until("ClickHouse", lambda: readiness.answers_tcp(house.port(Service.CLICKHOUSE)))
        migrations.migrate_clickhouse(house)
        yield house


def environment_of(house: Settings) -> dict[str, str]:
    """What a process of this installation finds in its environment."""
    return {**os.environ, "DATA_DIR": str(house.data_dir), "PORT_BASE": str(house.port_base)}


@pytest.fixture(scope="session")
def environment(settings: Settings) -> dict[str, str]:
    return environment_of(settings)


@pytest.fixture
def tenant(house: Settings) -> TenantId:
    """A tenant that no other test has."""
    slug = f"t-{uuid.uuid4().hex[:12]}"
    with records.session(house, Role.OWNER) as session:
        row = Tenant(slug=slug, name=slug)
        session.add(row)
        session.flush()
        return row.id


@pytest.fixture
def clickhouse(settings: Settings) -> Iterator[events.Client]:
    client = events.connect(settings)
    yield client
    client.close()
