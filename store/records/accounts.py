"""Ad accounts: where insights come from, through which connection, and how the last reading went."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.records.schema import (
    ConnectionId,
    Record,
    TenantOwned,
    belongs_to,
    enumerated,
    key_for_children,
    one_of,
)


class AccountStatus(StrEnum):
    CONNECTED = "connected"
    FAILING = "failing"
    NEEDS_RECONNECT = "needs_reconnect"
    DISABLED = "disabled"


class AdAccount(TenantOwned, Record):
    """One account of a channel, read with the credentials of its connection."""

    __tablename__ = "ad_accounts"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "channel", "account_id"),
        belongs_to("connections", "connection_id"),
        one_of("status", AccountStatus),
    )

    channel: Mapped[str] = mapped_column(String(40))
    connection_id: Mapped[ConnectionId] = mapped_column(index=True)
    account_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[AccountStatus] = mapped_column(enumerated(AccountStatus, 20), server_default="connected")
    last_synced_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(1000))
