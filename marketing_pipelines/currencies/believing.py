"""Which rates are believed: one that leaps overnight is more often a slip than a crash, and a slip would be believed by
every report at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from connectors.reference_rates import Rate

LEAP = Decimal(2)
# What stays where it leapt to for so long was no slip; and what was not said for so long may have moved far.
BELIEVED_AGAIN = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Leap:
    """A rate that was not believed, and the one before it that was."""

    said: Rate
    before: Rate


@dataclass(frozen=True, slots=True)
class Sifted:
    believed: list[Rate]
    leaps: list[Leap]


def sift(rates: Iterable[Rate]) -> Sifted:
    """Rates in the order of their days, those apart that are off by a factor from the last one that was believed."""
    believed, leaps = list[Rate](), list[Leap]()
    last: dict[str, Rate] = {}
    for said in rates:
        before = last.get(said.currency)
        if before and said.day - before.day < BELIEVED_AGAIN and _leapt(said.per_euro, before.per_euro):
            leaps.append(Leap(said, before))
        else:
            believed.append(said)
            last[said.currency] = said
    return Sifted(believed, leaps)


def _leapt(said: Decimal, before: Decimal) -> bool:
    return max(said, before) > LEAP * min(said, before)
