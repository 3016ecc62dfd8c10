"""Velocity: how fast a story spreads now, against how fast it spread before, and how sure that is.

Velocity divides counts. The windows differ in length, so that a steady story has a velocity of 0.5; beside it stands the
rate ratio, mentions an hour over mentions an hour, which is 1 for a steady story and comes with an interval and a p-value.
Both are exact and given the total: of all mentions in both windows as many fall into the recent one as a binomial says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, NamedTuple, SupportsIndex, TypeVar, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from polars import Series

RAPID = 3.0
RISING = 1.5

RECENT_HOURS = 24
BEFORE_HOURS = 48
# Of a steady story's mentions this share is recent.
STEADY = RECENT_HOURS / (RECENT_HOURS + BEFORE_HOURS)
CONFIDENCE = 0.95

# More than anybody counts in three days, and two such counts fit into one 64-bit number.
MOST = 2**31 - 1
# Outcomes whose probabilities differ by no more than rounding are equally likely. Of more than some ten million mentions
# rounding is larger, and one outcome more or less may be counted: it changes the fourth digit of a p-value.
ROUNDING = 1e-7

Number = TypeVar("Number", float, "NDArray[np.float64]")


class Label(StrEnum):
    RAPIDLY_TRENDING = "Rapidly trending"
    TRENDING = "Trending"
    EMERGING = "Emerging"


class Certainty(StrEnum):
    """What the interval of the rate ratio says: all of it above 1, all below, or neither."""

    SURE = "sure"
    NOT_YET = "not yet sure"
    SLOWING = "slowing down"


class Interval(NamedTuple, Generic[Number]):
    """Where the rate ratio lies; `high` is infinite where nothing was told before."""

    low: Number
    high: Number


@dataclass(frozen=True, slots=True)
class Score:
    """One story's velocity: mentions of the last 24 hours over those of the 24 to 72 hours before.

    The rate ratio is infinite where nothing was told before, and not a number where nothing was told at all.
    """

    velocity: float
    label: Label
    is_new: bool
    rate_ratio: float
    interval: Interval[float]
    p_value: float
    certainty: Certainty

    @property
    def is_sure(self) -> bool:
        """Whether it spreads faster than before, by all that the interval leaves possible."""
        return self.certainty is Certainty.SURE

    @property
    def said(self) -> str:
        """The label, and what to know before acting on it."""
        return str(self.label) if self.is_sure else f"{self.label}, {self.certainty}"


@dataclass(frozen=True, slots=True)
class Scores:
    """Many stories' velocities, in the order of their counts."""

    velocity: "NDArray[np.float64]"
    label: "NDArray[np.str_]"
    is_new: "NDArray[np.bool_]"
    rate_ratio: "NDArray[np.float64]"
    interval: "Interval[NDArray[np.float64]]"
    p_value: "NDArray[np.float64]"
    certainty: "NDArray[np.str_]"

    @property
    def is_sure(self) -> "NDArray[np.bool_]":
        return self.certainty == Certainty.SURE.value

    @property
    def said(self) -> "NDArray[np.str_]":
        import numpy as np

        reserved = np.strings.add(np.strings.add(self.label, ", "), self.certainty)
        return np.where(self.is_sure, self.label, reserved)

    def at(self, place: "NDArray[np.int64]") -> "Scores":
        """The stories at these places, in their order."""
        low, high = self.interval
        return Scores(
            velocity=self.velocity[place],
            label=self.label[place],
            is_new=self.is_new[place],
            rate_ratio=self.rate_ratio[place],
            interval=Interval(low[place], high[place]),
            p_value=self.p_value[place],
            certainty=self.certainty[place],
        )

    def only(self) -> Score:
        """The one story there is."""
        low, high = self.interval
        return Score(
            velocity=self.velocity.item(),
            label=Label(self.label.item()),
            is_new=self.is_new.item(),
            rate_ratio=self.rate_ratio.item(),
            interval=Interval(low.item(), high.item()),
            p_value=self.p_value.item(),
            certainty=Certainty(self.certainty.item()),
        )


@overload
def score(
    recent: "Sequence[int] | NDArray[np.integer] | Series",
    before: "Sequence[int] | NDArray[np.integer] | Series",
    *,
    confidence: float = ...,
) -> Scores: ...
@overload
def score(recent: SupportsIndex, before: SupportsIndex, *, confidence: float = ...) -> Score: ...
def score(recent, before, *, confidence=CONFIDENCE):  # pyright: ignore[reportInconsistentOverload]
    """The velocity of one pair of counts, or of two equally long arrays of counts.

    A divisor of 0 counts as 1, and the story is new. Labels start strictly above their thresholds.
    """
    import numpy as np

    recent_counts, before_counts = _counts(recent, "recent"), _counts(before, "before")
    if recent_counts.shape != before_counts.shape:
        raise ValueError(f"recent has the shape {recent_counts.shape}, before {before_counts.shape}.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not at {confidence}.")
    # Of a million stories most share their counts with another.
    pairs, place = np.unique(recent_counts << 31 | before_counts, return_inverse=True)
    scores = _scores(pairs >> 31, pairs & MOST, confidence)
    return scores.at(place) if recent_counts.ndim else scores.only()


