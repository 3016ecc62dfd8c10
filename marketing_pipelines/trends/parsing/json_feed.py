"""JSON Feed 1 and 1.1: recognised by what the document says, not by how it is served."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from time import struct_time
from typing import Any

from marketing_pipelines.trends.parsing.stated import Stated

MOST_ENTRIES = 10_000
# Each takes far more memory than its two characters; a feed of ten thousand entries has a tenth of that.
MOST_BRACKETS = 1_000_000
MOST_AUTHORS = 20
# Other JSON that lists things has no version of this name; early publishers wrote it in several ways.
VERSION = "jsonfeed.org/version/"


def read(text: str) -> Stated | None:
    """What a document states, or None where it is no JSON Feed."""
    if VERSION not in text.replace("\\/", "/") or text.count("{") + text.count("[") > MOST_BRACKETS:
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or VERSION not in _text(document.get("version")):
        return None
    items = document.get("items")
    items = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    notes = (
        [f"The first {MOST_ENTRIES:,} of {len(items):,} entries are read, in the order of the document."]
        if len(items) > MOST_ENTRIES
        else []
    )
    feed = {
        "title": _text(document.get("title")),
        "link": _text(document.get("home_page_url")),
        "language": _text(document.get("language")),
        "author": ", ".join(_authors(document)),
    }
    # Authors of the feed are those of an entry that names none.
    entries = [_entry(item, feed["author"]) for item in items[:MOST_ENTRIES]]
    return Stated(_text(document["version"]), feed, entries, tuple(notes))


def _entry(item: dict[str, Any], feed_author: str) -> dict[str, Any]:
    """An item in feedparser's names; markup and text are told apart, since here the publisher does so."""
    written = _text(item.get("content_html")) or _escaped(_text(item.get("content_text")))
    dates = (_moment(item.get(name)) for name in ("date_published", "date_modified"))
    return {
        "id": _text(item.get("id")),
        "title": _escaped(_text(item.get("title"))),
        "summary": _escaped(_text(item.get("summary"))) or written,
        "author": ", ".join(_authors(item)) or feed_author,
        "language": _text(item.get("language")),
        "links": [{"rel": rel, "href": href} for rel, href in _links(item)],
        "published_parsed": next((date for date in dates if date), None),
    }


def _links(item: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The entry's page; a link log's other page only where it has none, and media where it has neither."""
    for name, rel in (("url", "alternate"), ("external_url", "related")):
        yield rel, _text(item.get(name))
    attachments = item.get("attachments")
    for attachment in attachments[:1] if isinstance(attachments, list) else []:
        if isinstance(attachment, dict):
            yield "enclosure", _text(attachment.get("url"))


def _authors(stated: dict[str, Any]) -> Iterator[str]:
    """The names of 1.1's authors or of 1's only one."""
    authors = stated.get("authors")
    for author in (authors if isinstance(authors, list) and authors else [stated.get("author")])[
        :MOST_AUTHORS
    ]:
        name = _text(author.get("name")) if isinstance(author, dict) else ""
        if name:
            yield name


def _moment(stated: Any) -> struct_time | None:
    try:
        moment = datetime.fromisoformat(_text(stated).strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).utctimetuple()
    except (ValueError, OverflowError):
        return None


def _escaped(text: str) -> str:
    """Plain text for a reader of markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _text(value: Any) -> str:
    """A string as it is, a number as an id may be written; anything else is nothing."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
