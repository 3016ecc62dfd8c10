"""Fetching: whatever a host answers, a document, nothing new, or one clear line of why not and what to do."""

import gzip
import hashlib
import ssl
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import brotli
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketing_pipelines.trends.publishers import fetching
from marketing_pipelines.trends.publishers.fetching import Failed, Fetched, NotModified
from marketing_pipelines.trends.publishers.troubles import Trouble
from tests.trends.publisher import (
    Answer,
    Publisher,
    compressed,
    cut_off,
    document,
    dripping,
    endless,
    packed,
    raw,
    rss,
    status,
    waiting,
)

BODY = rss("<item><title>t</title></item>")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with fetching.open_client(allow_private=True) as opened:
        yield opened


def fetched(client: httpx.Client, url: str) -> Fetched:
    answer = fetching.fetch(client, url)
    assert isinstance(answer, Fetched), answer
    return answer


def failure(client: httpx.Client, url: str, **limits: float) -> Failed:
    """A failure in one line, which ends with what to do."""
    answer = fetching.fetch(client, url, **limits)  # pyright: ignore[reportArgumentType]
    assert isinstance(answer, Failed), answer
    assert "\n" not in answer.reason
    assert len(answer.reason) < 500
    assert answer.reason.endswith(answer.kind.advice)
    return answer


def test_a_feed_comes_with_its_validator_and_then_not_again(publisher: Publisher, client: httpx.Client):
    publisher.publish("/feed", BODY)
    first = fetched(client, publisher.url("/feed"))
    assert first.body == BODY
    assert first.content_type == "application/rss+xml"
    assert first.etag
    again = fetching.fetch(client, publisher.url("/feed"), etag=first.etag)
    assert again == NotModified(etag=first.etag)
    assert publisher.requests == {("/feed", 200): 1, ("/feed", 304): 1}


