"""The form of a tenant's measurement: shares are said in percent, and what is not ticked is no."""

from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from console.frame import form_bodies
from console.measuring.bodies import Measurement
from marketing_pipelines.attribution import catalogue
from store.records.measurement import HIGHEST_ORDER, ORDER_BY_LIKELIHOOD, Choices

_SHARES = ("first_weight", "last_weight")
ORDERS = [
    (str(ORDER_BY_LIKELIHOOD), "What explains held-out paths best"),
    *(
        (str(order), f"{order} {'touch' if order == 1 else 'touches'}")
        for order in range(1, HIGHEST_ORDER + 1)
    ),
]


def models() -> list[tuple[str, str]]:
    """What may stand at the head, by the catalogue's names and titles."""
    return [(model.name, model.title) for model in catalogue.models()]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields, each a text; a box that is not ticked sends none."""

    session_gap_minutes: str = ""
    session_ends_at_midnight: str = ""
    session_ends_with_campaign: str = ""
    headline_model: str = ""
    first_weight: str = ""
    last_weight: str = ""
    half_life_hours: str = ""
    markov_order: str = ""
    collapse_repeats: str = ""
    direct_overrides: str = ""

    @classmethod
    def of(cls, choices: Choices) -> "Typed":
        return cls(**{name: _shown(name, value) for name, value in asdict(choices).items()})

    def as_choices(self) -> Choices:
        said: dict[str, Any] = {name: value.strip() for name, value in asdict(self).items()}
        ticked = {field.name: bool(said[field.name]) for field in fields(Choices) if field.type is bool}
        shares = {name: _share(said[name]) for name in _SHARES}
        return form_bodies.read(Measurement, {**said, **ticked, **shares}).as_choices()


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    if name in _SHARES:
        return f"{(value * 100).normalize():f}"
    return str(value)


def _share(percent: str) -> Decimal | str:
    """What is no number is refused where all else is."""
    try:
        return Decimal(percent) / 100
    except ArithmeticError:
        return percent
