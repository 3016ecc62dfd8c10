"""RSS, Atom and CDF: feedparser's own parsers, kept within bounds that no document can break.

feedparser knows what publishers write; this says how much of it is read. Several of its ways take quadratic time or memory
(categories, base addresses, namespaces, long authors, markup in pieces …): each is cut where it begins.
"""

import re
from contextlib import suppress
from typing import Any, ClassVar
from xml.parsers import expat

import feedparser_sgmllib as sgmllib
from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.mixin import _FeedParserMixin
from feedparser.util import FeedParserDict

from marketing_pipelines.trends.parsing import safe_xml
from marketing_pipelines.trends.parsing.stated import Stated

MOST_ENTRIES = 10_000
# Of one entry, and of what stands before the first: what goes beyond is passed over.
MOST_ELEMENTS = 20_000
MOST_ATTRIBUTES = 100
MOST_NAMESPACES = 100
MOST_TAGS = 50
LONGEST_BASE = 1_024
LONGEST_LANGUAGE = 40
LONGEST_AUTHOR = 1_000
MOST_PIECES = 1_000
# What is malformed is read by a parser for tag soup, which is slower: a document that long is read so far.
LONGEST_SOUP = 4 * 2**20
# A tag of that many characters is none; the soup's expression for tags would keep a state for each of them.
LONGEST_TAG = 64 * 1024

FEED = re.compile(r"<(?:[\w.-]{1,50}:)?(?:rss|feed|rdf|channel)[\s>/]", re.IGNORECASE)
FIRST_ELEMENT = re.compile(r"<(?:[\w.-]{1,50}:)?(\w{1,50})")
LONG_TAG = re.compile(rf"<[^<>]{{{LONGEST_TAG},}}")


# What feedparser raises at an element where it expects none: that one is passed over, and costs no other.
OUT_OF_PLACE = (KeyError, IndexError, TypeError, ValueError)


class _Enough(Exception):
    """There are as many entries as are read."""


class _Bounded(_FeedParserMixin):
    """What both of feedparser's parsers have in common, with an end to each thing that could grow."""

    # An id is compared, not followed: resolved like a link it would change when the feed moves.
    can_be_relative_uri = StrictFeedParser.can_be_relative_uri - {"id"}
    # Places and chapters become long lists of numbers, which nobody reads here.
    _matchnamespaces: ClassVar[dict[str, str]] = {
        uri.lower(): "unread" if prefix in {"georss", "gml", "geo", "psc"} else prefix
        for uri, prefix in StrictFeedParser.namespaces.items()
    }
    # Markup is removed altogether further down, so that cleaning it first would be lost work.
    sanitize_html = False
    resolve_relative_uris = False
    elements = 0

    def _start_item(self, attrs_d):
        if len(self.entries) > MOST_ENTRIES:
            raise _Enough
        self.elements = 0
        # An item that was never closed must not swallow those after it.
        self.incontent = self.insource = self.inimage = self.inauthor = 0
        self.elementstack.clear()
        self.contentparams.clear()
        super()._start_item(attrs_d)

    _start_entry = _start_item

    def unknown_starttag(self, tag, attrs):
        before = self.baseuri
        with suppress(*OUT_OF_PLACE):
            super().unknown_starttag(tag, attrs[:MOST_ATTRIBUTES])
        if self.baseuri is not before and len(self.baseuri) > LONGEST_BASE:
            self.baseuri = self.basestack[-1] = before
        if self.lang and len(self.lang) > LONGEST_LANGUAGE:
            self.lang = self.langstack[-1] = None

    def unknown_endtag(self, tag):
        with suppress(*OUT_OF_PLACE):
            super().unknown_endtag(tag)
        if self.lang and len(self.lang) > LONGEST_LANGUAGE:
            self.lang = None

    def track_namespace(self, prefix, uri):
        if len(self.namespaces_in_use) < MOST_NAMESPACES:
            super().track_namespace(prefix, uri)

    def push_content(self, tag, attrs_d, default_content_type, expecting_text):
        super().push_content(tag, attrs_d, default_content_type, expecting_text)
        self.contentparams = _Parameters(self.contentparams)

    def pop(self, element, strip_whitespace=1):
        if self.elementstack and len(self.elementstack[-1][2]) > MOST_PIECES:
            self.elementstack[-1][2] = ["".join(map(_text, self.elementstack[-1][2]))]
        return super().pop(element, strip_whitespace)

    @staticmethod
    def looks_like_html(s):  # noqa: ARG004
        return False  # decides on cleaning, which is not feedparser's part here

    def _add_tag(self, term, scheme, label):
        context: Any = self._get_context()
        if len(context.setdefault("tags", [])) < MOST_TAGS:
            super()._add_tag(term, scheme, label)

    def _sync_author_detail(self, key="author"):
        context: Any = self._get_context()
        stated = context.get(key)
        if isinstance(stated, str) and len(stated) > LONGEST_AUTHOR:
            context[key] = stated[:LONGEST_AUTHOR]
        super()._sync_author_detail(key)


class _Parameters(FeedParserDict):
    """feedparser keeps a deep copy for each text; there is nothing deep in it."""

    def __deepcopy__(self, memo):
        return _Parameters(self)


