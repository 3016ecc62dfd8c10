"""The latest digest of a tenant's trends, out of the warehouse, and asking for a fresh reading of its feeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from starlette.exceptions import HTTPException

from console.sign_in import Visitor
from marketing_pipelines.trends import on_request
from store import events
from store.records import requested_runs
from store.records.requested_runs import RequestedRun, RunKind

# Older than this it is no news; a bound, so that a long history costs nothing.
_LATEST = """
select
    story_id, title, link, recent, before, velocity, label, is_new, toDateTime64(as_of, 3, 'UTC') as scored_at
from raw.trend_scores
where tenant_id = {tenant:Int64} and as_of = (
    select max(as_of) from raw.trend_scores
    where tenant_id = {tenant:Int64} and as_of > now() - interval 30 day
)
order by velocity desc, recent desc, story_id
limit {limit:UInt32}
settings max_execution_time = 5
"""


@dataclass(frozen=True, slots=True)
class Digest:
    """Stories, fastest first, as of a moment; with none, a word about what to do."""

    as_of: datetime | None
    stories: Sequence[dict[str, Any]]
    told: str


def latest(visitor: Visitor, limit: int) -> Digest:
    try:
        client = events.connect(visitor.settings)
        try:
            rows = events.read_for_tenant(client, visitor.tenant, _LATEST, limit=limit)
        finally:
            client.close()
    except (ClickHouseError, OSError):
        told = "The warehouse cannot be reached right now."
        raise HTTPException(503, told, headers={"Retry-After": "30"}) from None
    if rows.is_empty():
        with visitor.records() as session:
            return Digest(None, [], on_request.why_empty(session, visitor.tenant))
    stories = list(rows.iter_rows(named=True))
    return Digest(stories[0]["scored_at"], stories, "")


def ask_for_reading(visitor: Visitor) -> RequestedRun:
    with visitor.records() as session:
        return requested_runs.ask(session, visitor.tenant, visitor.user, RunKind.FETCH_FEEDS)
