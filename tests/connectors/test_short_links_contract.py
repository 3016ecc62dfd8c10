"""What every channel that makes short links owes its caller, over HTTP against the sandbox."""

import json
from datetime import date, timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from connectors import CONNECTORS, channels_with
from connectors.answers import canonical
from connectors.errors import AuthRevoked, Forbidden, Invalid, RateLimited, Transient
from connectors.face import Capability, Channel
from connectors.sandbox import CREDENTIALS
from connectors.short_links import DayOfClicks, ShortensLinks
from connectors.verbatim import fingerprint
from tests.connectors.running_sandbox import Sandbox

CHANNELS = [channel for channel, connector in CONNECTORS.items() if hasattr(connector, "shorten")]
TARGET = "https://shop.example/coats?utm_source=x&utm_campaign=autumn-sale#sizes"
DAY = timedelta(days=1)
LONG_AGO = 400 * DAY

pytestmark = pytest.mark.parametrize("channel", CHANNELS)


def opened(sandbox: Sandbox, channel: Channel, **given: str) -> ShortensLinks:
    connection = sandbox.connector(channel, http=None, **given)
    assert isinstance(connection, ShortensLinks)
    return connection


def first_group(sandbox: Sandbox, channel: Channel) -> str:
    return opened(sandbox, channel).groups()[0].id


def read(sandbox: Sandbox, channel: Channel, since: date, until: date) -> dict[str, list[DayOfClicks]]:
    """By link, of the first group."""
    house = opened(sandbox, channel)
    links = list(house.links_since(first_group(sandbox, channel), sandbox.now - LONG_AGO))
    return {link.id: list(house.clicks(link.id, since, until)) for link in links}


def test_who_says_that_it_makes_links_makes_links(channel: Channel) -> None:
    assert channel in channels_with(Capability.LINKS)
    assert channels_with(Capability.LINKS) == tuple(CHANNELS)


def test_groups_have_names_and_ids_that_open_them(sandbox: Sandbox, channel: Channel) -> None:
    house = opened(sandbox, channel)
    groups = house.groups()
    assert len(groups) > 1
    for group in groups:
        assert group.name
        links = list(house.links_since(group.id, sandbox.now - LONG_AGO))
        assert links
        assert {link.group_id for link in links} == {group.id}


def test_the_same_address_gives_back_the_same_link(sandbox: Sandbox, channel: Channel) -> None:
    house, group = opened(sandbox, channel), first_group(sandbox, channel)
    made = house.shorten(group, TARGET)
    assert made.long_url == TARGET
    assert urlsplit(made.link).scheme == "https"
    assert (made.group_id, made.created_at) == (group, sandbox.now)
    sandbox.now += DAY
    assert house.shorten(group, TARGET) == made
    other = house.shorten(house.groups()[1].id, TARGET)
    assert other.id != made.id
    assert len(sandbox.accepted(channel)) == 2


def test_an_answer_that_got_lost_is_asked_for_again_and_nothing_is_made_twice(
    sandbox: Sandbox, channel: Channel
) -> None:
    house, group = opened(sandbox, channel), first_group(sandbox, channel)
    sandbox.order(channel, "accepted_then_silent")
    made = house.shorten(group, TARGET)
    assert [made.id] == [link["id"] for link in sandbox.accepted(channel)]
    assert len(sandbox.waits) == 1


def test_several_pages_of_links_are_read_to_the_end(sandbox: Sandbox, channel: Channel) -> None:
    house, group = opened(sandbox, channel), first_group(sandbox, channel)
    links = list(house.links_since(group, sandbox.now - LONG_AGO))
    assert len(links) > 2 * sandbox.page_rows
    assert len({link.id for link in links}) == len(links)
    assert all(link.long_url.startswith("https://") and link.created_at.tzinfo for link in links)


def test_since_is_kept_to_the_second(sandbox: Sandbox, channel: Channel) -> None:
    house, group = opened(sandbox, channel), first_group(sandbox, channel)
    links = list(house.links_since(group, sandbox.now - LONG_AGO))
    moment = sorted(link.created_at for link in links)[3]
    expected = {link.id for link in links if link.created_at >= moment}
    assert {link.id for link in house.links_since(group, moment)} == expected
    a_second_on = {link.id for link in house.links_since(group, moment + timedelta(seconds=1))}
    assert len(a_second_on) == len(expected) - 1
    assert list(house.links_since(group, sandbox.now + DAY)) == []


