"""The Postgres log-ins of the processes: made before the tables, since grants name them."""

from collections.abc import Iterable
from enum import Enum, auto

import psycopg
from psycopg import sql

from store.settings import Role, Settings


def ensure(connection: psycopg.Connection, settings: Settings, roles: Iterable[Role]) -> None:
    """Makes each log-in, or brings its password and rights up to date; safe to repeat.

    A log-in that someone else made and keeps for themselves is left as it is.
    """
    for role in roles:
        standing = _standing(connection, role)
        if standing is _Standing.FOREIGN:
            continue
        connection.execute(
            sql.SQL("{} role {} login {} password {}").format(
                sql.SQL("create" if standing is _Standing.MISSING else "alter"),
                sql.Identifier(role),
                sql.SQL("createrole" if role is Role.OWNER else "nocreaterole"),
                sql.Literal(settings.role_password(role)),
            )
        )


class _Standing(Enum):
    MISSING = auto()
    OURS = auto()
    FOREIGN = auto()


def _standing(connection: psycopg.Connection, role: Role) -> _Standing:
    found = connection.execute(
        "select pg_has_role(current_user, oid, 'member with admin option') from pg_roles where rolname = %s",
        [role],
    ).fetchone()
    if found is None:
        return _Standing.MISSING
    return _Standing.OURS if found[0] else _Standing.FOREIGN
