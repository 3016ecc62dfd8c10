"""A collector that is killed again and again under load: every event answered 2xx is there exactly once."""

import os
import random
import signal
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from store import events
from store.settings import Settings
from tests.collector.conftest import PERSON, Collector, Site, environment, running_collector
from tests.conftest import wait_until

SENDERS = 4
BATCH = 5


@dataclass
class Load:
    """What was sent, and what was answered 2xx."""

    sent: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    def send_until(self, end: threading.Event, address: httpx.URL) -> None:
        with httpx.Client(base_url=address, headers={"User-Agent": PERSON}, timeout=10) as http:
            while not end.is_set():
                batch = [uuid.uuid4().hex for _ in range(BATCH)]
                self.sent += batch
                try:
                    answer = http.post("/collect", json=[{"event": "lead", "id": each} for each in batch])
                except httpx.TransportError:
                    continue
                if answer.status_code == 200:
                    self.answered += [
                        each["id"] for each in answer.json()["results"] if each["status"] == "ok"
                    ]


def stop_under_load(collector: Collector, load: Load, how: signal.Signals) -> None:
    """Stops the collector in the midst of the load, at a moment that nobody can foresee."""
    answered_before, end = len(load.answered), threading.Event()
    senders = [
        threading.Thread(target=load.send_until, args=(end, collector.http.base_url)) for _ in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    wait_until("some answers", lambda: len(load.answered) > answered_before + 20 * BATCH)
    time.sleep(random.uniform(0, 2))
    os.kill(collector.process.pid, how)
    collector.process.wait(20)
    end.set()
    for sender in senders:
        sender.join()


def everything_is_there_once(
    settings: Settings, site: Site, warehouse: events.Client, data: Path, load: Load
) -> None:
    given = environment(settings, data, DEFAULT_TENANT=site.slug)
    with running_collector(given) as last:
        wait_until("the backlog", lambda: shipped(last), 120)
    rows = warehouse.query(
        "select event_id, count() from raw.events where tenant_id = {tenant:Int64} group by event_id",
        parameters={"tenant": site.tenant},
    ).result_rows
    found = {event_id: count for event_id, count in rows if event_id in set(load.sent)}
    print(f"sent {len(load.sent)}, answered {len(load.answered)}, found {sum(found.values())}")
    assert load.answered
    assert [event_id for event_id in load.answered if found.get(event_id) != 1] == []
    assert [event_id for event_id, count in found.items() if count != 1] == []


def shipped(collector: Collector) -> bool:
    """All that was left behind is taken over and loaded."""
    return (
        collector.http.get("/readyz").json()["degraded"] == {}
        and collector.metric("collector_backlog_bytes") == 0
        and not [
            segment
            for segment in (collector.data / "spool").glob("*/*.segment")
            if segment.stat().st_size and str(collector.process.pid) not in segment.parent.name
        ]
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_stopped_under_load(
    settings: Settings, site: Site, warehouse: events.Client, tmp_path: Path, how: signal.Signals
) -> None:
    load = Load()
    for _ in range(2):
        with running_collector(environment(settings, tmp_path, DEFAULT_TENANT=site.slug)) as collector:
            stop_under_load(collector, load, how)
    everything_is_there_once(settings, site, warehouse, tmp_path, load)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_killed_twenty_times_with_another_process_on_the_same_spool(
    settings: Settings, site: Site, warehouse: events.Client, tmp_path: Path
) -> None:
    load = Load()
    with running_collector(environment(settings, tmp_path, DEFAULT_TENANT=site.slug)):
        for _ in range(20):
            with running_collector(environment(settings, tmp_path, DEFAULT_TENANT=site.slug)) as collector:
                stop_under_load(collector, load, signal.SIGKILL)
    everything_is_there_once(settings, site, warehouse, tmp_path, load)
