"""Reading facts for people: one function, which cannot be called without a tenant."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from store.events.client import Client
from store.records.schema import TenantId

if TYPE_CHECKING:
    import polars as pl


def read_for_tenant(client: Client, tenant: TenantId, query: str, **parameters: Any) -> "pl.DataFrame":
    """Runs a query that filters by `{tenant:Int64}` itself; one that does not is refused.

    The embedded engine has no row policies, so the wall between tenants stands here.
    """
    import polars as pl  # the edge writes and never reads: it starts without

    _require_tenant(query)
    answer = client.query_arrow(query, parameters={**parameters, "tenant": tenant})
    frame = pl.from_arrow(answer)
    assert isinstance(frame, pl.DataFrame)
    return frame


def stream_for_tenant(
    client: Client, tenant: TenantId, query: str, **parameters: Any
) -> "Iterator[pl.DataFrame]":
    """The same piece by piece, as ClickHouse finds it: for answers that memory should not hold at once."""
    import polars as pl

    _require_tenant(query)
    with client.query_arrow_stream(query, parameters={**parameters, "tenant": tenant}) as batches:
        for batch in batches:
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame


def _require_tenant(query: str) -> None:
    if "{tenant:Int64}" not in query:
        raise ValueError("The query does not filter by {tenant:Int64}; no read crosses tenants.")
