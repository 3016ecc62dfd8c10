"""Campaigns: what belongs to them, where they stand, and every step that a person can take with one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from console.actions import listing
from console.actions.action_filters import Filter
from console.actions.choices import Options
from console.actions.listing import PAGE
from console.approvals import provenance
from console.campaigns import campaign_desk, campaign_figures, campaign_form, campaign_standing, projects
from console.campaigns.campaign_desk import Published
from console.campaigns.campaign_form import Typed
from console.door.admission import Id, SignedIn
from console.door.etags import ChangedMeanwhile, Conditions
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import form_bodies, rendering, wording
from console.frame.cursors import Cursor
from console.frame.texts import IF_CHOSEN, Text
from console.library import link_book
from marketing_pipelines.campaigns.announcement import Outlet
from store.records.campaigns import CampaignStatus
from store.records.links import Sought

router = APIRouter(include_in_schema=False)

MOST_SHOWN = 8
MOST_PROJECTS = 200
# A form's fields are bounded by what they are read as; none is longer than the whole list of addresses.
Field = Annotated[str, Form()]


def _typed(
    name: Field = "",
    objective: Field = "",
    utm_campaign: Field = "",
    project_id: Field = "",
    start_date: Field = "",
    end_date: Field = "",
    title: Field = "",
    message: Field = "",
    recipient_emails: Field = "",
    says: Field = "",
    says_link: Field = "",
    says_image: Field = "",
    says_on: Annotated[Sequence[str], Form(max_length=20)] = (),
) -> Typed:
    return Typed(
        name=name,
        objective=objective,
        utm_campaign=utm_campaign,
        project_id=project_id,
        start_date=start_date,
        end_date=end_date,
        title=title,
        message=message,
        recipient_emails=recipient_emails,
        says=says,
        says_link=says_link,
        says_image=says_image,
        says_on=says_on,
    )


TypedIn = Annotated[Typed, Depends(_typed)]


@router.get("/campaigns")
def campaigns(
    visitor: SignedIn,
    status: Annotated[CampaignStatus | None, IF_CHOSEN, Query()] = None,
    text: Annotated[Text, Query(max_length=200)] = "",
    cursor: Cursor = None,
) -> HTMLResponse:
    shown, following = campaign_desk.listed(
        visitor, status=status, project=None, cursor=cursor, limit=PAGE, text=text.strip()
    )
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "campaigns.html",
            campaigns=shown,
            counts=campaign_standing.action_counts(session, visitor, [it.campaign.id for it in shown]),
            chosen=status,
            text=text.strip(),
            page={"next_cursor": following},
            is_first=cursor is None,
        )


@router.get("/campaigns/new")
def new(visitor: SignedIn, start: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:
    return _editor(visitor, None, Typed(start_date=start), {}, 200)


@router.post("/campaigns/new", response_model=None)
def create(visitor: SignedIn, typed: TypedIn) -> HTMLResponse | RedirectResponse:
    try:
        body = typed.as_new()
        shown = campaign_desk.create(visitor, body.as_wanted(body.name or ""), body.brought)
    except Refused as refused:
        return _editor(visitor, None, typed, form_bodies.troubles(refused), refused.problem.status)
    return _back_to(shown.campaign.id, "written")


@router.get("/campaigns/{campaign_id}")
def campaign(visitor: SignedIn, campaign_id: Id, done: str = "") -> HTMLResponse:
    return _detail(visitor, campaign_id, done=done)


@router.get("/campaigns/{campaign_id}/edit")
def edit(visitor: SignedIn, campaign_id: Id) -> HTMLResponse:
    shown = campaign_desk.read(visitor, campaign_id)
    return _editor(visitor, shown, Typed.of(shown.campaign, visitor.time_zone), {}, 200, shown.etag)


@router.post("/campaigns/{campaign_id}/edit", response_model=None)
def change(
    visitor: SignedIn, campaign_id: Id, typed: TypedIn, etag: Annotated[str, Form(max_length=100)] = ""
) -> HTMLResponse | RedirectResponse:
    shown = campaign_desk.read(visitor, campaign_id)
    knowing = replace(visitor, conditions=Conditions(reads=False, if_match=etag))
    try:
        body = typed.as_changed(shown.campaign, visitor.time_zone)
        campaign_desk.change(knowing, campaign_id, body.as_wanted(body.name))
    except ChangedMeanwhile:
        shown = campaign_desk.read(visitor, campaign_id)
        theirs = Typed.of(shown.campaign, visitor.time_zone)
        return _editor(visitor, shown, typed, {}, 409, shown.etag, theirs)
    except Refused as refused:
        return _editor(visitor, shown, typed, form_bodies.troubles(refused), refused.problem.status, etag)
    return _back_to(campaign_id, "changed")


@router.post("/campaigns/{campaign_id}/publish", response_model=None)
def publish(visitor: SignedIn, campaign_id: Id) -> HTMLResponse | RedirectResponse:
    """What could not be asked for is told at once, since no later page knows it."""
    published = campaign_desk.publish(visitor, campaign_id)
    if published.not_submitted or published.left:
        return _detail(visitor, campaign_id, done="published", published=published)
    return _back_to(campaign_id, "published")


@router.post("/campaigns/{campaign_id}/schedule", response_model=None)
def schedule(visitor: SignedIn, campaign_id: Id, typed: TypedIn) -> HTMLResponse | RedirectResponse:
    shown = campaign_desk.read(visitor, campaign_id)
    try:
        dates = typed.as_dates(shown.campaign, visitor.time_zone)
        campaign_desk.schedule(visitor, campaign_id, dates.start_date, dates.end_date)
    except Refused as refused:
        return _detail(visitor, campaign_id, typed=typed, refused=refused)
    return _back_to(campaign_id, "scheduled")


@router.post("/campaigns/{campaign_id}/pause", response_model=None)
def pause(visitor: SignedIn, campaign_id: Id, reason: Field = "") -> HTMLResponse | RedirectResponse:
    try:
        campaign_desk.pause(visitor, campaign_id, campaign_form.as_pause(reason).reason)
    except Refused as refused:
        return _detail(visitor, campaign_id, refused=refused, reason=reason)
    return _back_to(campaign_id, "paused")


@router.post("/campaigns/{campaign_id}/resume")
def resume(visitor: SignedIn, campaign_id: Id) -> RedirectResponse:
    campaign_desk.resume(visitor, campaign_id)
    return _back_to(campaign_id, "resumed")


def _back_to(campaign_id: int, done: str) -> RedirectResponse:
    return RedirectResponse(f"/campaigns/{campaign_id}?done={done}", 303)


def _detail(
    visitor: Visitor,
    campaign_id: int,
    *,
    done: str = "",
    published: Published | None = None,
    typed: Typed | None = None,
    refused: Refused | None = None,
    reason: str = "",
) -> HTMLResponse:
    standing = campaign_standing.read(visitor, campaign_id)
    campaign = standing.shown.campaign
    links, _ = link_book.listed(visitor, Sought(campaign_id), cursor=None, limit=MOST_SHOWN)
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "campaign.html",
            status=refused.problem.status if refused else 200,
            standing=standing,
            campaign=campaign,
            actions=listing.newest(
                session, visitor.tenant, only=Filter(campaign=campaign_id), limit=MOST_SHOWN
            ).items,
            links=links,
            figures=campaign_figures.of_campaign(visitor, campaign),
            sources=provenance.sources(visitor, campaign.provenance),
            published=published,
            typed=typed or Typed.of(campaign, visitor.time_zone),
            troubles=form_bodies.troubles(refused) if refused else {},
            reason=reason,
            done=done,
        )


def _editor(
    visitor: Visitor,
    shown: campaign_desk.Shown | None,
    typed: Typed,
    troubles: form_bodies.Troubles,
    status: int,
    etag: str = "",
    theirs: Typed | None = None,
) -> HTMLResponse:
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "campaign_editor.html",
            status=status,
            campaign=shown.campaign if shown else None,
            typed=typed,
            theirs=theirs,
            troubles=troubles,
            etag=etag,
            projects=_projects(visitor),
            outlets=[(outlet, wording.OUTLETS[outlet]) for outlet in Outlet],
        )


def _projects(visitor: Visitor) -> Options:
    listed, _ = projects.listed(visitor, None, MOST_PROJECTS)
    return [(str(project.id), project.name) for project in listed]
