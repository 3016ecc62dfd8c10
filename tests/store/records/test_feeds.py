"""Feeds: what people list, how a reading leaves a feed, and when the next one is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import records
from store.audit import Actor, ActorKind
from store.records import audit_log, feeds
from store.records.database import Session
from store.records.feeds import (
    LONGEST_PAUSE,
    MOST_FEEDS,
    AlreadyListed,
    Feed,
    FeedStatus,
    Listing,
    Missed,
    Succeeded,
    WrongAddress,
)
from store.records.schema import FeedId, NotUsable, TenantId
from store.settings import Role, Settings

ANN = Actor(ActorKind.USER, "1")
NEWS = Listing("News", "https://news.example/feed", topic="trade", interval_minutes=60)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
A_LITTLE_LESS = HOUR * feeds.PUNCTUALITY


def steps(session: Session, tenant: TenantId, feed: Feed) -> list[str]:
    return [entry.action for entry in audit_log.of_entity(session, tenant, "feed", feed.id)]


def test_a_feed_is_added_changed_retired_revived_and_removed_and_each_is_told(
    house: Settings, tenant: TenantId
) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        feed = feeds.add(session, tenant, ANN, NEWS)
        added_at = feed.changed_at
        feeds.change(session, feed, ANN, NEWS)
        assert (feed.listing, feed.status, feed.changed_at) == (NEWS, FeedStatus.NEW, added_at)
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        feed = feeds.locked(session, tenant, FeedId(feed.id))
        assert feed is not None
        feeds.change(session, feed, ANN, replace(NEWS, topic="makers"))
        assert feed.changed_at > added_at
        feeds.retire(session, feed, ANN)
        feeds.retire(session, feed, ANN)
        assert (feed.status, feeds.claim_due(session, NOON)) == (FeedStatus.RETIRED, [])
        feeds.revive(session, feed, ANN)
        assert [each.id for each in feeds.claim_due(session, NOON)] == [feed.id]
        feeds.remove(session, feed, ANN)
        assert steps(session, tenant, feed) == ["add", "change", "retire", "revive", "remove"]
        assert feeds.locked(session, tenant, FeedId(feed.id)) is None


@pytest.mark.parametrize(
    "url",
    ["", "news", "ftp://a.example/x", "https://", "https://[::1", "javascript:alert(1)", "https://a:0/"],
)
def test_what_is_no_web_address_is_refused(house: Settings, tenant: TenantId, url: str) -> None:
    with (
        records.session(house, Role.CONSOLE, tenant=tenant) as session,
        pytest.raises(WrongAddress, match="web address"),
    ):
        feeds.add(session, tenant, ANN, replace(NEWS, url=url))


def test_an_address_stands_once_in_a_tenants_list(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        feeds.add(session, tenant, ANN, NEWS)
        other = feeds.add(session, tenant, ANN, replace(NEWS, url="https://other.example/"))
        with pytest.raises(AlreadyListed, match="“News”"):
            feeds.add(session, tenant, ANN, replace(NEWS, name="Again"))
        with pytest.raises(AlreadyListed, match="“News”"):
            feeds.change(session, other, ANN, NEWS)


def test_many_are_taken_over_at_once_and_those_listed_already_are_left(
    house: Settings, tenant: TenantId
) -> None:
    many = [replace(NEWS, url=f"https://{n}.example/") for n in range(MOST_FEEDS)]
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        kept = feeds.add(session, tenant, ANN, replace(many[0], topic="as people want it"))
        assert len(feeds.take_over(session, tenant, ANN, [*many[:10], *many[:10]])) == 9
        assert feeds.take_over(session, tenant, ANN, many[:10]) == []
        session.refresh(kept)
        assert kept.topic == "as people want it"
        assert len(feeds.take_over(session, tenant, ANN, many)) == MOST_FEEDS - 10
        with pytest.raises(NotUsable, match="2,000 are the most"):
            feeds.take_over(session, tenant, ANN, [NEWS])
        with pytest.raises(NotUsable, match="2,000 are the most"):
            feeds.add(session, tenant, ANN, NEWS)


def read(session: Session, tenant: TenantId, *outcomes: tuple[Succeeded | Missed, datetime]) -> Feed:
    feed = feeds.add(session, tenant, ANN, replace(NEWS, url=f"https://{tenant}.example/{len(outcomes)}"))
    feed.created_at = NOON
    for outcome, at in outcomes:
        feeds.settle(session, feed, outcome, at)
    session.flush()
    return feed


def test_what_a_publisher_sent_is_kept_to_be_sent_back(house: Settings, tenant: TenantId) -> None:
    answered = Succeeded("tag", "yesterday", "abc", site_url="https://news.example/")
    with records.session(house, Role.PIPELINES) as session:
        feed = read(session, tenant, (answered, NOON))
        assert (feed.etag, feed.last_modified, feed.body_hash) == ("tag", "yesterday", "abc")
        assert (feed.status, feed.site_url) == (FeedStatus.OK, "https://news.example/")
        assert feed.next_fetch_at == NOON + A_LITTLE_LESS
        feeds.settle(session, feed, replace(answered, site_url="https://elsewhere.example/"), NOON)
        assert feed.site_url == "https://news.example/", "what is known already stays"


def test_a_publisher_may_ask_for_a_longer_rest_but_not_for_more_than_a_day(
    house: Settings, tenant: TenantId
) -> None:
    with records.session(house, Role.PIPELINES) as session:
        for wished, kept in [
            (timedelta(minutes=1), A_LITTLE_LESS),
            (6 * HOUR, 6 * HOUR),
            (timedelta(days=400), LONGEST_PAUSE),
        ]:
            feed = read(session, tenant, (Succeeded(rests_for=wished), NOON))
            assert feed.next_fetch_at == NOON + kept
            feeds.remove(session, feed, ANN)


def test_a_feed_that_is_missed_is_asked_less_and_less_and_recovers_by_itself(
    house: Settings, tenant: TenantId
) -> None:
    with records.session(house, Role.PIPELINES) as session:
        feed = read(session, tenant, (Succeeded(), NOON))
        pauses = list[timedelta]()
        at = NOON
        for _ in range(12):
            at = feed.next_fetch_at or at
            feeds.settle(session, feed, Missed("The host answers 500.", "server"), at)
            assert feed.next_fetch_at is not None
            pauses.append(feed.next_fetch_at - at)
        assert pauses == sorted(pauses)
        assert (pauses[0], pauses[-1]) == (A_LITTLE_LESS, LONGEST_PAUSE)
        assert (feed.status, feed.failures) == (FeedStatus.FAILING, 12)
        assert (feed.last_error, feed.trouble) == ("The host answers 500.", "server")
        feeds.settle(session, feed, Succeeded(), at)
        assert (feed.failures, feed.status) == (0, FeedStatus.OK)
        assert (feed.last_error, feed.trouble) == (None, None)
        assert feed.next_fetch_at == at + A_LITTLE_LESS


def test_a_feed_that_is_gone_is_asked_no_more(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.PIPELINES) as session:
        feed = read(session, tenant, (Missed("The host answers 410 Gone.", gone=True), NOON))
        assert (feed.status, feed.next_fetch_at) == (FeedStatus.RETIRED, None)
        assert feed not in feeds.claim_due(session, NOON + timedelta(days=900))


def test_a_feed_follows_its_publisher_to_another_address(house: Settings, tenant: TenantId) -> None:
    moved = Succeeded(moved_to="https://new.example/feed")
    with records.session(house, Role.PIPELINES) as session:
        feed = read(session, tenant, (moved, NOON))
        was = f"https://{tenant}.example/1"
        assert (feed.url, feed.moved_from, feed.moved_at) == ("https://new.example/feed", was, NOON)
        twin = read(session, tenant, (Succeeded(), NOON), (moved, NOON))
        assert twin.status is FeedStatus.RETIRED
        assert twin.last_error == "It has moved to the address of “News”, which you read already."
        feeds.settle(session, feed, Succeeded(moved_to="https://new.example/" + 3_000 * "x"), NOON)
        assert feed.url == "https://new.example/feed", (
            "an address that is too long to be kept is not followed"
        )


def test_who_changes_the_address_begins_anew(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.PIPELINES) as session:
        feed = read(session, tenant, (Succeeded("tag", "yesterday", "abc"), NOON))
        feeds.change(session, feed, ANN, replace(feed.listing, url="https://elsewhere.example/"))
        assert (feed.etag, feed.last_modified, feed.body_hash) == (None, None, None)
        assert (feed.status, feed.next_fetch_at) == (FeedStatus.NEW, None)


def test_a_feed_that_was_read_a_moment_ago_rests(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.PIPELINES) as session:
        feed = read(session, tenant, (Succeeded(), NOON))
        assert feeds.claim_rested(session, tenant, NOON + feeds.RESTS / 2) == []
        assert [each.id for each in feeds.claim_rested(session, tenant, NOON + feeds.RESTS)] == [feed.id]


@given(st.floats(0, 400), st.integers(feeds.SHORTEST_INTERVAL, feeds.LONGEST_INTERVAL), st.floats(0, 1e6))
def test_however_long_a_feed_has_failed_it_is_tried_again(days: float, minutes: int, wished: float) -> None:
    feed = Feed(interval_minutes=minutes, failures=0, created_at=NOON, last_success_at=NOON)
    at = NOON + timedelta(days=days)
    feeds.settle(Session(), feed, Missed("…", rests_for=timedelta(minutes=wished)), at)
    interval = timedelta(minutes=minutes)
    assert feed.next_fetch_at is not None
    assert interval * feeds.PUNCTUALITY <= feed.next_fetch_at - at <= max(LONGEST_PAUSE, interval)


def test_another_tenants_feed_is_nobodys(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.PIPELINES) as session:
        feed = read(session, tenant, (Succeeded(), NOON))
        assert feeds.locked(session, TenantId(tenant + 1), FeedId(feed.id)) is None
