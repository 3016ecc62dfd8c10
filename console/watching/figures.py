"""The numbers of the last days by channel, out of the marts, beside those of as many days before."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

import polars as pl
from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from console.door.sign_in import Visitor
from console.frame.lineage import Asset
from store import events


class Span(IntEnum):
    """How many days the overview may look back over."""

    WEEK = 7
    MONTH = 30
    QUARTER = 90


# What the query below reads: every number of the overview comes out of this one asset.
MADE_BY = Asset.CHANNEL_DAILY
_QUERY = """
select
    date_day,
    channel,
    toFloat64(spend) as spend,
    toFloat64(clicks) as ad_clicks,
    toFloat64(visits) as visits,
    toFloat64(human_visits) as human_visits,
    toFloat64(bot_visits) as bot_visits,
    toFloat64(conversions) as conversions,
    toFloat64(conversions_value) as earned
from marts.channel_daily
where tenant_id = {tenant:Int64} and date_day between {since:Date} and {last:Date}
settings max_execution_time = 5
"""
_MEASURES = ("spend", "ad_clicks", "visits", "human_visits", "bot_visits", "conversions", "earned")
_log = logging.getLogger("console")


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    spend: float
    ad_clicks: float
    visits: float
    human_visits: float
    bot_visits: float
    conversions: float
    earned: float
    share: float

    @property
    def roas(self) -> float | None:
        return self.earned / self.spend if self.spend else None


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a number of people's: all there were, and those that were programs'."""

    everybodys: float
    bots: float


@dataclass(frozen=True, slots=True)
class Measure:
    """One number, how it was before, and its course by day as points between 0 and 1."""

    name: str
    value: float | None
    before: float | None
    course: Sequence[float]
    beside: Beside | None = None
    made_by: Asset = MADE_BY

    @property
    def change(self) -> float | None:
        return (self.value - self.before) / self.before if self.value is not None and self.before else None


@dataclass(frozen=True, slots=True)
class Day:
    """What a line of the chart is drawn from."""

    day: date
    spend: float
    visits: float
    conversions: float


@dataclass(frozen=True, slots=True)
class Figures:
    first: date
    last: date
    measures: Sequence[Measure]
    channels: Sequence[Channel]
    days: Sequence[Day]
    made_by: Asset = MADE_BY


def of_last_days(visitor: Visitor, span: Span = Span.WEEK) -> Figures | None:
    """None while there is nothing to show: no mart yet, no rows yet, or ClickHouse is away."""
    last = datetime.now(visitor.time_zone).date()
    first = last - timedelta(days=span - 1)
    since = first - timedelta(days=span)
    try:
        client = events.shared(visitor.settings)
        rows = events.read_for_tenant(client, visitor.tenant, _QUERY, since=since, last=last)
    except (ClickHouseError, OSError) as error:
        _log.info("no figures", extra={"fields": {"reason": type(error).__name__}})
        return None
    return summed(rows, first, last)


def summed(rows: pl.DataFrame, first: date, last: date) -> Figures | None:
    """Rows of day and channel as what the overview shows."""
    current = rows.filter(pl.col("date_day") >= first)
    if current.is_empty():
        return None
    totals = _totals(current)
    before = _totals(rows.filter(pl.col("date_day") < first))
    days = _by_day(current, first, last)
    measures = [
        Measure("Spend", totals["spend"], before["spend"], _course(days["spend"])),
        Measure("Ad clicks", totals["ad_clicks"], before["ad_clicks"], _course(days["ad_clicks"])),
        Measure(
            "Visits by people",
            totals["human_visits"],
            before["human_visits"],
            _course(days["human_visits"]),
            Beside(totals["visits"], totals["bot_visits"]),
        ),
        Measure("Conversions", totals["conversions"], before["conversions"], _course(days["conversions"])),
        Measure("ROAS", _roas(totals), _roas(before), _course(days["roas"])),
    ]
    return Figures(first, last, measures, _channels(current), _lines(days))


def _totals(rows: pl.DataFrame) -> dict[str, float]:
    return rows.select(pl.col(_MEASURES).sum()).row(0, named=True)


def _lines(days: pl.DataFrame) -> list[Day]:
    rows = days.select("date_day", "spend", "human_visits", "conversions").iter_rows()
    return [Day(*row) for row in rows]


def _roas(totals: dict[str, float]) -> float | None:
    return totals["earned"] / totals["spend"] if totals["spend"] else None


def _by_day(rows: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Every day of the span, those without rows as zero."""
    calendar = pl.DataFrame({"date_day": pl.date_range(first, last, eager=True)})
    daily = rows.group_by("date_day").agg(pl.col(_MEASURES).sum())
    filled = calendar.join(daily, on="date_day", how="left").sort("date_day").fill_null(0.0)
    ratio = pl.when(pl.col("spend") > 0).then(pl.col("earned") / pl.col("spend")).otherwise(0.0)
    return filled.with_columns(ratio.alias("roas"))


def _course(values: pl.Series) -> list[float]:
    most = float(values.to_numpy().max())
    return [float(value) / most if most > 0 else 0.0 for value in values]


def _channels(rows: pl.DataFrame) -> list[Channel]:
    by_channel = rows.group_by("channel").agg(pl.col(_MEASURES).sum())
    ordered = by_channel.sort(["spend", "human_visits", "channel"], descending=[True, True, False])
    most = max(ordered["spend"].to_list(), default=0.0)
    return [
        Channel(
            name=row["channel"],
            share=row["spend"] / most if most else 0.0,
            **{measure: row[measure] for measure in _MEASURES},
        )
        for row in ordered.iter_rows(named=True)
    ]
