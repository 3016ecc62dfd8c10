"""A thousand feeds of fifty entries, 100 ms away each: fetched, then found unchanged, beside a plain gathering by httpx.

python -m bench.trends_fetch [--feeds 1000] [--at-once 32] [--rounds 3]

The publishers are a process of their own on as many loopback addresses as there are hosts, four feeds each, and wait
before they answer. Ours keeps the pause between two requests to one host that it keeps on the web; the peer, an
httpx.AsyncClient with as many requests at once, knows no hosts, no limits and no guard.
"""

import argparse
import asyncio
import gzip
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from bench.trends_parse import rss
from marketing_pipelines.trends.publishers import fetching, turns
from marketing_pipelines.trends.publishers.fetching import Failed, Fetched, NotModified

PORT = 18_070
LATENCY = 0.1
FEEDS_A_HOST = 4
LIMIT_S, LIMIT_AGAIN_S, LIMIT_MB = 40, 8, 500


def address(number: int) -> str:
    host = number // FEEDS_A_HOST
    return f"http://127.0.{1 + host // 250}.{1 + host % 250}:{PORT}/{number}"


async def publish(feeds: int) -> None:
    """Every feed at its address, compressed and with a validator, each after a while."""
    bodies = [gzip.compress(rss(number), 1) for number in range(feeds)]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(LATENCY)
                number = int(head.split(b" ", 2)[1][1:])
                writer.write(_answer(bodies[number], b'"%d"' % number, head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the reader has had enough
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "0.0.0.0", PORT, backlog=1024)  # noqa: S104 - all of 127.0.0.0/8
    print("ready", flush=True)
    await server.serve_forever()


def _answer(body: bytes, etag: bytes, head: bytes) -> bytes:
    if b"if-none-match: " + etag in head.lower():
        return b"HTTP/1.1 304 Not Modified\r\netag: %b\r\n\r\n" % etag
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\ncontent-encoding: gzip\r\n"
        b"etag: %b\r\ncontent-length: %d\r\n\r\n%b" % (etag, len(body), body)
    )


@dataclass(frozen=True, slots=True)
class Timed:
    """The seconds of a first reading and of one that finds nothing new."""

    first: float
    again: float


def ours(urls: list[str], at_once: int) -> Timed:
    validators: dict[str, str | None] = {}

    def read(client: httpx.Client, kind: type[Fetched | NotModified]) -> float:
        begun = time.perf_counter()
        counted: Counter[type] = Counter()
        for url, answer in turns.spread(
            urls,
            lambda url: fetching.fetch(client, url, etag=validators.get(url)),
            key=fetching.host_of,
            at_once=at_once,
            pause=lambda _: turns.PAUSE,
        ):
            assert not isinstance(answer, Failed), answer.reason
            counted[type(answer)] += 1
            validators[url] = answer.etag
        assert counted == {kind: len(urls)}
        return time.perf_counter() - begun

    with fetching.open_client(allow_private=True) as client:
        return Timed(read(client, Fetched), read(client, NotModified))


def plain(urls: list[str], at_once: int) -> Timed:
    validators: dict[str, str] = {}

    async def read(client: httpx.AsyncClient, status: int) -> float:
        begun = time.perf_counter()
        free = asyncio.Semaphore(at_once)

        async def one(url: str) -> None:
            async with free:
                headers = {"if-none-match": validators[url]} if url in validators else {}
                answer = await client.get(url, headers=headers)
                assert answer.status_code == status
                validators[url] = answer.headers["etag"]

        await asyncio.gather(*(one(url) for url in urls))
        return time.perf_counter() - begun

    async def both() -> Timed:
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
        async with httpx.AsyncClient(limits=limits, timeout=30, trust_env=False) as client:
            return Timed(await read(client, 200), await read(client, 304))

    return asyncio.run(both())


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def quickest(rounds: list[Timed]) -> Timed:
    return Timed(min(each.first for each in rounds), min(each.again for each in rounds))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=turns.AT_ONCE)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--publish", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.publish:
        asyncio.run(publish(asked.feeds))
        return

    with publishers(asked.feeds) as urls:
        compare(urls, asked.at_once, asked.rounds)


@contextmanager
def publishers(feeds: int) -> Iterator[list[str]]:
    """The addresses of so many feeds, that are answered until the end of the block."""
    command = [sys.executable, "-m", "bench.trends_fetch", "--publish", "--feeds", str(feeds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield [address(number) for number in range(feeds)]
        finally:
            process.terminate()


def compare(urls: list[str], at_once: int, rounds: int) -> None:
    before = megabytes()
    ours_timed = [ours(urls, at_once)]
    used = megabytes()
    plain_timed = [plain(urls, at_once)]
    for _ in range(rounds - 1):  # side by side, so that a busy machine slows both
        ours_timed.append(ours(urls, at_once))
        plain_timed.append(plain(urls, at_once))
    mine, theirs = quickest(ours_timed), quickest(plain_timed)
    print(
        f"{len(urls)} feeds, {at_once} at once; the waiting alone takes {len(urls) * LATENCY / at_once:.1f} s\n"
    )
    print(f"{'':<24}{'first':>10}{'all 304':>10}")
    for name, timed in (("trends.fetching", mine), ("httpx.AsyncClient", theirs)):
        print(f"{name:<24}{timed.first:>9.1f}s{timed.again:>9.1f}s")
    print(f"{'ratio':<24}{mine.first / theirs.first:>10.2f}{mine.again / theirs.again:>10.2f}")
    print(f"{'limit':<24}{LIMIT_S:>9}s{LIMIT_AGAIN_S:>9}s")
    print(f"memory: {used:.0f} MB at most, {used - before:.0f} MB more than before (limit {LIMIT_MB})")


if __name__ == "__main__":
    main()
