"""Web hooks: what proves that a call comes from a tenant's account at a provider, and the calls as they came."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    and_,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import secrets
from store.audit import Actor
from store.clock import now
from store.records import audit_log
from store.records.connections import Connection
from store.records.schema import ConnectionId, NotUsable, Record, TenantId, TenantOwned, belongs_to

SEALED_FOR = "hook-secrets"
LONGEST_TROUBLE = 500
LONGEST_LABEL = 100


class HookSecret(TenantOwned, Record):
    """What some providers call a secret is public: the same one cannot stand for two tenants.

    One that came with a connection holds as long as that does.
    """

    __tablename__ = "hook_secrets"
    __table_args__ = (
        UniqueConstraint("provider", "fingerprint"),
        belongs_to("connections", "connection_id"),
    )

    provider: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(LONGEST_LABEL), server_default="")
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    revoked_at: Mapped[datetime | None]
    connection_id: Mapped[ConnectionId | None] = mapped_column(index=True)


class HookCall(TenantOwned, Record):
    """A genuine call, whole until somebody has read it: what was wanted of it is kept elsewhere, and the rest names people.

    One of which nothing can be made stays as it came, and says what was wrong with it.

    `secret_id` is the number of what proved it, and no foreign key: what is on disk already goes in, whatever became of that.
    """

    __tablename__ = "hook_calls"
    __table_args__ = (
        UniqueConstraint("place"),
        UniqueConstraint("tenant_id", "provider", "event_id"),
        Index("ix_hook_calls_waiting", "provider", "id", postgresql_where=text("interpreted_at is null")),
    )

    provider: Mapped[str] = mapped_column(String(40), index=True)
    event_id: Mapped[str | None] = mapped_column(String(512))
    received_at: Mapped[datetime]
    headers: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    place: Mapped[str] = mapped_column(String(200))
    interpreted_at: Mapped[datetime | None]
    trouble: Mapped[str | None] = mapped_column(String(LONGEST_TROUBLE))
    secret_id: Mapped[int | None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The calls of a provider that nobody has interpreted yet, from the oldest to the newest."""

    oldest: int
    newest: int


class AlreadyKept(NotUsable):
    """The same secret stands for this or another tenant already."""


def keep_secret(
    session: Session,
    actor: Actor,
    tenant: TenantId,
    *,
    provider: str,
    secret: str,
    label: str,
    sealing_key: bytes,
    connection: ConnectionId | None = None,
) -> HookSecret:
    """From now on calls with this secret are the tenant's; several may stand side by side while one is changed."""
    print_of_secret = secrets.fingerprint(secret)
    kept = session.scalar(
        insert(HookSecret)
        .values(
            tenant_id=tenant,
            provider=provider,
            label=label,
            secret_sealed=_sealed(sealing_key, secret, provider, tenant),
            fingerprint=print_of_secret,
            connection_id=connection,
        )
        .on_conflict_do_nothing(index_elements=["provider", "fingerprint"])
        .returning(HookSecret)
    )
    if kept is None:
        raise AlreadyKept(f"This {provider} secret is kept already.")
    audit_log.append(
        session, tenant, actor, "keep", "hook_secret", kept.id, {}, {"provider": provider, "label": label}
    )
    return kept


def living_secrets(session: Session, tenant: TenantId) -> list[HookSecret]:
    return list(
        session.scalars(
            select(HookSecret)
            .where(HookSecret.tenant_id == tenant, HookSecret.revoked_at.is_(None))
            .order_by(HookSecret.id)
        )
    )


def revoke_secret(session: Session, actor: Actor, tenant: TenantId, secret: int) -> None:
    """Calls with this secret are refused from now on."""
    found = session.scalar(
        select(HookSecret).where(HookSecret.tenant_id == tenant, HookSecret.id == secret).with_for_update()
    )
    if found is None:
        raise NotUsable(f"This tenant has no hook secret {secret}.")
    _revoke(session, actor, found)


def follow(
    session: Session,
    actor: Actor,
    connection: Connection,
    *,
    provider: str,
    given: Collection[str],
    sealing_key: bytes,
) -> None:
    """From now on these secrets prove calls for the connection, and no others that came with it."""
    wanted = {secrets.fingerprint(secret): secret for secret in given}
    for row in _of_connection(session, connection):
        if row.fingerprint not in wanted:
            _revoke(session, actor, row)
    for fingerprint, secret in wanted.items():
        row = _known(session, connection.tenant_id, provider, fingerprint)
        if row is None:
            keep_secret(
                session,
                actor,
                connection.tenant_id,
                provider=provider,
                secret=secret,
                label=connection.name[:LONGEST_LABEL],
                sealing_key=sealing_key,
                connection=ConnectionId(connection.id),
            )
        else:
            _take_up(session, actor, row, connection, _sealed(sealing_key, secret, provider, row.tenant_id))


