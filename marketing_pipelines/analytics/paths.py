"""Paths: the ways by which people most often came to convert, and what a model gives each channel on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from marketing_pipelines.analytics.asking import CampaignNumber, GoalNumber, ModelName, Question
from marketing_pipelines.analytics.reading import chosen_goal, read
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.records.schema import TenantId

if TYPE_CHECKING:
    import polars as pl

    from marketing_pipelines.attribution import Model
    from marketing_pipelines.attribution.terms import Terms

MOST_PATHS = 100
# Where credit hangs on when each touch was, it is read off so many conversions at most, the newest.
MOST_CONVERSIONS = 100_000
# What a fitted model is fitted on: so many different paths at most, the most frequent.
MOST_FITTED = 200_000


class PathsAsked(Question):
    model: Annotated[ModelName, Field(description="The attribution model that shares the credit out.")] = (
        "last_touch"
    )
    campaign_id: CampaignNumber = None
    goal_id: GoalNumber = None
    limit: Annotated[int, Field(ge=1, le=MOST_PATHS, description="So many paths, the most frequent.")] = 20

    @property
    def longest(self) -> int:
        return 400


@dataclass(frozen=True, slots=True)
class Share:
    """What a channel gets of a path: its share, and what that makes of conversions and value."""

    channel: str
    share: float
    conversions: float
    value: float


@dataclass(frozen=True, slots=True)
class Path:
    """A way by which people came, first touch to last; `credit` has each channel that gets any, as it was met."""

    channels: Sequence[str]
    conversions: int
    value: float
    credit: Sequence[Share]


@dataclass(frozen=True, slots=True)
class Paths:
    """The most frequent paths, and what all there are come to."""

    asked: PathsAsked
    currency: str
    conversions: int
    value: float
    different: int
    paths: Sequence[Path]


def paths(client: events.Client, tenant: TenantId, asked: PathsAsked) -> Paths:
    """Shares of a path add up to one, and so its credit to its conversions and their value, refunds taken off."""
    from marketing_pipelines import attribution

    wanted = {
        "first": asked.span.first,
        "last": asked.span.last,
        "campaign": asked.campaign_id or 0,
        "goal": chosen_goal(client, tenant, asked.goal_id),
    }
    found = read(client, tenant, _MOST_FREQUENT, **wanted, most=asked.limit).to_dicts()
    if not found:
        return Paths(asked, "", 0, 0.0, 0, [])
    own = terms(client, tenant)
    model = attribution.model(asked.model).tuned(own.tuning)
    credit = _credit(client, own, model, wanted, found)
    first = found[0]
    return Paths(
        asked=asked,
        currency=first["currency"],
        conversions=first["all_conversions"],
        value=first["all_value"],
        different=first["different"],
        paths=[
            Path(row["path"], row["conversions"], row["value"], credit.get(place, []))
            for place, row in enumerate(found)
        ],
    )


def terms(client: events.Client, tenant: TenantId) -> "Terms":
    """What the tenant wants credited and how, as the warehouse knows it; its goals are left to the question."""
    from marketing_pipelines.attribution import Tuning, Weights
    from marketing_pipelines.attribution.terms import Terms

    try:
        rows = read(client, tenant, _MEASUREMENT).to_dicts()
    except NotBuilt:
        rows = []
    if not rows:
        return Terms(tenant, goals=())
    row = rows[0]
    first, last = row["first_weight"], row["last_weight"]
    tuning = Tuning(
        weights=Weights(first, max(0.0, 1 - first - last), last),
        half_life=timedelta(hours=row["half_life_hours"]),
        order=row["markov_order"],
        collapse=bool(row["collapse_repeats"]),
    )
    return Terms(tenant, goals=(), tuning=tuning, direct_overrides=bool(row["direct_overrides"]))


def _credit(
    client: events.Client,
    terms: "Terms",
    model: "Model",
    wanted: Mapping[str, Any],
    found: Sequence[Mapping[str, Any]],
) -> dict[int, list[Share]]:
    """Of each of the paths, by its place, what its channels get."""
    import polars as pl

    from marketing_pipelines.attribution import Family
    from marketing_pipelines.attribution.credits import read_by

    tenant = terms.tenant
    top = pl.DataFrame(
        {
            "place": range(len(found)),
            "path": [row["path"] for row in found],
            "counted": [float(row["conversions"]) for row in found],
            "earned": [row["value"] for row in found],
        },
        schema_overrides={"place": pl.Int64},
    )
    told, fitted_on = top.select("path", conversions="counted", value="earned", nulls=pl.lit(0.0)), None
    if model.needs:
        rows = read(client, tenant, _ONE_BY_ONE, **wanted, paths=top["path"].to_list(), most=MOST_CONVERSIONS)
        told = rows.with_columns(pl.col("age").cast(pl.List(pl.Duration("ms"))))
    effects = None
    if model.family is not Family.RULES:
        effects = _effects(client, tenant, model, wanted)
        if not effects:
            fitted_on = read_by(model, terms, read(client, tenant, _ALL_PATHS, **wanted, most=MOST_FITTED))
    return _shares(model.share_out(read_by(model, terms, told), fitted_on, effects), told, top)


def _effects(
    client: events.Client, tenant: TenantId, model: "Model", wanted: Mapping[str, Any]
) -> dict[str, float]:
    """What each channel mattered to the model by its last results, which know of paths that led nowhere as well."""
    from marketing_pipelines.attribution.credits import LEARNT_FROM_DAYS

    try:
        rows = read(client, tenant, _EFFECTS, **wanted, model=model.name, window=LEARNT_FROM_DAYS)
    except NotBuilt:
        return {}
    return dict(rows.iter_rows())


def _shares(shared: "pl.DataFrame", told: "pl.DataFrame", top: "pl.DataFrame") -> dict[int, list[Share]]:
    """Adds up what each channel gets on the same path; what was not read is shared out as what was."""
    import polars as pl

    rows = told.select("path").with_row_index("row").join(top, on="path")
    read_of = told.group_by("path").agg(
        pl.len().alias("rows_read"), pl.col("conversions", "value").sum().name.suffix("_read")
    )
    weighed = pl.col("conversions") / pl.col("conversions_read")
    sums = (
        shared.with_columns(pl.col("row").cast(pl.UInt32))
        .join(rows.with_columns(pl.col("row").cast(pl.UInt32)), on="row")
        .group_by("place", "path", "channel", "counted", "earned")
        .agg(pl.col("conversions", "value", "share").sum())
        .join(read_of, on="path")
        # Where all that came of a path was given back, its rows weigh the same.
        .with_columns(
            share=pl.when(pl.col("conversions_read") > 0)
            .then(weighed)
            .otherwise(pl.col("share") / pl.col("rows_read"))
        )
        .with_columns(value=pl.col("value") + pl.col("share") * (pl.col("earned") - pl.col("value_read")))
    )
    found: dict[int, list[Share]] = {}
    for row in sums.sort("place").iter_rows(named=True):
        share = Share(row["channel"], row["share"], row["share"] * row["counted"], row["value"])
        found.setdefault(row["place"], []).append(share)
    met = top["path"].to_list()
    return {
        place: sorted(shares, key=lambda share: met[place].index(share.channel))
        for place, shares in found.items()
    }


_MOST_FREQUENT = """
with converting as (
    select
        arrayMap(channel -> toString(channel), channels) as path,
        any(toString(currency)) as money,
        toInt64(sum(conversions)) as often,
        toFloat64(sum(value)) as earned
    from intermediate.int_paths
    where
        tenant_id = {tenant:Int64}
        and converted_on between {first:Date} and {last:Date}
        and ({campaign:Int64} = 0 or has(campaigns, {campaign:Int64}))
        and goal_id = {goal:Int64}
    group by path
)

