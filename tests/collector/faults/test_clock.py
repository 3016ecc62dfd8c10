"""A wall clock that steps, forwards and backwards, while events come in: ids, order and duplicates stay right."""

import random
import uuid
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from store import events
from store.settings import Settings
from tests.collector.conftest import Collector, make_site, running_collector
from tests.collector.faults.ledger import Ledger, busy_edge, reckon
from tests.collector.faults.stepped_clock import SteppedClock
from tests.conftest import wait_until

HOUR = 3600.0
DAY = 24 * HOUR


def send_in_order(collector: Collector, ledger: Ledger, count: int = 30) -> None:
    """One after the other, with ids that the edge makes; one more has an id of its own and is sent again."""
    for _ in range(count):
        [made] = collector.collect({"event": "lead"}).json()["results"]
        ledger.answered.append(made["id"])
    ledger.send(collector.http, [uuid.uuid4().hex])


def is_known(collector: Collector, event_id: str) -> bool:
    [result] = collector.collect({"event": "lead", "id": event_id}).json()["results"]
    return result["status"] == "duplicate"


def in_order(warehouse: events.Client, tenant: int) -> dict[str, list[str]]:
    """The ids of each process's events, as they stand in its log."""
    query = """
        select event_id, segment from raw.events where tenant_id = {tenant:Int64} order by segment, position
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in warehouse.query(query, parameters={"tenant": tenant}).named_results():
        found[row["segment"].partition("/")[0]].append(row["event_id"])
    return found


def step_through(
    settings: Settings, warehouse: events.Client, data: Path, lives: Sequence[Sequence[float]]
) -> None:
    """The clock goes through these offsets; each life of the collector ends with a kill."""
    site, ledger = make_site(settings), Ledger()
    clock = SteppedClock(data / "clock")
    given = busy_edge(settings, data, site)
    for offsets in lives:
        first = len(ledger.answered)
        with running_collector(given, within=clock.within) as collector:
            for offset in offsets:
                clock.step_to(offset)
                send_in_order(collector, ledger)
                assert is_known(collector, ledger.answered[-1])
                assert is_known(collector, ledger.answered[first + 30])
            collector.process.kill()
            collector.process.wait(20)
    reckon(ledger, given, warehouse, site.tenant)
    kept = in_order(warehouse, site.tenant)
    assert len(kept) == len(lives)
    for ids in kept.values():
        among = set(ids)
        assert ids == [each for each in ledger.answered if each in among]
    [(hours,)] = warehouse.query(
        "select uniqExact(toStartOfHour(received_at)) from raw.events where tenant_id = {tenant:Int64}",
        parameters={"tenant": site.tenant},
    ).result_rows
    assert hours >= len({offset for offsets in lives for offset in offsets})


def test_a_clock_that_steps(settings: Settings, warehouse: events.Client, tmp_path: Path) -> None:
    step_through(settings, warehouse, tmp_path, [[0, 2 * HOUR, -2 * HOUR], [-DAY, DAY]])


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_clock_that_steps_at_random(settings: Settings, warehouse: events.Client, tmp_path: Path) -> None:
    lives = [[random.randrange(-40, 40) * HOUR for _ in range(10)] for _ in range(4)]
    print(lives)
    step_through(settings, warehouse, tmp_path, lives)


def test_a_shipper_that_is_gone_is_missed_though_the_clock_went_back(
    settings: Settings, tmp_path: Path
) -> None:
    clock = SteppedClock(tmp_path / "clock")
    given = busy_edge(settings, tmp_path, make_site(settings))
    with running_collector(given, within=clock.within) as collector:
        wait_until("the shipper", lambda: collector.metric("collector_shipper_up") == 1, 60)
        assert collector.shipper is not None
        collector.shipper.kill()
        clock.step_to(-HOUR)
        wait_until("its silence", lambda: collector.metric("collector_shipper_up") == 0, 60)
