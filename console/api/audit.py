"""The audit chain, to be read and checked elsewhere."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from console.api.answers import REFUSALS
from console.door.admission import SignedIn
from console.frame.cursors import Cursor, Limit
from console.frame.texts import Text
from store.records import audit_log
from store.records.audit_log import AuditEntry, Search

router = APIRouter(tags=["audit"], responses=REFUSALS)


class Entry(BaseModel):
    """`hash` covers the entry and the hash before it."""

    seq: int
    at: datetime
    actor: str
    action: str
    entity: str
    entity_id: str
    before: dict[str, Any]
    after: dict[str, Any]
    hash: str


class AuditPage(BaseModel):
    items: list[Entry]
    next_cursor: int | None


@router.get("/api/audit")
def read(
    visitor: SignedIn,
    limit: Limit,
    entity: Annotated[Text, Query(max_length=60)] = "",
    entity_id: Annotated[Text, Query(max_length=100)] = "",
    cursor: Cursor = None,
) -> AuditPage:
    """In the order of the chain, which is that of its numbers."""
    search = Search(entity=entity, entity_id=entity_id)
    with visitor.records() as session:
        page, following = audit_log.entries(session, visitor.tenant, search, cursor=cursor, limit=limit)
    return AuditPage(items=[_entry(row) for row in page], next_cursor=following)


def _entry(row: AuditEntry) -> Entry:
    return Entry(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=row.action,
        entity=row.entity,
        entity_id=row.entity_id,
        before=row.before,
        after=row.after,
        hash=row.hash.hex(),
    )
