"""Redirects: followed for a while, remembered when they are for good, and nothing secret goes along."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from connectors import public_network
from marketing_pipelines.trends.publishers import fetching
from marketing_pipelines.trends.publishers.fetching import Failed, Fetched, NotModified
from marketing_pipelines.trends.publishers.troubles import Trouble
from tests.trends.publisher import Publisher, rss, status

BODY = rss("<item><title>t</title></item>")
LOG_IN = "Basic dXNlcjpzZWNyZXQ="  # user:secret


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with fetching.open_client(allow_private=True) as opened:
        yield opened


@pytest.fixture
def elsewhere() -> Iterator[Publisher]:
    """Another host."""
    running = Publisher("127.0.0.2")
    yield running
    running.close()


def fetched(client: httpx.Client, url: str) -> Fetched:
    answer = fetching.fetch(client, url)
    assert isinstance(answer, Fetched), answer
    return answer


def failure(client: httpx.Client, url: str) -> Failed:
    answer = fetching.fetch(client, url)
    assert isinstance(answer, Failed), answer
    return answer


def chain(publisher: Publisher, *codes: int) -> None:
    """/0 leads to /1 and so on, and the last is a feed."""
    for step, code in enumerate(codes):
        publisher.answers[f"/{step}"] = status(code, location=f"/{step + 1}")
    publisher.publish(f"/{len(codes)}", BODY)


def with_log_in(url: str) -> str:
    return url.replace("//", "//user:secret@")


@pytest.mark.parametrize(
    ("codes", "moved_to"),
    [
        ((301,), "/1"),
        ((308,), "/1"),
        ((301, 308), "/2"),
        ((302,), None),
        ((303,), None),
        ((307,), None),
        ((301, 302), "/1"),
        ((302, 301), None),
        ((301, 308, 307, 301), "/2"),
        ((301,) * 5, "/5"),
    ],
)
def test_the_new_address_is_as_far_as_it_is_for_good(
    publisher: Publisher, client: httpx.Client, codes: tuple[int, ...], moved_to: str | None
):
    chain(publisher, *codes)
    answer = fetched(client, publisher.url("/0"))
    assert answer.body == BODY
    assert answer.url == publisher.url(f"/{len(codes)}")
    assert answer.moved_to == (publisher.url(moved_to) if moved_to else None)


def test_what_has_moved_may_be_unchanged(publisher: Publisher, client: httpx.Client):
    chain(publisher, 301)
    etag = fetched(client, publisher.url("/1")).etag
    answer = fetching.fetch(client, publisher.url("/0"), etag=etag)
    assert answer == NotModified(etag=etag, moved_to=publisher.url("/1"))


def test_too_many_are_too_many(publisher: Publisher, client: httpx.Client):
    chain(publisher, *(302,) * 6)
    failed = failure(client, publisher.url("/0"))
    assert failed.kind is Trouble.LOOP
    assert "more than 5 times" in failed.reason
    assert len(publisher.asked) == 6


@pytest.mark.parametrize("path", ["/a", "/b"])
def test_a_circle_is_left_when_it_closes(publisher: Publisher, client: httpx.Client, path: str):
    publisher.answers["/a"] = status(302, location="/a", set_cookie="seen=1")
    publisher.answers["/b"] = status(301, location="/c")
    publisher.answers["/c"] = status(301, location="/b")
    failed = failure(client, publisher.url(path))
    assert failed.kind is Trouble.LOOP
    assert "in a circle" in failed.reason
    assert len(publisher.asked) == len(set(publisher.asked))


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "ftp://a.example/x", "javascript:alert(1)", "//", "http://[", "http://:80"],
)
def test_a_redirect_that_leads_nowhere_is_a_failure(publisher: Publisher, client: httpx.Client, target: str):
    publisher.answers["/a"] = status(302, location=target)
    assert failure(client, publisher.url("/a")).kind in {Trouble.DAMAGED, Trouble.LOOP, Trouble.UNREACHABLE}


def test_a_redirect_to_the_inside_is_refused(
    publisher: Publisher, elsewhere: Publisher, monkeypatch: pytest.MonkeyPatch
):
    """With one loopback address declared public, the other is not reached from there."""
    monkeypatch.setattr(public_network, "is_public", lambda address: str(address) == "127.0.0.1")
    publisher.answers["/feed"] = status(302, location=elsewhere.url("/feed"))
    elsewhere.publish("/feed", BODY)
    with fetching.open_client(allow_private=False) as guarded:
        assert failure(guarded, publisher.url("/feed")).kind is Trouble.PRIVATE
    assert publisher.asked == ["/feed"]
    assert elsewhere.connections == 0


def test_a_log_in_stays_with_the_host_it_is_for(
    publisher: Publisher, elsewhere: Publisher, client: httpx.Client
):
    publisher.answers["/moved"] = status(301, location="/feed")
    publisher.publish("/feed", BODY)
    publisher.answers["/away"] = status(301, location=elsewhere.url("/feed"))
    elsewhere.publish("/feed", BODY)

    assert fetched(client, with_log_in(publisher.url("/feed"))).url == publisher.url("/feed")

    moved = fetched(client, with_log_in(publisher.url("/moved")))
    assert publisher.headers["/feed"]["authorization"] == LOG_IN
    assert moved.moved_to == with_log_in(publisher.url("/feed")), "asked there again, it is needed again"
    assert moved.url == publisher.url("/feed"), "entries' links are resolved against it"

    away = fetched(client, with_log_in(publisher.url("/away")))
    assert publisher.headers["/away"]["authorization"] == LOG_IN
    assert "authorization" not in elsewhere.headers["/feed"]
    assert away.moved_to == elsewhere.url("/feed")


def test_a_log_in_that_stands_in_a_redirect_is_nobodys(
    publisher: Publisher, elsewhere: Publisher, client: httpx.Client
):
    publisher.answers["/feed"] = status(301, location=with_log_in(elsewhere.url("/feed")))
    elsewhere.publish("/feed", BODY)
    answer = fetched(client, publisher.url("/feed"))
    assert "authorization" not in elsewhere.headers["/feed"]
    assert answer.moved_to == answer.url == elsewhere.url("/feed")


def test_a_log_in_is_never_shown(publisher: Publisher, client: httpx.Client):
    for path, location in (("/loop", "/loop"), ("/lost", "http://["), ("/away", f"http://{'nobody' * 11}/")):
        publisher.answers[path] = status(302, location=location)
        assert "secret" not in failure(client, with_log_in(publisher.url(path))).reason
    publisher.close()
    assert "secret" not in failure(client, with_log_in(publisher.url("/feed"))).reason


@pytest.fixture
def safe(tls: ssl.SSLContext) -> Iterator[Publisher]:
    running = Publisher(tls=tls)
    yield running
    running.close()


def test_from_http_to_https_and_never_back(publisher: Publisher, safe: Publisher, trusting: ssl.SSLContext):
    publisher.answers["/up"] = status(301, location=safe.url("/feed"))
    safe.publish("/feed", BODY)
    safe.answers["/down"] = status(301, location=publisher.url("/feed"))
    publisher.publish("/feed", BODY)
    with fetching.open_client(allow_private=True, tls=trusting) as client:
        assert fetched(client, publisher.url("/up")).moved_to == safe.url("/feed")
        failed = failure(client, safe.url("/down"))
    assert failed.kind is Trouble.INSECURE
    assert "from https to http" in failed.reason
    assert publisher.asked == ["/up"]
