"""Connections: what somebody granted us at a provider, sealed, and how it stands; one may open many ad accounts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, ForeignKey, LargeBinary, String, func, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import secrets
from store.audit import Actor
from store.clock import now
from store.master_keys import MasterKeyTrouble
from store.records import audit_log, sealing_keys
from store.records.schema import (
    ConnectionId,
    Record,
    SealingKeyId,
    TenantId,
    TenantOwned,
    enumerated,
    key_for_children,
    one_of,
)
from store.settings import Settings

LONGEST_ERROR = 1000
# Whoever has to grant anew is told so long before.
WARNS_AHEAD = timedelta(days=7)


class ConnectionStatus(StrEnum):
    CONNECTED = "connected"
    NEEDS_RECONNECT = "needs_reconnect"
    DISCONNECTED = "disconnected"


class Connection(TenantOwned, Record):
    """`options` (base URL, version) is not secret; `switched_off` names capabilities that the tenant does not want used."""

    __tablename__ = "connections"
    __table_args__ = (key_for_children(), one_of("status", ConnectionStatus))

    channel: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    credentials_sealed: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''::bytea"))
    sealed_with: Mapped[SealingKeyId | None] = mapped_column(
        ForeignKey("sealing_keys.id", ondelete="RESTRICT"), index=True
    )
    options: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    scopes: Mapped[list[str]] = mapped_column(server_default="[]")
    switched_off: Mapped[list[str]] = mapped_column(server_default="[]")
    status: Mapped[ConnectionStatus] = mapped_column(
        enumerated(ConnectionStatus, 20), server_default="connected"
    )
    last_error: Mapped[str | None] = mapped_column(String(LONGEST_ERROR))
    tested_at: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    access_expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]

    @hybrid_property
    def ends_at(self) -> datetime | None:
        """When a person has to grant anew; an access token that can be renewed for ever is noted as one without end."""
        return self.refresh_expires_at or self.access_expires_at

    @ends_at.inplace.expression
    @classmethod
    def _ends_at(cls) -> ColumnElement[datetime | None]:
        return func.coalesce(cls.refresh_expires_at, cls.access_expires_at)


class Unreadable(Exception):
    """The sealed credentials do not open: they were moved, or their key is gone."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """How a rotation went: how many connections of how many tenants, and which ones did not open."""

    resealed: int
    unreadable: Sequence[ConnectionId]
    keys_dropped: int


def connect(
    session: Session,
    settings: Settings,
    actor: Actor,
    tenant: TenantId,
    channel: str,
    name: str,
    credentials: Mapping[str, Any],
    *,
    options: Mapping[str, Any] | None = None,
    scopes: Iterable[str] = (),
) -> Connection:
    """Keeps what somebody granted."""
    row = Connection(
        tenant_id=tenant, channel=channel, name=name, options=dict(options or {}), scopes=sorted(set(scopes))
    )
    session.add(row)
    session.flush()
    keep(session, settings, row, credentials)
    told = {"channel": channel, "scopes": row.scopes}
    audit_log.append(session, tenant, actor, "connect", "connection", row.id, {}, told)
    return row


def reconnect(
    session: Session,
    settings: Settings,
    actor: Actor,
    row: Connection,
    credentials: Mapping[str, Any],
    scopes: Iterable[str],
) -> None:
    """Keeps what somebody granted anew in the place of what they had granted."""
    before = {"status": row.status, "scopes": row.scopes}
    keep(session, settings, row, credentials)
    row.scopes = sorted(set(scopes))
    row.status, row.last_error = ConnectionStatus.CONNECTED, None
    told = {"status": row.status, "scopes": row.scopes}
    audit_log.append(session, row.tenant_id, actor, "reconnect", "connection", row.id, before, told)


def disconnect(session: Session, actor: Actor, row: Connection) -> None:
    """Forgets the credentials for good; what was read stays."""
    before = {"status": row.status}
    row.credentials_sealed, row.sealed_with = b"", None
    row.access_expires_at = row.refresh_expires_at = None
    row.status, row.last_error, row.changed_at = ConnectionStatus.DISCONNECTED, None, now()
    told = {"status": row.status}
    audit_log.append(session, row.tenant_id, actor, "disconnect", "connection", row.id, before, told)


def switch(session: Session, actor: Actor, row: Connection, switched_off: Iterable[str]) -> None:
    """Says which of the channel's capabilities are not to be used."""
    before, after = row.switched_off, sorted(set(switched_off))
    if before == after:
        return
    row.switched_off, row.changed_at = after, now()
    audit_log.append(
        session, row.tenant_id, actor, "switch", "connection", row.id, {"off": before}, {"off": after}
    )


