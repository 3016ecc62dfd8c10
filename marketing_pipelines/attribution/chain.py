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

# So few numbers may have gaps: closing them takes longer than it saves.
FEW = 1024


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
        taken, ended = (
            (self.taken, self.ended) if rows == slice(None) else (self.taken[rows], self.ended[rows])
        )
        return np.concatenate([taken.T @ (conversions + nulls), ended.T @ conversions, ended.T @ nulls])

    def flow(self, counts: NDArray[np.float64]) -> Flow:
        """The chain that one column of counts makes."""
        steps, states = len(self.begun), len(self.states)
        taken, converted, lost = np.split(counts, [steps, steps + states])
        on = self.begun >= 0
        leaving = np.bincount(self.begun[on], taken[on], states) + converted + lost
        return Flow(self, taken, converted, lost, leaving)


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A chain with its counts."""

    steps: Steps
    taken: NDArray[np.float64]
    converted: NDArray[np.float64]
    lost: NDArray[np.float64]
    # How often each state was left, whichever way.
    leaving: NDArray[np.float64]

    @property
    def people(self) -> float:
        """How many paths were gone; one where none was, so that nothing is divided by nothing."""
        return float(self.converted.sum() + self.lost.sum()) or 1.0

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

    @property
    def steps_taken(self) -> int:
        """How many different steps from state to state somebody took."""
        return int(np.count_nonzero(self._onward))

    def balance(self) -> NDArray[np.float64]:
        """I − Q as an array, Q the probability of each step from state to state."""
        begun, reached, chance = self._steps_onward()
        balance = np.eye(len(self.converted))
        # Each step is there once, so that one assignment does; some lead from a state to itself.
        balance[begun, reached] -= chance
        return balance

    def balance_sparse(self) -> csr_array:
        """I − Q where most steps never occur."""
        from scipy.sparse import csr_array, eye_array

        begun, reached, chance = self._steps_onward()
        states = len(self.converted)
        return csr_array(eye_array(states) - csr_array((chance, (begun, reached)), shape=(states, states)))

    def _steps_onward(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        on = self._onward
        begun, reached = self.steps.begun[on], self.steps.reached[on]
        return begun, reached, self.taken[on] / self._divisor[begun]

    @property
    def _onward(self) -> NDArray[np.bool]:
        return (self.steps.begun >= 0) & (self.taken > 0)

    @property
    def _divisor(self) -> NDArray[np.float64]:
        return np.where(self.leaving > 0, self.leaving, 1)


def steps(paths: Paths, order: int, *, collapse: bool) -> Steps:
    """The steps of paths between states of that order; with `collapse`, staying at a channel is no step."""
    paths = paths.collapsed() if collapse else paths
    at, states = paths.touches, np.arange(len(paths.channels)).reshape(-1, 1)
    for _ in range(1, order):
        at, begun, channel = _stepped(paths, at, len(states))
        before = np.vstack([states, np.full(states.shape[1], -1)])[begun]
        states = np.column_stack([before, channel])
    taken, begun, reached = _stepped(paths, at, len(states))
    if order > 1:
        reached[taken] = at
    return Steps(
        channels=len(paths.channels),
        states=states,
        begun=begun,
        reached=reached,
        taken=by_path(np.ones(len(taken)), taken, paths.starts, len(begun)),
        ended=by_path(np.ones(len(paths)), at[paths.lasts], np.arange(len(paths) + 1), len(states)),
    )


def _stepped(
    paths: Paths, at: NDArray[np.integer], states: int
) -> tuple[NDArray[np.integer], NDArray[np.int64], NDArray[np.int64]]:
    """For each touch the number of its step, and for each step from which state it leads to which channel."""
    width = len(paths.channels)
    small = (states + 1) * width < np.iinfo(np.int32).max
    codes = np.empty(len(at), np.int32 if small else np.int64)
    codes[1:] = at[:-1]
    codes[1:] += 1
    codes[paths.firsts] = 0
    codes *= width
    codes += paths.touches
    step, met = _numbered(codes, (states + 1) * width)
    return step, met // width - 1, met % width


def _numbered(codes: NDArray[np.integer], size: int) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    """Codes below a size as numbers from 0 up, and which code each number is."""
    if size <= FEW:
        return codes, np.arange(size)
    if size > max(4 * len(codes), 1 << 16):
        met, numbers = np.unique(codes, return_inverse=True)
        return numbers, met.astype(np.int64)
    there = np.zeros(size, bool)
    there[codes] = True
    met = np.flatnonzero(there)
    if len(met) == size:
        return codes, met
    number = np.empty(size, np.int32)
    number[met] = np.arange(len(met))
    return number[codes], met
