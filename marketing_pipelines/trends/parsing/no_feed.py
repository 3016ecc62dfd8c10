"""What a document is that is no feed, in words for the person who listed its address."""

import re

from marketing_pipelines.trends.parsing import discovery
from marketing_pipelines.trends.parsing.plain_text import plain

HTML_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--(?:(?!-->).)*+-->\s*)*+<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
# What hosts show instead of the page to those whom they take for robots.
CHALLENGE = re.compile(
    r"<title>\s*(?:just a moment|attention required|access denied|are you a robot|please wait|ddos-guard|verify(?:ing)? you"
    r"|security check|bot verification|one moment, please|client challenge|pardon our interruption|human verification)"
    r"|cf-chl-|challenge-platform|cf_chl_opt|_incapsula_resource|captcha-delivery|px-captcha|checking your browser",
    re.IGNORECASE,
)
SIGNATURES = [
    (b"\x1f\x8b", "compressed data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "an image"),
    (b"GIF8", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"RIFF", "media"),
    (b"ID3", "media"),
]
XML_ROOT = re.compile(r"<(?:[\w.-]{1,50}:)?([A-Za-z][\w.-]{0,50})")
SAYS_WHAT = re.compile(
    r"<(?:\w{1,20}:)?(?:code|message|faultstring|title|description|detail)>([^<]{1,200})<", re.IGNORECASE
)
ERRORS = {"error", "errors", "errorresponse", "fault", "envelope", "exception", "response", "problem"}
HEAD = 64 * 1024
# The bytes of a text that are no text: fewer are a slip, more are something else.
CONTROL_CHARACTERS = bytes(range(9)) + bytes(range(14, 32))
MOST_NAMED = 3


class NotAFeed(Exception):
    """The document is no feed; the text says what it seems to be instead."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def reason(body: bytes, text: str, url: str) -> str:
    """What the document seems to be, and what to do about it where that can be told."""
    if not body.strip():
        return "The document is empty."
    head = text[:HEAD]
    if CHALLENGE.search(head) and "<" in head:
        return "The host asks for a proof that we are no robot, and gives no feed to programs."
    if HTML_PAGE.match(head):
        return f"The address answers with an HTML page.{_named(text, url)}"
    for signature, kind in SIGNATURES:
        if body.startswith(signature):
            return f"The address answers with {kind}. It is neither RSS, Atom nor JSON Feed."
    start = body[:1024]
    if len(start.translate(None, CONTROL_CHARACTERS)) < 0.95 * len(start) and "<" not in text[:2]:
        return "The address answers with binary data. It is neither RSS, Atom nor JSON Feed."
    if head.lstrip().startswith(("{", "[")):
        return "The address answers with JSON that is no JSON Feed."
    return _xml(head) or "The document is neither RSS, Atom nor JSON Feed."


def _xml(head: str) -> str:
    """What other XML there is, as far as its first element tells."""
    if not head.lstrip().startswith("<"):
        return ""
    root = XML_ROOT.search(head)
    name = root[1].lower() if root else ""
    if name in {"urlset", "sitemapindex"}:
        return "The document is a sitemap, which is neither RSS, Atom nor JSON Feed."
    if name == "opml":
        return "The document is a list of feeds (OPML). Import it instead."
    if name in ERRORS:
        said = [plain(part, 200) for part in SAYS_WHAT.findall(head)[:2]]
        return (
            f"The server answers with an error in XML{': ' if said else ''}{' – '.join(filter(None, said))}."
        )
    return ""


def _named(text: str, url: str) -> str:
    """The feeds that the page names: the person meant one of them."""
    found = [feed.url for feed in discovery.named_in(text, url)[:MOST_NAMED]]
    return f" Did you mean one of the feeds it names? {' '.join(found)}" if found else ""
