"""What a person does with exports, the same for forms and for the API: ask for one, follow it, fetch its file."""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from console.door import etags, headers
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from console.frame import form_bodies
from console.watching import analytics
from marketing_pipelines.analytics import reports
from marketing_pipelines.analytics.reports import Report
from store import asset_files, export_tokens, records
from store.asset_files import Missing, Shelf, Unreachable
from store.clock import now
from store.export_tokens import Fetching, NotAToken
from store.records import exports
from store.records.exports import Export, ExportFormat, Followed, Wanted
from store.records.schema import ExportId, NotUsable
from store.settings import Role, Settings

MEDIA_TYPES: Mapping[ExportFormat, str] = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_log = logging.getLogger("console")


def report_named(name: str) -> Report:
    try:
        return reports.named(name)
    except ValueError as unknown:
        raise Refused(422, str(unknown), [FieldError("report", str(unknown))]) from None


def ask(visitor: Visitor, report: Report, format: ExportFormat, arguments: Mapping[str, Any]) -> Followed:
    """Asks for a file with the answer to a question that can be asked; its days are settled now, not when it is made."""
    asked = analytics.settled(visitor, form_bodies.read(report.asked, arguments))
    said = asked.model_dump(mode="json", by_alias=True, exclude_none=True)
    with visitor.records() as session:
        try:
            wanted = Wanted(report.name, said, format)
            return exports.ask(session, visitor.tenant, visitor.actor, visitor.user, wanted)
        except NotUsable as enough:
            raise Refused(409, str(enough)) from None


def read(visitor: Visitor, number: int) -> Followed:
    with visitor.records() as session:
        found = exports.followed(session, visitor.tenant, number)
    if found is None:
        raise nothing_here()
    return found


def listed(visitor: Visitor, *, cursor: int | None, limit: int) -> tuple[Sequence[Followed], int | None]:
    with visitor.records() as session:
        return exports.listed(session, visitor.tenant, cursor=cursor, limit=limit)


def address(visitor: Visitor, export: Export) -> str | None:
    """Where whoever has it may fetch the file for a while; None where there is none to fetch."""
    if not export.is_kept or export.expires_at is None:
        return None
    soon = now() + timedelta(minutes=visitor.settings.export_link_minutes)
    fetching = Fetching(visitor.tenant, ExportId(export.id), min(soon, export.expires_at))
    return f"/exports/{export_tokens.token(_key(visitor.settings), fetching)}/file"


def fetched(settings: Settings, token: str) -> tuple[Export, bytes]:
    """The file that a token is for; what is wrong with a token is nobody's to know."""
    try:
        fetching = export_tokens.read(_key(settings), token, now())
    except NotAToken:
        raise nothing_here() from None
    with records.session(settings, Role.CONSOLE, tenant=fetching.tenant) as session:
        export = exports.by_number(session, fetching.tenant, fetching.export)
    if export is None or not export.is_kept or export.sha256 is None:
        raise nothing_here()
    try:
        return export, asset_files.of(settings, Shelf.EXPORTS).get(fetching.tenant, export.sha256)
    except (Unreachable, Missing) as away:
        _log.error("the file of an export cannot be read: %s", away)
        raise Refused(503, "The file cannot be reached right now; try again in a moment.") from None


def file_headers(export: Export) -> dict[str, str]:
    """Handed out to be kept, never to be shown in our name, and remembered by nobody on the way."""
    days = "-".join(str(export.arguments.get(name, "")) for name in ("from", "to")).strip("-")
    name = f"{export.report}-{days}.{export.format}".replace("_", "-")
    return {
        "Content-Type": MEDIA_TYPES[export.format],
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": headers.FILES,
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
    }


def etag(followed: Followed) -> str:
    return etags.of(followed.export, followed.request)


def _key(settings: Settings) -> bytes:
    return settings.derived(export_tokens.PURPOSE)
