"""Short links: all of them with their clicks, one with its figures and its code, and the form that makes and changes them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from console.actions import choices
from console.door import headers
from console.door.admission import Id, SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import rendering, wording
from console.frame.bodies import ChosenId
from console.frame.cursors import Cursor
from console.frame.texts import IF_CHOSEN
from console.library import link_book, link_form
from console.library.link_book import Known
from console.library.link_form import LinkForm, Row
from marketing_pipelines.events.user_agents import Device
from marketing_pipelines.links import pictures
from marketing_pipelines.links.figures import Course
from store.records.links import LinkState, LinkTarget, Sought

router = APIRouter(include_in_schema=False)

PAGE = 25
BLANK_ROWS = 2
SPANS = (7, 30, 90, 365)
PIXELS_A_MODULE = 12
Search = Annotated[str, Query(max_length=200)]


Filled = Annotated[LinkForm, Form()]


@router.get("/links")
def links(
    visitor: SignedIn,
    text: Search = "",
    campaign: ChosenId = None,
    state: Annotated[LinkState | None, IF_CHOSEN] = None,
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
            campaigns=choices.campaigns(session, visitor, campaign),
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
        known = link_book.create(visitor, link_form.wanted(visitor, form))
    except Refused as refused:
        return _form(visitor, form, None, trouble=link_form.troubles(refused))
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
    return _form(visitor, link_form.as_typed(visitor, known.link), known)


@router.post("/links/{link_id}", response_model=None)
def change(visitor: SignedIn, link_id: Id, form: Filled) -> HTMLResponse | RedirectResponse:
    known = link_book.read(visitor, link_id)
    if form.more:
        return _form(visitor, form, known, more=True)
    try:
        link_book.change(visitor, link_id, link_form.changes(visitor, form, known.link))
    except Refused as refused:
        return _form(visitor, form, known, trouble=link_form.troubles(refused))
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


def _form(
    visitor: Visitor,
    form: LinkForm,
    known: Known | None,
    *,
    trouble: Mapping[str, str] | None = None,
    more: bool = False,
) -> HTMLResponse:
    rows = link_form.rows(form)
    blank = min(link_form.MOST_ROWS - len(rows), BLANK_ROWS + (3 if more else 0))
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
            too_many=len(rows) > link_form.MOST_ROWS,
            campaigns=choices.campaigns(session, visitor, chosen),
            devices=", ".join(Device),
            trouble=trouble or {},
            first_wrong=next(iter(trouble), "") if trouble else "",
            focus_row=len(rows) if more else None,
        )
