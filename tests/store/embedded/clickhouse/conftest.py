"""A server a file, its clients, and a table."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tests.store.embedded.clickhouse.curl import Curl
from tests.store.embedded.clickhouse.running_server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("clickhouse"))
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with server.client() as connected:
        yield connected


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """One that the test starts, stops and kills itself."""
    own = Server(tmp_path)
    yield own
    if own.process is not None and own.process.poll() is None:
        own.kill()


@pytest.fixture
def curl(server: Server) -> Curl:
    return Curl(server)


@pytest.fixture
def table(client: Client) -> Iterator[str]:
    client.command(
        "CREATE TABLE rows (id UInt64, name String, at DateTime('UTC')) ENGINE = MergeTree ORDER BY id"
    )
    yield "rows"
    client.command("DROP TABLE rows")
