"""Reading feeds because somebody asked for it, and what there is to say about a tenant's feeds."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from marketing_pipelines.requests.working import Turn
from marketing_pipelines.trends import reading
from store.records.database import Session
from store.records.feeds import Feed, FeedStatus
from store.records.schema import TenantId


def read(turn: Turn) -> Mapping[str, Any]:
    """Reads the tenant's feeds now; one that fails says so in its own row and fails no run."""
    feeds = failing = stored = 0
    for each in reading.read_now(turn.settings, turn.taken.tenant, run_id=turn.taken.run_id):
        feeds, failing, stored = feeds + 1, failing + each.failing, stored + each.stored
        turn.go_on()
    return {"feeds": feeds, "failing": failing, "entries": stored}


def why_empty(session: Session, tenant: TenantId) -> str:
    """What to do when there is nothing to show yet."""
    own = select(func.count(), func.max(Feed.last_success_at)).where(
        Feed.tenant_id == tenant, Feed.status != FeedStatus.RETIRED
    )
    feeds, read_at = session.execute(own).one()
    if not feeds:
        return "You read no feeds yet: add some under Trends → Feeds (/feeds), by the address of a site."
    if read_at is None:
        return "Your feeds have not been read yet: “Read the feeds now” under Trends does it, as does POST /api/trends/ingest."
    return "Your feeds have been read; their stories are scored within minutes, if there are recent ones."
