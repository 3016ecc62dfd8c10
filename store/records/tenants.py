"""Tenants: whose data it is, in which zone and currency."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.records.schema import Record, TenantId


class Tenant(Record):
    __tablename__ = "tenants"

    id: Mapped[TenantId] = mapped_column(Identity(always=False), primary_key=True)
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    time_zone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    currency: Mapped[str] = mapped_column(String(3), server_default="EUR")
    policy: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def by_slug(session: Session, slug: str) -> Tenant | None:
    return session.scalar(select(Tenant).where(Tenant.slug == slug))


def all_ids(session: Session) -> list[TenantId]:
    return list(session.scalars(select(Tenant.id).order_by(Tenant.id)))
