"""A house of its own for those tests that kill its stores."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from cli import readiness
from store import migrations
from store.embedded import commands, postgres
from store.settings import Service, Settings, load
from tests.conftest import environment_of, free_port_base, wait_until


@dataclass
class Stores:
    """An embedded Postgres and ClickHouse, and what can befall them."""

    settings: Settings
    running: dict[Service, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, service: Service) -> None:
        house = self.settings
        command = commands.postgres() if service is Service.POSTGRES else commands.clickhouse(house)
        with (house.data_dir / f"{service}.log").open("ab") as output:
            self.running[service] = subprocess.Popen(
                command, env=environment_of(house), stdout=output, stderr=subprocess.STDOUT
            )
        is_up = postgres.is_ready if service is Service.POSTGRES else _takes_connections
        wait_until(service, lambda: is_up(house))

    def kill(self, service: Service, how: signal.Signals = signal.SIGKILL) -> None:
        """SIGQUIT is Postgres' immediate shutdown, and kinder to the machine than SIGKILL: it leaves no shared memory."""
        self.running[service].send_signal(how)
        self.running[service].wait(20)

    def freeze(self, service: Service) -> None:
        self._signal(service, signal.SIGSTOP)

    def thaw(self, service: Service) -> None:
        self._signal(service, signal.SIGCONT)

    def _signal(self, service: Service, how: signal.Signals) -> None:
        """The server, and the processes that it has for its clients."""
        server = self.running[service].pid
        found = subprocess.run(["pgrep", "-P", str(server)], capture_output=True, text=True, check=False)
        for process in (server, *map(int, found.stdout.split())):
            os.kill(process, how)


def _takes_connections(house: Settings) -> bool:
    return readiness.answers_tcp(house.port(Service.CLICKHOUSE))


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    data = tmp_path_factory.mktemp("doomed")
    doomed = Stores(load(_env_file=None, data_dir=data, port_base=free_port_base()))
    try:
        doomed.start(Service.POSTGRES)
        postgres.ensure_databases(doomed.settings)
        migrations.migrate_postgres(doomed.settings)
        doomed.start(Service.CLICKHOUSE)
        migrations.migrate_clickhouse(doomed.settings)
        yield doomed
    finally:
        for service, how in ((Service.CLICKHOUSE, signal.SIGTERM), (Service.POSTGRES, signal.SIGINT)):
            if service in doomed.running and doomed.running[service].poll() is None:
                doomed.kill(service, how)