def connection_of(session: Session, call: HookCall) -> Connection:
    """With which connection the secret came that has proven a call."""
    return session.scalars(
        select(Connection)
        .join(
            HookSecret,
            and_(HookSecret.tenant_id == Connection.tenant_id, HookSecret.connection_id == Connection.id),
        )
        .where(HookSecret.tenant_id == call.tenant_id, HookSecret.id == call.secret_id)
    ).one()


def keep_calls(session: Session, calls: list[dict[str, Any]]) -> int:
    """Takes calls in, each once: by its place in the log, and by the provider's own id where there is one."""
    kept = session.execute(insert(HookCall).on_conflict_do_nothing().returning(HookCall.place), calls)
    return len(kept.all())


def waiting(session: Session, provider: str, *, of_connections: bool = False) -> Waiting | None:
    found = session.execute(
        select(func.min(HookCall.id).label("oldest"), func.max(HookCall.id).label("newest")).where(
            *_waits(provider, of_connections)
        )
    ).one()
    return Waiting(found.oldest, found.newest) if found.oldest is not None else None


def claim(
    session: Session, provider: str, *, besides: Collection[int] = (), of_connections: bool = False
) -> HookCall | None:
    """The oldest call that waits and that nobody else is at, until the caller's transaction ends."""
    return session.scalars(
        select(HookCall)
        .where(*_waits(provider, of_connections), HookCall.id.not_in(besides))
        .order_by(HookCall.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()


def mark_interpreted(session: Session, call: HookCall, trouble: str | None = None) -> None:
    """Nobody takes it again, and nobody can read it again unless it is in trouble: nothing could be made of it then."""
    call.interpreted_at = now()
    if trouble:
        call.trouble = trouble[:LONGEST_TROUBLE]
    else:
        call.body = b""
    session.flush()


def unreadable(session: Session, tenant: TenantId, limit: int) -> list[HookCall]:
    """Calls of which nothing could be made, newest first."""
    return list(
        session.scalars(
            select(HookCall)
            .where(HookCall.tenant_id == tenant, HookCall.trouble.is_not(None))
            .order_by(HookCall.id.desc())
            .limit(limit)
        )
    )


def _waits(provider: str, of_connections: bool) -> list[ColumnElement[bool]]:
    """What a secret has proven that came with no connection waits for one where only those are asked for."""
    waits = [HookCall.provider == provider, HookCall.interpreted_at.is_(None)]
    if of_connections:
        with_connection = select(HookSecret.id).where(HookSecret.connection_id.is_not(None))
        waits.append(HookCall.secret_id.in_(with_connection))
    return waits


def _of_connection(session: Session, connection: Connection) -> list[HookSecret]:
    return list(
        session.scalars(
            select(HookSecret)
            .where(
                HookSecret.tenant_id == connection.tenant_id,
                HookSecret.connection_id == connection.id,
                HookSecret.revoked_at.is_(None),
            )
            .order_by(HookSecret.id)
            .with_for_update()
        )
    )


def _known(session: Session, tenant: TenantId, provider: str, fingerprint: bytes) -> HookSecret | None:
    return session.scalar(
        select(HookSecret)
        .where(
            HookSecret.tenant_id == tenant,
            HookSecret.provider == provider,
            HookSecret.fingerprint == fingerprint,
        )
        .with_for_update()
    )


def _take_up(session: Session, actor: Actor, row: HookSecret, connection: Connection, sealed: bytes) -> None:
    """A secret that is known holds again, or from now on for the connection; unless another one lives by it."""
    is_alive, is_its_own = row.revoked_at is None, row.connection_id == connection.id
    if is_alive and is_its_own:
        return
    if is_alive and row.connection_id is not None:
        raise AlreadyKept(f"Another connection of {row.provider} has this secret.")
    row.secret_sealed, row.connection_id, row.revoked_at = sealed, ConnectionId(connection.id), None
    told = {"provider": row.provider, "connection": connection.id}
    audit_log.append(session, row.tenant_id, actor, "keep", "hook_secret", row.id, {}, told)


def _revoke(session: Session, actor: Actor, row: HookSecret) -> None:
    if row.revoked_at is None:
        row.revoked_at = now()
        audit_log.append(session, row.tenant_id, actor, "revoke", "hook_secret", row.id, {}, {})


def _sealed(sealing_key: bytes, secret: str, provider: str, tenant: TenantId) -> bytes:
    return secrets.encrypt(sealing_key, secret, bound_to=f"{provider}:{tenant}")
