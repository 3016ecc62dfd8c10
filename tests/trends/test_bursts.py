"""Bursts: injected ones are found within two hours, and a thousand topics of noise raise less than one alarm a day."""

from math import isnan

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm, poisson

from marketing_pipelines.trends import bursts
from marketing_pipelines.trends.bursts import START, THRESHOLD, Bursts

Numbers = NDArray[np.float64]

TOPICS = 1_000
DAY = 24
WEEK = 7 * DAY
NOISES = ["poisson", "double", "fourfold", "gamma .1", "gamma .3"]


def rhythm(hours: int) -> Numbers:
    """Nights are a third of days, weekends six tenths of the week; 1 in the mean of a week."""
    hour = np.arange(WEEK)
    is_night, is_weekend = (hour % DAY < 7) | (hour % DAY == 23), hour // DAY >= 5
    pace = np.where(is_night, 1 / 3, 1) * np.where(is_weekend, 0.6, 1)
    return np.resize(pace / pace.mean(), hours)


def rates(chance: np.random.Generator) -> Numbers:
    """From a mention a day to 200 an hour, as many topics in each order of magnitude."""
    return np.exp(chance.uniform(np.log(0.05), np.log(200), TOPICS))


def drawn(chance: np.random.Generator, expected: Numbers, noise: str = "poisson") -> Numbers:
    """Counts that stray as Poisson's do, with a multiple of their variance, or around rates that stray themselves."""
    if noise == "poisson":
        return chance.poisson(expected).astype(float)
    if noise.startswith("gamma"):
        variance = float(noise.split()[1])
        return chance.poisson(expected * chance.gamma(1 / variance, variance, expected.shape)).astype(float)
    multiple = {"double": 2, "threefold": 3, "fourfold": 4}[noise]
    return chance.negative_binomial(expected / (multiple - 1), 1 / multiple).astype(float)


def alarms_a_day(found: Bursts) -> float:
    days = (found.z.shape[1] - START) / DAY
    return found.is_alarm.sum() / days


def share_found(size: float, rate: float, noise: str = "poisson", seed: int = 5) -> float:
    """Of bursts of three hours, one in each of a hundred topics among a thousand of all rates: found in the first two."""
    chance = np.random.default_rng(seed)
    of_topics = rates(chance)
    of_topics[:100] = rate
    expected = of_topics[:, None] * rhythm(WEEK)
    begins = chance.integers(2 * DAY, WEEK - 3, 100)
    for topic, hour in enumerate(begins):
        expected[topic, hour : hour + 3] *= size
    found = bursts.score(drawn(chance, expected, noise))
    return float(np.mean([found.is_burst[topic, hour : hour + 2].any() for topic, hour in enumerate(begins)]))


@pytest.mark.parametrize("noise", NOISES)
def test_a_week_of_noise_at_a_thousand_topics_raises_less_than_one_alarm_a_day(noise: str):
    def week(seed: int) -> float:
        chance = np.random.default_rng(seed)
        return alarms_a_day(bursts.score(drawn(chance, rates(chance)[:, None] * rhythm(WEEK), noise)))

    assert np.mean([week(seed) for seed in range(4)]) < 1


def test_noise_that_is_not_what_was_thought_of_raises_less_than_one_alarm_a_day():
    chance = np.random.default_rng(11)
    hours = 2 * WEEK
    of_topics = rates(chance)[:, None]
    usual = of_topics * rhythm(hours)
    is_odd = (np.arange(TOPICS) % 2 == 0)[:, None]
    drifting = np.exp(np.cumsum(chance.normal(0, 0.02, usual.shape), axis=1))
    all_rare = np.full((TOPICS, 1), 0.05) * rhythm(hours)
    worlds = {
        "half of the topics in heaps": np.where(
            is_odd, drawn(chance, usual), drawn(chance, usual, "fourfold")
        ),
        "half of the topics by night": drawn(chance, np.where(is_odd, usual, np.roll(usual, 12, axis=1))),
        "half of the topics without a rhythm": drawn(chance, np.where(is_odd, usual, of_topics)),
        "levels that drift": drawn(chance, usual * drifting),
        "nothing but rare topics, in heaps": drawn(chance, all_rare, "threefold"),
    }
    raised = {name: alarms_a_day(bursts.score(counts)) for name, counts in worlds.items()}
    assert {name for name, alarms in raised.items() if alarms >= 1} == set(), raised


