"""What comes in: headers, a bounded body, who asks and from where. On bytes, since it runs for every request."""

import re
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import zstandard

from collector.addresses import Proxies
from collector.directory.keys import normal_origin
from collector.ids import mint
from collector.refusals import Reason, Refused
from store.clock import now_ms

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[bytes, bytes]

LONGEST_QUERY = 8192
LONGEST_USER_AGENT = 512
# Four bytes of zstd can stand for 128 KB: so little at a time, that what is unpacked beyond a limit stays small.
ZSTD_STEP = 256
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class Request:
    """One request's head, and its body when somebody asks for it."""

    __slots__ = (
        "_id", "address", "began", "headers", "method", "path", "query_string", "receive", "received_ms",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, proxies: Proxies) -> None:
        self.began = perf_counter()
        self.received_ms = now_ms()
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query_string: bytes = scope["query_string"]
        self.headers: Headers = dict(scope["headers"])
        self.receive = receive
        self._id = ""
        peer = scope["client"][0] if scope["client"] else ""
        self.address = proxies.visitor(peer, self.headers.get(b"x-forwarded-for"))

    @property
    def id(self) -> str:
        """What names this request in logs and answers: the proxy's own id of it, or one of ours."""
        if not self._id:
            given = _REQUEST_ID.fullmatch(self.headers.get(b"x-request-id", b""))
            self._id = given[0].decode() if given else mint(self.received_ms)
        return self._id

    @property
    def user_agent(self) -> str:
        return _text(self.headers.get(b"user-agent", b"")[:LONGEST_USER_AGENT])

    @property
    def origin(self) -> str:
        """The page's origin; an image's request has none and names its page instead."""
        if origin := self.headers.get(b"origin"):
            return _origin(origin)
        return _origin_of_page(self.headers.get(b"referer", b""))

    def query(self) -> dict[str, str]:
        raw = self.query_string
        if not raw:
            return {}
        if len(raw) > LONGEST_QUERY:
            raise Refused(Reason.TOO_LARGE, f"The query is over {LONGEST_QUERY // 1024} KB.")
        try:
            return dict(parse_qsl(raw.decode("latin-1"), max_num_fields=100))
        except ValueError as error:
            raise Refused(Reason.MALFORMED, f"The query cannot be read: {error}.") from None

    async def body(self, limit: int) -> bytes:
        """The body as it travelled, at most `limit` bytes of it."""
        announced = self.headers.get(b"content-length")
        if announced is not None and announced.isdigit() and int(announced) > limit:
            raise _too_large(limit)
        message = await self.receive()
        if not message.get("more_body"):
            body = message.get("body", b"")
            if len(body) > limit:
                raise _too_large(limit)
            return body
        pieces = [message.get("body", b"")]
        length = len(pieces[0])
        while message.get("more_body") and length <= limit:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Refused(Reason.MALFORMED, "The sender hung up before the end of the body.")
            pieces.append(message.get("body", b""))
            length += len(pieces[-1])
        if length > limit:
            raise _too_large(limit)
        return b"".join(pieces)

    def unpacked(self, body: bytes, limit: int) -> bytes:
        """The body as it was meant, at most `limit` bytes of it."""
        encoding = self.headers.get(b"content-encoding")
        if encoding is None or (encoding := encoding.strip().lower()) in (b"", b"identity"):
            return body
        if encoding == b"gzip":
            return _gunzipped(body, limit)
        if encoding == b"zstd":
            return _unzstandard(body, limit)
        raise Refused(Reason.UNSUPPORTED_ENCODING, "Content-Encoding must be gzip, zstd or none.")


@lru_cache(maxsize=16384)
def _text(header: bytes) -> str:
    return header.decode("latin-1")


@lru_cache(maxsize=4096)
def _origin(header: bytes) -> str:
    return normal_origin(header.decode("latin-1"))


@lru_cache(maxsize=4096)
def _origin_of_page(referrer: bytes) -> str:
    try:
        page = urlsplit(referrer.decode("latin-1"))
    except ValueError:
        return ""
    return normal_origin(f"{page.scheme}://{page.netloc}") if page.netloc else ""


def _gunzipped(body: bytes, limit: int) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    try:
        unpacked = unzip.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refused(Reason.MALFORMED, f"The body is not gzip: {error}.") from None
    if len(unpacked) > limit:
        raise _too_large(limit)
    if not unzip.eof or unzip.unused_data:
        raise Refused(Reason.MALFORMED, "The gzip body is cut off or followed by something else.")
    return unpacked


def _unzstandard(body: bytes, limit: int) -> bytes:
    """A frame may announce any window; what it makes us allocate is bounded like what comes out of it."""
    unzip = zstandard.ZstdDecompressor(max_window_size=2**23).decompressobj()
    pieces, length = [], 0
    try:
        for start in range(0, len(body), ZSTD_STEP):
            pieces.append(unzip.decompress(body[start : start + ZSTD_STEP]))
            length += len(pieces[-1])
            if length > limit:
                raise _too_large(limit)
    except zstandard.ZstdError as error:
        raise Refused(Reason.MALFORMED, f"The body is not zstd: {error}.") from None
    if not unzip.eof or unzip.unused_data:
        raise Refused(Reason.MALFORMED, "The zstd body is cut off or followed by something else.")
    return b"".join(pieces)


def _too_large(limit: int) -> Refused:
    return Refused(Reason.TOO_LARGE, f"The body is over {limit} bytes; send fewer events at a time.")
