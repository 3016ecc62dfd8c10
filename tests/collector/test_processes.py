"""Several collector processes behind one port and on one spool."""

import os
import signal
import uuid
from pathlib import Path

import httpx

from store import events
from store.settings import Settings
from tests.collector.conftest import PERSON, Collector, Site, environment, running_collector
from tests.conftest import wait_until


def send(collector: Collector, count: int) -> list[str]:
    """Each over a connection of its own, so that every process gets some."""
    ids = [uuid.uuid4().hex for _ in range(count)]
    for event_id in ids:
        answer = httpx.post(
            f"{collector.http.base_url}/collect",
            json={"event": "lead", "id": event_id},
            headers={"User-Agent": PERSON},
        )
        assert answer.json()["results"][0]["status"] == "ok"
    return ids


def volumes(collector: Collector) -> list[Path]:
    return [path.parent for path in (collector.data / "spool").glob("*/committed")]


def test_two_processes_share_a_port_and_a_spool(
    settings: Settings, site: Site, warehouse: events.Client, tmp_path: Path
) -> None:
    given = environment(settings, tmp_path, DEFAULT_TENANT=site.slug, COLLECTOR_PROCESSES="2")
    with running_collector(given) as collector:
        wait_until("both processes", lambda: len(volumes(collector)) == 2, 60)
        ids = send(collector, 60)
        wait_until(
            "one count of both",
            lambda: collector.metric('collector_accepted_total{door="collect"}') == len(ids),
            20,
        )
        victim = int(volumes(collector)[0].name.split("-")[1])
        os.kill(victim, signal.SIGKILL)
        wait_until(
            "another in its place",
            lambda: (
                any(str(victim) not in volume.name for volume in volumes(collector))
                and sum(str(victim) not in volume.name for volume in volumes(collector)) == 2
            ),
            60,
        )
        wait_until("it to take events", lambda: collector.http.get("/readyz").status_code == 200, 30)
        ids += send(collector, 20)

        def counted() -> list[tuple[int, int]]:
            query = (
                "select count(), uniqExact(event_id) from raw.events where has({ids:Array(String)}, event_id)"
            )
            return [
                (int(rows), int(ids))
                for rows, ids in warehouse.query(query, parameters={"ids": ids}).result_rows
            ]

        wait_until("every event, once", lambda: counted() == [(len(ids), len(ids))], 60)
