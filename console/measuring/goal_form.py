"""The form of a goal: what was typed, and what it means."""

from dataclasses import asdict, dataclass
from typing import Any

from console.frame import form_bodies
from console.measuring.bodies import Goal
from store.records.goals import Counting, Terms

COUNTINGS = [
    (Counting.EACH.value, "Every time"),
    (Counting.ONCE.value, "Once a person, then not for some days"),
]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields, each a text."""

    name: str = ""
    event: str = ""
    refund_event: str = "refund"
    fixed_value: str = ""
    currency: str = ""
    counting: str = Counting.EACH.value
    once_days: str = "30"
    lookback_days: str = "30"

    @classmethod
    def of(cls, terms: Terms) -> "Typed":
        said = {name: str(value) for name, value in asdict(terms).items()}
        # Without the noughts that the database keeps behind it.
        worth = "" if terms.fixed_value is None else f"{terms.fixed_value.normalize():f}"
        return cls(**said | {"fixed_value": worth})

    def as_terms(self) -> Terms:
        said: dict[str, Any] = {name: value.strip() for name, value in asdict(self).items()}
        said |= {"currency": self.currency.strip().upper(), "fixed_value": self.fixed_value.strip() or None}
        return form_bodies.read(Goal, said).as_terms()