def keep(session: Session, settings: Settings, row: Connection, credentials: Mapping[str, Any]) -> None:
    """Seals the credentials with the newest key, and notes when they end."""
    number, key = sealing_keys.newest(session, settings)
    _seal(row, number, key, credentials)
    row.access_expires_at = _moment(credentials.get("expires_at"))
    row.refresh_expires_at = _moment(credentials.get("refresh_expires_at"))
    if credentials.get("refresh_token") and row.refresh_expires_at is None:
        # Renewed whenever it is needed, it ends only when somebody takes it back.
        row.access_expires_at = None
    row.changed_at = now()


def opened(session: Session, settings: Settings, row: Connection) -> dict[str, Any]:
    """The credentials, or Unreadable."""
    if row.sealed_with is None:
        raise Unreadable(f"The connection {row.name!r} holds no credentials: connect it again.")
    try:
        key = sealing_keys.opened(session, settings, row.sealed_with)
        return json.loads(secrets.decrypt(key, row.credentials_sealed, bound_to=_owner(row)))
    except MasterKeyTrouble as trouble:
        raise Unreadable(f"The connection {row.name!r} does not open. {trouble}") from trouble
    except (InvalidTag, ValueError) as wrong:
        raise Unreadable(
            f"The credentials of {row.name!r} do not open with their key: connect it again."
        ) from wrong


def mark_broken(row: Connection, why: Exception) -> None:
    """Only a person can mend it, and it says so until somebody has."""
    row.status, row.changed_at = ConnectionStatus.NEEDS_RECONNECT, now()
    row.last_error = str(why)[:LONGEST_ERROR]


def named(
    session: Session, tenant: TenantId, number: ConnectionId, *, locked: bool = False
) -> Connection | None:
    query = select(Connection).where(Connection.tenant_id == tenant, Connection.id == number)
    return session.scalar(query.with_for_update() if locked else query)


def listed(session: Session, tenant: TenantId) -> list[Connection]:
    return list(
        session.scalars(
            select(Connection)
            .where(Connection.tenant_id == tenant)
            .order_by(Connection.channel, Connection.id)
        )
    )


def rotate(session: Session, settings: Settings, actor: Actor) -> Rotated:
    """Seals every connection anew with a new key and drops the former ones, in one go; whoever renews one waits meanwhile."""
    session.execute(text("lock table connections in share row exclusive mode"))
    rows = session.scalars(select(Connection).where(Connection.sealed_with.is_not(None)))
    readable: list[tuple[Connection, dict[str, Any]]] = []
    unreadable: list[Connection] = []
    for row in rows:
        try:
            readable.append((row, opened(session, settings, row)))
        except Unreadable as why:
            mark_broken(row, why)
            unreadable.append(row)
    number, key = sealing_keys.made(session, settings)
    counts: dict[TenantId, int] = {}
    for row, credentials in readable:
        _seal(row, number, key, credentials)
        counts[row.tenant_id] = counts.get(row.tenant_id, 0) + 1
    for row in unreadable:
        row.credentials_sealed, row.sealed_with = b"", None
    session.flush()
    for tenant, count in counts.items():
        told = {"connections": count, "key": number}
        audit_log.append(session, tenant, actor, "rotate", "sealing_key", number, {}, told)
    dropped = sealing_keys.forget_before(session, number)
    return Rotated(len(readable), [ConnectionId(row.id) for row in unreadable], dropped)


def _seal(row: Connection, number: SealingKeyId, key: bytes, credentials: Mapping[str, Any]) -> None:
    row.sealed_with = number
    row.credentials_sealed = secrets.encrypt(key, json.dumps(dict(credentials)), bound_to=_owner(row))


def _owner(row: Connection) -> str:
    """What is sealed for one connection opens in no other row, of this or another tenant."""
    return f"{row.tenant_id}/{row.channel}/{row.id}"


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and seconds > 0 else None
