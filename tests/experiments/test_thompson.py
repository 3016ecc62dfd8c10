"""The bandit's arithmetic against closed forms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.experiments import Posterior, posterior, probability_best, weights

counts = st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(lambda pair: (max(pair), min(pair)))


def chance_second_beats_first(first: Posterior, second: Posterior) -> float:
    """The closed form for whole-numbered beliefs: a sum over the second's successes."""

    def log_beta(a: float, b: float) -> float:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    return sum(
        math.exp(
            log_beta(first.alpha + successes, first.beta + second.beta)
            - math.log(second.beta + successes)
            - log_beta(1 + successes, second.beta)
            - log_beta(first.alpha, first.beta)
        )
        for successes in range(int(second.alpha))
    )


def test_a_belief_counts_successes_and_failures() -> None:
    assert posterior(10, 3) == Posterior(4, 8)
    assert posterior(0, 0).mean == 0.5
    assert posterior(98, 49).mean == 0.5


def test_an_interval_of_the_uniform_belief_is_its_middle() -> None:
    assert posterior(0, 0).interval(0.9) == pytest.approx((0.05, 0.95))


@pytest.mark.parametrize(("trials", "successes"), [(1, 2), (5, -1), (-1, -1)])
def test_more_successes_than_trials_are_refused(trials: int, successes: int) -> None:
    with pytest.raises(ValueError, match="successes lie between 0 and the trials"):
        posterior(trials, successes)


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_equal_beliefs_have_equal_chances(number: int) -> None:
    assert probability_best([Posterior(20, 400)] * number) == pytest.approx([1 / number] * number)


@pytest.mark.parametrize("alphas", [(1, 2), (3, 5, 9), (0.5, 2, 40, 41)])
def test_powers_of_a_uniform_are_best_in_proportion(alphas: tuple[float, ...]) -> None:
    chances = probability_best([Posterior(alpha, 1) for alpha in alphas])
    assert chances == pytest.approx([alpha / sum(alphas) for alpha in alphas], rel=1e-9)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Posterior(1, 1), Posterior(2, 1)),
        (Posterior(31, 971), Posterior(46, 956)),
        (Posterior(2, 9), Posterior(301, 99_701)),
        (Posterior(5001, 5001), Posterior(5051, 4951)),
    ],
)
def test_two_variants_follow_the_closed_form(first: Posterior, second: Posterior) -> None:
    exact = chance_second_beats_first(first, second)
    assert probability_best([first, second]) == pytest.approx([1 - exact, exact], rel=1e-7)


@given(seen=st.lists(counts, min_size=1, max_size=6))
def test_chances_are_chances_whatever_was_counted(seen: list[tuple[int, int]]) -> None:
    chances = probability_best([posterior(*count) for count in seen])
    assert sum(chances) == pytest.approx(1)
    assert all(0 <= chance <= 1 for chance in chances)


@given(seen=st.lists(counts, min_size=2, max_size=6), floor=st.floats(0, 0.15))
def test_weights_share_out_all_traffic_and_keep_the_floor(seen: list[tuple[int, int]], floor: float) -> None:
    shares = weights([posterior(*count) for count in seen], floor)
    assert sum(shares) == pytest.approx(1)
    assert min(shares) >= floor - 1e-12


def test_a_floor_above_all_traffic_is_refused() -> None:
    with pytest.raises(ValueError, match="more than all the traffic"):
        weights([Posterior(1, 1)] * 3, floor=0.4)


def test_nothing_to_choose_from_gives_nothing() -> None:
    assert weights([]) == []
