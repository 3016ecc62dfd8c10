"""A publisher for each test that reads feeds, and the environment of a run."""

from collections.abc import Iterator

import pytest

from store import settings as store_settings
from store.settings import Settings
from tests.trends.publisher import Publisher


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    running = Publisher()
    yield running
    running.close()


@pytest.fixture
def house_of_runs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings as a Dagster run finds them, in its environment."""
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("PORT_BASE", str(settings.port_base))
    store_settings.current.cache_clear()
    yield settings
    store_settings.current.cache_clear()
