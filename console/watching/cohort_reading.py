"""What cohorts and lifetime values say: a grid to look at, what stands out in it, and how sure that is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import ceil

from marketing_pipelines.analytics.certainty import Share
from marketing_pipelines.analytics.cohorts import Cohort, Cohorts, CohortWeek
from marketing_pipelines.analytics.lifetime import ChannelLifetime, Horizon, Lifetimes

# How many shades a grid is told apart by, beside none for nothing.
LEVELS = 6


class Shown(StrEnum):
    """What a grid is of."""

    CAME_BACK = "came_back"
    CONVERTED = "converted"
    REVENUE = "revenue"

    @property
    def first_week(self) -> int:
        """That everybody came in the week they first came in says nothing."""
        return 1 if self is Shown.CAME_BACK else 0

    def amount(self, week: CohortWeek) -> float:
        match self:
            case Shown.CAME_BACK:
                return week.people
            case Shown.CONVERTED:
                return week.people_converting
            case Shown.REVENUE:
                return week.revenue


@dataclass(frozen=True, slots=True)
class Cell:
    """`value` is by person of the cohort; `level` is its shade."""

    amount: float
    value: float
    level: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One cell a column, as far as there is something to know."""

    week: date
    people: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Grid:
    """`together` is what all cohorts together have by week since, those alone whose week is over."""

    columns: Sequence[int]
    rows: Sequence[Row]
    together: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Lately:
    """The newest cohort whose week is over, beside those before it, by a share of its people."""

    week: date
    newest: Share
    before: Share

    @property
    def differs(self) -> bool:
        return self.newest.differs(self.before)


def grid(found: Cohorts, shown: Shown) -> Grid:
    cohorts = [cohort for cohort in found.cohorts if cohort.people]
    longest = max((len(cohort.weeks) for cohort in cohorts), default=0)
    columns = range(shown.first_week, longest)
    most = max(
        (_value(shown, cohort, week) for cohort in cohorts for week in _shown(shown, cohort)), default=0.0
    )
    rows = [
        Row(cohort.week, cohort.people, [_cell(shown, cohort, week, most) for week in _shown(shown, cohort)])
        for cohort in cohorts
    ]
    return Grid(list(columns), rows, [_together(shown, cohorts, since) for since in columns])


def share(found: Cohorts, shown: Shown, since: int) -> Share:
    """Of all cohorts whose week is over; of people, and so not for revenue."""
    over = list(_over(found.cohorts, since))
    return Share(round(sum(shown.amount(week) for _, week in over)), sum(cohort.people for cohort, _ in over))


def furthest(found: Cohorts, least: int = 4) -> int | None:
    """The last week since the first that enough cohorts have behind them."""
    longest = max((len(cohort.weeks) for cohort in found.cohorts), default=0)
    known = [since for since in range(2, longest) if len(list(_over(found.cohorts, since))) >= least]
    return max(known, default=None)


def lately(found: Cohorts, shown: Shown) -> Lately | None:
    """Compared by the first week that is shown; none where there is nothing before it."""
    over = [
        (cohort, Share(round(shown.amount(week)), cohort.people))
        for cohort, week in _over(found.cohorts, shown.first_week)
    ]
    if len(over) < 2:
        return None
    *earlier, (newest, of_newest) = over
    before = Share(sum(it.part for _, it in earlier), sum(it.whole for _, it in earlier))
    return Lately(newest.week, of_newest, before)


def per_person(found: Cohorts, since: int = 0) -> float | None:
    """What a person paid in that week, of cohorts whose week is over."""
    return _together(Shown.REVENUE, found.cohorts, since)


@dataclass(frozen=True, slots=True)
class Worth:
    """Whose people are worth most after so many days; `is_sure` where not even the next best may be worth as much."""

    channel: str
    horizon: Horizon
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Return:
    """What a channel's people have paid for its ads: from when on, or how much of it after the longest time that is over."""

    channel: str
    horizon: Horizon

    @property
    def is_back(self) -> bool:
        return (self.horizon.to_cost or 0.0) >= 1


def worth_most(found: Lifetimes) -> Worth | None:
    """At the longest time of which there are margins for two channels at least; without margins nothing is said."""
    for within in reversed(_horizons(found)):
        known = [
            (channel, at)
            for channel in found.channels
            if (at := _at(channel, within)) and at.margin is not None
        ]
        if len(known) > 1:
            (best, first), (_, second), *_ = sorted(known, key=lambda it: -(it[1].per_person or 0.0))
            low = (first.per_person or 0.0) - (first.margin or 0.0)
            return Worth(best.channel, first, low > (second.per_person or 0.0) + (second.margin or 0.0))
    return None


def returns(found: Lifetimes) -> list[Return]:
    """Of each channel that money was spent on, the dearest first."""
    dear = [
        (known[0].spend, channel.channel, known)
        for channel in found.channels
        if (known := [horizon for horizon in channel.horizons if horizon.to_cost is not None])
    ]
    return [
        Return(channel, next((it for it in known if (it.to_cost or 0.0) >= 1), known[-1]))
        for _, channel, known in sorted(dear, key=lambda it: (-it[0], it[1]))
    ]


def known_weeks(found: Lifetimes) -> list[tuple[int, int, int]]:
    """Of each horizon, how many weeks are over, and of how many: the same for all channels."""
    if not found.channels:
        return []
    return [(it.within_days, it.weeks, it.of_weeks) for it in max(found.channels, key=_length).horizons]


def _length(channel: ChannelLifetime) -> int:
    return len(channel.horizons)


def _horizons(found: Lifetimes) -> list[int]:
    return [within for within, _, _ in known_weeks(found)]


def _at(channel: ChannelLifetime, within: int) -> Horizon | None:
    return next((it for it in channel.horizons if it.within_days == within and it.people), None)


def _shown(shown: Shown, cohort: Cohort) -> Sequence[CohortWeek]:
    return cohort.weeks[shown.first_week :]


def _over(cohorts: Sequence[Cohort], since: int) -> Iterator[tuple[Cohort, CohortWeek]]:
    for cohort in cohorts:
        if cohort.people and since < len(cohort.weeks) and cohort.weeks[since].is_complete:
            yield cohort, cohort.weeks[since]


def _value(shown: Shown, cohort: Cohort, week: CohortWeek) -> float:
    return shown.amount(week) / cohort.people


def _cell(shown: Shown, cohort: Cohort, week: CohortWeek, most: float) -> Cell:
    value = _value(shown, cohort, week)
    level = ceil(LEVELS * value / most) if most > 0 and value > 0 else 0
    return Cell(shown.amount(week), value, level, week.is_complete)


def _together(shown: Shown, cohorts: Sequence[Cohort], since: int) -> float | None:
    over = list(_over(cohorts, since))
    people = sum(cohort.people for cohort, _ in over)
    return sum(shown.amount(week) for _, week in over) / people if people else None
