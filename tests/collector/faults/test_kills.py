"""Collectors and shippers that are killed again and again under load: every answered event is there exactly once."""

import random
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from store import events
from store.settings import Settings
from tests.collector.conftest import Collector, make_site, running_collector
from tests.collector.faults.ledger import Ledger, busy_edge, reckon, shipping, wait_for_rows


def stop_under_load(collector: Collector, ledger: Ledger, how: signal.Signals) -> None:
    """Stops the collector in the midst of the load, at a moment that nobody can foresee."""
    with ledger.load(collector.http.base_url):
        ledger.wait_for_answers()
        time.sleep(random.uniform(0, 1))
        collector.process.send_signal(how)
        collector.process.wait(20)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_collector_stopped_under_load(
    settings: Settings, warehouse: events.Client, tmp_path: Path, how: signal.Signals
) -> None:
    site, ledger = make_site(settings), Ledger()
    given = busy_edge(settings, tmp_path, site)
    for _ in range(2):
        with running_collector(given, ships=False) as collector:
            stop_under_load(collector, ledger, how)
    reckon(ledger, given, warehouse, site.tenant)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_collector_killed_twenty_times_beside_another_on_the_same_spool(
    settings: Settings, warehouse: events.Client, tmp_path: Path
) -> None:
    site, ledger = make_site(settings), Ledger()
    given = busy_edge(settings, tmp_path, site)
    with running_collector(given) as neighbour, ledger.load(neighbour.http.base_url):
        for _ in range(20):
            beside = busy_edge(settings, tmp_path, site)
            with running_collector(beside, ships=False) as collector:
                stop_under_load(collector, ledger, signal.SIGKILL)
    reckon(ledger, given, warehouse, site.tenant)


def kill_shippers(settings: Settings, warehouse: events.Client, data: Path, times: int) -> None:
    """Each while it loads; the one that stands by takes over."""
    site, ledger = make_site(settings), Ledger()
    given = busy_edge(settings, data, site)
    with (
        running_collector(given, ships=False) as collector,
        ledger.load(collector.http.base_url),
        ExitStack() as running,
    ):
        shipper = running.enter_context(shipping(given))
        for _ in range(times):
            next_one = running.enter_context(shipping(given))
            wait_for_rows(warehouse, site.tenant)
            time.sleep(random.uniform(0, 0.5))
            shipper.kill()
            shipper = next_one
        wait_for_rows(warehouse, site.tenant)
    reckon(ledger, given, warehouse, site.tenant)


def test_a_shipper_killed_while_it_loads(
    settings: Settings, warehouse: events.Client, tmp_path: Path
) -> None:
    kill_shippers(settings, warehouse, tmp_path, times=2)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_shipper_killed_twenty_times(settings: Settings, warehouse: events.Client, tmp_path: Path) -> None:
    kill_shippers(settings, warehouse, tmp_path, times=20)
