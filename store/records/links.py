"""Short links: a slug and where it leads."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from store.records.schema import CampaignId, Record, TenantOwned, belongs_to, key_for_children


class Link(TenantOwned, Record):
    """The slug is unique over all tenants, since the redirector knows nothing but the slug."""

    __tablename__ = "links"
    __table_args__ = (key_for_children(), belongs_to("campaigns", "campaign_id", ondelete="RESTRICT"))

    slug: Mapped[str] = mapped_column(String(64), unique=True)
    target_url: Mapped[str] = mapped_column(String(2048))
    campaign_id: Mapped[CampaignId | None]
    channel: Mapped[str] = mapped_column(String(40), server_default="")
    archived_at: Mapped[datetime | None]
