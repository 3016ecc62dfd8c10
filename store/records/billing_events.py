"""Billing events: what a payment provider has told, each event once, and how what it told of stands.

Kept as long as the tenant is: years later somebody asks what was paid. Nothing here names a person or shows a card; a
customer is the provider's number.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index, LargeBinary, Numeric, SmallInteger, String, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.records.connections import Connection
from store.records.schema import ConnectionId, Record, TenantOwned, belongs_to

# Whole coins and their thousandths, as far as any currency goes.
_MONEY = Numeric(20, 3)


class KeptEvent(TenantOwned, Record):
    """`stage` says which of two events of one second is the later; `raw_hash` is the whole call's, of which no more is kept."""

    __tablename__ = "billing_events"
    __table_args__ = (
        UniqueConstraint("tenant_id", "connection_id", "event_id"),
        belongs_to("connections", "connection_id"),
        Index(
            "ix_billing_events_object_id", "tenant_id", "connection_id", "is_live", "object_id", "occurred_at"
        ),
        Index("ix_billing_events_latest", "tenant_id", "connection_id", "is_live", "received_at"),
    )

    connection_id: Mapped[ConnectionId]
    event_id: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(200))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    is_live: Mapped[bool]
    is_thin: Mapped[bool]
    api_version: Mapped[str] = mapped_column(String(100), server_default="")
    account: Mapped[str] = mapped_column(String(255), server_default="")
    object_kind: Mapped[str] = mapped_column(String(255), server_default="")
    object_id: Mapped[str] = mapped_column(String(255), server_default="")
    stage: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(String(60), server_default="")
    customer_id: Mapped[str] = mapped_column(String(255), server_default="")
    subscription_id: Mapped[str] = mapped_column(String(255), server_default="")
    coins: Mapped[int | None]
    amount: Mapped[Decimal | None] = mapped_column(_MONEY)
    currency: Mapped[str] = mapped_column(String(8), server_default="")
    period_ends_at: Mapped[datetime | None]
    changed: Mapped[list[str]] = mapped_column(server_default="[]")
    raw_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event as it was told; what was not told is empty."""

    event_id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    is_live: bool
    raw_hash: bytes
    is_thin: bool = False
    api_version: str = ""
    account: str = ""
    object_kind: str = ""
    object_id: str = ""
    stage: int = 1
    status: str = ""
    customer_id: str = ""
    subscription_id: str = ""
    coins: int | None = None
    amount: Decimal | None = None
    currency: str = ""
    period_ends_at: datetime | None = None
    changed: tuple[str, ...] = ()


def keep(session: Session, connection: Connection, told: NewEvent) -> bool:
    """Whether it was not told before; what is kept stays as it was told first."""
    row = {**asdict(told), "changed": list(told.changed)}
    kept = session.scalar(
        insert(KeptEvent)
        .values(tenant_id=connection.tenant_id, connection_id=connection.id, **row)
        .on_conflict_do_nothing(index_elements=["tenant_id", "connection_id", "event_id"])
        .returning(KeptEvent.id)
    )
    return kept is not None


def standing_of(
    session: Session, connection: Connection, object_id: str, *, is_live: bool
) -> KeptEvent | None:
    """The event that tells how an object stands: the newest by the provider's clock, in whatever order they came.

    Of two in one second the later stage counts; where that is the same too, always the same one of them.
    """
    return session.scalars(
        select(KeptEvent)
        .where(
            KeptEvent.tenant_id == connection.tenant_id,
            KeptEvent.connection_id == connection.id,
            KeptEvent.is_live == is_live,
            KeptEvent.object_id == object_id,
            KeptEvent.is_thin.is_(False),
        )
        .order_by(KeptEvent.occurred_at.desc(), KeptEvent.stage.desc(), KeptEvent.event_id.desc())
        .limit(1)
    ).one_or_none()


def latest(session: Session, connection: Connection, *, is_live: bool) -> KeptEvent | None:
    """What came last, whenever it happened."""
    return session.scalars(
        select(KeptEvent)
        .where(
            KeptEvent.tenant_id == connection.tenant_id,
            KeptEvent.connection_id == connection.id,
            KeptEvent.is_live == is_live,
        )
        .order_by(KeptEvent.received_at.desc(), KeptEvent.id.desc())
        .limit(1)
    ).one_or_none()
