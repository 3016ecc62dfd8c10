"""Reading the marts: a few seconds at most, and a word where there is none yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from clickhouse_connect.driver.exceptions import DatabaseError

from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId

if TYPE_CHECKING:
    import polars as pl

# What ClickHouse says of a table, or of a whole layer, that is not there.
_NOT_THERE = ("UNKNOWN_TABLE", "UNKNOWN_DATABASE")


def read(client: events.Client, tenant: TenantId, query: str, **asked: Any) -> "pl.DataFrame":
    """The rows of a query; raises NotBuilt before the models behind it are there."""
    with _built():
        return events.read_for_tenant(client, tenant, query, **asked)


def stream(client: events.Client, tenant: TenantId, query: str, **asked: Any) -> "Iterator[pl.DataFrame]":
    """The same piece by piece, for more rows than memory should hold."""
    with _built():
        yield from events.stream_for_tenant(client, tenant, query, **asked)


def chosen_goal(client: events.Client, tenant: TenantId, goal: int | None) -> int:
    """The goal that is asked for, else the tenant's headline goal; 0 where it has none.

    The warehouse is asked either way, so that nobody reads "nothing happened" before the first build.
    """
    headline = int(read(client, tenant, _HEADLINE).item())
    return goal or headline


_HEADLINE = """
select any(goal_id)
from staging.stg_goals
where tenant_id = {tenant:Int64} and is_headline
settings max_execution_time = 5
"""


@contextmanager
def _built() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if any(word in str(error) for word in _NOT_THERE):
            raise NotBuilt from None
        raise
