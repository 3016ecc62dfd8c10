"""The rules against values worked out by hand, and against plain loops."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.attribution import (
    first_touch,
    last_non_direct,
    last_touch,
    linear,
    position_based,
    time_decay,
)
from tests.attribution.building import aged, credited, paths, rows, worded

BY_HAND = paths(
    (["email"], 4, 40.0, 9),
    (["email", "organic_social"], 6, 90.0, 1),
    (["organic_social", "email", "organic_social", "direct"], 2, 8.0, 0),
    (["affiliate"], 0, 0.0, 5),
)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (first_touch, [("affiliate", 0, 0), ("direct", 0, 0), ("email", 10, 130), ("organic_social", 2, 8)]),
        (last_touch, [("affiliate", 0, 0), ("direct", 2, 8), ("email", 4, 40), ("organic_social", 6, 90)]),
        (
            last_non_direct,
            [("affiliate", 0, 0), ("direct", 0, 0), ("email", 4, 40), ("organic_social", 8, 98)],
        ),
        (linear, [("affiliate", 0, 0), ("direct", 0.5, 2), ("email", 7.5, 87), ("organic_social", 4, 49)]),
        (
            position_based,
            [("affiliate", 0, 0), ("direct", 0.8, 3.2), ("email", 7.2, 85.8), ("organic_social", 4, 49)],
        ),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_rules_give_what_is_worked_out_by_hand(
    rule: Callable[[pl.DataFrame], pl.DataFrame], expected: list[tuple]
) -> None:
    result = rule(BY_HAND)
    assert result["channel"].to_list() == [channel for channel, *_ in expected]
    assert result["conversions"].to_list() == pytest.approx([conversions for _, conversions, _ in expected])
    assert result["value"].to_list() == pytest.approx([value for *_, value in expected])


@pytest.mark.parametrize(
    ("path", "weights", "expected"),
    [
        ("a>b>c 1", (0.4, 0.2, 0.4), {"a": 0.4, "b": 0.2, "c": 0.4}),
        ("a>b>c>d 1", (0.4, 0.2, 0.4), {"a": 0.4, "b": 0.1, "c": 0.1, "d": 0.4}),
        ("a 1", (0.4, 0.2, 0.4), {"a": 1}),
        ("a>b 1", (0.4, 0.2, 0.4), {"a": 0.5, "b": 0.5}),
        ("a>b 1", (0.6, 0.2, 0.2), {"a": 0.75, "b": 0.25}),
        ("a>b 1", (0, 1, 0), {"a": 0.5, "b": 0.5}),
        ("a>b>c 1", (0, 1, 0), {"a": 0, "b": 1, "c": 0}),
        ("a>b>c 1", (2, 1, 1), {"a": 0.5, "b": 0.25, "c": 0.25}),
        ("a>b>a 1", (0.4, 0.2, 0.4), {"a": 0.8, "b": 0.2}),
    ],
)
def test_positions_have_their_weights(path: str, weights: tuple, expected: dict[str, float]) -> None:
    assert credited(position_based(worded(path), weights=weights)) == pytest.approx(expected)


def test_a_touch_a_half_life_earlier_counts_half() -> None:
    week = worded("a>b 3").with_columns(age=pl.lit([timedelta(days=7), timedelta(0)]))
    assert credited(time_decay(week)) == pytest.approx({"a": 1, "b": 2})
    assert credited(time_decay(week, half_life=timedelta(days=3.5))) == pytest.approx({"a": 0.6, "b": 2.4})


def test_touches_of_years_ago_still_share_a_conversion() -> None:
    ages = [timedelta(days=40_007), timedelta(days=40_000)]
    old = worded("a>b 3").with_columns(age=pl.lit(ages))
    assert credited(time_decay(old)) == pytest.approx({"a": 1, "b": 2})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a>direct>direct 1", {"a": 1, "direct": 0}),
        ("direct>direct 1", {"direct": 1}),
        ("direct 1", {"direct": 1}),
        ("a>direct>b 1", {"a": 0, "b": 1, "direct": 0}),
        ("a>b 1", {"a": 0, "b": 1}),
    ],
)
def test_direct_is_credited_only_where_there_was_nothing_else(path: str, expected: dict[str, float]) -> None:
    # Between two other paths, so that nobody's touch is taken for a neighbour's.
    found = credited(last_non_direct(worded("x 1", path, "direct>y 1")))
    assert {channel: found[channel] for channel in expected if channel != "direct"} == {
        channel: credit for channel, credit in expected.items() if channel != "direct"
    }
    assert found.get("direct", 0) == expected.get("direct", 0)


def test_direct_may_have_another_name() -> None:
    assert credited(last_non_direct(worded("a>none 1"), direct="none")) == {"a": 1, "none": 0}


def to_last_other(path: list[str]) -> list[float]:
    others = [place for place, channel in enumerate(path) if channel != "direct"] or [len(path) - 1]
    return [float(place == others[-1]) for place in range(len(path))]


def by_position(path: list[str]) -> list[float]:
    if len(path) < 3:
        return [1 / len(path)] * len(path)
    return [0.4, *[0.2 / (len(path) - 2)] * (len(path) - 2), 0.4]


def by_day(path: list[str]) -> list[float]:
    counts = [0.5 ** ((len(path) - 1 - place) / 7) for place in range(len(path))]
    return [count / sum(counts) for count in counts]


@pytest.mark.parametrize(
    ("rule", "shares"),
    [
        (first_touch, lambda path: [1.0, *[0.0] * (len(path) - 1)]),
        (last_touch, lambda path: [*[0.0] * (len(path) - 1), 1.0]),
        (last_non_direct, to_last_other),
        (linear, lambda path: [1 / len(path)] * len(path)),
        (position_based, by_position),
        (time_decay, by_day),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
@given(found=rows)
def test_rules_and_plain_loops_agree(rule: Callable, shares: Callable, found: list[tuple]) -> None:
    conversions: defaultdict[str, float] = defaultdict(float)
    value: defaultdict[str, float] = defaultdict(float)
    for path, count, worth, _ in found:
        for channel, share in zip(path, shares(path), strict=True):
            conversions[channel] += share * count
            value[channel] += share * worth
    result = rule(aged(*found))
    assert result["conversions"].to_list() == pytest.approx([conversions[c] for c in result["channel"]])
    assert result["value"].to_list() == pytest.approx([value[c] for c in result["channel"]], abs=1e-6)


@given(found=rows, half_life=st.integers(1, 10_000))
def test_time_decay_over_a_very_long_half_life_is_linear(found: list[tuple], half_life: int) -> None:
    frame = aged(*found)
    decayed = time_decay(frame, half_life=timedelta(days=half_life * 1_000_00))
    assert decayed["conversions"].to_list() == pytest.approx(
        linear(frame)["conversions"].to_list(), rel=1e-4, abs=1e-2
    )
