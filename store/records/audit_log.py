"""Where the audit chain is kept: append and read, never change."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
from sqlalchemy import BigInteger, ColumnElement, Index, LargeBinary, String, and_, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import GENESIS, Actor, BrokenLink, Entry, Head, first_broken, link
from store.clock import now
from store.records import turns
from store.records.schema import Record, TenantId

# What concerns every tenant (the global kill switch) is chained under a number that no tenant has.
HOUSE = TenantId(0)
_BATCH = 10_000


class AuditEntry(Record):
    """One link of a chain; what people look for in it (`Search`) has an index each, which ends with the number."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_entity", "tenant_id", "entity", "seq"),
        Index("ix_audit_entries_entity_id", "tenant_id", "entity_id", "seq"),
        Index("ix_audit_entries_actor", "tenant_id", "actor", "seq"),
        Index("ix_audit_entries_action", "tenant_id", "action", "seq"),
        Index("ix_audit_entries_at", "tenant_id", "at", "seq"),
    )

    tenant_id: Mapped[TenantId] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(60))
    entity: Mapped[str] = mapped_column(String(60))
    entity_id: Mapped[str] = mapped_column(String(100))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditedEntity(Record):
    """Which entry was written of a thing last, so that entries missing at the end of a chain show."""

    __tablename__ = "audited_entities"
    __table_args__ = (Index("ix_audited_entities_seq", "tenant_id", "seq"),)

    tenant_id: Mapped[TenantId] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entity: Mapped[str] = mapped_column(String(60), primary_key=True)
    entity_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    seq: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


def append(
    session: Session,
    tenant: TenantId,
    actor: Actor,
    action: str,
    entity: str,
    entity_id: str | int,
    before: dict[str, Any],
    after: dict[str, Any],
) -> int:
    """Adds one entry in the caller's transaction and gives its number; writers of one tenant take turns."""
    turns.take(session, turns.Turn.WRITING_THE_AUDIT, tenant)
    last = session.execute(_LAST, {"tenant": tenant}).one_or_none()
    seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
    entry = Entry(tenant, seq, now(), str(actor), action, entity, str(entity_id), before, after)
    session.execute(
        _ADD,
        {
            "tenant": tenant,
            "seq": seq,
            "at": entry.at,
            "actor": entry.actor,
            "action": action,
            "entity": entity,
            "entity_id": entry.entity_id,
            "before": before,
            "after": after,
            "hash": link(previous, entry),
        },
    )
    return seq


# Written out, since every change of any record comes by here and composing them anew took longer than running them.
# The turn is taken in a statement of its own: what comes after it sees what the one before us has committed.
_LAST = text("select seq, hash from audit_entries where tenant_id = :tenant order by seq desc limit 1")
_ADD = text(
    """
    with added as (
        insert into audit_entries
            (tenant_id, seq, at, actor, action, entity, entity_id, before, after, hash)
        values (:tenant, :seq, :at, :actor, :action, :entity, :entity_id, :before, :after, :hash)
        returning tenant_id, entity, entity_id, seq, hash
    )
    insert into audited_entities (tenant_id, entity, entity_id, seq, hash)
    select tenant_id, entity, entity_id, seq, hash from added
    on conflict (tenant_id, entity, entity_id) do update set seq = excluded.seq, hash = excluded.hash
    """
).bindparams(bindparam("before", type_=JSONB), bindparam("after", type_=JSONB))


def chain(
    session: Session, tenant: TenantId, go_on: Callable[[], object] | None = None
) -> Iterator[tuple[Entry, bytes]]:
    """One tenant's entries from the first to the last; `go_on` is called every few thousand of them.

    Read by the driver itself, in its binary form: of a million entries the layers above would take three times as long.
    """
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection), "the records are in Postgres, by way of psycopg"
    with connection.cursor(name="audit_chain") as rows:
        rows.execute(_CHAIN, {"tenant": tenant}, binary=True)
        while batch := rows.fetchmany(_BATCH):
            yield from map(_entry_of, batch)
            if go_on is not None:
                go_on()


# The documents as text: the driver's own way of reading them is slower.
_CHAIN = """
select tenant_id, seq, at, actor, action, entity, entity_id, before::text, after::text, hash
from audit_entries
where tenant_id = %(tenant)s
order by seq
"""


def verify(
    session: Session,
    tenant: TenantId,
    known: Mapping[int, bytes] | None = None,
    go_on: Callable[[], object] | None = None,
) -> BrokenLink | None:
    """The first broken link of a tenant's chain, from its content, from signed heads, and from what things remember."""
    walk = chain(session, tenant, go_on)
    return first_broken(tenant, walk, known or {}) or _not_as_remembered(session, tenant)


def _not_as_remembered(session: Session, tenant: TenantId) -> BrokenLink | None:
    """The first thing whose last entry is not the one it remembers: entries were cut off, or exchanged."""
    same = and_(AuditEntry.tenant_id == AuditedEntity.tenant_id, AuditEntry.seq == AuditedEntity.seq)
    gone = session.execute(
        select(AuditedEntity.seq, AuditedEntity.entity, AuditedEntity.entity_id)
        .outerjoin(AuditEntry, same)
        .where(AuditedEntity.tenant_id == tenant, AuditEntry.hash.is_distinct_from(AuditedEntity.hash))
        .order_by(AuditedEntity.seq)
        .limit(1)
    ).one_or_none()
    if gone is not None:
        reason = f"cut off or exchanged; {gone.entity} {gone.entity_id} remembers another one"
        return BrokenLink(tenant, gone.seq, reason)
    forgotten = session.scalar(text(_FORGOTTEN), {"tenant": tenant})
    if forgotten is not None:
        return BrokenLink(tenant, forgotten, "what it is about remembers an earlier entry as its last")
    return None


