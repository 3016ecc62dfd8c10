"""What a promise costs: durable `POST /collect`, against a bare ASGI application that answers 204 on the same server.

`python -m bench.edge` prints a table; it takes about half a minute. With wrk on the machine, wrk asks; else a small
client of our own, which shares the machine with the server and is a limit of its own.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import uvloop

from cli import readiness
from store import migrations, records
from store.embedded import commands, postgres
from store.records.tenants import Tenant
from store.settings import Role, Service, Settings, load

CONNECTIONS = 64
SECONDS = 4.0
ROUNDS = 2
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
EVENT = json.dumps(
    {
        "event": "page_view", "url": "https://shop.example/coats/harbour?utm_source=news", "sid": "5e1f" * 8,
        "ref": "https://news.example/autumn", "utm_source": "news", "utm_medium": "email",
        "utm_campaign": "autumn-letter", "ts": 1795000000000, "sent_at": 1795000000100,
        "props": {"title": "Harbour coat", "text": "x" * 250},
    }
)  # fmt: skip


async def bare(scope: dict[str, Any], receive: Callable[[], Any], send: Callable[..., Any]) -> None:
    """The limit: the same server, and nothing done."""
    if scope["type"] == "http":
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Asker(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, request: bytes, counts: dict[str, int]) -> None:
        self._request = request
        self._counts = counts

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._answer = b""
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self._counts["ok" if head.startswith(b"HTTP/1.1 2") else "refused"] += 1
        self._answer = b""
        self._transport.write(self._request)


async def ask(port: int) -> dict[str, int]:
    """Asks on all connections for a while, and counts the answers."""
    body = EVENT.encode()
    head = f"POST /collect HTTP/1.1\r\nHost: edge\r\nUser-Agent: Mozilla/5.0\r\nContent-Length: {len(body)}\r\n\r\n"
    counts = {"ok": 0, "refused": 0}
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Asker(head.encode() + body, counts), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(SECONDS)
    for transport, _ in opened:
        transport.abort()
    return counts


def requests_a_second(port: int) -> float:
    wrk = shutil.which("wrk")
    if wrk is None:
        answered = subprocess.run(
            [sys.executable, "-m", "bench.edge", "--ask", str(port)], capture_output=True, check=True
        )
        counts = json.loads(answered.stdout)
        refused, rate = counts["refused"], counts["ok"] / SECONDS
    else:
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(
                f"wrk.method='POST'\nwrk.body=[[{EVENT}]]\nwrk.headers['User-Agent']='Mozilla/5.0'\n"
            )
            script.flush()
            command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS:.0f}s", "-s", script.name]
            answered = subprocess.run(
                [*command, f"http://127.0.0.1:{port}/collect"], capture_output=True, check=True
            )
        refused = b"Non-2xx" in answered.stdout
        rate = float(re.findall(rb"Requests/sec:\s+([\d.]+)", answered.stdout)[0])
    if refused:
        raise RuntimeError("the server refused; what it refuses costs less than what it takes")
    return rate


@contextmanager
def running(
    command: list[str], environment: dict[str, str], is_ready: Callable[[], bool], stop: int = signal.SIGTERM
) -> Iterator[None]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            while not is_ready():
                if process.poll() is not None:
                    log.seek(0)
                    raise RuntimeError(log.read().decode(errors="replace"))
                time.sleep(0.1)
            yield
        finally:
            process.send_signal(stop)
            process.wait()


@contextmanager
def collector(house: Settings, environment: dict[str, str]) -> Iterator[int]:
    """A collector with a tenant for keyless events; ClickHouse is away, so that the log alone is measured."""
    port = house.port(Service.COLLECTOR)
    away = {**environment, "DEFAULT_TENANT": "bench", "CLICKHOUSE_URL": "http://127.0.0.1:1/"}
    with running(commands.postgres(), environment, lambda: postgres.is_ready(house), signal.SIGINT):
        postgres.ensure_databases(house)
        migrations.migrate_postgres(house)
        with records.session(house, Role.OWNER) as session:
            session.add(Tenant(slug="bench", name="Bench"))
        with running(
            [sys.executable, "-m", "collector"], away, lambda: readiness.answers_http(port, "/readyz")
        ):
            yield port


@contextmanager
def bare_server(port: int, environment: dict[str, str]) -> Iterator[int]:
    command = [
        sys.executable, "-m", "uvicorn", "bench.edge:bare", "--port", str(port), "--loop", "uvloop",
        "--http", "httptools", "--no-access-log", "--lifespan", "off",
    ]  # fmt: skip
    with running(command, environment, lambda: readiness.answers_http(port, "/readyz")):
        yield port


def main() -> None:
    if sys.argv[1:2] == ["--ask"]:
        print(json.dumps(uvloop.run(ask(int(sys.argv[2])))))
        return
    with tempfile.TemporaryDirectory() as data:
        house = load(_env_file=None, data_dir=Path(data), port_base=readiness.free_base(18000, 20))
        environment = {**os.environ, "DATA_DIR": data, "PORT_BASE": str(house.port_base)}
        rates: dict[str, list[float]] = {"bare": [], "durable": []}
        with (
            collector(house, environment) as port,
            bare_server(house.port(Service.CONSOLE), environment) as bare_port,
        ):
            for _ in range(ROUNDS):
                rates["bare"].append(requests_a_second(bare_port))
                rates["durable"].append(requests_a_second(port))
    print_table(max(rates["bare"]), max(rates["durable"]))


def print_table(limit: float, durable: float) -> None:
    asked_by = "wrk" if shutil.which("wrk") else "a Python client on the same cores; install wrk for more"
    print(f"{len(EVENT)}-byte event, {CONNECTIONS} connections, asked by {asked_by}")
    print(f"{'':<34}{'requests/s':>12}{'of the limit':>14}")
    print(f"{'204 and nothing done (the limit)':<34}{limit:>12,.0f}{1:>14.2f}")
    print(f"{'POST /collect, on disk':<34}{durable:>12,.0f}{durable / limit:>14.2f}")


if __name__ == "__main__":
    main()
