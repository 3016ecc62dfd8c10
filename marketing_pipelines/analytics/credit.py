"""Credit: what every model gives each channel of the last weeks, how sure that is, what it cost, and who disagrees."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from typing import Annotated, Any

from pydantic import Field

from marketing_pipelines.analytics.asking import DAY, GoalNumber, Inquiry, Span
from marketing_pipelines.analytics.reading import chosen_goal, read
from store import events
from store.records.schema import TenantId

# Models whose shares lie within so much of each other agree, for all that anybody would do about it.
AGREEING = 0.05


class Window(IntEnum):
    """How many days back the models are computed over."""

    WEEK = 7
    MONTH = 28
    QUARTER = 90


class CreditAsked(Inquiry):
    window_days: Annotated[
        Window,
        Field(title="Days, up to the newest", description="7, 28 or 90, up to the newest day there is."),
    ] = Window.MONTH
    goal_id: GoalNumber = None


class Verdict(StrEnum):
    """Whether a channel is credited with more revenue than its ads cost, and by whom."""

    EVERY = "every_model"
    SOME = "some_models"
    UNSURE = "unsure"
    NO = "no_model"
    # Nothing was spent on it as far as is known, or what it brings has no value in money.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, and between what bounds nine of ten other samples of people would put it; no `high` is no upper bound."""

    best: float
    low: float
    high: float | None

    def times(self, factor: float) -> "Estimate":
        return Estimate(
            self.best * factor, self.low * factor, None if self.high is None else self.high * factor
        )


