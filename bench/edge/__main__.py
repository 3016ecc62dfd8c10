"""`python -m bench.edge` prints the table; it takes some three minutes."""

import json
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from bench import houses
from bench.edge import peers
from bench.edge.asking import Answered, NothingToAskWith, ask, ask_steadily
from bench.edge.peers import FIRST_CORE, is_here
from bench.processes import running
from cli import readiness
from store import records
from store.records.tenants import Tenant
from store.settings import Role, Service, Settings

ROUNDS = 2
BATCH = 50
LINKS = 100_000
EVENT = {
    "event": "page_view", "url": "https://shop.example/coats/harbour?utm_source=news", "sid": "5e1f" * 8,
    "ref": "https://news.example/autumn", "utm_source": "news", "utm_medium": "email",
    "utm_campaign": "autumn-letter", "ts": 1795000000000, "sent_at": 1795000000100,
    "props": {"title": "Harbour coat", "text": "x" * 250},
}  # fmt: skip
ONE = json.dumps(EVENT)
MANY = json.dumps([EVENT] * BATCH)
# Nobody's quota is reached, and it is counted all the same.
NO_QUOTA = {"COLLECT_MAX_ADDRESS_RATE": "1000000000", "DEFAULT_TENANT": "bench"}
AWAY = "http://127.0.0.1:1/"


class Table:
    """Prints a row as soon as it is measured, so that whoever waits can read."""

    def __init__(self) -> None:
        print(f"{'':<58}{'a second':>12}{'of Go':>8}{'of bare':>9}{'p99 ms':>9}")
        self._limits: dict[str, float] = {}

    def peer(self, name: str, shown: str, answered: Answered) -> None:
        self._limits[name] = answered.a_second
        self.row(shown, answered)

    def row(self, name: str, answered: Answered, *, events_each: int = 1) -> None:
        rate = answered.a_second
        ratios = "".join(
            f"{rate / self._limits[peer]:>{width}.2f}" if peer in self._limits else f"{'–':>{width}}"
            for peer, width in (("go", 8), ("bare", 9))
        )
        print(f"{name:<58}{rate * events_each:>12,.0f}{ratios}{answered.p99_ms:>9.1f}", flush=True)

    def steady(self, name: str, answered: Answered | None) -> None:
        if answered is None:
            self.note(f"{name:<58}  hey is not on this machine: skipped")
        else:
            self.row(name, answered)

    def note(self, line: str) -> None:
        print(line, flush=True)


def best(port: int, path: str, *, body: str = "", connections: int = 64, core: int | None = 1) -> Answered:
    """Of several rounds the best: what disturbs a shared machine only ever slows it down."""
    rounds = [ask(port, path, body=body, connections=connections, core=core) for _ in range(ROUNDS)]
    return max(rounds, key=lambda each: each.a_second)


@contextmanager
def records_with_links(house: Settings) -> Iterator[None]:
    with houses.with_records(house):
        with records.session(house, Role.OWNER) as session:
            tenant = Tenant(slug="bench", name="Bench")
            session.add(tenant)
            session.flush()
            session.execute(
                text(
                    "insert into links (tenant_id, slug, target_url, channel) select :tenant, 'l' || n, "
                    "'https://shop.example/coats/' || n || '?size=m', 'email' from generate_series(1, :links) n"
                ),
                {"tenant": tenant.id, "links": LINKS},
            )
        yield


@contextmanager
def collector(
    house: Settings, *, added_ms: float = 0, processes: int = 1, more: Mapping[str, str] | None = None
) -> Iterator[tuple[int, int]]:
    """The port and process of a collector without a shipper, so that the edge alone is measured; pinned, unless there are several."""
    port = house.port(Service.COLLECTOR)
    program = ["-m", "bench.edge.slow_disk", str(added_ms)] if added_ms else ["-m", "collector"]
    pinned = FIRST_CORE if processes == 1 else []
    given = {
        **houses.environment(house),
        **(more or {}),
        **NO_QUOTA,
        "CLICKHOUSE_URL": AWAY,
        "COLLECTOR_PROCESSES": str(processes),
    }
    with running(
        [*pinned, sys.executable, *program],
        lambda: readiness.answers_http(port, "/readyz"),
        environment=given,
    ) as process:
        yield port, process.pid
        peak = Path(f"/proc/{process.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
        print(f"{'':<4}peak memory {int(peak) // 1024} MB")


def measure_peers(table: Table, port: int, data: Path) -> None:
    for name, program, shown, serve in (
        ("nginx", "nginx", "nginx, 204 and nothing else", peers.nginx),
        ("go", "go", "Go's HTTP server, decodes, not durable", peers.go),
        ("bare", "", "uvicorn, reads the body and nothing else", peers.bare),
    ):
        if program and not is_here(program):
            table.note(f"{shown:<58}  not on this machine: skipped")
            continue
        with serve(port, data):
            table.peer(name, shown, best(port, "/collect", body=ONE))


def measure_edge(table: Table, house: Settings) -> None:
    with records_with_links(house):
        with collector(house) as (port, _):
            single = best(port, "/collect", body=ONE)
            table.row("POST /collect, durable, one event", single)
            table.steady("  at half that rate", ask_steadily(port, "/collect", ONE, int(single.a_second / 2)))
            table.row(
                f"  in batches of {BATCH}, events", best(port, "/collect", body=MANY), events_each=BATCH
            )
            table.row("  256 connections", best(port, "/collect", body=ONE, connections=256))
            table.row(f"GET /r/{{slug}}, {LINKS:,} links, click durable", best(port, "/r/l4711"))
        for added in (1, 5):
            with collector(house, added_ms=added) as (port, _):
                row = best(port, "/collect", body=ONE, connections=256)
                table.row(f"  256 connections, a sync takes {added} ms more", row)
        with collector(house, processes=2) as (port, _):
            row = best(port, "/collect", body=ONE, connections=128, core=None)
            table.row("  two processes and wrk on two cores", row)


def main() -> None:
    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    print(
        f"{len(ONE)}-byte event, 64 connections; Python {sys.version.split()[0]}, "
        f"{'an optimised build' if optimised else 'a build without profile-guided optimisation'}"
    )
    with tempfile.TemporaryDirectory() as folder:
        house = houses.settled(Path(folder))
        table = Table()
        try:
            measure_peers(table, house.port(Service.CONSOLE), Path(folder))
            measure_edge(table, house)
        except NothingToAskWith as nothing:
            sys.exit(str(nothing))


if __name__ == "__main__":
    main()
