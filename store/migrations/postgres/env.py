"""What Alembic runs: against the records, as their owner, with the models as the target."""

from alembic import context
from sqlalchemy import create_engine, pool

from store import settings
from store.records import Record
from store.settings import Role

url = context.config.attributes.get("url") or settings.current().postgres_url(Role.OWNER)

with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Record.metadata,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
