"""Reading what the pipelines have made of feeds, and what happens while ClickHouse does not answer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import polars as pl
from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from starlette.exceptions import HTTPException

from console.door.sign_in import Visitor
from store import events


class WarehouseAway(Exception):
    """ClickHouse does not answer."""


def read(visitor: Visitor, query: str, wanted: Mapping[str, Any]) -> pl.DataFrame:
    """Raises WarehouseAway."""
    try:
        return events.read_for_tenant(events.shared(visitor.settings), visitor.tenant, query, **wanted)
    except (ClickHouseError, OSError):
        raise WarehouseAway from None


@contextmanager
def away_is_a_status() -> Iterator[None]:
    """For whoever is told by a status that the warehouse is away."""
    try:
        yield
    except WarehouseAway:
        told = "The warehouse cannot be reached right now."
        raise HTTPException(503, told, headers={"Retry-After": "30"}) from None
