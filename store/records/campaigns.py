"""Campaigns: what links, ads and mails are grouped under, every legal move, and what each state lets out of the house."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    String,
    UniqueConstraint,
    and_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log, turns
from store.records.schema import (
    CampaignId,
    NotUsable,
    ProjectId,
    Record,
    TenantId,
    TenantOwned,
    belongs_to,
    enumerated,
    key_for_children,
    one_of,
)

LONGEST_UTM = 200


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"


class Move(StrEnum):
    SCHEDULE = "schedule"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"


# The one table of legal moves; the trigger in the migration refuses everything else as well.
MOVES: dict[Move, tuple[frozenset[CampaignStatus], CampaignStatus]] = {
    Move.SCHEDULE: (
        frozenset(
            {CampaignStatus.DRAFT, CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.COMPLETED}
        ),
        CampaignStatus.SCHEDULED,
    ),
    Move.START: (
        frozenset({CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.COMPLETED}),
        CampaignStatus.RUNNING,
    ),
    Move.PAUSE: (frozenset({CampaignStatus.SCHEDULED, CampaignStatus.RUNNING}), CampaignStatus.PAUSED),
    Move.RESUME: (frozenset({CampaignStatus.PAUSED}), CampaignStatus.RUNNING),
    Move.COMPLETE: (
        frozenset(
            {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED}
        ),
        CampaignStatus.COMPLETED,
    ),
}
LIVE = frozenset({CampaignStatus.SCHEDULED, CampaignStatus.RUNNING})
_TOWARDS = {
    CampaignStatus.SCHEDULED: Move.SCHEDULE,
    CampaignStatus.RUNNING: Move.START,
    CampaignStatus.COMPLETED: Move.COMPLETE,
}


class IllegalMove(Exception):
    """The campaign's status does not allow this; says what it is and what would be allowed."""

    def __init__(self, campaign: "Campaign", wanted: str) -> None:
        allowed = ", ".join(move for move, (sources, _) in MOVES.items() if campaign.status in sources)
        super().__init__(f"Campaign {campaign.id} is {campaign.status}: cannot {wanted}; it can {allowed}.")


class Campaign(TenantOwned, Record):
    """`utm_campaign` is how visits and ad accounts name the campaign."""

    __tablename__ = "campaigns"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "utm_campaign"),
        belongs_to("projects", "project_id", ondelete="RESTRICT"),
        one_of("status", CampaignStatus),
        CheckConstraint("end_date > start_date", name="end_date"),
    )

    name: Mapped[str] = mapped_column(String(200))
    objective: Mapped[str] = mapped_column(String(500), server_default="")
    utm_campaign: Mapped[str] = mapped_column(String(LONGEST_UTM))
    project_id: Mapped[ProjectId | None]
    start_date: Mapped[datetime | None]
    end_date: Mapped[datetime | None]
    status: Mapped[CampaignStatus] = mapped_column(
        enumerated(CampaignStatus, 20), server_default="draft", index=True
    )
    pause_reason: Mapped[str] = mapped_column(String(500), server_default="")
    provenance: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default="[]")

    @property
    def has_ended(self) -> bool:
        return self.end_date is not None and self.end_date <= now()

    @property
    def is_over(self) -> bool:
        """For good, by its status or by its dates, which the next tick follows."""
        return self.has_ended or self.status is CampaignStatus.COMPLETED

    @property
    def why_it_stops(self) -> str:
        """Why nothing of it goes out, for one that `stops` finds."""
        if self.is_over:
            return f"campaign {self.id} has ended"
        begins = self.status is CampaignStatus.SCHEDULED
        return f"campaign {self.id} {'has not started' if begins else 'is paused'}"


class Plan(TypedDict):
    """What people say of a campaign."""

    name: str
    objective: str
    project_id: ProjectId | None
    start_date: datetime | None
    end_date: datetime | None


def add(
    session: Session,
    tenant: TenantId,
    actor: Actor,
    plan: Plan,
    utm_campaign: str = "",
    provenance: Sequence[dict[str, str]] = (),
) -> Campaign:
    """A new draft, or, where its end has passed already, a completed one."""
    _check(plan["start_date"], plan["end_date"])
    campaign = Campaign(
        tenant_id=tenant,
        utm_campaign=_free_utm(session, tenant, utm_campaign, plan["name"]),
        status=CampaignStatus.DRAFT,
        pause_reason="",
        provenance=list(provenance),
        **plan,
    )
    session.add(campaign)
    session.flush()
    told = {"status": CampaignStatus.DRAFT, **_dates(campaign)}
    audit_log.append(session, tenant, actor, "create", "campaign", campaign.id, {}, told)
    follow_dates(session, campaign, actor)
    return campaign


def change(session: Session, campaign: Campaign, actor: Actor, plan: Plan, utm_campaign: str = "") -> None:
    """Says it anew; a live campaign follows its new dates at once. The caller holds the row lock."""
    _check(plan["start_date"], plan["end_date"])
    before = _dates(campaign)
    if utm_campaign and utm_campaign != campaign.utm_campaign:
        campaign.utm_campaign = _free_utm(session, campaign.tenant_id, utm_campaign, "")
    for name, value in plan.items():
        setattr(campaign, name, value)
    session.flush()
    audit_log.append(
        session, campaign.tenant_id, actor, "change", "campaign", campaign.id, before, _dates(campaign)
    )
    follow_dates(session, campaign, actor)


