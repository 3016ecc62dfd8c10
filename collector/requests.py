"""What comes in: headers, a bounded body, who asks and from where. On bytes, since it runs for every request."""

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from collector import addresses, bots, consent
from collector.admission import LONGEST_TEXT, Circumstances
from collector.directory.keys import normal_origin
from collector.refusals import Reason, Refused
from store.clock import now

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[bytes, bytes]

LONGEST_QUERY = 8192


def headers_of(scope: Scope) -> Headers:
    return dict(scope["headers"])


def now_ms() -> int:
    return int(now().timestamp() * 1000)


def circumstances(scope: Scope, headers: Headers) -> Circumstances:
    """What the request itself tells; the address is shortened here and the whole one goes no further."""
    user_agent = headers.get(b"user-agent", b"").decode("latin-1")[:LONGEST_TEXT]
    # Behind a proxy of ours uvicorn has put the visitor's address here.
    peer = scope["client"][0] if scope["client"] else ""
    return Circumstances(
        received_ms=now_ms(),
        objects=consent.objects(headers),
        user_agent=user_agent,
        address=addresses.shortened(peer),
        is_program=bots.is_program(user_agent),
    )


def origin_of(headers: Headers) -> str:
    """The page's origin; an image's request has none and names its page instead."""
    if origin := headers.get(b"origin"):
        return normal_origin(origin.decode("latin-1"))
    try:
        page = urlsplit(headers.get(b"referer", b"").decode("latin-1"))
    except ValueError:
        return ""
    return normal_origin(f"{page.scheme}://{page.netloc}") if page.netloc else ""


def query_of(scope: Scope) -> dict[str, str]:
    raw = scope["query_string"]
    if not raw:
        return {}
    if len(raw) > LONGEST_QUERY:
        raise Refused(Reason.TOO_LARGE, f"The query is over {LONGEST_QUERY // 1024} KB.")
    try:
        return dict(parse_qsl(raw.decode("latin-1"), max_num_fields=100))
    except ValueError as error:
        raise Refused(Reason.MALFORMED, f"The query cannot be read: {error}.") from None


async def body_of(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The body as it was meant, at most `limit` bytes both as it travels and unpacked."""
    raw = await raw_body_of(headers, receive, limit)
    return unpacked(raw, headers.get(b"content-encoding", b""), limit)


async def raw_body_of(headers: Headers, receive: Receive, limit: int) -> bytes:
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body"):
        if len(body) > limit:
            break
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(Reason.MALFORMED, "The sender hung up before the end of the body.")
        body += message.get("body", b"")
    if len(body) > limit:
        raise _too_large(limit)
    return body


def unpacked(raw: bytes, encoding: bytes, limit: int) -> bytes:
    if encoding in (b"", b"identity"):
        return raw
    if encoding.lower() != b"gzip":
        raise Refused(Reason.UNSUPPORTED_ENCODING, "Content-Encoding must be gzip, or none.")
    unzip = zlib.decompressobj(wbits=31)
    try:
        body = unzip.decompress(raw, limit + 1)
    except zlib.error as error:
        raise Refused(Reason.MALFORMED, f"The body is not gzip: {error}.") from None
    if len(body) > limit:
        raise _too_large(limit)
    if not unzip.eof or unzip.unused_data:
        raise Refused(Reason.MALFORMED, "The gzip body is cut off or followed by something else.")
    return body


def _too_large(limit: int) -> Refused:
    return Refused(Reason.TOO_LARGE, f"The body is over {limit} bytes; send fewer events at a time.")
