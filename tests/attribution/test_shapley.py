"""Shapley values against closed forms, and against every order in which channels could join."""

from itertools import permutations as orders

import numpy as np
import pytest
from hypothesis import assume, given

from marketing_pipelines.attribution import shapley
from marketing_pipelines.attribution.chain import steps
from marketing_pipelines.attribution.paths import read
from marketing_pipelines.attribution.shapley import exact, sampled
from tests.attribution.building import Row, credited, paths, rows, worded
from tests.attribution.test_markov import walks


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["a 4", "a>b 6"], {"a": 7, "b": 3}),
        (["a>b>c 1"], {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
        (["a>b>a>a 6"], {"a": 3, "b": 3}),
        (["a 4/100", "b 0/5"], {"a": 4, "b": 0}),
    ],
)
def test_the_count_game_splits_a_path_evenly_over_its_channels(
    found: list[str], expected: dict[str, float]
) -> None:
    assert credited(shapley(worded(*found))) == pytest.approx(expected)
    assert shapley(worded(*found)).columns == ["channel", "conversions", "value"]


@given(found=rows)
def test_the_count_game_is_played_over_all_orders(found: list[Row]) -> None:
    """A set of channels is worth the conversions of the paths that need no other."""
    channels = sorted({channel for path, *_ in found for channel in path})
    added = dict.fromkeys(channels, 0.0)
    joined = list(orders(channels))
    for order in joined:
        for place, channel in enumerate(order):
            there = set(order[: place + 1])
            added[channel] += sum(
                conversions for path, conversions, *_ in found if channel in path and there >= set(path)
            ) / len(joined)
    assert credited(shapley(paths(*found))) == pytest.approx(added)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # v(a) = .4, v(b) = 0, v(ab) = 1: a adds .4 or 1, b nothing or .6.
        (["a 4", "a>b 6"], {"a": 0.7, "b": 0.3}),
        # Worth something only together.
        (["a>b>c 1"], {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
        (["a>b 1/3"], {"a": 0.125, "b": 0.125}),
        # Separate ways add nothing to each other.
        (["a 3/1", "b 1/7"], {"a": 0.25, "b": 1 / 12}),
        # v(a) = .5, v(ab) = 1, and b needs a.
        (["a>b>a 1"], {"a": 0.75, "b": 0.25}),
    ],
)
def test_the_markov_game_has_its_closed_forms(found: list[str], expected: dict[str, float]) -> None:
    result = shapley(worded(*found), game="markov")
    assert result.columns == ["channel", "conversions", "value", "worth", "error"]
    assert dict(result.select("channel", "worth").rows()) == pytest.approx(expected)
    assert result["error"].to_list() == [0] * len(expected)


def worth(chain: tuple[np.ndarray, np.ndarray, np.ndarray], members: list[int]) -> float:
    balance, begins, converts = (part[np.ix_(*[members] * part.ndim)] for part in chain)
    return float(begins @ np.linalg.solve(balance, converts)) if members else 0.0


def chain_of(found: list[Row]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    known = read(paths(*found))
    chain = steps(known, 1, collapse=True)
    flow = chain.flow(chain.count(known.conversions, known.nulls))
    return flow.balance(), flow.begins, flow.converts


@given(found=rows)
def test_the_markov_game_is_played_over_all_orders(found: list[Row]) -> None:
    assume(any(conversions for _, conversions, *_ in found))
    chain = chain_of(found)
    joined = list(orders(range(len(chain[1]))))
    added = np.zeros(len(chain[1]))
    for order in joined:
        for place, channel in enumerate(order):
            before, after = list(order[:place]), list(order[: place + 1])
            added[channel] += (worth(chain, after) - worth(chain, before)) / len(joined)
    assert shapley(paths(*found), game="markov")["worth"].to_list() == pytest.approx(
        added.tolist(), abs=1e-12
    )


def test_one_elimination_gives_what_every_channel_adds() -> None:
    chain = chain_of(walks(12, 3_000, 6))
    few, _ = sampled(*chain, permutations=4)
    drawn = np.random.default_rng(0)
    pairs = [drawn.permutation(12) for _ in range(2)]
    added = np.zeros(12)
    for order in [*pairs, *(pair[::-1] for pair in pairs)]:
        for place, channel in enumerate(order):
            added[channel] += worth(chain, list(order[: place + 1])) - worth(chain, list(order[:place]))
    assert few == pytest.approx(added / 4)


def test_sampled_values_keep_to_their_bounds_and_to_the_sum() -> None:
    chain = chain_of(walks(14, 4_000, 6))
    truth = exact(*chain)
    found, error = sampled(*chain, permutations=400)
    assert found.sum() == pytest.approx(truth.sum())
    assert (error > 0).all()
    # 95 % each: of fourteen channels hardly any may lie outside, and none far.
    assert (np.abs(found - truth) <= error).sum() >= 11
    assert (np.abs(found - truth) <= 2.5 * error).all()


def test_more_than_fifteen_channels_are_sampled_with_an_error_bound() -> None:
    frame = paths(*walks(30, 3_000, 6))
    rough, fine = (shapley(frame, game="markov", permutations=number) for number in (40, 4_000))
    assert rough["conversions"].sum() == pytest.approx(frame["conversions"].sum())
    assert fine["error"].sum() < rough["error"].sum() / 5
    assert ((fine["worth"] - rough["worth"]).abs() < 2.5 * (rough["error"] + fine["error"])).all()
    assert fine.equals(shapley(frame, game="markov", permutations=4_000))


def test_a_game_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no game 'chess'; there are count and markov"):
        shapley(worded("a 1"), game="chess")  # pyright: ignore[reportArgumentType]
