"""How often links were followed: all clicks, those of people and those of programs, never one without the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from clickhouse_connect.driver.exceptions import DatabaseError

from store import events
from store.records.schema import LinkId, TenantId

UNKNOWN_TABLE = "UNKNOWN_TABLE"
_QUERY = """
select
    link_id,
    sum(clicks) as all_clicks,
    sum(human_clicks) as people,
    sum(bot_clicks) as programs
from marts.link_daily
where tenant_id = {tenant:Int64}
group by link_id
settings max_execution_time = 30
"""


@dataclass(frozen=True, slots=True)
class Clicks:
    """Rates and winners go by the human ones."""

    all: int
    human: int
    bot: int


NO_CLICKS = Clicks(0, 0, 0)


def clicks_of_links(client: events.Client, tenant: TenantId) -> dict[LinkId, Clicks]:
    """Of each link that was ever followed; none before the mart has been built for the first time."""
    try:
        rows = client.query(_QUERY, parameters={"tenant": tenant}).result_rows
    except DatabaseError as error:
        if UNKNOWN_TABLE in str(error):
            return {}
        raise
    return {LinkId(link): Clicks(*map(int, counts)) for link, *counts in rows}


class Trait(StrEnum):
    """What the people who followed a link can be told apart by."""

    COUNTRY = "country"
    DEVICE = "device"
    REFERRER = "referrer"


MOST_VALUES = 20
_BY_DAY = """
select
    date_day,
    toInt64(sum(clicks)) as all_clicks,
    toInt64(sum(human_clicks)) as people,
    toInt64(sum(bot_clicks)) as programs,
    toInt64(sum(human_visitors)) as visitors
from marts.link_daily
where tenant_id = {tenant:Int64} and link_id = {link:Int64} and date_day between {since:Date} and {until:Date}
group by date_day
order by date_day
settings max_execution_time = 10
"""
# The names of `Trait`, each with its column; all at once, since a query of its own for each reads the same clicks again.
_BY_TRAIT = """
select
    of.1 as trait,
    of.2 as value,
    toInt64(count()) as all_clicks,
    toInt64(countIf(not is_bot)) as people,
    toInt64(countIf(is_bot)) as programs
from (
    select
        is_bot,
        arrayJoin([
            ('country', toString(country)), ('device', toString(device)), ('referrer', toString(referrer_host))
        ]) as of
    from staging.stg_events
    where
        tenant_id = {tenant:Int64}
        and event = 'click'
        and link_id = {link:Int64}
        and occurred_on between {since:Date} and {until:Date}
)
group by trait, value
order by people desc, all_clicks desc, value
limit {most:UInt32} by trait
settings max_execution_time = 10
"""
_RECENTLY = """
select
    link_id,
    toInt64(sum(human_clicks)) as month,
    toInt64(sumIf(human_clicks, date_day > {today:Date} - 7)) as week
from marts.link_daily
where
    tenant_id = {tenant:Int64}
    and has({links:Array(Int64)}, link_id)
    and date_day > {today:Date} - 30
group by link_id
settings max_execution_time = 5
"""
_BY_VARIANT = """
select
    variant_id,
    any(variant_name) as name,
    toInt64(sum(clicks)) as all_clicks,
    toInt64(sum(human_clicks)) as people,
    toInt64(sum(bot_clicks)) as programs
from marts.link_daily
where
    tenant_id = {tenant:Int64}
    and link_id = {link:Int64}
    and variant_id != 0
    and date_day between {since:Date} and {until:Date}
group by variant_id
order by variant_id
settings max_execution_time = 10
"""
_PREVIEWS = """
select toInt64(countIf(is_bot and hasAny(bot_reasons, ['preview', 'prefetch']))) as previews
from staging.stg_events
where
    tenant_id = {tenant:Int64}
    and event = 'click'
    and link_id = {link:Int64}
    and occurred_on between {since:Date} and {until:Date}
settings max_execution_time = 10
"""
# Who clicked is known by the visit that the click led to, at the latest the day after.
_VISITORS = """
select toInt64(uniqExact(visitor_id)) as visitors
from staging.stg_events
where
    tenant_id = {tenant:Int64}
    and event = 'page_view'
    and visitor_id != ''
    and not is_bot
    and occurred_on between {since:Date} and {until:Date} + 1
    and click_id in (
        select event_id
        from staging.stg_events
        where
            tenant_id = {tenant:Int64}
            and event = 'click'
            and link_id = {link:Int64}
            and not is_bot
            and occurred_on between {since:Date} and {until:Date}
    )
settings max_execution_time = 10
"""


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    clicks: Clicks
    visitors: int


@dataclass(frozen=True, slots=True)
class OfVariant:
    variant: int
    name: str
    clicks: Clicks


@dataclass(frozen=True, slots=True)
class Course:
    """How a link was followed: day by day, by whom, and how many different people that were in all."""

    days: Sequence[Day]
    visitors: int
    traits: Mapping[Trait, Sequence[tuple[str, Clicks]]]
    variants: Sequence[OfVariant]
    previews: int
    """Of the programs' clicks, those by which a messenger or a browser looked ahead."""

    @property
    def clicks(self) -> Clicks:
        counted = [day.clicks for day in self.days]
        return Clicks(
            sum(it.all for it in counted), sum(it.human for it in counted), sum(it.bot for it in counted)
        )


@dataclass(frozen=True, slots=True)
class Recent:
    """How often people followed a link in the last seven days, and in the last thirty."""

    week: int
    month: int


def recently(
    client: events.Client, tenant: TenantId, links: Sequence[LinkId], today: date
) -> dict[LinkId, Recent]:
    """Of these links, those that anybody followed lately."""
    rows = _read(client, tenant, _RECENTLY, links=list(links), today=today)
    return {LinkId(row["link_id"]): Recent(row["week"], row["month"]) for row in rows}


def course_of_link(client: events.Client, tenant: TenantId, link: LinkId, since: date, until: date) -> Course:
    """One link's clicks in a span of UTC days, both ends included, as of the last build."""

    def read(query: str, **more: Any) -> list[dict[str, Any]]:
        return _read(client, tenant, query, link=link, since=since, until=until, **more)

    visitors, previews, traits = read(_VISITORS), read(_PREVIEWS), read(_BY_TRAIT, most=MOST_VALUES)
    return Course(
        days=[Day(row["date_day"], _clicks(row), row["visitors"]) for row in read(_BY_DAY)],
        visitors=visitors[0]["visitors"] if visitors else 0,
        traits={
            trait: [(row["value"], _clicks(row)) for row in traits if row["trait"] == trait]
            for trait in Trait
        },
        variants=[OfVariant(row["variant_id"], row["name"], _clicks(row)) for row in read(_BY_VARIANT)],
        previews=previews[0]["previews"] if previews else 0,
    )


def _read(client: events.Client, tenant: TenantId, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """Rows by name; none before the models have been built for the first time."""
    try:
        return events.read_for_tenant(client, tenant, query, **parameters).to_dicts()
    except DatabaseError as error:
        if UNKNOWN_TABLE in str(error):
            return []
        raise


def _clicks(row: dict[str, Any]) -> Clicks:
    return Clicks(row["all_clicks"], row["people"], row["programs"])
