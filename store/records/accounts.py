"""Ad accounts: where insights come from, and how the last reading went."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.records.schema import Record, TenantOwned, enumerated, key_for_children, one_of


class AccountStatus(StrEnum):
    CONNECTED = "connected"
    FAILING = "failing"
    NEEDS_RECONNECT = "needs_reconnect"
    DISABLED = "disabled"


class AdAccount(TenantOwned, Record):
    """`credentials_sealed` is encrypted JSON; `options` (base URL, version, log-in customer) is not secret."""

    __tablename__ = "ad_accounts"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "channel", "account_id"),
        one_of("status", AccountStatus),
    )

    channel: Mapped[str] = mapped_column(String(40))
    account_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    credentials_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    options: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    status: Mapped[AccountStatus] = mapped_column(enumerated(AccountStatus, 20), server_default="connected")
    last_synced_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(1000))
