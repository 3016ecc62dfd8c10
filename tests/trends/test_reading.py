"""Reading: what feeds say is stored once, in versions; how it went is in each feed's own row."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from marketing_pipelines.trends import reading
from marketing_pipelines.trends.reading import Reading
from store import clock, events, records
from store.records.feeds import Feed, FeedStatus
from store.records.schema import FeedId, TenantId
from store.settings import Role, Settings
from tests.trends.publisher import Publisher, cut_off, item, rss, status

STORED = """
select feed_id, entry_id, title, published_at, first_seen_at
from raw.feed_entries
where tenant_id = {tenant:Int64}
order by feed_id, first_seen_at, entry_id
"""


class Newsroom:
    """A tenant's feeds, what they made of the store, and a way to make them due again."""

    def __init__(self, settings: Settings, clickhouse: events.Client, tenant: TenantId) -> None:
        self.settings, self.clickhouse, self.tenant = settings, clickhouse, tenant

    def subscribe(self, url: str, **fields: Any) -> int:
        with records.session(self.settings, Role.PIPELINES) as session:
            feed = Feed(tenant_id=self.tenant, name=url.rpartition("/")[2], url=url, **fields)
            session.add(feed)
            session.flush()
            return feed.id

    def feed(self, feed_id: int) -> Feed:
        with records.session(self.settings, Role.PIPELINES) as session:
            return session.get_one(Feed, feed_id)

    def change(self, **fields: Any) -> None:
        with records.session(self.settings, Role.PIPELINES) as session:
            session.execute(update(Feed).where(Feed.tenant_id == self.tenant).values(**fields))

    def read(self, run_id: str = "run") -> list[Reading]:
        self.change(next_fetch_at=None)
        return self.read_what_is_due(run_id)

    def read_what_is_due(self, run_id: str = "run") -> list[Reading]:
        every = reading.read_due(self.settings, run_id=run_id)
        return [each for each in every if each.tenant_id == self.tenant]

    def stored(self) -> list[dict[str, Any]]:
        return events.read_for_tenant(self.clickhouse, self.tenant, STORED).to_dicts()


@pytest.fixture
def newsroom(settings: Settings, clickhouse: events.Client, tenant: TenantId) -> Iterator[Newsroom]:
    opened = Newsroom(settings, clickhouse, tenant)
    yield opened
    opened.change(status=FeedStatus.RETIRED)  # nobody is left to answer


TWO = rss(item("1", "Boots", "/boots"), item("2", "Coats", "/coats"))


def test_a_feed_is_stored_once_however_often_it_is_read(newsroom: Newsroom, publisher: Publisher):
    publisher.publish("/feed", TWO)
    feed_id = newsroom.subscribe(publisher.url("/feed"))
    (first,) = newsroom.read()
    assert (first.status, first.entries, first.stored, first.error) == (FeedStatus.OK, 2, 2, None)
    (again,) = newsroom.read()
    assert (again.entries, again.stored) == (0, 0)  # 304
    newsroom.change(etag=None)
    (unchanged,) = newsroom.read()
    assert (unchanged.entries, unchanged.stored) == (0, 0), "the very same bytes are not read again"
    publisher.publish("/feed", TWO + b"<!-- at another hour -->")
    (anew,) = newsroom.read()
    assert (anew.entries, anew.stored) == (2, 0)
    assert [(row["feed_id"], row["title"]) for row in newsroom.stored()] == [
        (feed_id, "Boots"),
        (feed_id, "Coats"),
    ]
    assert publisher.requests == {("/feed", 200): 3, ("/feed", 304): 1}


def test_two_runs_at_once_share_the_feeds(newsroom: Newsroom, publisher: Publisher) -> None:
    paths = [f"/{n}" for n in range(12)]
    for path in paths:
        publisher.publish(path, TWO)
        newsroom.subscribe(publisher.url(path))
    with ThreadPoolExecutor(2) as pool:
        one, other = (pool.submit(newsroom.read_what_is_due, run_id) for run_id in ("one", "other"))
    assert len(one.result()) + len(other.result()) == len(newsroom.stored()) / 2 == len(paths)
    assert publisher.requests == {(path, 200): 1 for path in paths}


def test_what_was_stored_before_the_run_was_killed_is_not_stored_again(
    newsroom: Newsroom, publisher: Publisher
) -> None:
    publisher.publish("/feed", TWO)
    newsroom.subscribe(publisher.url("/feed"))
    newsroom.read()
    # As the row is when its run ends between storing the entries and moving the row.
    newsroom.change(etag=None, body_hash=None, claimed_until=clock.now() + timedelta(minutes=9))
    assert newsroom.read() == [], "nobody knows yet that the run has ended"
    newsroom.change(claimed_until=clock.now())
    (anew,) = newsroom.read()
    assert (anew.entries, anew.stored, len(newsroom.stored())) == (2, 0, 2)


