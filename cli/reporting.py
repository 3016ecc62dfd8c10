"""How commands speak: to people in lines, and of what they can mend in one."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from store import settings
from store.settings import Settings

if TYPE_CHECKING:
    from store.audit import Actor

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

REFUSED = 2


@contextmanager
def one_line_errors() -> Iterator[None]:
    """What people can mend is told in a line, with exit code 2; everything else is a bug and shows itself."""
    try:
        yield
    except typer.Exit:
        raise
    except Exception as error:
        told = _what_to_do(error)
        if not told:
            raise
        for line in told.splitlines():
            errors.print(line, style="bold red", markup=False)
        raise typer.Exit(REFUSED) from None


def _what_to_do(error: Exception) -> str:
    """Empty for a bug. The stores' libraries are imported here, where a command has failed, and not before each."""
    import psycopg
    import sqlalchemy.exc
    from clickhouse_connect.driver.exceptions import OperationalError as ClickHouseAway

    from cli.dagster_ui import RunFailed
    from cli.up import CannotStart
    from collector.refusals import Refused
    from marketing_pipelines.links import refusals as links
    from store.audit_heads import NotOurs
    from store.embedded import postgres
    from store.master_keys import MasterKeyTrouble
    from store.migrations import MigrationFailed
    from store.records.kill_switches import ReleaseRefused
    from store.records.schema import NotUsable

    match error:
        case psycopg.OperationalError() | sqlalchemy.exc.OperationalError():
            return "Postgres does not answer. Is the house up (make up)? More: make doctor."
        case ClickHouseAway():
            return "ClickHouse does not answer. Is the house up (make up)? More: make doctor."
        case (
            settings.SettingsError()
            | CannotStart()
            | RunFailed()
            | postgres.CannotStart()
            | MigrationFailed()
            | MasterKeyTrouble()
            | NotOurs()
            | ReleaseRefused()
            | NotUsable()
            | links.NotUsable()
        ):
            return str(error)
        case Refused():
            return error.detail
        case _:
            return ""


def the_house() -> Settings:
    house = settings.load()
    logging.basicConfig(level=house.log_level, format="%(levelname)s %(name)s: %(message)s")
    # Says at each import which of its parts it has.
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    return house


def operator() -> "Actor":
    """Whoever has a shell here, in the audit."""
    import getpass

    from store.audit import Actor, ActorKind

    return Actor(ActorKind.OPERATOR, getpass.getuser())
