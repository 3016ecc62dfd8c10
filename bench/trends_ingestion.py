"""One reading of a thousand feeds of fifty entries, 100 ms away each: fetched, parsed and stored; then all unchanged.

python -m bench.trends_ingestion [--feeds 1000] [--rounds 3]

What `feed_entries` does in a house with both embedded engines: feeds are claimed in Postgres, read, their entries stored in
ClickHouse, and each row moved on. Beside it, in the same run, is what cannot be saved: fetching alone by a plain
httpx.AsyncClient with as many requests at once, and parsing the same bodies with feedparser alone.
"""

import argparse
import tempfile
import time
from pathlib import Path

import feedparser
from sqlalchemy import update

from bench import houses, trends_fetch
from bench.trends_fetch import LIMIT_AGAIN_S, LIMIT_MB, LIMIT_S, Timed, megabytes, quickest
from bench.trends_parse import rss
from marketing_pipelines.trends import reading
from marketing_pipelines.trends.publishers import turns
from store import records
from store.records.feeds import Feed
from store.records.schema import TenantId
from store.records.tenants import Tenant
from store.settings import Role, Settings

ENTRIES_A_FEED = 50


def subscribed(house: Settings, urls: list[str], number: int) -> TenantId:
    """A new tenant that reads these feeds and has read none of them."""
    with records.session(house, Role.OWNER) as session:
        tenant = Tenant(slug=f"bench-{number}", name="Bench")
        session.add(tenant)
        session.flush()
        session.add_all(Feed(tenant_id=tenant.id, name=url, url=url) for url in urls)
        return tenant.id


def due_again(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(update(Feed).where(Feed.tenant_id == tenant).values(next_fetch_at=None))


def read(house: Settings, stored: int) -> float:
    began = time.perf_counter()
    readings = reading.read_due(house, run_id="bench")
    seconds = time.perf_counter() - began
    assert sum(each.stored for each in readings) == stored
    assert not any(each.failing for each in readings)
    return seconds


def ours(house: Settings, urls: list[str], number: int) -> Timed:
    tenant = subscribed(house, urls, number)
    first = read(house, ENTRIES_A_FEED * len(urls))
    due_again(house, tenant)
    again = read(house, 0)
    with records.session(house, Role.OWNER) as session:
        session.execute(update(Feed).where(Feed.tenant_id == tenant).values(status="retired"))
    return Timed(first, again)


def parsed_plainly(feeds: int) -> float:
    bodies = [rss(number) for number in range(feeds)]
    began = time.perf_counter()
    for body in bodies:
        assert len(feedparser.parse(body).entries) == ENTRIES_A_FEED
    return time.perf_counter() - began


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--feeds", type=int, default=1000)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, trends_fetch.publishers(chosen.feeds) as urls:
        house = houses.settled(Path(folder))
        with houses.with_engines(house):
            compare(house, urls, chosen.rounds)


def compare(house: Settings, urls: list[str], rounds: int) -> None:
    timed = [ours(house, urls, number) for number in range(rounds)]
    used = megabytes()
    fetched = quickest([trends_fetch.plain(urls, turns.AT_ONCE) for _ in range(rounds)])
    peer = Timed(fetched.first + parsed_plainly(len(urls)), fetched.again)
    mine = quickest(timed)
    print(f"{len(urls)} feeds of {ENTRIES_A_FEED} entries, {turns.AT_ONCE} requests at once\n")
    print(f"{'':<48}{'first':>7}{'all 304':>9}")
    for name, seconds in (
        ("read, stored and settled", mine),
        ("httpx.AsyncClient and feedparser, nothing kept", peer),
    ):
        print(f"{name:<48}{seconds.first:>6.1f}s{seconds.again:>8.1f}s")
    print(f"{'ratio':<48}{mine.first / peer.first:>7.2f}{mine.again / peer.again:>9.2f}")
    print(f"{'limit':<48}{LIMIT_S:>6}s{LIMIT_AGAIN_S:>8}s")
    print(f"memory: {used:.0f} MB at most (limit {LIMIT_MB})")


if __name__ == "__main__":
    main()