@pytest.mark.parametrize(
    ("size", "rate"), [(3, 50), (3, 200), (5, 20), (5, 100), (10, 5), (10, 20), (10, 200)]
)
def test_a_burst_is_found_within_two_hours(size: float, rate: float):
    assert share_found(size, rate) >= 0.98


@pytest.mark.parametrize(
    ("size", "rate", "noise"), [(5, 20, "double"), (10, 10, "double"), (10, 20, "gamma .1")]
)
def test_a_burst_is_found_in_noise_that_is_not_poisson(size: float, rate: float, noise: str):
    assert share_found(size, rate, noise) >= 0.9


def test_two_hours_together_find_what_neither_does():
    counts = np.full(WEEK, 4.0)
    counts[100:102] = 15
    found = bursts.score(counts)
    assert (found.z[100:102] < THRESHOLD).all()
    assert found.z_of_two[101] > THRESHOLD
    assert np.flatnonzero(found.is_burst).tolist() == [101]


def test_z_is_that_of_poissons_tail_where_level_and_rhythm_are_known():
    counts = np.full((300, 2 * WEEK), 40.0)
    counts[0, -1] = 61
    found = bursts.score(counts)
    tail = (poisson.sf(60, 40) + poisson.sf(61, 40)) / 2
    assert found.expected[0, -1] == pytest.approx(40, rel=0.001)
    assert found.z[0, -1] == pytest.approx(norm.isf(tail), rel=0.03)


def test_of_one_topic_alone_the_hour_is_never_wholly_known():
    alone = bursts.score(np.append(np.full(2 * WEEK - 1, 40.0), 61))
    beside = bursts.score(
        np.vstack([np.append(np.full(2 * WEEK - 1, 40.0), 61), np.full((299, 2 * WEEK), 40.0)])
    )
    assert 1 < alone.z[-1] < beside.z[0, -1]


def test_z_lies_around_nought_in_noise():
    chance = np.random.default_rng(2)
    found = bursts.score(drawn(chance, np.full((TOPICS, 1), 20) * rhythm(3 * WEEK)))
    z = found.z[:, START:]
    assert abs(z.mean()) < 0.05
    assert z.std() == pytest.approx(1, abs=0.05)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4 * DAY - 1))
@settings(max_examples=30)
def test_later_hours_change_nothing(seed: int, known: int):
    chance = np.random.default_rng(seed)
    counts = drawn(chance, chance.uniform(0.05, 50, (5, 1)) * rhythm(4 * DAY), "fourfold")
    counts[chance.random(counts.shape) < 0.05] = np.nan
    then, now = bursts.score(counts[:, :known]), bursts.score(counts)
    for part in ("expected", "z", "z_of_two", "is_burst", "is_alarm"):
        np.testing.assert_array_equal(getattr(then, part), getattr(now, part)[:, :known])


def test_a_permanent_change_is_one_alarm_and_then_the_level():
    chance = np.random.default_rng(9)
    of_topics = rates(chance)
    of_topics[:50] = 20
    expected = of_topics[:, None] * rhythm(2 * WEEK)
    expected[:50, WEEK:] *= 3
    found = bursts.score(drawn(chance, expected))
    assert (found.is_alarm[:50].sum(axis=1) == 1).all()
    assert not found.is_burst[:50, WEEK + DAY :].any()
    ratio = found.expected[:50, -DAY:].sum() / expected[:50, -DAY:].sum()
    assert ratio == pytest.approx(1, abs=0.1)


def test_a_burst_does_not_become_the_norm():
    chance = np.random.default_rng(4)
    expected = np.full((TOPICS, 1), 20) * rhythm(WEEK)
    expected[:50, 100:103] *= 10
    found = bursts.score(drawn(chance, expected))
    assert found.is_alarm[:50, 100].all()
    after = found.expected[:, 104:112].mean(axis=1)
    assert 1 < after[:50].mean() / after[50:].mean() < 1.1


def test_missing_hours_are_not_silence():
    chance = np.random.default_rng(6)
    counts = drawn(chance, rates(chance)[:, None] * rhythm(WEEK))
    counts[:, 100:112] = np.nan
    counts[7, 120] = np.nan
    found = bursts.score(counts)
    assert np.isnan(found.z[:, 100:112]).all()
    assert np.isnan(found.expected[:, 100:112]).all()
    assert np.isfinite(found.z[:, 112:]).sum() == found.z[:, 112:].size - 1
    assert np.isnan(found.z_of_two[:, 112]).all()
    assert not found.is_burst[:, 100:112].any()
    assert alarms_a_day(found) < 1
    busy = np.nanmean(counts, axis=1) > 20
    assert found.expected[busy, 112].mean() == pytest.approx(np.nanmean(counts[busy, 112]), rel=0.2)