select
    path,
    money as currency,
    often as conversions,
    earned as value,
    toInt64(sum(often) over ()) as all_conversions,
    sum(earned) over () as all_value,
    toInt64(count() over ()) as different
from converting
order by conversions desc, value desc, path
limit {most:UInt32}
settings max_execution_time = 20
"""
# A fitted model gives each channel of everything as much as its effect is of all effects.
_EFFECTS = """
with told as (
    select
        channel,
        share,
        as_of
    from raw.attribution_results
    where
        tenant_id = {tenant:Int64}
        and as_of <= {last:Date}
        and window_days = {window:UInt16}
        and model = {model:String}
        and goal_id = {goal:Int64}
)

select
    channel,
    share
from told
where as_of = (select max(as_of) from told)
settings max_execution_time = 5
"""
_ALL_PATHS = """
select
    arrayMap(channel -> toString(channel), channels) as path,
    toFloat64(sum(conversions)) as conversions,
    toFloat64(sum(value)) as value,
    toFloat64(0) as nulls
from intermediate.int_paths
where
    tenant_id = {tenant:Int64}
    and converted_on between {first:Date} and {last:Date}
    and ({campaign:Int64} = 0 or has(campaigns, {campaign:Int64}))
    and goal_id = {goal:Int64}
group by path
order by conversions desc, path
limit {most:UInt32}
settings max_execution_time = 20
"""
_ONE_BY_ONE = """
select
    arrayMap(channel -> toString(channel), channels) as path,
    arrayMap(moment -> greatest(dateDiff('millisecond', moment, credited_at), 0), touched_at) as age,
    toFloat64(conversions) as conversions,
    toFloat64(value) as value,
    toFloat64(0) as nulls
from intermediate.int_paths
where
    tenant_id = {tenant:Int64}
    and converted_on between {first:Date} and {last:Date}
    and ({campaign:Int64} = 0 or has(campaigns, {campaign:Int64}))
    and goal_id = {goal:Int64}
    and has({paths:Array(Array(String))}, path)
order by converted_at desc, conversion_id
limit {most:UInt32}
settings max_execution_time = 20
"""
_MEASUREMENT = """
select
    toFloat64(first_weight) as first_weight,
    toFloat64(last_weight) as last_weight,
    toInt64(half_life_hours) as half_life_hours,
    toInt64(markov_order) as markov_order,
    toBool(collapse_repeats) as collapse_repeats,
    toBool(direct_overrides) as direct_overrides
from staging.stg_measurement
where tenant_id = {tenant:Int64}
settings max_execution_time = 5
"""
