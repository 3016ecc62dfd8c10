"""Migrations: up from nothing, down again, and the same as the models."""

import psycopg
import pytest
from alembic import command
from alembic.util import CommandError
from psycopg import sql
from sqlalchemy import create_engine, inspect

from store import migrations
from store.embedded import postgres
from store.records import Record
from store.settings import Role, Settings, load

FRESH = "fresh_records"


@pytest.fixture
def fresh(house: Settings) -> Settings:
    """Settings whose records are an empty database."""
    with psycopg.connect(postgres.superuser_url(house), autocommit=True) as connection:
        connection.execute(f"drop database if exists {FRESH} with (force)")
        connection.execute(
            sql.SQL("create database {} owner {}").format(sql.Identifier(FRESH), sql.Identifier(Role.OWNER))
        )
    url = house.postgres_url(Role.OWNER, "postgresql").rpartition("/")[0] + f"/{FRESH}"
    return load(_env_file=None, data_dir=house.data_dir, port_base=house.port_base, database_url=url)


def test_upgrade_from_empty_equals_the_models_and_downgrade_leaves_nothing(fresh: Settings) -> None:
    migrations.migrate_postgres(fresh)
    config = migrations.alembic_config(fresh)
    command.check(config)
    engine = create_engine(fresh.postgres_url(Role.OWNER))
    assert set(inspect(engine).get_table_names()) == {*Record.metadata.tables, "alembic_version"}
    command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    with engine.connect() as connection:
        left = connection.exec_driver_sql(
            "select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public'"
        ).scalar()
    assert left == 0
    migrations.migrate_postgres(fresh)
    command.check(config)
    engine.dispose()


def test_a_model_that_no_migration_makes_is_noticed(fresh: Settings) -> None:
    migrations.migrate_postgres(fresh)
    with psycopg.connect(fresh.postgres_url(Role.OWNER, "postgresql")) as connection:
        connection.execute("alter table links drop column channel")
    with pytest.raises(CommandError, match="channel"):
        command.check(migrations.alembic_config(fresh))


def test_calls_that_were_read_before_are_forgotten(fresh: Settings) -> None:
    config = migrations.alembic_config(fresh)
    command.upgrade(config, "0035")
    with psycopg.connect(fresh.postgres_url(Role.OWNER, "postgresql")) as connection:
        connection.execute("insert into tenants (slug, name, suppression_salt) values ('shop', 'Shop', '')")
        connection.execute(
            "insert into hook_calls (tenant_id, provider, received_at, body, place, interpreted_at, trouble) "
            "select id, 'twilio', now(), 'words', place, interpreted_at, trouble from tenants, (values "
            "('read', now(), null), ('waits', null, null), ('in trouble', now(), 'why')) "
            "as calls (place, interpreted_at, trouble)"
        )
    command.upgrade(config, "head")
    with psycopg.connect(fresh.postgres_url(Role.OWNER, "postgresql")) as connection:
        left = connection.execute("select place, body from hook_calls order by id").fetchall()
    assert left == [("read", b""), ("waits", b"words"), ("in trouble", b"words")]


def test_migrating_twice_changes_nothing(house: Settings) -> None:
    migrations.migrate_postgres(house)
    command.check(migrations.alembic_config(house))