def test_hours_that_come_all_at_once_are_no_bursts():
    """Ingestion was down for half a day and then counted everything in one hour: that is said of no topic."""
    chance = np.random.default_rng(8)
    counts = drawn(chance, rates(chance)[:, None] * rhythm(WEEK))
    counts[:, 112] += counts[:, 100:112].sum(axis=1)
    counts[:, 100:112] = 0
    assert not bursts.score(counts).is_burst[:, 112].any()


def test_nothing_is_said_of_a_topic_before_it_was_watched_for_a_day():
    chance = np.random.default_rng(3)
    counts = drawn(chance, np.full((TOPICS, 1), 10) * rhythm(WEEK))
    counts[0, :80] = np.nan
    counts[0, 90] = 500
    found = bursts.score(counts)
    assert np.isnan(found.z[1:, :START]).all()
    assert np.isfinite(found.z[1:, START:]).all()
    assert np.isnan(found.z[0, : 80 + START]).all()
    assert np.isfinite(found.z[0, 80 + START :]).all()
    assert not found.is_burst[0, : 80 + START].any()


def test_a_topic_that_was_silent_and_speaks_up_is_an_alarm():
    counts = np.zeros(WEEK)
    counts[100:110] = 8
    assert np.flatnonzero(bursts.score(counts).is_alarm).tolist() == [100]


def test_a_rhythm_of_one_topic_alone_is_learnt():
    chance = np.random.default_rng(1)
    expected = 50 * rhythm(4 * WEEK)
    found = [bursts.score(drawn(chance, expected)) for _ in range(20)]
    assert not any(each.is_burst.any() for each in found)
    last = np.mean([each.expected[-WEEK:] for each in found], axis=0)
    assert np.corrcoef(last, expected[-WEEK:])[0, 1] > 0.95


def test_topics_are_told_in_the_order_they_came():
    chance = np.random.default_rng(12)
    counts = drawn(chance, chance.uniform(0.1, 50, (40, 1)) * rhythm(WEEK))
    order = chance.permutation(40)
    np.testing.assert_allclose(bursts.score(counts[order]).z, bursts.score(counts).z[order], rtol=1e-6)


def test_a_higher_threshold_finds_no_more():
    chance = np.random.default_rng(13)
    counts = drawn(chance, rates(chance)[:, None] * rhythm(WEEK), "fourfold")
    low, high = (bursts.score(counts, threshold=each).is_burst for each in (3.5, 4.5))
    assert high.sum() < low.sum()
    assert not (high & ~low).any()


def test_counts_of_any_kind_will_do():
    series = [3, 4, 5] * 20
    expected = bursts.score(series)
    for counts in (np.array(series, np.uint8), pl.Series(series), tuple(float(each) for each in series)):
        np.testing.assert_array_equal(bursts.score(counts).z, expected.z)
    np.testing.assert_array_equal(bursts.score([series]).z, [expected.z])
    assert isnan(bursts.score(pl.Series([*series, None])).z[-1])


@pytest.mark.parametrize("shape", [(0,), (0, 5), (5, 0), (5, 1)])
def test_no_hours_or_no_topics_are_no_bursts(shape: tuple[int, ...]):
    found = bursts.score(np.zeros(shape))
    assert found.z.shape == found.z_of_two.shape == found.is_alarm.shape == shape
    assert not found.is_burst.any()


@pytest.mark.parametrize("most", [0.0, 2.0**31 - 1])
def test_counts_that_are_all_the_same_are_no_bursts(most: float):
    found = bursts.score(np.full((3, WEEK), most))
    assert np.isfinite(found.z[:, START:]).all()
    assert not found.is_burst.any()


@pytest.mark.parametrize(
    "counts",
    [[-1.0], [0.5], [float("inf")], [1e300], ["3"], [True, False], [None], 3, [[[1]]]],
)
def test_what_are_no_counts_is_refused(counts):
    with pytest.raises(ValueError, match=r"^counts must be "):
        bursts.score(counts)
