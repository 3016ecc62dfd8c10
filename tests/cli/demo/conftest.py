"""A house of its own for the demo: its tenant would otherwise be met by tests that look at every tenant."""

from itertools import count

import psycopg
import pytest
from alembic import command
from pydantic import SecretStr
from sqlalchemy import text

from cli.demo import shop
from cli.demo.world import Places
from store import migrations, records
from store.embedded import postgres
from store.settings import Role, Settings

# Beyond the numbers of any other test's tenant and of the other demo houses', since the warehouse is shared.
FIRST_TENANTS = count(7_000_000, 1_000)


@pytest.fixture(scope="module")
def demo_house(settings: Settings) -> Settings:
    name = "demo_records"
    with psycopg.connect(postgres.superuser_url(settings), autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name} owner mp_owner")
    address = settings.postgres_url(Role.OWNER, "postgresql").rpartition("/")[0]
    own = settings.model_copy(update={"database_url": SecretStr(f"{address}/{name}")})
    command.upgrade(migrations.alembic_config(own), "head")
    with records.session(own, Role.OWNER) as session:
        session.execute(text(f"alter table tenants alter column id restart with {next(FIRST_TENANTS)}"))
    return own


@pytest.fixture(scope="session")
def places() -> Places:
    return somewhere()


def somewhere() -> Places:
    """Numbers as Postgres might have given them."""
    variants = [(tried.name, variant.name) for tried in shop.EXPERIMENTS for variant in tried.variants]
    return Places(
        tenant=1,
        site="http://shop.example",
        collector="http://t.shop.example",
        campaigns={each.utm_campaign: number for number, each in enumerate(shop.CAMPAIGNS, start=11)},
        links={each.slug: number for number, each in enumerate(shop.LINKS, start=21)},
        variants={each: number for number, each in enumerate(variants, start=31)},
    )
