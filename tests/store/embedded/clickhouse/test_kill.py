"""What was answered with 200 survives kill -9, once, when whatever was not answered is sent again."""

import concurrent.futures
import http.client
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError

from tests.store.embedded.clickhouse.running_server import PASSWORD, Server

KILLS = 6
WRITERS = 3
ROWS = 2000


class Writer:
    """Sends numbered batches, and sends each again with its token until it is answered."""

    def __init__(self, server: Server, number: int) -> None:
        self.server = server
        self.number = number
        self.sent = 0
        self.retried = 0
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.is_set():
            while not self._send(self.sent):
                self.retried += 1
                time.sleep(0.05)
            self.sent += 1

    def _send(self, batch: int) -> bool:
        token = f"writer-{self.number}-batch-{batch}"
        fields = {
            "query": "INSERT INTO kept FORMAT CSV",
            "insert_deduplication_token": token,
            "password": PASSWORD,
        }
        rows = b"".join(b"%d,%d,%d\n" % (self.number, batch, row) for row in range(ROWS))
        request = urllib.request.Request(f"{self.server.url}?{urlencode(fields)}", data=rows, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()
                return answer.status == 200
        except (OSError, http.client.HTTPException):  # an answer may be cut off in its first line
            return False


@pytest.mark.faults
def test_nothing_is_lost_and_nothing_is_twice(own_server: Server, tmp_path: Path) -> None:
    own_server.start()
    with own_server.client() as client:
        client.command(
            "CREATE TABLE kept (writer UInt8, batch UInt32, row UInt32) ENGINE = MergeTree ORDER BY (writer, batch, row) "
            "SETTINGS non_replicated_deduplication_window = 10000"
        )
    writers = [Writer(own_server, number) for number in range(WRITERS)]
    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(writer.run) for writer in writers]
        try:
            for _ in range(KILLS):
                before = sum(writer.sent for writer in writers)
                while sum(writer.sent for writer in writers) < before + 20:
                    for future in running:
                        assert not future.done(), future.exception()
                    time.sleep(0.01)
                own_server.kill()
                own_server.start()
        finally:
            for writer in writers:
                writer.stop.set()
        for future in running:
            future.result()
    assert sum(writer.retried for writer in writers) > 0
    with own_server.client() as client:
        for writer in writers:
            found = client.query(
                "SELECT count(), uniqExact(batch, row), uniqExact(batch) FROM kept WHERE writer = {writer:UInt8}",
                parameters={"writer": writer.number},
            ).first_row
            assert found == (writer.sent * ROWS, writer.sent * ROWS, writer.sent)
    assert own_server.stop() == 0


@pytest.mark.faults
def test_many_blocks_in_one_insert(own_server: Server) -> None:
    """An insert of several parts that was killed half-way is completed by its retry, and not doubled."""
    own_server.start()
    with own_server.client() as client:
        client.command(
            "CREATE TABLE wide (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 10000"
        )
    settings = {
        "insert_deduplication_token": "one",
        "min_insert_block_size_rows": 20_000,
        "max_insert_block_size": 20_000,
    }
    rows = [(number,) for number in range(1_000_000)]
    for pause in (0.3, 0.6, 0.9):
        timer = threading.Timer(pause, own_server.kill)
        timer.start()
        try:
            with own_server.client() as client:
                client.insert("wide", rows, column_names=["a"], settings=settings)
        except (ClickHouseError, OSError):
            pass
        timer.join()
        own_server.start()
    with own_server.client() as client:
        client.insert("wide", rows, column_names=["a"], settings=settings)
        assert client.query("SELECT count(), uniqExact(a) FROM wide").first_row == (1_000_000, 1_000_000)
