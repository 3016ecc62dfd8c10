"""What reading insights costs: `python -m bench.insights`, some minutes.

Accounts of 5,000 ads are read from the sandbox over HTTP on loopback into the embedded ClickHouse, as every night: 7 days and
30 days, each in a process of its own, so that its peak of memory is its own. Waiting is what was not the reader's own
processor time; on a machine with two cores most of it is the sandbox, writing what is read. After that the connectors read
answers of two days from memory, beside msgspec decoding the very same bytes: nothing that parses can be faster than that.
"""

import dataclasses
import json
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from bench import houses
from bench.insights import parsing
from bench.insights.large_world import ADS
from bench.processes import running
from cli import readiness
from connectors.face import Channel
from connectors.sandbox import CREDENTIALS, endpoint
from store import clock, records
from store.audit import Actor, ActorKind
from store.records import accounts, connections
from store.records.tenants import Tenant
from store.settings import Role, Service, Settings

ACCOUNTS = {Channel.GOOGLE_ADS: "1112223333", Channel.META: "555000111", Channel.LINKEDIN: "500600100"}
SHORT, LONG = 7, 30
LIMIT_ROWS = 100_000
LONGEST_SECONDS = 600


def connect_all(house: Settings, address: str) -> None:
    operator = Actor(ActorKind.OPERATOR, "bench")
    with records.session(house, Role.OWNER) as session:
        tenant = Tenant(slug="bench", name="Bench")
        session.add(tenant)
        session.flush()
        for channel, number in ACCOUNTS.items():
            options = dataclasses.asdict(endpoint(channel, address))
            granted = connections.connect(
                session, house, operator, tenant.id, channel, "Bench", CREDENTIALS[channel], options=options
            )
            accounts.read_from_now_on(session, operator, granted, number, "Bench")


def read(house: Settings, channel: Channel, days: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.insights.reading", channel, str(days)],
        env=houses.environment(house),
        stdout=subprocess.PIPE,
        timeout=LONGEST_SECONDS,
        check=True,
    )
    return json.loads(done.stdout)


def requests_made(address: str, channel: Channel) -> int:
    return sum(httpx.get(f"{address}/_sandbox/requests").json().get(channel, {}).values())


def measure_reading(house: Settings, address: str) -> None:
    print(f"{ADS:,} ads a day and their campaigns, from the sandbox into the embedded ClickHouse")
    print(
        f"{'':<12}{'days':>6}{'rows':>10}{'rows/s':>10}{'requests':>10}{'waiting':>9}{'peak MB':>9}{'peak':>7}"
    )
    for channel in ACCOUNTS:
        short = 0.0
        for days in (SHORT, LONG):
            before = requests_made(address, channel)
            it = read(house, channel, days)
            short = short or it["peak"]
            print(
                f"{channel:<12}{days:>6}{it['rows']:>10,}{it['rows'] / it['seconds']:>10,.0f}"
                f"{requests_made(address, channel) - before:>10,}{1 - it['cpu'] / it['seconds']:>9.0%}"
                f"{it['peak']:>9.0f}{it['peak'] / short:>6.2f}×"
            )


def measure_parsing(address: str) -> None:
    last = clock.now().date() - timedelta(days=2)
    print(f"\n{'from memory':<12}{'rows':>10}{'rows/s':>10}{'msgspec':>12}{'ratio':>8}{'of 100,000':>12}")
    for channel, account in ACCOUNTS.items():
        rows, ours, alone = parsing.rates(channel, address, account, last)
        print(
            f"{channel:<12}{rows:>10,}{ours:>10,.0f}{alone:>12,.0f}{ours / alone:>8.2f}{ours / LIMIT_ROWS:>12.2f}"
        )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = houses.settled(Path(folder))
        port = house.port(Service.SANDBOX)
        address = f"http://127.0.0.1:{port}"
        sandbox = [sys.executable, "-m", "bench.insights.large_world", str(port)]
        with houses.with_engines(house), running(sandbox, lambda: readiness.answers_tcp(port)):
            connect_all(house, address)
            measure_reading(house, address)
            measure_parsing(address)


if __name__ == "__main__":
    main()
