"""The overview's numbers as people read them: each beside the days before, with how new it is and what made it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum

from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from console.door.sign_in import Visitor
from console.frame.lineage import Asset
from marketing_pipelines.analytics import freshness
from marketing_pipelines.analytics.asking import DAY, Span
from marketing_pipelines.analytics.channels import Channel, Channels, ChannelsAsked, channels
from marketing_pipelines.analytics.freshness import Freshness
from marketing_pipelines.analytics.measures import Metric, Sums
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events

_log = logging.getLogger("console")


class LookBack(IntEnum):
    """How many days the overview may look back over: whole weeks, so that no weekend weighs more than another."""

    WEEK = 7
    MONTH = 28
    QUARTER = 90


class Unit(StrEnum):
    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    TIMES = "times"


@dataclass(frozen=True, slots=True)
class Kind:
    """A number that the overview shows: what of, in what, and what it comes from in the end."""

    name: str
    unit: Unit
    metric: Metric | None
    sources: tuple[Asset, ...]

    @property
    def made_by(self) -> Asset:
        return Asset.CHANNEL_DAILY if self.metric else Asset.LTV

    def of(self, channel: Channel) -> "Number":
        if self.metric is None:
            return Number(self, channel.lifetime_now.value, channel.lifetime_before.value)
        return Number(self, channel.now.of(self.metric), channel.before.of(self.metric))


@dataclass(frozen=True, slots=True)
class Number:
    """None where there is nothing to divide by, or nobody to say it of."""

    kind: Kind
    value: float | None
    before: float | None

    @property
    def change(self) -> float | None:
        return (self.value - self.before) / self.before if self.value is not None and self.before else None


_VISITS, _ADS, _CREDIT = Asset.TOUCHPOINTS, Asset.AD_PERFORMANCE, Asset.CHANNEL_ROAS
# Three by three: the money, the people, what each of them costs and is worth.
_KINDS = (
    Kind("Spend", Unit.MONEY, Metric.SPEND, (_ADS,)),
    Kind("Revenue", Unit.MONEY, Metric.REVENUE, (_CREDIT,)),
    Kind("ROAS", Unit.TIMES, Metric.ROAS, (_ADS, _CREDIT)),
    Kind("Visits by people", Unit.COUNT, Metric.VISITS, (_VISITS,)),
    Kind("Conversions", Unit.COUNT, Metric.CONVERSIONS, (_CREDIT,)),
    Kind("CVR", Unit.SHARE, Metric.CVR, (_VISITS, _CREDIT)),
    Kind("CTR", Unit.SHARE, Metric.CTR, (_ADS,)),
    Kind("CPA", Unit.MONEY, Metric.CPA, (_ADS, _CREDIT)),
    Kind("LTV", Unit.MONEY, None, (Asset.LTV,)),
)
_SOURCES = tuple(dict.fromkeys((Asset.CHANNEL_DAILY, *(it for kind in _KINDS for it in kind.sources))))


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a number of people's: all there were, and those that were programs'."""

    everybodys: float
    bots: float


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of all channels, its course by day as points between 0 and 1, and the last day that is in it."""

    number: Number
    course: Sequence[float]
    newest_day: date | None
    beside: Beside | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The numbers of one channel; `share` is of the largest spend."""

    name: str
    share: float
    visits_of_programs: float
    numbers: Sequence[Number]


@dataclass(frozen=True, slots=True)
class Day:
    """What a line of the chart is drawn from."""

    day: date
    spend: float
    visits: float
    conversions: float


@dataclass(frozen=True, slots=True)
class Figures:
    span: Span
    measures: Sequence[Measure]
    lines: Sequence[Line]
    days: Sequence[Day]
    built_at: datetime | None
    first_met: Span | None


@dataclass(frozen=True, slots=True)
class NoFigures:
    """Why there is nothing to show, as a reader is told."""

    is_away: bool


def of_last_days(visitor: Visitor, back: LookBack = LookBack.WEEK) -> Figures | NoFigures:
    today = datetime.now(visitor.time_zone).date()
    asked = ChannelsAsked(first=today - timedelta(days=back - 1), last=today)
    try:
        client = events.shared(visitor.settings)
        found = channels(client, visitor.tenant, asked)
        fresh = freshness.freshness(client, visitor.tenant, _SOURCES) if found.days else ()
    except NotBuilt:
        return NoFigures(is_away=False)
    except (ClickHouseError, OSError) as error:
        _log.info("no figures", extra={"fields": {"reason": type(error).__name__}})
        return NoFigures(is_away=True)
    return shown(found, fresh) if found.days else NoFigures(is_away=False)


def shown(found: Channels, fresh: Sequence[Freshness]) -> Figures:
    by_asset = {it.asset: it for it in fresh}
    calendar = [found.span.first + n * DAY for n in range(found.span.days)]
    days = [found.days.get(day, Sums()) for day in calendar]
    made = by_asset.get(Asset.CHANNEL_DAILY)
    return Figures(
        span=found.span,
        measures=[_measure(kind, found.total, days, by_asset) for kind in _KINDS],
        lines=_lines(found),
        days=[Day(day, it.spend, it.visits, it.conversions) for day, it in zip(calendar, days, strict=True)],
        built_at=made.built_at if made else None,
        first_met=found.first_met,
    )


def _measure(kind: Kind, total: Channel, days: Sequence[Sums], fresh: Mapping[str, Freshness]) -> Measure:
    """As new as the oldest of what it comes from."""
    newest = [fresh[asset].newest_day for asset in kind.sources if asset in fresh]
    known = [day for day in newest if day]
    people, programs = total.now.visits, total.visits_of_programs
    return Measure(
        kind.of(total),
        _course([day.of(kind.metric) or 0.0 for day in days]) if kind.metric else (),
        min(known) if len(known) == len(newest) and known else None,
        Beside(people + programs, programs) if kind.metric is Metric.VISITS else None,
    )


def _course(values: Sequence[float]) -> list[float]:
    most = max(values)
    return [max(0.0, value) / most if most > 0 else 0.0 for value in values]


def _lines(found: Channels) -> list[Line]:
    most = max((channel.now.spend for channel in found.channels), default=0.0)
    return [
        Line(
            channel.name,
            channel.now.spend / most if most else 0.0,
            channel.visits_of_programs,
            [kind.of(channel) for kind in _KINDS],
        )
        for channel in found.channels
    ]
