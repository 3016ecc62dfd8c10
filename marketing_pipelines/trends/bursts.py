"""Bursts: hours in which a topic is mentioned more often than its own past, and the hour, lead one to expect.

A topic's hour is expected to have the topic's own level times the hour's share in a rhythm that all topics follow. The level
is an average over past hours that weighs the nearer more. The rhythm, nights and weekends, is learnt from the past hours of
all topics, and put right by what the other topics do in the very hour. How far counts stray from what is expected is learnt
for each topic as well, so that a topic that always comes in heaps cries no wolf. Nothing is known of later hours: an hour's z
is the same whenever it is computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marketing_pipelines.trends.velocity import MOST

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from polars import Series

    Numbers = NDArray[np.float64]

# A z above this is a burst: of hours without one, one in a million is.
THRESHOLD = 4.75
# Hours that a topic must have been watched before anything is said of it: one round of its rhythm.
START = 24
# An alarm is the first burst after so many hours without: what goes on is no news, nor is what comes back after a night.
QUIET = 24

# Hours after which a topic's past counts half.
HALF_LIFE = 48
KEPT = 0.5 ** (1 / HALF_LIFE)
# A count is learnt up to so many standard deviations above what was expected: a burst does not become the norm at once.
CREDIBLE = 3.0
# Of a topic with fewer mentions than these, what is usual among topics says more of its dispersion than its own past.
ENOUGH_MENTIONS = 30.0
# Silence so far does not make a mention impossible: half a one is added to what was heard, and in doubt there are three.
UNHEARD = 0.5
UNHEARD_AT_MOST = 3

DAY = 24
WEEK = 7 * DAY
# Days after which a day's rhythm counts half.
RHYTHM_HALF_LIFE = 14
# Rhythm is believed in as if it had been seen in so many mentions: at first, day by day, and at most.
FLAT_RHYTHM = 4.0
SAME_WEEK = 20.0
MOST_RHYTHM = 50.0

# The largest z: beyond it a probability is too small for a number.
LEAST_PROBABILITY = 1e-300


@dataclass(frozen=True, slots=True)
class Bursts:
    """What was expected and what came, an element a topic and hour, in the shape of the counts.

    `z` is the hour's, `z_of_two` that of the hour and the one before together; neither is a number where an hour is missing
    or too little was seen before. In a burst either is above the threshold; an alarm is a burst after a day without.
    """

    expected: "Numbers"
    z: "Numbers"
    z_of_two: "Numbers"
    is_burst: "NDArray[np.bool_]"
    is_alarm: "NDArray[np.bool_]"


def score(
    counts: "Sequence[float] | Sequence[Sequence[float]] | NDArray[np.number] | Series",
    *,
    threshold: float = THRESHOLD,
) -> Bursts:
    """How unusual each hour of each topic is.

    `counts` holds the mentions of one topic by the hour, or a row of them for each topic; hours follow each other, and those
    in which nothing could be heard are not numbers. Topics are judged beside each other, so give all there are.
    """
    mentions = _mentions(counts)
    rows = np.atleast_2d(mentions)
    forecast = _forecast(rows)
    z = _z(rows, forecast.expected, forecast.variance)
    z_of_two = np.full(rows.shape, np.nan)
    z_of_two[:, 1:] = _z(rows[:, 1:] + rows[:, :-1], *forecast.of_two())
    is_burst = np.fmax(z, z_of_two) > threshold
    shape = mentions.shape
    return Bursts(
        expected=forecast.expected.reshape(shape),
        z=z.reshape(shape),
        z_of_two=z_of_two.reshape(shape),
        is_burst=is_burst.reshape(shape),
        is_alarm=_after_quiet(is_burst).reshape(shape),
    )


@dataclass(frozen=True, slots=True)
class _Forecast:
    """What is expected of topics, how far it might stray, and the relative variance of their levels alone."""

    expected: "Numbers"
    variance: "Numbers"
    doubt: "Numbers"

    def put(self, hour: int, now: "_Forecast", told: "NDArray[np.bool_]") -> None:
        for hours, of in (
            (self.expected, now.expected),
            (self.variance, now.variance),
            (self.doubt, now.doubt),
        ):
            hours[told, hour] = of[told]

    def of_two(self) -> "tuple[Numbers, Numbers]":
        """What is expected of each hour and the one before it together, and the variance of that."""
        before, now = self.expected[:, :-1], self.expected[:, 1:]
        # A level that is wrong is wrong for both hours.
        shared = 2 * before * now * self.doubt[:, :-1]
        return before + now, self.variance[:, :-1] + self.variance[:, 1:] + shared


@dataclass(frozen=True, slots=True)
class _Belief:
    """How busy an hour is, 1 in the mean, and in how many mentions that has been seen."""

    pace: float
    seen_in: float


def _forecast(mentions: "Numbers") -> _Forecast:
    topics, rhythm = _Topics(len(mentions)), _Rhythm()
    forecast = _Forecast(*(np.full(mentions.shape, np.nan) for _ in range(3)))
    for hour, column in enumerate(mentions.T):
        is_heard = ~np.isnan(column)
        heard = np.where(is_heard, column, 0.0)
        belief = rhythm.belief(hour)
        pace, now = topics.forecast(heard, is_heard, belief)
        # Once more, and this time no topic speaks for all with more than can be believed of it.
        pace, now = topics.forecast(topics.credible(heard, now), is_heard, belief)
        forecast.put(hour, now, is_heard & topics.is_started)
        believed = topics.credible(heard, now)
        rhythm.learn(hour, *topics.evidence(believed, is_heard))
        topics.learn(believed, is_heard, pace, now.expected)
    return forecast


class _Rhythm:
    """How busy the hours of a day and of a week are: what came in them, over what topics' levels alone lead one to expect."""

    def __init__(self) -> None:
        self._day = np.zeros((2, DAY))
        self._week = np.zeros((2, WEEK))

    def belief(self, hour: int) -> _Belief:
        heard_by_day, usual_by_day = self._day[:, hour % DAY]
        heard_by_week, usual_by_week = self._week[:, hour % WEEK]
        by_day = (FLAT_RHYTHM + heard_by_day) / (FLAT_RHYTHM + usual_by_day)
        pace = (SAME_WEEK * by_day + heard_by_week) / (SAME_WEEK + usual_by_week)
        return _Belief(pace, min(FLAT_RHYTHM + usual_by_day + usual_by_week, MOST_RHYTHM))

    def learn(self, hour: int, heard: "Numbers", usual: "Numbers") -> None:
        both = heard.sum(), usual.sum()
        for seen, period in ((self._day, DAY), (self._week, WEEK)):
            kept = 0.5 ** (period / DAY / RHYTHM_HALF_LIFE)
            seen[:, hour % period] = kept * seen[:, hour % period] + both


