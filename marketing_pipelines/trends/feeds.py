"""Parsing: a document that somebody else wrote becomes entries, or a reason why it is no feed.

What is malformed gives what can still be read. `xml_feed` and `json_feed` say what a publisher states; here it becomes what
a reader would show: plain text, web addresses, moments in UTC, and ids that stay the same when words, tracking parameters or
the feed's own address change.
"""

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import struct_time
from typing import Any
from urllib.parse import urljoin, urlsplit

from marketing_pipelines.trends import addresses
from marketing_pipelines.trends.parsing import charsets, no_feed
from marketing_pipelines.trends.parsing.no_feed import NotAFeed
from marketing_pipelines.trends.parsing.plain_text import bare_words, headline, plain, printable
from marketing_pipelines.trends.parsing.stated import Stated

__all__ = ["Document", "Entry", "NotAFeed", "parse", "read"]

LARGEST_DOCUMENT = 16 * 2**20
LONGEST_TITLE = 500
LONGEST_SUMMARY = 4_000
LONGEST_AUTHOR = 200
LONGEST_ID = 512
LONGEST_LINK = 8_192
MOST_AUTHORS = 20

EARLIEST_YEAR = 1990
LATEST_YEAR = 2200
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")
WEB = re.compile(r"https?://", re.IGNORECASE)
# A fragment tells the stories of one page apart, unless it only says where a reader comes from.
TRACKING_FRAGMENT = re.compile(r"(?:utm_|xtor=|rss|feed|at_|ref=|ens_id)", re.IGNORECASE)
# What a reader shows of an entry that has no words: a picture, a player.
MEDIA = re.compile(r"<(?:\w{1,20}:)?(?:img|video|audio|iframe|svg|math|embed|object)\b", re.IGNORECASE)
MEDIA_ONLY = "[media]"
PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
LONGEST_WAIT = PERIODS["yearly"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a reader would show: plain text only. `entry_id` survives edits, `content_hash` tells them apart."""

    entry_id: str
    title: str
    link: str
    summary: str
    author: str
    published_at: datetime | None
    content_hash: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A feed: whose it is, how long its publisher asks to wait between two readings, and its entries.

    `notes` say in sentences what a person should know: that it is malformed, or that not all of it was read.
    """

    title: str
    site: str
    language: str
    wait: timedelta | None
    entries: tuple[Entry, ...]
    notes: tuple[str, ...]


def parse(body: bytes, content_type: str, url: str) -> list[Entry]:
    """The entries of an RSS, Atom or JSON feed in its own order, or NotAFeed; it raises nothing else.

    Dates are as stated, even in the future. Of more than 10,000 entries the first are given.
    """
    return list(read(body, content_type, url).entries)


def read(body: bytes, content_type: str, url: str) -> Document:
    """The whole document, or NotAFeed; it raises nothing else, whatever the bytes."""
    if len(body) > LARGEST_DOCUMENT:
        raise NotAFeed(f"The document has more than {LARGEST_DOCUMENT // 2**20} MiB.")
    try:
        text = charsets.decode(body, content_type)
        stated = _stated(text)
        if stated is None:
            raise NotAFeed(no_feed.reason(body, text, url))
        return _document(stated, url)
    except NotAFeed:
        raise
    except Exception as error:
        raise NotAFeed(f"The document cannot be parsed ({type(error).__name__}).") from error


def _stated(text: str) -> Stated | None:
    if text.lstrip()[:1] == "{":
        from marketing_pipelines.trends.parsing import json_feed

        return json_feed.read(text)
    from marketing_pipelines.trends.parsing import xml_feed

    return xml_feed.read(text)


def _document(stated: Stated, url: str) -> Document:
    feed = stated.feed
    site = _absolute(_link(feed), url)
    language = _language(_said(feed, "language"))
    entries = _Entries(
        # Atom's addresses are relative to the document; the other formats mean their site.
        base=url if stated.version.startswith("atom") or not site else site,
        author=plain(_said(feed, "author"), LONGEST_AUTHOR) if stated.version.startswith("atom") else "",
        language=language,
    )
    return Document(
        title=headline(_said(feed, "title"), LONGEST_TITLE),
        site=site,
        language=language,
        wait=_wait(feed),
        entries=tuple(_distinct([each for each in map(entries.entry, stated.entries) if each])),
        notes=stated.notes,
    )


@dataclass(frozen=True, slots=True)
class _Entries:
    """What the entries of one document have in common."""

    base: str
    author: str
    language: str

    def entry(self, raw: Any) -> "_Told | None":
        """One entry, or None where there is nothing that a reader could show."""
        title = headline(_said(raw, "title"), LONGEST_TITLE)
        stated_summary = _summary(raw)
        summary = plain(stated_summary, LONGEST_SUMMARY)
        stated_link = _link(raw)
        link = _absolute(stated_link, self.base)
        if not (title or summary or link):
            if not MEDIA.search(f"{_said(raw, 'title')} {stated_summary}"[: LONGEST_SUMMARY * 20]):
                return None
            summary = MEDIA_ONLY
        author = plain(_author(raw), LONGEST_AUTHOR) or self.author
        # What the link says without its host is the same wherever the feed lies.
        page = _page(stated_link, link)
        return _Told(
            page=page,
            words=bare_words(title) or ("" if page else summary),
            entry=Entry(
                entry_id=_identity(_said(raw, "id"), page or title or summary),
                title=title,
                link=link,
                summary=summary,
                author=author,
                published_at=_moment(_stated_date(raw)),
                content_hash=_digest(title, page or link, summary, author),
                language=_language(_said(raw, "language") or _title_language(raw)) or self.language,
            ),
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """An entry and what tells its story from others that have its id: their pages, and on one page their titles."""

    entry: Entry
    page: str
    words: str


def _distinct(told: list[_Told]) -> list[Entry]:
    """Copies go; an id that several stories have is made several, so that none of them is lost."""
    told = _with_ids_apart(told, [each.page for each in told])
    told = _with_ids_apart(told, [each.words for each in told])
    given: dict[str, Entry] = {}
    for each in told:
        given.setdefault(each.entry.entry_id, each.entry)
    return list(given.values())


def _with_ids_apart(told: list[_Told], differences: list[str]) -> list[_Told]:
    """Each story gets its own id, the first too: which one comes first changes from one reading to the next."""
    stories: dict[str, set[str]] = defaultdict(set)
    for each, difference in zip(told, differences, strict=True):
        stories[each.entry.entry_id].add(difference)
    return [
        replace(each, entry=replace(each.entry, entry_id=f"{each.entry.entry_id}#{_digest(difference)}"))
        if len(stories[each.entry.entry_id]) > 1
        else each
        for each, difference in zip(told, differences, strict=True)
    ]


def _identity(stated: str, story: str) -> str:
    """The publisher's id; without one, or with one too long to keep, a digest."""
    stated = " ".join(printable(stated).split())
    if stated and len(stated) <= LONGEST_ID:
        return stated
    return f"derived:{_digest(stated or story)}"


def _page(stated: str, link: str) -> str:
    """Which page a link means, tracking aside; nothing for a site's front page, which tells no story."""
    if not link:
        return ""
    relative = not WEB.match(stated.strip()) and not stated.strip().startswith("//")
    page = addresses.canonical(urljoin("http://feed.invalid/", stated.strip()) if relative else link)
    fragment = link.partition("#")[2]
    return f"{page}#{fragment}" if fragment and not TRACKING_FRAGMENT.match(fragment) else page


def _link(raw: Any) -> str:
    """The page that is meant: the first alternate for people, then an id that is an address, then media."""
    meant = _said(raw, "feedburner_origlink")
    if WEB.match(meant):
        return meant
    links = [link for link in _each(raw, "links") if link.get("href")]
    pages = [link["href"] for link in links if link.get("rel") == "alternate" and _for_people(link)]
    if pages:
        return pages[0]
    stated = _said(raw, "link")
    # An id is taken for a link by default, and often is none.
    if stated and (stated != _said(raw, "id") or WEB.match(stated) or stated.startswith("/")):
        return stated
    other = [
        link["href"]
        for rel in ("alternate", "enclosure", "related", "via")
        for link in links
        if link.get("rel") == rel
    ]
    elsewhere = [content["src"] for content in _each(raw, "content") if content.get("src")]
    media = [
        each["url"] for each in _each(raw, "media_content") + _each(raw, "media_player") if each.get("url")
    ]
    return next(iter(other + elsewhere + media), "")


def _said(raw: Any, name: str) -> str:
    """A text; feedparser keeps the attributes instead where it does not know an element that has some."""
    value = dict.get(raw, name)
    return value if isinstance(value, str) else ""


def _each(raw: Any, name: str) -> list[Any]:
    """What is there of a kind: several, one or none, each a dictionary."""
    value = dict.get(raw, name)
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, dict)]


