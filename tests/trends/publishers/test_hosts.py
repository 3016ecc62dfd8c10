"""Hosts: who is told by one feed to leave a host alone asks for none of its others."""

from datetime import timedelta

import httpx
import pytest

from marketing_pipelines.trends.publishers import fetching, hosts
from marketing_pipelines.trends.publishers.fetching import Failed, NotModified
from marketing_pipelines.trends.publishers.hosts import A_WHILE, Answer, Hosts
from marketing_pipelines.trends.publishers.troubles import Trouble
from tests.trends.publisher import Publisher, status

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (Failed("", Trouble.BUSY, MINUTE, 429), MINUTE),
        (Failed("", Trouble.BUSY, None, 429), A_WHILE),
        (Failed("", Trouble.BUSY, MINUTE, 503), MINUTE),
        (Failed("", Trouble.BUSY, None, 503), None),
        (Failed("", Trouble.BLOCKED, None, 403), A_WHILE),
        (Failed("", Trouble.UNREACHABLE), A_WHILE),
        (Failed("", Trouble.NOT_FOUND, MINUTE, 404), None),
        (Failed("", Trouble.TOO_SLOW), None),
        (NotModified(not_before=MINUTE), None),
    ],
)
def test_whose_word_counts_for_all_feeds_of_a_host(answer: Answer, wait: timedelta | None):
    assert hosts.left_alone_for(answer) == wait


def test_a_host_is_left_alone_until_the_time_it_named():
    now = 0.0
    known = Hosts(clock=lambda: now)
    asked: list[str] = []

    def ask(url: str, answer: Answer) -> Answer:
        return known.ask(url, lambda: asked.append(url) or answer)

    busy = Failed("Busy.", Trouble.BUSY, MINUTE, 429)
    assert ask("https://a.example/1", busy) == busy
    spared = ask("https://a.example/2", NotModified())
    assert spared == Failed(
        "Not asked for, after another feed of a.example: Busy.", Trouble.BUSY, MINUTE, 429
    )
    assert ask("https://b.example/1", NotModified()) == NotModified()
    now = 61.0
    assert ask("https://a.example/2", NotModified()) == NotModified()
    assert asked == ["https://a.example/1", "https://b.example/1", "https://a.example/2"]


def test_who_is_busy_is_asked_once(publisher: Publisher):
    for path in ("/a", "/b", "/c"):
        publisher.answers[path] = status(429, retry_after="600")
    known = Hosts()
    with fetching.open_client(allow_private=True) as client:
        answers = [ask_of(known, client, publisher.url(path)) for path in ("/a", "/b", "/c")]
    assert publisher.asked == ["/a"]
    for answer in answers:
        assert isinstance(answer, Failed)
        assert answer.kind is Trouble.BUSY
        assert "429 Too Many Requests" in answer.reason


def test_a_port_that_nobody_answers_speaks_for_no_other(publisher: Publisher):
    publisher.answers["/a"] = status(404)
    known = Hosts()
    with fetching.open_client(allow_private=True) as client:
        gone = ask_of(known, client, "http://127.0.0.1:9/a")
        spared = ask_of(known, client, "http://127.0.0.1:9/b")
        answered = ask_of(known, client, publisher.url("/a"))
    assert isinstance(gone, Failed)
    assert gone.kind is Trouble.UNREACHABLE
    assert isinstance(spared, Failed)
    assert spared.reason.startswith("Not asked for, after another feed of 127.0.0.1:9:")
    assert isinstance(answered, Failed)
    assert answered.kind is Trouble.NOT_FOUND


def ask_of(known: Hosts, client: httpx.Client, url: str) -> Answer:
    return known.ask(url, lambda: fetching.fetch(client, url))
