"""Which actions use which assets: read out of what an action says, so that no asset goes while one needs it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import UniqueConstraint, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.records.assets import Asset, PolicyFlag
from store.records.schema import ActionId, Record, TenantId, TenantOwned, belongs_to

# What an action's provenance calls an asset.
ASSET = "asset"
# More are not looked for in one action.
MOST_USED = 1000
LARGEST_NUMBER = 2**63 - 1
_ADDRESS = re.compile(r"/assets/([1-9][0-9]{0,18})/content\b")


class AssetUse(TenantOwned, Record):
    """An asset that is used cannot be deleted."""

    __tablename__ = "asset_uses"
    __table_args__ = (
        UniqueConstraint("tenant_id", "asset_id", "action_id"),
        belongs_to("assets", "asset_id", ondelete="RESTRICT"),
        belongs_to("actions", "action_id"),
    )

    asset_id: Mapped[int]
    action_id: Mapped[ActionId] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class Uses:
    """How many actions use an asset, and the newest of them."""

    count: int
    newest: Sequence[ActionId]


def named_in(payload: Mapping[str, Any], provenance: Sequence[Mapping[str, str]]) -> frozenset[int]:
    """The numbers of assets whose content's address stands in the payload, or that the action came from."""
    came_from = (it.get("id", "") for it in provenance if it.get("kind") == ASSET)
    numbers = {int(said) for said in came_from if re.fullmatch(r"[1-9][0-9]{0,18}", said)}
    for text in _texts(payload):
        numbers.update(int(said) for said in _ADDRESS.findall(text))
    return frozenset(sorted(number for number in numbers if number <= LARGEST_NUMBER)[:MOST_USED])


def keep(
    session: Session,
    tenant: TenantId,
    action: ActionId,
    payload: Mapping[str, Any],
    provenance: Sequence[Mapping[str, str]],
) -> None:
    """From now on the action uses these assets of its tenant and no others."""
    session.execute(delete(AssetUse).where(AssetUse.tenant_id == tenant, AssetUse.action_id == action))
    named = named_in(payload, provenance)
    if named:
        ours = select(Asset.id).where(Asset.tenant_id == tenant, Asset.id.in_(named))
        rows = [
            {"tenant_id": tenant, "asset_id": number, "action_id": action} for number in session.scalars(ours)
        ]
        if rows:
            session.execute(insert(AssetUse), rows)


def of_asset(session: Session, tenant: TenantId, asset: int, *, most: int) -> Uses:
    used = AssetUse.tenant_id == tenant, AssetUse.asset_id == asset
    newest = select(AssetUse.action_id).where(*used).order_by(AssetUse.action_id.desc()).limit(most)
    count = session.scalar(select(func.count()).select_from(AssetUse).where(*used)) or 0
    return Uses(count, list(session.scalars(newest)))


def counted(session: Session, tenant: TenantId, assets: Sequence[int]) -> dict[int, int]:
    """How many actions use each of these assets."""
    query = (
        select(AssetUse.asset_id, func.count())
        .where(AssetUse.tenant_id == tenant, AssetUse.asset_id.in_(assets))
        .group_by(AssetUse.asset_id)
    )
    return dict(session.execute(query).tuples().all())


def forbidden(session: Session, tenant: TenantId, action: ActionId) -> Asset | None:
    """An asset of the action that somebody has marked as not to be used."""
    query = (
        select(Asset)
        .join(AssetUse, (AssetUse.tenant_id == Asset.tenant_id) & (AssetUse.asset_id == Asset.id))
        .where(
            AssetUse.tenant_id == tenant,
            AssetUse.action_id == action,
            Asset.flags.contains([PolicyFlag.DO_NOT_USE]),
        )
        .order_by(Asset.id)
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)
