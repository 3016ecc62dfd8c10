"""Parsing: a document that somebody else wrote becomes entries, or a reason why it is no feed."""

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import struct_time
from typing import Any
from urllib.parse import urljoin, urlsplit

LARGEST_DOCUMENT = 16 * 2**20
LONGEST_TITLE = 500
LONGEST_SUMMARY = 4_000
LONGEST_AUTHOR = 200
LONGEST_ID = 512
LONGEST_LINK = 8_192

# A feed declares entities for single characters. Longer ones are what bombs are made of: feedparser drops
# nested declarations by itself, but would repeat one long text as often as it is referred to.
LONG_ENTITY = re.compile(rb"<!ENTITY[^>]{65,}>", re.IGNORECASE)
HTML_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
EARLIEST_YEAR = 1990


class NotAFeed(Exception):
    """The document is no feed; the text says what it seems to be instead."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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


def parse(body: bytes, content_type: str, url: str) -> list[Entry]:
    """The entries of an RSS or Atom document in its own order, or NotAFeed; it raises nothing else.

    Malformed XML gives the entries that can still be read. Dates are as stated, even in the future.
    """
    if len(body) > LARGEST_DOCUMENT:
        raise NotAFeed(f"The document has more than {LARGEST_DOCUMENT // 2**20} MiB.")
    if not body.strip():
        raise NotAFeed("The document is empty.")
    document = _read(body, content_type)
    if not document.get("version"):
        raise NotAFeed(_what_else(body))
    return list(_distinct(_entry(raw, url) for raw in document.entries))


def _read(body: bytes, content_type: str) -> Any:
    import feedparser

    try:
        text, charset = _as_utf8(body, content_type)
        return feedparser.parse(
            LONG_ENTITY.sub(b"", text),
            # No address is given away: ids would be resolved like links and change when the feed moves.
            response_headers={"content-type": f"application/xml{charset}"},
            # Markup is removed altogether further down, so that cleaning it first would be lost work.
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:
        raise NotAFeed(f"The document cannot be parsed ({type(error).__name__}).") from error


def _as_utf8(body: bytes, content_type: str) -> tuple[bytes, str]:
    """The document in UTF-8 and the charset to announce; where nothing decodes it, as it came.

    A UTF-8 document with a few broken bytes stays UTF-8; a guess would garble every accent in it.
    """
    from feedparser.encodings import convert_to_utf8
    from feedparser.exceptions import CharacterEncodingOverride

    found: dict[str, Any] = {}
    converted: bytes = convert_to_utf8({"content-type": content_type}, body, found)
    guessed = isinstance(found.get("bozo_exception"), CharacterEncodingOverride) or not found.get("encoding")
    if guessed:
        lenient = body.decode("utf-8", "replace")
        broken = lenient.count("\N{REPLACEMENT CHARACTER}")
        if broken and 2 * broken < sum(not character.isascii() for character in lenient):
            return lenient.encode(), "; charset=utf-8"
    return converted, "; charset=utf-8" if found.get("encoding") else ""


def _what_else(body: bytes) -> str:
    head = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if HTML_PAGE.match(head):
        return "The address answers with an HTML page."
    if head.startswith((b"{", b"[")):
        return "The address answers with JSON."
    return "The document is neither RSS nor Atom."


def _entry(raw: Any, url: str) -> Entry | None:
    """One entry, or None where there is nothing that a reader could show."""
    title = plain(raw.get("title", ""), LONGEST_TITLE)
    summary = plain(_summary(raw), LONGEST_SUMMARY)
    author = plain(raw.get("author", ""), LONGEST_AUTHOR)
    link = _absolute(raw.get("link", ""), url)
    if not (title or summary or link):
        return None
    return Entry(
        entry_id=_identity(_printable(raw.get("id", "")), link, title or summary),
        title=title,
        link=link,
        summary=summary,
        author=author,
        published_at=_moment(_stated_date(raw)),
        content_hash=_digest(title, link, summary, author),
    )


def _distinct(entries: Iterator[Entry | None]) -> Iterator[Entry]:
    """Copies go; an id that is used again for another link is made two, so that neither story is lost."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        if entry is None:
            continue
        first = seen.get(entry.entry_id)
        if first is not None and first.link != entry.link:
            entry = replace(entry, entry_id=f"{entry.entry_id[:LONGEST_ID]}#{_digest(entry.link)}")
            first = seen.get(entry.entry_id)
        if first is None:
            seen[entry.entry_id] = entry
            yield entry


def plain(markup: str, longest: int) -> str:
    """Text without markup, scripts, control characters or runs of blanks, cut to a length."""
    import nh3

    # What lies far beyond the length is not even cleaned: a megabyte of title costs no megabyte's work.
    text = html.unescape(nh3.clean(_printable(markup[: longest * 20]), tags=set()))
    words = " ".join(_printable(text).split())
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def _printable(text: str) -> str:
    """Without lone surrogates and control characters, which neither store takes."""
    if text.isascii() and text.isprintable():
        return text
    valid = text.encode("utf-8", "replace").decode()
    return "".join(
        character for character in valid if character in "\t\n\r" or unicodedata.category(character) != "Cc"
    )


def _summary(raw: Any) -> str:
    contents = raw.get("content") or [{}]
    return raw.get("summary") or contents[0].get("value") or ""


def _stated_date(raw: dict[str, Any]) -> struct_time | None:
    """The first date there is; asked of the plain dict, since feedparser's own look-up warns of what it maps."""
    dates = (dict.get(raw, name) for name in ("published_parsed", "updated_parsed", "created_parsed"))
    return next((date for date in dates if date), None)


def _absolute(link: str, url: str) -> str:
    """The web address an entry leads to, or nothing where it leads elsewhere (mailto, javascript …)."""
    try:
        address = urljoin(url, "".join(_printable(link).split()))
        parts = urlsplit(address)
    except ValueError:
        return ""
    reachable = parts.scheme in {"http", "https"} and parts.netloc and len(address) <= LONGEST_LINK
    return address if link and reachable else ""


def _identity(stated: str, link: str, text: str) -> str:
    """The publisher's id; without one the link's, and without a link the text's."""
    stated = " ".join(stated.split())
    if stated and len(stated) <= LONGEST_ID:
        return stated
    return f"derived:{_digest(stated or link or text)}"


def _moment(parsed: struct_time | None) -> datetime | None:
    """A stated date in UTC; one that no calendar has, or from before feeds, counts as none."""
    if parsed is None:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return moment if EARLIEST_YEAR <= moment.year < 2200 else None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
