"""Thousands of bodies that are broken, odd or hostile: no fault, no memory, no forged log line, nothing lost or twice."""

import json
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from store import events
from store.settings import Settings
from tests.collector.conftest import Collector, make_site, running_collector
from tests.collector.faults.ledger import Ledger, busy_edge, reckon
from tests.collector.faults.mutations import request, results_of

# What a process may keep for good: caches of user agents, origins and ids fill up to their bounds.
MOST_GROWTH_MEGABYTES = 40


def exchange(port: int, sent: bytes, patience: float) -> bytes:
    """What comes back until the other end closes; nothing of a request that is none or does not end."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as wire:
        answer = b""
        with suppress(ConnectionResetError, BrokenPipeError, TimeoutError):
            wire.sendall(sent)
            while piece := wire.recv(65536):
                answer += piece
        return answer


def resident_megabytes(process: int) -> float:
    told = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=True
    )
    return int(told.stdout) / 1024


def send_mutated(collector: Collector, ledger: Ledger, chance: Random, count: int) -> dict[int, int]:
    """How often each status was answered; 0 stands for a request without end."""
    port = collector.http.base_url.port
    assert port is not None
    statuses: dict[int, int] = {}
    for _ in range(count):
        sent, ends = request(chance)
        answer = exchange(port, sent, patience=60 if ends else 0.2)
        assert answer or not ends, sent
        status, results = results_of(answer) if answer else (0, [])
        statuses[status] = statuses.get(status, 0) + 1
        assert status < 500, (sent, answer)
        ledger.answered += [result["id"] for result in results if result["status"] == "ok"]
    return statuses


def mutate(settings: Settings, warehouse: events.Client, data: Path, seed: int, count: int) -> None:
    site, ledger, chance = make_site(settings), Ledger(), Random(seed)
    given = busy_edge(settings, data, site)
    with running_collector(given, ships=False) as collector:
        send_mutated(collector, ledger, chance, 200)  # until what is made once is made
        before = resident_megabytes(collector.process.pid)
        statuses = send_mutated(collector, ledger, chance, count)
        growth = resident_megabytes(collector.process.pid) - before
        assert collector.http.get("/readyz").status_code == 200
    print(f"seed {seed}: {statuses}, {growth:+.1f} MB of {before:.0f}")
    assert min(statuses.get(status, 0) for status in (200, 400, 415)) > 0
    assert growth < MOST_GROWTH_MEGABYTES
    every_line_is_ours(collector.log)
    reckon(ledger, given, warehouse, site.tenant, all_known=False)


def every_line_is_ours(log: Path) -> None:
    """One JSON object a line, of our own shape, and nothing in it that a terminal would obey."""
    said = log.read_bytes()
    assert not set(said) & {*range(32)} - {ord("\n")}
    for line in said.splitlines():
        told = json.loads(line)
        assert {"at", "level", "logger", "message"} <= told.keys()
        assert told["message"] != "forged"
        assert told["level"] in ("info", "warning"), told


def test_mutated_bodies(settings: Settings, warehouse: events.Client, tmp_path: Path) -> None:
    mutate(settings, warehouse, tmp_path, seed=1, count=300)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_ten_thousand_mutated_bodies(settings: Settings, warehouse: events.Client, tmp_path: Path) -> None:
    mutate(settings, warehouse, tmp_path, seed=Random().randrange(2**32), count=10_000)
