"""What a publisher states, before anything of it is believed: the same shape from XML and from JSON."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stated:
    """A feed and its entries as dictionaries in feedparser's names, and what a person should know of the document."""

    version: str
    feed: Any
    entries: list[Any]
    notes: tuple[str, ...]
