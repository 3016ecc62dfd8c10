"""Writing facts: append once, or replace days, a tenant's or everybody's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from store.events.client import Client
from store.records.schema import TenantId


def append(client: Client, table: str, rows: pa.Table, *, token: str) -> int:
    """Adds rows to an append-only table; the same token a second time adds nothing."""
    if rows.num_rows:
        client.insert_arrow(table, rows, settings={"insert_deduplication_token": token})
    return rows.num_rows


@dataclass(frozen=True, slots=True)
class Days:
    """A span of days, both ends included."""

    first: date
    last: date


def replace_days(
    client: Client, table: str, rows: pa.Table, *, tenant: TenantId, days: Days, column: str, **where: str
) -> int:
    """Makes the tenant's rows of these days be exactly these; `where` narrows what is replaced (column=value).

    The table needs block number and offset columns, so that the deletion is a patch and not a mutation.
    """
    conditions = ["tenant_id = {tenant:Int64}", f"{column} between {{first:Date}} and {{last:Date}}"]
    conditions += [f"{name} = {{{name}:String}}" for name in where]
    client.command(
        f"delete from {table} where {' and '.join(conditions)}",  # noqa: S608 (names are ours, values are bound)
        parameters={"tenant": tenant, "first": days.first, "last": days.last, **where},
        settings={"lightweight_delete_mode": "lightweight_update_force"},
    )
    if rows.num_rows:
        # A partition is a day, and a back-fill may span years.
        client.insert_arrow(table, rows, settings={"max_partitions_per_insert_block": 0})
    return rows.num_rows


@contextmanager
def replaced_partition(client: Client, table: str, day: date) -> Iterator[Callable[[pa.Table], None]]:
    """Makes a day's partition be exactly what is appended within the block: all at once at its end, or not at all.

    The rows gather in a table beside it, so that only one day of a table may be replaced at a time.
    """
    gathered = f"{table}_gathered"
    held = 0

    def append(rows: pa.Table) -> None:
        nonlocal held
        client.insert_arrow(gathered, rows)
        held += rows.num_rows

    client.command(f"drop table if exists {gathered}")  # an earlier run may have been killed
    client.command(f"create table {gathered} as {table}")
    try:
        yield append
        change = (
            f"replace partition '{day:%Y-%m-%d}' from {gathered}"
            if held
            else f"drop partition '{day:%Y-%m-%d}'"
        )
        client.command(f"alter table {table} {change}")
    finally:
        client.command(f"drop table if exists {gathered}")
