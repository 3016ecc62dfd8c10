"""The demo's feeds: readable by the real parser, and moving."""

from datetime import UTC, datetime, timedelta

from cli.demo import news
from marketing_pipelines.trends import feeds, stories, velocity

NOW = datetime(2026, 11, 20, 15, 20, 7, tzinfo=UTC)


def test_an_hour_is_told_the_same_by_whoever_asks_for_it() -> None:
    later = news.mentions(news.Feed.INDUSTRY, NOW + timedelta(hours=5))
    earlier = news.mentions(news.Feed.INDUSTRY, NOW)
    shared = NOW + timedelta(hours=5) - news.SERVED
    assert [m for m in later if m.published_at <= NOW] == [m for m in earlier if m.published_at > shared]


def test_the_real_parser_reads_every_entry() -> None:
    for feed in news.Feed:
        entries = feeds.parse(
            news.rss(feed, NOW, "http://shop.example"), "application/rss+xml", "http://shop.example"
        )
        told = news.mentions(feed, NOW)
        assert [(e.entry_id, e.title, e.link) for e in entries] == [(m.id, m.title, m.link) for m in told]
        assert all(e.published_at and NOW - news.SERVED < e.published_at <= NOW for e in entries)


def test_stories_rise_and_fade() -> None:
    labels, in_both = set(), set()
    for days in range(0, 20, 2):
        moment = NOW + timedelta(days=days)
        recent: dict[str, int] = {}
        before: dict[str, int] = {}
        links = {}
        for feed in news.Feed:
            for mention in news.mentions(feed, moment):
                story = stories.story_id(mention.link, mention.title, mention.id)
                links.setdefault(story, set()).add(feed)
                counts = recent if mention.published_at > moment - timedelta(hours=24) else before
                counts[story] = counts.get(story, 0) + 1
        labels |= {velocity.score(recent.get(s, 0), before.get(s, 0)).label for s in links}
        in_both |= {story for story, feeds_ in links.items() if len(feeds_) == 2}
    assert labels == set(velocity.Label)
    assert in_both
