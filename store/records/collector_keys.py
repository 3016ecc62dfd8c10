"""Collector keys: what a page or a server shows the collector, made, changed and taken back."""

import re
import secrets as randomness
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import secrets
from store.audit import Actor
from store.clock import now
from store.records import audit_log
from store.records.schema import NotUsable, Record, TenantId, TenantOwned, enumerated, one_of

SEALED_FOR = "collector-keys"
ANY_ORIGIN = "*"
_HOST = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?")


class KeyKind(StrEnum):
    """Browser keys are public and bound to origins; server keys are secret and trusted."""

    BROWSER = "browser"
    SERVER = "server"


class CollectorKey(TenantOwned, Record):
    """A server key's secret can be read back to check signatures; the retiring one counts until its moment."""

    __tablename__ = "collector_keys"
    __table_args__ = (one_of("kind", KeyKind),)

    kind: Mapped[KeyKind] = mapped_column(enumerated(KeyKind, 20))
    public_key: Mapped[str] = mapped_column(String(64), unique=True)
    secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    retiring_secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    retires_at: Mapped[datetime | None]
    events_a_second: Mapped[int | None]
    origins: Mapped[list[str]] = mapped_column(server_default="[]")
    revoked_at: Mapped[datetime | None]


class NotAnOrigin(NotUsable):
    """What was given names no origin; the text says what one looks like."""


class NoSuchKey(NotUsable):
    """The tenant has no such key, or has revoked it."""


def origin(text: str) -> str:
    """Scheme, host and port as browsers send them, or * for pages anywhere."""
    if text.strip() == ANY_ORIGIN:
        return ANY_ORIGIN
    parts = urlsplit(text.strip().lower())
    if (
        parts.scheme not in ("http", "https")
        or not _HOST.fullmatch(parts.netloc)
        or parts.path not in ("", "/")
    ):
        raise NotAnOrigin(
            f"{text!r} is no origin: write https://shop.example, with its port if it has one, or *."
        )
    standard = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.removesuffix(standard)}"


def add_browser_key(session: Session, actor: Actor, tenant: TenantId, origins: Iterable[str]) -> CollectorKey:
    """A public key for the pages of these origins."""
    named = sorted({origin(each) for each in origins})
    if not named:
        raise NotAnOrigin("A browser key is bound to origins: name one, such as https://shop.example.")
    key = CollectorKey(
        tenant_id=tenant, kind=KeyKind.BROWSER, public_key=f"pk_{randomness.token_hex(12)}", origins=named
    )
    return _added(session, actor, key)


def add_server_key(
    session: Session, actor: Actor, tenant: TenantId, sealing_key: bytes
) -> tuple[CollectorKey, str]:
    """A key for a server, and its secret, which is shown this once."""
    key = CollectorKey(tenant_id=tenant, kind=KeyKind.SERVER, public_key=f"sk_{randomness.token_hex(12)}")
    secret = _new_secret(key, sealing_key)
    return _added(session, actor, key), secret


def rotate(
    session: Session,
    actor: Actor,
    tenant: TenantId,
    public_key: str,
    sealing_key: bytes,
    *,
    overlap: timedelta,
) -> str:
    """A new secret for a server key; the one before counts for as long as the overlap lasts."""
    key = _found(session, tenant, public_key)
    if key.kind is not KeyKind.SERVER:
        raise NoSuchKey(f"{public_key} is a browser key and has no secret; add another one instead.")
    until = now() + overlap
    key.retiring_secret_sealed, key.retires_at = key.secret_sealed, until
    secret = _new_secret(key, sealing_key)
    told = {"old_secret_until": until.isoformat()}
    audit_log.append(session, tenant, actor, "rotate", "collector_key", key.id, {}, told)
    return secret


def revoke(session: Session, actor: Actor, tenant: TenantId, public_key: str) -> None:
    """The key counts no more, within moments."""
    key = _found(session, tenant, public_key)
    key.revoked_at = now()
    audit_log.append(session, tenant, actor, "revoke", "collector_key", key.id, {}, {})


def living(session: Session, tenant: TenantId) -> list[CollectorKey]:
    return list(
        session.scalars(
            select(CollectorKey)
            .where(CollectorKey.tenant_id == tenant, CollectorKey.revoked_at.is_(None))
            .order_by(CollectorKey.id)
        )
    )


def _added(session: Session, actor: Actor, key: CollectorKey) -> CollectorKey:
    session.add(key)
    session.flush()
    told = {"kind": key.kind, "origins": key.origins or []}
    audit_log.append(session, key.tenant_id, actor, "add", "collector_key", key.id, {}, told)
    return key


def _new_secret(key: CollectorKey, sealing_key: bytes) -> str:
    secret = randomness.token_urlsafe(32)
    key.secret_sealed = secrets.encrypt(sealing_key, secret, bound_to=key.public_key)
    return secret


def _found(session: Session, tenant: TenantId, public_key: str) -> CollectorKey:
    key = session.scalar(
        select(CollectorKey)
        .where(
            CollectorKey.tenant_id == tenant,
            CollectorKey.public_key == public_key,
            CollectorKey.revoked_at.is_(None),
        )
        .with_for_update()
    )
    if key is None:
        raise NoSuchKey(f"This tenant has no key {public_key}, or has revoked it.")
    return key
