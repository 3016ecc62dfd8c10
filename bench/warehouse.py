"""How long the warehouse takes from raw events to paths: all of it, and what came in today on a short and on a long history.

python -m bench.warehouse [--days 100] [--longer 1000] [--a-day 100000]

Two houses of one shop, one with ten times the history of the other, each in the embedded engines. The full build of as long
a history as the shorter one stands beside a limit in the same run: ClickHouse copying the raw events into another table in
their order. The longer history grows by as much at a time, each time built, and comes to rest. Then both get the same new
days in turn, a day's events each time, and today's run on the long history is divided by today's run on the short one. Seconds of a run are the whole command's, as Dagster starts it; those of the models are dbt's own.
With the default figures it takes half an hour, 110 million events and some 20 GB of disk.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench import houses
from marketing_pipelines.defs.warehouse.dbt import EXECUTABLE, PROJECT, environment
from store import events, records
from store.records.tenants import Tenant
from store.settings import Role, Settings

ROUNDS = 5
RESTS_FOR = 10
# A run looks again at what came in shortly before the last one, which here would be a history of months.
NOTHING_ON_ITS_WAY = '{"loading_minutes": 0}'
AT_ONCE = 2_000_000
CHAIN = (
    "stg_tenants", "stg_goals", "stg_measurement", "stg_identity_splits", "stg_exchange_rates", "stg_channel_rules",
    "stg_touch_events", "stg_links", "stg_campaigns", "stg_events", "int_sessions", "int_identity_edges",
    "int_touched_devices", "int_device_owners", "int_contact_aliases", "int_identities", "int_touchpoints", "int_conversions", "int_paths",
)  # fmt: skip
# Visits of four events: pages, and now and then a log-in or a purchase that the shop's server tells of. A visitor comes
# back a few times within a month or so, one in ten is a program, one event in fifty is sent twice.
EVENTS = """
insert into raw.events
    (tenant_id, event_id, event, received_at, occurred_at, trust, consent, sid, sid_kind, user_id, url, referrer, value,
    currency, props, ip, user_agent, is_bot, segment, position, country, site, referrer_host, source, medium, campaign,
    channel, device, os, browser, rules_version)
with
    intDiv(number, 4) as visit,
    number % 4 as place,
    cityHash64(visit, 7) as chance,
    intDiv(number, {a_day}) as day,
    intDiv(day, 30) * {a_day} * 2 + cityHash64(visit, 3) % ({a_day} * 2) as visitor,
    place = 3 and chance % 100 < 4 as buys,
    place = 3 and chance % 100 between 4 and 8 as logs_in,
    toDateTime64('{first}', 3, 'UTC') + toIntervalDay(day)
    + toIntervalMillisecond(chance % 86000000 + place * 40000) as at,
    transform(
        chance % 10,
        [0, 1, 2, 3, 4, 5, 6],
        ['paid_search', 'organic_search', 'email', 'paid_social', 'referral', 'organic_social', 'display'],
        'direct'
    ) as came
select
    {tenant},
    hex(cityHash64(number, 1)) || hex(number),
    multiIf(buys, 'purchase', logs_in, 'identify', 'page_view'),
    at + toIntervalSecond(1 + copy),
    at,
    if(buys or logs_in, 'server', 'browser'),
    'granted',
    lower(hex(cityHash64(visitor))),
    'stored',
    if(buys or logs_in, 'u' || toString(intDiv(visitor, 2)), ''),
    'https://shop.example/coats/' || toString(chance % 5000),
    if(place = 0 and came = 'organic_search', 'https://www.google.com/', ''),
    if(buys, toDecimal64(5 + chance % 200, 4), null),
    if(buys, 'EUR', ''),
    '{{"title": "Harbour coat ' || toString(chance % 1000) || '", "order_id": "' || toString(visit) || '"}}',
    '203.0.113.0',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || toString(chance % 150),
    chance % 10 = 9,
    'segment ' || toString(intDiv(number, 50000)) || ' ' || toString(copy),
    number % 50000,
    ['DE', 'FR', 'US', 'GB'][1 + chance % 4],
    'shop.example',
    if(place = 0 and came = 'organic_search', 'www.google.com', ''),
    if(place = 0 and came in ('paid_search', 'organic_search'), 'google', ''),
    if(place = 0 and came = 'paid_search', 'cpc', ''),
    if(place = 0 and came = 'paid_search', 'c' || toString(chance % 40), ''),
    if(place = 0, came, 'internal'),
    if(chance % 3 = 0, 'mobile', 'desktop'),
    'Windows',
    'Chrome',
    9