def test_a_last_modified_is_sent_back_as_it_came(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = status(200, last_modified="Fri, 20 Nov 2026 10:00:00 GMT")
    first = fetched(client, publisher.url("/feed"))
    fetching.fetch(client, publisher.url("/feed"), last_modified=first.last_modified)
    assert publisher.headers["/feed"]["if-modified-since"] == "Fri, 20 Nov 2026 10:00:00 GMT"


def test_a_304_may_bring_a_new_validator(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = status(304, etag='"new"', cache_control="max-age=60")
    answer = fetching.fetch(client, publisher.url("/feed"), etag='"old"')
    assert answer == NotModified(etag='"new"', not_before=timedelta(minutes=1))


def test_a_304_without_any_validator_leaves_the_old_one(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = status(304)
    assert fetching.fetch(client, publisher.url("/feed"), etag='"old"') == NotModified()


def test_a_304_that_nobody_asked_for_is_a_failure(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = status(304)
    assert failure(client, publisher.url("/feed")).kind is Trouble.DAMAGED


def test_a_body_that_is_the_same_is_known_by_its_hash(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = raw(b"HTTP/1.1 200 OK\r\n\r\n", BODY)
    publisher.answers["/packed"] = compressed(BODY)
    first, again, other = (fetched(client, publisher.url(path)) for path in ("/feed", "/feed", "/packed"))
    assert first.body_hash == again.body_hash == other.body_hash == hashlib.sha256(BODY).hexdigest()
    assert first.etag is None


def test_a_publisher_may_say_how_long_an_answer_holds(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = status(200, cache_control="public, max-age=600", age="60")
    assert fetched(client, publisher.url("/feed")).not_before == timedelta(minutes=9)


@pytest.mark.parametrize("code", [429, 503, 500, 404])
def test_a_publisher_may_say_when_to_come_back(publisher: Publisher, client: httpx.Client, code: int):
    publisher.answers["/feed"] = status(code, retry_after="120")
    assert failure(client, publisher.url("/feed")).retry_after == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("stated", "least", "most"),
    [
        ("Fri, 31 Dec 2100 23:59:59 GMT", 24, 24),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0),
    ],
)
def test_or_name_the_moment(
    publisher: Publisher, client: httpx.Client, stated: str, least: float, most: float
):
    publisher.answers["/feed"] = status(503, retry_after=stated)
    wait = failure(client, publisher.url("/feed")).retry_after
    assert wait is not None
    assert timedelta(hours=least) <= wait <= timedelta(hours=most)


def test_we_say_who_asks_and_nothing_more(publisher: Publisher):
    publisher.publish("/feed", BODY)
    with fetching.open_client(allow_private=True, contact="https://shop.example/bot") as client:
        fetched(client, publisher.url("/feed"))
    sent = publisher.headers["/feed"]
    assert sent["user-agent"] == "MarketingPipelines/0.1 (feed reader; https://shop.example/bot)"
    assert sent.keys() == {"host", "user-agent", "accept", "accept-encoding", "connection"}


REFUSALS: list[tuple[int, dict[str, str], Trouble, str]] = [
    (400, {}, Trouble.REFUSED, "400 Bad Request"),
    (401, {}, Trouble.REFUSED, "401 Unauthorized"),
    (403, {}, Trouble.REFUSED, "403 Forbidden"),
    (404, {}, Trouble.NOT_FOUND, "404 Not Found"),
    (410, {}, Trouble.GONE, "410 Gone"),
    (429, {}, Trouble.BUSY, "429 Too Many Requests"),
    (451, {}, Trouble.REFUSED, "451"),
    (500, {}, Trouble.SERVER, "500 Internal Server Error"),
    (503, {}, Trouble.BUSY, "503 Service Unavailable"),
    (599, {}, Trouble.SERVER, "599"),
    (403, {"cf_mitigated": "challenge"}, Trouble.BLOCKED, "guard against robots"),
    (503, {"cf_mitigated": "challenge"}, Trouble.BLOCKED, "guard against robots"),
    (429, {"x_datadome": "protected"}, Trouble.BLOCKED, "guard against robots"),
    (202, {"x_amzn_waf_action": "challenge"}, Trouble.BLOCKED, "guard against robots"),
    (204, {}, Trouble.DAMAGED, "204 No Content"),
    (206, {}, Trouble.DAMAGED, "206"),
    (302, {}, Trouble.DAMAGED, "302 Found"),
]


@pytest.mark.parametrize(("code", "headers", "kind", "told"), REFUSALS)
def test_a_refusal_is_named(
    publisher: Publisher, client: httpx.Client, code: int, headers: dict[str, str], kind: Trouble, told: str
):
    publisher.answers["/feed"] = status(code, **headers)
    failed = failure(client, publisher.url("/feed"))
    assert (failed.kind, failed.status, failed.gone) == (kind, code, code == 410)
    assert told in failed.reason


def test_every_trouble_has_a_way_out():
    assert all(trouble.advice.endswith(".") for trouble in Trouble)


@pytest.mark.parametrize(
    "url",
    [
        "", "feed.xml", "http://", "http://[x", "file:///etc/passwd", "http://a b/", "http://x\0y/",
        "http://ü..x/", "ftp://a.example/feed", "http://127.0.0.1:99999/", "http://" + "a" * 70_000,
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_a_failure(client: httpx.Client, url: str):
    assert failure(client, url).kind in {Trouble.WRONG_ADDRESS, Trouble.UNREACHABLE}


@given(url=st.text(max_size=40).map("http://127.0.0.1:9/".__add__) | st.text(max_size=60))
@settings(deadline=None, max_examples=50)
def test_no_address_raises(client: httpx.Client, url: str):
    """Behind port 9 there is nobody."""
    failure(client, url)


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_a_compressed_feed_is_unpacked(publisher: Publisher, client: httpx.Client, encoding: str):
    pack = {"gzip": gzip.compress, "br": brotli.compress}[encoding]
    publisher.answers["/feed"] = packed(pack(BODY), encoding)
    assert fetched(client, publisher.url("/feed")).body == BODY
    assert encoding in publisher.headers["/feed"]["accept-encoding"]


BOMB = b"0" * 50_000_000


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (compressed(BOMB), Trouble.TOO_LARGE, "16.0 MiB"),
        (packed(brotli.compress(BOMB, quality=1), "br"), Trouble.TOO_LARGE, "16.0 MiB"),
        (compressed(BODY, "gzip, gzip"), Trouble.DAMAGED, "not asked for"),
        (compressed(BODY, "deflate"), Trouble.DAMAGED, "deflate, which was not asked for"),
        (compressed(BODY, "br"), Trouble.DAMAGED, "damaged"),
        (packed(BODY, "gzip"), Trouble.DAMAGED, "damaged"),
        (compressed(BODY, keep=40), Trouble.DAMAGED, "too early"),
        (compressed(BODY, keep=0), Trouble.DAMAGED, "too early"),
    ],
)
def test_a_compressed_answer_that_is_a_trap_or_damaged(
    publisher: Publisher, client: httpx.Client, answer: Answer, kind: Trouble, told: str
):
    publisher.answers["/feed"] = answer
    failed = failure(client, publisher.url("/feed"))
    assert failed.kind is kind
    assert told in failed.reason


@pytest.mark.parametrize("announced", [True, False])
def test_a_document_too_large_is_left_where_it_is(
    publisher: Publisher, client: httpx.Client, announced: bool
):
    """Of 50 MB the rest is never read: the host is left with what it could not send."""
    sent: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        if announced:
            handler.send_header("content-length", "50000000")
        handler.end_headers()
        for _ in range(50):
            handler.wfile.write(b"x" * 1_000_000)
            sent.append(1_000_000)

    publisher.answers["/feed"] = answer
    assert failure(client, publisher.url("/feed"), largest_body=1_000_000).kind is Trouble.TOO_LARGE
    assert sum(sent) < 50_000_000


def test_the_beginning_of_a_document_will_do_where_it_need_not_be_whole(
    publisher: Publisher, client: httpx.Client
):
    publisher.publish("/robots.txt", b"x" * 3_000_000, "text/plain")
    answer = fetching.fetch(client, publisher.url("/robots.txt"), largest_body=1_000_000, whole=False)
    assert isinstance(answer, Fetched)
    assert 900_000 < len(answer.body) <= 1_000_000


HEAD = b"HTTP/1.1 200 OK\r\n"
BROKEN: dict[str, Answer] = {
    "promises more than it sends": cut_off(BODY),
    "says nothing": raw(),
    "garbage": raw(b"\0\1\2 this is no HTTP\r\n\r\n"),
    "a bad status": raw(b"HTTP/1.1 two hundred OK\r\n\r\n"),
    "another protocol": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "a bad length": raw(HEAD + b"Content-Length: many\r\n\r\n", BODY),
    "a negative length": raw(HEAD + b"Content-Length: -1\r\n\r\n", BODY),
    "a length beyond measure": raw(HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", BODY),
    "two lengths": raw(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", BODY),
    "NUL in a header": raw(HEAD + b"ETag: a\0b\r\n\r\n", BODY),
    "a header without end": raw(HEAD + b"X: " + b"x" * 300_000 + b"\r\n\r\n", BODY),
    "headers without number": raw(HEAD + b"X: x\r\n" * 50_000 + b"\r\n", BODY),
    "a chunk cut off": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n" + BODY[:50]),
    "a chunk of no length": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + BODY),
    "an encoding of transfer": raw(HEAD + b"Transfer-Encoding: smoke\r\n\r\n" + BODY),
    "half a head": raw(HEAD + b"Content-Type: text"),
    "an upgrade": raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_http_is_said(publisher: Publisher, client: httpx.Client, name: str):
    publisher.answers["/feed"] = BROKEN[name]
    assert failure(client, publisher.url("/feed")).kind is Trouble.DAMAGED


def test_nul_bytes_in_a_document_are_the_parsers(publisher: Publisher, client: httpx.Client):
    publisher.publish("/feed", BODY + b"\0\0")
    assert fetched(client, publisher.url("/feed")).body == BODY + b"\0\0"


DRIPS = {
    "a head": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
    "patience": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a refusal": (b"HTTP/1.1 404 Not Found\r\nContent-Length: 9000\r\n\r\n", b" "),
}


@pytest.mark.parametrize("name", DRIPS)
def test_a_host_that_drips_is_left(publisher: Publisher, client: httpx.Client, name: str):
    """Each drop comes soon enough; all of them together do not."""
    publisher.answers["/feed"] = dripping(publisher, *DRIPS[name])
    failed = failure(client, publisher.url("/feed"), longest=0.2)
    assert failed.kind is (Trouble.NOT_FOUND if name == "a refusal" else Trouble.TOO_SLOW)


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<rss>"])
def test_a_host_that_falls_silent_is_left(
    publisher: Publisher, client: httpx.Client, begun: bytes, monkeypatch: pytest.MonkeyPatch
):
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(begun)
        publisher.released.wait(30)

    publisher.answers["/feed"] = answer
    monkeypatch.setattr(client, "timeout", httpx.Timeout(0.1))
    assert failure(client, publisher.url("/feed")).kind is Trouble.TOO_SLOW


def test_the_whole_may_be_over_before_a_silence_is(
    publisher: Publisher, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(client, "timeout", httpx.Timeout(60))
    publisher.answers["/feed"] = waiting(publisher, BODY)
    assert failure(client, publisher.url("/feed"), longest=0.2).kind is Trouble.TOO_SLOW


def test_a_host_that_is_not_there(publisher: Publisher, client: httpx.Client):
    url = publisher.url("/feed")
    publisher.close()
    assert failure(client, url).kind is Trouble.UNREACHABLE


def test_a_name_that_is_nobodys(client: httpx.Client):
    """So long that no resolver need be asked."""
    assert failure(client, f"http://{'nobody' * 11}/feed").kind is Trouble.UNREACHABLE


def test_private_addresses_are_refused(publisher: Publisher):
    publisher.publish("/feed", BODY)
    with fetching.open_client(allow_private=False) as guarded:
        for name in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
            url = publisher.url("/feed").replace("127.0.0.1", name)
            assert failure(guarded, url).kind is Trouble.PRIVATE
        assert failure(guarded, "http://93.184.215.14:25/feed").kind is Trouble.PRIVATE
    assert not publisher.requests


def test_a_certificate_that_does_not_hold_is_said(tls: ssl.SSLContext, client: httpx.Client):
    """The publisher's is signed by nobody that anybody knows."""
    publisher = Publisher(tls=tls)
    try:
        publisher.publish("/feed", BODY)
        failed = failure(client, publisher.url("/feed"))
        assert failed.kind is Trouble.UNTRUSTED
        assert "self-signed certificate" in failed.reason
        assert not publisher.requests
    finally:
        publisher.close()


@pytest.fixture
def keeping() -> Iterator[Publisher]:
    """A publisher that keeps its connections open for the next request."""
    running = Publisher(keep_alive=True)
    yield running
    running.close()


def test_feeds_of_one_host_come_over_one_connection(keeping: Publisher, client: httpx.Client):
    keeping.publish("/feed", BODY)
    keeping.answers["/gone"] = status(410)
    keeping.answers["/moved"] = status(301, location="/feed")
    etag = fetched(client, keeping.url("/feed")).etag
    assert isinstance(fetching.fetch(client, keeping.url("/feed"), etag=etag), NotModified)
    failure(client, keeping.url("/gone"))
    fetched(client, keeping.url("/moved"))
    assert len(keeping.asked) == 5
    assert keeping.connections == 1


def test_a_connection_that_the_host_closed_meanwhile_costs_no_feed(keeping: Publisher, client: httpx.Client):
    keeping.publish("/feed", BODY)
    whole = document(keeping, BODY, "application/rss+xml")

    def hang_up_on_the_second(handler: BaseHTTPRequestHandler) -> None:
        if len(keeping.asked) == 2:
            handler.close_connection = True
        else:
            whole(handler)

    keeping.answers["/feed"] = hang_up_on_the_second
    for _ in range(2):
        fetched(client, keeping.url("/feed"))
    assert (len(keeping.asked), keeping.connections) == (3, 2)


def test_a_host_that_hangs_up_on_a_new_connection_is_not_asked_again(
    publisher: Publisher, client: httpx.Client
):
    publisher.answers["/feed"] = raw()
    failure(client, publisher.url("/feed"))
    assert publisher.asked == ["/feed"]


def test_a_cookie_is_never_kept(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = status(200, set_cookie="who=you; Path=/")
    for _ in range(2):
        fetched(client, publisher.url("/feed"))
    assert "cookie" not in publisher.headers["/feed"]


def test_a_slow_answer_is_waited_for(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = waiting(publisher, BODY)
    publisher.released.set()
    assert fetched(client, publisher.url("/feed")).body == BODY
    publisher.released.clear()
    publisher.answers["/feed"] = endless(publisher)
    assert failure(client, publisher.url("/feed"), longest=0.1).kind is Trouble.TOO_SLOW
