"""The demo's feeds: readable by the real parser, the same for whoever asks, and as lively as a trade's news."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from cli.demo.news import formats
from cli.demo.news.entries import SERVED, Entry, published
from cli.demo.news.outlets import (
    BY_SLUG,
    DAY,
    OUTLETS,
    WEEK,
    Format,
    Language,
    Outlet,
    Topic,
    hour_of,
    moment_of,
)
from cli.demo.news.stories import born_in, fair
from marketing_pipelines.trends import feeds, stories, topics, velocity
from marketing_pipelines.trends.velocity import Certainty, Label

NOW = datetime(2026, 11, 20, 15, 20, 7, tzinfo=UTC)
FORTNIGHT = timedelta(days=14)
HOUR = timedelta(hours=1)

by_outlet = pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.slug)


@by_outlet
def test_an_hour_is_told_the_same_by_whoever_asks_for_it(outlet: Outlet) -> None:
    later, earlier = published(outlet, NOW + 5 * HOUR), published(outlet, NOW)
    shared = NOW + 5 * HOUR - SERVED
    assert [e for e in later if e.published_at <= NOW] == [e for e in earlier if e.published_at > shared]
    by_the_hour = [e for hours in range(72) for e in published(outlet, NOW - hours * HOUR, HOUR)]
    assert by_the_hour == earlier


def test_an_hour_is_told_the_same_by_every_program() -> None:
    """Pinned, since a demo that was seeded yesterday is read today."""
    (entry,) = published(BY_SLUG["wool-street"], NOW, timedelta(hours=3))
    assert entry == Entry(
        slug="wool-street-498660-0",
        title="1,750 tonnes of old polyester for Halmford plant",
        link="https://wool-street.example/wool-street-498660-0/1-750-tonnes-of-old-polyester-for-halmford-plant",
        summary="1,750 tonnes of polyester a year no longer burn: Halmford opened its plant in Borås.",
        published_at=datetime(2026, 11, 20, 12, 22, 41, tzinfo=UTC),
    )


@by_outlet
def test_the_real_parser_reads_every_entry(outlet: Outlet) -> None:
    url = f"http://shop.example{outlet.path}"
    told = published(outlet, NOW)
    found = feeds.read(formats.document(outlet, NOW, url), outlet.format.media_type, url)
    assert (found.title, found.language, found.notes) == (outlet.name, outlet.language, ())
    assert [(e.title, e.link, e.summary, e.published_at) for e in found.entries] == [
        (e.title, e.link, e.summary, e.published_at) for e in told
    ]
    assert len({e.entry_id for e in found.entries}) == len(told)


@by_outlet
def test_ids_stay_while_the_feed_moves_on(outlet: Outlet) -> None:
    url = f"http://shop.example{outlet.path}"
    seen: dict[str, str] = {}
    for hours in (6, 3, 0):
        document = formats.document(outlet, NOW - hours * HOUR, url)
        for entry in feeds.parse(document, outlet.format.media_type, url):
            assert seen.setdefault(entry.entry_id, entry.content_hash) == entry.content_hash


def test_each_format_is_there_and_each_topic_and_a_german_voice() -> None:
    assert {outlet.format for outlet in OUTLETS} == set(Format)
    assert {outlet.topic for outlet in OUTLETS} == set(Topic)
    assert {outlet.language for outlet in OUTLETS} == set(Language)


def test_some_write_much_and_some_little_and_nobody_at_night() -> None:
    told = {outlet.slug: published(outlet, NOW, FORTNIGHT) for outlet in OUTLETS}
    a_day = {slug: len(entries) / FORTNIGHT.days for slug, entries in told.items()}
    assert a_day["tuchbote"] > 40
    assert a_day["mending-circle"] < 6
    by_hour = Counter(entry.published_at.hour for entries in told.values() for entry in entries)
    assert by_hour[1] + by_hour[2] < by_hour[10] / 10
    by_day = Counter(entry.published_at.weekday() for entries in told.values() for entry in entries)
    assert max(by_day[5], by_day[6]) < min(by_day[day] for day in range(5)) / 1.5


def test_a_copyist_takes_headlines_word_for_word_to_addresses_of_its_own() -> None:
    originals = {entry.title: entry for entry in published(BY_SLUG["tuchbote"], NOW, FORTNIGHT)}
    copies = [e for e in published(BY_SLUG["loom-ledger"], NOW) if e.slug.startswith("copy-")]
    assert len(copies) > 30
    for copy in copies:
        original = originals[copy.title]
        assert original.published_at < copy.published_at <= original.published_at + HOUR
        assert "utm_source=" in copy.link
        assert copy.link != original.link


def test_a_column_has_the_same_title_every_morning_and_another_text() -> None:
    outlet = BY_SLUG["nadel-und-faden"]
    columns = [e for e in published(outlet, NOW, FORTNIGHT) if e.title == outlet.column]
    assert len({entry.published_at.date() for entry in columns}) == len(columns) == FORTNIGHT.days
    assert len({entry.link for entry in columns}) == len(columns)
    assert len({entry.summary for entry in columns}) > len(columns) / 2


def test_one_feed_fails_in_one_hour_of_twelve_and_recovers() -> None:
    down = {
        outlet.slug: [hour for hour in range(DAY) if outlet.is_down(NOW.replace(hour=hour))]
        for outlet in OUTLETS
    }
    assert [hours for hours in down.values() if hours] == [[7, 19]]


def test_once_a_week_a_topic_has_many_times_its_usual_stories() -> None:
    week = hour_of(NOW) // WEEK
    for each in range(week - 3, week + 1):
        here = fair(each)
        assert [moment_of(hour * 3600).weekday() in (1, 2) for hour in here.hours] == [True] * len(here.hours)
        told = [
            entry
            for outlet in OUTLETS
            if outlet.topic is here.topic
            for entry in published(outlet, moment_of(here.hours.stop * 3600), timedelta(days=7))
        ]
        at_the_fair = sum(entry.published_at >= moment_of(here.hours.start * 3600) for entry in told)
        usual = (len(told) - at_the_fair) / (7 * DAY - len(here.hours))
        assert at_the_fair / len(here.hours) > 4 * usual
    assert {fair(each).topic for each in range(week, week + 4)} == set(Topic)


@pytest.fixture(scope="module")
def fortnight() -> pl.DataFrame:
    """All entries of a fortnight, with what they tell and the stories that were found."""
    rows = [
        {
            "feed_id": number, "entry_id": entry.slug, "title": entry.title, "link": entry.link,
            "summary": entry.summary, "language": outlet.language.value, "published_at": entry.published_at,
            "event": entry.slug.removeprefix("copy-").removesuffix("-again"),
        }
        for number, outlet in enumerate(OUTLETS)
        for entry in published(outlet, NOW, FORTNIGHT)
    ]  # fmt: skip
    return stories.assign(pl.DataFrame(rows).sort("published_at", "feed_id", "entry_id"), None)


def test_most_of_what_several_outlets_tell_is_found_to_be_one_story(fortnight: pl.DataFrame) -> None:
    """96 of 100 entries, at this writing. The German outlet shares names and numbers with the others, and little else."""
    several = fortnight.filter(pl.col("feed_id").n_unique().over("event") > 1)
    tellings = several.group_by("event", "story_id").agg(pl.len().alias("together"))
    largest = tellings.group_by("event").agg(pl.col("together").max())
    assert len(largest) > 300
    assert int(largest["together"].sum()) > 0.9 * len(several)
    mixed = fortnight.group_by("story_id").agg(pl.col("event").n_unique())
    assert (mixed["event"] > 1).mean() < 0.02  # pyright: ignore[reportOperatorIssue]


def test_a_week_of_a_topic_stands_out_by_its_fair(fortnight: pl.DataFrame) -> None:
    first, last = (NOW - FORTNIGHT + HOUR).replace(minute=0, second=0), NOW.replace(minute=0, second=0)
    topic_of = {number: outlet.topic.value for number, outlet in enumerate(OUTLETS)}
    hours = pl.DataFrame({"as_of": pl.datetime_range(first, last, "1h", closed="right", eager=True)})
    mentions = (
        fortnight.with_columns(
            pl.lit(1).alias("tenant_id"),
            pl.col("feed_id").replace_strict(topic_of).alias("topic"),
            (pl.col("published_at").dt.truncate("1h") + pl.duration(hours=1)).alias("as_of"),
        )
        .group_by("tenant_id", "topic", "as_of")
        .agg(pl.struct("feed_id", "story_id").n_unique().alias("mentions"))
    )
    by_hour, heard = (
        frame.with_columns(pl.col("as_of").cast(pl.Datetime("ms", "UTC"))) for frame in (mentions, hours)
    )
    scored = topics.scored_hours(by_hour, heard, first, last)
    alarms = {(alarm["topic"], alarm["as_of"]) for alarm in scored.filter("is_alarm").to_dicts()}
    weeks = range(hour_of(first) // WEEK, hour_of(last) // WEEK + 1)
    fairs = [fair(week) for week in weeks if first < moment_of(fair(week).hours.start * 3600) < last]
    assert len(fairs) == 2
    for here in fairs:
        begins = moment_of(here.hours.start * 3600)
        assert {(here.topic.value, begins + hours * HOUR) for hours in (1, 2)} & alarms
    assert len(alarms) <= len(fairs) + 2


def test_columns_of_two_days_are_two_stories(fortnight: pl.DataFrame) -> None:
    columns = fortnight.filter(title=BY_SLUG["nadel-und-faden"].column)
    assert columns["story_id"].n_unique() == len(columns)


def test_labels_of_all_kinds_occur_and_most_stories_never_spread(fortnight: pl.DataFrame) -> None:
    labels = Counter[Label]()
    sure = 0
    for hours in range(0, 11 * DAY, 6):
        moment = NOW - hours * HOUR
        age = moment - pl.col("published_at")
        recent = age.is_between(timedelta(0), timedelta(hours=24), closed="left")
        before = age.is_between(timedelta(hours=24), timedelta(hours=72), closed="left")
        told = (
            fortnight.group_by("story_id")
            .agg(
                pl.col("feed_id").filter(recent).n_unique().alias("recent"),
                pl.col("feed_id").filter(before).n_unique().alias("before"),
            )
            .filter(pl.col("recent") > 0)
        )
        scores = velocity.score(told["recent"], told["before"])
        labels.update(Label(label) for label in scores.label)
        sure += int((scores.certainty == Certainty.SURE).sum())
    assert set(labels) == set(Label)
    assert labels[Label.EMERGING] > labels[Label.TRENDING] > labels[Label.RAPIDLY_TRENDING] > 10
    assert sure > 10


def test_every_few_days_almost_everybody_tells_one_story() -> None:
    hours = range(hour_of(NOW) - 14 * DAY, hour_of(NOW))
    big = [story for hour in hours for story in born_in(hour) if story.id.startswith("big-")]
    assert 4 <= len(big) <= 5
    for story in big:
        within_a_day = {
            telling.outlet.slug
            for telling in story.tellings
            if telling.second < story.tellings[0].second + 86_400
        }
        assert len(within_a_day) >= 6
