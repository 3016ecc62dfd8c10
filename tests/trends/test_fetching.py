"""Fetching: whatever a host answers, a document, nothing new, or one clear line of why not."""

import gzip
import threading
from collections import Counter
from datetime import timedelta

import httpx
import pytest

from connectors import public_network
from marketing_pipelines.trends import fetching
from marketing_pipelines.trends.fetching import Failed, Fetched, NotModified
from tests.trends.publisher import Publisher, compressed, cut_off, endless, rss, status, waiting

BODY = rss("<item><title>t</title></item>")


@pytest.fixture
def client():
    with fetching.open_client(allow_private=True) as opened:
        yield opened


def failure(client: httpx.Client, url: str, **limits: float) -> str:
    answer = fetching.fetch(client, url, **limits)  # pyright: ignore[reportArgumentType]
    assert isinstance(answer, Failed)
    assert "\n" not in answer.reason
    return answer.reason


def test_a_feed_comes_with_its_validator_and_then_not_again(publisher: Publisher, client: httpx.Client):
    publisher.publish("/feed", BODY)
    first = fetching.fetch(client, publisher.url("/feed"))
    assert isinstance(first, Fetched)
    assert first.body == BODY
    assert first.content_type == "application/rss+xml"
    assert first.etag
    assert fetching.fetch(client, publisher.url("/feed"), etag=first.etag) == NotModified()
    assert publisher.requests == {("/feed", 200): 1, ("/feed", 304): 1}


