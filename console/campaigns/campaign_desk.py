"""What a person does with campaigns: each function but `publish` is one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, or_, select

from console.actions import desk
from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from console.frame import timing
from marketing_pipelines.campaigns import announcement, outlook
from marketing_pipelines.campaigns.announcement import Announcement
from marketing_pipelines.outbound import payloads
from marketing_pipelines.outbound.kinds.face import NotReady
from marketing_pipelines.outbound.payloads import PayloadError
from store.records import actions, campaigns, intakes, policies, requested_runs
from store.records.action_states import State
from store.records.actions import Action
from store.records.campaigns import Campaign, CampaignStatus, Plan
from store.records.database import Session
from store.records.intakes import Intake
from store.records.projects import Project
from store.records.requested_runs import RequestedRun, RunKind
from store.records.schema import CampaignId, NotUsable, ProjectId

# What one request freezes; whoever has more publishes again.
MOST_SUBMITTED = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """A campaign as somebody asks for it; dates without a zone are the tenant's."""

    name: str
    objective: str
    utm_campaign: str
    project: int | None
    start: datetime | None
    end: datetime | None
    provenance: Sequence[dict[str, str]] = ()
    """What it came from; said once, when it is made."""
    announcement: Announcement | None = None
    """What it says, of which drafts are made once, when it is made."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A list of recipients that comes with a campaign, and the words for them."""

    title: str
    message: str
    addresses: Sequence[str]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How far the recipients that came with a campaign have been taken in."""

    intake: Intake
    request: RequestedRun


@dataclass(frozen=True, slots=True)
class Shown:
    """A campaign, what is to be said about it, and the recipients that it came with."""

    campaign: Campaign
    warnings: Sequence[str]
    taken_in: TakenIn | None

    @property
    def etag(self) -> str:
        """Of all that is shown of it, also of what its recipients' coming has got to."""
        coming = self.taken_in and [
            self.taken_in.request.state,
            self.taken_in.intake.taken,
            self.taken_in.intake.counts,
        ]
        return etags.of(self.campaign, list(self.warnings), coming)


@dataclass(frozen=True, slots=True)
class NotSubmitted:
    action: int
    reason: str


@dataclass(slots=True)
class Published:
    """A live campaign, and what became of its drafts; `left` wait for another request."""

    shown: Shown
    submitted: list[int] = field(default_factory=list)
    not_submitted: list[NotSubmitted] = field(default_factory=list)
    left: int = 0


def create(visitor: Visitor, wanted: Wanted, brought: Brought | None = None) -> Shown:
    """A new campaign; recipients that it brings along are taken in by a run in the background."""
    with visitor.records() as session, _refusing():
        plan = _plan(session, visitor, wanted)
        campaign = campaigns.add(
            session, visitor.tenant, visitor.actor, plan, wanted.utm_campaign, wanted.provenance
        )
        if brought is not None:
            _ask_to_take_in(session, visitor, campaign, brought)
        if wanted.announcement is not None:
            _draft(session, visitor, campaign, wanted.announcement)
        return shown(session, visitor, campaign)


def change(visitor: Visitor, campaign_id: int, wanted: Wanted) -> Shown:
    with visitor.records() as session, _refusing():
        campaign = _locked(session, visitor, campaign_id)
        visitor.conditions.require(lambda: shown(session, visitor, campaign).etag)
        plan = _plan(session, visitor, wanted)
        campaigns.change(session, campaign, visitor.actor, plan, wanted.utm_campaign)
        return shown(session, visitor, campaign)


def schedule(visitor: Visitor, campaign_id: int, start: datetime | None, end: datetime | None) -> Shown:
    with visitor.records() as session, _refusing():
        campaign = _locked(session, visitor, campaign_id)
        moments = _moments(visitor, start, end)
        campaigns.schedule(session, campaign, visitor.actor, *moments)
        return shown(session, visitor, campaign)


def pause(visitor: Visitor, campaign_id: int, reason: str) -> Shown:
    with visitor.records() as session, _refusing():
        campaign = _locked(session, visitor, campaign_id)
        campaigns.pause(session, campaign, visitor.actor, reason)
        return shown(session, visitor, campaign)


def resume(visitor: Visitor, campaign_id: int) -> Shown:
    with visitor.records() as session, _refusing():
        campaign = _locked(session, visitor, campaign_id)
        campaigns.resume(session, campaign, visitor.actor)
        return shown(session, visitor, campaign)


def publish(visitor: Visitor, campaign_id: int) -> Published:
    """Makes it live and asks for approval of its drafts, each by itself: one that cannot go holds up no other."""
    with visitor.records() as session, _refusing():
        campaign = _locked(session, visitor, campaign_id)
        campaigns.publish(session, campaign, visitor.actor)
        drafts = list(session.scalars(_drafts(visitor, campaign).order_by(Action.id)))
        published = Published(shown(session, visitor, campaign))
    if campaign.status is CampaignStatus.COMPLETED:
        return published
    for action in drafts[:MOST_SUBMITTED]:
        try:
            desk.submit(visitor, action)
        except (NotReady, PayloadError, Refused, actions.IllegalMove) as refused:
            published.not_submitted.append(NotSubmitted(action, str(refused)))
        else:
            published.submitted.append(action)
    published.left = len(drafts[MOST_SUBMITTED:])
    return published


def read(visitor: Visitor, campaign_id: int) -> Shown:
    with visitor.records() as session:
        return shown(session, visitor, found(session, visitor, campaign_id))


