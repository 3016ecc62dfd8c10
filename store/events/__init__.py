"""ClickHouse: the client, idempotent inserts, replaced days, and reads that cannot forget the tenant."""

from store.events.client import Client, connect, shared
from store.events.reading import read_for_tenant, stream_for_tenant
from store.events.writing import Days, append, replace_days, replaced_partition

__all__ = [
    "Client",
    "Days",
    "append",
    "connect",
    "read_for_tenant",
    "replace_days",
    "replaced_partition",
    "shared",
    "stream_for_tenant",
]
