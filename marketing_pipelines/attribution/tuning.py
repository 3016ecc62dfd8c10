"""Tuning: the parameters of the models, as a tenant sets them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple, get_args

Order = Literal[0, 1, 2, 3, 4]
CHOSEN: Order = 0


class Weights(NamedTuple):
    """What the first touch gets, what those between share, and what the last gets."""

    first: float = 0.4
    middle: float = 0.2
    last: float = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Every model's parameters with their defaults; `order=0` has the order chosen by the paths themselves."""

    weights: tuple[float, float, float] = Weights()
    half_life: timedelta = timedelta(days=7)
    order: Order = 1
    collapse: bool = True
    direct: str = "direct"
    permutations: int = 400

    def __post_init__(self) -> None:
        if (
            len(self.weights) != len(Weights._fields)
            or not all(math.isfinite(weight) and weight >= 0 for weight in self.weights)
            or sum(self.weights) <= 0
        ):
            raise ValueError(
                f"weights are {self.weights}; they must be three numbers from 0 up, for the first touch, "
                "those between and the last, and not all 0."
            )
        if self.half_life <= timedelta(0):
            raise ValueError(f"half_life is {self.half_life}; it must be longer than nothing.")
        if self.order not in get_args(Order):
            raise ValueError(
                f"order is {self.order}; it must be 1 to 4, or 0 to have it chosen by held-out likelihood."
            )
        if self.permutations < 4:
            raise ValueError(f"permutations is {self.permutations}; it must be at least 4.")
