"""Exporting: a report becomes a file, once, whatever is killed meanwhile; and the file is deleted when its time is over."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from marketing_pipelines.analytics import reports, sheets
from marketing_pipelines.analytics.asking import Inquiry
from marketing_pipelines.analytics.refusals import NotBuilt, Unanswerable
from marketing_pipelines.analytics.reports import Report
from marketing_pipelines.analytics.sheets import Bounds
from marketing_pipelines.requests.working import Outcome, Turn
from store import asset_files, events, records
from store.asset_files import Shelf
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import exports
from store.records.database import Session
from store.records.exports import Export
from store.records.schema import NotUsable
from store.settings import Role, Settings

if TYPE_CHECKING:
    import polars as pl


def make(turn: Turn) -> Outcome:
    """Makes the file that was asked for. A run that takes over from a dead one begins again, and leaves nothing of its."""
    with turn.step() as session:
        export = _export(session, turn)
    if export.ready_at is None:
        with TemporaryDirectory(prefix="export-") as folder:
            path = Path(folder) / "file"
            rows = _write(turn, export, path)
            _keep(turn, path.read_bytes(), rows)
        with turn.step() as session:
            export = _export(session, turn)
    return {"rows": export.rows, "bytes": export.size}


def let_go_of_expired(settings: Settings) -> int:
    """Deletes the files whose time is over, and what failed runs have left; gives how many."""
    actor, files = Actor(ActorKind.SENSOR, "expired_exports"), asset_files.of(settings, Shelf.EXPORTS)
    with records.session(settings, Role.PIPELINES) as session:
        over = exports.done_with(session)
    for tenant, number in over:
        with records.session(settings, Role.PIPELINES) as session:
            digest = exports.let_go(session, actor, tenant, number)
            if digest is not None:
                files.remove(tenant, digest)
    return len(over)


def _write(turn: Turn, export: Export, path: Path) -> int:
    bounds = Bounds(turn.settings.export_max_rows, turn.settings.export_max_bytes)
    client = events.connect(turn.settings, run_id=turn.taken.run_id)
    try:
        report, asked = _asked(export.report, export.arguments)
        with turn.step() as session:
            found = report.look_up(session, turn.taken.tenant, asked)
        pieces = _while_at_it(turn, report.rows(client, turn.taken.tenant, found))
        return sheets.write(export.format, path, report.columns, pieces, bounds)
    except (Unanswerable, NotBuilt) as no_answer:
        raise NotUsable(str(no_answer)) from None
    finally:
        client.close()


def _asked(name: str, arguments: Mapping[str, Any]) -> tuple[Report, Inquiry]:
    """What was asked for, as today's catalogue understands it."""
    try:
        report = reports.named(name)
        return report, report.asked.model_validate(arguments)
    except ValidationError as wrong:
        reasons = "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in wrong.errors())
        raise NotUsable(f"It cannot be asked like this any more: {reasons}") from None
    except ValueError as unknown:
        raise NotUsable(str(unknown)) from None


def _while_at_it(turn: Turn, pieces: "Iterator[pl.DataFrame]") -> "Iterator[pl.DataFrame]":
    for piece in pieces:
        turn.go_on()
        yield piece


def _keep(turn: Turn, content: bytes, rows: int) -> None:
    """First where the bytes will lie, then the bytes, then that they are there: killed in between, a later run clears up."""
    files, tenant = asset_files.of(turn.settings, Shelf.EXPORTS), turn.taken.tenant
    with turn.step() as session:
        former = exports.note_bytes(session, _export(session, turn), hashlib.sha256(content).digest())
        if former is not None:
            files.remove(tenant, former)
    files.put(tenant, content)
    expires_at = now() + timedelta(days=turn.settings.export_days)
    with turn.step() as session:
        exports.is_ready(
            session,
            turn.taken.actor,
            _export(session, turn),
            rows=rows,
            size=len(content),
            expires_at=expires_at,
        )


def _export(session: Session, turn: Turn) -> Export:
    export = exports.by_number(session, turn.taken.tenant, turn.taken.subject)
    if export is None:
        raise NotUsable("There is no such export any more.")
    return export
