"""How often links were followed: all clicks, those of people and those of programs, never one without the others."""

from dataclasses import dataclass

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
