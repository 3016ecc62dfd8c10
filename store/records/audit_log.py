"""Where the audit chain is kept: append and read, never change."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import GENESIS, Actor, BrokenLink, Entry, first_broken, link
from store.clock import now
from store.records.schema import Record, TenantId

# What concerns every tenant (the global kill switch) is chained under a number that no tenant has.
HOUSE = TenantId(0)
_LOCK_CLASS = 0x6D70
_BATCH = 10_000


class AuditEntry(Record):
    __tablename__ = "audit_entries"

    tenant_id: Mapped[TenantId] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(60))
    entity: Mapped[str] = mapped_column(String(60))
    entity_id: Mapped[str] = mapped_column(String(100), index=True)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))

    def as_entry(self) -> Entry:
        return Entry(
            self.tenant_id,
            self.seq,
            self.at.astimezone(UTC),
            self.actor,
            self.action,
            self.entity,
            self.entity_id,
            self.before,
            self.after,
        )


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
    session.execute(
        text("select pg_advisory_xact_lock(:class, :tenant)"),
        {"class": _LOCK_CLASS, "tenant": tenant % 2**31},
    )
    last = session.execute(
        select(AuditEntry.seq, AuditEntry.hash)
        .where(AuditEntry.tenant_id == tenant)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
    ).one_or_none()
    seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
    entry = Entry(tenant, seq, now(), str(actor), action, entity, str(entity_id), before, after)
    session.add(
        AuditEntry(
            tenant_id=tenant,
            seq=seq,
            at=entry.at,
            actor=entry.actor,
            action=action,
            entity=entity,
            entity_id=entry.entity_id,
            before=before,
            after=after,
            hash=link(previous, entry),
        )
    )
    session.flush()
    return seq


def chain(session: Session, tenant: TenantId) -> Iterator[tuple[Entry, bytes]]:
    """One tenant's entries from the first to the last."""
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.tenant_id == tenant)
        .order_by(AuditEntry.seq)
        .execution_options(yield_per=_BATCH)
    )
    return ((row.as_entry(), row.hash) for row in rows)


def verify(session: Session, tenant: TenantId) -> BrokenLink | None:
    """The first broken link of a tenant's chain, a cut-off tail included."""
    return first_broken(chain(session, tenant)) or _cut_tail(session, tenant)


def _cut_tail(session: Session, tenant: TenantId) -> BrokenLink | None:
    """Actions keep the number of their last entry, so entries missing at the end show."""
    remembered = session.execute(
        text("select coalesce(max(last_audit_seq), 0) from actions where tenant_id = :tenant"),
        {"tenant": tenant},
    ).scalar_one()
    last = session.execute(
        text("select coalesce(max(seq), 0) from audit_entries where tenant_id = :tenant"), {"tenant": tenant}
    ).scalar_one()
    if remembered > last:
        return BrokenLink(tenant, last + 1, f"cut off; an action remembers entry {remembered}")
    return None


def head(session: Session, tenant: TenantId) -> str:
    """Number and hash of a chain's last entry; what is kept outside the database."""
    last = session.execute(
        select(AuditEntry.seq, AuditEntry.hash)
        .where(AuditEntry.tenant_id == tenant)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
    ).one_or_none()
    return f"{last.seq}:{last.hash.hex()}" if last else "0:"


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
