"""Staleness: the days whose events still stand under rules older than today's."""

from dataclasses import dataclass
from datetime import date

from marketing_pipelines.events.rules import RULES_VERSION
from store import events

STALE_DAYS = """
select day, toUInt64(shipped.events - recomputed.events) as events
from (
    select toDate(received_at) as day, toInt64(count()) as events
    from raw.events
    where rules_version < {version:UInt16} and toDate(received_at) between {first:Date} and {last:Date}
    group by day
) as shipped
left any join (
    select toDate(received_at) as day, toInt64(count()) as events
    from raw.renormalised_events
    where
        shipped_version < {version:UInt16}
        and rules_version >= {version:UInt16}
        and toDate(received_at) between {first:Date} and {last:Date}
    group by day
) as recomputed using (day)
where shipped.events > recomputed.events
order by day
"""


@dataclass(frozen=True, slots=True)
class StaleDay:
    """A day on which events came in, and how many of them were never read by today's rules."""

    day: date
    events: int


def stale_days(client: events.Client, days: events.Days, *, version: int = RULES_VERSION) -> list[StaleDay]:
    """The stale ones of these days, in order."""
    found = client.query(STALE_DAYS, parameters={"version": version, "first": days.first, "last": days.last})
    return [StaleDay(day, number) for day, number in found.result_rows]
