"""Short links: all of them with their clicks, one with its figures and its code, and the form that makes and changes them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints
from sqlalchemy import select

from console.door import headers
from console.door.admission import LARGEST_ID, Id, SignedIn
from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from console.frame import rendering, timing, wording
from console.frame.cursors import Cursor
from console.frame.texts import Text, any_of_them
from console.library import link_book
from console.library.link_book import Known, Wanted, WantedTarget
from marketing_pipelines.events.user_agents import Device
from marketing_pipelines.links import cells, pictures
from marketing_pipelines.links.figures import Course
from marketing_pipelines.links.refusals import NotUsable as NoLink
from store.records.campaigns import Campaign
from store.records.database import Session
from store.records.links import Link, LinkState, LinkTarget, Sought
from store.records.schema import CampaignId

router = APIRouter(include_in_schema=False)

PAGE = 25
MOST_CAMPAIGNS = 300
# A form has so many rows for targets; a link with more is changed over the API.
MOST_ROWS = 60
BLANK_ROWS = 2
SPANS = (7, 30, 90, 365)
PIXELS_A_MODULE = 12
Cell = Annotated[Text, StringConstraints(max_length=4000)]
OfCampaign = Annotated[
    Annotated[int, Field(ge=1, le=LARGEST_ID)] | None, BeforeValidator(any_of_them), Query()
]
Search = Annotated[str, Query(max_length=200)]


class LinkForm(BaseModel):
    """What stands in the form, as it was typed; the rows of targets come column by column."""

    long_url: Cell = ""
    slug: Cell = ""
    title: Cell = ""
    channel: Cell = ""
    campaign_id: Cell = ""
    tags: Cell = ""
    starts_at: Cell = ""
    expires_at: Cell = ""
    max_clicks: Cell = ""
    fallback_url: Cell = ""
    passed_parameters: Cell = ""
    password: Cell = ""
    no_password: bool = False
    to_url: list[Cell] = []
    to_weight: list[Cell] = []
    to_countries: list[Cell] = []
    to_devices: list[Cell] = []
    to_systems: list[Cell] = []
    to_languages: list[Cell] = []
    more: bool = False


Filled = Annotated[LinkForm, Form()]


@dataclass(frozen=True, slots=True)
class Row:
    """A target as it stands in the form."""

    url: str = ""
    weight: str = "1"
    countries: str = ""
    devices: str = ""
    systems: str = ""
    languages: str = ""


@router.get("/links")
def links(
    visitor: SignedIn,
    text: Search = "",
    campaign: OfCampaign = None,
    state: Annotated[LinkState | None, BeforeValidator(any_of_them)] = None,
    cursor: Cursor = None,
    done: str = "",
) -> HTMLResponse:
    sought = Sought(campaign, text.strip(), state)
    shown, following = link_book.listed(visitor, sought, cursor=cursor, limit=PAGE)
    recent = link_book.recently(visitor, shown)
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "links.html",
            links=shown,
            recent=recent,
            sought=sought,
            is_filtered=sought != Sought(),
            campaigns=_campaigns(session, visitor, campaign),
            states=wording.LINK_STATES,
            state_words=[(state.value, label.text) for state, label in wording.LINK_STATES.items()],
            page={"next_cursor": following},
            is_first=cursor is None,
            done=done,
        )


@router.get("/links/new")
def new(visitor: SignedIn) -> HTMLResponse:
    return _form(visitor, LinkForm(), None)


@router.post("/links", response_model=None)
def create(visitor: SignedIn, form: Filled) -> HTMLResponse | RedirectResponse:
    if form.more:
        return _form(visitor, form, None, more=True)
    try:
        known = link_book.create(visitor, _wanted(visitor, form))
    except Refused as refused:
        return _form(visitor, form, None, trouble=_troubles(refused))
    return RedirectResponse(f"/links/{known.link.id}?done=made", 303)


@router.get("/links/{link_id}")
def link(visitor: SignedIn, link_id: Id, days: int = 30, done: str = "") -> HTMLResponse:
    known = link_book.read(visitor, link_id)
    span = days if days in SPANS else SPANS[1]
    today = datetime.now(visitor.time_zone).date()
    course = _course(visitor, link_id, today - timedelta(days=span - 1), today)
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "link.html",
            known=known,
            link=known.link,
            course=course,
            by_day=_by_day(course, today, span) if course else [],
            span=span,
            spans=SPANS,
            traits=_traits(course) if course else [],
            variants={it.id: it for it in known.variants},
            of_variant={it.variant: it.clicks for it in course.variants} if course else {},
            conditions=_conditions,
            state=wording.LINK_STATES[known.link.state],
            done=done,
        )


@router.get("/links/{link_id}/edit")
def edit(visitor: SignedIn, link_id: Id) -> HTMLResponse:
    known = link_book.read(visitor, link_id)
    return _form(visitor, _as_typed(visitor, known.link), known)


@router.post("/links/{link_id}", response_model=None)
def change(visitor: SignedIn, link_id: Id, form: Filled) -> HTMLResponse | RedirectResponse:
    known = link_book.read(visitor, link_id)
    if form.more:
        return _form(visitor, form, known, more=True)
    try:
        link_book.change(visitor, link_id, _changes(visitor, form, known.link))
    except Refused as refused:
        return _form(visitor, form, known, trouble=_troubles(refused))
    return RedirectResponse(f"/links/{link_id}?done=saved", 303)


@router.post("/links/{link_id}/archive")
def archive(visitor: SignedIn, link_id: Id) -> RedirectResponse:
    link_book.change(visitor, link_id, {"archived": True})
    return RedirectResponse(f"/links/{link_id}?done=archived", 303)


@router.post("/links/{link_id}/restore")
def restore(visitor: SignedIn, link_id: Id) -> RedirectResponse:
    link_book.change(visitor, link_id, {"archived": False})
    return RedirectResponse(f"/links/{link_id}?done=restored", 303)


@router.get("/links/{link_id}/qr.svg")
def qr_svg(visitor: SignedIn, link_id: Id, download: bool = False) -> Response:
    known = link_book.read(visitor, link_id)
    return _picture(
        known, pictures.svg(known.short_url, light=pictures.WHITE), "image/svg+xml", "svg", download
    )


@router.get("/links/{link_id}/qr.png")
def qr_png(visitor: SignedIn, link_id: Id, download: bool = False) -> Response:
    known = link_book.read(visitor, link_id)
    return _picture(known, pictures.png(known.short_url, scale=PIXELS_A_MODULE), "image/png", "png", download)


def _picture(known: Known, drawn: bytes, media_type: str, ending: str, download: bool) -> Response:
    place = "attachment" if download else "inline"
    said = {
        "Content-Disposition": f'{place}; filename="{known.link.slug}.{ending}"',
        "Content-Security-Policy": headers.FILES,
    }
    return Response(drawn, media_type=media_type, headers=said)


def _course(visitor: Visitor, link_id: int, first: date, last: date) -> Course | None:
    """None while the figures cannot be read; the link itself works."""
    try:
        return link_book.course(visitor, link_id, first, last)[2]
    except Refused as refused:
        if refused.problem.status != 503:
            raise
        return None


def _by_day(course: Course, today: date, span: int) -> list[tuple[str, int, int]]:
    """Every day of the span, also those on which nobody came."""
    counted = {day.date: day.clicks for day in course.days}
    days = [today - timedelta(days=back) for back in range(span - 1, -1, -1)]
    return [
        (str(day), counted[day].human, counted[day].bot) if day in counted else (str(day), 0, 0)
        for day in days
    ]


def _traits(course: Course) -> list[tuple[str, Sequence[tuple[str, Any]]]]:
    headings = {"country": "Countries", "device": "Devices", "referrer": "Where they came from"}
    return [(headings[trait], values[:10]) for trait, values in course.traits.items()]


def _conditions(target: LinkTarget) -> str:
    """Whom a target is for, in words."""
    parts = [
        ", ".join(it) for it in (target.countries, target.devices, target.systems, target.languages) if it
    ]
    return " · ".join(parts) or "everybody"


def _campaigns(session: Session, visitor: Visitor, chosen: int | None) -> list[tuple[str, str]]:
    """The newest campaigns, and the chosen one however old it is."""
    ours = select(Campaign.id, Campaign.name).where(Campaign.tenant_id == visitor.tenant)
    newest = ours.order_by(Campaign.id.desc()).limit(MOST_CAMPAIGNS)
    found = {row.id: row.name for row in session.execute(newest)}
    if chosen is not None and chosen not in found:
        found.update({row.id: row.name for row in session.execute(ours.where(Campaign.id == chosen))})
    return [(str(number), name) for number, name in found.items()]


def _form(
    visitor: Visitor,
    form: LinkForm,
    known: Known | None,
    *,
    trouble: Mapping[str, str] | None = None,
    more: bool = False,
) -> HTMLResponse:
    rows = _rows(form)
    blank = min(MOST_ROWS - len(rows), BLANK_ROWS + (3 if more else 0))
    owned = [it for it in known.link.targets if it.variant_id is not None] if known else []
    chosen = int(form.campaign_id) if form.campaign_id.isdigit() and len(form.campaign_id) < 19 else None
    with visitor.records() as session:
        return rendering.page(
            visitor,
            session,
            "link_form.html",
            status=422 if trouble else 200,
            form=form,
            known=known,
            rows=[*rows, *[Row()] * max(blank, 0)],
            owned=owned,
            variants={it.id: it for it in known.variants} if known else {},
            chances=known.chances if known else {},
            conditions=_conditions,
            too_many=len(rows) > MOST_ROWS,
            campaigns=_campaigns(session, visitor, chosen),
            devices=", ".join(Device),
            trouble=trouble or {},
            first_wrong=next(iter(trouble), "") if trouble else "",
            focus_row=len(rows) if more else None,
        )


def _rows(form: LinkForm) -> list[Row]:
    """The rows in which something stands beside a weight."""
    columns = (
        form.to_url,
        form.to_weight,
        form.to_countries,
        form.to_devices,
        form.to_systems,
        form.to_languages,
    )
    height = max(map(len, columns))
    filled = [column + [""] * (height - len(column)) for column in columns]
    rows = [Row(*(cell.strip() for cell in cells_)) for cells_ in zip(*filled, strict=True)]
    return [row for row in rows if replace(row, weight="") != Row(weight="")]


def _as_typed(visitor: Visitor, link: Link) -> LinkForm:
    wanted = link_book.as_wanted(link)
    return LinkForm(
        long_url=wanted.long_url,
        slug=link.slug,
        title=wanted.title,
        channel=wanted.channel,
        campaign_id=str(wanted.campaign or ""),
        tags=", ".join(wanted.tags),
        starts_at=_on_the_clock(visitor, wanted.starts_at),
        expires_at=_on_the_clock(visitor, wanted.expires_at),
        max_clicks=str(wanted.max_clicks or ""),
        fallback_url=wanted.fallback_url or "",
        passed_parameters=", ".join(wanted.passed_parameters),
        to_url=[it.url for it in wanted.targets],
        to_weight=[str(it.weight) for it in wanted.targets],
        to_countries=[", ".join(it.countries) for it in wanted.targets],
        to_devices=[", ".join(it.devices) for it in wanted.targets],
        to_systems=[", ".join(it.systems) for it in wanted.targets],
        to_languages=[", ".join(it.languages) for it in wanted.targets],
    )


def _on_the_clock(visitor: Visitor, moment: datetime | None) -> str:
    """As the browser's own field for it wants it; seconds only where there are some."""
    if moment is None:
        return ""
    there = moment.astimezone(visitor.time_zone).replace(tzinfo=None)
    return there.isoformat(timespec="seconds" if there.second else "minutes")


