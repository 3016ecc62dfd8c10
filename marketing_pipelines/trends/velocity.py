"""Velocity: how fast a story spreads now, against how fast it spread before."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, SupportsIndex, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from polars import Series

RAPID = 3.0
RISING = 1.5


class Label(StrEnum):
    RAPIDLY_TRENDING = "Rapidly trending"
    TRENDING = "Trending"
    EMERGING = "Emerging"


@dataclass(frozen=True, slots=True)
class Score:
    """One story's velocity: mentions of the last 24 hours over those of the 24 to 72 hours before."""

    velocity: float
    label: Label
    is_new: bool


@dataclass(frozen=True, slots=True)
class Scores:
    """Many stories' velocities, in the order of their counts."""

    velocity: "NDArray[np.float64]"
    label: "NDArray[np.str_]"
    is_new: "NDArray[np.bool_]"


@overload
def score(recent: SupportsIndex, before: SupportsIndex) -> Score: ...
@overload
def score(
    recent: "Sequence[int] | NDArray[np.integer] | Series",
    before: "Sequence[int] | NDArray[np.integer] | Series",
) -> Scores: ...
def score(recent, before):  # pyright: ignore[reportInconsistentOverload]
    """The velocity of one pair of counts, or of two equally long arrays of counts.

    A divisor of 0 counts as 1, and the story is new. Labels start strictly above their thresholds.
    """
    import numpy as np

    recent_counts, before_counts = _counts(recent, "recent"), _counts(before, "before")
    if recent_counts.shape != before_counts.shape:
        raise ValueError(f"recent has the shape {recent_counts.shape}, before {before_counts.shape}.")
    velocity = recent_counts / np.maximum(before_counts, 1)
    label = np.select(
        [velocity > RAPID, velocity > RISING],
        [Label.RAPIDLY_TRENDING.value, Label.TRENDING.value],
        Label.EMERGING.value,
    )
    is_new = before_counts == 0
    if velocity.ndim == 0:
        return Score(float(velocity), Label(str(label)), bool(is_new))
    return Scores(velocity, label, is_new)


def _counts(
    values: "SupportsIndex | Sequence[int] | NDArray[np.integer] | Series", name: str
) -> "NDArray[np.int64]":
    import numpy as np

    given = np.asarray(values)
    if given.dtype.kind not in "iuf" or given.ndim > 1:
        raise ValueError(f"{name} must be a count or a one-dimensional array of counts.")
    if not np.isfinite(given).all() or (given != np.floor(given)).any() or (given < 0).any():
        raise ValueError(f"{name} must hold whole numbers of 0 or more.")
    return given.astype(np.int64)
