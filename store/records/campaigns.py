"""Campaigns: what links, ads and mails are grouped under."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.records.schema import Record, TenantOwned, enumerated, key_for_children, one_of


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"


class Campaign(TenantOwned, Record):
    """`utm_campaign` is how visits and ad accounts name the campaign."""

    __tablename__ = "campaigns"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "utm_campaign"),
        one_of("status", CampaignStatus),
    )

    name: Mapped[str] = mapped_column(String(200))
    objective: Mapped[str] = mapped_column(String(500), server_default="")
    utm_campaign: Mapped[str] = mapped_column(String(200))
    start_date: Mapped[datetime | None]
    end_date: Mapped[datetime | None]
    status: Mapped[CampaignStatus] = mapped_column(enumerated(CampaignStatus, 20), server_default="draft")
