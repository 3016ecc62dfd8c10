"""Feeds: which ones a tenant reads, and how the last reading went."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Double, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.records.schema import Record, TenantOwned, enumerated, key_for_children, one_of


class FeedStatus(StrEnum):
    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    RETIRED = "retired"


class Feed(TenantOwned, Record):
    """The conditional state (etag, last_modified) moves only after the entries are stored."""

    __tablename__ = "feeds"
    __table_args__ = (key_for_children(), UniqueConstraint("tenant_id", "url"), one_of("status", FeedStatus))

    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2048))
    topic: Mapped[str] = mapped_column(String(100), server_default="")
    language: Mapped[str] = mapped_column(String(20), server_default="")
    weight: Mapped[float] = mapped_column(Double, server_default="1")
    interval_minutes: Mapped[int] = mapped_column(Integer, server_default="60")
    status: Mapped[FeedStatus] = mapped_column(enumerated(FeedStatus, 20), server_default="new")
    etag: Mapped[str | None] = mapped_column(String(500))
    last_modified: Mapped[str | None] = mapped_column(String(100))
    last_fetched_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(1000))
    next_fetch_at: Mapped[datetime | None]
