"""Velocity: counts of two windows, labels that start strictly above their thresholds, and how sure it all is."""

from fractions import Fraction
from math import comb, inf, isnan

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from marketing_pipelines.trends import velocity
from marketing_pipelines.trends.velocity import Certainty, Label, Score, Scores

COUNTS = st.integers(0, 10**9)
CONFIDENCES = st.sampled_from([0.5, 0.8, 0.95, 0.999])
# Every pair of counts that add up to no more than this.
LARGEST_TOTAL = 120
PAIRS = np.array(
    [(recent, total - recent) for total in range(LARGEST_TOTAL + 1) for recent in range(total + 1)]
)


@pytest.mark.parametrize(
    ("recent", "before", "expected", "label", "is_new"),
    [
        (60, 20, 3.0, Label.TRENDING, False),
        (61, 20, 3.05, Label.RAPIDLY_TRENDING, False),
        (30, 20, 1.5, Label.EMERGING, False),
        (31, 20, 1.55, Label.TRENDING, False),
        (3, 0, 3.0, Label.TRENDING, True),
        (4, 0, 4.0, Label.RAPIDLY_TRENDING, True),
        (3, 1, 3.0, Label.TRENDING, False),
        (0, 0, 0.0, Label.EMERGING, True),
        (0, 7, 0.0, Label.EMERGING, False),
    ],
)
def test_the_stated_examples(recent: int, before: int, expected: float, label: Label, is_new: bool):
    scored = velocity.score(recent, before)
    assert (scored.velocity, scored.label, scored.is_new) == (expected, label, is_new)


@given(COUNTS, COUNTS)
def test_it_follows_exact_arithmetic(recent: int, before: int):
    scored = velocity.score(recent, before)
    exact = Fraction(recent, max(before, 1))
    assert scored.velocity == float(exact)
    assert (scored.label is Label.RAPIDLY_TRENDING) == (exact > 3)
    assert (scored.label is Label.TRENDING) == (Fraction(3, 2) < exact <= 3)
    assert scored.is_new == (before == 0)
    if before:
        assert scored.rate_ratio == float(2 * Fraction(recent, before))


@given(st.integers(1, 5 * 10**8))
def test_a_steady_story_has_half_the_velocity_and_a_rate_ratio_of_one(recent: int):
    steady = velocity.score(recent, 2 * recent)
    assert (steady.velocity, steady.rate_ratio, steady.p_value) == (0.5, 1.0, 1.0)
    assert steady.interval.low < 1 < steady.interval.high
    assert steady.certainty is Certainty.NOT_YET


def test_all_recent_is_as_unlikely_as_so_many_throws_of_a_third():
    """Without change one mention in three is recent: three of three are one case in 27, four of four one in 81."""
    three, four = velocity.score(3, 0), velocity.score(4, 0)
    assert (three.p_value, four.p_value) == (pytest.approx(1 / 27), pytest.approx(1 / 81))
    assert (three.rate_ratio, four.rate_ratio) == (inf, inf)
    # The share at which all n of n come up in 2.5 % of cases is 0.025 ** (1 / n).
    share = 0.025 ** (1 / 3)
    assert three.interval == (pytest.approx(2 * share / (1 - share)), inf)
    assert (three.is_sure, four.is_sure) == (False, True)


def test_nothing_recent_has_no_ratio_and_nothing_at_all_has_no_number():
    gone = velocity.score(0, 50)
    share = 1 - 0.025 ** (1 / 50)
    assert (gone.rate_ratio, gone.interval) == (0.0, (0.0, pytest.approx(2 * share / (1 - share))))
    never = velocity.score(0, 0)
    assert isnan(never.rate_ratio)
    assert (never.interval, never.p_value) == ((0.0, inf), 1.0)


def test_the_probability_is_that_of_exact_arithmetic():
    """Of n mentions k are recent in comb(n, k) · 2ⁿ⁻ᵏ of 3ⁿ cases; those count that are no more frequent than what came."""
    scored = velocity.score(PAIRS[:, 0], PAIRS[:, 1])
    for total in range(LARGEST_TOTAL + 1):
        cases = [comb(total, recent) << (total - recent) for recent in range(total + 1)]
        exact = [sum(other for other in cases if other <= these) / 3**total for these in cases]
        ours = scored.p_value[PAIRS.sum(axis=1) == total]
        assert ours == pytest.approx(exact, rel=1e-9)


