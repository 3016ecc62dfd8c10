"""Assets: the creatives a campaign is made of, their bytes kept as they came; a new upload is a new asset."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    UniqueConstraint,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log, turns
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
from store.records.turns import Turn


class AssetKind(StrEnum):
    IMAGE = "image"
    TEXT = "text"
    HTML = "html"
    CSV = "csv"
    DOCUMENT = "document"


class PolicyFlag(StrEnum):
    """What whoever uses an asset has to know of it; the last one keeps an action from being submitted."""

    NEEDS_RIGHTS_CHECK = "needs_rights_check"
    CONTAINS_PEOPLE = "contains_people"
    AI_GENERATED = "ai_generated"
    LEGAL_REVIEWED = "legal_reviewed"
    DO_NOT_USE = "do_not_use"


class Asset(TenantOwned, Record):
    """The same bytes of the same type are one asset of a tenant, under the name they first came with.

    The bytes lie in `store.asset_files`, under the tenant and their SHA-256.
    """

    __tablename__ = "assets"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "sha256", "media_type"),
        belongs_to("campaigns", "campaign_id", ondelete="RESTRICT"),
        one_of("kind", AssetKind),
        Index("ix_assets_tags", "tags", postgresql_using="gin", postgresql_ops={"tags": "jsonb_path_ops"}),
    )

    kind: Mapped[AssetKind] = mapped_column(enumerated(AssetKind, 20))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    campaign_id: Mapped[CampaignId | None] = mapped_column(index=True)
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    rows: Mapped[int | None] = mapped_column(Integer)
    tags: Mapped[list[str]] = mapped_column(server_default="[]")
    flags: Mapped[list[str]] = mapped_column(server_default="[]")
    uploaded_by: Mapped[UserId | None] = mapped_column(ForeignKey("users.id"))
    archived_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was looked at, with what it is."""

    kind: AssetKind
    media_type: str
    name: str
    size: int
    sha256: bytes
    width: int | None = None
    height: int | None = None
    rows: int | None = None
    tags: tuple[str, ...] = ()
    campaign: CampaignId | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What people say of an asset, and may say otherwise."""

    name: str
    tags: tuple[str, ...]
    flags: frozenset[PolicyFlag]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which assets a list shows: those that fit all that is given."""

    kind: AssetKind | None = None
    campaign: int | None = None
    tag: str = ""
    flag: PolicyFlag | None = None
    text: str = ""
    archived: bool = field(default=False)


def take_turn(session: Session, tenant: TenantId) -> None:
    """From here to the end of the transaction nobody else keeps or lets go of bytes of the tenant's assets."""
    turns.take(session, Turn.KEEPING_ASSETS, tenant)


def add(
    session: Session, tenant: TenantId, actor: Actor, upload: Upload, *, by: UserId | None
) -> tuple[Asset, bool]:
    """A new asset, or the one of these bytes as it is; and whether it is new."""
    number = session.scalar(
        insert(Asset)
        .values(
            tenant_id=tenant,
            kind=upload.kind,
            name=upload.name,
            media_type=upload.media_type,
            campaign_id=upload.campaign,
            size=upload.size,
            sha256=upload.sha256,
            width=upload.width,
            height=upload.height,
            rows=upload.rows,
            tags=list(upload.tags),
            uploaded_by=by,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "sha256", "media_type"])
        .returning(Asset.id)
    )
    same = Asset.tenant_id == tenant, Asset.sha256 == upload.sha256, Asset.media_type == upload.media_type
    asset = session.scalars(select(Asset).where(*same)).one()
    if number is not None:
        told = {
            "sha256": upload.sha256.hex(),
            "media_type": asset.media_type,
            "campaign_id": asset.campaign_id,
        }
        audit_log.append(session, tenant, actor, "add", "asset", asset.id, {}, told)
    return asset, number is not None


def by_number(session: Session, tenant: TenantId, asset: int, *, lock: bool = False) -> Asset | None:
    query = select(Asset).where(Asset.tenant_id == tenant, Asset.id == asset)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def describe(session: Session, actor: Actor, asset: Asset, said: Said) -> None:
    """Another name, other tags and flags; the audit has flags and tags, which are no personal data."""
    before = {"tags": asset.tags, "flags": asset.flags}
    is_renamed = asset.name != said.name
    asset.name, asset.tags, asset.flags = said.name, list(said.tags), sorted(said.flags)
    after = {"tags": asset.tags, "flags": asset.flags}
    if before == after and not is_renamed:
        return
    session.flush()
    audit_log.append(
        session, asset.tenant_id, actor, "change", "asset", asset.id, before, after | {"renamed": is_renamed}
    )


def archive(session: Session, actor: Actor, asset: Asset, *, away: bool) -> None:
    """Puts an asset away, so that lists leave it out, or takes it back."""
    if (asset.archived_at is not None) is away:
        return
    asset.archived_at = now() if away else None
    session.flush()
    step = "archive" if away else "restore"
    audit_log.append(session, asset.tenant_id, actor, step, "asset", asset.id, {}, {"archived": away})


def remove(session: Session, actor: Actor, asset: Asset) -> None:
    """The record goes; its bytes after it, by whoever has the turn. The database refuses it while an action uses it."""
    told = {"sha256": asset.sha256.hex(), "media_type": asset.media_type}
    session.delete(asset)
    session.flush()
    audit_log.append(session, asset.tenant_id, actor, "delete", "asset", asset.id, told, {})


def has_bytes(session: Session, tenant: TenantId, sha256: bytes) -> bool:
    """Whether any asset of the tenant is of these bytes."""
    found = select(Asset.id).where(Asset.tenant_id == tenant, Asset.sha256 == sha256).limit(1)
    return session.scalar(found) is not None


def listed(
    session: Session, tenant: TenantId, sought: Sought, *, cursor: int | None, limit: int
) -> tuple[list[Asset], int | None]:
    """A page of assets, newest first, and where the next begins."""
    query = _fitting(tenant, sought).order_by(Asset.id.desc()).limit(limit + 1)
    rows = list(session.scalars(query.where(Asset.id < cursor) if cursor else query))
    shown = rows[:limit]
    return shown, (shown[-1].id if len(rows) > limit else None)


def tags_in_use(session: Session, tenant: TenantId, *, most: int) -> Sequence[str]:
    """The tags of the tenant's newest assets, the most frequent first."""
    recent = (
        select(Asset.tags)
        .where(Asset.tenant_id == tenant, Asset.archived_at.is_(None))
        .order_by(Asset.id.desc())
        .limit(1000)
        .subquery()
    )
    tag = func.jsonb_array_elements_text(recent.c.tags).table_valued("value").lateral()
    query = select(tag.c.value).select_from(recent).join(tag, true()).group_by(tag.c.value)
    return list(session.scalars(query.order_by(func.count().desc(), tag.c.value).limit(most)))


def _fitting(tenant: TenantId, sought: Sought) -> Select[tuple[Asset]]:
    query = select(Asset).where(Asset.tenant_id == tenant)
    query = query.where(Asset.archived_at.is_not(None) if sought.archived else Asset.archived_at.is_(None))
    if sought.kind is not None:
        query = query.where(Asset.kind == sought.kind)
    if sought.campaign is not None:
        query = query.where(Asset.campaign_id == sought.campaign)
    if sought.tag:
        query = query.where(Asset.tags.contains([sought.tag]))
    if sought.flag is not None:
        query = query.where(Asset.flags.contains([sought.flag]))
    if sought.text:
        query = query.where(func.strpos(func.lower(Asset.name), sought.text.lower()) > 0)
    return query
