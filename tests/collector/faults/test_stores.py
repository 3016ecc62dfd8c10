"""Stores that die or freeze in the midst of loads: the edge goes on, and nothing is lost or loaded twice."""

import random
import signal
import time
from pathlib import Path

import pytest

from store import events, records, unsubscribe_tokens
from store.records import contacts
from store.records.contacts import Contact
from store.records.schema import ContactId
from store.settings import Role, Service, Settings
from store.unsubscribe_tokens import Leaving, token
from tests.collector.conftest import Collector, Site, make_site, running_collector
from tests.collector.faults.conftest import Stores
from tests.collector.faults.ledger import Ledger, busy_edge, reckon, wait_for_rows
from tests.conftest import wait_until


def kill_clickhouse(stores: Stores, data: Path, *, times: int) -> None:
    """Each while it loads."""
    site, ledger = make_site(stores.settings), Ledger()
    given = busy_edge(stores.settings, data, site)
    with running_collector(given) as collector, ledger.load(collector.http.base_url):
        for _ in range(times):
            with events.connect(stores.settings) as client:
                wait_for_rows(client, site.tenant)
            time.sleep(random.uniform(0, 1))
            stores.kill(Service.CLICKHOUSE)
            ledger.wait_for_answers()
            stores.start(Service.CLICKHOUSE)
    with events.connect(stores.settings) as client:
        reckon(ledger, given, client, site.tenant)


def test_a_clickhouse_killed_while_it_loads(stores: Stores, tmp_path: Path) -> None:
    kill_clickhouse(stores, tmp_path, times=2)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_clickhouse_killed_ten_times(stores: Stores, tmp_path: Path) -> None:
    kill_clickhouse(stores, tmp_path, times=10)


def readers(settings: Settings, site: Site, count: int) -> dict[ContactId, str]:
    """Contacts, and the token in the mail of each."""
    key = settings.derived(unsubscribe_tokens.PURPOSE)
    with records.session(settings, Role.OWNER) as session:
        found = [
            ContactId(contacts.ensure(session, site.tenant, f"{number}@{site.slug}.example").id)
            for number in range(count)
        ]
    return {contact: token(key, Leaving(site.tenant, contact, 1)) for contact in found}


def leave(collector: Collector, shown: str) -> None:
    assert collector.http.post(f"/u/{shown}").status_code == 200


def have_left(settings: Settings, left: list[ContactId]) -> bool:
    with records.session(settings, Role.OWNER) as session:
        return all(session.get_one(Contact, contact).unsubscribed_at is not None for contact in left)


def without_postgres(stores: Stores, data: Path, *, seconds: float, frozen: bool) -> None:
    """Events are taken and loaded meanwhile, and who leaves has left when it is back."""
    site, ledger = make_site(stores.settings), Ledger()
    leaving = readers(stores.settings, site, 5)
    given = busy_edge(stores.settings, data, site)
    with running_collector(given) as collector, ledger.load(collector.http.base_url):
        first, *others = leaving
        leave(collector, leaving[first])
        # The shipper holds a connection now, which a frozen server leaves open.
        wait_until("who left first", lambda: have_left(stores.settings, [first]), 30)
        if frozen:
            stores.freeze(Service.POSTGRES)
        else:
            stores.kill(Service.POSTGRES, signal.SIGQUIT)
        try:
            for contact in others:
                leave(collector, leaving[contact])
            time.sleep(seconds)
            ledger.wait_for_answers()
            with events.connect(stores.settings) as client:
                wait_for_rows(client, site.tenant)
        finally:
            if frozen:
                stores.thaw(Service.POSTGRES)
            else:
                stores.start(Service.POSTGRES)
        wait_until("those who left", lambda: have_left(stores.settings, list(leaving)), 60)
    with events.connect(stores.settings) as client:
        reckon(ledger, given, client, site.tenant)


def test_a_postgres_that_is_frozen(stores: Stores, tmp_path: Path) -> None:
    without_postgres(stores, tmp_path, seconds=2, frozen=True)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "shut down at once"])
def test_a_postgres_that_is_away_for_a_minute(stores: Stores, tmp_path: Path, frozen: bool) -> None:
    without_postgres(stores, tmp_path, seconds=60, frozen=frozen)


def test_who_leaves_does_not_wait_for_a_clickhouse_that_is_frozen(stores: Stores, tmp_path: Path) -> None:
    site, ledger = make_site(stores.settings), Ledger()
    [(contact, shown)] = readers(stores.settings, site, 1).items()
    given = busy_edge(stores.settings, tmp_path, site)
    with running_collector(given) as collector, ledger.load(collector.http.base_url):
        with events.connect(stores.settings) as client:
            wait_for_rows(client, site.tenant)
        stores.freeze(Service.CLICKHOUSE)
        try:
            ledger.wait_for_answers()
            leave(collector, shown)
            wait_until("who left", lambda: have_left(stores.settings, [contact]), 30)
        finally:
            stores.thaw(Service.CLICKHOUSE)
    with events.connect(stores.settings) as client:
        reckon(ledger, given, client, site.tenant)
