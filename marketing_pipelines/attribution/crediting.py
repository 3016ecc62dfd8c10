"""Crediting: from a model's verdict on paths to what each channel gets of their conversions and value.

A verdict is one of two things. A rule's is a split: of every path, what share each of its channels gets, whatever the
other paths are. A fit is read off all paths together: how much each channel matters, its effect. All conversions are
then shared out in proportion to the effects, and those of one path in proportion to the effects of its channels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from marketing_pipelines.attribution.paths import Paths

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

# Paths by channels; the shares of a path add up to one.
Split: TypeAlias = "csr_array"


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """How much each channel matters, from 0 up, and what columns the model tells of them besides."""

    sizes: NDArray[np.float64]
    told: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


class Fit(ABC):
    """What is counted in paths, and the effects that follow from the counts."""

    @abstractmethod
    def count(
        self, conversions: NDArray[np.float64], nulls: NDArray[np.float64], rows: slice = slice(None)
    ) -> NDArray[np.float64]:
        """What these rows hold when they converted and did not so often; a column for each column of those."""

    @abstractmethod
    def effects(self, counts: NDArray[np.float64]) -> Effects:
        """The effect of each channel, given one column of counts."""


Verdict: TypeAlias = "Split | Fit"


def credited(paths: Paths, verdict: Verdict) -> pl.DataFrame:
    """What each channel gets of all conversions and value, and what the model tells of it."""
    if not isinstance(verdict, Fit):
        return summed(paths, verdict)
    effects = verdict.effects(verdict.count(paths.conversions, paths.nulls))
    if effects.sizes.sum() > 0:
        shares = effects.sizes / effects.sizes.sum()
        credits = _frame(paths, shares * paths.conversions.sum(), shares * paths.value.sum())
    else:
        credits = summed(paths, paths.split_evenly())
    return credits.with_columns(pl.Series(name, told) for name, told in effects.told.items())


def summed(paths: Paths, split: Split) -> pl.DataFrame:
    """What each channel gets of all conversions and value when each path is shared out by itself."""
    earned = split.T @ np.column_stack([paths.conversions, paths.value])
    return _frame(paths, earned[:, 0], earned[:, 1])


def split_by_effects(paths: Paths, sizes: Mapping[str, float]) -> Split:
    """Each path shared out in proportion to its channels' effects; evenly where none of them has any."""
    split = paths.split_evenly()
    row = np.repeat(np.arange(len(paths)), np.diff(split.indptr))
    size = np.array([sizes.get(channel, 0.0) for channel in paths.channels])[split.indices]
    whole = np.bincount(row, size, len(paths))[row]
    np.divide(size, whole, out=split.data, where=whole > 0)
    return split


def told_by_path(paths: Paths, split: Split) -> pl.DataFrame:
    """A split as a frame: for each row and each channel that gets something of it the share, and what that makes."""
    split.sum_duplicates()
    split.eliminate_zeros()
    row = np.repeat(np.arange(len(paths)), np.diff(split.indptr))
    return pl.DataFrame(
        {
            "row": row,
            "channel": pl.Series(paths.channels, dtype=pl.String).gather(split.indices),
            "share": split.data,
            "conversions": split.data * paths.conversions[row],
            "value": split.data * paths.value[row],
        }
    )


def _frame(paths: Paths, conversions: NDArray[np.float64], value: NDArray[np.float64]) -> pl.DataFrame:
    return pl.DataFrame(
        {"channel": paths.channels, "conversions": conversions, "value": value},
        schema={"channel": pl.String, "conversions": pl.Float64, "value": pl.Float64},
    )
