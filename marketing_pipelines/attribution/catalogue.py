"""The catalogue of attribution models: what is registered here is computed, stored and offered by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    Credit = Callable[[pl.DataFrame], pl.DataFrame]


class Family(StrEnum):
    """Models that are computed together, by one asset."""

    RULES = "rules"
    MARKOV = "markov"
    SHAPLEY = "shapley"


@dataclass(frozen=True, slots=True)
class Model:
    """A way to share out conversions; `credit` is the function that does it."""

    name: str
    title: str
    description: str
    family: Family
    credit: Credit


_catalogue: dict[str, Model] = {}


def register(family: Family, title: str) -> Callable[[Credit], Credit]:
    """Enters a function into the catalogue under its own name, its docstring as the description."""

    def enter(credit: Credit) -> Credit:
        name = credit.__name__
        if name in _catalogue:
            raise ValueError(
                f"There is an attribution model called {name} already; give this one another name."
            )
        _catalogue[name] = Model(name, title, (credit.__doc__ or "").strip(), family, credit)
        return credit

    return enter


def models(family: Family | None = None) -> list[Model]:
    """The registered models in the order they were registered, of one family or of all."""
    return [known for known in _catalogue.values() if family in (None, known.family)]


def model(name: str) -> Model:
    """The model of that name; a ValueError names the ones there are."""
    if name not in _catalogue:
        raise ValueError(f"There is no attribution model {name!r}; there are {', '.join(_catalogue)}.")
    return _catalogue[name]
