"""What a person does with assets, the same for forms and for the API: each function is one transaction."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from sqlalchemy import select

from console.actions import desk
from console.door import etags, headers
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from marketing_pipelines.creatives import pictures, tables, tags
from marketing_pipelines.creatives.media_types import KIND_OF, RASTER, media_type_of
from marketing_pipelines.creatives.refusals import NotACreative
from marketing_pipelines.creatives.tables import Table
from store import asset_files
from store.asset_files import Missing, Unreachable
from store.records import asset_uses, assets
from store.records.actions import Action
from store.records.asset_uses import Uses
from store.records.assets import Asset, AssetKind, PolicyFlag, Said, Sought, Upload
from store.records.campaigns import Campaign
from store.records.database import Session
from store.records.schema import CampaignId

# Of those who use an asset, so many are named; the rest is counted.
USES_SHOWN = 50
LONGEST_NAME = 200
WORDS_SHOWN = 4000
_log = logging.getLogger("console")


@dataclass(frozen=True, slots=True)
class Given:
    """A file as somebody hands it in; `field` is where it stood, for whoever sent what is refused."""

    content: bytes
    field: str
    name: str
    declared: str
    kind: AssetKind | None = None
    campaign: int | None = None
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What is None stays as it is."""

    name: str | None = None
    tags: Sequence[str] | None = None
    flags: Iterable[PolicyFlag] | None = None
    archived: bool | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """Where an asset is used: its campaign, and actions, of which the newest are named."""

    campaign: Campaign | None
    actions: Sequence[Action]
    count: int


def keep(visitor: Visitor, given: Given) -> tuple[Asset, bool]:
    """The asset, and whether it is new. Its bytes are kept before its record, so that no record is without them."""
    _refuse_too_large(visitor, given)
    with _refusing(given.field):
        media_type = media_type_of(given.content, given.declared)
        width, height = pictures.pixels(given.content, media_type) if media_type in RASTER else (None, None)
    kind = KIND_OF[media_type]
    if given.kind is not None and given.kind is not kind:
        reason = f"is {given.kind}, and the content is {media_type}"
        raise Refused(422, f"The kind {reason}.", [FieldError("kind", reason)])
    with _refusing("tags"):
        wanted_tags = tags.normalised(given.tags)
    rows = tables.read(given.content).row_count if kind is AssetKind.CSV else None
    with visitor.records() as session, _reaching():
        if given.campaign is not None:
            desk.require_campaign(session, visitor, CampaignId(given.campaign))
        assets.take_turn(session, visitor.tenant)
        digest = asset_files.of(visitor.settings).put(visitor.tenant, given.content)
        upload = Upload(
            kind,
            media_type,
            given.name,
            len(given.content),
            digest,
            width=width,
            height=height,
            rows=rows,
            tags=wanted_tags,
            campaign=CampaignId(given.campaign) if given.campaign else None,
        )
        return assets.add(session, visitor.tenant, visitor.actor, upload, by=visitor.user)


def listed(
    visitor: Visitor, sought: Sought, *, cursor: int | None, limit: int
) -> tuple[Sequence[Asset], int | None]:
    with visitor.records() as session:
        return assets.listed(session, visitor.tenant, sought, cursor=cursor, limit=limit)


def read(visitor: Visitor, asset_id: int) -> Asset:
    with visitor.records() as session:
        return found(session, visitor, asset_id)


def change(visitor: Visitor, asset_id: int, changes: Changes) -> Asset:
    """What people say of an asset; what it is never changes."""
    with visitor.records() as session:
        asset = found(session, visitor, asset_id, lock=True)
        visitor.conditions.require(lambda: etag(asset))
        with _refusing("tags"):
            wanted = tags.normalised(asset.tags if changes.tags is None else changes.tags)
        flags = asset.flags if changes.flags is None else changes.flags
        said = Said(changes.name or asset.name, wanted, frozenset(map(PolicyFlag, flags)))
        assets.describe(session, visitor.actor, asset, said)
        if changes.archived is not None:
            assets.archive(session, visitor.actor, asset, away=changes.archived)
        return asset


def delete(visitor: Visitor, asset_id: int) -> None:
    """Lets go of an asset that nothing uses: first of its record, then of its bytes, unless another record needs them."""
    with visitor.records() as session:
        assets.take_turn(session, visitor.tenant)
        asset = found(session, visitor, asset_id, lock=True)
        visitor.conditions.require(lambda: etag(asset))
        uses = asset_uses.of_asset(session, visitor.tenant, asset.id, most=1)
        if uses.count:
            raise Refused(
                409, f"{_actions(uses)} it; archive it instead, or let them take another one first."
            )
        assets.remove(session, visitor.actor, asset)
    _let_go_of_bytes(visitor, asset.sha256)


