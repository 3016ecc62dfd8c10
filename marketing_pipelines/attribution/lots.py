"""The lot of a hold-out: on which side a person is, the same whenever and wherever it is asked.

A person's draw is a number out of 64 bits: the first of SHA-256 over the hold-out's key and the person's name. Whoever
draws less than the cut is held out. ClickHouse draws the same, and nobody who does not have the key can tell a draw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

_DRAWS = 2**64


class Side(StrEnum):
    """Whether the campaign may reach somebody."""

    TREATED = "treated"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Lot:
    """The key makes one hold-out's lot independent of all others'; the share of people is held out."""

    key: bytes = field(repr=False)
    share: Decimal

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ValueError(f"share is {self.share}; it must lie between 0 and 1, such as 0.1.")

    @property
    def cut(self) -> int:
        """Of all numbers that can be drawn, those below it hold out."""
        return int(self.share * _DRAWS)

    def draw(self, person: str) -> int:
        return int.from_bytes(sha256(self.key + person.encode()).digest()[:8])

    def side(self, person: str) -> Side:
        return Side.HELD_OUT if self.draw(person) < self.cut else Side.TREATED
