"""Web hooks: what proves that a call comes from a tenant's account at a provider, and the calls as they came."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import secrets
from store.audit import Actor
from store.clock import now
from store.records import audit_log
from store.records.schema import NotUsable, Record, TenantId, TenantOwned

SEALED_FOR = "hook-secrets"
LONGEST_TROUBLE = 500


class HookSecret(TenantOwned, Record):
    """What some providers call a secret is public: the same one cannot stand for two tenants."""

    __tablename__ = "hook_secrets"
    __table_args__ = (UniqueConstraint("provider", "fingerprint"),)

    provider: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(100), server_default="")
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    revoked_at: Mapped[datetime | None]


class HookCall(TenantOwned, Record):
    """A genuine call, kept whole; whoever interprets it says when, and what was wrong with it if it could not be read."""

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
) -> HookSecret:
    """From now on calls with this secret are the tenant's; several may stand side by side while one is changed."""
    print_of_secret = secrets.fingerprint(secret)
    kept = session.scalar(
        insert(HookSecret)
        .values(
            tenant_id=tenant,
            provider=provider,
            label=label,
            secret_sealed=secrets.encrypt(sealing_key, secret, bound_to=f"{provider}:{tenant}"),
            fingerprint=print_of_secret,
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
    if found.revoked_at is None:
        found.revoked_at = now()
        audit_log.append(session, tenant, actor, "revoke", "hook_secret", found.id, {}, {})


def keep_calls(session: Session, calls: list[dict[str, Any]]) -> int:
    """Takes calls in, each once: by its place in the log, and by the provider's own id where there is one."""
    kept = session.execute(insert(HookCall).on_conflict_do_nothing().returning(HookCall.place), calls)
    return len(kept.all())


def waiting(session: Session, provider: str) -> Waiting | None:
    found = session.execute(
        select(func.min(HookCall.id).label("oldest"), func.max(HookCall.id).label("newest")).where(
            HookCall.provider == provider, HookCall.interpreted_at.is_(None)
        )
    ).one()
    return Waiting(found.oldest, found.newest) if found.oldest is not None else None


def claim(session: Session, provider: str, *, besides: Collection[int] = ()) -> HookCall | None:
    """The oldest call that waits and that nobody else is at, until the caller's transaction ends."""
    return session.scalars(
        select(HookCall)
        .where(HookCall.provider == provider, HookCall.interpreted_at.is_(None), HookCall.id.not_in(besides))
        .order_by(HookCall.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()


def mark_interpreted(session: Session, call: HookCall, trouble: str | None = None) -> None:
    """Nobody takes it again; the trouble says why nothing could be made of it."""
    call.interpreted_at = now()
    call.trouble = trouble[:LONGEST_TROUBLE] if trouble else None
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
