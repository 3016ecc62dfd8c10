"""Exports: reports as CSV or XLSX, made in the background and fetched at an address that dies."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from console.api.answers import REFUSALS
from console.door.admission import Id, SignedIn
from console.door.sign_in import Visitor
from console.frame.bodies import Body
from console.frame.cursors import Cursor, Limit
from console.frame.texts import Content
from console.watching import export_book
from marketing_pipelines.analytics import reports
from store.records.exports import ExportFormat, ExportState, Followed
from store.settings import Service

router = APIRouter(tags=["exports"], responses=REFUSALS)

_REPORTS = "; ".join(f"`{report.name}`: {report.description}" for report in reports.reports())


class NewExport(Body):
    """The arguments of a report are those of its question: `{"metric": "roas", "gran": "w", "from": "2026-01-01"}`."""

    report: Annotated[str, Field(max_length=40, description=_REPORTS)]
    format: ExportFormat = ExportFormat.CSV
    arguments: Annotated[Content, Field(default_factory=dict, max_length=20)]


class ExportOut(BaseModel):
    """`url` is there while the file is, and holds for an hour unless set otherwise; read again for another one."""

    id: int
    report: str
    arguments: dict[str, Any]
    format: ExportFormat
    state: ExportState
    reason: Annotated[str, Field(description="Why it failed, or will be tried again.")]
    asked_by: int
    asked_at: datetime
    rows: int | None
    bytes: int | None
    ready_at: datetime | None
    expires_at: Annotated[datetime | None, Field(description="When its file is deleted.")]
    url: str | None
    request_id: int

    @classmethod
    def of(cls, visitor: Visitor, followed: Followed) -> Self:
        export, request = followed.export, followed.request
        address = export_book.address(visitor, export)
        return cls(
            id=export.id,
            report=export.report,
            arguments=export.arguments,
            format=export.format,
            state=followed.state,
            reason=request.reason,
            asked_by=export.asked_by,
            asked_at=export.created_at,
            rows=export.rows,
            bytes=export.size,
            ready_at=export.ready_at,
            expires_at=export.expires_at,
            url=f"{visitor.settings.address(Service.CONSOLE)}{address}" if address else None,
            request_id=request.id,
        )


class ExportPage(BaseModel):
    items: list[ExportOut]
    next_cursor: int | None


@router.post("/api/exports", status_code=201)
def ask(visitor: SignedIn, body: NewExport, response: Response) -> ExportOut:
    """Asks for a file; a run makes it within seconds. Five of a tenant's may be in the making."""
    report = export_book.report_named(body.report)
    followed = export_book.ask(visitor, report, body.format, body.arguments)
    response.headers["Location"] = f"/api/exports/{followed.export.id}"
    return ExportOut.of(visitor, followed)


@router.get("/api/exports")
def list_exports(visitor: SignedIn, limit: Limit, cursor: Cursor = None) -> ExportPage:
    """Newest first, whoever of the tenant asked for them."""
    page, following = export_book.listed(visitor, cursor=cursor, limit=limit)
    return ExportPage(items=[ExportOut.of(visitor, followed) for followed in page], next_cursor=following)


@router.get("/api/exports/{export_id}")
def read(visitor: SignedIn, export_id: Id) -> ExportOut:
    """How far it is, and once it is ready where its file can be fetched."""
    return ExportOut.of(visitor, export_book.read(visitor, export_id))
