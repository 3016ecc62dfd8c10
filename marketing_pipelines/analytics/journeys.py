"""Journeys: how many touches and how many days people needed before they converted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from marketing_pipelines.analytics.asking import GoalNumber, Question
from marketing_pipelines.analytics.reading import chosen_goal, read
from store import events
from store.records.schema import TenantId

if TYPE_CHECKING:
    import polars as pl

# Where one line of a table ends and the next begins; the last has no end.
_TOUCHES = (1, 2, 3, 4, 5, 10)
_DAYS = (0, 1, 3, 7, 14, 28)


class JourneysAsked(Question):
    goal_id: GoalNumber = None

    @property
    def longest(self) -> int:
        return 400


@dataclass(frozen=True, slots=True)
class Band:
    """From least to most of something, how many conversions, and what share came with no more than this."""

    least: int
    most: int | None
    conversions: float
    value: float
    share: float
    so_far: float


@dataclass(frozen=True, slots=True)
class Journeys:
    """By touches and by whole days since the first one; half of all conversions took no more than the middle."""

    asked: JourneysAsked
    conversions: float
    touches: Sequence[Band]
    days: Sequence[Band]
    middle_touches: int | None
    middle_days: int | None


def journeys(client: events.Client, tenant: TenantId, asked: JourneysAsked) -> Journeys:
    span = asked.span
    rows = read(
        client,
        tenant,
        _JOURNEYS,
        first=span.first,
        last=span.last,
        goal=chosen_goal(client, tenant, asked.goal_id),
    )
    return Journeys(
        asked=asked,
        conversions=float(rows["conversions"].sum()),
        touches=_bands(rows, "touches", 1, _TOUCHES),
        days=_bands(rows, "days", 0, _DAYS),
        middle_touches=_middle(rows, "touches"),
        middle_days=_middle(rows, "days"),
    )


def _bands(rows: "pl.DataFrame", of: str, least: int, ends: Sequence[int]) -> list[Band]:
    import polars as pl

    bands, whole, so_far = list[Band](), float(rows["conversions"].sum()), 0.0
    if not whole:
        return bands
    for most in (*ends, None):
        own = rows.filter(pl.col(of) >= least, pl.lit(True) if most is None else pl.col(of) <= most)
        conversions = float(own["conversions"].sum())
        so_far += conversions
        bands.append(
            Band(least, most, conversions, float(own["value"].sum()), conversions / whole, so_far / whole)
        )
        least = least if most is None else most + 1
    return bands


def _middle(rows: "pl.DataFrame", of: str) -> int | None:
    import polars as pl

    so_far = rows.group_by(of).agg(pl.col("conversions").sum()).sort(of)
    whole = so_far["conversions"].sum()
    if not whole:
        return None
    return int(so_far.filter(pl.col("conversions").cum_sum() >= whole / 2)[of][0])


_JOURNEYS = """
select
    toInt64(length(channels)) as touches,
    toInt64(intDiv(greatest(dateDiff('second', touched_at[1], credited_at), 0), 86400)) as days,
    toFloat64(sum(conversions)) as conversions,
    toFloat64(sum(value)) as value
from intermediate.int_paths
where
    tenant_id = {tenant:Int64}
    and converted_on between {first:Date} and {last:Date}
    and goal_id = {goal:Int64}
group by touches, days
settings max_execution_time = 10
"""
