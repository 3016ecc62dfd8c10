"""Intervals: how far the shares would move if other people of the same kind had come.

A Poisson bootstrap: everybody is counted as often as a Poisson draw of mean one says, every model gives credit again,
and the middle of what comes out is the interval. Without users each conversion and each null is somebody else, so that
a path that converted n times is drawn as Poisson of n.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import exp
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from marketing_pipelines.attribution.catalogue import Model
from marketing_pipelines.attribution.crediting import Fit, Split, credited
from marketing_pipelines.attribution.paths import Paths, read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    # Some rows, and their conversions, nulls and value with a column for each resampling.
    Block: TypeAlias = tuple[slice, Floats, Floats, Floats]

REPLICATES = 100
CONFIDENCE = 0.9
ROWS_AT_ONCE = 20_000
NUMBERS_AT_ONCE = 1 << 25
# Small counts are drawn by looking sixteen random bits up in a table: the same distribution, to a part in 65,536.
GRID = 1 << 16
LARGEST_IN_TABLE = 60
TABLES = 64


def intervals(
    paths: pl.DataFrame, model: Model, *, replicates: int = REPLICATES, confidence: float = CONFIDENCE
) -> pl.DataFrame:
    """Each channel's share of conversions and of value by a model, and between what bounds it would fall so often.

    Gives `channel`, `share`, `share_low`, `share_high`, `value_share`, `value_share_low`, `value_share_high`. With a column
    `user` in the paths people are drawn with all their rows. The same paths always give the same intervals.
    """
    if replicates < 2:
        raise ValueError(f"replicates is {replicates}; an interval needs at least 2, better 100.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must lie between 0 and 1, such as 0.9.")
    known = read(paths)
    verdict = model.verdict(known)
    credits = credited(known, verdict)
    if isinstance(verdict, Fit):
        drawn = _fitted(known, verdict, replicates)
    else:
        drawn = _ruled(known, verdict, replicates)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    columns: dict[str, pl.Series | Floats] = {"channel": credits["channel"]}
    for name, of, samples in zip(("share", "value_share"), ("conversions", "value"), drawn, strict=True):
        columns[name] = _shares(credits[of].to_numpy())
        shares = _shares(samples)
        shares = shares[:, ~np.isnan(shares).any(axis=0)]
        bounds = np.quantile(shares, tails, axis=1) if shares.size else np.full((2, len(credits)), np.nan)
        columns[f"{name}_low"], columns[f"{name}_high"] = bounds
    return pl.DataFrame(columns).fill_nan(None)


def _shares(credits: Floats) -> Floats:
    """Credits as parts of their sum; of nothing, or of less than nothing, there are no parts."""
    whole = credits.sum(axis=0)
    return credits / np.where(whole > 0, whole, np.nan)


def _ruled(paths: Paths, split: Split, replicates: int) -> tuple[Floats, Floats]:
    """What each channel gets of conversions and value in each resampling, by a rule."""
    conversions = np.zeros((len(paths.channels), replicates))
    value = np.zeros_like(conversions)
    for rows, converted, _, worth in _resampled(paths, replicates):
        part = split[rows].T
        conversions += part @ converted
        value += part @ worth
    return conversions, value


def _fitted(paths: Paths, fit: Fit, replicates: int) -> tuple[Floats, Floats]:
    """The effect of each channel in each resampling: conversions and value are both shared out by it."""
    things = len(fit.count(paths.conversions, paths.nulls))
    at_once = max(1, min(replicates, NUMBERS_AT_ONCE // max(things, 1)))
    effects = []
    for begin in range(0, replicates, at_once):
        counts = np.zeros((things, min(at_once, replicates - begin)))
        for rows, converted, lost, _ in _resampled(paths, counts.shape[1], seed=begin):
            counts += fit.count(converted, lost, rows)
        effects += [fit.effects(column).sizes for column in counts.T]
    return np.column_stack(effects), np.column_stack(effects)


def _resampled(paths: Paths, replicates: int, seed: int = 0) -> Iterator[Block]:
    """Some rows at a time, their conversions, nulls and value in each resampling."""
    chance = np.random.default_rng(seed)
    blocks = [
        slice(begin, min(begin + ROWS_AT_ONCE, len(paths))) for begin in range(0, len(paths), ROWS_AT_ONCE)
    ]
    return (_by_count if paths.users is None else _by_user)(paths, blocks, replicates, chance)


def _by_user(
    paths: Paths, blocks: list[slice], replicates: int, chance: np.random.Generator
) -> Iterator[Block]:
    person = paths.person
    drawn = _draws(np.ones(int(person.max(initial=-1)) + 1))(chance, slice(None), replicates)
    for rows in blocks:
        times = drawn[person[rows]].astype(float)
        yield (
            rows,
            paths.conversions[rows, None] * times,
            paths.nulls[rows, None] * times,
            paths.value[rows, None] * times,
        )


def _by_count(
    paths: Paths, blocks: list[slice], replicates: int, chance: np.random.Generator
) -> Iterator[Block]:
    # Value without a conversion, such as a refund, is somebody's too.
    refunds = (paths.conversions == 0) & (paths.value != 0)
    earners = np.where(refunds, 1, paths.conversions)
    each = paths.value / np.where(earners > 0, earners, 1)
    draw_earners, draw_nulls = _draws(earners), _draws(paths.nulls)
    for rows in blocks:
        drawn = draw_earners(chance, rows, replicates).astype(float)
        lost = draw_nulls(chance, rows, replicates).astype(float)
        yield rows, drawn * ~refunds[rows, None], lost, drawn * each[rows, None]


def _draws(means: Floats) -> Callable[[np.random.Generator, slice, int], NDArray[np.integer]]:
    """A function that draws Poisson numbers with these means, by row and replicate."""
    distinct, which = np.unique(means, return_inverse=True)
    if not 0 < len(distinct) <= TABLES or distinct[-1] > LARGEST_IN_TABLE:
        return lambda chance, rows, replicates: chance.poisson(
            means[rows, None], (len(means[rows]), replicates)
        )
    table = np.concatenate([_table(mean) for mean in distinct])
    starts = (which * GRID).astype(np.int32)

    def draw(chance: np.random.Generator, rows: slice, replicates: int) -> NDArray[np.integer]:
        own = starts[rows, None]
        return table[own + chance.integers(0, GRID, (len(own), replicates), dtype=np.uint16)]

    return draw


def _table(mean: float) -> NDArray[np.uint8]:
    """For each of the grid's equal parts of probability the Poisson number that falls there."""
    chances = [exp(-mean)]
    while len(chances) < np.iinfo(np.uint8).max:
        chances.append(chances[-1] * mean / len(chances))
    parts = (np.arange(GRID) + 0.5) / GRID
    return np.searchsorted(np.cumsum(chances), parts).astype(np.uint8)
