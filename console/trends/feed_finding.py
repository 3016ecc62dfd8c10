"""Finding a feed by an address that somebody typed: of the feed itself, or of a page that names it.

What the address leads to is fetched by the console itself, so that it goes through the client that is kept out of private
networks, within a time, a size and a number of tries. What comes back is text.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from pydantic import AfterValidator, StringConstraints

from console.door.problems import FieldError, Refused, TooManyRequests
from console.door.sign_in import Visitor
from console.frame.bodies import Body
from console.frame.texts import storable
from console.rates import Rates
from console.trends.bodies import web_address
from marketing_pipelines.trends import feeds
from marketing_pipelines.trends.feeds import Entry, NotAFeed
from marketing_pipelines.trends.parsing import discovery
from marketing_pipelines.trends.parsing.discovery import NamedFeed
from marketing_pipelines.trends.publishers import fetching
from marketing_pipelines.trends.publishers.fetching import Fetched
from marketing_pipelines.trends.publishers.troubles import Trouble
from store.records.feeds import LONGEST_URL
from store.settings import Settings

if TYPE_CHECKING:
    import httpx

LONGEST_LOOK = 10.0
LARGEST = 4 * 2**20
LOOKS_A_MINUTE = 20
# Each look keeps one of the console's hands busy for as long as it takes.
LOOKS_AT_ONCE = 4
LATEST = 5
# For pages as much as for feeds.
ACCEPT = f"{fetching.ACCEPT}, text/html;q=0.9"


@dataclass(frozen=True, slots=True)
class Preview:
    """A feed as it is right now, by the address at which it is to be listed."""

    url: str
    title: str
    site: str
    language: str
    entries: int
    latest: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Found:
    """What an address leads to: a feed, or the feeds that its page names."""

    feed: Preview | None
    named: Sequence[NamedFeed] = ()


def with_scheme(said: str) -> str:
    """As people say it, without the https:// or with the feed: of an old link."""
    said = said.removeprefix("feed:").removeprefix("//") if said.startswith("feed:") else said
    return said if "://" in said else f"https://{said}"


class SiteOrFeed(Body):
    """The address of a site or of a feed; https:// may be left out."""

    url: Annotated[
        str,
        StringConstraints(min_length=1, max_length=LONGEST_URL, strip_whitespace=True),
        AfterValidator(storable),
        AfterValidator(with_scheme),
        AfterValidator(web_address),
    ]


class Finder:
    """Looks at addresses for people: for each of them so often, and for all of them so many at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rates = Rates(LOOKS_A_MINUTE)
        self._hands = BoundedSemaphore(LOOKS_AT_ONCE)

    def look(self, visitor: Visitor, url: str) -> Found:
        """The feed at an address, the feeds its page names, or a refusal beside `url` that says what to do."""
        standing = self._rates.count(f"user:{visitor.user}")
        if standing.is_over:
            raise TooManyRequests(standing.reset)
        with (
            self._one_of_few(),
            fetching.open_client(allow_private=not self._settings.production) as http,
        ):
            return _Look(http, time.monotonic() + LONGEST_LOOK).at(url)

    @contextmanager
    def _one_of_few(self) -> Iterator[None]:
        if not self._hands.acquire(blocking=False):
            raise TooManyRequests(int(LONGEST_LOOK))
        try:
            yield
        finally:
            self._hands.release()


def finder_of(request: Request) -> Finder:
    return request.app.state.finder


AnyFinder = Annotated[Finder, Depends(finder_of)]


@dataclass(frozen=True, slots=True)
class _Look:
    """One look, which has to be over at a moment, however many addresses it takes."""

    http: "httpx.Client"
    over_at: float

    def at(self, url: str) -> Found:
        answer = self._ask(url)
        if isinstance(answer, str):
            raise _refused(answer)
        preview = _preview(url, answer)
        if preview is not None:
            return Found(preview)
        named = discovery.named(answer.body, answer.content_type, answer.url)
        if len(named) == 1:
            only = self._preview_of(named[0].url)
            return Found(only) if only else Found(None, named)
        return Found(None, named) if named else self._where_feeds_usually_are(answer.url)

    def _where_feeds_usually_are(self, url: str) -> Found:
        for guess in discovery.usual(url):
            preview = self._preview_of(guess)
            if preview is not None:
                return Found(preview)
        raise _refused(
            "It is no feed, names none, and none is where feeds usually are. "
            "Look on the site for a link that says RSS, Atom or feed."
        )

    def _preview_of(self, url: str) -> Preview | None:
        answer = self._ask(url)
        return None if isinstance(answer, str) else _preview(url, answer)

    def _ask(self, url: str) -> Fetched | str:
        """The document, or why there is none and what to do."""
        left = self.over_at - time.monotonic()
        if left <= 0:
            return _told(Trouble.TOO_SLOW, "The host took too long to answer.")
        answer = fetching.fetch(self.http, url, longest=left, largest_body=LARGEST, accept=ACCEPT)
        if isinstance(answer, Fetched):
            return answer
        assert isinstance(answer, fetching.Failed), "nothing was asked for on a condition"
        return _told(answer.kind, answer.reason.removesuffix(answer.kind.advice).rstrip())


def _preview(asked: str, answer: Fetched) -> Preview | None:
    try:
        document = feeds.read(answer.body, answer.content_type, answer.url)
    except NotAFeed:
        return None
    return Preview(
        url=answer.moved_to or asked,
        title=document.title or fetching.host_of(asked),
        site=document.site,
        language=document.language,
        entries=len(document.entries),
        latest=document.entries[:LATEST],
    )


_NOW = "Try again later, or add it without a look: it is asked for again and again by itself."
# What to do where nobody reads the feed yet, so that nothing happens by itself.
_ADVICE = {
    Trouble.UNREACHABLE: "Look for a slip in the address.",
    Trouble.GONE: Trouble.NOT_FOUND.advice,
    Trouble.UNTRUSTED: "The publisher has to renew the certificate.",
    Trouble.BUSY: _NOW,
    Trouble.SERVER: _NOW,
    Trouble.TOO_SLOW: _NOW,
    Trouble.DAMAGED: _NOW,
}


def _told(kind: Trouble, what: str) -> str:
    return f"{what} {_ADVICE.get(kind, kind.advice)}"


def _refused(reason: str) -> Refused:
    return Refused(422, reason, [FieldError("url", reason)])
