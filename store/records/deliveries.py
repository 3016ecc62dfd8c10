"""Deliveries: one row per action, step, recipient and occurrence, claimed with SKIP LOCKED, never sent twice."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.records.schema import ActionId, Record, TenantOwned, belongs_to, one_of


class DeliveryState(StrEnum):
    """`sending` is committed before the wire is touched; found after a crash it becomes `unknown`.

    `simulated` is a dry run or a sender without a mail server: everything but the wire.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    SIMULATED = "simulated"


class Delivery(TenantOwned, Record):
    """`recipient_key` and `version` name the frozen leaf; the address itself is not repeated here."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("tenant_id", "action_id", "step", "recipient_key", "occurrence"),
        belongs_to("actions", "action_id", ondelete="RESTRICT"),
        one_of("state", DeliveryState),
        Index(
            "ix_deliveries_not_loaded",
            "chunk",
            postgresql_where=text("chunk is not null and loaded_at is null"),
        ),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    step: Mapped[int] = mapped_column(Integer, server_default="0")
    recipient_key: Mapped[str] = mapped_column(String(64))
    occurrence: Mapped[int] = mapped_column(Integer, server_default="0")
    state: Mapped[DeliveryState] = mapped_column(String(20), server_default="queued", index=True)
    message_id: Mapped[str] = mapped_column(String(255))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(100))
    leased_until: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(1000), server_default="")
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    chunk: Mapped[str | None] = mapped_column(String(64))
    loaded_at: Mapped[datetime | None]
