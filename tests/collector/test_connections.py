"""Clients that dawdle, send without end or hang up: none of them costs the others anything."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from store import events
from store.settings import Settings
from tests.collector.conftest import PERSON, Collector, Site, arrived, environment, running_collector
from tests.conftest import wait_until

SLOWEST = 2


@pytest.fixture(scope="module")
def impatient(
    settings: Settings, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collector]:
    """A collector that waits for nobody."""
    given = environment(
        settings, tmp_path_factory.mktemp("impatient"), DEFAULT_TENANT=site.slug,
        COLLECTOR_SLOWEST_SECONDS=str(SLOWEST),
    )  # fmt: skip
    with running_collector(given) as running:
        yield running


def connected(collector: Collector) -> socket.socket:
    port = collector.http.base_url.port
    assert port is not None
    wire = socket.create_connection(("127.0.0.1", port), timeout=SLOWEST + 15)
    return wire


def is_cut(wire: socket.socket) -> bool:
    """Whether the other end closes, after what it had to say."""
    said = b"nothing yet"
    try:
        while said:
            said = wire.recv(1000)
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    return True


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /coll",
        b"POST /collect HTTP/1.1\r\nHost: x\r\nContent-",
        b"POST /collect HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /heal",
    ],
)
def test_a_request_that_does_not_end_is_cut_off(impatient: Collector, begun: bytes) -> None:
    before = impatient.metric("collector_cut_off_total")
    with connected(impatient) as wire:
        wire.sendall(begun)
        assert is_cut(wire)
    assert impatient.metric("collector_cut_off_total") == before + 1


def test_a_request_in_many_small_pieces_is_taken_while_it_is_quick(impatient: Collector) -> None:
    body = b'{"event": "lead"}'
    request = b"POST /collect HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with connected(impatient) as wire:
        for place in range(0, len(request), 7):
            wire.sendall(request[place : place + 7])
        assert b"200 OK" in wire.recv(1000)


@pytest.mark.parametrize("piece", [b"X-Filler: " + b"x" * 1000 + b"\r\n", b"x" * 1000])
def test_a_head_without_end_is_cut_off_at_its_bound(impatient: Collector, piece: bytes) -> None:
    before = impatient.metric("collector_cut_off_total")
    with connected(impatient) as wire:
        wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ")
        # Being cut off shows while sending or after it.
        with suppress(ConnectionResetError, BrokenPipeError):
            for _ in range(200):
                wire.sendall(piece)
            assert is_cut(wire)
    assert impatient.metric("collector_cut_off_total") == before + 1
    assert impatient.http.get("/healthz").status_code == 200


def test_who_hangs_up_before_the_answer_does_not_stall_the_others(
    impatient: Collector, site: Site, warehouse: events.Client
) -> None:
    """Requests of one batch of the log: half of the senders are gone when it is on disk."""
    answers: list[int] = []

    def send_and_leave() -> None:
        body = b'{"event":"lead"}'
        for _ in range(50):
            with connected(impatient) as wire:
                wire.sendall(
                    b"POST /collect HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
                )

    def send_and_stay() -> None:
        answers.extend(impatient.collect({"event": "lead"}).status_code for _ in range(50))

    threads = [threading.Thread(target=each) for each in (send_and_leave, send_and_stay) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [200] * 150
    [last] = impatient.collect({"event": "lead"}).json()["results"]
    arrived(warehouse, site.tenant, last["id"])


def test_a_refusal_can_be_found_by_its_requests_id(impatient: Collector, warehouse: events.Client) -> None:
    refused = impatient.collect(b'{"event": \n"\x1b[31m', **{"X-Request-Id": "from-the-proxy-1"})
    assert refused.json()["request_id"] == "from-the-proxy-1"
    ours = impatient.collect(b"{", **{"X-Request-Id": 'bad"\nid'.replace("\n", "")}).json()["request_id"]
    assert ours != 'bad"id'
    logged = [json.loads(each) for each in impatient.log.read_text().splitlines()]
    assert [each["door"] for each in logged if each.get("request_id") == "from-the-proxy-1"] == ["collect"]
    query = "select reason, payload from raw.rejected where request_id = {id:String}"

    def kept() -> Sequence[Any]:
        return warehouse.query(query, parameters={"id": ours}).result_rows

    wait_until("the rejection", lambda: bool(kept()), 30)
    assert kept() == [("malformed", "{")]


def test_more_connections_than_allowed_are_asked_to_come_again(
    settings: Settings, site: Site, tmp_path: Path
) -> None:
    given = environment(settings, tmp_path, DEFAULT_TENANT=site.slug, COLLECTOR_MAX_CONNECTIONS="5")
    with running_collector(given, ships=False) as collector:
        wires = [connected(collector) for _ in range(8)]
        for wire in wires:
            wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nUser-Agent: " + PERSON.encode() + b"\r\n\r\n")
        assert 503 in {int(wire.recv(1000).split()[1]) for wire in wires}
        for wire in wires:
            wire.close()
        wait_until("room", lambda: collector.http.get("/healthz").status_code == 200, 20)
