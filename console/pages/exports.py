"""Exports: asking for a report as a file, how far each is, and fetching it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from console.door.admission import Chosen, SignedIn
from console.door.origins import FIELD
from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from console.frame import names, rendering
from console.frame.cursors import Cursor
from console.frame.forms import NONE, Troubles
from console.watching import export_book, export_form
from marketing_pipelines.analytics import reports
from store.records import exports
from store.records.exports import ExportFormat

router = APIRouter(include_in_schema=False)

PAGE = 20
LONGEST_ARGUMENT = 1000
# What stands in the form beside a report's own arguments.
_OURS = frozenset({FIELD, "report", "format"})
ReportName = Annotated[str, Query(max_length=40)]


async def _typed(request: Request) -> Mapping[str, str]:
    """What stands in the form; a field that is left empty says nothing."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str) and value.strip()}


Typed = Annotated[Mapping[str, str], Depends(_typed)]


@router.get("/exports")
def exports_made(
    visitor: SignedIn, request: Request, report: ReportName = "", cursor: Cursor = None, done: str = ""
) -> HTMLResponse:
    """Other pages link here with a report and its arguments in the address, and they stand in the form."""
    known = {it.name for it in reports.reports()}
    chosen = report if report in known else reports.reports()[0].name
    return _page(visitor, chosen, dict(request.query_params), cursor=cursor, done=done)


@router.get("/exports/list")
def how_far(visitor: SignedIn, cursor: Cursor = None) -> HTMLResponse:
    """The part of the page that changes while exports are made."""
    return _page(visitor, reports.reports()[0].name, {}, cursor=cursor, template="exports_list.html")


@router.post("/exports", response_model=None)
def ask(visitor: SignedIn, typed: Typed) -> HTMLResponse | RedirectResponse:
    report = export_book.report_named(typed.get("report", "")[:40])
    try:
        given = {name: value for name, value in typed.items() if name not in _OURS}
        _refuse_too_long(given)
        export_book.ask(visitor, report, _format(typed), given)
    except Refused as refused:
        return _page(
            visitor, report.name, typed, troubles=Troubles.of(refused), status=refused.problem.status
        )
    return RedirectResponse("/exports?done=asked", 303)


@router.get("/exports/{token}/file")
def file(settings: Chosen, token: str) -> Response:
    """For whoever has the address, while it holds."""
    export, content = export_book.fetched(settings, token)
    return Response(content, headers=export_book.file_headers(export))


def _format(typed: Mapping[str, str]) -> ExportFormat:
    try:
        return ExportFormat(typed.get("format", ExportFormat.CSV))
    except ValueError:
        reason = f"choose one of {', '.join(ExportFormat)}"
        raise Refused(422, f"format: {reason}.", [FieldError("format", reason)]) from None


def _refuse_too_long(given: Mapping[str, str]) -> None:
    for name, value in given.items():
        if len(value) > LONGEST_ARGUMENT:
            reason = f"use {LONGEST_ARGUMENT} characters at most"
            raise Refused(422, f"{name}: {reason}.", [FieldError(name, reason)])


def _page(
    visitor: Visitor,
    report: str,
    typed: Mapping[str, str],
    *,
    template: str = "exports.html",
    cursor: int | None = None,
    done: str = "",
    troubles: Troubles = NONE,
    status: int = 200,
) -> HTMLResponse:
    chosen = reports.named(report)
    with visitor.records() as session:
        page, following = exports.listed(session, visitor.tenant, cursor=cursor, limit=PAGE)
        askers = {names.of_user(followed.export.asked_by) for followed in page}
        return rendering.page(
            visitor,
            session,
            template,
            status=status,
            exports=[(followed, export_book.address(visitor, followed.export)) for followed in page],
            titles={it.name: it.title for it in reports.reports()},
            names=names.of_actors(session, askers),
            reports=reports.reports(),
            chosen=chosen,
            fields=list(export_form.fields(chosen, typed, datetime.now(visitor.time_zone).date())),
            formats=[("xlsx", "Excel (XLSX)"), ("csv", "CSV")],
            format=typed.get("format", "xlsx"),
            days=visitor.settings.export_days,
            page={"next_cursor": following},
            cursor=cursor,
            done=done,
            troubles=troubles,
        )