@given(st.integers(0, 10**9), st.integers(0, 10**9), CONFIDENCES)
def test_it_says_what_scipy_says(recent: int, before: int, confidence: float):
    assume(recent + before)
    scored = velocity.score(recent, before, confidence=confidence)
    tested = binomtest(recent, recent + before, 1 / 3)
    share = tested.proportion_ci(confidence)
    assert scored.p_value == pytest.approx(
        tested.pvalue, rel=1e-6 if recent + before < 10**7 else 1e-3, abs=1e-300
    )
    # Scipy looks for the bounds by steps; of a share close to nought or one it is off by more than here.
    assert scored.interval.low / (2 + scored.interval.low) == pytest.approx(share.low, rel=1e-4)
    if before:
        assert scored.interval.high / (2 + scored.interval.high) == pytest.approx(share.high, rel=1e-4)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
def test_who_is_sure_of_a_rise_has_a_small_p_value(confidence: float):
    """Not the other way round: the interval leaves half of the error to either side, the p-value weighs both together."""
    scored = velocity.score(PAIRS[:, 0], PAIRS[:, 1], confidence=confidence)
    is_significant = scored.p_value <= 1 - confidence
    assert not (scored.is_sure & ~is_significant).any()
    is_undecided = (scored.interval.low <= 1) & (scored.interval.high >= 1)
    assert (is_significant & is_undecided).any(), "three after nothing: p is .037, the interval begins at .83"
    assert (is_significant & is_undecided).mean() < 0.02


def test_who_is_sure_of_a_fall_has_a_small_p_value_at_the_usual_confidence():
    """At some others a fall's p-value is a shade larger: more often than on its own side as little is seen on the other."""
    usual = velocity.score(PAIRS[:, 0], PAIRS[:, 1])
    assert (usual.p_value[usual.interval.high < 1] <= 0.05).all()
    fall = velocity.score(24, 72, confidence=0.9)
    assert fall.interval.high < 1
    assert 0.1 < fall.p_value < 0.104


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_sure_is_what_a_steady_story_reaches_in_half_of_the_error(confidence: float):
    scored = velocity.score(PAIRS[:, 0], PAIRS[:, 1], confidence=confidence)
    at_least_as_many = binom.sf(PAIRS[:, 0] - 1, PAIRS.sum(axis=1), 1 / 3)
    assert (scored.is_sure == (at_least_as_many < (1 - confidence) / 2)).all()


@pytest.mark.parametrize("ratio", [0.2, 1.0, 1.7, 6.0, 40.0])
def test_the_interval_holds_the_truth_as_often_as_it_says_for_every_total(ratio: float):
    scored = velocity.score(PAIRS[:, 0], PAIRS[:, 1])
    holds = (scored.interval.low <= ratio) & (ratio <= scored.interval.high)
    total = PAIRS.sum(axis=1)
    chance = binom.pmf(PAIRS[:, 0], total, ratio / (ratio + 2))
    assert np.bincount(total, weights=chance * holds).min() >= 0.95


@pytest.mark.parametrize(("hourly", "ratio"), [(0.1, 1.0), (0.5, 4.0), (5.0, 0.5)])
def test_the_interval_holds_the_truth_of_stories_that_are_told_at_random(hourly: float, ratio: float):
    chance = np.random.default_rng(7)
    recent, before = chance.poisson(24 * hourly * ratio, 20_000), chance.poisson(48 * hourly, 20_000)
    low, high = velocity.score(recent, before).interval
    assert ((low <= ratio) & (ratio <= high)).mean() >= 0.95


@given(COUNTS, COUNTS, CONFIDENCES)
def test_more_now_is_faster_and_more_before_is_slower(recent: int, before: int, confidence: float):
    def of(recent: int, before: int) -> list[float]:
        scored = velocity.score(recent, before, confidence=confidence)
        return [scored.velocity, scored.rate_ratio, *scored.interval]

    assume(recent + before)
    assert all(
        more >= less * (1 - 1e-12)
        for more, less in zip(of(recent + 1, before), of(recent, before), strict=True)
    )
    assert all(
        less <= more * (1 + 1e-12)
        for less, more in zip(of(recent, before + 1), of(recent, before), strict=True)
    )


