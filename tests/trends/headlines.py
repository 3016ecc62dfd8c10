"""Headlines as many outlets write them about the same events: seeded, so that likeness can be measured.

An event has a kind and its own facts (who, what, how much, where). Each outlet that reports it picks one of the kind's
wordings, and does to it what outlets do: names itself, shortens, quotes, shouts. Companies repeat themselves: the same
company has several events of one kind, and one kind happens to many companies on one day, with other facts each time.
"""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import polars as pl

from tests.trends.wordings import (
    BACKGROUNDS,
    BYLINES,
    COLUMNS,
    DETAILS,
    KINDS,
    LANGUAGES,
    NAMES,
    PLACES,
    THINGS,
    TURNS,
    Kind,
)

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
# Most events are news to one outlet only, and a few are everywhere.
MOST_OUTLETS = 40
SHARE_ENGLISH = 0.6


class Newsroom:
    """A world of outlets and what they published, one row an entry, in the order in which it came."""

    def __init__(self, seed: int, outlets: int = 400) -> None:
        self.chance = random.Random(seed)
        self.outlets = {
            feed: self.chance.choice(LANGUAGES) if self.chance.random() > SHARE_ENGLISH else "en"
            for feed in range(outlets)
        }
        self.names = {feed: f"{self._name()} {self.chance.choice(BYLINES)}" for feed in self.outlets}
        self.companies = [self._name() for _ in range(3_000)]
        # The best known is in the news for nearly two events of a hundred, most hardly ever.
        self.fame = [1 / (rank + 10) for rank in range(len(self.companies))]
        self.products = [
            [f"{self._name()} {self.chance.choice(THINGS)}" for _ in range(8)] for _ in self.companies
        ]
        self.people = [f"{self._name()} {self._name()}" for _ in range(20_000)]

    def published(self, entries: int, days: int = 30) -> pl.DataFrame:
        """So many entries over so many days, with the `event` that each tells of."""
        told: list[dict[str, object]] = []
        event = 0
        while len(told) < entries:
            told.extend(self._event(event, days))
            event += 1
        told = [*told[:entries], *self._columns(entries // 60, days, event)]
        told.sort(key=lambda each: each["published_at"])  # pyright: ignore[reportArgumentType]
        frame = pl.DataFrame(told[:entries])
        return frame.with_columns(pl.int_range(pl.len()).cast(pl.String).alias("entry_id"))

    def _event(self, number: int, days: int) -> Iterator[dict[str, object]]:
        """One event as each outlet that has it tells it."""
        language = "en" if self.chance.random() < SHARE_ENGLISH else self.chance.choice(LANGUAGES)
        kind = self.chance.choice(KINDS[language])
        facts = self._facts(language)
        if kind is KINDS[language][0]:
            facts["product"] = (
                f"{self._name()} {self.chance.choice(THINGS)}"  # what is launched was not there before
            )
        begun = BEGIN + timedelta(hours=self.chance.random() * 24 * days)
        readers = [feed for feed, its in self.outlets.items() if its == language]
        reached = min(int(self.chance.paretovariate(1.1)), MOST_OUTLETS, len(readers))
        original = self.chance.choice(readers)
        for order, feed in enumerate(self.chance.sample(readers, reached)):
            shares = self.chance.random() < 0.08
            link = f"https://outlet{original if shares else feed}.example/{number}/{self.chance.randrange(10**6) if not shares else 'story'}"
            yield {
                "feed_id": feed,
                "title": self._title(kind, facts, feed, language),
                "summary": self._summary(kind, facts, feed, language),
                "link": f"{link}?utm_source=rss" if self.chance.random() < 0.3 else link,
                "language": language if self.chance.random() < 0.8 else "",
                "published_at": begun + timedelta(hours=self.chance.expovariate(1 / 5) * (order > 0)),
                "event": number,
            }

    def _columns(self, number: int, days: int, event: int) -> Iterator[dict[str, object]]:
        """What appears every day under (nearly) the same title and is another thing each day."""
        for written in range(number):
            day = self.chance.randrange(days)
            feed = self.chance.choice([feed for feed, language in self.outlets.items() if language == "en"])
            at = BEGIN + timedelta(days=day, hours=6)
            facts = {
                **self._facts("en"),
                "day": f"{at:%A}",
                "date": f"{at:%B} {at.day}",
                "issue": str(400 + day),
            }
            yield {
                "feed_id": feed,
                "title": COLUMNS[feed % len(COLUMNS)].format(**facts),
                "summary": self._summary(self.chance.choice(KINDS["en"]), facts, feed, "en"),
                "link": f"https://outlet{feed}.example/column/{written}",
                "language": "en",
                "published_at": at,
                # Another day is another thing, and so is another outlet's.
                "event": event + feed * days + day,
            }

    def _facts(self, language: str) -> dict[str, str]:
        detail, more = self.chance.sample(DETAILS[language].split(), 2)
        company = self.chance.choices(range(len(self.companies)), self.fame)[0]
        return {
            "company": self.companies[company],
            "other": self.chance.choice(self.companies),
            "product": self.chance.choice(self.products[company]),
            "person": self.chance.choice(self.people),
            "place": self.chance.choice(PLACES),
            "amount": str(self.chance.choice([5, 10, 25, 50, 100]) * self.chance.randint(1, 20)),
            "percent": str(self.chance.randint(2, 60)),
            "count": str(self.chance.randint(4, 300) * 50),
            "quarter": self.chance.choice(["Q1", "Q2", "Q3", "Q4"]),
            "detail": detail,
            "more": more,
            "figure": f"{self.chance.randint(1, 40)}.{self.chance.randint(1, 9)}",
        }

    def _title(self, kind: Kind, facts: Mapping[str, str], feed: int, language: str) -> str:
        title = self.chance.choice(kind.titles).format(**facts)
        if self.chance.random() < 0.3:
            title = self.chance.choice(TURNS[language]).format(title=title, **facts)
        roll = self.chance.random()
        if roll < 0.15:
            title = f"{title} {self.chance.choice('|-–—')} {self.names[feed]}"
        elif roll < 0.2 and language == "en":
            title = f"{self.chance.choice(['Breaking', 'Exclusive', 'Report', 'Update'])}: {title}"
        elif roll < 0.23:
            title = f"“{title}”"
        elif roll < 0.26:
            title = title.upper()
        elif roll < 0.29 and " " in title:
            title = title.rsplit(" ", 1)[0] + "…"
        return title

    def _summary(self, kind: Kind, facts: Mapping[str, str], feed: int, language: str) -> str:
        """Some outlets give none, some the first sentence, some add a line of their own."""
        roll = self.chance.random()
        if roll < 0.25:
            return ""
        said = self.chance.choice(kind.summaries).format(**facts)
        if roll < 0.7:
            said = f"{said} {BACKGROUNDS[language].format(**facts)}"
        if roll < 0.4:
            return f"{said} {NAMES[language].format(name=self.names[feed])}"
        return said

    def _name(self) -> str:
        parts = [
            self.chance.choice("bcdfghjklmnprstvwz")
            + self.chance.choice(["a", "e", "i", "o", "u", "ar", "en", "or"])
            for _ in range(self.chance.choice([2, 2, 3]))
        ]
        return "".join(parts).capitalize() + self.chance.choice(["", "", "x", "n", "s", "l"])
