"""The house that a bench measures: embedded engines of its own on free ports, for as long as a block lasts."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.processes import running
from cli import readiness
from store import migrations
from store.embedded import commands, postgres
from store.settings import Service, Settings, load


def settled(data: Path, **said: Any) -> Settings:
    """The settings of a house that keeps everything in one folder and reads no `.env`."""
    return load(_env_file=None, data_dir=data, port_base=readiness.free_base(18000, 20), **said)


def environment(house: Settings) -> dict[str, str]:
    """What a process of this house is started with."""
    return {**os.environ, "DATA_DIR": str(house.data_dir), "PORT_BASE": str(house.port_base)}


@contextmanager
def with_records(house: Settings) -> Iterator[None]:
    """Postgres, migrated and empty."""
    with running(
        commands.postgres(),
        lambda: postgres.is_ready(house),
        environment=environment(house),
        stop=signal.SIGINT,
    ):
        postgres.ensure_databases(house)
        migrations.migrate_postgres(house)
        yield


@contextmanager
def with_clickhouse(house: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """The embedded ClickHouse as a process, not migrated."""
    port = house.port(Service.CLICKHOUSE)
    with running(
        commands.clickhouse(house), lambda: readiness.answers_tcp(port), environment=environment(house)
    ) as engine:
        yield engine


@contextmanager
def with_engines(house: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Postgres and ClickHouse, both migrated; gives the latter's process."""
    with with_records(house), with_clickhouse(house) as engine:
        migrations.migrate_clickhouse(house)
        yield engine
