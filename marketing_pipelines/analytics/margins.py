"""Margins: what the last euros of each channel earned beside its average ones, by every model, as far as two windows tell."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from marketing_pipelines.analytics.asking import Span
from marketing_pipelines.analytics.credit import CreditAsked, Estimate, Told, newest_results, told_of
from marketing_pipelines.analytics.reading import read
from store import events
from store.records.schema import TenantId


class Telling(StrEnum):
    """What a model tells of a channel's last euros beside its average ones, or why it cannot."""

    MORE = "more"
    LESS = "less"
    # The bounds of what the last euros earned hold what the average one did.
    CHANCE = "chance"
    # Conversions did not go the way that spend went.
    OPPOSITE = "opposite"
    STEADY = "steady"
    # All of the spend is new, or gone, or was not known of: there is nothing to tell its last euros from.
    ONE_SIDED = "one_sided"


class Verdict(StrEnum):
    """What the models say together of whether a channel's last euros earned more than its average ones."""

    MORE = "more_by_every_model"
    LESS = "less_by_every_model"
    SOME = "by_some_models"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Period:
    """What a channel cost in a window, and what a model gives it there."""

    spend: float
    conversions: float
    value: float

    @property
    def cpa(self) -> float | None:
        return self.spend / self.conversions if self.spend and self.conversions else None

    @property
    def roas(self) -> float | None:
        return self.value / self.spend if self.spend else None


@dataclass(frozen=True, slots=True)
class Margin:
    """By one model: what one conversion more cost, and what one unit of spend more earned, with bounds of nine in ten."""

    model: str
    telling: Telling
    before: Period
    now: Period
    cpa: Estimate | None
    roas: Estimate | None

    @property
    def average(self) -> Period:
        """The window with more spend: the last euros are a part of just that."""
        return self.now if self.now.spend >= self.before.spend else self.before


@dataclass(frozen=True, slots=True)
class Channel:
    """A margin a model, in their order."""

    name: str
    spend_before: float
    spend: float
    margins: Sequence[Margin]

    @property
    def verdict(self) -> Verdict:
        told = {it.telling for it in self.margins}
        if told == {Telling.MORE}:
            return Verdict.MORE
        if told == {Telling.LESS}:
            return Verdict.LESS
        return Verdict.SOME if told & {Telling.MORE, Telling.LESS} else Verdict.UNREAD


@dataclass(frozen=True, slots=True)
class Margins:
    """Of the channels that cost something in either window, what costs most first. Without results there is no `span`.

    `uncompared` models were computed for the newer window alone; where no others are, so was everything.
    """

    asked: CreditAsked
    span: Span | None = None
    currency: str = ""
    has_value: bool = False
    models: Sequence[Told] = ()
    uncompared: Sequence[Told] = ()
    channels: Sequence[Channel] = ()


def margins(client: events.Client, tenant: TenantId, asked: CreditAsked) -> Margins:
    """The newest window that was computed beside the one just before it, each with what was spent in its own days.

    Told by value where conversions of both windows have some, else by their number.
    """
    wanted = newest_results(client, tenant, asked)
    if wanted is None:
        return Margins(asked)
    rows = read(client, tenant, _WINDOWS, **asdict(wanted)).to_dicts()
    given = {(row["model"], row["channel"], bool(row["is_now"])): row for row in rows}
    now, before = ({model for model, _, of in given if model and of == is_now} for is_now in (True, False))
    models = told_of(now & before)
    worth = [sum(row["value"] for row in rows if row["is_now"] == is_now) for is_now in (True, False)]
    has_value = min(worth) > 0
    return Margins(
        asked=asked,
        span=wanted.span,
        currency=next((row["currency"] for row in rows if row["currency"]), ""),
        has_value=has_value,
        models=models,
        uncompared=told_of(now - before),
        channels=_channels(given, models, has_value=has_value),
    )


_Given = Mapping[tuple[str, str, bool], Mapping[str, Any]]


