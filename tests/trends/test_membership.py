"""Membership: each entry is given its story once, and what turns out later is written beside it, never over it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from marketing_pipelines.trends import membership
from store import events, records
from store.records.feeds import Feed
from store.records.schema import TenantId
from store.settings import Role, Settings

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOOTS = "Waxed jackets reach the high street of Lyon after 12 years"
MEMBERS = """
select entry_id, story_id, from_story_id, toString(why) as why, toString(topic) as topic, weight, assigned_at
from raw.story_members
where tenant_id = {tenant:Int64}
order by assigned_at, entry_id
"""


@dataclass
class Newsroom:
    settings: Settings
    client: events.Client
    tenant: TenantId

    def shows(
        self, entry: str, title: str, hours: float, link: str = "", feed: int = 1, summary: str = ""
    ) -> None:
        """A version of an entry, seen so many hours after noon."""
        seen = NOON + hours * HOUR
        row = {
            "tenant_id": self.tenant,
            "feed_id": feed,
            "entry_id": entry,
            "title": title,
            "link": link or f"https://a.example/{entry}",
            "summary": summary,
            "published_at": seen,
            "first_seen_at": seen,
        }
        self.client.insert("raw.feed_entries", [list(row.values())], column_names=list(row))

    def assign(self, hours: float) -> membership.Assigned:
        return membership.assign_for(self.settings, self.client, self.tenant, NOON + hours * HOUR, "run")

    def members(self) -> list[dict[str, Any]]:
        return events.read_for_tenant(self.client, self.tenant, MEMBERS).to_dicts()

    def stories(self) -> dict[str, str]:
        """The story of each entry, as it is known last."""
        return {row["entry_id"]: row["story_id"] for row in self.members()}


@pytest.fixture
def newsroom(settings: Settings, clickhouse: events.Client, tenant: TenantId) -> Newsroom:
    return Newsroom(settings, clickhouse, tenant)


def test_an_entry_is_given_its_story_once(newsroom: Newsroom) -> None:
    newsroom.shows("a", BOOTS, 0, feed=1)
    newsroom.shows("b", f"{BOOTS}, new figures show", 1, feed=2)
    newsroom.shows("c", "Return fees divide the trade in Berlin and Vienna", 1, feed=2)
    first = newsroom.assign(2)
    assert (first.entries, first.new_stories, first.merges, first.splits) == (3, 2, 0, 0)
    stories = newsroom.stories()
    assert stories["a"] == stories["b"] != stories["c"]
    assert newsroom.assign(3).entries == 0
    assert len(newsroom.members()) == 3


def test_today_meets_yesterday(newsroom: Newsroom) -> None:
    newsroom.shows("a", BOOTS, 0)
    newsroom.assign(1)
    newsroom.shows("b", f"Analysis: {BOOTS}", 24, feed=2)
    again = newsroom.assign(25)
    assert (again.entries, again.new_stories) == (1, 0)
    assert len(set(newsroom.stories().values())) == 1


def test_an_edit_that_says_the_same_stays(newsroom: Newsroom) -> None:
    newsroom.shows("a", BOOTS, 0)
    newsroom.shows("b", f"{BOOTS}, new figures show", 0, feed=2)
    newsroom.assign(1)
    newsroom.shows("b", f"{BOOTS}: new figures", 2, feed=2)
    edited = newsroom.assign(3)
    assert (edited.entries, edited.splits) == (1, 0)
    assert len(set(newsroom.stories().values())) == 1


def test_an_edit_that_tells_something_else_is_a_split(newsroom: Newsroom) -> None:
    newsroom.shows("a", BOOTS, 0)
    newsroom.shows("b", f"{BOOTS}, new figures show", 0, feed=2)
    newsroom.assign(1)
    together = newsroom.stories()["b"]
    newsroom.shows("b", "Second-hand corners win over Porto and Lisbon", 2, feed=2)
    assert newsroom.assign(3).splits == 1
    last = newsroom.members()[-1]
    assert (last["entry_id"], last["from_story_id"], last["why"]) == ("b", together, "split")
    assert newsroom.stories() == {"a": together, "b": last["story_id"]}
    assert last["story_id"] != together


def test_an_entry_that_two_stories_have_in_common_merges_them(newsroom: Newsroom) -> None:
    newsroom.shows("a", BOOTS, 0)
    newsroom.shows("b", "Waxed jackets come to the high street of Lyon, says Stoffblatt", 1, feed=2)
    newsroom.assign(2)
    older, newer = newsroom.stories()["a"], newsroom.stories()["b"]
    assert older != newer
    between = "Waxed jackets: the high street of Lyon after 12 years of Stoffblatt"
    newsroom.shows("c", between, 3, feed=3)
    merged = newsroom.assign(4)
    assert merged.merges == 1
    assert newsroom.stories() == {"a": older, "b": older, "c": older}
    turned = next(row for row in newsroom.members() if row["why"] == "merged")
    assert (turned["entry_id"], turned["from_story_id"]) == ("b", newer)


def test_entries_keep_what_was_said_of_their_feed(newsroom: Newsroom) -> None:
    with records.session(newsroom.settings, Role.PIPELINES) as session:
        feed = Feed(tenant_id=newsroom.tenant, name="F", url="https://f.example", topic="trade", weight=2)
        session.add(feed)
        session.flush()
        number = feed.id
    newsroom.shows("a", BOOTS, 0, feed=number)
    newsroom.assign(1)
    with records.session(newsroom.settings, Role.PIPELINES) as session:
        session.get_one(Feed, number).topic = "makers"
    newsroom.shows("b", "Return fees divide the trade in Berlin", 2, feed=number)
    newsroom.assign(3)
    assert [(row["topic"], row["weight"]) for row in newsroom.members()] == [("trade", 2), ("makers", 2)]


def test_only_tenants_with_news_are_looked_at(newsroom: Newsroom) -> None:
    now = datetime.now(UTC)
    newsroom.shows("a", BOOTS, (now - NOON) / HOUR - 1)
    assigned = {it.tenant: it for it in membership.assign_new(newsroom.settings, run_id="one")}
    assert assigned[newsroom.tenant].entries == 1
    assert newsroom.tenant not in {it.tenant for it in membership.assign_new(newsroom.settings, run_id="two")}
