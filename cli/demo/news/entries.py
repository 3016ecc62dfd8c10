"""Entries: what an outlet has published between two moments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.demo.news import names, plots, stories
from cli.demo.news.chance import dice
from cli.demo.news.outlets import BY_SLUG, DAY, HOUR, Outlet, hour_of, moment_of
from cli.demo.news.stories import Story, Telling

SERVED = timedelta(hours=72)
_COPIED = 0.6
_COPIED_WITHIN = HOUR


@dataclass(frozen=True, slots=True)
class Entry:
    """`slug` is its own within the outlet and never changes."""

    slug: str
    title: str
    link: str
    summary: str
    published_at: datetime


def published(outlet: Outlet, until: datetime, reach_back: timedelta = SERVED) -> list[Entry]:
    """What the outlet has published by a moment, newest first."""
    since = until - reach_back
    hours = range(hour_of(since), hour_of(until) + 1)
    found = [entry for entry in _within(outlet, hours) if since < entry.published_at <= until]
    return sorted(found, key=lambda entry: (entry.published_at, entry.slug), reverse=True)


def _within(outlet: Outlet, hours: range) -> Iterator[Entry]:
    yield from _told(outlet, hours)
    for hour in hours:
        for number in range(_notes(outlet, hour)):
            story = stories.note(outlet, hour, number)
            yield _entry(story, story.tellings[0])
        if outlet.column and hour % DAY == outlet.opens:
            yield _column(outlet, hour)
    if outlet.copies:
        earlier = range(hours.start - _COPIED_WITHIN // HOUR, hours.stop)
        for original in _within(BY_SLUG[outlet.copies], earlier):
            yield from _copy(outlet, original)


def _told(outlet: Outlet, hours: range) -> Iterator[Entry]:
    for hour in range(hours.start - stories.LONGEST_LIFE, hours.stop):
        for story in stories.born_in(hour):
            for telling in story.tellings:
                if telling.outlet is outlet:
                    yield _entry(story, telling)


def _notes(outlet: Outlet, hour: int) -> int:
    """How many there are in an hour, so that a day's work comes out on average."""
    expected = outlet.notes_a_day * outlet.busyness(hour)
    return int(expected + dice("notes", outlet.slug, hour).random())


def _entry(story: Story, telling: Telling) -> Entry:
    outlet = telling.outlet
    title = story.title(outlet.language, telling.wording)
    slug = f"{story.id}-again" if telling.again else story.id
    # Who links to the press release is as good as chance; who comes back to a story has something of its own.
    links_to_source = story.source and not telling.again and telling.wording % 2
    return Entry(
        slug=slug,
        title=title,
        link=story.source if links_to_source else f"{outlet.site}/{slug}/{_as_path(title)}",
        summary=story.summary(outlet.language, telling.wording),
        published_at=moment_of(telling.second),
    )


def _column(outlet: Outlet, hour: int) -> Entry:
    chance = dice("column", outlet.slug, hour)
    topics = chance.sample(plots.PLOTS[outlet.topic], 2)
    one, other = (chance.choice(plot.things).partition("/")[0] for plot in topics)
    at = moment_of(hour * HOUR + HOUR // 4)
    return Entry(
        slug=f"column-{at:%Y-%m-%d}",
        title=outlet.column,
        link=f"{outlet.site}/{_as_path(outlet.column)}/{at:%Y/%m/%d}",
        summary=f"With the first coffee: a word on {one}, and one on {other} in {names.place(chance)}.",
        published_at=at,
    )


def _copy(outlet: Outlet, original: Entry) -> Iterator[Entry]:
    """Word for word, a little later, at an address of its own that says where readers come from."""
    chance = dice("copy", outlet.slug, original.slug)
    if chance.random() < _COPIED:
        delay = timedelta(seconds=chance.randrange(_COPIED_WITHIN // 6, _COPIED_WITHIN))
        tracked = f"utm_source={outlet.slug}&utm_medium=rss&utm_campaign=headlines"
        yield Entry(
            slug=f"copy-{original.slug}",
            title=original.title,
            link=f"{outlet.site}/read/{original.slug}?{tracked}",
            summary=original.summary,
            published_at=original.published_at + delay,
        )


def _as_path(title: str) -> str:
    return "-".join("".join(sign if sign.isalnum() else " " for sign in title.lower()).split())
