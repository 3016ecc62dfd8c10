"""Ad accounts of a tenant, read from the sandbox over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from store import events
from store import settings as store_settings
from store.records.schema import TenantId
from store.settings import Settings
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.insights.advertiser import Advertiser

__all__ = ["sandbox"]


@pytest.fixture
def advertiser(
    settings: Settings, clickhouse: events.Client, tenant: TenantId, sandbox: Sandbox
) -> Iterator[Advertiser]:
    sandbox.now = datetime.now(UTC)
    running = Advertiser(settings, clickhouse, tenant, sandbox)
    running.forget_calls()
    yield running
    running.disconnect()


@pytest.fixture
def house_of_runs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings as a Dagster run finds them, in its environment."""
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("PORT_BASE", str(settings.port_base))
    store_settings.current.cache_clear()
    yield settings
    store_settings.current.cache_clear()