def test_a_last_modified_is_sent_back_as_it_came(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = status(200, last_modified="Fri, 20 Nov 2026 10:00:00 GMT")
    first = fetching.fetch(client, publisher.url("/feed"))
    assert isinstance(first, Fetched)
    fetching.fetch(client, publisher.url("/feed"), last_modified=first.last_modified)
    assert publisher.headers["/feed"]["if-modified-since"] == "Fri, 20 Nov 2026 10:00:00 GMT"


def test_a_validator_that_cannot_be_sent_back_is_forgotten(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = status(200, etag='"' + "x" * 600 + '"', last_modified="gestern, spät")
    answer = fetching.fetch(client, publisher.url("/feed"))
    assert isinstance(answer, Fetched)
    assert (answer.etag, answer.last_modified) == (None, None)


@pytest.mark.parametrize(("code", "told"), [(404, "404 Not Found"), (500, "500"), (403, "403"), (302, "302")])
def test_a_refusal_is_named(publisher: Publisher, client: httpx.Client, code: int, told: str):
    publisher.answers["/feed"] = status(code)
    assert told in failure(client, publisher.url("/feed"))


def test_410_is_for_good(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = status(410)
    answer = fetching.fetch(client, publisher.url("/feed"))
    assert isinstance(answer, Failed)
    assert answer.gone


@pytest.mark.parametrize(
    ("stated", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("999999999999", timedelta(days=1)),
        ("soon", None),
        ("²", None),
        ("", None),
    ],
)
def test_a_publisher_may_say_when_to_come_back(
    publisher: Publisher, client: httpx.Client, stated: str, wait: timedelta | None
):
    publisher.answers["/feed"] = status(429, retry_after=stated)
    answer = fetching.fetch(client, publisher.url("/feed"))
    assert isinstance(answer, Failed)
    assert answer.retry_after == wait


def test_redirects_are_followed_to_where_relative_links_belong(publisher: Publisher, client: httpx.Client):
    publisher.answers["/old"] = status(301, location="/new/feed")
    publisher.publish("/new/feed", BODY)
    answer = fetching.fetch(client, publisher.url("/old"))
    assert isinstance(answer, Fetched)
    assert answer.url == publisher.url("/new/feed")


def test_a_redirect_loop_ends(publisher: Publisher, client: httpx.Client):
    publisher.answers["/a"] = status(302, location="/b")
    publisher.answers["/b"] = status(302, location="/a")
    assert "redirects" in failure(client, publisher.url("/a"))


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://a.example/x", "//", "http://[", "http://"])
def test_a_redirect_that_leads_nowhere_is_a_failure(publisher: Publisher, client: httpx.Client, target: str):
    publisher.answers["/a"] = status(302, location=target)
    assert failure(client, publisher.url("/a"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "feed.xml",
        "http://",
        "http://[x",
        "file:///etc/passwd",
        "http://a b/",
        "http://x\0y/",
        "http://ü..x/",
    ],
)
def test_an_address_that_is_none_is_a_failure(client: httpx.Client, url: str):
    assert failure(client, url)


def test_a_compressed_feed_is_unpacked(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = compressed(BODY)
    answer = fetching.fetch(client, publisher.url("/feed"))
    assert isinstance(answer, Fetched)
    assert answer.body == BODY


@pytest.mark.parametrize(
    ("encoding", "body", "keep", "told"),
    [
        ("gzip", b"0" * 50_000_000, None, "MiB"),
        ("gzip, gzip", gzip.compress(BODY), None, "not asked for"),
        ("br", BODY, None, "not asked for"),
        ("gzip", BODY, 40, "too early"),
        ("gzip", BODY, 0, "too early"),
    ],
)
def test_a_compressed_answer_that_is_a_trap_or_damaged(
    publisher: Publisher, client: httpx.Client, encoding: str, body: bytes, keep: int | None, told: str
):
    publisher.answers["/feed"] = compressed(body, encoding, keep)
    assert told in failure(client, publisher.url("/feed"))


def test_a_document_too_large_is_left(publisher: Publisher, client: httpx.Client):
    publisher.publish("/feed", b"x" * 3_000_000)
    assert "MiB" in failure(client, publisher.url("/feed"), largest_body=1_000_000)


def test_an_answer_that_breaks_off_is_a_failure(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = cut_off(BODY)
    assert failure(client, publisher.url("/feed"))


def test_a_host_that_drips_is_left(publisher: Publisher, client: httpx.Client):
    publisher.answers["/feed"] = endless(publisher)
    assert "slowly" in failure(client, publisher.url("/feed"), longest=0.1)


def test_a_host_that_is_not_there(publisher: Publisher, client: httpx.Client):
    url = publisher.url("/feed")
    publisher.close()
    assert failure(client, url)


def test_a_slow_host_holds_up_no_other(publisher: Publisher, client: httpx.Client):
    publisher.answers["/slow"] = waiting(publisher, BODY)
    publisher.publish("/quick", BODY)
    urls = [publisher.url("/slow"), *[publisher.url("/quick")] * 5]
    answered = []
    for url, _ in fetching.spread(
        urls, lambda url: fetching.fetch(client, url), key=lambda url: url, per_key=1
    ):
        answered.append(url)
        if len(answered) == 5:
            publisher.released.set()  # only now, when all others have been answered
    assert answered == [*[publisher.url("/quick")] * 5, publisher.url("/slow")]


def test_few_requests_press_on_one_host():
    under_way: Counter[str] = Counter()
    most: Counter[str] = Counter()
    lock = threading.Lock()
    barrier = threading.Event()

    def work(item: tuple[str, int]) -> int:
        with lock:
            under_way[item[0]] += 1
            most[item[0]] = max(most[item[0]], under_way[item[0]])
        barrier.wait(0.01)
        with lock:
            under_way[item[0]] -= 1
        return item[1]

    items = [(host, number) for host in ("a", "b") for number in range(20)]
    answers = dict(fetching.spread(items, work, key=lambda item: item[0], per_key=3))
    assert answers == {item: item[1] for item in items}
    assert max(most.values()) == 3


def test_an_error_of_our_own_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        list(fetching.spread([1, 0], lambda item: 1 // item, key=str))


def test_private_addresses_are_refused_also_behind_a_redirect(publisher: Publisher):
    publisher.publish("/feed", BODY)
    with fetching.open_client(allow_private=False) as guarded:
        assert "private" in failure(guarded, publisher.url("/feed"))
        assert "private" in failure(guarded, publisher.url("/feed").replace("127.0.0.1", "localhost"))
    assert not publisher.requests


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1",
        "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::",
    ],
)  # fmt: skip
def test_what_is_inside(address: str):
    with pytest.raises(public_network.PrivateAddress):
        public_network.public_addresses(address, 80)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_what_is_outside(address: str):
    assert public_network.public_addresses(address, 80) == [address]


def test_the_guard_connects_to_the_address_it_checked(publisher: Publisher, monkeypatch: pytest.MonkeyPatch):
    """With loopback declared public, the guarded client reads the feed under the name it was asked for."""
    monkeypatch.setattr(public_network, "is_public", lambda _: True)
    publisher.publish("/feed", BODY)
    with fetching.open_client(allow_private=False) as guarded:
        answer = fetching.fetch(guarded, publisher.url("/feed").replace("127.0.0.1", "localhost"))
    assert isinstance(answer, Fetched)
    assert publisher.headers["/feed"]["host"].startswith("localhost:")
