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
NUMBERS_AT_ONCE = 4_000_000
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
        chain = flow.onward().toarray(), flow.begins, flow.converts
        if self.steps.channels <= EXACT_UP_TO:
            worth, error = exact(*chain), np.zeros(self.steps.channels)
        else:
            worth, error = sampled(*chain, self.permutations)
        return Effects(np.maximum(worth, 0), {"worth": worth, "error": error})


def exact(
    onward: NDArray[np.float64], begins: NDArray[np.float64], converts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Every channel's Shapley value, every set of channels played."""
    channels = len(begins)
    sets = np.arange(1 << channels)
    members = (sets[:, None] >> np.arange(channels)) & 1
    worth = np.concatenate(
        [
            _worths(onward, begins, converts, members[begin : begin + SETS_AT_ONCE])
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
    onward: NDArray[np.float64],
    begins: NDArray[np.float64],
    converts: NDArray[np.float64],
    members: NDArray[np.int64],
) -> NDArray[np.float64]:
    """The probability of a conversion with only these channels, for each set of them."""
    chains = np.eye(len(begins)) - members[:, :, None] * onward
    return np.linalg.solve(chains, (members * converts)[:, :, None])[:, :, 0] @ begins


def sampled(
    onward: NDArray[np.float64],
    begins: NDArray[np.float64],
    converts: NDArray[np.float64],
    permutations: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Every channel's Shapley value over some orders of joining, and half the width of its 95 % interval.

    Orders are drawn in pairs, one the other reversed: who joined early then joins late, which steadies the mean.
    """
    channels = len(begins)
    chance = np.random.default_rng(0)
    drawn = np.array([chance.permutation(channels) for _ in range(permutations // 2)])
    at_once = max(1, NUMBERS_AT_ONCE // channels**2)
    pairs = np.concatenate(
        [
            (_added(onward, begins, converts, some) + _added(onward, begins, converts, some[:, ::-1])) / 2
            for some in (drawn[begin : begin + at_once] for begin in range(0, len(drawn), at_once))
        ]
    )
    return pairs.mean(axis=0), HALF_WIDTH * pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))


def _added(
    onward: NDArray[np.float64],
    begins: NDArray[np.float64],
    converts: NDArray[np.float64],
    orders: NDArray[np.int64],
) -> NDArray[np.float64]:
    """What each channel adds when channels join in each of these orders.

    Eliminating the channels of I − Q one by one, in the order in which they join, gives the worth of every set on the way:
    what joined so far is the leading block of one factorisation, and the next channel adds one product to it.
    """
    left = (
        np.eye(len(begins))[orders[:, :, None], orders[:, None, :]]
        - onward[orders[:, :, None], orders[:, None, :]]
    )
    coming, leading = begins[orders], converts[orders]
    added = np.empty(orders.shape)
    for place in range(orders.shape[1]):
        comes = coming[:, place] / left[:, place, place]
        added[np.arange(len(orders)), orders[:, place]] = comes * leading[:, place]
        after = slice(place + 1, None)
        passed = left[:, after, place] / left[:, place, place, None]
        leading[:, after] -= passed * leading[:, place, None]
        coming[:, after] -= comes[:, None] * left[:, place, after]
        left[:, after, after] -= passed[:, :, None] * left[:, place, None, after]
    return added
