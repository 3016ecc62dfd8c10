"""What programs asked for under a key of their own, so that a request that is repeated is done once."""

from datetime import timedelta

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records.schema import Record, TenantId, TenantOwned

LONGEST_KEY = 255
# Each claim takes away more than it adds, so that nobody has to come and clean up.
_TAKEN_AWAY_AT_ONCE = 20


class KeptRequest(TenantOwned, Record):
    """A key that was used; `asked` is the hash of what for, and the answer is kept encrypted once there is one."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        UniqueConstraint("tenant_id", "owner", "key"),
        Index("ix_idempotency_keys_tenant_id_created_at", "tenant_id", "created_at"),
    )

    owner: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    asked: Mapped[bytes] = mapped_column(LargeBinary(32))
    answer_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


def claim(
    session: Session, tenant: TenantId, owner: Actor, key: str, asked: bytes, keep: timedelta
) -> int | None:
    """Takes the key in the transaction that does the work; None when it was used before.

    Whoever comes with the same key meanwhile waits here until that transaction has ended.
    """
    _take_away_old(session, tenant, owner, key, keep)
    return session.scalar(
        insert(KeptRequest)
        .values(tenant_id=tenant, owner=str(owner), key=key, asked=asked)
        .on_conflict_do_nothing()
        .returning(KeptRequest.id)
    )


def used(session: Session, tenant: TenantId, owner: Actor, key: str) -> KeptRequest | None:
    """What the key was used for."""
    return session.scalars(
        select(KeptRequest)
        .where(
            KeptRequest.tenant_id == tenant,
            KeptRequest.owner == str(owner),
            KeptRequest.key == key,
        )
        .execution_options(populate_existing=True)
    ).one_or_none()


def keep_answer(session: Session, number: int, answer_sealed: bytes) -> None:
    session.execute(update(KeptRequest).where(KeptRequest.id == number).values(answer_sealed=answer_sealed))


def forget_answers(session: Session, tenant: TenantId) -> None:
    """Who is erased may stand in any of them; a request that is repeated is told that it was done."""
    session.execute(
        update(KeptRequest)
        .where(KeptRequest.tenant_id == tenant, KeptRequest.answer_sealed.is_not(None))
        .values(answer_sealed=None)
    )


def _take_away_old(session: Session, tenant: TenantId, owner: Actor, key: str, keep: timedelta) -> None:
    old = (KeptRequest.tenant_id == tenant, KeptRequest.created_at < now() - keep)
    some = (
        select(KeptRequest.id)
        .where(*old)
        .order_by(KeptRequest.created_at)
        .limit(_TAKEN_AWAY_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    session.execute(delete(KeptRequest).where(KeptRequest.id.in_(some)))
    session.execute(delete(KeptRequest).where(*old, KeptRequest.owner == str(owner), KeptRequest.key == key))
