"""Sessions: one engine a role and process, and the tenant that a session speaks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from store.records.schema import TenantId, UserId
from store.settings import Role, Settings

__all__ = ["Session", "engine", "enter_person", "enter_tenant", "forget_engines", "session"]

TENANT = "tenant_id"
_AS_LONG_AS_IT_TAKES = 0


@lru_cache(maxsize=16)
def _engine(url: str, pool_size: int, overflow: int, patience: int) -> Engine:
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=overflow,
        pool_pre_ping=True,
        # An error names its statement and not what was in it: addresses and secrets stay out of logs.
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "options": f"-c statement_timeout={patience}s"},
    )


def engine(settings: Settings, role: Role) -> Engine:
    """The process's engine for a role's log-in; people wait for the console, so its statements end in time."""
    patience = settings.api_query_seconds if role is Role.CONSOLE else _AS_LONG_AS_IT_TAKES
    return _engine(
        settings.postgres_url(role), settings.database_pool_size, settings.database_pool_overflow, patience
    )


def forget_engines() -> None:
    """Drops every engine, so that a process that restarted Postgres meets no dead connection."""
    _engine.cache_clear()


@contextmanager
def session(settings: Settings, role: Role, tenant: TenantId | None = None) -> Iterator[Session]:
    """A transaction that commits at the end of the block and rolls back when it raises."""
    with sessionmaker(engine(settings, role), expire_on_commit=False).begin() as opened:
        if tenant is not None:
            enter_tenant(opened, tenant)
        yield opened


def enter_tenant(opened: Session, tenant: TenantId) -> None:
    """From here on the session sees and writes one tenant's rows only."""
    opened.info[TENANT] = tenant
    _announce(opened)


def enter_person(opened: Session, user: UserId) -> None:
    """For the rest of this transaction the session also sees which tenants a person belongs to."""
    opened.execute(text("select set_config('app.user_id', :user, true)"), {"user": str(user)})


def _announce(opened: Session) -> None:
    opened.execute(
        text("select set_config('app.tenant_id', :tenant, true)"), {"tenant": str(opened.info[TENANT])}
    )


@event.listens_for(Session, "after_begin")
def _announce_again(opened: Session, _: SessionTransaction, connection: Connection) -> None:
    """The setting lives as long as a transaction; the next one of the same session needs it again."""
    tenant = opened.info.get(TENANT)
    if tenant is not None:
        connection.execute(text("select set_config('app.tenant_id', :tenant, true)"), {"tenant": str(tenant)})