def _channels(given: _Given, models: Sequence[Told], *, has_value: bool) -> list[Channel]:
    names = sorted({channel for model, channel, _ in given if not model})
    if not names:
        return []
    of_models = [_margins(given, model.name, names, has_value=has_value) for model in models]
    channels = [
        Channel(name, told[0].before.spend, told[0].now.spend, told)
        for name, *told in zip(names, *of_models, strict=True)
        if told
    ]
    return sorted(channels, key=lambda it: (-max(it.spend_before, it.spend), it.name))


def _margins(given: _Given, model: str, names: Sequence[str], *, has_value: bool) -> list[Margin]:
    """Of each of the channels; one that a model has no row for got nothing."""
    import polars as pl

    from marketing_pipelines.attribution import marginal

    before, now = (
        [
            Period(
                spend=given[cost]["spend"] if (cost := ("", name, is_now)) in given else 0.0,
                conversions=given[own]["conversions"] if (own := (model, name, is_now)) in given else 0.0,
                value=given[own]["value"] if own in given else 0.0,
            )
            for name in names
        ]
        for is_now in (False, True)
    )
    read_off = marginal(
        *(
            pl.DataFrame(
                [{"channel": name, **asdict(period)} for name, period in zip(names, periods, strict=True)]
            )
            for periods in (before, now)
        )
    )
    return [
        _margin(model, *of_channel, has_value=has_value)
        for of_channel in zip(before, now, read_off.iter_rows(named=True), strict=True)
    ]


def _margin(
    model: str, before: Period, now: Period, row: Mapping[str, float | None], *, has_value: bool
) -> Margin:
    if not before.spend or not now.spend:
        return Margin(model, Telling.ONE_SIDED, before, now, None, None)
    cpa, roas = _estimate(row, "marginal_cpa"), _estimate(row, "marginal_roas") if has_value else None
    margin = Margin(model, Telling.CHANCE, before, now, cpa, roas)
    return replace(margin, telling=_telling(margin))


def _telling(margin: Margin) -> Telling:
    """Goes by value where there is some: one conversion more may be worth more than the others, or less."""
    from marketing_pipelines.attribution.margins import LEAST_CHANGE

    if margin.cpa is None:
        spends = margin.before.spend, margin.now.spend
        has_moved = max(spends) - min(spends) > LEAST_CHANGE * max(spends)
        return Telling.OPPOSITE if has_moved else Telling.STEADY
    average, roas = margin.average, margin.roas
    if roas and average.roas is not None:
        if roas.low > average.roas:
            return Telling.MORE
        return Telling.LESS if roas.high is not None and roas.high < average.roas else Telling.CHANCE
    if average.cpa is None:
        return Telling.CHANCE
    if margin.cpa.high is not None and margin.cpa.high < average.cpa:
        return Telling.MORE
    return Telling.LESS if margin.cpa.low > average.cpa else Telling.CHANCE


def _estimate(row: Mapping[str, float | None], of: str) -> Estimate | None:
    best, low = row[of], row[f"{of}_low"]
    return None if best is None or low is None else Estimate(best, low, row[f"{of}_high"])


# Rows of no model are what channels cost. Both windows are whole: the older one ends where the newer begins.
_WINDOWS = """
select
    toString(model) as model,
    toString(channel) as channel,
    as_of = {newest:Date} as is_now,
    conversions,
    toFloat64(value) as value,
    toFloat64(0) as spend,
    '' as currency
from raw.attribution_results
where
    tenant_id = {tenant:Int64}
    and window_days = {window:UInt16}
    and goal_id = {goal:Int64}
    and as_of in ({newest:Date}, {newest:Date} - {window:UInt16})
union all
select
    '' as model,
    toString(channel) as channel,
    date_day > {newest:Date} - {window:UInt16} as is_now,
    toFloat64(0) as conversions,
    toFloat64(0) as value,
    toFloat64(sum(channel_daily.spend)) as spend,
    any(toString(channel_daily.currency)) as currency
from marts.channel_daily
where
    tenant_id = {tenant:Int64}
    and date_day > {newest:Date} - 2 * {window:UInt16}
    and date_day <= {newest:Date}
group by channel, is_now
having spend > 0
settings max_execution_time = 10
"""
