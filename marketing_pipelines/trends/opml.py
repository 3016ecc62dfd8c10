"""OPML: the lists of feeds that readers exchange, in and out.

The parser is expat, without declarations: `safe_xml` takes them away first, so that there is no entity to expand and no
external document to ask for; one that hid from that ends the reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from urllib.parse import urlsplit
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from pydantic import ValidationError

from marketing_pipelines.trends.parsing import charsets, safe_xml
from marketing_pipelines.trends.parsing.plain_text import headline
from marketing_pipelines.trends.seeds import FeedSeed

LARGEST_LIST = 8 * 2**20
MOST_FEEDS = 10_000
MOST_OUTLINES = 50_000
MOST_REMARKS = 200
LONGEST_NAME = 200
LONGEST_TOPIC = 100
DEEPEST_TOPIC = 5
# Readers pass over attributes of a namespace that they do not know.
NAMESPACE = "urn:marketing-pipelines:opml"
OUR_ATTRIBUTES = {
    f"{NAMESPACE} weight": "weight",
    f"{NAMESPACE} interval": "interval",
    "language": "language",
}


class NotOpml(Exception):
    """The document is no list of feeds; the text says why."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The feeds of a list, and a line for each thing in it that was passed over or changed, with the reason."""

    feeds: list[FeedSeed]
    remarks: list[str]


def read(body: bytes, content_type: str = "") -> Listed:
    """The feeds of an OPML 1 or 2 document, or NotOpml; it raises nothing else. Folders become topics."""
    if len(body) > LARGEST_LIST:
        raise NotOpml(f"The list has more than {LARGEST_LIST // 2**20} MiB.")
    text = charsets.decode(body, content_type)
    outlines, error = _outlines(safe_xml.without_declarations(text))
    if error is not None:
        mended = safe_xml.with_mended_ampersands(safe_xml.without_declarations(text))
        outlines, error = _outlines(mended)
    if not outlines.is_opml:
        raise NotOpml("The document is no OPML." if body.strip() else "The document is empty.")
    if error is not None:
        # Lines are counted from the first element, as everything before it was taken away.
        outlines.remark(error.lineno, f"the XML is malformed from here on ({expat.ErrorString(error.code)})")
    return Listed(list(outlines.feeds.values()), outlines.told())


def write(feeds: list[FeedSeed], title: str = "Feeds", sites: Mapping[str, str] | None = None) -> bytes:
    """An OPML 2.0 document with a folder for each topic; read again, it gives the same feeds.

    `sites` are the addresses of the feeds' sites by those of the feeds, as far as they are known.
    """
    known = sites or {}
    by_topic = groupby(sorted(feeds, key=lambda feed: feed.topic), key=lambda feed: feed.topic)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:mp="{NAMESPACE}">',
        f"  <head><title>{safe_xml.escaped(title)}</title></head>",
        "  <body>",
    ]
    for topic, members in by_topic:
        outlines = [f"    {_outline(feed, known.get(str(feed.url), ''))}" for feed in members]
        folder = f"text={_quoted(topic)} title={_quoted(topic)}"
        lines += (
            [f"    <outline {folder}>", *(f"  {line}" for line in outlines), "    </outline>"]
            if topic
            else outlines
        )
    return "\n".join([*lines, "  </body>", "</opml>", ""]).encode()


def _outline(feed: FeedSeed, site: str) -> str:
    attributes = {
        "type": "rss",
        "text": feed.name,
        "title": feed.name,
        "xmlUrl": str(feed.url),
        "htmlUrl": site,
        "language": feed.language,
        "mp:weight": repr(feed.weight),
        "mp:interval": str(feed.interval),
    }
    return f"<outline {' '.join(f'{name}={_quoted(value)}' for name, value in attributes.items() if value)}/>"


def _quoted(text: str) -> str:
    return quoteattr(safe_xml.NO_XML_CHARACTER.sub("", text))


@dataclass(slots=True)
class _Open:
    """An outline whose end has not come: a folder, or a feed."""

    name: str
    line: int
    is_feed: bool
    has_children: bool = False


