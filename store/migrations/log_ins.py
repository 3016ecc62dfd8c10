"""The Postgres log-ins of the processes: made before the tables, since grants name them."""

from collections.abc import Iterable

import psycopg
from psycopg import sql

from store.settings import Role, Settings


def ensure(connection: psycopg.Connection, settings: Settings, roles: Iterable[Role]) -> None:
    """Makes each log-in, or brings its password and rights up to date; safe to repeat."""
    for role in roles:
        known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
        connection.execute(
            sql.SQL("{} role {} login {} password {}").format(
                sql.SQL("alter" if known else "create"),
                sql.Identifier(role),
                sql.SQL("createrole" if role is Role.OWNER else "nocreaterole"),
                sql.Literal(settings.role_password(role)),
            )
        )
