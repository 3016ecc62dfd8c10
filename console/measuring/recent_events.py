"""Which events have come in lately, so that nobody waits for a goal that no page sends."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from console.door.sign_in import Visitor
from store import events
from store.clock import now

LOOKED_BACK = timedelta(days=28)
MOST_NAMES = 50
_QUERY = """
select event, toInt64(count()) as seen
from staging.stg_events
where tenant_id = {tenant:Int64} and occurred_on >= {since:Date} and not is_bot
group by event
order by seen desc
limit {most:UInt32}
settings max_execution_time = 2
"""
_log = logging.getLogger("console")


def of_tenant(visitor: Visitor) -> Mapping[str, int] | None:
    """How often each event came, the most frequent first; none where the warehouse is away."""
    asked = {"since": now().date() - LOOKED_BACK, "most": MOST_NAMES}
    try:
        client = events.shared(visitor.settings)
        seen = events.read_for_tenant(client, visitor.tenant, _QUERY, **asked)
    except (ClickHouseError, OSError) as error:
        _log.warning("the warehouse does not say which events came: %s", error)
        return None
    return dict(seen.iter_rows())
