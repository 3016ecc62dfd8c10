"""What every channel that publishes owes its caller, over HTTP against the sandbox."""

from contextlib import nullcontext
from datetime import timedelta

import httpx
import pytest

from connectors import CONNECTORS, POST_LIMITS
from connectors.errors import Invalid, RateLimited, Transient, UnknownOutcome
from connectors.face import Capability, Channel
from connectors.publishing import FoundPlace, Network, Post, Publishes
from connectors.sandbox.places import places_of
from tests.conftest import TRUST
from tests.connectors.running_sandbox import Sandbox

PLACES = [
    (channel, place)
    for channel, connector in CONNECTORS.items()
    if hasattr(connector, "publish")
    for place in places_of(channel)
]
# Who can ask what became of what was sent need not leave it open.
ASKS_AFTERWARDS = {Channel.YOUTUBE}
# What a place itself takes, where its network has others that take more.
SHORTER = {"64c0ffee0000000000000001": 500}
NAMES = [f"{channel}-{place.network}-{place.id}" for channel, place in PLACES]

each_place = pytest.mark.parametrize(("channel", "place"), PLACES, ids=NAMES)

WORDS = "Grüße (from the shop) [new] #coats — 100 % wool 🧥, 2 < 3 & *so on* @ home_base ~ | {x} \\ end"


def publisher(sandbox: Sandbox, channel: Channel, http: httpx.Client | None = None) -> Publishes:
    opened = sandbox.connector(channel, http=http)
    assert isinstance(opened, Publishes)
    return opened


def post_for(sandbox: Sandbox, network: Network, text: str = WORDS, link: str = "") -> Post:
    """Without the letters that the network takes in no words."""
    return sandbox.post(network, text.translate(dict.fromkeys(map(ord, POST_LIMITS[network].refused))), link)


def shown(sandbox: Sandbox, channel: Channel) -> list[dict[str, object]]:
    return [each for each in sandbox.accepted(channel) if each["kind"] == "post"]


