"""What every channel that tells how posts do owes its caller, over HTTP against the sandbox."""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors import CONNECTORS, POST_LIMITS
from connectors.answers import canonical
from connectors.errors import AuthRevoked, Forbidden, Invalid, RateLimited, Transient
from connectors.face import Capability, Channel
from connectors.posts import LONGEST_BEGINNING, PostResult, ReadsPosts
from connectors.publishing import FoundPlace, Network, Publishes
from connectors.sandbox import CREDENTIALS, endpoint
from connectors.sandbox.meta_graph import page_token
from connectors.sandbox.organic import LONGEST_PAST, TOLD_SINCE
from connectors.sandbox.places import places_of
from connectors.verbatim import fingerprint
from tests.connectors.running_sandbox import Sandbox, running

PLACES = [
    (channel, place)
    for channel, connector in CONNECTORS.items()
    if hasattr(connector, "post_results")
    for place in places_of(channel)
]
NAMES = [f"{channel}-{place.network}-{place.id}" for channel, place in PLACES]

each_place = pytest.mark.parametrize(("channel", "place"), PLACES, ids=NAMES)

# For a hundred posts. TikTok tells of no more than twenty at once.
MOST_REQUESTS = {Channel.TIKTOK_ACCOUNT: 8, Channel.YOUTUBE: 9}

MONTH = timedelta(days=30)
COUNTERS = ("impressions", "views", "reach", "reactions", "comments", "shares", "saves", "clicks")
TOLD = {
    Network.FACEBOOK: {"views", "reach", "reactions", "comments", "shares", "clicks"},
    Network.INSTAGRAM: {"views", "reach", "reactions", "comments", "shares", "saves"},
    Network.LINKEDIN: {"impressions", "reach", "reactions", "comments", "shares", "clicks"},
    Network.TIKTOK: {"views", "reactions", "comments", "shares"},
    Network.REDDIT: {"reactions", "comments", "shares"},
    Network.YOUTUBE: {"views", "reactions", "comments", "shares"},
    Network.X: {"impressions", "reactions", "comments", "shares", "saves"},
    Network.BUFFER: {"impressions", "reach", "reactions", "comments", "shares", "clicks"},
}
# What is left of a post that its network keeps some counters of to itself.
LEFT = {
    Network.FACEBOOK: TOLD[Network.FACEBOOK] - {"views"},
    Network.INSTAGRAM: {"reactions", "comments"},
    Network.LINKEDIN: set[str](),
    Network.TIKTOK: set[str](),
    Network.REDDIT: TOLD[Network.REDDIT],
    Network.YOUTUBE: {"views", "comments"},
    Network.X: TOLD[Network.X],
    Network.BUFFER: set[str](),
}
# What most people do with a post, of what its network tells: see it, or vote for it.
MOST = {
    Network.TIKTOK: "views",
    Network.REDDIT: "reactions",
    Network.YOUTUBE: "views",
    Network.X: "impressions",
    Network.BUFFER: "reactions",
}
# What a row may lack where there is nothing to tell; Buffer says 0 of what it has not been told, too.
MAY_LACK = {Network.BUFFER: TOLD[Network.BUFFER]}


def reader(sandbox: Sandbox, channel: Channel, access_token: str = "") -> ReadsPosts:
    token = access_token or CREDENTIALS[channel]["access_token"]
    opened = sandbox.connector(channel, access_token=token)
    assert isinstance(opened, ReadsPosts)
    return opened


def read(
    sandbox: Sandbox, channel: Channel, place: FoundPlace, since: datetime | None = None
) -> list[PostResult]:
    since = since or sandbox.now - MONTH
    return list(reader(sandbox, channel).post_results(place.id, place.network, since))


def most_done(post: PostResult) -> int:
    return count(post, MOST.get(post.network, "reach"))


def count(post: PostResult, counter: str) -> int:
    """Every network has to tell what it is asked for; where its zeros are not believed, a missing one is zero."""
    return told(post).get(counter, 0) if post.network in MAY_LACK else told(post)[counter]


