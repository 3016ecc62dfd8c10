"""Intakes: addresses that somebody brings along with a campaign, as far as they have been taken in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Integer, String, Text, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.records.schema import (
    ActionId,
    CampaignId,
    GroupId,
    Record,
    TenantId,
    TenantOwned,
    belongs_to,
)


class Intake(TenantOwned, Record):
    """One campaign's list, with the words for those on it; the addresses stay only until the request is settled.

    `taken` lines have been seen, and `counts` says what they were: both move in the transaction that took them.
    A trigger in the migration forgets the list, whichever way the request was settled.
    """

    __tablename__ = "intakes"
    __table_args__ = (
        UniqueConstraint("tenant_id", "campaign_id"),
        belongs_to("campaigns", "campaign_id"),
        belongs_to("requested_runs", "request_id"),
        belongs_to("contact_groups", "group_id", ondelete="RESTRICT"),
        belongs_to("actions", "action_id", ondelete="RESTRICT"),
    )

    campaign_id: Mapped[CampaignId]
    request_id: Mapped[int] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(String(255))
    message: Mapped[str] = mapped_column(Text)
    # Deferred, since a hundred thousand are read a slice at a time.
    addresses: Mapped[list[str]] = mapped_column(ARRAY(Text), deferred=True)
    lines: Mapped[int] = mapped_column(Integer)
    taken: Mapped[int] = mapped_column(Integer, server_default="0")
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    group_id: Mapped[GroupId | None]
    action_id: Mapped[ActionId | None]


def add(
    session: Session,
    tenant: TenantId,
    campaign: CampaignId,
    request_id: int,
    *,
    subject: str,
    message: str,
    addresses: Sequence[str],
) -> Intake:
    intake = Intake(
        tenant_id=tenant,
        campaign_id=campaign,
        request_id=request_id,
        subject=subject,
        message=message,
        addresses=list(addresses),
        lines=len(addresses),
        taken=0,
        counts={},
        problems=[],
    )
    session.add(intake)
    session.flush()
    return intake


def of_request(session: Session, tenant: TenantId, request_id: int) -> Intake:
    """The intake that a run was asked for; the run holds the request's row lock."""
    query = select(Intake).where(Intake.tenant_id == tenant, Intake.request_id == request_id)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def next_lines(session: Session, intake: Intake, most: int) -> list[str]:
    """The lines that come next, and only those."""
    part = Intake.addresses[intake.taken + 1 : intake.taken + most]
    return session.scalars(select(part).where(Intake.id == intake.id)).one()