def _changes(visitor: Visitor, form: LinkForm, link: Link) -> dict[str, Any]:
    wanted = _wanted(visitor, form)
    named = [name for name in Wanted.__dataclass_fields__ if name not in {"slug", "password", "targets"}]
    changes = {name: getattr(wanted, name) for name in named}
    if len(link.targets) <= MOST_ROWS:
        changes["targets"] = wanted.targets
    if form.password or form.no_password:
        changes["password"] = "" if form.no_password else form.password
    return changes


def _wanted(visitor: Visitor, form: LinkForm) -> Wanted:
    return Wanted(
        long_url=form.long_url,
        campaign=_campaign(form),
        channel=form.channel,
        slug=form.slug or None,
        title=form.title,
        tags=_of_line("tags", form.tags, cells.tags),
        starts_at=_moment(visitor, "starts_at", form.starts_at),
        expires_at=_moment(visitor, "expires_at", form.expires_at),
        max_clicks=_of_line("max_clicks", form.max_clicks.strip(), cells.number)
        if form.max_clicks.strip()
        else None,
        fallback_url=form.fallback_url.strip() or None,
        passed_parameters=_of_line("passed_parameters", form.passed_parameters, cells.parameters),
        targets=[_target(number, row) for number, row in enumerate(_rows(form))],
        password=form.password,
    )