_FORGOTTEN = """
with latest as (
    select tenant_id, entity, entity_id, max(seq) as seq
    from audit_entries
    where tenant_id = :tenant
    group by tenant_id, entity, entity_id
)
select min(latest.seq)
from latest
left join audited_entities using (tenant_id, entity, entity_id)
where audited_entities.seq is distinct from latest.seq
"""


def head(session: Session, tenant: TenantId) -> Head | None:
    """A chain's last entry; what is signed and kept outside the database."""
    last = session.execute(
        select(AuditEntry.seq, AuditEntry.hash)
        .where(AuditEntry.tenant_id == tenant)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
    ).one_or_none()
    return Head(tenant, last.seq, last.hash) if last else None


def of_entity(session: Session, tenant: TenantId, entity: str, entity_id: str | int) -> list[AuditEntry]:
    """The history of one thing, oldest first."""
    return list(
        session.scalars(
            select(AuditEntry)
            .where(
                AuditEntry.tenant_id == tenant,
                AuditEntry.entity == entity,
                AuditEntry.entity_id == str(entity_id),
            )
            .order_by(AuditEntry.seq)
        )
    )


def actors(
    session: Session, tenant: TenantId, entity: str, entity_ids: Iterable[int], did: Iterable[str]
) -> dict[str, set[str]]:
    """Who has ever done one of these to each of several things, by the number of the thing."""
    found: dict[str, set[str]] = {}
    wanted = [str(number) for number in entity_ids]
    if not wanted:
        return found
    rows = session.execute(
        select(AuditEntry.entity_id, AuditEntry.actor)
        .where(
            AuditEntry.tenant_id == tenant,
            AuditEntry.entity == entity,
            AuditEntry.entity_id.in_(wanted),
            AuditEntry.action.in_(list(did)),
        )
        .distinct()
    )
    for number, actor in rows:
        found.setdefault(number, set()).add(actor)
    return found


@dataclass(frozen=True, slots=True)
class Search:
    """Which entries are looked for: what is empty is anything, and `until` is the first moment that is not meant."""

    entity: str = ""
    entity_id: str = ""
    actor: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries(
    session: Session,
    tenant: TenantId,
    search: Search,
    *,
    cursor: int | None,
    limit: int,
    newest_first: bool = False,
) -> tuple[list[AuditEntry], int | None]:
    """A page of a tenant's chain in the order of its numbers or against it, and where the next one begins."""
    query = select(AuditEntry).where(AuditEntry.tenant_id == tenant, *_meant(tenant, search))
    if cursor is not None:
        query = query.where(AuditEntry.seq < cursor if newest_first else AuditEntry.seq > cursor)
    order = AuditEntry.seq.desc() if newest_first else AuditEntry.seq
    rows = list(session.scalars(query.order_by(order).limit(limit + 1)))
    shown = rows[:limit]
    return shown, (shown[-1].seq if len(rows) > limit else None)


def _meant(tenant: TenantId, search: Search) -> Iterator[ColumnElement[bool]]:
    for column, wanted in (
        (AuditEntry.entity, search.entity),
        (AuditEntry.entity_id, search.entity_id),
        (AuditEntry.actor, search.actor),
        (AuditEntry.action, search.action),
    ):
        if wanted:
            yield column == wanted
    # Moments grow with the numbers: a span of time is looked up once and is a span of numbers from there on.
    of_the_tenant = select(AuditEntry.seq).where(AuditEntry.tenant_id == tenant).limit(1)
    if search.since is not None:
        first = of_the_tenant.where(AuditEntry.at >= search.since).order_by(AuditEntry.at, AuditEntry.seq)
        yield AuditEntry.seq >= first.scalar_subquery()
    if search.until is not None:
        last = of_the_tenant.where(AuditEntry.at < search.until)
        yield (AuditEntry.seq <= last.order_by(AuditEntry.at.desc(), AuditEntry.seq.desc()).scalar_subquery())


def exported(session: Session, tenant: TenantId, *, after: int, limit: int) -> list[tuple[Entry, bytes]]:
    """A span of the chain in its order."""
    rows = session.execute(text(_SPAN), {"tenant": tenant, "after": after, "limit": limit})
    return [_entry_of(tuple(row)) for row in rows]


# The documents as text, as above.
_SPAN = """
select tenant_id, seq, at, actor, action, entity, entity_id, cast(before as text), cast(after as text), hash
from audit_entries
where tenant_id = :tenant and seq > :after
order by seq
limit :limit
"""


def _entry_of(row: tuple[Any, ...]) -> tuple[Entry, bytes]:
    tenant, seq, at, actor, action, entity, entity_id, before, after, stored = row
    document = msgspec.json.decode
    said = (actor, action, entity, entity_id, document(before), document(after))
    return Entry(tenant, seq, at.astimezone(UTC), *said), stored