@given(COUNTS, COUNTS)
def test_the_more_confident_the_wider(recent: int, before: int):
    narrow, wide = (velocity.score(recent, before, confidence=each).interval for each in (0.9, 0.99))
    assert wide.low <= narrow.low <= narrow.high <= wide.high


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_windows_exchanged_are_as_unlikely(recent: int, before: int):
    one, other = np.array([recent]), np.array([before])
    exchanged = velocity.p_value(other, one, 1 - velocity.STEADY)
    assert exchanged == pytest.approx(velocity.p_value(one, other), rel=1e-6, abs=1e-300)


@given(st.lists(st.tuples(COUNTS, COUNTS)), CONFIDENCES)
def test_arrays_score_as_their_elements_do(pairs: list[tuple[int, int]], confidence: float):
    recent, before = [recent for recent, _ in pairs], [before for _, before in pairs]
    scored = velocity.score(recent, before, confidence=confidence)
    assert isinstance(scored, Scores)
    one_by_one = [velocity.score(*pair, confidence=confidence) for pair in pairs]
    for column in ("velocity", "label", "is_new", "rate_ratio", "p_value", "certainty", "is_sure", "said"):
        np.testing.assert_array_equal(getattr(scored, column), [getattr(each, column) for each in one_by_one])
    assert scored.interval.low.tolist() == [each.interval.low for each in one_by_one]
    assert scored.interval.high.tolist() == [each.interval.high for each in one_by_one]


def test_what_is_said_holds_back_until_it_is_sure():
    scored = velocity.score([3, 31, 61, 10, 0], [0, 20, 20, 20, 50])
    assert scored.said.tolist() == [
        "Trending, not yet sure",
        "Trending",
        "Rapidly trending",
        "Emerging, not yet sure",
        "Emerging, slowing down",
    ]
    assert velocity.score(3, 0).said == "Trending, not yet sure"
    assert velocity.score(3, 0, confidence=0.9).said == "Trending"


def test_arrays_of_any_kind_will_do():
    for recent, before in [
        (np.array([60, 61]), np.array([20, 20])),
        (np.array([60, 61], np.uint8), [20, 20]),
        (pl.Series([60, 61], dtype=pl.UInt64), pl.Series([20, 20], dtype=pl.UInt64)),
        ((60.0, 61.0), (20.0, 20.0)),
    ]:
        assert velocity.score(recent, before).label.tolist() == ["Trending", "Rapidly trending"]
    assert isinstance(velocity.score(np.int64(3), np.int64(0)), Score)


@pytest.mark.parametrize("nothing", [[], np.array([], int), pl.Series([], dtype=pl.UInt32)])
def test_no_stories_have_no_scores(nothing):
    scored = velocity.score(nothing, nothing)
    assert isinstance(scored, Scores)
    assert len(scored.velocity) == len(scored.said) == len(scored.interval.low) == 0


def test_the_largest_counts_are_told_apart():
    most = velocity.MOST
    even = velocity.score(most // 2, most // 2 * 2)
    assert (even.rate_ratio, even.p_value) == (1.0, 1.0)
    assert even.interval == (pytest.approx(1, abs=2e-4), pytest.approx(1, abs=2e-4))
    assert velocity.score([most, most, 0], [most, 0, most]).certainty.tolist() == [
        "sure",
        "sure",
        "slowing down",
    ]


@pytest.mark.parametrize(
    ("recent", "before"),
    [
        (-1, 2),
        (1, -2),
        (1.5, 2),
        (float("nan"), 1),
        (float("inf"), 1),
        (True, 1),
        ([1, 2], [True, False]),
        (pl.Series([1, None]), [1, 2]),
        (velocity.MOST + 1, 1),
        (1, 10**30),
        (np.uint64(2**63), 1),
        ([1, 2], [1]),
        ([1, 2], 1),
        ("3", 1),
        (None, 1),
        ([[1]], [[1]]),
    ],
)
def test_what_is_no_count_is_refused(recent, before):
    with pytest.raises(ValueError, match=r"^(recent|before) "):
        velocity.score(recent, before)


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95, float("nan")])
def test_what_is_no_confidence_is_refused(confidence: float):
    with pytest.raises(ValueError, match=r"^confidence must lie between 0 and 1"):
        velocity.score(1, 1, confidence=confidence)