def _for_people(link: Any) -> bool:
    return link.get("type", "text/html") in {
        "text/html",
        "html",
        "application/xhtml+xml",
        "xhtml",
        "text/plain",
        "",
    }


def _absolute(link: str, base: str) -> str:
    """The web address an entry leads to, or nothing where it leads elsewhere (mailto, javascript …)."""
    if not link or len(link) > LONGEST_LINK:
        return ""
    try:
        address = urljoin(base, "".join(printable(link).split()))
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc or len(address) > LONGEST_LINK:
        return ""
    return f"{parts.scheme}{address[len(parts.scheme) :]}"


def _summary(raw: Any) -> str:
    return _said(raw, "summary") or next((_said(content, "value") for content in _each(raw, "content")), "")


def _author(raw: Any) -> str:
    names = [name for author in _each(raw, "authors")[:MOST_AUTHORS] if (name := _said(author, "name"))]
    return ", ".join(dict.fromkeys(names)) if len(names) > 1 else _said(raw, "author")


def _title_language(raw: Any) -> str:
    return next((_said(detail, "language") for detail in _each(raw, "title_detail")), "")


def _language(stated: str) -> str:
    """A language as BCP 47 writes it, or nothing."""
    language = stated.strip().replace("_", "-")
    return language if LANGUAGE.fullmatch(language) else ""


