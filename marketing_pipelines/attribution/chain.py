"""The chain behind Markov models: how often people went from where to where, bought, or were lost.

A state of order k is the last k channels that somebody met. From each state people go on to another channel, convert
or are lost; how often is counted, so the chain is exact, and what would follow is solved, not simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marketing_pipelines.attribution.paths import Paths, by_path

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The steps that paths are made of; counting them is a product with how often each path was gone."""

    channels: int
    # The channels of each state, the latest last; -1 where a path had not begun.
    states: NDArray[np.int64]
    # From which state to which, -1 for the beginning of a path.
    begun: NDArray[np.int64]
    reached: NDArray[np.int64]
    taken: csr_array
    ended: csr_array

    def count(
        self, conversions: NDArray[np.float64], nulls: NDArray[np.float64], rows: slice = slice(None)
    ) -> NDArray[np.float64]:
        """How often each step was taken, and below that how often each state converted, and was lost."""
        taken, ended = (self.taken, self.ended) if rows == slice(None) else (self.taken[rows], self.ended[rows])
        return np.concatenate([taken.T @ (conversions + nulls), ended.T @ conversions, ended.T @ nulls])

    def flow(self, counts: NDArray[np.float64]) -> Flow:
        """The chain that one column of counts makes."""
        steps, states = len(self.begun), len(self.states)
        taken, converted, lost = np.split(counts, [steps, steps + states])
        return Flow(self, taken, converted, lost)


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A chain with its counts."""

    steps: Steps
    taken: NDArray[np.float64]
    converted: NDArray[np.float64]
    lost: NDArray[np.float64]

    @property
    def people(self) -> float:
        return float(self.converted.sum() + self.lost.sum()) or 1.0

    @property
    def leaving(self) -> NDArray[np.float64]:
        """How often each state was left, whichever way."""
        on = self.steps.begun >= 0
        onward = np.bincount(self.steps.begun[on], self.taken[on], len(self.converted))
        return onward + self.converted + self.lost

    @property
    def begins(self) -> NDArray[np.float64]:
        """The probability that a path begins in each state."""
        first = self.steps.begun < 0
        counts = np.bincount(self.steps.reached[first], self.taken[first], len(self.converted))
        return counts / self.people

    @property
    def converts(self) -> NDArray[np.float64]:
        """The probability that each state is the last before a conversion."""
        return self.converted / self._divisor

    @property
    def visits(self) -> NDArray[np.float64]:
        """How often each state is met on a path: in a chain that was counted that is what was counted."""
        return self.leaving / self.people

    def onward(self) -> csr_array:
        """The probability of each step from state to state."""
        from scipy.sparse import csr_array

        on = (self.steps.begun >= 0) & (self.taken > 0)
        begun, reached = self.steps.begun[on], self.steps.reached[on]
        states = len(self.converted)
        return csr_array((self.taken[on] / self._divisor[begun], (begun, reached)), shape=(states, states))

    @property
    def _divisor(self) -> NDArray[np.float64]:
        left = self.leaving
        return np.where(left > 0, left, 1)


def steps(paths: Paths, order: int, *, collapse: bool) -> Steps:
    """The steps of paths between states of that order; with `collapse`, staying at a channel is no step."""
    paths = paths.collapsed() if collapse else paths
    width = len(paths.channels)
    states = np.arange(width).reshape(-1, 1)
    at = paths.touches.astype(np.int64)
    for _ in range(1, order):
        at, begun, reached = _stepped(paths, at, width)
        before = np.vstack([np.full(states.shape[1], -1), states])[begun + 1]
        states = np.column_stack([before, reached])
    taken, begun, _ = _stepped(paths, at, width)
    reached = np.empty(len(begun), np.int64)
    reached[taken] = at
    return Steps(
        channels=width,
        states=states,
        begun=begun,
        reached=reached,
        taken=by_path(np.ones(len(taken)), taken, paths.starts, len(begun)),
        ended=by_path(np.ones(len(paths)), at[paths.lasts], np.arange(len(paths) + 1), len(states)),
    )


def _stepped(
    paths: Paths, at: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For each touch the number of its step, and for each step from which state it leads to which channel."""
    came = np.empty(len(at), np.int64)
    came[1:] = at[:-1] + 1
    came[paths.firsts] = 0
    step, met = _numbered(came * width + paths.touches)
    return step, met // width - 1, met % width


def _numbered(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Codes as numbers from 0 up, and which code each number is."""
    widest = int(codes.max(initial=0)) + 1
    if widest > max(4 * len(codes), 1 << 16):
        met, numbers = np.unique(codes, return_inverse=True)
        return numbers, met
    there = np.zeros(widest, bool)
    there[codes] = True
    met = np.flatnonzero(there)
    number = np.empty(widest, np.int64)
    number[met] = np.arange(len(met))
    return number[codes], met
