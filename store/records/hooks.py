"""Web hooks: what proves that a call comes from a tenant's account at a provider, and the calls as they came."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, String, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import secrets
from store.audit import Actor
from store.clock import now
from store.records import audit_log
from store.records.schema import NotUsable, Record, TenantId, TenantOwned

SEALED_FOR = "hook-secrets"


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
    """A genuine call, kept whole; whoever interprets it says when."""

    __tablename__ = "hook_calls"
    __table_args__ = (
        UniqueConstraint("place"),
        UniqueConstraint("tenant_id", "provider", "event_id"),
    )

    provider: Mapped[str] = mapped_column(String(40), index=True)
    event_id: Mapped[str | None] = mapped_column(String(512))
    received_at: Mapped[datetime]
    headers: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    place: Mapped[str] = mapped_column(String(200))
    interpreted_at: Mapped[datetime | None]


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