def _stated_date(raw: dict[str, Any]) -> struct_time | None:
    """The first date there is; asked of the plain dict, since feedparser's own look-up warns of what it maps."""
    for name in ("published", "updated", "created"):
        date = dict.get(raw, f"{name}_parsed")
        # A fragment of a date would be completed with today's, and be another one tomorrow.
        if date and not (_said(raw, name) or "2000").lstrip()[:4].startswith("-"):
            return date
    return None


def _moment(parsed: struct_time | None) -> datetime | None:
    """A stated date in UTC; one that no calendar has, or from before feeds, counts as none."""
    if parsed is None:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return moment if EARLIEST_YEAR <= moment.year < LATEST_YEAR else None


def _wait(feed: Any) -> timedelta | None:
    """The longest of what the publisher asks for: `ttl` in minutes, `sy:updatePeriod` by its frequency."""
    asked: list[timedelta] = []
    minutes = _number(_said(feed, "ttl"))
    if minutes:
        asked.append(timedelta(minutes=minutes))
    period = PERIODS.get(_said(feed, "sy_updateperiod").strip().lower())
    if period:
        asked.append(period / (_number(_said(feed, "sy_updatefrequency")) or 1))
    return min(max(asked), LONGEST_WAIT) if asked else None


def _number(stated: str) -> int:
    digits = stated.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else 0


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