def test_a_link_that_was_just_made_is_listed_and_followed_later(sandbox: Sandbox, channel: Channel) -> None:
    house, group = opened(sandbox, channel), first_group(sandbox, channel)
    made = house.shorten(group, TARGET)
    assert list(house.links_since(group, sandbox.now)) == [made]
    today = sandbox.now.date()
    assert list(house.clicks(made.id, today - DAY, today - DAY)) == []
    sandbox.now += 3 * DAY
    assert sum(day.clicks for day in house.clicks(made.id, today, today + 3 * DAY)) > 0


def test_days_are_those_of_the_window_in_order_and_only_those_with_clicks(
    sandbox: Sandbox, channel: Channel
) -> None:
    until = sandbox.now.date()
    since = until - 99 * DAY
    counted = read(sandbox, channel, since, until)
    for days in counted.values():
        told = [day.day for day in days]
        assert told == sorted(set(told))
        assert all(since <= day <= until for day in told)
        assert all(day.clicks > 0 for day in days)
    assert max(len(days) for days in counted.values()) > 31, "longer than one question reaches"


def test_one_window_is_the_sum_of_its_parts(sandbox: Sandbox, channel: Channel) -> None:
    until = sandbox.now.date()
    since, middle = until - 44 * DAY, until - 20 * DAY
    whole = read(sandbox, channel, since, until)
    before, after = read(sandbox, channel, since, middle), read(sandbox, channel, middle + DAY, until)
    assert whole == {number: before[number] + after[number] for number in whole}


def test_the_last_day_grows_after_it_is_over_and_older_ones_stay(sandbox: Sandbox, channel: Channel) -> None:
    yesterday = sandbox.now.date() - DAY

    def on(day: date) -> int:
        return sum(each.clicks for days in read(sandbox, channel, day, day).values() for each in days)

    sandbox.now = sandbox.now.replace(hour=1)
    early, settled = on(yesterday), on(yesterday - 3 * DAY)
    sandbox.now += DAY
    assert on(yesterday) > early > 0
    assert on(yesterday - 3 * DAY) == settled
    later = on(yesterday)
    sandbox.now += 10 * DAY
    assert on(yesterday) == later


def test_a_day_to_come_has_no_clicks_and_is_not_asked_for(sandbox: Sandbox, channel: Channel) -> None:
    house = opened(sandbox, channel)
    [link, *_] = house.links_since(first_group(sandbox, channel), sandbox.now - LONG_AGO)
    asked = sandbox.requests(channel)
    tomorrow = sandbox.now.date() + DAY
    assert list(house.clicks(link.id, tomorrow, tomorrow + DAY)) == []
    assert sandbox.requests(channel) == asked


def test_a_window_that_ends_before_it_starts_is_refused(sandbox: Sandbox, channel: Channel) -> None:
    today = sandbox.now.date()
    with pytest.raises(Invalid) as invalid:
        list(opened(sandbox, channel).clicks("bit.ly/3xYz", today, today - DAY))
    assert invalid.value.field == "since"


@pytest.mark.parametrize("fault", ["server_error", "truncated", "rate_limited"])
def test_passing_trouble_does_not_change_the_result(sandbox: Sandbox, channel: Channel, fault: str) -> None:
    house, group = opened(sandbox, channel), first_group(sandbox, channel)
    undisturbed = list(house.links_since(group, sandbox.now - LONG_AGO))
    links = house.links_since(group, sandbox.now - LONG_AGO)
    begun = [next(links)]
    sandbox.order(channel, fault, times=2)
    assert begun + list(links) == undisturbed
    assert len(sandbox.waits) == 2


def test_trouble_that_stays_is_handed_on(sandbox: Sandbox, channel: Channel) -> None:
    house = opened(sandbox, channel)
    sandbox.order(channel, "server_error", times=50)
    with pytest.raises(Transient):
        house.groups()
    sandbox.forget()
    sandbox.order(channel, "rate_limited", hint_seconds=3600)
    with pytest.raises(RateLimited) as limited:
        house.groups()
    assert limited.value.retry_after == 3600


def test_a_token_that_opens_nothing_needs_a_person(sandbox: Sandbox, channel: Channel) -> None:
    with pytest.raises(AuthRevoked) as revoked:
        opened(sandbox, channel, access_token="made-up-token").groups()
    assert "made-up-token" not in repr(revoked.value)
    assert "made-up-token" not in repr(opened(sandbox, channel, access_token="made-up-token"))


def test_a_token_that_is_taken_back_midway_needs_a_person(sandbox: Sandbox, channel: Channel) -> None:
    house = opened(sandbox, channel)
    links = house.links_since(first_group(sandbox, channel), sandbox.now - LONG_AGO)
    next(links)
    sandbox.order(channel, "expired_token")
    with pytest.raises(AuthRevoked):
        list(links)