def _scores(recent: "NDArray[np.int64]", before: "NDArray[np.int64]", confidence: float) -> Scores:
    import numpy as np

    velocity = recent / np.maximum(before, 1)
    low, high = interval(recent, before, confidence)
    return Scores(
        velocity=velocity,
        label=np.select(
            [velocity > RAPID, velocity > RISING],
            [Label.RAPIDLY_TRENDING.value, Label.TRENDING.value],
            Label.EMERGING.value,
        ),
        is_new=before == 0,
        rate_ratio=rate_ratio(recent, before),
        interval=Interval(low, high),
        p_value=p_value(recent, before),
        certainty=np.select(
            [low > 1, high < 1],
            [Certainty.SURE.value, Certainty.SLOWING.value],
            Certainty.NOT_YET.value,
        ),
    )


def rate_ratio(recent: "NDArray[np.int64]", before: "NDArray[np.int64]") -> "NDArray[np.float64]":
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return recent * BEFORE_HOURS / (before * RECENT_HOURS)


def interval(
    recent: "NDArray[np.int64]", before: "NDArray[np.int64]", confidence: float
) -> "Interval[NDArray[np.float64]]":
    """Clopper and Pearson's interval of the share of mentions that are recent, as a rate ratio.

    It holds the truth at least as often as `confidence` says, whatever the counts; of few mentions it is wide.
    """
    import numpy as np
    from scipy.special import betaincinv

    missed = (1 - confidence) / 2
    nothing = np.zeros(recent.shape)
    everything = np.ones(recent.shape)
    least = betaincinv(recent, before + 1, missed, out=nothing, where=recent > 0)
    most = betaincinv(recent + 1, before, 1 - missed, out=everything, where=before > 0)
    with np.errstate(divide="ignore"):
        low, high = (share / (1 - share) * (BEFORE_HOURS / RECENT_HOURS) for share in (least, most))
    return Interval(low, high)


def p_value(
    recent: "NDArray[np.int64]", before: "NDArray[np.int64]", steady: float = STEADY
) -> "NDArray[np.float64]":
    """How often a steady story's mentions fall into the windows as unlikely as this, or more so: towards either side."""
    import numpy as np
    from scipy.special import betainc, betaincc, gammaln

    total = recent + before
    odds = np.log(steady / (1 - steady))

    def chance(outcome: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """The logarithm of a binomial probability, less what all outcomes of a total share."""
        return outcome * odds - gammaln(outcome + 1) - gammaln(total - outcome + 1)

    likeliest = ((total + 1) * steady).astype(np.int64)
    limit = chance(recent) + ROUNDING
    rises = recent > likeliest

    # On the far side of the likeliest outcome: the first that is as unlikely, between one that is not and one beyond all.
    likely, unlikely = likeliest, np.where(rises, -1, total + 1)
    while (np.abs(unlikely - likely) > 1).any():
        middle = (likely + unlikely) // 2
        is_unlikely = chance(middle) <= limit
        likely, unlikely = np.where(is_unlikely, likely, middle), np.where(is_unlikely, middle, unlikely)

    most_below, least_above = np.where(rises, (unlikely, recent), (recent, unlikely))
    below, above = np.zeros(recent.shape), np.zeros(recent.shape)
    betaincc(most_below + 1, total - most_below, steady, out=below, where=most_below >= 0)
    betainc(least_above, total - least_above + 1, steady, out=above, where=least_above <= total)
    return np.where(chance(likeliest) <= limit, 1.0, np.minimum(below + above, 1.0))


def _counts(
    values: "SupportsIndex | Sequence[int] | NDArray[np.integer] | Series", name: str
) -> "NDArray[np.int64]":
    import numpy as np

    given = np.asarray(values)
    if given.dtype.kind not in "iuf" or given.ndim > 1:
        raise ValueError(f"{name} must be a count or a one-dimensional array of counts.")
    if not np.isfinite(given).all() or (given != np.floor(given)).any():
        raise ValueError(f"{name} must hold whole numbers.")
    if (given < 0).any() or (given > MOST).any():
        raise ValueError(f"{name} must hold counts from 0 to {MOST:,}.")
    return given.astype(np.int64)
