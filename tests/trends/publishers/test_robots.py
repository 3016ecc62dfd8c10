"""Robots: what robots.txt lets us do, what its absence means, and that it is asked for once."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends.publishers import fetching, robots, turns
from marketing_pipelines.trends.publishers.fetching import Failed, Fetched
from marketing_pipelines.trends.publishers.robots import Robots, Rules, Silence
from marketing_pipelines.trends.publishers.troubles import Trouble
from tests.trends.publisher import Answer, Publisher, compressed, packed, raw, status

FEED = "https://news.example/blog/feed.xml"


def said(text: str | bytes) -> Rules:
    body = text if isinstance(text, bytes) else text.encode()
    rules = robots.rules_of(Fetched(body, "", "text/plain", "https://news.example/robots.txt"))
    assert isinstance(rules, Rules)
    return rules


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /blog", False),
        ("User-agent: *\nDisallow: /Blog", True),
        ("User-agent: *\nDisallow: /\nAllow: /blog/feed.xml", True),
        ("User-agent: *\nDisallow: /*.xml$", False),
        ("User-agent: *\nDisallow: /*.rss$", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: MarketingPipelines\nAllow: /", True),
        ("User-agent: marketingpipelines\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        ("User-agent: SomebodyElse\nDisallow: /", True),
        ("\ufeffUser-agent: *\nDisallow: /", False),
        ("<html><title>Not a robots.txt</title>", True),
        (b"User-agent: *\r\nDisallow: /\xff\xfe\r\nDisallow: /blog", False),
        (b"\0" * 1000, True),
    ],
)
def test_what_is_allowed(text: str | bytes, allowed: bool):
    assert said(text).allow(FEED) is allowed


@pytest.mark.parametrize(
    ("stated", "pause"),
    [("10", 10.0), ("0.5", 0.5), ("86400", 60.0), ("-1", 0.0), ("nan", 0.0), ("inf", 0.0), ("soon", 0.0)],
)
def test_a_crawl_delay_is_kept_as_far_as_it_is_reasonable(stated: str, pause: float):
    assert said(f"User-agent: *\nCrawl-delay: {stated}").pause == pause


def test_without_a_crawl_delay_there_is_none():
    assert said("User-agent: *\nDisallow: /private").pause == 0.0


@given(st.binary(max_size=400) | st.text("aA*$/:# \n\rUserDisalowgnt-:0", max_size=400))
def test_whatever_stands_there_is_a_rule(text: str | bytes):
    rules = said(text)
    assert rules.allow(FEED) in {True, False}
    assert 0.0 <= rules.pause <= robots.LONGEST_PAUSE


@pytest.mark.parametrize(
    "kind", [Trouble.NOT_FOUND, Trouble.GONE, Trouble.REFUSED, Trouble.BLOCKED, Trouble.LOOP]
)
def test_where_there_is_no_robots_txt_all_is_allowed(kind: Trouble):
    rules = robots.rules_of(Failed("", kind))
    assert robots.refusal(rules, FEED) is None


@pytest.mark.parametrize(
    "kind",
    [Trouble.SERVER, Trouble.BUSY, Trouble.TOO_SLOW, Trouble.UNREACHABLE, Trouble.DAMAGED, Trouble.PRIVATE],
)
def test_where_it_cannot_be_had_nothing_is_asked_for(kind: Trouble):
    rules = robots.rules_of(Failed("No answer.", kind, timedelta(hours=1), 503))
    assert isinstance(rules, Silence)
    refused = robots.refusal(rules, FEED)
    assert refused is not None
    assert (refused.kind, refused.retry_after) == (kind, timedelta(hours=1))
    assert "No answer." in refused.reason


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (FEED, "https://news.example/robots.txt"),
        ("http://user:secret@news.example:8080/a?b#c", "http://news.example:8080/robots.txt"),
        ("http://[2606:4700::1]/feed", "http://[2606:4700::1]/robots.txt"),
        ("http://", None),
        ("", None),
        ("feed.xml", None),
        ("mailto:a@b.example", None),
    ],
)
def test_where_it_lies(url: str, address: str | None):
    found = robots.address_for(url)
    assert (found and str(found)) == address


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with fetching.open_client(allow_private=True) as opened:
        yield opened


@pytest.fixture
def asked(client: httpx.Client) -> Robots:
    return Robots(client)


def test_it_is_asked_for_once_however_many_feeds_a_host_has(publisher: Publisher, asked: Robots):
    publisher.publish("/robots.txt", b"User-agent: *\nDisallow: /private\nCrawl-delay: 7", "text/plain")
    urls = [publisher.url(f"/{where}/feed") for where in ("a", "b", "private", "c")]
    answers = dict(turns.spread(urls, asked.refusal, key=str, pause=lambda _: 0.0))
    refused = answers.pop(publisher.url("/private/feed"))
    assert isinstance(refused, Failed)
    assert refused.kind is Trouble.ROBOTS
    assert set(answers.values()) == {None}
    assert publisher.asked == ["/robots.txt"]
    assert asked.pause("127.0.0.1") == 7.0
    assert asked.pause("news.example") == turns.PAUSE


@pytest.mark.parametrize(
    ("code", "allowed"), [(404, True), (403, True), (410, True), (500, False), (429, False)]
)
def test_what_a_hosts_answer_means(publisher: Publisher, asked: Robots, code: int, allowed: bool):
    publisher.answers["/robots.txt"] = status(code)
    assert (asked.refusal(publisher.url("/feed")) is None) is allowed


def test_it_may_lie_elsewhere(publisher: Publisher, asked: Robots):
    publisher.answers["/robots.txt"] = status(301, location="/here/robots.txt")
    publisher.publish("/here/robots.txt", b"User-agent: *\nDisallow: /", "text/plain")
    assert asked.refusal(publisher.url("/feed")) is not None


@pytest.mark.parametrize("pack", [compressed, lambda body: packed(body, "identity")])
def test_of_one_without_end_half_a_megabyte_counts(
    publisher: Publisher, asked: Robots, pack: Callable[[bytes], Answer]
):
    noise, late = b"Disallow: /noise\n", b"Disallow: /feed\n"
    before = noise * ((500 * 2**10 - 100) // len(noise))
    publisher.answers["/robots.txt"] = pack(b"User-agent: *\n" + before + late + noise * 500_000)
    assert asked.refusal(publisher.url("/feed")) is not None
    assert asked.refusal(publisher.url("/other")) is None


def test_one_that_is_no_http_is_none_that_can_be_had(publisher: Publisher, asked: Robots):
    publisher.answers["/robots.txt"] = raw(b"\0")
    refused = asked.refusal(publisher.url("/feed"))
    assert refused is not None
    assert "cannot be read" in refused.reason


def test_an_address_that_is_none_is_for_the_fetching_to_refuse(asked: Robots):
    assert asked.refusal("http://") is None
