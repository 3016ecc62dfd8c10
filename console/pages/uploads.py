"""Uploads: touches and sales that no page saw, brought along as a list, looked at line by line, and then added."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, File, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from console.door.admission import Id, SignedIn
from console.door.problems import Refused
from console.door.sign_in import Visitor
from console.frame import names, rendering
from console.frame.cursors import Cursor
from console.frame.lineage import Asset
from console.measuring import upload_book
from marketing_pipelines.uploads import columns
from marketing_pipelines.uploads.checking import MOST_PROBLEMS
from marketing_pipelines.uploads.columns import COLUMNS
from store.records import uploads

router = APIRouter(include_in_schema=False)

PAGE = 20
# Of what is wrong; the others unfold.
SHOWN_AT_ONCE = 20


@router.get("/uploads")
def uploads_made(visitor: SignedIn, cursor: Cursor = None, done: str = "") -> HTMLResponse:
    return _page(visitor, cursor=cursor, done=done)


@router.get("/uploads/list")
def how_far(visitor: SignedIn, cursor: Cursor = None) -> HTMLResponse:
    """The part of the page that changes while lists are added."""
    return _page(visitor, cursor=cursor, template="uploads_list.html")


@router.get("/uploads/template.csv")
def template(visitor: SignedIn) -> Response:
    """Begins with a mark by which Excel knows that it is UTF-8."""
    text = "\ufeff" + columns.template(upload_book.today(visitor))
    named = {"Content-Disposition": 'attachment; filename="offline-template.csv"'}
    return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=named)


@router.post("/uploads", response_model=None)
def check(
    visitor: SignedIn, file: Annotated[UploadFile | None, File()] = None
) -> HTMLResponse | RedirectResponse:
    """Shows what became of each line; nothing is added by it."""
    if file is None or not file.filename:
        return _page(visitor, trouble="Choose a file first.", status=422)
    try:
        content = file.file.read(visitor.settings.upload_max_bytes + 1)
        found = upload_book.check(visitor, "file", file.filename, content)
    except Refused as refused:
        errors = refused.problem.errors
        trouble = errors[0].reason if errors else refused.problem.detail
        return _page(visitor, trouble=trouble, status=refused.problem.status)
    return RedirectResponse(f"/uploads/{found.upload.id}", 303)


@router.get("/uploads/{upload_id}")
def upload(visitor: SignedIn, upload_id: Id) -> HTMLResponse:
    return _detail(visitor, upload_id)


@router.post("/uploads/{upload_id}/confirm", response_model=None)
def confirm(visitor: SignedIn, upload_id: Id) -> HTMLResponse | RedirectResponse:
    try:
        upload_book.confirm(visitor, upload_id)
    except Refused as refused:
        return _refused(visitor, upload_id, refused)
    return RedirectResponse("/uploads?done=confirmed", 303)


@router.post("/uploads/{upload_id}/discard", response_model=None)
def discard(visitor: SignedIn, upload_id: Id) -> HTMLResponse | RedirectResponse:
    try:
        upload_book.discard(visitor, upload_id)
    except Refused as refused:
        return _refused(visitor, upload_id, refused)
    return RedirectResponse("/uploads?done=discarded", 303)


def _refused(visitor: Visitor, upload_id: int, refused: Refused) -> HTMLResponse:
    """What somebody else has decided meanwhile is shown as it is now."""
    if refused.problem.status != 409:
        raise refused
    return _detail(visitor, upload_id, refusal=refused.problem.detail, status=409)


def _days(told: Mapping[str, Any], zone: ZoneInfo) -> str:
    """From when to when the right lines reach, by the tenant's clock."""
    moments = [told[name] for name in ("first", "last") if told.get(name)]
    days = [datetime.fromisoformat(moment).astimezone(zone).strftime("%-d %b %Y") for moment in moments]
    return " to ".join(dict.fromkeys(days))


def _page(
    visitor: Visitor,
    *,
    template: str = "uploads.html",
    cursor: int | None = None,
    done: str = "",
    trouble: str = "",
    status: int = 200,
) -> HTMLResponse:
    with visitor.records() as session:
        page, following = uploads.listed(session, visitor.tenant, cursor=cursor, limit=PAGE)
        uploaders = {names.of_user(found.upload.uploaded_by) for found in page}
        return rendering.page(
            visitor,
            session,
            template,
            status=status,
            uploads=page,
            names=names.of_actors(session, uploaders),
            columns=COLUMNS,
            largest=visitor.settings.upload_max_bytes,
            most_rows=visitor.settings.upload_max_rows,
            oldest=upload_book.oldest_day(visitor),
            page={"next_cursor": following},
            cursor=cursor,
            done=done,
            trouble=trouble,
        )


def _detail(visitor: Visitor, upload_id: int, *, refusal: str = "", status: int = 200) -> HTMLResponse:
    found = upload_book.read(visitor, upload_id)
    with visitor.records() as session:
        uploader = names.of_user(found.upload.uploaded_by)
        return rendering.page(
            visitor,
            session,
            "upload.html",
            status=status,
            found=found,
            upload=found.upload,
            told=found.upload.summary,
            uploader=uploader,
            names=names.of_actors(session, {uploader}),
            asset=Asset.RAW_EVENTS,
            days=_days(found.upload.summary, visitor.time_zone),
            refusal=refusal,
            shown_at_once=SHOWN_AT_ONCE,
            most_named=MOST_PROBLEMS,
        )
