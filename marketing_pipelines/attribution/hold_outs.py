"""Hold-outs: what a campaign caused, by comparing people it reached with people it was kept from by lot.

This is the only thing here that can show a cause; every attribution model describes who was there when it happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, isfinite, log, sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
# A test that is worth running finds what is there four times in five.
POWER = 0.8
# Sizes of groups that a fair lot gives less than once in a thousand times are not a fair lot's.
HARDLY_CHANCE = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """People who share a fate: how many, how many converted, the sum of their value and of each one's value squared."""

    users: int
    converters: int
    value: float = 0.0
    value_squared: float = 0.0

    def __post_init__(self) -> None:
        if self.users < 1:
            raise ValueError(f"users is {self.users}; a group needs somebody in it.")
        if not 0 <= self.converters <= self.users:
            raise ValueError(
                f"converters is {self.converters} of {self.users} users; it counts each user once at most."
            )
        if not (isfinite(self.value) and isfinite(self.value_squared)):
            raise ValueError(
                f"value is {self.value}, value_squared {self.value_squared}; both must be numbers."
            )
        if self.value_squared * self.users < self.value**2 * (1 - 1e-9):
            raise ValueError(
                f"value_squared is {self.value_squared}; it is the sum of each user's value squared, "
                f"at least {self.value**2 / self.users} here."
            )

    @property
    def rate(self) -> float:
        return self.converters / self.users

    @property
    def mean(self) -> float:
        return self.value / self.users

    @property
    def variance_of_mean(self) -> float:
        if self.users == 1:
            return 0.0
        return max(self.value_squared - self.value**2 / self.users, 0.0) / (self.users - 1) / self.users


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and the bounds that it lies between as often as the report says."""

    best: float
    low: float
    high: float

    def times(self, factor: float) -> Estimate:
        return Estimate(self.best * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Lift:
    """What came of the treatment, over what would have come anyway."""

    treated: Group
    held_out: Group
    confidence: float
    # How much higher the conversion rate is, and how many conversions and what value that makes among the treated.
    rate: Estimate
    conversions: Estimate
    value: Estimate
    # The rate over that of the held out, less one; nothing to compare with where nobody converted.
    relative: Estimate | None

    @property
    def told_apart(self) -> bool:
        """Whether there was an effect at all, for better or worse."""
        return self.rate.low > 0 or self.rate.high < 0

    @property
    def users_needed(self) -> int | None:
        """How many people each group needs to tell a difference of this size apart from nothing; none for no difference."""
        if self.rate.best == 0:
            return None
        spread = sum(group.rate * (1 - group.rate) for group in (self.treated, self.held_out))
        wanted = NormalDist().inv_cdf(POWER) + _z(self.confidence)
        return max(1, round(wanted**2 * spread / self.rate.best**2))

    @property
    def words(self) -> str:
        """The report in sentences."""
        seen = (
            f"Of {self.treated.users:,} people reached {self.treated.converters:,} converted "
            f"({self.treated.rate:.2%}), of {self.held_out.users:,} held out {self.held_out.converters:,} "
            f"({self.held_out.rate:.2%})."
        )
        bounds = f"between {_more(self.conversions.low)} and {_more(self.conversions.high)}"
        if self.told_apart:
            return (
                f"{seen} The campaign caused {_more(self.conversions.best)} conversions than would have come anyway "
                f"({bounds}, at {self.confidence:.0%})."
            )
        unclear = f"{seen} That cannot be told apart from no effect at all: {bounds} conversions, at {self.confidence:.0%}."
        if self.users_needed is None:
            return unclear
        enough = float(f"{self.users_needed:.2g}")
        return f"{unclear} Some {enough:,.0f} people in each group would show a difference of this size four times in five."


def lift(treated: Group, held_out: Group, *, confidence: float = CONFIDENCE) -> Lift:
    """The lift of people who were treated over people who, by lot, were not."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must lie between 0 and 1, such as 0.95.")
    z = _z(confidence)
    rate = _rates_apart(treated, held_out, z)
    value = treated.mean - held_out.mean
    margin = z * sqrt(treated.variance_of_mean + held_out.variance_of_mean)
    return Lift(
        treated=treated,
        held_out=held_out,
        confidence=confidence,
        rate=rate,
        conversions=rate.times(treated.users),
        value=Estimate(value, value - margin, value + margin).times(treated.users),
        relative=_relative(treated, held_out, z),
    )


def smallest_effect(users: int, share: float, rate: float, *, confidence: float = CONFIDENCE) -> float | None:
    """By how much a conversion rate must rise to be told apart from nothing four times in five.

    `share` of the users are held out, and convert at this rate; none where there are too few to find anything at all.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}; it must lie between 0 and 1, such as 0.1.")
    treated, held_out = users * (1 - share), users * share
    if not 0 < rate < 1 or held_out < 1 or treated < 1:
        return None
    # The effect is as large as its own standard error times this; that is an equation of second degree.
    wanted = (NormalDist().inv_cdf(POWER) + _z(confidence)) ** 2
    square, plain = 1 + wanted / treated, -wanted * (1 - 2 * rate) / treated
    constant = -wanted * rate * (1 - rate) * (1 / treated + 1 / held_out)
    effect = (-plain + sqrt(plain**2 - 4 * square * constant)) / (2 * square)
    return effect if rate + effect < 1 else None


def chance_of_sizes(treated: int, held_out: int, share: float) -> float:
    """How often a fair lot with this share gives sizes that are at least so far off: a chi-square test."""
    users = treated + held_out
    if not users:
        return 1.0
    off = (held_out - users * share) ** 2 / (users * share * (1 - share))
    return erfc(sqrt(off / 2))


def _rates_apart(treated: Group, held_out: Group, z: float) -> Estimate:
    """Newcombe's interval for a difference of rates, out of Wilson's for each: right for few conversions, even none."""
    apart = treated.rate - held_out.rate
    treated_low, treated_high = _wilson(treated, z)
    held_low, held_high = _wilson(held_out, z)
    below = sqrt((treated.rate - treated_low) ** 2 + (held_high - held_out.rate) ** 2)
    above = sqrt((treated_high - treated.rate) ** 2 + (held_out.rate - held_low) ** 2)
    return Estimate(apart, apart - below, apart + above)


def _wilson(group: Group, z: float) -> tuple[float, float]:
    n, rate = group.users, group.rate
    middle = rate + z**2 / (2 * n)
    margin = z * sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return max(0.0, (middle - margin) / (1 + z**2 / n)), min(1.0, (middle + margin) / (1 + z**2 / n))


def _relative(treated: Group, held_out: Group, z: float) -> Estimate | None:
    if not (treated.converters and held_out.converters):
        return None
    ratio = log(treated.rate / held_out.rate)
    margin = z * sqrt(sum((1 - group.rate) / group.converters for group in (treated, held_out)))
    return Estimate(exp(ratio) - 1, exp(ratio - margin) - 1, exp(ratio + margin) - 1)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _more(conversions: float) -> str:
    return f"{abs(conversions):,.0f} {'fewer' if conversions < 0 else 'more'}"
