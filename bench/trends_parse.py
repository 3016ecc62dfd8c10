"""How fast 10,000 entries are parsed, beside feedparser alone in the same run.

python -m bench.trends_parse

The documents are generated: RSS as blogs publish it, with markup in the descriptions, and Atom with XHTML. Both parsers take
turns on the same documents, so that a busy machine slows both, and the quickest round counts. feedparser is asked as its
documentation says, so that it cleans markup, too; what we do more is ids, plain text, web addresses and dates in UTC.
"""

import time
from collections.abc import Callable

import feedparser

from marketing_pipelines.trends import feeds

DOCUMENTS = 200
ENTRIES_A_DOCUMENT = 50
ENTRIES = DOCUMENTS * ENTRIES_A_DOCUMENT
ROUNDS = 5
URL = "https://news.example/feed.xml"
LINE = "{:<26}{:>10}{:>12}{:>10}"


def rss(number: int) -> bytes:
    """A blog's feed: markup in the description, a date, an author, an id."""
    items = "".join(
        f"<item><guid isPermaLink='false'>urn:{number}:{entry}</guid>"
        f"<title>Story {entry} of feed {number} &amp;#8211; and what it means</title>"
        f"<link>/stories/{number}/{entry}?utm_source=rss&amp;utm_medium=feed</link>"
        f"<author>author{entry % 7}@example.com</author><pubDate>Fri, 20 Nov 2026 10:{entry:02d}:00 GMT</pubDate>"
        f"<category>Shoes</category><category>Boots &amp; more</category>"
        f"<description><![CDATA[<p>A <b>paragraph</b> with a <a href='/x/{entry}'>link</a>, an image "
        f"<img src='/i/{entry}.png'> and some words that readers may read.</p>{'<p>More words.</p>' * 8}]]>"
        "</description></item>"
        for entry in range(ENTRIES_A_DOCUMENT)
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Feed {number}</title>'
        f"<link>https://news.example/</link>{items}</channel></rss>"
    ).encode()


def atom(number: int) -> bytes:
    """A newspaper's feed: elements in the content, several links, letters beyond ASCII."""
    entries = "".join(
        f"<entry><id>tag:news.example,2026:{number}/{entry}</id><title>Größe {entry} für {number}</title>"
        f"<link rel='alternate' type='text/html' href='/stories/{number}/{entry}'/><link rel='edit' href='/e/{entry}'/>"
        f"<author><name>Ann Müller</name></author><published>2026-11-20T10:{entry:02d}:00+01:00</published>"
        f"<updated>2026-11-20T11:{entry:02d}:00Z</updated><summary>What it means in a sentence or two.</summary>"
        f"<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{'<p>A <em>paragraph</em> of it.</p>' * 6}</div>"
        "</content></entry>"
        for entry in range(ENTRIES_A_DOCUMENT)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>urn:f</id>'
        f"<title>Feed {number}</title><link href='https://news.example/'/>{entries}</feed>"
    ).encode()


def ours(body: bytes) -> int:
    return len(feeds.parse(body, "application/xml", URL))


def alone(body: bytes) -> int:
    return len(feedparser.parse(body).entries)


def alone_uncleaned(body: bytes) -> int:
    return len(feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False).entries)


def seconds(parse: Callable[[bytes], int], documents: list[bytes]) -> float:
    start = time.perf_counter()
    entries = sum(parse(each) for each in documents)
    spent = time.perf_counter() - start
    if entries != ENTRIES:
        raise SystemExit(f"{parse.__name__} found {entries:,} of {ENTRIES:,} entries.")
    return spent


def main() -> None:
    half = DOCUMENTS // 2
    for what, documents in [
        ("RSS and Atom", [make(number) for number in range(half) for make in (rss, atom)]),
        ("RSS", [rss(number) for number in range(DOCUMENTS)]),
        ("Atom", [atom(number) for number in range(DOCUMENTS)]),
    ]:
        parsers = {
            "trends.feeds.parse": ours,
            "feedparser": alone,
            "feedparser, uncleaned": alone_uncleaned,
        }
        quickest = dict.fromkeys(parsers, float("inf"))
        for _ in range(ROUNDS):
            for name, parse in parsers.items():
                quickest[name] = min(quickest[name], seconds(parse, documents))
        print(LINE.format(what, "seconds", "entries/s", "ratio"))
        mine = quickest["trends.feeds.parse"]
        for name, spent in quickest.items():
            print(LINE.format(name, f"{spent:.3f}", f"{ENTRIES / spent:,.0f}", f"{mine / spent:.2f}"))
        print()
    print("Ratio: our time by theirs; below 1 we are faster.")


if __name__ == "__main__":
    main()
