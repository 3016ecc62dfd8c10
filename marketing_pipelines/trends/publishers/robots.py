"""Robots: what a host's robots.txt lets a feed reader do, for the feeds that are to obey it."""

import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

import httpx
from protego import Protego

from marketing_pipelines.trends.publishers import fetching, turns
from marketing_pipelines.trends.publishers.fetching import Failed, Fetched, NotModified
from marketing_pipelines.trends.publishers.troubles import Trouble

# RFC 9309 wants 500 KiB to be read at least; the piece that stands across this limit is left out.
LARGEST = 768 * 2**10
LONGEST_FETCH = 15.0
# A longer Crawl-delay is meant for those who read a whole site; a feed a minute presses on nobody.
LONGEST_PAUSE = 60.0
VALID_FOR = 24 * 3600.0

# What RFC 9309 calls unavailable, which allows everything. 429 is not among these: who is too busy to say what is
# allowed is left alone.
_UNAVAILABLE = frozenset({Trouble.NOT_FOUND, Trouble.GONE, Trouble.REFUSED, Trouble.BLOCKED, Trouble.LOOP})


@dataclass(frozen=True, slots=True)
class Rules:
    """What one robots.txt says to us."""

    said: Protego

    def allow(self, url: str) -> bool:
        return self.said.can_fetch(url, fetching.PRODUCT)

    @property
    def pause(self) -> float:
        """The Crawl-delay, as far as it is reasonable."""
        return min(self.said.crawl_delay(fetching.PRODUCT) or 0.0, LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Silence:
    """There are rules that cannot be had just now, so that nothing is asked for."""

    why: Failed


def rules_of(answer: Fetched | NotModified | Failed) -> Rules | Silence:
    """What an answer to the request for robots.txt means, by RFC 9309."""
    match answer:
        case Fetched():
            return Rules(Protego.parse(answer.body.decode("utf-8", errors="replace").removeprefix("\ufeff")))
        case Failed() if answer.kind not in _UNAVAILABLE:
            return Silence(answer)
        case _:
            return Rules(Protego.parse(""))


def address_for(url: str) -> httpx.URL | None:
    """Where the robots.txt is that covers an address."""
    try:
        asked = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return None
    if asked.scheme not in {"http", "https"} or not asked.host:
        return None
    return httpx.URL(scheme=asked.scheme, host=asked.host, port=asked.port, path="/robots.txt")


def refusal(rules: Rules | Silence, url: str) -> Failed | None:
    """Why an address is not to be asked for, or None if it may be."""
    if isinstance(rules, Silence):
        what = "The host's robots.txt cannot be read, and until it can nothing is asked for."
        return replace(rules.why, reason=f"{what} {rules.why.reason}")
    if rules.allow(url):
        return None
    what = "The host's robots.txt forbids this address to feed readers."
    return Failed(f"{what} {Trouble.ROBOTS.advice}", Trouble.ROBOTS)


@dataclass(slots=True)
class _Known:
    """The rules of one origin, asked for by one worker while the others wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    rules: Rules | Silence | None = None
    valid_until: float = 0.0


class Robots:
    """The robots.txt of every host that comes up in a run, each asked for once a day."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._known: dict[httpx.URL, _Known] = {}
        self._pauses: dict[Hashable, float] = {}

    def refusal(self, url: str) -> Failed | None:
        """Why a feed that obeys is not to be asked for; an address that is none is for the fetching to refuse."""
        address = address_for(url)
        return None if address is None else refusal(self._rules_at(address), url)

    def pause(self, host: Hashable) -> float:
        """The seconds between two requests to a host: the usual ones, or its Crawl-delay if that is longer."""
        return max(turns.usual_pause(host), self._pauses.get(host, 0.0))

    def _rules_at(self, address: httpx.URL) -> Rules | Silence:
        known = self._known.setdefault(address, _Known())
        with known.lock:
            if known.rules is None or time.monotonic() > known.valid_until:
                known.rules = rules_of(self._ask(address))
                known.valid_until = time.monotonic() + VALID_FOR
                if isinstance(known.rules, Rules):
                    self._pauses[address.host] = known.rules.pause
            return known.rules

    def _ask(self, address: httpx.URL) -> Fetched | NotModified | Failed:
        return fetching.fetch(
            self._client,
            str(address),
            longest=LONGEST_FETCH,
            largest_body=LARGEST,
            whole=False,
            accept="text/plain, */*;q=0.5",
        )
