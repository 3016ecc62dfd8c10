"""Shapley values: what a channel adds, on average over all orders in which channels could have joined.

What "adds" means is the game. In the count game a set of channels is worth the conversions of the paths that need no
other; its Shapley value splits each path evenly over its different channels. In the Markov game a set is worth the
probability of a conversion when people who step to any other channel are lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Literal

import numpy as np

from marketing_pipelines.attribution.catalogue import Family, register
from marketing_pipelines.attribution.chain import Steps, steps
from marketing_pipelines.attribution.crediting import Effects, Fit, Verdict
from marketing_pipelines.attribution.paths import Paths

if TYPE_CHECKING:
    from numpy.typing import NDArray

Game = Literal["count", "markov"]

EXACT_UP_TO = 15
SETS_AT_ONCE = 4096
# Half the width of a 95 % interval, in standard errors.
HALF_WIDTH = 1.96


@register(Family.SHAPLEY, "Shapley, count game")
def shapley(paths: Paths, game: Game = "count", permutations: int = 400) -> Verdict:
    """What a channel adds if a path needs all of its channels: each path split evenly over its different channels.

    `game="markov"` plays the Markov game instead.
    """
    if game == "count":
        return paths.split_evenly()
    if game == "markov":
        return MarkovGame(steps(paths, 1, collapse=True), permutations)
    raise ValueError(f"There is no game {game!r}; there are count and markov.")


@register(Family.SHAPLEY, "Shapley, Markov game")
def shapley_markov(paths: Paths, permutations: int = 400) -> Fit:
    """What a channel adds to the probability of a conversion, by a chain where stepping to a channel left out is the end.

    Exact up to 15 channels; above, the mean over so many permutations, and `error` is half of its 95 % interval.
    """
    return MarkovGame(steps(paths, 1, collapse=True), permutations)


@dataclass(frozen=True, slots=True)
class MarkovGame(Fit):
    """The effect of a channel is its Shapley value in the Markov game: a probability, and all add up to that of a conversion."""

    steps: Steps
    permutations: int

    def count(
        self, conversions: NDArray[np.float64], nulls: NDArray[np.float64], rows: slice = slice(None)
    ) -> NDArray[np.float64]:
        return self.steps.count(conversions, nulls, rows)

    def effects(self, counts: NDArray[np.float64]) -> Effects:
        flow = self.steps.flow(counts)
        chain = flow.balance(), flow.begins, flow.converts
        if self.steps.channels <= EXACT_UP_TO:
            worth, error = exact(*chain), np.zeros(self.steps.channels)
        else:
            worth, error = sampled(*chain, self.permutations)
        return Effects(np.maximum(worth, 0), {"worth": worth, "error": error})


def exact(
    balance: NDArray[np.float64], begins: NDArray[np.float64], converts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Every channel's Shapley value, every set of channels played."""
    channels = len(begins)
    sets = np.arange(1 << channels)
    members = (sets[:, None] >> np.arange(channels)) & 1
    worth = np.concatenate(
        [
            _worths(balance, begins, converts, members[begin : begin + SETS_AT_ONCE])
            for begin in range(0, len(sets), SETS_AT_ONCE)
        ]
    )
    sizes = members.sum(axis=1)
    weights = np.array([1 / (channels * comb(channels - 1, size)) for size in range(channels)])
    added = np.empty(channels)
    for channel in range(channels):
        without = sets[members[:, channel] == 0]
        added[channel] = (worth[without | 1 << channel] - worth[without]) @ weights[sizes[without]]
    return added


def _worths(
    balance: NDArray[np.float64],
    begins: NDArray[np.float64],
    converts: NDArray[np.float64],
    members: NDArray[np.int64],
) -> NDArray[np.float64]:
    """The probability of a conversion with only these channels, for each set of them."""
    # From a channel left out nobody goes on, and none is left for a conversion.
    alone = np.eye(len(begins))
    chains = alone - members[:, :, None] * (alone - balance)
    return np.linalg.solve(chains, (members * converts)[:, :, None])[:, :, 0] @ begins


def sampled(
    balance: NDArray[np.float64],
    begins: NDArray[np.float64],
    converts: NDArray[np.float64],
    permutations: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Every channel's Shapley value over some orders of joining, and half the width of its 95 % interval.

    Orders are drawn in pairs, one the other reversed: who joined early then joins late, which steadies the mean.
    """
    chance = np.random.default_rng(0)
    drawn = [chance.permutation(len(begins)) for _ in range(permutations // 2)]
    # Scaled by how many steps are still to come, every row is dominated by its diagonal, and with room to spare.
    ahead = np.linalg.solve(balance, np.ones(len(begins)))
    chain = balance * ahead, begins * ahead, converts
    pairs = np.array([(_added(*chain, order) + _added(*chain, order[::-1])) / 2 for order in drawn])
    return pairs.mean(axis=0), HALF_WIDTH * pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))


def _added(
    balance: NDArray[np.float64],
    begins: NDArray[np.float64],
    converts: NDArray[np.float64],
    order: NDArray[np.int64],
) -> NDArray[np.float64]:
    """What each channel adds when channels join in this order.

    One factorisation without swaps gives the worth of every set on the way: those who have joined are its leading block, and
    the next channel adds one product to e·U⁻¹·L⁻¹·r. Transposed, columns are dominated by their diagonal: nothing is swapped.
    """
    from scipy.linalg import get_lapack_funcs

    factorise, solve = get_lapack_funcs(("getrf", "trtrs"), (balance,))
    factors, _, _ = factorise(balance[np.ix_(order, order)].T, overwrite_a=True)
    coming, _ = solve(factors, begins[order], lower=1, unitdiag=1)
    leading, _ = solve(factors, converts[order], trans=1)
    added = np.empty(len(order))
    added[order] = coming * leading
    return added