from numbers({start}, {count})
array join if(cityHash64(number, 11) % 50 = 0, [0, 1], [0]) as copy
"""


@dataclass(frozen=True)
class Run:
    """Seconds of the command, and of each of its models, which come one after the other."""

    seconds: float
    by_model: dict[str, float]

    @property
    def models(self) -> float:
        return sum(self.by_model.values())


@dataclass
class Shop:
    """A house with a shop in it, and how far its history goes."""

    house: Settings
    engine: subprocess.Popen[bytes]
    tenant: int
    first: date
    a_day: int
    days: int = 0

    def live(self, days: int) -> None:
        """So many more days go by."""
        end = (self.days + days) * self.a_day
        with events.connect(self.house) as client:
            for start in range(self.days * self.a_day, end, AT_ONCE):
                client.command(
                    EVENTS.format(
                        tenant=self.tenant,
                        first=self.first,
                        a_day=self.a_day,
                        start=start,
                        count=min(AT_ONCE, end - start),
                    )
                )
        self.days += days

    def build(self, *arguments: str) -> Run:
        target = self.house.data_dir / "dbt"
        given = {
            **os.environ, **environment(self.house), "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target),
        }  # fmt: skip
        began = time.perf_counter()
        done = subprocess.run(
            [str(EXECUTABLE), "--quiet", "build", "--exclude-resource-type", "unit_test", "--exclude-resource-type",
             "test", "--vars", NOTHING_ON_ITS_WAY, *arguments, "-s", *CHAIN, "exchange_rates", "channel_rules", "touch_events"],
            env=given, cwd=PROJECT.project_dir, capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        results = json.loads((target / "run_results.json").read_text())["results"]
        return Run(
            seconds, {each["unique_id"].rpartition(".")[2]: each["execution_time"] for each in results}
        )

    def rest(self) -> None:
        """Until what was built at once is merged, as it would have been over the years."""
        quiet = 0
        with events.connect(self.house) as client:
            while quiet < RESTS_FOR:
                time.sleep(1)
                quiet = 0 if int(str(client.command("select count() from system.merges"))) else quiet + 1

    def copied(self) -> float:
        """The limit: seconds in which ClickHouse writes the raw events into another table, in their order."""
        with events.connect(self.house) as client:
            client.command("create table raw.copy as raw.events")
            began = time.perf_counter()
            client.command("insert into raw.copy select * from raw.events")
            seconds = time.perf_counter() - began
            client.command("drop table raw.copy")
        return seconds

    def rows(self, table: str) -> int:
        with events.connect(self.house) as client:
            return int(str(client.command(f"select count() from {table}")))

    def forget_peak(self) -> None:
        Path(f"/proc/{self.engine.pid}/clear_refs").write_text("5")

    def peak(self) -> float:
        """The most memory that ClickHouse has held since, in GB."""
        status = Path(f"/proc/{self.engine.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 2**20


@contextmanager
def opened(data: Path, days: int, a_day: int) -> Iterator[Shop]:
    """A house whose events are kept as long as the history is, with a shop that opened so many days ago."""
    house = houses.settled(data, events_ttl_days=days + 100)
    with houses.with_engines(house) as engine:
        with records.session(house, Role.OWNER) as session:
            shop = Tenant(slug="shop", name="Shop", currency="EUR")
            session.add(shop)
            session.flush()
            tenant = shop.id
        first = datetime.now(UTC).date() - timedelta(days=days + ROUNDS)
        yield Shop(house, engine, tenant, first, a_day)


def by_model(short: list[Run], long: list[Run]) -> Table:
    """Where the longer history costs: models by the seconds that they take more on it."""
    table = Table("model", "short in s", "long in s", "more in s")
    pairs = {
        name: tuple(median(run.by_model[name] for run in runs) for runs in (short, long))
        for name in short[0].by_model
    }
    for name, (few, many) in sorted(pairs.items(), key=lambda pair: pair[1][0] - pair[1][1]):
        table.add_row(name, f"{few:.2f}", f"{many:.2f}", f"{many - few:+.2f}")
    return table


def main(days: int, longer: int, a_day: int) -> None:
    whole = Table(
        "history", "raw rows", "copied in s", "full build in s", "of it models", "copies", "peak GB", "paths"
    )
    today = Table("history", "run in s", "of it models", "each run", title=f"today's {a_day:,} events")
    runs: dict[int, list[Run]] = {days: [], longer: []}
    with ExitStack() as stack:
        shops = {}
        for length in (days, longer):
            data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            shop = shops[length] = stack.enter_context(opened(data, length, a_day))
            shop.live(days)
            copied = shop.copied()
            shop.forget_peak()
            whole_run = shop.build("--full-refresh")
            whole.add_row(
                f"{days} days", f"{shop.rows('raw.events'):,}", f"{copied:.1f}", f"{whole_run.seconds:.1f}",
                f"{whole_run.models:.1f}", f"{whole_run.seconds / copied:.1f}x", f"{shop.peak():.2f}", f"{shop.rows('intermediate.int_paths'):,}",
            )  # fmt: skip
            while shop.days < length:
                shop.live(min(days, length - shop.days))
                shop.build()
        for shop in shops.values():
            shop.rest()
        for _ in range(ROUNDS):
            for length, shop in shops.items():
                shop.live(1)
                runs[length].append(shop.build())
    for length, measured in runs.items():
        today.add_row(
            f"{length} days", f"{median(run.seconds for run in measured):.2f}",
            f"{median(run.models for run in measured):.2f}", " ".join(f"{run.seconds:.1f}" for run in measured),
        )  # fmt: skip
    short, long = runs.values()
    of_runs = median(run.seconds for run in long) / median(run.seconds for run in short)
    of_models = median(run.models for run in long) / median(run.models for run in short)
    today.add_row("ratio", f"{of_runs:.2f}x", f"{of_models:.2f}x", "")
    for table in (whole, today, by_model(short, long)):
        Console().print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--longer", type=int, default=1000)
    parser.add_argument("--a-day", type=int, default=100_000)
    given = parser.parse_args()
    main(given.days, given.longer, given.a_day)