def listed(
    visitor: Visitor,
    *,
    status: CampaignStatus | None,
    project: int | None,
    cursor: int | None,
    limit: int,
    text: str = "",
) -> tuple[list[Shown], int | None]:
    """A page of campaigns, newest first, and where the next begins; `text` is a part of a name."""
    query = select(Campaign).where(Campaign.tenant_id == visitor.tenant).order_by(Campaign.id.desc())
    if status is not None:
        query = query.where(Campaign.status == status)
    if project is not None:
        query = query.where(Campaign.project_id == project)
    if text:
        named = (Campaign.name, Campaign.utm_campaign)
        query = query.where(or_(*(column.icontains(text, autoescape=True) for column in named)))
    if cursor:
        query = query.where(Campaign.id < cursor)
    with visitor.records() as session:
        rows = list(session.scalars(query.limit(limit + 1)))
        taken_in = _taken_in(session, visitor, [row.id for row in rows])
    page = [
        Shown(row, list(outlook.warnings(row, visitor.time_zone)), taken_in.get(row.id))
        for row in rows[:limit]
    ]
    return page, (rows[limit - 1].id if len(rows) > limit else None)


def _plan(session: Session, visitor: Visitor, wanted: Wanted) -> Plan:
    project = wanted.project and _own_project(session, visitor, ProjectId(wanted.project))
    start, end = _moments(visitor, wanted.start, wanted.end)
    return Plan(
        name=wanted.name,
        objective=wanted.objective,
        project_id=project or None,
        start_date=start,
        end_date=end,
    )


def _moments(
    visitor: Visitor, start: datetime | None, end: datetime | None
) -> tuple[datetime | None, datetime | None]:
    begins = timing.meant("start_date", start, visitor.time_zone)
    ends = timing.meant("end_date", end, visitor.time_zone)
    if begins and ends and ends <= begins:
        raise Refused(
            422, "The end must come after the start.", [FieldError("end_date", "must come after the start")]
        )
    return begins, ends


def shown(session: Session, visitor: Visitor, campaign: Campaign, notes: Sequence[str] = ()) -> Shown:
    told = [*notes, *outlook.warnings(campaign, visitor.time_zone)]
    return Shown(campaign, told, _taken_in(session, visitor, [campaign.id]).get(campaign.id))


def _ask_to_take_in(session: Session, visitor: Visitor, campaign: Campaign, brought: Brought) -> None:
    number = CampaignId(campaign.id)
    asked = requested_runs.ask(
        session, visitor.tenant, visitor.user, RunKind.TAKE_IN_RECIPIENTS, subject=number
    )
    intakes.add(
        session,
        visitor.tenant,
        number,
        asked.id,
        subject=brought.title,
        message=brought.message,
        addresses=brought.addresses,
    )


def _draft(session: Session, visitor: Visitor, campaign: Campaign, said: Announcement) -> None:
    """A draft for each channel, in its own words from then on; what a channel does not take refuses the campaign."""
    for outlet, draft in announcement.drafts(said, campaign.name, campaign.utm_campaign):
        try:
            checked = payloads.checked(draft.type, draft.payload)
        except PayloadError as wrong:
            errors = [
                FieldError(f"announcement.{it.field}", f"{outlet}: {it.reason}") for it in wrong.problems
            ]
            raise Refused(422, f"It cannot be said on {outlet}.", errors) from None
        actions.create(
            session,
            visitor.tenant,
            visitor.actor,
            type=draft.type,
            channel=checked.channel,
            payload=checked.payload,
            purpose=policies.of_tenant(session, visitor.tenant).default_purpose,
            title=f"{campaign.name} on {outlet}"[:200],
            author=visitor.user,
            campaign=CampaignId(campaign.id),
        )


def _taken_in(session: Session, visitor: Visitor, numbers: Sequence[int]) -> dict[int, TakenIn]:
    """By campaign, for those that brought recipients along."""
    rows = session.execute(
        select(Intake, RequestedRun)
        .join(
            RequestedRun,
            (RequestedRun.tenant_id == Intake.tenant_id) & (RequestedRun.id == Intake.request_id),
        )
        .where(Intake.tenant_id == visitor.tenant, Intake.campaign_id.in_(numbers))
    )
    return {intake.campaign_id: TakenIn(intake, request) for intake, request in rows}


def _drafts(visitor: Visitor, campaign: Campaign) -> Select[tuple[int]]:
    return select(Action.id).where(
        Action.tenant_id == visitor.tenant,
        Action.campaign_id == campaign.id,
        Action.state == State.DRAFT,
    )


def found(session: Session, visitor: Visitor, campaign_id: int) -> Campaign:
    """The tenant's campaign of this number; another tenant's looks like none at all."""
    query = select(Campaign).where(Campaign.tenant_id == visitor.tenant, Campaign.id == campaign_id)
    campaign = session.scalars(query).one_or_none()
    if campaign is None:
        raise nothing_here()
    return campaign


def _locked(session: Session, visitor: Visitor, campaign_id: int) -> Campaign:
    campaign = campaigns.locked(session, visitor.tenant, CampaignId(campaign_id))
    if campaign is None:
        raise nothing_here()
    return campaign


def _own_project(session: Session, visitor: Visitor, project: ProjectId) -> ProjectId:
    known = select(Project.id).where(Project.tenant_id == visitor.tenant, Project.id == project)
    if session.scalar(known) is None:
        told = f"there is no project {project}"
        raise Refused(422, f"There is no project {project}.", [FieldError("project_id", told)])
    return project


@contextmanager
def _refusing() -> Iterator[None]:
    """What the records refuse: a name that is taken, or a move that the status does not allow."""
    try:
        yield
    except NotUsable as unusable:
        raise Refused(422, str(unusable), [FieldError("utm_campaign", str(unusable))]) from None
    except campaigns.IllegalMove as illegal:
        raise Refused(409, str(illegal)) from None
