"""The sandbox's central bank, and a warehouse that knows no rate yet."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors.sandbox import reference_rates
from store import events
from store import settings as store_settings
from store.settings import Settings
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox

__all__ = ["sandbox"]


@pytest.fixture
def bank(
    settings: Settings, clickhouse: events.Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """The settings as a Dagster run finds them, with the sandbox for a bank and no rate stored before or after."""
    sandbox.now = datetime.now(UTC)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("PORT_BASE", str(settings.port_base))
    monkeypatch.setenv("EXCHANGE_RATES_URL", reference_rates.address(sandbox.address))
    store_settings.current.cache_clear()
    clickhouse.command("truncate table raw.exchange_rates")
    yield store_settings.current()
    clickhouse.command("truncate table raw.exchange_rates")
    store_settings.current.cache_clear()