@each_place
def test_the_channel_says_that_it_can_and_what_it_takes(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    assert CONNECTORS[channel].capabilities & {Capability.PUBLISH, Capability.CHAT}
    assert publisher(sandbox, channel).post_limits[place.network] == POST_LIMITS[place.network]


@each_place
def test_its_places_are_the_providers_own(sandbox: Sandbox, channel: Channel, place: FoundPlace) -> None:
    found = publisher(sandbox, channel).places()
    assert FoundPlace(id=place.id, name=place.name, network=place.network) in found
    assert len(found) == len(places_of(channel))


@each_place
def test_the_very_words_arrive(sandbox: Sandbox, channel: Channel, place: FoundPlace) -> None:
    post = post_for(sandbox, place.network)
    told = publisher(sandbox, channel).publish(place.id, place.network, post)
    [kept] = shown(sandbox, channel)
    assert (kept["place"], kept["id"], kept["text"]) == (place.id, told.id, post.text)
    assert bool(kept["image"]) == bool(post.image)


@each_place
def test_a_link_is_told_where_the_network_takes_one(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    limits = publisher(sandbox, channel).post_limits[place.network]
    link = "https://shop.example/coats?utm_source=x&utm_medium=social"
    post = post_for(sandbox, place.network, link=link)
    if not limits.takes_link:
        with pytest.raises(Invalid):
            publisher(sandbox, channel).publish(place.id, place.network, post)
        assert shown(sandbox, channel) == []
        return
    publisher(sandbox, channel).publish(place.id, place.network, post)
    [kept] = shown(sandbox, channel)
    assert link in f"{kept['link']} {kept['text']}"


@each_place
def test_the_longest_text_arrives_whole_and_a_longer_one_is_refused(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    of_its_network = publisher(sandbox, channel).post_limits[place.network].longest_text
    longest = SHORTER.get(place.id, of_its_network)
    words = "(a) " * (longest // 4)
    publisher(sandbox, channel).publish(place.id, place.network, post_for(sandbox, place.network, words))
    assert [each["text"] for each in shown(sandbox, channel)] == [words]
    too_long = post_for(sandbox, place.network, "a" * (longest + 1))
    with pytest.raises(Invalid):
        publisher(sandbox, channel).publish(place.id, place.network, too_long)


@each_place
def test_letters_that_a_network_does_not_take_go_nowhere(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    for letter in POST_LIMITS[place.network].refused:
        with pytest.raises(Invalid):
            publisher(sandbox, channel).publish(
                place.id, place.network, sandbox.post(place.network, f"1 {letter} 2")
            )
    assert shown(sandbox, channel) == []


@each_place
def test_a_lost_answer_is_asked_for_or_an_unknown_outcome_that_looking_settles(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    """The last request that changes something is the one that publishes."""
    writes = [0]
    with counting(writes) as http:
        publisher(sandbox, channel, http).publish(
            place.id, place.network, post_for(sandbox, place.network, "First")
        )
    post, began = post_for(sandbox, place.network, "Second"), sandbox.now - timedelta(seconds=5)
    looked = publisher(sandbox, channel)
    assert looked.published_since(place.id, place.network, post, began) is None
    lost = nullcontext() if channel in ASKS_AFTERWARDS else pytest.raises(UnknownOutcome)
    with losing(sandbox, channel, writes[0]) as http, lost:
        publisher(sandbox, channel, http).publish(place.id, place.network, post)
    assert [each["text"] for each in shown(sandbox, channel)] == ["First", "Second"]
    found = looked.published_since(place.id, place.network, post, began)
    assert found is not None
    assert found.id == shown(sandbox, channel)[-1]["id"]
    later = sandbox.now + timedelta(hours=1)
    assert looked.published_since(place.id, place.network, post, later) is None


@each_place
@pytest.mark.parametrize("trouble", ["rate_limited", "server_error"])
def test_publishing_is_sent_once_into_trouble(
    sandbox: Sandbox, channel: Channel, place: FoundPlace, trouble: str
) -> None:
    writes = [0]
    with counting(writes) as http:
        publisher(sandbox, channel, http).publish(
            place.id, place.network, post_for(sandbox, place.network, "First")
        )
    sandbox.waits.clear()
    attempted = [0]
    with (
        ordering(sandbox, channel, writes[0], trouble, 20, attempted) as http,
        pytest.raises((RateLimited, Transient, UnknownOutcome)),
    ):
        publisher(sandbox, channel, http).publish(
            place.id, place.network, post_for(sandbox, place.network, "Second")
        )
    left = sandbox.http.get(f"{sandbox.address}/_sandbox/faults").json()[channel]
    assert left == 19 or channel in ASKS_AFTERWARDS, "one request met the trouble"
    assert attempted[0] == writes[0], "and nothing was sent again"
    assert [each["text"] for each in shown(sandbox, channel)] == ["First"]


@each_place
@pytest.mark.parametrize("number", ["", "1/2", "../1", "1?x=y"])
def test_a_place_that_is_none_is_sent_nowhere(
    sandbox: Sandbox, channel: Channel, place: FoundPlace, number: str
) -> None:
    with pytest.raises(Invalid):
        publisher(sandbox, channel).publish(number, place.network, post_for(sandbox, place.network))
    assert sandbox.requests(channel) == 0


# Questions that are posted.
QUESTIONS = ("/token", "conversations.list", "/creator_info/query/", "/status/fetch/", "/video/list/")


def is_a_write(request: httpx.Request) -> bool:
    is_a_question = request.headers.get("content-range", "").startswith("bytes */")
    asks_in_graphql = request.read().startswith(b'{"query":"query ')
    is_read = request.url.path.endswith(QUESTIONS) or is_a_question or asks_in_graphql
    return request.method != "GET" and not is_read


def counting(writes: list[int]) -> httpx.Client:
    def hook(request: httpx.Request) -> None:
        writes[0] += is_a_write(request)

    return httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [hook]})


def losing(sandbox: Sandbox, channel: Channel, number: int) -> httpx.Client:
    return ordering(sandbox, channel, number, "accepted_then_silent", 1, [0])


def ordering(
    sandbox: Sandbox, channel: Channel, number: int, trouble: str, times: int, writes: list[int]
) -> httpx.Client:
    """A client whose n-th request that changes something meets the trouble, and which counts those."""

    def hook(request: httpx.Request) -> None:
        writes[0] += is_a_write(request)
        if is_a_write(request) and writes[0] == number:
            sandbox.order(channel, trouble, times=times)

    return httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [hook]})
