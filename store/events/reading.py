"""Reading facts for people: one function, which cannot be called without a tenant."""

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

    if "{tenant:Int64}" not in query:
        raise ValueError("The query does not filter by {tenant:Int64}; no read crosses tenants.")
    answer = client.query_arrow(query, parameters={**parameters, "tenant": tenant})
    frame = pl.from_arrow(answer)
    assert isinstance(frame, pl.DataFrame)
    return frame
