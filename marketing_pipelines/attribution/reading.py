"""Reading paths out of the warehouse: those that converted, and those that have not."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from store import events
from store.records.schema import GoalId, TenantId

# How long a journey may be to be kept whole; who is met more often than that is a program or a shop's own people.
LONGEST = 500

TENANTS = """
select distinct tenant_id
from intermediate.int_paths
where converted_on between {first:Date} and {last:Date}
union distinct
select distinct tenant_id
from {database:Identifier}.{table:Identifier}
where {kept_by:Identifier} between {first:Date} and {last:Date}
"""

CONVERTED = """
select
    converted_on,
    goal_id,
    if(person_id = '', conversion_id, person_id) as user,
    arraySlice(channels, -{longest:UInt16}) as path,
    arrayMap(
        moment -> dateDiff('millisecond', moment, credited_at), arraySlice(touched_at, -{longest:UInt16})
    ) as age,
    toFloat64(conversions) as conversions,
    value,
    toFloat64(0) as nulls
from intermediate.int_paths
where tenant_id = {tenant:Int64} and converted_on between {first:Date} and {last:Date}
order by converted_on, goal_id, conversion_id, converted_at
"""

# Whoever was met on these days and has not converted since: people as they were known on the last of them.
NOT_CONVERTED = """
with met as (
    select
        visitor_id,
        touched_at,
        touchpoint_id,
        toString(channel) as channel
    from intermediate.int_touchpoints
    where
        tenant_id = {tenant:Int64}
        and touched_on between {first:Date} and {last:Date}
        and not is_bot
),

owners as (
    select
        visitor_id,
        arraySort(
            groupArray((known_at, startsWith(person_id, 'user:'), valid_from, valid_to, person_id))
        ) as people
    from intermediate.int_identities
    where
        tenant_id = {tenant:Int64}
        and known_at < toDateTime64({last:Date} + 1, 3, 'UTC')
        and visitor_id in (select visitor_id from met)
    group by visitor_id
),

touches as (
    select
        arrayLast(owner -> owner.3 <= met.touched_at and owner.4 > met.touched_at, owners.people).5 as owner,
        if(owner = '', met.visitor_id, owner) as person_id,
        met.touched_at as touched_at,
        met.touchpoint_id as touchpoint_id,
        met.channel as channel
    from met
    left any join owners on met.visitor_id = owners.visitor_id
),

converted as (
    select
        credited_person_id as person_id,
        max(credited_at) as converted_at
    from intermediate.int_conversions
    where
        tenant_id = {tenant:Int64}
        and goal_id = {goal:Int64}
        and not is_refund
        and converted_on between {first:Date} and {last:Date}
    group by person_id
),

journeys as (
    select
        touches.person_id as user,
        arraySort(groupArray((touches.touched_at, touches.touchpoint_id, touches.channel))) as steps
    from touches
    left any join converted on touches.person_id = converted.person_id
    where touches.touched_at > converted.converted_at
    group by user
)

select
    user,
    arraySlice(steps.3, -{longest:UInt16}) as path
from journeys
order by user
"""


@dataclass(frozen=True, slots=True)
class Window:
    """The days up to one day, that one included."""

    last: date
    days: int

    @property
    def first(self) -> date:
        return self.last - timedelta(days=self.days - 1)


def tenants(client: events.Client, first: date, last: date, kept_in: str, kept_by: str) -> set[TenantId]:
    """Who has paths of these days, or something kept of them that may have to go."""
    database, _, table = kept_in.partition(".")
    sought = {"first": first, "last": last, "database": database, "table": table, "kept_by": kept_by}
    return {TenantId(int(tenant)) for (tenant,) in client.query(TENANTS, parameters=sought).result_rows}


def converted(client: events.Client, tenant: TenantId, first: date, last: date) -> pl.DataFrame:
    """A tenant's converting paths, one a row, with the day and the goal; a refund takes value and is no conversion."""
    paths = events.read_for_tenant(client, tenant, CONVERTED, first=first, last=last, longest=LONGEST)
    return paths.with_columns(
        pl.col("converted_on").cast(pl.Date),
        pl.col("user").cast(pl.String),
        pl.col("path").cast(pl.List(pl.String)),
        pl.col("age").cast(pl.List(pl.Duration("ms"))),
    )


def not_converted(client: events.Client, tenant: TenantId, goal: GoalId, window: Window) -> pl.DataFrame:
    """The paths of a window that have led nowhere, one a person."""
    paths = events.read_for_tenant(
        client, tenant, NOT_CONVERTED, goal=goal, first=window.first, last=window.last, longest=LONGEST
    )
    return paths.select(
        pl.col("user").cast(pl.String),
        pl.col("path").cast(pl.List(pl.String)),
        conversions=pl.lit(0.0),
        value=pl.lit(0, pl.Decimal(38, 4)),
        nulls=pl.lit(1.0),
    )


def together(converted: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    """All paths, those that converted and those that did not, with whose they are."""
    return pl.concat([converted.select(lost.columns).cast(lost.schema), lost])
