"""Text opt-outs: phones that have said STOP, known by what tells their numbers again and does not say what they are."""

import hmac
from collections.abc import Collection, Iterable

from sqlalchemy import ARRAY, LargeBinary, String, UniqueConstraint, cast, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.records import audit_log
from store.records.schema import Record, TenantId, TenantOwned
from store.records.tenants import Tenant

LONGEST_REASON = 200


class TextOptOut(TenantOwned, Record):
    """A phone that gets no texts of this tenant's, whatever they are for."""

    __tablename__ = "text_opt_outs"
    __table_args__ = (UniqueConstraint("tenant_id", "number_hash"),)

    number_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON))


def hashes(session: Session, tenant: TenantId, numbers: Iterable[str]) -> dict[str, bytes]:
    """By the tenant's own key, so that the same phone is another one elsewhere."""
    key = session.scalars(select(Tenant.suppression_salt).where(Tenant.id == tenant)).one()
    return {number: hmac.digest(key, number.encode(), "sha256") for number in numbers}


def among(session: Session, tenant: TenantId, numbers: Collection[str]) -> set[str]:
    """Which of these want no texts."""
    known = hashes(session, tenant, numbers)
    gone = set(
        session.scalars(
            select(TextOptOut.number_hash).where(
                TextOptOut.tenant_id == tenant,
                TextOptOut.number_hash == func.any(cast(list(known.values()), ARRAY(LargeBinary))),
            )
        )
    )
    return {number for number, hashed in known.items() if hashed in gone}


def opt_out(session: Session, tenant: TenantId, actor: Actor, number: str, reason: str) -> bool:
    """No texts from now on, also none of what is being sent; whether that is new."""
    hashed = hashes(session, tenant, [number])[number]
    kept = session.scalar(
        insert(TextOptOut)
        .values(tenant_id=tenant, number_hash=hashed, reason=reason[:LONGEST_REASON])
        .on_conflict_do_nothing(index_elements=["tenant_id", "number_hash"])
        .returning(TextOptOut.id)
    )
    if kept is None:
        return False
    audit_log.append(session, tenant, actor, "opt_out", "text_opt_out", kept, {}, {})
    return True


def opt_in(session: Session, tenant: TenantId, actor: Actor, number: str) -> bool:
    """They have asked for texts again by themselves; whether that is new."""
    hashed = hashes(session, tenant, [number])[number]
    gone = session.scalar(
        delete(TextOptOut)
        .where(TextOptOut.tenant_id == tenant, TextOptOut.number_hash == hashed)
        .returning(TextOptOut.id)
    )
    if gone is None:
        return False
    audit_log.append(session, tenant, actor, "opt_in", "text_opt_out", gone, {}, {})
    return True
