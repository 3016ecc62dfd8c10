"""API keys: what a program shows in the place of its owner, for a part of what the owner may do.

A key is never deleted, and who made it stands in the audit chain: what was written with it is its owner's work.
"""

import re
import secrets
import string
import zlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor, ActorKind
from store.clock import now
from store.records import audit_log
from store.records.audit_log import AuditEntry
from store.records.schema import ApiKeyId, NotUsable, Record, TenantId, TenantOwned, UserId
from store.secrets import fingerprint

MOST_LIVING = 50
LONGEST_NAME = 100
# What finders of leaked secrets look for; the last digits are a checksum of the others.
PREFIX = "mp_"
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{40}}[0-9a-f]{{8}}")
_ALPHABET = string.ascii_letters + string.digits
_SEEN_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a key is for; a change does not include the reading of it."""

    ME_READ = "me:read"
    ACTIONS_READ = "actions:read"
    ACTIONS_WRITE = "actions:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    LINKS_READ = "links:read"
    LINKS_WRITE = "links:write"
    ASSETS_READ = "assets:read"
    ASSETS_WRITE = "assets:write"
    ALERTS_READ = "alerts:read"
    ANALYTICS_READ = "analytics:read"
    EXPORTS_READ = "exports:read"
    EXPORTS_WRITE = "exports:write"
    UPLOADS_READ = "uploads:read"
    UPLOADS_WRITE = "uploads:write"
    CONNECTIONS_READ = "connections:read"
    TRENDS_READ = "trends:read"
    TRENDS_WRITE = "trends:write"
    RECIPIENTS_READ = "recipients:read"
    RECIPIENTS_WRITE = "recipients:write"
    GROUPS_READ = "groups:read"
    GROUPS_WRITE = "groups:write"
    MEASUREMENT_READ = "measurement:read"
    MEASUREMENT_WRITE = "measurement:write"
    IDENTITY_READ = "identity:read"
    IDENTITY_WRITE = "identity:write"
    POLICY_READ = "policy:read"
    KILL_SWITCH_READ = "kill-switch:read"
    KILL_SWITCH_WRITE = "kill-switch:write"
    AUDIT_READ = "audit:read"
    TENANTS_READ = "tenants:read"
    USERS_READ = "users:read"


# Every key may ask whose it is.
ALWAYS = frozenset({Scope.ME_READ})


class ApiKey(TenantOwned, Record):
    """Only the hash of the secret is kept; `hint` is how its owner tells it from others."""

    __tablename__ = "api_keys"

    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    hint: Mapped[str] = mapped_column(String(20))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @property
    def is_living(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now())

    def allows(self) -> frozenset[Scope]:
        return frozenset(map(Scope, self.scopes)) | ALWAYS


def named(key: ApiKeyId) -> Actor:
    """How the audit chain calls a key."""
    return Actor(ActorKind.API_KEY, str(key))


def is_well_formed(secret: str) -> bool:
    """Whether it can be a key at all; what is mistyped or made up is not looked for."""
    return _FORM.fullmatch(secret) is not None and _checksum(secret[:-8]) == secret[-8:]


def make(
    session: Session,
    tenant: TenantId,
    owner: UserId,
    *,
    name: str,
    scopes: Collection[Scope],
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A key of the owner's, and its secret, which is shown this once. Nobody makes one for somebody else."""
    if expires_at is not None and expires_at <= now():
        raise NotUsable("A key that expires in the past is of no use; name a later moment, or none.")
    living = select(func.count()).where(
        ApiKey.tenant_id == tenant, ApiKey.user_id == owner, ApiKey.revoked_at.is_(None)
    )
    if (session.scalar(living) or 0) >= MOST_LIVING:
        raise NotUsable(f"You have {MOST_LIVING} keys already; revoke those that nothing uses.")
    body = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(40))
    secret = body + _checksum(body)
    key = ApiKey(
        tenant_id=tenant,
        user_id=owner,
        name=name,
        hint=f"{PREFIX}…{secret[-4:]}",
        secret_hash=fingerprint(secret),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    session.add(key)
    session.flush()
    maker = Actor(ActorKind.USER, str(owner))
    audit_log.append(session, tenant, maker, "create", "api_key", key.id, {}, {"scopes": key.scopes})
    return key, secret


def presented(session: Session, secret: str) -> ApiKey | None:
    """The living key of this secret, whichever tenant it is of: to be asked before a tenant is entered."""
    if not is_well_formed(secret):
        return None
    hashed = fingerprint(secret)
    session.execute(text("select set_config('app.api_key', :hash, true)"), {"hash": hashed.hex()})
    key = session.scalar(select(ApiKey).where(ApiKey.secret_hash == hashed))
    return key if key is not None and key.is_living else None


def mark_used(key: ApiKey) -> None:
    """At most one write a minute; the session must have entered the key's tenant."""
    if key.last_used_at is None or key.last_used_at < now() - _SEEN_EVERY:
        key.last_used_at = now()


def locked(session: Session, tenant: TenantId, key: ApiKeyId) -> ApiKey | None:
    """The key under a row lock; None when the tenant has no such key."""
    return session.scalars(
        select(ApiKey)
        .where(ApiKey.tenant_id == tenant, ApiKey.id == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def revoke(session: Session, key: ApiKey, actor: Actor) -> None:
    """Ends it at once; one that was revoked before stays so."""
    if key.revoked_at is None:
        key.revoked_at = now()
        session.flush()
        audit_log.append(session, key.tenant_id, actor, "revoke", "api_key", key.id, {}, {})


def revoke_all_of(session: Session, tenant: TenantId, owner: UserId, actor: Actor) -> None:
    """Whoever comes back later makes new ones."""
    theirs = select(ApiKey).where(
        ApiKey.tenant_id == tenant, ApiKey.user_id == owner, ApiKey.revoked_at.is_(None)
    )
    for key in session.scalars(theirs.order_by(ApiKey.id).with_for_update()).all():
        revoke(session, key, actor)


def makers(session: Session, tenant: TenantId, actors: Iterable[str]) -> Mapping[str, str]:
    """Who made each of these keys, by the audit chain: a row can be changed, the chain cannot."""
    prefix = f"{ActorKind.API_KEY}:"
    numbers = [actor.removeprefix(prefix) for actor in actors if actor.startswith(prefix)]
    made = session.execute(
        select(AuditEntry.entity_id, AuditEntry.actor).where(
            AuditEntry.tenant_id == tenant,
            AuditEntry.entity == "api_key",
            AuditEntry.action == "create",
            AuditEntry.entity_id.in_(numbers),
        )
    )
    return {f"{prefix}{row.entity_id}": row.actor for row in made}


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
