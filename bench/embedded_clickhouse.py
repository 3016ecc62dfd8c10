"""What HTTP costs the embedded ClickHouse: rows a second in process (chDB bare) and over its HTTP interface.

`python -m bench.embedded_clickhouse` prints a table; it takes about half a minute.
"""

import http.client
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

ROWS = 2_000_000
BLOCK = 100_000
SECONDS = 3.0
BLOCK_QUERY = (
    "SELECT number + {start} AS id, concat('visitor-', toString(number)) AS visitor, "
    "toDateTime('2026-01-01 00:00:00') + number AS at, number % 100 / 7 AS value FROM numbers({rows}) FORMAT Native"
)
TABLE = (
    "CREATE OR REPLACE TABLE {name} (id UInt64, visitor String, at DateTime, value Float64) "
    "ENGINE = MergeTree ORDER BY id"
)
SELECT = "SELECT number AS id, number * 2 AS twice FROM numbers({rows}) FORMAT Native"


def blocks(run: Callable[[str], bytes]) -> list[bytes]:
    return [run(BLOCK_QUERY.format(start=start, rows=BLOCK)) for start in range(0, ROWS, BLOCK)]


def best(work: Callable[[], object]) -> float:
    """The median time of a few runs."""
    times: list[float] = []
    until = time.perf_counter() + SECONDS
    while not times or (time.perf_counter() < until and len(times) < 9):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def in_process() -> dict[str, float]:
    import chdb

    with tempfile.TemporaryDirectory() as directory:
        engine = chdb.connect(directory)
        data = blocks(lambda sql: engine.query(sql, "Native").bytes())

        def insert() -> None:
            stream = engine.send_insert("INSERT INTO inserted", "Native")
            for block in data:
                stream.append(block)
            assert stream.finish().rows_written == ROWS

        engine.query(TABLE.format(name="inserted"), "Null")
        found = {
            "Native insert, one writer": ROWS / best(insert),
            "SELECT of two columns, Native": 10
            * ROWS
            / best(lambda: engine.query(SELECT.format(rows=10 * ROWS), "Native")),
            "SELECT 1": 1 / (best(lambda: [engine.query("SELECT 1", "Native") for _ in range(100)]) / 100),
        }
        engine.close()
    return found


@contextmanager
def served() -> Iterator[Callable[[str, bytes | Iterator[bytes]], int]]:
    """Starts the server and gives a function that posts a body and reads the answer away."""
    with tempfile.TemporaryDirectory() as directory, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        password = secrets.token_hex()
        file = Path(directory) / "password"
        file.touch(mode=0o600)
        file.write_text(password, encoding="ascii")
        words = [
            sys.executable,
            "-m",
            "store.embedded.clickhouse",
            "--data",
            f"{directory}/data",
            "--port",
            str(port),
        ]
        server = subprocess.Popen([*words, "--password-file", str(file)], stderr=subprocess.DEVNULL)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            try:
                connection.connect()
                break
            except OSError:
                if server.poll() is not None:
                    raise SystemExit("the server did not start") from None
                time.sleep(0.05)

        def post(query: str, body: bytes | Iterator[bytes]) -> int:
            headers = {"X-ClickHouse-User": "default", "X-ClickHouse-Key": password}
            address = f"/?{urlencode({'query': query})}" if query else "/"
            connection.request(
                "POST", address, body=body, headers=headers, encode_chunked=not isinstance(body, bytes)
            )
            answer = connection.getresponse()
            size = 0
            while part := answer.read(1 << 20):
                size += len(part)
                if answer.status != 200:
                    raise SystemExit(part.decode())
            return size

        try:
            yield post
        finally:
            connection.close()
            server.terminate()
            server.wait(30)


def over_http() -> dict[str, float]:
    import chdb

    with tempfile.TemporaryDirectory() as directory:
        engine = chdb.connect(directory)
        data = b"".join(blocks(lambda sql: engine.query(sql, "Native").bytes()))
        engine.close()
    with served() as post:
        post("", TABLE.format(name="inserted").encode())
        return {
            "Native insert, one writer": ROWS
            / best(lambda: post("INSERT INTO inserted FORMAT Native", data)),
            "SELECT of two columns, Native": 10
            * ROWS
            / best(lambda: post("", SELECT.format(rows=10 * ROWS).encode())),
            "SELECT 1": 1 / (best(lambda: [post("", b"SELECT 1") for _ in range(100)]) / 100),
        }


def main() -> None:
    # the two engines never share a process, which could hold one of them only
    if "--in-process" in sys.argv:
        print("\n".join(f"{name}\t{rate}" for name, rate in in_process().items()))
        return
    alone = subprocess.run(
        [sys.executable, __file__, "--in-process"], capture_output=True, text=True, check=True, env=os.environ
    )
    direct = {name: float(rate) for name, rate in (line.split("\t") for line in alone.stdout.splitlines())}
    through = over_http()
    print(f"{'per second':32}{'in process':>14}{'over HTTP':>14}{'ratio':>8}")
    for name, rate in direct.items():
        print(f"{name:32}{rate:>14,.0f}{through[name]:>14,.0f}{through[name] / rate:>8.2f}")


if __name__ == "__main__":
    main()
