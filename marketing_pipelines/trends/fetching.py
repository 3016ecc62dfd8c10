"""Fetching: one polite, bounded request a feed, and many feeds at once without pressing on any host."""

import time
import zlib
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from queue import SimpleQueue
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from connectors import public_network

LARGEST_BODY = 16 * 2**20
LONGEST_FETCH = 45.0
MOST_REDIRECTS = 5
LONGEST_ETAG = 500
LONGEST_LAST_MODIFIED = 100
USER_AGENT = "MarketingPipelines/0.1 (feed reader)"
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, */*;q=0.5"
)

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer; `url` is where it was found after redirects."""

    body: bytes
    content_type: str
    url: str
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The publisher says that nothing is new."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is nothing to read; `gone` for good, or not before `retry_after` has passed."""

    reason: str
    gone: bool = False
    retry_after: timedelta | None = None


def open_client(*, allow_private: bool) -> httpx.Client:
    """A client that is patient with slow publishers, and never with private addresses unless allowed."""
    client = public_network.client(
        allow_private=allow_private,
        user_agent=USER_AGENT,
        timeout=httpx.Timeout(10.0, connect=5.0, pool=None),
    )
    client.follow_redirects = True
    client.max_redirects = MOST_REDIRECTS
    return client


def fetch(
    client: httpx.Client,
    url: str,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    largest_body: int = LARGEST_BODY,
    longest: float = LONGEST_FETCH,
) -> Fetched | NotModified | Failed:
    """Asks for a feed unless it is unchanged; whatever goes wrong is an answer, never an exception."""
    asked = {"accept": ACCEPT, "accept-encoding": "gzip"}
    if etag:
        asked["if-none-match"] = etag
    if last_modified:
        asked["if-modified-since"] = last_modified
    deadline = time.monotonic() + longest
    try:
        with client.stream("GET", url, headers=asked) as response:
            if response.status_code == httpx.codes.NOT_MODIFIED:
                return NotModified()
            if response.status_code != httpx.codes.OK:
                return _refused(response)
            body = b"".join(_bounded(response, largest_body, deadline))
            return Fetched(
                body=body,
                content_type=response.headers.get("content-type", ""),
                url=str(response.url),
                etag=_repeatable(response.headers.get("etag"), LONGEST_ETAG),
                last_modified=_repeatable(response.headers.get("last-modified"), LONGEST_LAST_MODIFIED),
            )
    except httpx.TooManyRedirects:
        return Failed(f"The address redirects more than {MOST_REDIRECTS} times.")
    except httpx.TimeoutException:
        return Failed("The host took too long to answer.")
    except (httpx.HTTPError, httpx.InvalidURL, BadBody, ValueError) as error:
        return Failed(_one_line(error))


class BadBody(Exception):
    """The answer's body is too large, too slow or damaged; the text says which."""


def _bounded(response: httpx.Response, largest: int, deadline: float) -> Iterator[bytes]:
    """The decoded body piece by piece; no piece of a compressed one swells beyond what is left."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise BadBody(f"The answer is encoded as {encoding[:40]}, which was not asked for.")
    inflate = None if encoding == "identity" else zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    left = largest
    for piece in response.iter_raw():
        if time.monotonic() > deadline:
            raise BadBody("The host sends too slowly.")
        decoded = _inflated(inflate, piece, left + 1) if inflate else piece
        left -= len(decoded)
        if left < 0:
            raise BadBody(f"The document has more than {largest / 2**20:.0f} MiB.")
        yield decoded
    if inflate and not inflate.eof:
        raise BadBody("The compressed answer ends too early.")


def _inflated(inflate: "zlib._Decompress", piece: bytes, longest: int) -> bytes:
    try:
        return inflate.decompress(piece, longest)
    except zlib.error as error:
        raise BadBody("The compressed answer is damaged.") from error


def _refused(response: httpx.Response) -> Failed:
    status = response.status_code
    reason = f"The host answers {status} {httpx.codes.get_reason_phrase(status)}".rstrip() + "."
    return Failed(reason, gone=status == httpx.codes.GONE, retry_after=_retry_after(response.headers))


def _retry_after(headers: httpx.Headers) -> timedelta | None:
    """Retry-After as seconds or as a date, at most a day."""
    stated = headers.get("retry-after", "").strip()
    try:
        if stated.isascii() and stated.isdigit():
            wait = timedelta(seconds=min(int(stated[:9]), 86_400))
        else:
            moment = parsedate_to_datetime(stated)
            wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), timedelta(days=1))


def _repeatable(header: str | None, longest: int) -> str | None:
    """A validator that can be sent back as it came; any other is forgotten."""
    if header and len(header) <= longest and header.isascii() and header.isprintable():
        return header
    return None


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(character for character in text if character.isprintable())[:500]


def host_of(url: str) -> str:
    """Whom a request presses on."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def spread(
    items: Iterable[Item],
    work: Callable[[Item], Answer],
    *,
    key: Callable[[Item], Hashable],
    at_once: int = 16,
    per_key: int = 4,
) -> Iterator[tuple[Item, Answer]]:
    """Works on many items at once, on few of one key, and gives each answer as it comes.

    A key has up to `per_key` lanes, each of which takes its next item when it has done the last, so that a
    slow host holds up its own lanes only.
    """
    queues: dict[Hashable, deque[Item]] = defaultdict(deque)
    for item in items:
        queues[key(item)].append(item)

    done: SimpleQueue[Future[tuple[Item, Answer]]] = SimpleQueue()
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="feeds") as pool:

        def advance(lane: Hashable) -> int:
            if not queues[lane]:
                return 0
            item = queues[lane].popleft()
            pool.submit(lambda: (item, work(item))).add_done_callback(done.put)
            return 1

        under_way = sum(advance(lane) for _ in range(per_key) for lane in queues)
        while under_way:
            item, answer = done.get().result()
            under_way += advance(key(item)) - 1
            yield item, answer