def test_an_edit_is_a_version_and_so_is_taking_it_back(newsroom: Newsroom, publisher: Publisher):
    newsroom.subscribe(publisher.url("/feed"))
    titles = ["Boots", "Boots!", "Boots", "Boots!"]
    for title in titles:
        publisher.publish("/feed", rss(item("1", title, "/boots")))
        assert [each.stored for each in newsroom.read()] == [1]
    versions = newsroom.stored()
    assert [row["title"] for row in versions] == titles
    assert len({row["entry_id"] for row in versions}) == 1
    assert len({row["published_at"] for row in versions}) == 1  # an edit is no new mention


def test_dates_are_never_ahead_of_the_clock(newsroom: Newsroom, publisher: Publisher):
    tomorrow = datetime.now(UTC) + timedelta(days=3)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)
    form = "%a, %d %b %Y %H:%M:%S GMT"
    publisher.publish(
        "/feed",
        rss(
            item("ahead", "Ahead", "/1", f"{tomorrow:{form}}"),
            item("none", "No date", "/2"),
            item("past", "Past", "/3", f"{yesterday:{form}}"),
        ),
    )
    newsroom.subscribe(publisher.url("/feed"))
    newsroom.read()
    stored = {row["entry_id"]: row for row in newsroom.stored()}
    assert stored["ahead"]["published_at"] == stored["ahead"]["first_seen_at"]
    assert stored["none"]["published_at"] == stored["none"]["first_seen_at"]
    assert stored["past"]["published_at"] == yesterday


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    + rss(item("1", "t", "/t", description="&b;")).partition(b"?>")[2]
)

BROKEN: dict[str, tuple[Callable[[Publisher], Any], str | None]] = {
    "/404": (lambda _: status(404), "404"),
    "/410": (lambda _: status(410), "410"),
    "/500": (lambda _: status(500), "500"),
    "/html": (lambda at: at.publish("/html", b"<html><p>Hello</p></html>", "text/html"), "HTML"),
    "/empty": (lambda at: at.publish("/empty", b""), "empty"),
    "/cut": (lambda _: cut_off(TWO), "peer closed"),
    "/loop": (lambda _: status(302, location="/loop"), "redirects"),
    "/torn": (lambda at: at.publish("/torn", TWO[:-30]), None),
    "/bytes": (lambda at: at.publish("/bytes", TWO.replace(b"Coats", b"C\xffats")), None),
    "/laughs": (lambda at: at.publish("/laughs", LAUGHS), None),
    "/copies": (lambda at: at.publish("/copies", rss(item("1", "a", "/a"), item("1", "a", "/a"))), None),
    "/good": (lambda at: at.publish("/good", TWO), None),
}


def test_a_failing_feed_is_a_row_and_holds_up_no_other(newsroom: Newsroom, publisher: Publisher):
    feeds: dict[str, FeedId] = {}
    for path, (answer, _) in BROKEN.items():
        made = answer(publisher)
        if made is not None:
            publisher.answers[path] = made
        feeds[path] = FeedId(newsroom.subscribe(publisher.url(path)))
    readings = {each.feed_id: each for each in newsroom.read()}
    assert len(readings) == len(feeds)
    for path, (_, told) in BROKEN.items():
        row, read = newsroom.feed(feeds[path]), readings[feeds[path]]
        assert row.last_error == read.error
        if told is None:
            assert (row.status, row.last_error) == (FeedStatus.OK, None), path
            assert read.stored >= 1, path
        else:
            assert told in (row.last_error or ""), path
            assert row.status == (FeedStatus.RETIRED if path == "/410" else FeedStatus.FAILING)
            assert read.stored == 0
    again = newsroom.read()
    assert feeds["/410"] not in {each.feed_id for each in again}


def test_a_feed_is_read_when_it_is_due(newsroom: Newsroom, publisher: Publisher):
    publisher.publish("/feed", TWO)
    feed_id = newsroom.subscribe(publisher.url("/feed"), interval_minutes=60)
    assert len(newsroom.read_what_is_due()) == 1
    assert newsroom.read_what_is_due() == []
    due = newsroom.feed(feed_id).next_fetch_at
    assert due is not None
    hourly = timedelta(minutes=50) < due - clock.now() < timedelta(minutes=60)
    assert hourly  # an hourly run an hour from now, give or take its seconds, finds it due


def test_the_health_of_all_feeds_is_counted(newsroom: Newsroom, publisher: Publisher, settings: Settings):
    newsroom.read()  # whatever else is due is in its place before the counting starts
    before = reading.health(settings)
    for path in ("/good", "/bad"):
        newsroom.subscribe(publisher.url(path))
    publisher.publish("/good", TWO)
    newsroom.read()
    after = reading.health(settings)
    assert after.read - before.read == 2
    assert after.failing - before.failing == 1
