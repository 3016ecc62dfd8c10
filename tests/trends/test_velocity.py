"""Velocity: counts of two windows, one number, and labels that start strictly above their thresholds."""

from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends import velocity
from marketing_pipelines.trends.velocity import Label, Score, Scores

COUNTS = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("recent", "before", "expected"),
    [
        (60, 20, Score(3.0, Label.TRENDING, False)),
        (61, 20, Score(3.05, Label.RAPIDLY_TRENDING, False)),
        (30, 20, Score(1.5, Label.EMERGING, False)),
        (31, 20, Score(1.55, Label.TRENDING, False)),
        (3, 0, Score(3.0, Label.TRENDING, True)),
        (4, 0, Score(4.0, Label.RAPIDLY_TRENDING, True)),
        (3, 1, Score(3.0, Label.TRENDING, False)),
        (0, 0, Score(0.0, Label.EMERGING, True)),
        (0, 7, Score(0.0, Label.EMERGING, False)),
    ],
)
def test_the_stated_examples(recent: int, before: int, expected: Score):
    assert velocity.score(recent, before) == expected


@given(COUNTS, COUNTS)
def test_it_follows_exact_arithmetic(recent: int, before: int):
    scored = velocity.score(recent, before)
    exact = Fraction(recent, max(before, 1))
    assert scored.velocity == float(exact)
    assert (scored.label is Label.RAPIDLY_TRENDING) == (exact > 3)
    assert (scored.label is Label.TRENDING) == (Fraction(3, 2) < exact <= 3)
    assert scored.is_new == (before == 0)


@given(st.lists(st.tuples(COUNTS, COUNTS)))
def test_arrays_score_as_their_elements_do(pairs: list[tuple[int, int]]):
    scored = velocity.score([recent for recent, _ in pairs], [before for _, before in pairs])
    assert isinstance(scored, Scores)
    one_by_one = [velocity.score(recent, before) for recent, before in pairs]
    assert scored.velocity.tolist() == [each.velocity for each in one_by_one]
    assert scored.label.tolist() == [each.label for each in one_by_one]
    assert scored.is_new.tolist() == [each.is_new for each in one_by_one]


def test_arrays_of_any_kind_will_do():
    for recent, before in [
        (np.array([60, 61]), np.array([20, 20])),
        (pl.Series([60, 61], dtype=pl.UInt64), pl.Series([20, 20], dtype=pl.UInt64)),
    ]:
        assert velocity.score(recent, before).label.tolist() == ["Trending", "Rapidly trending"]
    assert isinstance(velocity.score(np.int64(3), np.int64(0)), Score)


@pytest.mark.parametrize(
    ("recent", "before"),
    [
        (-1, 2),
        (1, -2),
        (1.5, 2),
        (float("nan"), 1),
        (float("inf"), 1),
        ([1, 2], [1]),
        ("3", 1),
        ([[1]], [[1]]),
    ],
)
def test_what_is_no_count_is_refused(recent, before):
    with pytest.raises(ValueError, match=r"^(recent|before) "):
        velocity.score(recent, before)
