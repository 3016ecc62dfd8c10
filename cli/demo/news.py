"""The trade news of the demo: two feeds whose stories rise and fade, the same for whoever asks at the same hour."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from functools import lru_cache
from xml.sax.saxutils import escape

SERVED = timedelta(hours=72)
_HOUR = 3600
_BIRTHS_EVERY = 11
"""Hours between one story and the next."""
_LONGEST_LIFE = 120


class Feed(StrEnum):
    INDUSTRY = "industry"
    MAKERS = "makers"

    @property
    def caption(self) -> str:
        return {Feed.INDUSTRY: "Stoffblatt: the trade", Feed.MAKERS: "Nadel & Faden: makers"}[self]

    @property
    def path(self) -> str:
        return f"/feeds/{self}.xml"


@dataclass(frozen=True, slots=True)
class Mention:
    """One entry of one feed: somebody writes about a story."""

    id: str
    title: str
    link: str
    summary: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class _Story:
    number: int
    subject: str
    turn: str
    born: int
    """Hours since 1970."""
    peak: float
    ripens_in: float

    @property
    def headline(self) -> str:
        return f"{self.subject} {self.turn}"

    @property
    def link(self) -> str:
        slug = "-".join("".join(c if c.isalnum() else " " for c in self.headline.lower()).split())
        return f"https://stoffblatt.example/{slug}-{self.number}"

    def mentions_expected(self, hour: int) -> float:
        """How many will write about it in an hour: quickly up, slowly down."""
        age = (hour - self.born + 1) / self.ripens_in
        return self.peak * age * math.exp(1 - age)


_SUBJECTS = (
    "Repair vouchers", "Undyed yarns", "Second-hand corners", "Recycled zips", "Four-day drops",
    "Made-to-order knits", "Digital product passports", "Waxed jackets", "Micro-seasons", "Live shopping shows",
    "Rental wardrobes", "In-between sizes", "Linen blends", "Return fees", "Mending bars",
)  # fmt: skip
_TURNS = (
    "reach the high street", "double within a year", "divide the trade", "get a label of their own",
    "win over Berlin", "run into trouble at the border", "turn a profit for the first time",
    "find their way into schools", "come back from the nineties",
)  # fmt: skip
_WORDINGS = {
    Feed.INDUSTRY: (
        "{}",
        "{}, new figures show",
        "Why {} now",
        "Analysis: {}",
        "{}: what buyers should know",
    ),
    Feed.MAKERS: ("{}", "We tried it: {}", "{}, seen from the workshop", "How makers see it: {}"),
}
_ATTENTION = {Feed.INDUSTRY: 1.0, Feed.MAKERS: 0.6}


def mentions(feed: Feed, moment: datetime, reach_back: timedelta = SERVED) -> list[Mention]:
    """What the feed holds at a moment: its latest entries, newest first."""
    last = int(moment.timestamp()) // _HOUR
    hours = range(last - int(reach_back.total_seconds()) // _HOUR, last + 1)
    found = [mention for hour in hours for mention in _mentions_in(feed, hour)]
    served = [mention for mention in found if moment - reach_back < mention.published_at <= moment]
    return sorted(served, key=lambda mention: (mention.published_at, mention.id), reverse=True)


def rss(feed: Feed, moment: datetime, site: str, reach_back: timedelta = SERVED) -> bytes:
    """The feed as RSS 2.0."""
    entries = mentions(feed, moment, reach_back)
    built = max((entry.published_at for entry in entries), default=moment.replace(microsecond=0))
    items = "".join(_item(entry) for entry in entries)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<rss version="2.0"><channel><title>{escape(feed.caption)}</title><link>{escape(site)}</link>'
        f"<description>Invented news of the fashion trade.</description><language>en</language>"
        f"<lastBuildDate>{format_datetime(built, usegmt=True)}</lastBuildDate>{items}</channel></rss>\n"
    ).encode()


def _item(entry: Mention) -> str:
    return (
        f'<item><guid isPermaLink="false">{escape(entry.id)}</guid><title>{escape(entry.title)}</title>'
        f"<link>{escape(entry.link)}</link><description>{escape(entry.summary)}</description>"
        f"<pubDate>{format_datetime(entry.published_at, usegmt=True)}</pubDate></item>"
    )


def _mentions_in(feed: Feed, hour: int) -> Iterator[Mention]:
    for story in _stories_alive(hour):
        expected = story.mentions_expected(hour) * _ATTENTION[feed]
        count = int(expected + _chance(feed, story.number, hour))
        for number in range(count):
            wordings = _WORDINGS[feed]
            wording = wordings[int(_chance(feed, story.number, hour, number, "wording") * len(wordings))]
            second = int(_chance(feed, story.number, hour, number, "second") * _HOUR)
            yield Mention(
                id=f"tag:stoffblatt.example:{feed}:{story.number}:{hour}:{number}",
                title=wording.format(story.headline),
                link=story.link,
                summary=f"{story.headline}. {feed.caption} looks at what it means for small shops.",
                published_at=datetime.fromtimestamp(hour * _HOUR + second, UTC),
            )


def _stories_alive(hour: int) -> Iterator[_Story]:
    newest = hour // _BIRTHS_EVERY
    for number in range(newest - _LONGEST_LIFE // _BIRTHS_EVERY, newest + 1):
        story = _story(number)
        if story.born <= hour:
            yield story


@lru_cache(maxsize=256)
def _story(number: int) -> _Story:
    return _Story(
        number=number,
        subject=_SUBJECTS[int(_chance(number, "subject") * len(_SUBJECTS))],
        turn=_TURNS[int(_chance(number, "turn") * len(_TURNS))],
        born=number * _BIRTHS_EVERY + int(_chance(number, "born") * 6),
        peak=0.3 + 1.6 * _chance(number, "peak") ** 2,
        ripens_in=3 + 21 * _chance(number, "ripens"),
    )


def _chance(*what: object) -> float:
    """A number from 0 to 1 that what it is about decides."""
    digest = hashlib.sha256("/".join(map(str, what)).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