class _Strict(_Bounded, StrictFeedParser):
    """For well-formed XML, straight from expat."""

    def __init__(self):
        super().__init__("", None, "utf-8")
        self.names: dict[str, str] = {}
        self.passing_over = 0
        self.inline = 0

    def read(self, text: str) -> None:
        """Reads all entries, or those before the first error."""
        parser = safe_xml.parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.handle_data
        parser.StartNamespaceDeclHandler = self.startPrefixMapping
        parser.Parse(text.encode("utf-8", "replace"), True)

    def _start(self, name, attributes):
        self.elements += 1
        tag = self._known_as(name)
        if self.passing_over or (self.elements > MOST_ELEMENTS and tag not in {"item", "entry"}):
            self.passing_over += 1
            return
        if self.incontent and self.contentparams.get("type") == "application/xhtml+xml":
            # Markup of a text becomes that text, which is all that feedparser would do in more steps.
            self.inline += 1
            self.handle_data(f"<{tag.rpartition(':')[2]}>", escape=0)
            return
        self.unknown_starttag(tag, [(self._known_as(each), value) for each, value in attributes.items()])

    def _end(self, name):
        if self.passing_over:
            self.passing_over -= 1
            return
        if self.inline:
            self.inline -= 1
            self.handle_data(f"</{self._known_as(name).rpartition(':')[2]}>", escape=0)
            return
        self.unknown_endtag(self._known_as(name))

    def _known_as(self, name: str) -> str:
        """A qualified name with the prefix that feedparser gives to its namespace."""
        known = self.names.get(name)
        if known is None:
            namespace, _, local = name.rpartition(" ")
            prefix = self._matchnamespaces.get(namespace.lower())
            if prefix is None and namespace:
                prefix = next((each for each, uri in self.namespaces_in_use.items() if uri == namespace), "")
            known = f"{prefix}:{local}".lower() if prefix else local.lower()
            if len(self.names) < MOST_ELEMENTS:
                self.names[name] = known
        return known


class _Loose(_Bounded, LooseFeedParser):
    """For everything else that begins with "<"."""

    def __init__(self):
        super().__init__("", None, "utf-8")

    def unknown_starttag(self, tag, attrs):
        self.elements += 1
        if self.elements <= MOST_ELEMENTS or tag in {"item", "entry"}:
            super().unknown_starttag(tag, attrs)

    def handle_charref(self, ref):
        try:
            super().handle_charref(ref)
        except (ValueError, OverflowError):  # a number that no character has
            self.handle_data("\N{REPLACEMENT CHARACTER}")


def read(text: str) -> Stated | None:
    """What a document states, or None where it is neither RSS nor Atom nor CDF."""
    if not FEED.search(text):
        return None
    text = safe_xml.without_declarations(text)
    parser, notes = _parsed(text)
    if len(parser.entries) > MOST_ENTRIES:
        del parser.entries[MOST_ENTRIES:]
        notes.append(f"The first {MOST_ENTRIES:,} entries are read, in the order of the document.")
    # feedparser names no version for CDF, nor for RSS 1.0 that forgot its namespace.
    root = FIRST_ELEMENT.search(text)
    name = root[1].lower() if root else ""
    version = parser.version or ("cdf" if name == "channel" or (name == "rdf" and parser.entries) else "")
    return Stated(version, parser.feeddata, parser.entries, tuple(notes)) if version else None


def _parsed(text: str) -> tuple["_Strict | _Loose", list[str]]:
    """By the strict parser, with ampersands mended if need be, or else by the loose one; and what was wrong."""
    strict, error = _strictly(text)
    if error is None:
        return strict, []
    notes = [
        f"The XML is malformed: {expat.ErrorString(error.code)}, line {error.lineno}. What can be read is."
    ]
    if error.code not in ENDS_EARLY | JUNK_AT_THE_END:
        mended = safe_xml.with_mended_ampersands(text)
        if mended != text:
            strict, error = _strictly(mended)
    if error is None or error.code in JUNK_AT_THE_END:
        return strict, notes
    if error.code in ENDS_EARLY:
        return _without_half_an_entry(strict), notes
    loose = _loosely(text)
    return (loose if len(loose.entries) >= len(strict.entries) else strict), notes


ENDS_EARLY = {
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}
JUNK_AT_THE_END = {expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]}


def _strictly(text: str) -> tuple[_Strict, expat.ExpatError | None]:
    parser = _Strict()
    try:
        parser.read(text)
    except _Enough:
        return parser, None
    except expat.ExpatError as error:
        return parser, error
    return parser, None


def _loosely(text: str) -> _Loose:
    parser = _Loose()
    with suppress(_Enough, sgmllib.SGMLParseError, AssertionError):  # what came before is read
        parser.feed(LONG_TAG.sub("", text[:LONGEST_SOUP]))
    return parser


def _without_half_an_entry(parser: _Strict) -> _Strict:
    """An entry that was cut off before its id would come back as another one."""
    if parser.inentry and parser.entries and not parser.entries[-1].get("id"):
        parser.entries.pop()
    return parser


def _text(piece: str | bytes) -> str:
    return piece.decode("utf-8", "replace") if isinstance(piece, bytes) else piece
