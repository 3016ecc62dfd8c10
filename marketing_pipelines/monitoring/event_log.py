"""Keeps Dagster's event log from growing without bound, and spares what the lineage is made of."""

from datetime import timedelta

import psycopg

from store.clock import now
from store.settings import Role, Settings

SPARED = (
    "ASSET_MATERIALIZATION",
    "ASSET_OBSERVATION",
    "ASSET_CHECK_EVALUATION",
    "ASSET_FAILED_TO_MATERIALIZE",
    "RUN_FAILURE",
    "RUN_SUCCESS",
)
BATCH = 5_000


def prune(settings: Settings, keep: timedelta) -> int:
    """Deletes log lines older than `keep`, a batch at a time so that writers are not held up; gives their number."""
    oldest = (now() - keep).replace(tzinfo=None)
    deleted = 0
    with psycopg.connect(settings.postgres_url(Role.DAGSTER, "postgresql"), autocommit=True) as connection:
        while batch := connection.execute(
            """
            delete from event_logs
            where id in (
                select id
                from event_logs
                where timestamp < %s and coalesce(dagster_event_type, '') != all(%s)
                order by id
                limit %s
            )
            """,
            (oldest, list(SPARED), BATCH),
        ).rowcount:
            deleted += batch
    return deleted
