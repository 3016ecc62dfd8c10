"""The audit chain, to be read and checked elsewhere."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select

from console.admission import SignedIn
from console.api.answers import REFUSALS
from console.cursors import Cursor, Limit
from console.texts import Text
from store.records.audit_log import AuditEntry

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
    query = select(AuditEntry).where(AuditEntry.tenant_id == visitor.tenant).order_by(AuditEntry.seq)
    if entity:
        query = query.where(AuditEntry.entity == entity)
    if entity_id:
        query = query.where(AuditEntry.entity_id == entity_id)
    if cursor:
        query = query.where(AuditEntry.seq > cursor)
    with visitor.records() as session:
        rows = list(session.scalars(query.limit(limit + 1)))
    shown = rows[:limit]
    return AuditPage(
        items=[_entry(row) for row in shown], next_cursor=shown[-1].seq if len(rows) > limit else None
    )


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
