"""Creatives that people upload: what came is looked at before it is kept."""

from console import desk
from console.problems import FieldError, Refused
from console.sign_in import Visitor
from marketing_pipelines.creatives.media_types import KIND_OF, NotACreative, media_type_of
from store.records import assets
from store.records.assets import Asset, AssetKind, Upload
from store.records.schema import CampaignId


def keep(
    visitor: Visitor,
    content: bytes,
    *,
    field: str,
    name: str,
    declared: str,
    kind: AssetKind | None,
    campaign: int | None,
) -> tuple[Asset, bool]:
    """The asset, and whether it is new; `field` is where the content stood, for whoever sent what is refused."""
    largest = visitor.settings.asset_max_bytes
    if len(content) > largest:
        raise Refused(
            413, f"The content is larger than {largest:,} bytes.", [FieldError(field, "is too large")]
        )
    try:
        media_type = media_type_of(content, declared)
    except NotACreative as refused:
        raise Refused(422, f"The content {refused}.", [FieldError(field, str(refused))]) from None
    if kind is not None and kind is not KIND_OF[media_type]:
        reason = f"is {kind}, and the content is {media_type}"
        raise Refused(422, f"The kind {reason}.", [FieldError("kind", reason)])
    wanted = Upload(
        KIND_OF[media_type], media_type, name, content, CampaignId(campaign) if campaign else None
    )
    with visitor.records() as session:
        if wanted.campaign is not None:
            desk.require_campaign(session, visitor, wanted.campaign)
        return assets.add(session, visitor.tenant, visitor.actor, wanted, by=visitor.user)