NOTHING = Estimate(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one model gives one channel. Shares are of conversions; ratios are unknown without spend."""

    model: str
    conversions: float
    value: float
    share: Estimate
    value_share: Estimate | None
    cpa: Estimate | None
    roas: Estimate | None
    removal_effect: float | None


@dataclass(frozen=True, slots=True)
class Channel:
    """A reading a model, in their order; the least and the most share, and by which model."""

    name: str
    spend: float
    readings: Sequence[Reading]
    verdict: Verdict
    least: Reading
    most: Reading

    @property
    def spread(self) -> float:
        return self.most.share.best - self.least.share.best

    @property
    def is_agreed_on(self) -> bool:
        return self.spread <= AGREEING

    @property
    def may_be_chance(self) -> bool:
        """Whether the bounds of all models have a share in common."""
        highs = [reading.share.high for reading in self.readings]
        return max(it.share.low for it in self.readings) <= min(1.0 if it is None else it for it in highs)

    def by(self, model: str) -> Reading:
        return next(reading for reading in self.readings if reading.model == model)


@dataclass(frozen=True, slots=True)
class Told:
    """A model as people read of it."""

    name: str
    title: str
    says: str


@dataclass(frozen=True, slots=True)
class Credit:
    """Channels with most credit come first; without results there is no `span`. `awaited` models were never computed here."""

    asked: CreditAsked
    span: Span | None = None
    currency: str = ""
    conversions: float = 0.0
    value: float = 0.0
    models: Sequence[Told] = ()
    awaited: Sequence[Told] = ()
    channels: Sequence[Channel] = field(default_factory=tuple)


def credit(client: events.Client, tenant: TenantId, asked: CreditAsked) -> Credit:
    """As of the newest day that was computed; spend is that of the same days."""
    wanted = newest_results(client, tenant, asked)
    if wanted is None:
        return Credit(asked)
    rows = read(client, tenant, _RESULTS, **asdict(wanted)).to_dicts()
    costs = [row for row in rows if not row["model"]]
    spend = {row["channel"]: row["spend"] for row in costs if row["spend"]}
    given = {(row["model"], row["channel"]): row for row in rows if row["model"]}
    computed = {model for model, _ in given}
    told = told_of(computed)
    of_one = [row for (model, _), row in given.items() if model == told[0].name]
    conversions, value = sum(it["conversions"] for it in of_one), sum(it["value"] for it in of_one)
    channels = list[Channel]()
    for name in {channel for _, channel in given} | set(spend):
        cost = spend.get(name, 0.0)
        readings = [_reading(it.name, given.get((it.name, name)), conversions, value, cost) for it in told]
        ranked = sorted(readings, key=lambda it: it.share.best)
        said = verdict([it.roas for it in readings])
        channels.append(Channel(name, cost, readings, said, ranked[0], ranked[-1]))
    return Credit(
        asked=asked,
        span=wanted.span,
        currency=next((str(row["currency"]) for row in costs), ""),
        conversions=conversions,
        value=value,
        models=told,
        awaited=[it for it in _catalogue().values() if it.name not in computed],
        channels=sorted(channels, key=lambda it: (-sum(r.share.best for r in it.readings), it.name)),
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Results of a window, up to the newest day for which they were computed."""

    goal: int
    window: int
    newest: date

    @property
    def span(self) -> Span:
        return Span(self.newest - (self.window - 1) * DAY, self.newest)


def newest_results(client: events.Client, tenant: TenantId, asked: CreditAsked) -> Wanted | None:
    goal, window = chosen_goal(client, tenant, asked.goal_id), int(asked.window_days)
    newest = read(client, tenant, _NEWEST, window=window, goal=goal).item()
    return newest and Wanted(goal, window, newest)


def told_of(computed: Set[str]) -> list[Told]:
    """Models that were computed, in the catalogue's order; after them those that are in it no more."""
    known = _catalogue()
    gone = sorted(computed - set(known))
    return [
        *(it for it in known.values() if it.name in computed),
        *(Told(name, name.replace("_", " ").capitalize(), "") for name in gone),
    ]


def _catalogue() -> dict[str, Told]:
    from marketing_pipelines import attribution

    return {
        it.name: Told(it.name, it.title, it.description.partition("\n\n")[0]) for it in attribution.models()
    }


def verdict(roas: Sequence[Estimate | None]) -> Verdict:
    """What models say together of a channel's return, each by its bounds."""
    known = [it for it in roas if it is not None]
    if not known:
        return Verdict.UNKNOWN
    earns = [it.low > 1 for it in known]
    if all(earns):
        return Verdict.EVERY
    if any(earns):
        return Verdict.SOME
    return Verdict.NO if all(it.high is not None and it.high < 1 for it in known) else Verdict.UNSURE


def _reading(
    model: str, row: Mapping[str, Any] | None, conversions: float, value: float, spend: float
) -> Reading:
    """A channel that a model has no row for is on none of the paths that it reads, and gets nothing."""
    share = _estimate(row, "share") or NOTHING
    value_share = _estimate(row, "value_share") if row else NOTHING if value > 0 else None
    roas = value_share.times(value / spend) if spend and value_share and value > 0 else None
    return Reading(
        model=model,
        conversions=row["conversions"] if row else 0.0,
        value=row["value"] if row else 0.0,
        share=share,
        value_share=value_share,
        cpa=_cost(spend, share.times(conversions)) if spend else None,
        roas=roas,
        removal_effect=row["removal_effect"] if row else None,
    )


def _estimate(row: Mapping[str, Any] | None, of: str) -> Estimate | None:
    if row is None or row[of] is None:
        return None
    low, high = row[f"{of}_low"], row[f"{of}_high"]
    return Estimate(row[of], 0.0 if low is None else low, 1.0 if high is None else high)


def _cost(spend: float, conversions: Estimate) -> Estimate | None:
    """The more conversions, the less each of them cost; of none there is no cost."""
    if not conversions.best or not conversions.high:
        return None
    return Estimate(
        spend / conversions.best,
        spend / conversions.high,
        spend / conversions.low if conversions.low else None,
    )


_NEWEST = """
select maxOrNull(as_of)
from raw.attribution_results
where tenant_id = {tenant:Int64} and window_days = {window:UInt16} and goal_id = {goal:Int64}
settings max_execution_time = 5
"""
# Rows of no model are what channels cost in the same days.
_RESULTS = """
select
    toString(model) as model,
    toString(channel) as channel,
    as_of,
    conversions,
    toFloat64(value) as value,
    share,
    share_low,
    share_high,
    value_share,
    value_share_low,
    value_share_high,
    removal_effect,
    toFloat64(0) as spend,
    '' as currency
from raw.attribution_results
where
    tenant_id = {tenant:Int64}
    and window_days = {window:UInt16}
    and goal_id = {goal:Int64}
    and as_of = {newest:Date}
union all
select
    '' as model,
    toString(channel) as channel,
    max(date_day) as as_of,
    toFloat64(0) as conversions,
    toFloat64(0) as value,
    null as share,
    null as share_low,
    null as share_high,
    null as value_share,
    null as value_share_low,
    null as value_share_high,
    null as removal_effect,
    toFloat64(sum(spend)) as spend,
    any(toString(currency)) as currency
from marts.channel_daily
where
    tenant_id = {tenant:Int64}
    and date_day > {newest:Date} - {window:UInt16}
    and date_day <= {newest:Date}
group by channel
settings max_execution_time = 10
"""
