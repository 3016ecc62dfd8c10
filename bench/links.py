"""A million links in one collector process: what they weigh, how long reading them takes, how soon a change is live.

python -m bench.links

The memory is that of the process with the links less that of one without; the limit is 400 MB.
"""

import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from sqlalchemy import text

from bench import houses
from bench.processes import running
from store import records
from store.records.links import Link
from store.records.tenants import Tenant
from store.settings import Role, Service, Settings

LINKS = 1_000_000
LIMIT_MB = 400
CHANGES = 20
AWAY = "http://127.0.0.1:1/"
MANY = (
    "insert into links (tenant_id, slug, target_url, channel) select :tenant, 'k' || to_hex(n::bigint * 7919), "
    "'https://shop.example/coats/' || n || '?size=m&colour=' || md5(n::text), 'email' "
    "from generate_series(1, :links) n"
)


@contextmanager
def collector(
    house: Settings, ready: Callable[[httpx.Client], bool]
) -> Iterator[tuple[int, httpx.Client, float]]:
    """A collector's process id, how to speak to it, and how long it took to be ready."""
    port = house.port(Service.COLLECTOR)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:

        def is_ready() -> bool:
            try:
                return ready(http)
            except httpx.TransportError:
                return False

        began = time.perf_counter()
        given = {**houses.environment(house), "CLICKHOUSE_URL": AWAY, "LOG_LEVEL": "WARNING"}
        with running([sys.executable, "-m", "collector"], is_ready, environment=given) as process:
            yield process.pid, http, time.perf_counter() - began


def megabytes(process: int, of: str) -> float:
    return int(Path(f"/proc/{process}/status").read_text().partition(f"{of}:")[2].split()[0]) / 1024


def known(http: httpx.Client) -> float:
    lines = http.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("collector_links "))


def seconds_until_live(house: Settings, http: httpx.Client, link: int, slug: str) -> float:
    """From the commit of a new target to the first answer with it."""
    target = f"https://shop.example/{uuid.uuid4().hex}"
    with records.session(house, Role.OWNER) as session:
        session.get_one(Link, link).target_url = target
    began = time.perf_counter()
    while target not in http.get(f"/r/{slug}").headers["location"]:
        time.sleep(0.001)
    return time.perf_counter() - began


def measure(house: Settings) -> None:
    with collector(house, lambda http: http.get("/readyz").is_success) as (
        process,
        _,
        without_s,
    ):
        without = megabytes(process, "VmRSS")
    with records.session(house, Role.OWNER) as session:
        tenant = Tenant(slug="bench", name="Bench")
        session.add(tenant)
        session.flush()
        session.execute(text(MANY), {"tenant": tenant.id, "links": LINKS})
    with collector(house, lambda http: known(http) == LINKS) as (process, http, seconds):
        weight, peak = (megabytes(process, of) - without for of in ("VmRSS", "VmHWM"))
        print(f"{LINKS:,} links, read in                {seconds - without_s:>8.1f} s")
        print(f"  in memory                        {weight:>8.0f} MB  {weight / LIMIT_MB:>5.2f} of the limit")
        print(f"  at most while they are read      {peak:>8.0f} MB  {peak / LIMIT_MB:>5.2f} of the limit")
        with records.session(house, Role.OWNER) as session:
            link, slug = session.execute(text("select id, slug from links order by id desc limit 1")).one()
        waited = sorted(seconds_until_live(house, http, link, slug) for _ in range(CHANGES))
        print(
            f"  a change is live after           {waited[CHANGES // 2] * 1000:>8.0f} ms, at most {waited[-1] * 1000:.0f}"
        )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = houses.settled(Path(folder))
        with houses.with_records(house):
            measure(house)


if __name__ == "__main__":
    main()
