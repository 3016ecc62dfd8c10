"""Joining: which story each entry belongs to, one entry after the other, each looking back only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Chosen on headlines of tests/trends/headlines.py, seeds 1 to 3: an entry resembles some entry of the story it joins, and
# the story's first one not much less, so that a chain of small steps leads nowhere.
LIKE_AN_ENTRY = 0.75
LIKE_THE_FIRST = 0.55
# When a story has not been told for so long, the same words tell of something else.
SILENCE = 72 * 3600.0


class Why(StrEnum):
    """What made an entry part of its story."""

    SAME_ADDRESS = "same address"
    SAME_WORDS = "same words"
    ALONE = "alone"
    KNOWN = "known already"


@dataclass(frozen=True, slots=True)
class Joined:
    """An entry's story by number, what showed it, and the other stories that it shows to be the same."""

    story: int
    why: Why
    likeness: float
    joins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What is looked at of each entry, by its place in order: feed, time, and address and text where they are evidence."""

    feeds: Sequence[object]
    addresses: Sequence[str]
    # In seconds; those that are not known are not a number, and no gap to them is too long.
    times: Sequence[float]
    texts: Sequence[int]
    # Where each text appeared first.
    first_told: Sequence[int]
    vectors: csr_array
    alike: Mapping[int, Sequence[tuple[int, float]]]

    def cosine(self, one: int, other: int) -> float:
        """How alike two entries are in their words."""
        if self.texts[one] < 0 or self.texts[other] < 0:
            return 0.0
        mine, theirs = self._weights(self.texts[one]), self._weights(self.texts[other])
        return sum(weight * theirs[term] for term, weight in mine.items() if term in theirs)

    def _weights(self, text: int) -> dict[int, float]:
        part = slice(self.vectors.indptr[text], self.vectors.indptr[text + 1])
        return dict(zip(self.vectors.indices[part].tolist(), self.vectors.data[part].tolist(), strict=True))


@dataclass(slots=True)
class Shelf:
    """The stories so far, numbered by age; of two that turn out to be one, the older stays."""

    told: Told
    of_entry: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    by_address: dict[str, int] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)

    def current(self, story: int) -> int:
        while story in self.merged:
            story = self.merged[story]
        return story

    def put(self, story: int | None = None) -> int:
        """Places the next entry in a story, or in one of its own."""
        entry = len(self.of_entry)
        if story is None:
            story = len(self.first)
        if story == len(self.first):
            self.first.append(entry)
        self.of_entry.append(story)
        if address := self.told.addresses[entry]:
            self.by_address.setdefault(address, story)
        return story

    def join(self) -> Joined:
        """Places the next entry where it belongs."""
        entry = len(self.of_entry)
        at_address = self.by_address.get(self.told.addresses[entry]) if self.told.addresses[entry] else None
        resembled = list(self._resembled(entry))
        if at_address is not None:
            story, why, likeness = self.current(at_address), Why.SAME_ADDRESS, 1.0
        elif resembled:
            (story, likeness), why = resembled[0], Why.SAME_WORDS
        else:
            return Joined(self.put(), Why.ALONE, 0.0)
        same = [other for other, _ in resembled if other != story and self._are_one(story, other, entry)]
        oldest = min(story, *same) if same else story
        others = tuple(sorted({story, *same} - {oldest}))
        self.merged |= dict.fromkeys(others, oldest)
        return Joined(self.put(oldest), why, likeness, others)

    def _resembled(self, entry: int) -> Iterator[tuple[int, float]]:
        """The stories with an entry much like this one and a first one not much less, the likest first."""
        text, seen = self.told.texts[entry], set[int]()
        if text < 0:
            return
        for other, cosine in self._like(entry, text):
            story = self.current(self.of_entry[other])
            if story in seen:
                continue
            # A feed tells its story once; what it words alike on another day is another part of a series.
            if (
                self.told.feeds[other] is not None
                and self.told.feeds[other] == self.told.feeds[entry]
                and cosine < 1
            ):
                continue
            if abs(self.told.times[entry] - self.told.times[other]) > SILENCE:
                continue
            first = self.first[story]
            if first == other or self.told.cosine(entry, first) >= LIKE_THE_FIRST:
                seen.add(story)
                yield story, cosine

    def _like(self, entry: int, text: int) -> Iterable[tuple[int, float]]:
        copied = self.told.first_told[text]
        if copied < entry:
            yield copied, 1.0
        for other, cosine in self.told.alike.get(text, ()):
            yield self.told.first_told[other], cosine

    def _are_one(self, story: int, other: int, entry: int) -> bool:
        """Whether an entry shows two stories to be one: it is like the first of both, and they are like each other."""
        first, others_first = self.first[story], self.first[other]
        return (
            min(self.told.cosine(first, entry), self.told.cosine(others_first, entry)) >= LIKE_AN_ENTRY
            and self.told.cosine(first, others_first) >= LIKE_THE_FIRST
        )