def _campaign(form: LinkForm) -> CampaignId | None:
    if not form.campaign_id:
        return None
    with _refusing("campaign_id"):
        number = cells.number(form.campaign_id)
        if not 0 < number <= LARGEST_ID:
            raise NoLink("There is no such campaign.")
        return CampaignId(number)


def _moment(visitor: Visitor, field: str, typed: str) -> datetime | None:
    if not typed.strip():
        return None
    try:
        read = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise _wrong(field, "It is no date and time; write it like 2026-11-30T18:00.") from None
    return timing.meant(field, read, visitor.time_zone)


def _target(number: int, row: Row) -> WantedTarget:
    field = f"targets.{number}"
    if not row.url:
        raise _wrong(field, "Say where this one leads, or empty the whole row.")
    weight = _of_line(field, row.weight or "1", cells.number)
    return WantedTarget(
        row.url,
        weight,
        _pieces(row.countries),
        _pieces(row.devices),
        _pieces(row.systems),
        _pieces(row.languages),
    )


def _pieces(line: str) -> list[str]:
    return [piece for it in line.split(",") if (piece := it.strip())]


def _of_line(field: str, line: str, read: Any) -> Any:
    with _refusing(field):
        return read(line)


def _troubles(refused: Refused) -> dict[str, str]:
    """By field; what concerns none of them is an error of the whole page."""
    if not refused.problem.errors:
        raise refused
    return {error.field: error.reason for error in refused.problem.errors}


def _wrong(field: str, reason: str) -> Refused:
    return Refused(422, reason, [FieldError(field, reason)])


@contextmanager
def _refusing(field: str) -> Iterator[None]:
    try:
        yield
    except NoLink as unusable:
        raise _wrong(field, str(unusable)) from None