class _Topics:
    """What is known of topics after so many hours: sums over these, of which the nearer weigh more."""

    def __init__(self, number: int) -> None:
        self._heard, self._paces = np.zeros(number), np.zeros(number)
        self._strayed, self._measured = np.zeros(number), np.zeros(number)
        self._typical = np.ones(number)
        self._hours = np.zeros(number, int)
        self._conclude()

    @property
    def is_started(self) -> "NDArray[np.bool_]":
        return self._hours >= START

    def evidence(self, heard: "Numbers", is_heard: "NDArray[np.bool_]") -> "tuple[Numbers, Numbers]":
        """What came of each topic and what its level leads one to expect, both the lighter the more it is given to straying."""
        weight = np.where(is_heard & (self._hours > 0), 1 / self.dispersion, 0.0)
        return weight * heard, weight * self.level

    def forecast(
        self, heard: "Numbers", is_heard: "NDArray[np.bool_]", belief: _Belief
    ) -> "tuple[Numbers, _Forecast]":
        """How busy the hour is by what is believed of it and what came of all other topics, and what that leads one to expect."""
        said, usual = self.evidence(heard, is_heard)
        seen = belief.seen_in * belief.pace + said.sum() - said
        pace = seen / (belief.seen_in + usual.sum() - usual)
        expected = self.level * pace
        variance = self.dispersion * expected + (self.doubt + 1 / seen) * expected**2
        return pace, _Forecast(expected, variance, self.doubt)

    def credible(self, heard: "Numbers", now: _Forecast) -> "Numbers":
        """What came of each topic, as far as it is learnt: of topics just met all of it."""
        # The fewer are expected the further the upper tail reaches: Cornish and Fisher's first term.
        skew = np.divide(2 * now.variance, now.expected, out=np.ones_like(heard), where=now.expected > 0) - 1
        most = now.expected + CREDIBLE * np.sqrt(now.variance) + (CREDIBLE**2 - 1) / 6 * skew
        return np.where(self.is_started, np.minimum(heard, most), heard)

    def learn(
        self, heard: "Numbers", is_heard: "NDArray[np.bool_]", pace: "Numbers", expected: "Numbers"
    ) -> None:
        # A level out of a few hours is no measure of how far counts stray from it.
        is_measured = is_heard & (self._hours >= START // 2)
        for sums, seen, of in (
            (self._heard, heard, is_heard),
            (self._paces, pace, is_heard),
            (self._strayed, (heard - expected) ** 2, is_measured),
            (self._measured, heard, is_measured),
        ):
            sums[of] = KEPT * sums[of] + seen[of]
        self._hours += is_heard
        self._conclude()

    def _conclude(self) -> None:
        """Levels, dispersions (variance over mean) and the relative variances of levels, by the sums so far."""
        self._typical = self._typical_dispersion()
        self.dispersion = np.maximum(
            1.0, (ENOUGH_MENTIONS * self._typical + self._strayed) / (ENOUGH_MENTIONS + self._measured)
        )
        heard = self._heard + UNHEARD * self.dispersion
        self.level = np.divide(heard, self._paces, out=np.zeros_like(heard), where=self._paces > 0)
        self.doubt = self.dispersion / heard

    def _typical_dispersion(self) -> "Numbers":
        """The dispersion that is usual among topics of a level: a straight line, level or rising, and nowhere below 1."""
        weight = self._measured / (ENOUGH_MENTIONS + self._measured) / self._typical**2
        if not weight.any():
            return self._typical
        weight /= weight.sum()
        own = np.divide(self._strayed, self._measured, out=np.ones_like(weight), where=weight > 0)
        level = np.divide(self._heard, self._paces, out=np.zeros_like(weight), where=self._paces > 0)
        middle, usual = weight @ level, weight @ own
        spread = weight @ (level - middle) ** 2
        slope = max(0.0, weight @ ((level - middle) * (own - usual)) / spread) if spread > 0 else 0.0
        # A topic that was silent by chance is judged as one that is not, lest its first heap be a burst.
        most = self._heard + UNHEARD_AT_MOST
        most_level = np.divide(most, self._paces, out=np.zeros_like(weight), where=self._paces > 0)
        return np.maximum(1.0, usual + slope * (most_level - middle))


def _z(counts: "Numbers", expected: "Numbers", variance: "Numbers") -> "Numbers":
    """How far above what is expected counts are, in the standard deviations that are as improbable in a normal distribution.

    The tail is a negative binomial's, and exact: of low counts no normal distribution knows how far they reach. Half of the
    probability of the count itself belongs to it.
    """
    from scipy.special import betainc, ndtri

    # A Poisson distribution is the limit, as near as makes no difference.
    excess = np.maximum(variance - expected, 1e-6 * expected)
    shape = expected**2 / excess
    chance = expected / (expected + shape)
    as_many = np.where(counts > 0, betainc(np.maximum(counts, 1), shape, chance), 1.0)
    more = betainc(counts + 1, shape, chance)
    return -ndtri(np.maximum((as_many + more) / 2, LEAST_PROBABILITY))


def _after_quiet(is_burst: "NDArray[np.bool_]") -> "NDArray[np.bool_]":
    """Which bursts are the first after a quiet time."""
    hour = np.arange(is_burst.shape[1])
    latest = np.maximum.accumulate(np.where(is_burst, hour, -QUIET - 1), axis=1)
    before = np.concatenate([np.full((len(is_burst), 1), -QUIET - 1), latest[:, :-1]], axis=1)
    return is_burst & (hour - before > QUIET)


def _mentions(counts: object) -> "Numbers":
    given = np.asarray(counts)
    if given.dtype.kind not in "iuf" or given.ndim not in (1, 2):
        raise ValueError("counts must be a row of numbers by the hour, or a row for each topic.")
    mentions = given.astype(np.float64)
    known = mentions[~np.isnan(mentions)]
    if (known < 0).any() or (known > MOST).any() or (known != np.floor(known)).any():
        raise ValueError(
            f"counts must be whole numbers from 0 to {MOST:,}; an hour without an answer is not a number."
        )
    return mentions