def test_a_group_of_somebody_else_is_refused_and_ours_still_answers(
    sandbox: Sandbox, channel: Channel
) -> None:
    house = opened(sandbox, channel)
    with pytest.raises((Forbidden, Invalid)):
        list(house.links_since("Bk9somebody9", sandbox.now))
    with pytest.raises((Forbidden, Invalid)):
        house.shorten("Bk9somebody9", TARGET)
    assert list(house.links_since(first_group(sandbox, channel), sandbox.now - LONG_AGO))
    assert sandbox.accepted(channel) == []


@pytest.mark.parametrize("group", ["", "1/2", "../1", "1?x=y", "１２", "B" * 41, "a b"])
def test_a_group_that_is_none_is_never_asked_for(sandbox: Sandbox, channel: Channel, group: str) -> None:
    house = opened(sandbox, channel)
    with pytest.raises(Invalid) as of_links:
        list(house.links_since(group, sandbox.now))
    with pytest.raises(Invalid) as of_shortening:
        house.shorten(group, TARGET)
    assert of_links.value.field == of_shortening.value.field == "group"
    assert sandbox.requests(channel) == 0


@pytest.mark.parametrize(
    "link",
    [
        "",
        "bit.ly",
        "bit.ly/",
        "/3xYz",
        "bit.ly/..",
        "bit.ly/a/b",
        "../bit.ly/a",
        "bit.ly/a?x",
        "bit.ly/a#b",
        "bit.ly/%2e",
        "bit.ly/a b",
        "bit.ly/a\n",
        "bit.ly/" + "a" * 201,
        "bit.ly\\a",
        "localhost/a",
    ],
)
def test_a_link_that_is_none_is_never_asked_for(sandbox: Sandbox, channel: Channel, link: str) -> None:
    today = sandbox.now.date()
    with pytest.raises(Invalid) as invalid:
        list(opened(sandbox, channel).clicks(link, today, today))
    assert invalid.value.field == "link"
    assert sandbox.requests(channel) == 0


@pytest.mark.parametrize(
    "target", ["", "shop.example", "javascript:alert(1)", "ftp://shop.example/", "https://", "https://[x/"]
)
def test_an_address_that_is_none_is_never_shortened(sandbox: Sandbox, channel: Channel, target: str) -> None:
    with pytest.raises(Invalid) as invalid:
        opened(sandbox, channel).shorten("Bk1lindgrn01", target)
    assert invalid.value.field == "long_url"
    assert sandbox.requests(channel) == 0


@pytest.mark.parametrize(
    "domain", ["localhost", "a/b.example", "shop.example/x", "-a.example", "a b.example"]
)
def test_a_domain_that_is_none_is_never_asked_for(sandbox: Sandbox, channel: Channel, domain: str) -> None:
    with pytest.raises(Invalid) as invalid:
        opened(sandbox, channel).shorten("Bk1lindgrn01", TARGET, domain)
    assert invalid.value.field == "domain"
    assert sandbox.requests(channel) == 0


def test_a_link_that_is_not_there_is_told(sandbox: Sandbox, channel: Channel) -> None:
    today = sandbox.now.date()
    with pytest.raises(Invalid):
        list(opened(sandbox, channel).clicks("bit.ly/nobodys", today, today))


def test_what_was_said_is_kept_in_canonical_json_and_without_tokens(
    sandbox: Sandbox, channel: Channel
) -> None:
    until = sandbox.now.date()
    for days in read(sandbox, channel, until - 30 * DAY, until).values():
        for day in days:
            assert canonical(json.loads(day.raw)).decode() == day.raw
            assert day.raw_hash == fingerprint(day.raw.encode())
            assert not any(secret in day.raw for secret in CREDENTIALS[channel].values())


def test_the_token_is_shown_in_a_header_and_never_in_an_address(sandbox: Sandbox, channel: Channel) -> None:
    asked: list[httpx.Request] = []
    with httpx.Client(timeout=10, event_hooks={"request": [asked.append]}) as http:
        connection = sandbox.connector(channel, http=http)
        assert isinstance(connection, ShortensLinks)
        group = connection.groups()[0].id
        made = connection.shorten(group, TARGET)
        list(connection.links_since(group, sandbox.now - LONG_AGO))
        list(connection.clicks(made.id, sandbox.now.date(), sandbox.now.date()))
    assert len(asked) >= 5
    for request in asked:
        assert CREDENTIALS[channel]["access_token"] not in str(request.url)
        assert request.headers["authorization"] == f"Bearer {CREDENTIALS[channel]['access_token']}"
