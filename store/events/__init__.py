"""ClickHouse: the client, idempotent inserts, replaced days, and reads that cannot forget the tenant."""

from store.events.client import Client, connect
from store.events.reading import read_for_tenant
from store.events.writing import append, replace_day

__all__ = ["Client", "append", "connect", "read_for_tenant", "replace_day"]
