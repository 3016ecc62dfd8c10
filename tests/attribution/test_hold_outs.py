"""Lift over a hold-out, against values worked out by hand and against groups drawn by lot."""

from random import Random

import pytest

from marketing_pipelines.attribution import Group, chance_of_sizes, lift, smallest_effect
from marketing_pipelines.attribution.hold_outs import HARDLY_CHANCE


def group(users: int, converters: int, worth: float = 0.0) -> Group:
    """A group in which everybody who converted brought the same."""
    return Group(
        users=users, converters=converters, value=worth * converters, value_squared=worth**2 * converters
    )


def test_lift_is_what_the_treated_did_over_what_the_held_out_did() -> None:
    found = lift(group(10_000, 600, 50), group(5_000, 250, 50))
    assert found.rate.best == pytest.approx(0.01)
    assert found.conversions.best == pytest.approx(100)
    assert found.relative is not None
    assert found.relative.best == pytest.approx(0.2)
    assert found.value.best == pytest.approx(5_000)
    assert found.told_apart


def test_bounds_are_those_in_the_books() -> None:
    """56 of 70 against 48 of 80: Newcombe gives .0524 to .3339 for the difference of rates, from Wilson's intervals."""
    found = lift(group(70, 56), group(80, 48))
    assert (found.rate.low, found.rate.high) == (
        pytest.approx(0.0524, abs=1e-4),
        pytest.approx(0.3339, abs=1e-4),
    )


def test_nobody_converting_still_leaves_room_for_chance() -> None:
    """0 of 10 against 0 of 20: between −.1611 and .2775, and nothing to be a multiple of."""
    found = lift(group(10, 0), group(20, 0))
    assert (found.rate.low, found.rate.high) == (
        pytest.approx(-0.1611, abs=1e-4),
        pytest.approx(0.2775, abs=1e-4),
    )
    assert found.relative is None
    assert found.users_needed is None
    assert "cannot be told apart" in found.words


def test_the_report_says_what_it_knows_and_what_it_does_not() -> None:
    real = lift(group(10_000, 600), group(5_000, 250))
    assert real.words == (
        "Of 10,000 people reached 600 converted (6.00%), of 5,000 held out 250 (5.00%). The campaign caused "
        "100 more conversions than would have come anyway (between 22 more and 175 more, at 95%)."
    )
    unclear = lift(group(1_000, 60), group(500, 25))
    assert not unclear.told_apart
    assert unclear.words.endswith(
        "That cannot be told apart from no effect at all: between 16 fewer and 33 more conversions, at 95%. "
        "Some 8,200 people in each group would show a difference of this size four times in five."
    )
    harmful = lift(group(10_000, 400), group(10_000, 600))
    assert harmful.told_apart
    assert "200 fewer conversions" in harmful.words


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    chance = Random(3)
    held = {"rate": 0, "value": 0}
    for _ in range(300):
        treated, held_out = [
            [chance.expovariate(1 / 40) if chance.random() < rate else 0.0 for _ in range(users)]
            for rate, users in ((0.09, 600), (0.06, 400))
        ]
        found = lift(
            *(
                Group(
                    users=len(each),
                    converters=sum(worth > 0 for worth in each),
                    value=sum(each),
                    value_squared=sum(worth**2 for worth in each),
                )
                for each in (treated, held_out)
            )
        )
        held["rate"] += found.rate.low <= 0.03 <= found.rate.high
        held["value"] += found.value.low <= 0.03 * 40 * 600 <= found.value.high
    assert 0.91 <= held["rate"] / 300 <= 0.99
    assert 0.91 <= held["value"] / 300 <= 0.99


def test_more_confidence_takes_wider_bounds() -> None:
    groups = group(1_000, 60, 5), group(500, 25, 5)
    narrow, wide = lift(*groups, confidence=0.8), lift(*groups, confidence=0.99)
    for of in ("rate", "conversions", "value", "relative"):
        assert (
            getattr(wide, of).low
            < getattr(narrow, of).low
            < getattr(narrow, of).high
            < getattr(wide, of).high
        )


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"users": 0, "converters": 0}, "needs somebody"),
        ({"users": 10, "converters": 11}, "counts each user once"),
        ({"users": 10, "converters": -1}, "counts each user once"),
        ({"users": 10, "converters": 1, "value": float("nan")}, "must be numbers"),
        ({"users": 10, "converters": 1, "value": 20.0, "value_squared": 39.0}, "at least 40"),
    ],
)
def test_groups_that_cannot_be_are_refused(wrong: dict, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Group(**wrong)


def test_certainty_is_not_to_be_had() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        lift(group(1, 0), group(1, 0), confidence=1)


def test_the_smallest_effect_is_found_four_times_in_five() -> None:
    """Where 5 % convert, 31,000 in each group find a lift of a tenth, 8,200 one of a fifth."""
    assert smallest_effect(62_000, 0.5, 0.05) == pytest.approx(0.005, rel=0.02)
    assert smallest_effect(16_400, 0.5, 0.05) == pytest.approx(0.01, rel=0.02)
    found = smallest_effect(4_000, 0.25, 0.1)
    assert found is not None
    chance, told_apart = Random(5), 0
    for _ in range(400):
        treated, held_out = [
            group(users, sum(chance.random() < rate for _ in range(users)))
            for users, rate in ((3_000, 0.1 + found), (1_000, 0.1))
        ]
        told_apart += lift(treated, held_out).told_apart
    assert 0.74 <= told_apart / 400 <= 0.86


@pytest.mark.parametrize(("users", "rate"), [(0, 0.1), (3, 0.1), (10_000, 0.0), (10_000, 1.0), (8, 0.9)])
def test_too_few_find_nothing(users: int, rate: float) -> None:
    assert smallest_effect(users, 0.1, rate) is None


def test_a_share_is_a_part_of_people() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        smallest_effect(1_000, 1.0, 0.1)


def test_sizes_that_no_fair_lot_gives() -> None:
    """Ten standard errors off, one and none: 3.84 is what the books give for one time in twenty."""
    assert chance_of_sizes(9_000, 1_000, 0.1) == 1
    assert chance_of_sizes(9_000 - 59, 1_000 + 59, 0.1) == pytest.approx(0.05, abs=0.002)
    assert chance_of_sizes(9_300, 700, 0.1) < HARDLY_CHANCE
    assert chance_of_sizes(0, 0, 0.1) == 1
