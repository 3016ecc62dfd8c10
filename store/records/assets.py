"""Assets: the creatives a campaign is made of, kept as they came; a new upload is a new asset."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column, undefer

from store.audit import Actor
from store.records import audit_log
from store.records.schema import (
    CampaignId,
    Record,
    TenantId,
    TenantOwned,
    UserId,
    belongs_to,
    enumerated,
    key_for_children,
    one_of,
)


class AssetKind(StrEnum):
    IMAGE = "image"
    TEXT = "text"
    HTML = "html"
    DOCUMENT = "document"


class Asset(TenantOwned, Record):
    """The same bytes of the same type are one asset of a tenant, under the name they first came with."""

    __tablename__ = "assets"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "sha256", "media_type"),
        belongs_to("campaigns", "campaign_id", ondelete="RESTRICT"),
        one_of("kind", AssetKind),
    )

    kind: Mapped[AssetKind] = mapped_column(enumerated(AssetKind, 20))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    campaign_id: Mapped[CampaignId | None] = mapped_column(index=True)
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    uploaded_by: Mapped[UserId | None] = mapped_column(ForeignKey("users.id"))


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was looked at, with what it is."""

    kind: AssetKind
    media_type: str
    name: str
    content: bytes
    campaign: CampaignId | None = None


def add(
    session: Session, tenant: TenantId, actor: Actor, upload: Upload, *, by: UserId | None
) -> tuple[Asset, bool]:
    """A new asset, or the one of these bytes as it is; and whether it is new."""
    digest = hashlib.sha256(upload.content).digest()
    number = session.scalar(
        insert(Asset)
        .values(
            tenant_id=tenant,
            kind=upload.kind,
            name=upload.name,
            media_type=upload.media_type,
            campaign_id=upload.campaign,
            size=len(upload.content),
            sha256=digest,
            content=upload.content,
            uploaded_by=by,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "sha256", "media_type"])
        .returning(Asset.id)
    )
    same = Asset.tenant_id == tenant, Asset.sha256 == digest, Asset.media_type == upload.media_type
    asset = session.scalars(select(Asset).where(*same)).one()
    if number is not None:
        told = {"sha256": digest.hex(), "media_type": asset.media_type, "campaign_id": asset.campaign_id}
        audit_log.append(session, tenant, actor, "add", "asset", asset.id, {}, told)
    return asset, number is not None


def by_number(session: Session, tenant: TenantId, asset: int, *, whole: bool = False) -> Asset | None:
    """An asset of the tenant; its content only when it is wanted `whole`."""
    query = select(Asset).where(Asset.tenant_id == tenant, Asset.id == asset)
    return session.scalars(query.options(undefer(Asset.content)) if whole else query).one_or_none()


def listed(
    session: Session,
    tenant: TenantId,
    *,
    kind: AssetKind | None,
    campaign: int | None,
    cursor: int | None,
    limit: int,
) -> tuple[list[Asset], int | None]:
    """A page of assets, newest first, and where the next begins."""
    query = select(Asset).where(Asset.tenant_id == tenant).order_by(Asset.id.desc()).limit(limit + 1)
    if kind is not None:
        query = query.where(Asset.kind == kind)
    if campaign is not None:
        query = query.where(Asset.campaign_id == campaign)
    rows = list(session.scalars(query.where(Asset.id < cursor) if cursor else query))
    shown = rows[:limit]
    return shown, (shown[-1].id if len(rows) > limit else None)