@dataclass(slots=True)
class _Outlines:
    """What the elements of a document say, one after the other."""

    is_opml: bool = False
    feeds: dict[str, FeedSeed] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    outlines: int = 0
    untold: int = 0

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.is_opml = self.is_opml or name.lower() == "opml"
        if name.lower() != "outline":
            return
        if self.open:
            self.open[-1].has_children = True
        self.outlines += 1
        stated = {key.lower() if " " not in key else key: value for key, value in attributes.items()}
        title = headline(stated.get("text") or stated.get("title") or "", LONGEST_NAME)
        address = _address(stated)
        self.open.append(_Open(title[:LONGEST_TOPIC], line, is_feed=bool(address)))
        if address and self._within_bounds(line):
            self._add(stated, title, address, line)

    def end(self, name: str) -> None:
        if name.lower() != "outline" or not self.open:
            return
        closed = self.open.pop()
        if not closed.is_feed and not closed.has_children:
            self.remark(closed.line, f"“{closed.name}” names no feed")

    def _within_bounds(self, line: int) -> bool:
        within = len(self.feeds) < MOST_FEEDS and self.outlines <= MOST_OUTLINES
        if not within:
            self.remark(line, f"the list is longer than {MOST_FEEDS:,} feeds; this one is left out")
        return within

    def _add(self, stated: dict[str, str], title: str, address: str, line: int) -> None:
        """Adds a feed; what is only odd about it falls back to what is usual, and is said."""
        known = {ours: stated[key] for key, ours in OUR_ATTRIBUTES.items() if stated.get(key)}
        seed: dict[str, str] = {
            "name": title or _host(address),
            "url": address,
            "topic": self._topic(stated),
            **known,
        }
        try:
            feed = FeedSeed.model_validate(seed)
        except ValidationError as error:
            odd = {str(problem["loc"][0]) for problem in error.errors()}
            if not odd <= set(known):
                self.remark(line, f"“{title}”: {address[:LONGEST_NAME]} is no web address")
                return
            for name in sorted(odd):
                self.remark(
                    line, f"“{title}”: its {name} “{known[name][:40]}” is not understood, and left out"
                )
            feed = FeedSeed.model_validate({name: value for name, value in seed.items() if name not in odd})
        if str(feed.url) in self.feeds:
            self.remark(line, f"“{title}”: {feed.url} is listed above already")
        self.feeds.setdefault(str(feed.url), feed)

    def _topic(self, stated: dict[str, str]) -> str:
        """The folders a feed lies in; without any, the first of its categories."""
        folders = [each.name for each in self.open[:-1][:DEEPEST_TOPIC] if each.name and not each.is_feed]
        category = stated.get("category", "")[: LONGEST_TOPIC * 4].split(",")[0].strip().strip("/")
        return (" / ".join(folders) or headline(category, LONGEST_TOPIC))[:LONGEST_TOPIC].strip()

    def remark(self, line: int, what: str) -> None:
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(f"line {line}: {what}.")
        else:
            self.untold += 1

    def told(self) -> list[str]:
        return [*self.remarks, f"… and {self.untold:,} more."] if self.untold else self.remarks


def _outlines(text: str) -> tuple[_Outlines, expat.ExpatError | None]:
    """All outlines, or those before the first error."""
    found = _Outlines()
    parser = safe_xml.parser()
    parser.StartElementHandler = lambda name, attributes: found.start(
        name, attributes, parser.CurrentLineNumber
    )
    parser.EndElementHandler = found.end
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        return found, error
    return found, None


def _address(stated: dict[str, str]) -> str:
    """The feed's address; a plain link or another list is none."""
    kind = stated.get("type", "").lower()
    address = stated.get("xmlurl") or (stated.get("url", "") if kind not in {"link", "include"} else "")
    address = address.strip()
    if address.startswith("feed:"):
        address = address.removeprefix("feed:")
        address = f"http:{address}" if address.startswith("//") else address
    return address


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or address)[:LONGEST_NAME]
    except ValueError:
        return address[:LONGEST_NAME]