def told(post: PostResult) -> dict[str, int]:
    counters = {name: getattr(post, name) for name in COUNTERS}
    return {name: count for name, count in counters.items() if count is not None}


def publish(sandbox: Sandbox, channel: Channel, place: FoundPlace, text: str) -> str:
    opened = sandbox.connector(channel)
    assert isinstance(opened, Publishes)
    return opened.publish(place.id, place.network, sandbox.post(place.network, text)).id


@each_place
def test_several_pages_are_read_to_the_end_newest_first(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    rows = read(sandbox, channel, place)
    assert len(rows) > 2 * sandbox.page_rows
    assert len({row.post_id for row in rows}) == len(rows)
    moments = [row.published_at for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert max(later - earlier for later, earlier in pairwise(moments)) < timedelta(days=4)


@each_place
def test_a_post_says_where_it_stands_and_how_it_does(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    rows = read(sandbox, channel, place)
    for row in rows:
        assert (row.network, row.place_id) == (place.network, place.id)
        assert row.post_url.startswith("https://")
        assert row.published_at.tzinfo is not None
        assert 0 < len(row.beginning) <= LONGEST_BEGINNING
        assert "\\" not in row.beginning
        assert set(told(row)) >= TOLD[place.network] - MAY_LACK.get(place.network, {"shares"})
        assert set(told(row)) <= TOLD[place.network]
    assert any(row.shares for row in rows)
    assert all(sum(told(row).values()) > 0 for row in rows)


@each_place
def test_a_window_without_posts_is_empty(sandbox: Sandbox, channel: Channel, place: FoundPlace) -> None:
    assert read(sandbox, channel, place, sandbox.now) == []


@each_place
def test_since_is_kept_to_the_second(sandbox: Sandbox, channel: Channel, place: FoundPlace) -> None:
    rows = read(sandbox, channel, place)
    from_here = rows[sandbox.page_rows].published_at
    expected = [row.post_id for row in rows if row.published_at >= from_here]
    assert [row.post_id for row in read(sandbox, channel, place, from_here)] == expected
    a_second_on = read(sandbox, channel, place, from_here + timedelta(seconds=1))
    assert [row.post_id for row in a_second_on] == expected[:-1]


@each_place
def test_counters_grow_fast_at_first_and_then_hardly(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    began = sandbox.now - MONTH

    def seen() -> dict[str, int]:
        rows = {row.post_id: row for row in read(sandbox, channel, place, began)}
        return {number: most_done(rows[number]) for number in rows}

    now = seen()
    sandbox.now += timedelta(hours=24)
    tomorrow = seen()
    sandbox.now += timedelta(days=40)
    later = seen()
    sandbox.now += timedelta(days=40)
    in_the_end = seen()
    newest, oldest = next(iter(now)), list(now)[-1]
    assert all(now[number] <= tomorrow[number] <= later[number] for number in now)
    assert tomorrow[newest] - now[newest] > tomorrow[oldest] - now[oldest]
    assert {number: later[number] for number in now} == {number: in_the_end[number] for number in now}


@each_place
def test_what_is_refused_of_one_post_costs_neither_the_others_nor_its_other_counters(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    all_of_it = read(sandbox, channel, place, sandbox.now - LONGEST_PAST - timedelta(days=1))
    borders = sandbox.now - TOLD_SINCE
    young = [row for row in all_of_it if row.published_at >= borders]
    old = [row for row in all_of_it if row.published_at < borders]
    assert young == read(sandbox, channel, place, borders)
    assert len(old) >= 3
    for row in old:
        assert set(told(row)) >= LEFT[place.network] - MAY_LACK.get(place.network, {"shares"})
        assert set(told(row)) <= LEFT[place.network]


@each_place
@pytest.mark.parametrize("fault", ["server_error", "truncated", "rate_limited"])
def test_passing_trouble_does_not_change_the_result(
    sandbox: Sandbox, channel: Channel, place: FoundPlace, fault: str
) -> None:
    undisturbed = read(sandbox, channel, place)
    rows = reader(sandbox, channel).post_results(place.id, place.network, sandbox.now - MONTH)
    begun = [next(rows)]
    sandbox.order(channel, fault, times=2)
    assert begun + list(rows) == undisturbed
    assert len(sandbox.waits) == 2


@each_place
def test_trouble_that_stays_is_handed_on(sandbox: Sandbox, channel: Channel, place: FoundPlace) -> None:
    sandbox.order(channel, "server_error", times=50)
    with pytest.raises(Transient):
        read(sandbox, channel, place)
    sandbox.forget()
    sandbox.order(channel, "rate_limited", hint_seconds=3600)
    with pytest.raises(RateLimited) as limited:
        read(sandbox, channel, place)
    assert limited.value.retry_after == 3600


@each_place
def test_a_token_that_expires_midway_is_renewed_or_needs_a_person(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    undisturbed = read(sandbox, channel, place)
    rows = reader(sandbox, channel).post_results(place.id, place.network, sandbox.now - MONTH)
    begun = [next(rows)]
    sandbox.order(channel, "expired_token")
    if channel is Channel.META:  # Meta has nothing to renew a token with
        with pytest.raises(AuthRevoked):
            list(rows)
        return
    assert begun + list(rows) == undisturbed
    assert len(sandbox.renewals) == 1


@each_place
def test_a_place_of_somebody_else_is_refused_and_ours_still_answers(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    opened = reader(sandbox, channel)
    with pytest.raises((Forbidden, Invalid)):
        list(opened.post_results("999000999", place.network, sandbox.now - MONTH))
    with pytest.raises((Forbidden, Invalid)):
        opened.followers("999000999", place.network)
    assert list(opened.post_results(place.id, place.network, sandbox.now - MONTH))


@each_place
@pytest.mark.parametrize("number", ["", "1/2", "../1", "1?x=y", "１２", "1" * 40])
def test_a_place_that_is_none_is_never_asked_for(
    sandbox: Sandbox, channel: Channel, place: FoundPlace, number: str
) -> None:
    opened = reader(sandbox, channel)
    with pytest.raises(Invalid) as of_posts:
        list(opened.post_results(number, place.network, sandbox.now))
    with pytest.raises(Invalid) as of_followers:
        opened.followers(number, place.network)
    assert of_posts.value.field == of_followers.value.field == "place"
    assert sandbox.requests(channel) == 0


@each_place
def test_a_network_of_others_is_never_asked_for(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    with pytest.raises(Invalid) as invalid:
        list(reader(sandbox, channel).post_results(place.id, Network.SLACK, sandbox.now))
    assert invalid.value.field == "network"
    assert sandbox.requests(channel) == 0


@each_place
def test_what_was_said_is_kept_in_canonical_json_and_without_tokens(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    for row in read(sandbox, channel, place, sandbox.now - LONGEST_PAST):
        assert canonical(json.loads(row.raw)).decode() == row.raw
        assert row.raw_hash == fingerprint(row.raw.encode())
        assert row.post_id in row.raw
        for secret in (*CREDENTIALS[channel].values(), page_token(place.id), "token"):
            assert secret not in row.raw


@each_place
def test_the_fingerprint_changes_with_the_counters_alone(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    def fingerprints() -> dict[str, str]:
        return {row.post_id: row.raw_hash for row in read(sandbox, channel, place, began)}

    began = sandbox.now - MONTH
    at_first = fingerprints()
    sandbox.now += timedelta(hours=6)
    newest = next(iter(at_first))
    assert fingerprints()[newest] != at_first[newest]
    sandbox.now += 4 * MONTH
    settled = fingerprints()
    sandbox.now += timedelta(hours=6)
    still = fingerprints()
    assert {number: settled[number] for number in at_first} == {number: still[number] for number in at_first}


@each_place
def test_what_is_published_shows_up_and_is_seen_later(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    number = publish(sandbox, channel, place, "New *coats* are here [green]")
    [post] = read(sandbox, channel, place, sandbox.now)
    assert (post.post_id, post.beginning) == (number, "New *coats* are here [green]")
    # On Reddit who posts has voted for it.
    at_first = {Network.REDDIT: {0, 1}, Network.BUFFER: set[int]()}
    assert set(told(post).values()) == at_first.get(place.network, {0})
    moment = sandbox.now
    sandbox.now += timedelta(days=3)
    [later] = [row for row in read(sandbox, channel, place, moment) if row.post_id == number]
    assert most_done(later) > count(later, "comments")
    assert count(later, "reactions") > count(post, "reactions")


@each_place
def test_a_beginning_is_no_longer_than_it_may_be(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    text = "ä" * min(LONGEST_BEGINNING + 100, POST_LIMITS[place.network].longest_text)
    publish(sandbox, channel, place, text)
    [post] = read(sandbox, channel, place, sandbox.now)
    assert post.beginning == text[:LONGEST_BEGINNING]


@each_place
def test_followers_are_counted(sandbox: Sandbox, channel: Channel, place: FoundPlace) -> None:
    now = reader(sandbox, channel).followers(place.id, place.network)
    if channel is Channel.BUFFER:  # it keeps them to itself
        assert now is None
        return
    sandbox.now += MONTH
    later = reader(sandbox, channel).followers(place.id, place.network)
    assert now is not None
    assert later is not None
    assert 0 < now < later


@each_place
def test_without_the_permission_nothing_is_told_and_nothing_is_guessed(
    sandbox: Sandbox, channel: Channel, place: FoundPlace
) -> None:
    needed = {
        "read_insights",
        "instagram_manage_insights",
        "rw_organization_admin",
        "video.list",
        "history",
        "https://www.googleapis.com/auth/yt-analytics.readonly",
        "tweet.read",
        "insights:read",
    }
    consent = CONNECTORS[channel].consent
    assert consent is not None
    for scopes, is_enough in ((set(consent.scopes), True), (set(consent.scopes) - needed, False)):
        opened = reader(sandbox, channel, access_token=granted(sandbox, channel, scopes))
        if is_enough:
            assert list(opened.post_results(place.id, place.network, sandbox.now - MONTH))
            continue
        with pytest.raises(Forbidden):
            list(opened.post_results(place.id, place.network, sandbox.now - MONTH))


@each_place
def test_a_hundred_posts_do_not_cost_a_hundred_requests(channel: Channel, place: FoundPlace) -> None:
    with running(Sandbox(page_rows=100)) as sandbox:
        before = sandbox.now
        sandbox.now += timedelta(days=200)
        rows = read(sandbox, channel, place, before - TOLD_SINCE)
        assert len(rows) >= 95
        assert sandbox.requests(channel) <= MOST_REQUESTS.get(channel, 6)
        sandbox.forget()
        with_refusals = read(sandbox, channel, place, before - LONGEST_PAST - timedelta(days=1))
        assert len(with_refusals) > len(rows)
        assert sandbox.requests(channel) <= 30


def test_who_publishes_for_readers_to_see_says_how_it_does() -> None:
    reads = {channel for channel, _ in PLACES}
    assert reads == {
        channel for channel, connector in CONNECTORS.items() if Capability.PUBLISH in connector.capabilities
    }


def granted(sandbox: Sandbox, channel: Channel, scopes: set[str]) -> str:
    """A token that somebody gave who left only these ticked."""
    there = endpoint(channel, sandbox.address)
    app = {**CREDENTIALS[channel], "client_id": "sandbox-client"}
    secret = app.get("client_secret") or app["app_secret"]
    back = "http://127.0.0.1/callback"
    told = {
        "client_id": "sandbox-client",
        "client_key": "sandbox-client",
        "response_type": "code",
        "redirect_uri": back,
        "scope": " ".join(sorted(scopes)),
        "decision": "allow",
    }
    answer: httpx.Response = sandbox.http.post(there.authorize_url, data=told)
    [code] = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "client_id": "sandbox-client",
        "client_key": "sandbox-client",
        "client_secret": secret,
    }
    consent = CONNECTORS[channel].consent
    header = (
        httpx.BasicAuth("sandbox-client", secret) if consent and consent.with_basic_auth else httpx.Auth()
    )
    issued = sandbox.http.post(there.token_url, data=form, auth=header).raise_for_status().json()
    return str(issued["access_token"])
