"""The form of a hold-out: what was typed, and what it means."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from console.frame import form_bodies
from console.measuring.bodies import HoldOut

USUAL_DAYS = 28


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields, each a text; the share is in per cent."""

    name: str = ""
    question: str = ""
    goal_id: str = ""
    campaign_id: str = ""
    share: str = "10"
    first_day: str = ""
    last_day: str = ""

    @classmethod
    def usual(cls, today: date, goal: int, days: int) -> "Typed":
        """From tomorrow on, for so many days."""
        first = today + timedelta(days=1)
        last = today + timedelta(days=days)
        return cls(goal_id=str(goal), first_day=first.isoformat(), last_day=last.isoformat())

    def as_body(self) -> HoldOut:
        said: dict[str, Any] = {name: value.strip() or None for name, value in asdict(self).items()}
        said |= {"name": self.name, "question": self.question, "share": _part_of_one(self.share)}
        return form_bodies.read(HoldOut, said)


def _part_of_one(percent: str) -> Decimal | str:
    """A share as the body has it; what is no number is refused there."""
    try:
        return Decimal(percent.strip().removesuffix("%").strip()) / 100
    except InvalidOperation:
        return percent
