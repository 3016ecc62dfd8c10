"""Drift: by how much platforms have changed what they had reported before. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marketing_pipelines.insights.storing import DayAndCurrency
    from marketing_pipelines.insights.sync import Synced


@dataclass(frozen=True, slots=True)
class Restated:
    """A day's spend in one currency, as it was stored and as it was read again."""

    day: date
    currency: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


def restated(synced: "Iterable[Synced]") -> list[Restated]:
    """Every day that was read again, of all accounts together, changed or not; a day that is new is no drift."""
    before: defaultdict[DayAndCurrency, Decimal] = defaultdict(Decimal)
    after: defaultdict[DayAndCurrency, Decimal] = defaultdict(Decimal)
    for account in synced:
        read_again = {day for day, _ in account.stored}
        for spending, amount in account.stored.items():
            before[spending] += amount
        for spending, amount in account.spend.items():
            if spending[0] in read_again:
                after[spending] += amount
    return [
        Restated(day, currency, before[day, currency], after[day, currency])
        for day, currency in sorted(before.keys() | after.keys())
    ]