def used(session: Session, visitor: Visitor, asset: Asset) -> Used:
    uses = asset_uses.of_asset(session, visitor.tenant, asset.id, most=USES_SHOWN)
    ours = select(Action).where(Action.tenant_id == visitor.tenant, Action.id.in_(uses.newest))
    campaign = select(Campaign).where(Campaign.tenant_id == visitor.tenant, Campaign.id == asset.campaign_id)
    return Used(
        session.scalars(campaign).one_or_none() if asset.campaign_id else None,
        list(session.scalars(ours.order_by(Action.id.desc()))) if uses.newest else [],
        uses.count,
    )


def found(session: Session, visitor: Visitor, asset_id: int, *, lock: bool = False) -> Asset:
    asset = assets.by_number(session, visitor.tenant, asset_id, lock=lock)
    if asset is None:
        raise nothing_here()
    return asset


def content(visitor: Visitor, asset: Asset) -> bytes:
    with _reaching():
        return asset_files.of(visitor.settings).get(visitor.tenant, asset.sha256)


def table(visitor: Visitor, asset: Asset) -> Table | None:
    """The first rows of a table of values."""
    return tables.read(content(visitor, asset)) if asset.kind is AssetKind.CSV else None


def own_name(file_name: str) -> str:
    """The last piece of what the browser calls the file, whatever system it runs on."""
    piece = PurePosixPath(file_name.replace("\\", "/")).name
    kept = "".join(character for character in piece if character.isprintable())[:LONGEST_NAME].strip()
    return kept or "file"


def one_tag(line: str) -> str:
    """A tag that is looked for, in the spelling that tags are kept in; one that cannot be is found nowhere."""
    with _refusing("tag"):
        return next(iter(tags.normalised([line])), "")


def words(visitor: Visitor, asset: Asset) -> str:
    """The beginning of a text, or of HTML as it is written: to be read, never to be run."""
    if asset.kind not in {AssetKind.TEXT, AssetKind.HTML}:
        return ""
    whole = content(visitor, asset).decode("utf-8-sig", "replace")
    return whole if len(whole) <= WORDS_SHOWN else f"{whole[:WORDS_SHOWN]}…"


def etag(asset: Asset) -> str:
    return etags.of(asset)


def is_picture(asset: Asset) -> bool:
    """Whether a page may show it: pixels can be looked at and nothing else."""
    return asset.media_type in RASTER


def file_headers(asset: Asset, *, inline: bool) -> dict[str, str]:
    """Handed out as what it is and nothing else; shown in a page only where it is pixels."""
    place = "inline" if inline and is_picture(asset) else "attachment"
    charset = "; charset=utf-8" if asset.media_type in {"text/plain", "text/html"} else ""
    return {
        "Content-Type": f"{asset.media_type}{charset}",
        "ETag": f'"{asset.sha256.hex()}"',
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"{place}; filename*=UTF-8''{quote(asset.name, safe='')}",
        "Content-Security-Policy": headers.FILES,
        "X-Content-Type-Options": "nosniff",
    }


def is_known(asset: Asset, if_none_match: str) -> bool:
    known = {given.strip().removeprefix("W/") for given in if_none_match.split(",")}
    return "*" in known or f'"{asset.sha256.hex()}"' in known


def _refuse_too_large(visitor: Visitor, given: Given) -> None:
    largest = visitor.settings.asset_max_bytes
    if len(given.content) > largest:
        raise Refused(
            413, f"The content is larger than {largest:,} bytes.", [FieldError(given.field, "is too large")]
        )


def _let_go_of_bytes(visitor: Visitor, sha256: bytes) -> None:
    """In a turn of its own, after the record is gone for good; what cannot be let go of harms nobody and is logged."""
    with visitor.records() as session:
        assets.take_turn(session, visitor.tenant)
        if assets.has_bytes(session, visitor.tenant, sha256):
            return
        try:
            asset_files.of(visitor.settings).remove(visitor.tenant, sha256)
        except Unreachable as error:
            _log.warning("the bytes of a deleted asset stay: %s", error)


def _actions(uses: Uses) -> str:
    return "An action uses" if uses.count == 1 else f"{uses.count:,} actions use"


@contextmanager
def _refusing(field: str) -> Iterator[None]:
    try:
        yield
    except NotACreative as refused:
        raise Refused(422, f"{field}: {refused}.", [FieldError(field, str(refused))]) from None


@contextmanager
def _reaching() -> Iterator[None]:
    """What the storage will not do is our own trouble, and is said as such."""
    try:
        yield
    except Unreachable as away:
        _log.error("the storage of assets is away: %s", away, exc_info=away)
        raise Refused(
            503, "The files of assets cannot be reached right now; try again in a moment."
        ) from None
    except Missing as gone:
        _log.error("an asset is lost: %s", gone)
        raise Refused(
            503, "The bytes of this asset are missing or damaged; an operator has to restore them."
        ) from None
