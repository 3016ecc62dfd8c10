"""Ad accounts: where insights come from, through which connection, and how the last reading went."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.records import audit_log
from store.records.connections import Connection
from store.records.schema import (
    ConnectionId,
    Record,
    TenantId,
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
    """One account of a channel, read with the credentials of its connection; what it reckons in is empty until it is known."""

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
    currency: Mapped[str] = mapped_column(String(3), server_default="")
    time_zone: Mapped[str] = mapped_column(String(64), server_default="")
    status: Mapped[AccountStatus] = mapped_column(enumerated(AccountStatus, 20), server_default="connected")
    last_synced_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(1000))
    # What stands in it, as of then.
    listed_at: Mapped[datetime | None]


def bare(account_id: str) -> str:
    """The number as providers give it: people write Google's with dashes and Meta's with a prefix."""
    return account_id.removeprefix("act_").replace("-", "")


def of_tenant(session: Session, tenant: TenantId) -> list[AdAccount]:
    query = select(AdAccount).where(AdAccount.tenant_id == tenant)
    return list(session.scalars(query.order_by(AdAccount.channel, AdAccount.id)))


def read_from_now_on(
    session: Session,
    actor: Actor,
    connection: Connection,
    account_id: str,
    name: str,
    *,
    currency: str = "",
    time_zone: str = "",
) -> AdAccount:
    """The account is read through this connection, be it new, read through another one so far, or read no more."""
    known = {
        "tenant_id": connection.tenant_id,
        "channel": connection.channel,
        "account_id": account_id,
    }
    row = session.scalar(select(AdAccount).filter_by(**known).with_for_update())
    if row is None:
        row = AdAccount(**known)
        session.add(row)
    row.connection_id, row.name = ConnectionId(connection.id), name
    row.currency, row.time_zone = currency or row.currency or "", time_zone or row.time_zone or ""
    row.status, row.last_error = AccountStatus.CONNECTED, None
    session.flush()
    told = {"connection": connection.id, "account": account_id}
    audit_log.append(session, connection.tenant_id, actor, "read", "ad_account", row.id, {}, told)
    return row


def read_no_more(session: Session, actor: Actor, row: AdAccount) -> None:
    """What was read stays."""
    row.status, row.last_error = AccountStatus.DISABLED, None
    audit_log.append(session, row.tenant_id, actor, "leave", "ad_account", row.id, {}, {})
