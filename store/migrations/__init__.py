"""Brings both stores to the newest form: Alembic for Postgres, numbered SQL files for ClickHouse."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config

from store import log_ins
from store.events.client import connect
from store.migrations import clickhouse
from store.migrations.clickhouse import MigrationFailed
from store.settings import Role, Settings

__all__ = ["MigrationFailed", "alembic_config", "migrate_clickhouse", "migrate_postgres"]

HERE = Path(__file__).parent


def alembic_config(settings: Settings) -> Config:
    """Alembic without an ini file: it learns where the records are from the settings alone."""
    config = Config()
    config.set_main_option("script_location", str(HERE / "postgres"))
    config.attributes["url"] = settings.postgres_url(Role.OWNER)
    config.attributes["settings"] = settings
    return config


def migrate_postgres(settings: Settings) -> None:
    """Makes the processes' log-ins and upgrades the records to the newest revision."""
    if not settings.embedded_postgres:
        with psycopg.connect(settings.postgres_url(Role.OWNER, "postgresql"), autocommit=True) as connection:
            log_ins.ensure(connection, settings, (role for role in Role if role is not Role.OWNER))
    command.upgrade(alembic_config(settings), "head")


def migrate_clickhouse(settings: Settings) -> list[str]:
    """Applies the numbered files that have not run yet, and points ClickHouse at the records."""
    client = connect(settings)
    try:
        applied = clickhouse.apply(client, HERE / "clickhouse", ttl_days=settings.events_ttl_days)
        clickhouse.connect_records(client, settings.postgres_url(Role.DIMENSIONS, "postgresql"))
    finally:
        client.close()
    return applied
