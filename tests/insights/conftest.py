"""Ad accounts of a tenant, read from the sandbox over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select

from store import events, records
from store import settings as store_settings
from store.records.accounts import AccountStatus, AdAccount
from store.records.places import Place
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.insights.advertiser import Advertiser

__all__ = ["sandbox"]


@pytest.fixture
def _nobody_else_advertises(settings: Settings) -> Iterator[None]:
    """A reading asks for the accounts and places of every tenant, and those of other tests answer to nobody."""
    with records.session(settings, Role.PIPELINES) as session:
        session.execute(delete(Place))
        rows = session.scalars(select(AdAccount).where(AdAccount.status != AccountStatus.DISABLED)).all()
        before = {row.id: row.status for row in rows}
        for row in rows:
            row.status = AccountStatus.DISABLED
    yield
    with records.session(settings, Role.PIPELINES) as session:
        for number, status in before.items():
            session.get_one(AdAccount, number).status = status


@pytest.fixture
def advertiser(
    settings: Settings,
    clickhouse: events.Client,
    tenant: TenantId,
    sandbox: Sandbox,
    _nobody_else_advertises: None,
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
