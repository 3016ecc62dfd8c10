"""Parsing 10,000 entries: our entries beside what feedparser alone makes of the same documents.

python -m bench.feeds
"""

import statistics
import time
from collections.abc import Callable

import feedparser

from marketing_pipelines.trends import feeds

DOCUMENTS = 200
ENTRIES_A_DOCUMENT = 50
ROUNDS = 3


def document(number: int) -> bytes:
    """An RSS document as blogs publish it: markup in the description, a date, an author, an id."""
    items = "".join(
        f"<item><guid isPermaLink='false'>urn:{number}:{entry}</guid>"
        f"<title>Story {entry} of feed {number} &amp;#8211; and what it means</title>"
        f"<link>/stories/{number}/{entry}?utm_source=rss&amp;utm_medium=feed</link>"
        f"<author>author{entry % 7}@example.com</author><pubDate>Fri, 20 Nov 2026 10:{entry:02d}:00 GMT</pubDate>"
        f"<description><![CDATA[<p>A <b>paragraph</b> with a <a href='/x/{entry}'>link</a>, an image "
        f"<img src='/i/{entry}.png'> and some words that readers may read.</p>{'<p>More words.</p>' * 8}]]>"
        "</description></item>"
        for entry in range(ENTRIES_A_DOCUMENT)
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Feed {number}</title>'
        f"<link>https://news.example/</link>{items}</channel></rss>"
    ).encode()


def seconds(parse: Callable[[bytes], int], documents: list[bytes]) -> float:
    start = time.perf_counter()
    entries = sum(parse(each) for each in documents)
    assert entries == DOCUMENTS * ENTRIES_A_DOCUMENT
    return time.perf_counter() - start


def ours(body: bytes) -> int:
    return len(feeds.parse(body, "application/rss+xml", "https://news.example/feed.xml"))


def plain(body: bytes) -> int:
    return len(feedparser.parse(body).entries)


def main() -> None:
    documents = [document(number) for number in range(DOCUMENTS)]
    # Side by side in each round, so that a busy machine slows both.
    rounds = [(seconds(ours, documents), seconds(plain, documents)) for _ in range(ROUNDS)]
    ours_s, plain_s = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(mine / theirs for mine, theirs in rounds)
    entries = DOCUMENTS * ENTRIES_A_DOCUMENT
    print(f"{'parser':<24}{'seconds':>10}{'entries/s':>12}")
    print(f"{'trends.feeds.parse':<24}{ours_s:>10.2f}{entries / ours_s:>12,.0f}")
    print(f"{'feedparser.parse':<24}{plain_s:>10.2f}{entries / plain_s:>12,.0f}")
    print(f"ratio of time: {ratio:.2f} (below 1 is faster than feedparser alone)")


if __name__ == "__main__":
    main()