def locked(session: Session, tenant: TenantId, campaign: CampaignId) -> Campaign | None:
    """The campaign under a row lock, as it is now; None when the tenant has no such campaign."""
    return session.scalars(
        select(Campaign)
        .where(Campaign.tenant_id == tenant, Campaign.id == campaign)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def publish(session: Session, campaign: Campaign, actor: Actor) -> None:
    """Makes a draft live, as its dates say; one that is live stays so."""
    if campaign.status not in LIVE | {CampaignStatus.DRAFT}:
        raise IllegalMove(campaign, "publish")
    _go_by_dates(session, campaign, actor)


def schedule(
    session: Session, campaign: Campaign, actor: Actor, start: datetime | None, end: datetime | None
) -> None:
    """Gives it dates and makes it live by them, also one that had ended; a paused one stays paused."""
    _check(start, end)
    before = _dates(campaign)
    campaign.start_date, campaign.end_date = start, end
    session.flush()
    audit_log.append(
        session, campaign.tenant_id, actor, "set_dates", "campaign", campaign.id, before, _dates(campaign)
    )
    if campaign.status is CampaignStatus.PAUSED:
        follow_dates(session, campaign, actor)
    else:
        _go_by_dates(session, campaign, actor)


def pause(session: Session, campaign: Campaign, actor: Actor, reason: str) -> None:
    """Holds everything of it from the next message on; why stands on the campaign, not in the audit."""
    _move(session, campaign, Move.PAUSE, actor)
    campaign.pause_reason = reason
    session.flush()


def resume(session: Session, campaign: Campaign, actor: Actor) -> None:
    """It goes on as its dates say."""
    if campaign.status is not CampaignStatus.PAUSED:
        raise IllegalMove(campaign, Move.RESUME)
    campaign.pause_reason = ""
    _go_by_dates(session, campaign, actor)


def moved_on_by_dates(session: Session) -> list[tuple[TenantId, CampaignId]]:
    """Whose dates say something else than their status, as far as dates alone decide."""
    begun = and_(Campaign.status == CampaignStatus.SCHEDULED, Campaign.start_date <= now())
    ended = and_(Campaign.status.in_({*LIVE, CampaignStatus.PAUSED}), Campaign.end_date <= now())
    rows = session.execute(select(Campaign.tenant_id, Campaign.id).where(or_(begun, ended)))
    return [(row.tenant_id, CampaignId(row.id)) for row in rows]


def follow_dates(session: Session, campaign: Campaign, actor: Actor) -> None:
    """What time alone does: a live campaign starts and ends, a paused one ends, one that is over is completed."""
    if campaign.status in LIVE or (campaign.has_ended and campaign.status is not CampaignStatus.COMPLETED):
        _go_by_dates(session, campaign, actor)


def stops(
    tenant: ColumnElement[Any] | TenantId, campaign: ColumnElement[Any] | CampaignId | None
) -> ColumnElement[bool]:
    """The condition on a campaign under which nothing of it may leave the house now; a draft stops nothing."""
    return and_(
        Campaign.tenant_id == tenant,
        Campaign.id == campaign,
        Campaign.status != CampaignStatus.DRAFT,
        or_(Campaign.status != CampaignStatus.RUNNING, Campaign.end_date <= now()),
    )


def stopping(session: Session, tenant: TenantId, campaign: CampaignId | None) -> Campaign | None:
    """The campaign of this number, if it stops what belongs to it."""
    return session.scalars(select(Campaign).where(stops(tenant, campaign))).one_or_none()


def _go_by_dates(session: Session, campaign: Campaign, actor: Actor) -> None:
    target = _status_by_dates(campaign)
    if target is campaign.status:
        return
    resumes = campaign.status is CampaignStatus.PAUSED and target is CampaignStatus.RUNNING
    _move(session, campaign, Move.RESUME if resumes else _TOWARDS[target], actor)


def _status_by_dates(campaign: Campaign) -> CampaignStatus:
    if campaign.has_ended:
        return CampaignStatus.COMPLETED
    starts_later = campaign.start_date is not None and campaign.start_date > now()
    return CampaignStatus.SCHEDULED if starts_later else CampaignStatus.RUNNING


def _move(session: Session, campaign: Campaign, step: Move, actor: Actor) -> None:
    sources, target = MOVES[step]
    if campaign.status not in sources:
        raise IllegalMove(campaign, step)
    before, campaign.status = {"status": campaign.status}, target
    session.flush()
    audit_log.append(
        session, campaign.tenant_id, actor, step, "campaign", campaign.id, before, {"status": target}
    )


def _check(start: datetime | None, end: datetime | None) -> None:
    if start is not None and end is not None and end <= start:
        raise NotUsable("The end must come after the start.")


def _dates(campaign: Campaign) -> dict[str, Any]:
    return {
        "start_date": campaign.start_date and campaign.start_date.isoformat(),
        "end_date": campaign.end_date and campaign.end_date.isoformat(),
    }


def _free_utm(session: Session, tenant: TenantId, chosen: str, name: str) -> str:
    """The chosen one if no other campaign has it; else the name as addresses say it, with a number if need be.

    Those who name campaigns of one tenant take turns, so that no two get the same.
    """
    turns.take(session, turns.Turn.NAMING_CAMPAIGNS, tenant)
    ours = select(Campaign.utm_campaign).where(Campaign.tenant_id == tenant)
    if chosen:
        if session.scalar(ours.where(Campaign.utm_campaign == chosen)) is not None:
            raise NotUsable(f"Another campaign has the utm_campaign {chosen!r} already.")
        return chosen
    derived = as_addresses_say(name)
    taken = set(session.scalars(ours.where(Campaign.utm_campaign.startswith(derived, autoescape=True))))
    number = 1
    while (free := derived if number == 1 else f"{derived}-{number}") in taken:
        number += 1
    return free


def as_addresses_say(name: str) -> str:
    """A name in plain letters, digits and hyphens, with room for a number behind it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[: LONGEST_UTM - 10].strip("-") or "campaign"
