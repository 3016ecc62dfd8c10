"""Discovery: the feeds of a site, from its page or from its address."""

import re
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from marketing_pipelines.trends.parsing import charsets
from marketing_pipelines.trends.parsing.plain_text import plain, printable

# A head is short; feeds that are named only after half a megabyte are not looked for.
LONGEST_PAGE = 512 * 1024
MOST_FEEDS = 20
MOST_LINKS = 2_000
LONGEST_ADDRESS = 2_048
LONGEST_TITLE = 200

FEED_TYPES = {
    "application/rss+xml": "RSS",
    "application/atom+xml": "Atom",
    "application/feed+json": "JSON Feed",
    "application/rdf+xml": "RSS",
    "text/rss+xml": "RSS",
    "text/atom+xml": "Atom",
    "application/x-rss+xml": "RSS",
    "application/x-atom+xml": "Atom",
}
# Used for other things as well: a feed only where the address or the title says so.
VAGUE_TYPES = {"application/json", "application/xml", "text/xml"}
LOOKS_LIKE_A_FEED = re.compile(
    r"(?:^|[/._?=-])(?:feeds?|rss2?|atom|rdf|jsonfeed)(?:$|[/._?&=-])|\.(?:rss|atom|rdf)(?:$|[?#])|/index\.xml(?:$|[?#])",
    re.IGNORECASE,
)
SAYS_FEED = re.compile(r"\b(?:rss|atom|feed|json feed)\b", re.IGNORECASE)
COMMENTS = re.compile(r"comment|kommentar|comentario|commentaire|replies", re.IGNORECASE)
# Where a link to a feed is only a way to subscribe with somebody, or to share.
NO_FEED = re.compile(
    r"^(?:mailto|javascript|data|tel):|feedly\.com/i/|/feedback\b|facebook\.com|/newsfeed", re.IGNORECASE
)
# A tag and the text after it. What is commented out or in a script is no link; where it does not end, it lasts to the end.
TAG = re.compile(
    r"""<!--.*?(?:-->|\Z) | <(script|style|template|noscript|textarea)\b.*?(?:</\1|\Z)
        | (?P<tag><(?:base|link|a)\s(?:[^<>"']++|"[^"]{0,4096}+"|'[^']{0,4096}+'){0,200}+>)(?P<text>[^<]{0,200})""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)

USUAL_PATHS = ["/feed", "/rss.xml", "/atom.xml", "/index.xml", "/feed.json"]

YOUTUBE_FEED = "https://www.youtube.com/feeds/videos.xml?"
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"


@dataclass(frozen=True, slots=True)
class NamedFeed:
    """The address of a feed and what the page calls it; the title may be empty."""

    url: str
    title: str


def named(body: bytes, content_type: str, url: str) -> list[NamedFeed]:
    """The feeds that a page names, best first: in its head, then in its links; those of comments come last."""
    return named_in(charsets.decode(body[:LONGEST_PAGE], content_type), url)


def named_in(page: str, url: str) -> list[NamedFeed]:
    """The same of a page that is text already."""
    links = _Links(url)
    for found in TAG.finditer(page[:LONGEST_PAGE]):
        if found["tag"] and links.seen < MOST_LINKS:
            links.read(found["tag"], found["text"])
    ranked = sorted(
        links.found, key=lambda found: (bool(COMMENTS.search(f"{found[1].url} {found[1].title}")), found[0])
    )
    distinct: dict[str, NamedFeed] = {}
    for _, feed in ranked:
        distinct.setdefault(feed.url, feed)
    return list(distinct.values())[:MOST_FEEDS]


def usual(url: str) -> list[str]:
    """Where the feeds of an address usually are: first where they are for certain, then what may be tried."""
    parts = _split(url)
    if parts is None:
        return []
    scheme, host, path = parts
    certain = _certain(host, path)
    if certain:
        return certain
    folder = path.rstrip("/")
    below = [f"{scheme}://{host}{folder}/feed"] if folder and folder.count("/") < 4 else []
    return [*below, *(f"{scheme}://{host}{usual_path}" for usual_path in USUAL_PATHS)]


def _certain(host: str, path: str) -> list[str]:
    """The feeds of the sites that have one for each page of a kind."""
    name = host.removeprefix("www.").removeprefix("m.").removeprefix("old.")
    for pattern, feeds in CERTAIN:
        found = pattern.fullmatch(f"{name}{path.rstrip('/')}")
        if found:
            return [found.expand(feed) for feed in feeds]
    return []


CERTAIN = [
    (re.compile(pattern), feeds)
    for pattern, feeds in [
        (r"youtube\.com/channel/(UC[\w-]{22})(?:/\w+)?", [YOUTUBE_FEED + r"channel_id=\1"]),
        (r"youtube\.com/user/([\w.-]{1,100})(?:/\w+)?", [YOUTUBE_FEED + r"user=\1"]),
        (rf"reddit\.com/(r|user)/({NAME})(?:/(?:new|hot|top))?", [r"https://www.reddit.com/\1/\2/.rss"]),
        (rf"github\.com/({NAME})/({NAME})/(releases|tags|commits)", [r"https://github.com/\1/\2/\3.atom"]),
        (
            rf"github\.com/({NAME})/({NAME})",
            [r"https://github.com/\1/\2/releases.atom", r"https://github.com/\1/\2/commits.atom"],
        ),
        (rf"medium\.com/(@?{NAME})", [r"https://medium.com/feed/\1"]),
        (rf"medium\.com/tag/({NAME})", [r"https://medium.com/feed/tag/\1"]),
        (rf"({NAME})\.medium\.com", [r"https://\1.medium.com/feed"]),
        (rf"({NAME})\.substack\.com(?:/archive|/about)?", [r"https://\1.substack.com/feed"]),
        # Mastodon has many hosts, but no other page begins so.
        (rf"({NAME}\.[a-z]{{2,20}})/@(\w{{1,30}})", [r"https://\1/@\2.rss"]),
    ]
]


class _Links(HTMLParser):
    """The links of a page that may be feeds, each with how likely it is one; lower is better.

    The parser is given one tag at a time: of a whole page it would go through unclosed parts again and again.
    """

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=False)
        self.page = self.base = url
        self.found: list[tuple[int, NamedFeed]] = []
        self.seen = 0
        self.text = ""

    def read(self, tag: str, text: str) -> None:
        """One tag and what stands after it, which is what people see of an <a>."""
        self.reset()
        self.text = text
        with suppress(
            AssertionError
        ):  # what the standard parser raises at a marked section that it does not know
            self.feed(tag)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += 1
        stated = {name: value or "" for name, value in reversed(attrs)}
        address = stated.get("href", "")
        if tag == "base":
            self.base = _absolute(self.page, address) or self.base
        elif tag == "link":
            self._add(_likeliness(stated), address, stated.get("title", ""))
        elif (
            LOOKS_LIKE_A_FEED.search(address[:LONGEST_ADDRESS])
            or "feed" in stated.get("rel", "").lower().split()
        ):
            typed = stated.get("type", "").lower() in FEED_TYPES
            self._add(2 if typed else 3, address, stated.get("title") or self.text)

    def _add(self, likeliness: int | None, address: str, title: str) -> None:
        url = _absolute(
            self.base, address.removeprefix("feed:") if address.startswith("feed:http") else address
        )
        if likeliness is not None and url and not NO_FEED.search(url):
            self.found.append((likeliness, NamedFeed(url, plain(title, LONGEST_TITLE))))


def _likeliness(stated: dict[str, str]) -> int | None:
    """How well a <link> names a feed: by its type, by its relation, or by a word; None where it names none."""
    relations = stated.get("rel", "").lower().split()
    kind = stated.get("type", "").partition(";")[0].strip().lower()
    if "feed" in relations or ("alternate" in relations and kind in FEED_TYPES):
        return 0
    says_feed = LOOKS_LIKE_A_FEED.search(stated.get("href", "")[:LONGEST_ADDRESS]) or SAYS_FEED.search(
        stated.get("title", "")
    )
    return 1 if "alternate" in relations and kind in VAGUE_TYPES and says_feed else None


def _absolute(base: str, address: str) -> str:
    """A web address without its fragment, or nothing."""
    address = "".join(printable(address[: LONGEST_ADDRESS + 1]).split())
    try:
        absolute = urljoin(base, address).partition("#")[0]
        parts = urlsplit(absolute)
    except ValueError:
        return ""
    web = parts.scheme in {"http", "https"} and parts.netloc
    return absolute if address and web and len(absolute) <= LONGEST_ADDRESS else ""


def _split(url: str) -> tuple[str, str, str] | None:
    """Scheme, host with its port, and path of a web address; https where none is written."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    return parts.scheme, f"[{host}]{port}" if ":" in host else f"{host}{port}", parts.path
