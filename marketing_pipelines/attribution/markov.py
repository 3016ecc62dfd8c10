"""Markov models: a channel matters as much as conversions would be missing if everybody who meets it were lost."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, get_args

import numpy as np
import polars as pl

from marketing_pipelines.attribution.catalogue import Family, register
from marketing_pipelines.attribution.chain import Flow, Steps, steps
from marketing_pipelines.attribution.crediting import Effects, Fit
from marketing_pipelines.attribution.paths import Paths, read
from marketing_pipelines.attribution.tuning import CHOSEN, Order

if TYPE_CHECKING:
    from numpy.typing import NDArray
# Up to so many states arrays are quicker than sparse matrices; up to so many if steps between most of them occur.
FEW = 400
MANY = 4000
CROWDED = 0.02
COLUMNS_AT_ONCE = 256
NEARLY_NOTHING = 1e-12
# A chain of higher order is solved once without each channel: this many states times channels take about half a minute.
LARGEST = 20_000_000

ORDERS: list[Order] = [order for order in get_args(Order) if order != CHOSEN]
HELD_OUT = 0.2
# What every next step counts for before any is seen, so that one never seen is unlikely, not impossible.
UNSEEN = 0.5
# Likelihoods that agree so far are equal.
DIGITS = 9


@register(Family.MARKOV, "Markov")
def markov(paths: Paths, order: Order = 1, collapse: bool = True) -> Fit:
    """What would be missing if a channel led nowhere, by a chain in which the next step depends on the last channels.

    `order` says on how many of them, 0 that the paths themselves decide; `collapse` counts a repeat once.
    """
    chain = steps(paths, order or best_order(paths, collapse), collapse=collapse)
    if not _is_solvable(chain):
        raise ValueError(
            f"A chain of order {order} over {chain.channels:,} channels has {len(chain.states):,} states, which is too "
            "many to solve without each channel in turn; take order 1, or group channels."
        )
    return Removals(chain)


@dataclass(frozen=True, slots=True)
class Removals(Fit):
    """The effect of a channel is what share of conversions is missing without it."""

    steps: Steps

    def count(
        self, conversions: NDArray[np.float64], nulls: NDArray[np.float64], rows: slice = slice(None)
    ) -> NDArray[np.float64]:
        return self.steps.count(conversions, nulls, rows)

    def effects(self, counts: NDArray[np.float64]) -> Effects:
        removed = removal_effects(self.steps.flow(counts))
        return Effects(removed, {"removal_effect": removed})


def removal_effects(flow: Flow) -> NDArray[np.float64]:
    """For each channel the share of conversions that is missing when everybody who meets it is lost."""
    if not flow.converted.any():
        return np.zeros(flow.steps.channels)
    states, order = flow.steps.states.shape
    if order == 1:
        missing = _missing_without_state(flow)
    elif states <= MANY:
        missing = _missing_without_states(flow)
    else:
        missing = _missing_in_large_chain(flow)
    return np.clip(missing * flow.people / flow.converted.sum(), 0, 1)


def _missing_without_state(flow: Flow) -> NDArray[np.float64]:
    """Whoever meets a state first comes to it with probability visits / N_cc and then converts with b_c."""
    states = len(flow.converted)
    crowded = states <= MANY and flow.steps_taken > CROWDED * states**2
    returns, converting = (_dense if states <= FEW or crowded else _sparse)(flow)
    return flow.visits / returns * converting


def _dense(flow: Flow) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The diagonal of N = (I − Q)⁻¹, and N·r, from one factorisation and the inverses of its two triangles."""
    from scipy.linalg import get_lapack_funcs

    balance = flow.balance()
    factorise, solve, invert = get_lapack_funcs(("getrf", "getrs", "trtri"), (balance,))
    # Transposed, columns are dominated by their diagonal, and rows need not be swapped for stability.
    factors, swaps, _ = factorise(balance.T, overwrite_a=True)
    converting, _ = solve(factors, swaps, flow.converts, trans=1)
    upper, _ = invert(factors)
    lower, _ = invert(factors, lower=1, unitdiag=1, overwrite_c=True)
    order = np.arange(len(swaps))
    for place, other in enumerate(swaps):
        order[[place, other]] = order[[other, place]]
    lower = np.tril(lower, -1)
    np.fill_diagonal(lower, 1)
    inverse = np.argsort(order)
    return np.einsum("ij,ji->i", np.triu(upper), lower[:, inverse]), converting


