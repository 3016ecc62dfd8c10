"""Writing facts: append once, or replace a day."""

from datetime import date
from typing import Any

import pyarrow as pa

from store.events.client import Client
from store.records.schema import TenantId


def append(client: Client, table: str, rows: pa.Table, *, token: str) -> int:
    """Adds rows to an append-only table; the same token a second time adds nothing."""
    if rows.num_rows:
        client.insert_arrow(table, rows, settings={"insert_deduplication_token": token})
    return rows.num_rows


def replace_day(
    client: Client, table: str, rows: pa.Table, *, tenant: TenantId, day: date, day_column: str, **where: Any
) -> int:
    """Makes the tenant's rows of one day be exactly these; `where` narrows what is replaced (column=value)."""
    conditions = [f"{day_column} = {{day:Date}}", "tenant_id = {tenant:Int64}"]
    conditions += [f"{column} = {{{column}:String}}" for column in where]
    client.command(
        f"delete from {table} where {' and '.join(conditions)}",  # noqa: S608 (names are ours, values are bound)
        parameters={"day": day, "tenant": tenant, **where},
        settings={"lightweight_deletes_sync": 2},
    )
    if rows.num_rows:
        client.insert_arrow(table, rows)
    return rows.num_rows
