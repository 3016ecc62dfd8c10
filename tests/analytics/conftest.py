"""Marts by hand, on a real ClickHouse."""

from collections.abc import Iterator

import pytest

from store import events
from tests.analytics.marts import Marts, marts


@pytest.fixture
def filled(clickhouse: events.Client) -> Iterator[Marts]:
    with marts(clickhouse) as made:
        yield made