def _sparse(flow: Flow) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same, where most steps never occur, some columns of N at a time."""
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    states = len(flow.converted)
    factors = splu(csc_array(flow.balance_sparse()))
    returns = np.empty(states)
    for begin in range(0, states, COLUMNS_AT_ONCE):
        few = np.arange(begin, min(begin + COLUMNS_AT_ONCE, states))
        units = np.zeros((states, len(few)))
        units[few, few - begin] = 1
        returns[few] = factors.solve(units)[few, few - begin]
    return returns, factors.solve(flow.converts)


def _missing_without_states(flow: Flow) -> NDArray[np.float64]:
    """A channel of several states A is met with probabilities visits_A · N_AA⁻¹, and then left for a conversion."""
    visited = np.linalg.inv(flow.balance())
    converting = visited @ flow.converts
    missing = np.zeros(flow.steps.channels)
    for channel in range(flow.steps.channels):
        of = np.flatnonzero((flow.steps.states == channel).any(axis=1))
        met_first = np.linalg.solve(visited[np.ix_(of, of)].T, flow.visits[of])
        missing[channel] = met_first @ converting[of]
    return missing


def _missing_in_large_chain(flow: Flow) -> NDArray[np.float64]:
    """Each channel's states taken out in turn and the rest solved, where N itself would not fit."""
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import bicgstab, splu

    balance = flow.balance_sparse()
    missing = np.empty(flow.steps.channels)
    for channel in range(flow.steps.channels):
        left = np.flatnonzero((flow.steps.states != channel).all(axis=1))
        rest, converts = balance[left][:, left], flow.converts[left]
        converting, unsolved = (
            bicgstab(rest, converts, rtol=NEARLY_NOTHING, atol=0) if len(left) else (converts, 0)
        )
        if unsolved or np.abs(rest @ converting - converts).max(initial=0) > NEARLY_NOTHING:
            converting = splu(csc_array(rest)).solve(converts)
        missing[channel] = flow.converted.sum() / flow.people - flow.begins[left] @ converting
    return missing


def order_likelihoods(paths: pl.DataFrame, collapse: bool = True) -> pl.DataFrame:
    """How well chains of each order foretell a fifth of the people that they were not fitted on: `order`, `likelihood`.

    It is the mean log-likelihood of a step; the highest is the order to take. The fifth is always the same one.
    """
    return pl.DataFrame(
        list(enumerate(_likelihoods(read(paths), collapse), start=ORDERS[0])),
        schema={"order": pl.Int64, "likelihood": pl.Float64},
        orient="row",
    )


def best_order(paths: Paths, collapse: bool) -> Order:
    """The order that foretells people best that it was not fitted on; the lowest of equals."""
    likelihoods = np.round(_likelihoods(paths, collapse), DIGITS)
    return ORDERS[int(np.argmax(likelihoods))]


def _is_solvable(chain: Steps) -> bool:
    return chain.states.shape[1] == 1 or chain.channels * len(chain.states) <= LARGEST


def _likelihoods(paths: Paths, collapse: bool) -> list[float]:
    """The likelihood of each order, up to where chains become too large to solve."""
    counts = np.column_stack([paths.conversions, paths.nulls])
    held = _held_out(paths, counts)
    chains = (steps(paths, order, collapse=collapse) for order in ORDERS)
    return [_likelihood(chain, counts - held, held) for chain in takewhile(_is_solvable, chains)]


def _held_out(paths: Paths, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many of each path's conversions and nulls are kept for the test; whole users, where users are known."""
    chance = np.random.default_rng(0)
    if paths.users is None:
        return chance.binomial(counts.astype(np.int64), HELD_OUT).astype(float)
    person = paths.person
    kept = chance.random(int(person.max(initial=-1)) + 1) < HELD_OUT
    return counts * kept[person, None]


def _likelihood(chain: Steps, learnt: NDArray[np.float64], held: NDArray[np.float64]) -> float:
    """The mean logarithm of the probability that the chain fitted on `learnt` gives to each step in `held`."""
    fitted, tested = (chain.flow(chain.count(*counts.T)) for counts in (learnt, held))
    people = fitted.people
    # A chain may go on to every channel, convert or be lost; from the beginning only to a channel.
    seen = np.append(fitted.leaving + UNSEEN * (chain.channels + 2), people + UNSEEN * chain.channels)
    likelihood = (
        tested.taken @ np.log((fitted.taken + UNSEEN) / seen[chain.begun])
        + tested.converted @ np.log((fitted.converted + UNSEEN) / seen[:-1])
        + tested.lost @ np.log((fitted.lost + UNSEEN) / seen[:-1])
    )
    steps_taken = tested.taken.sum() + tested.converted.sum() + tested.lost.sum()
    return float(likelihood / steps_taken) if steps_taken else 0.0
