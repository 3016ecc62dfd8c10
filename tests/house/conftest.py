"""The whole house, brought up as a newcomer does, once for all tests of this folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from cli import signposts
from cli.house import ROOT
from store import events
from store.settings import Settings, load
from tests.browser import chromium
from tests.conftest import free_port_base, wait_until

MP = Path(sys.executable).with_name("mp")
READY_WITHIN = 780.0


@dataclass(frozen=True)
class House:
    """A running house: what `mp status --json` says of it, and its settings."""

    settings: Settings
    environment: dict[str, str]
    status: dict[str, Any]
    screen: Path

    @property
    def demo(self) -> dict[str, Any]:
        return self.status["demo"]

    def url(self, name: str) -> str:
        return self.status["urls"][name]

    def query(self, text: str, **parameters: Any) -> list[tuple[Any, ...]]:
        client = events.connect(self.settings)
        try:
            return [tuple(row) for row in client.query(text, parameters=parameters).result_rows]
        finally:
            client.close()

    def api(self, role: str) -> httpx.Client:
        """The API as one of the demo's people."""
        console, log_in = self.url("console"), self.demo["log_ins"][role]
        token = httpx.post(f"{console}/api/auth/login", json=log_in).raise_for_status().json()["access_token"]
        return httpx.Client(
            base_url=f"{console}/api", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )

    def mails(self) -> list[dict[str, Any]]:
        """What the demo's mail server has received."""
        path = Path(self.demo["mail"])
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.url('dagster')}/graphql", json={"query": query, "variables": variables}, timeout=60
        )
        body = answer.raise_for_status().json()
        assert "errors" not in body, body["errors"]
        return body["data"]


def mp(environment: dict[str, str], *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(MP), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        **options,
    )


def status_of(environment: dict[str, str]) -> dict[str, Any]:
    done = mp(environment, "status", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def look(environment: dict[str, str]) -> dict[str, Any]:
    """The same without a process for each look, which would slow down what it looks at."""
    return signposts.status(settings_of(environment))


def settings_of(environment: dict[str, str]) -> Settings:
    data, base = Path(environment["DATA_DIR"]), int(environment["PORT_BASE"])
    return load(_env_file=None, data_dir=data, port_base=base)


def start(environment: dict[str, str], screen: Path, *arguments: str) -> subprocess.Popen[bytes]:
    with screen.open("ab") as output:
        return subprocess.Popen(
            [str(MP), "up", *arguments], env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT
        )


def until_ready(
    process: subprocess.Popen[bytes], environment: dict[str, str], screen: Path
) -> dict[str, Any]:
    def ready() -> bool:
        assert process.poll() is None, screen.read_text()[-4000:]
        return look(environment)["ready"]

    try:
        wait_until("the house", ready, READY_WITHIN, every=0.5)
    except TimeoutError:
        waiting_for = look(environment)["waiting_for"]
        pytest.fail(f"waiting for {waiting_for}; the end of the screen:\n{screen.read_text()[-4000:]}")
    return status_of(environment)


def stop(process: subprocess.Popen[bytes]) -> float:
    """Ctrl-C; how long it took to end."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    return time.monotonic() - began


@pytest.fixture(scope="package")
def house_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A house of its own, or the one that is up already: USE_RUNNING_HOUSE=1 makes writing a test bearable."""
    if os.environ.get("USE_RUNNING_HOUSE"):
        return dict(os.environ)
    data = tmp_path_factory.mktemp("up")
    return {**os.environ, "DATA_DIR": str(data), "PORT_BASE": str(free_port_base())}


@pytest.fixture(scope="package")
def running(house_environment: dict[str, str]) -> Iterator[House]:
    """`mp up` on an empty data directory, until it says that it is ready."""
    screen = Path(house_environment["DATA_DIR"]) / "screen.txt"
    settings = settings_of(house_environment)
    if os.environ.get("USE_RUNNING_HOUSE"):
        yield House(settings, house_environment, status_of(house_environment), screen)
        return
    process = start(house_environment, screen)
    try:
        status = until_ready(process, house_environment, screen)
        yield House(settings, house_environment, status, screen)
    finally:
        if process.poll() is None:
            stop(process)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched
