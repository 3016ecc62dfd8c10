"""Exports: reports that somebody asked for as a file. A run makes each, and its bytes are let go of when they expire.

What becomes of an export while it is made is said by its requested run; the record says what was asked for and what came
of it. The bytes lie in `store.asset_files`, on the shelf of exports, under the tenant and their SHA-256.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    and_,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log, requested_runs, turns
from store.records.requested_runs import OPEN, RequestedRun, RunKind, RunState
from store.records.schema import (
    ExportId,
    NotUsable,
    Record,
    TenantId,
    TenantOwned,
    UserId,
    enumerated,
    key_for_children,
    one_of,
)
from store.records.turns import Turn

# How many a tenant may have waiting or in the making.
MOST_OPEN = 5
_AT_A_TIME = 100


class ExportFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


class ExportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class Export(TenantOwned, Record):
    """`sha256` is noted before the bytes are kept, so that none lie anywhere without a record that leads to them."""

    __tablename__ = "exports"
    __table_args__ = (
        key_for_children(),
        one_of("format", ExportFormat),
        CheckConstraint(
            "ready_at is null or (rows is not null and size is not null and expires_at is not null"
            " and (sha256 is null) = (let_go_at is not null))",
            name="ready_at",
        ),
        Index("ix_exports_kept", "expires_at", postgresql_where=text("sha256 is not null")),
    )

    report: Mapped[str] = mapped_column(String(40))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    format: Mapped[ExportFormat] = mapped_column(enumerated(ExportFormat, 10))
    asked_by: Mapped[UserId] = mapped_column(ForeignKey("users.id"))
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    rows: Mapped[int | None] = mapped_column(Integer)
    size: Mapped[int | None]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    let_go_at: Mapped[datetime | None]

    @property
    def is_kept(self) -> bool:
        """Whether there is something to fetch."""
        return self.ready_at is not None and self.sha256 is not None and not self._is_over

    @property
    def _is_over(self) -> bool:
        return self.let_go_at is not None or (self.expires_at is not None and self.expires_at <= now())


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report with its arguments, which are JSON, as a file."""

    report: str
    arguments: Mapping[str, Any]
    format: ExportFormat


@dataclass(frozen=True, slots=True)
class Followed:
    """An export with the run that makes it."""

    export: Export
    request: RequestedRun

    @property
    def state(self) -> ExportState:
        if self.export.ready_at is not None:
            return ExportState.READY if self.export.is_kept else ExportState.EXPIRED
        match self.request.state:
            case RunState.WAITING:
                return ExportState.WAITING
            case RunState.FAILED:
                return ExportState.FAILED
            case _:
                return ExportState.RUNNING


def ask(session: Session, tenant: TenantId, actor: Actor, user: UserId, wanted: Wanted) -> Followed:
    """A new export, which a run makes; raises NotUsable while enough of the tenant's are in the making."""
    turns.take(session, Turn.ASKING_FOR_EXPORTS, tenant)
    of_tenant = RequestedRun.tenant_id == tenant, RequestedRun.kind == RunKind.MAKE_EXPORT
    open_ones = select(func.count()).where(*of_tenant, RequestedRun.state.in_(OPEN))
    if (session.scalar(open_ones) or 0) >= MOST_OPEN:
        raise NotUsable(f"{MOST_OPEN} exports are being made already; ask again when one of them is done.")
    export = Export(
        tenant_id=tenant,
        report=wanted.report,
        arguments=dict(wanted.arguments),
        format=wanted.format,
        asked_by=user,
    )
    session.add(export)
    session.flush()
    told = {"report": wanted.report, "format": wanted.format}
    audit_log.append(session, tenant, actor, "create", "export", export.id, {}, told)
    return Followed(export, requested_runs.ask(session, tenant, user, RunKind.MAKE_EXPORT, export.id))


def by_number(session: Session, tenant: TenantId, export: int) -> Export | None:
    return session.scalars(
        select(Export).where(Export.tenant_id == tenant, Export.id == export)
    ).one_or_none()


def followed(session: Session, tenant: TenantId, export: int) -> Followed | None:
    found = session.execute(_followed(tenant).where(Export.id == export)).one_or_none()
    return Followed(*found) if found else None


def listed(
    session: Session, tenant: TenantId, *, cursor: int | None, limit: int
) -> tuple[list[Followed], int | None]:
    """A page of exports, newest first, and where the next begins."""
    query = _followed(tenant).order_by(Export.id.desc()).limit(limit + 1)
    rows = session.execute(query.where(Export.id < cursor) if cursor else query).all()
    shown = [Followed(*row) for row in rows[:limit]]
    return shown, (shown[-1].export.id if len(rows) > limit else None)


def note_bytes(session: Session, export: Export, sha256: bytes) -> bytes | None:
    """Says where the bytes will lie, before they do; gives what a run that died has left, if nobody else has it."""
    turns.take(session, Turn.KEEPING_EXPORTS, export.tenant_id)
    former = export.sha256
    export.sha256 = sha256
    session.flush()
    return former if former and not _has_bytes(session, export.tenant_id, former) else None


def is_ready(
    session: Session, actor: Actor, export: Export, *, rows: int, size: int, expires_at: datetime
) -> None:
    export.rows, export.size, export.ready_at, export.expires_at = rows, size, now(), expires_at
    session.flush()
    told = {"rows": rows, "size": size, "sha256": (export.sha256 or b"").hex()}
    audit_log.append(session, export.tenant_id, actor, "make", "export", export.id, {}, told)


def done_with(session: Session) -> Sequence[tuple[TenantId, ExportId]]:
    """Those whose bytes are due to be let go of: expired ones, and what failed runs have left."""
    failed = select(RequestedRun.id).where(_its_run(), RequestedRun.state == RunState.FAILED)
    over = (Export.expires_at <= now()) | (Export.ready_at.is_(None) & failed.exists())
    query = select(Export.tenant_id, Export.id).where(Export.sha256.is_not(None), over)
    rows = session.execute(query.order_by(Export.id).limit(_AT_A_TIME)).all()
    return [(tenant, ExportId(number)) for tenant, number in rows]


def let_go(session: Session, actor: Actor, tenant: TenantId, export: ExportId) -> bytes | None:
    """The record forgets its bytes; gives where they lie, if no other export has the same.

    Nobody else of the tenant keeps or lets go of bytes until the transaction ends.
    """
    turns.take(session, Turn.KEEPING_EXPORTS, tenant)
    found = by_number(session, tenant, export)
    if found is None or found.sha256 is None:
        return None
    former, found.sha256, found.let_go_at = found.sha256, None, now()
    session.flush()
    audit_log.append(session, tenant, actor, "let_go", "export", found.id, {"sha256": former.hex()}, {})
    return None if _has_bytes(session, tenant, former) else former


def _has_bytes(session: Session, tenant: TenantId, sha256: bytes) -> bool:
    found = select(Export.id).where(Export.tenant_id == tenant, Export.sha256 == sha256).limit(1)
    return session.scalar(found) is not None


def _followed(tenant: TenantId) -> Select[tuple[Export, RequestedRun]]:
    return select(Export, RequestedRun).join(RequestedRun, _its_run()).where(Export.tenant_id == tenant)


def _its_run() -> Any:
    return and_(
        RequestedRun.tenant_id == Export.tenant_id,
        RequestedRun.kind == RunKind.MAKE_EXPORT,
        RequestedRun.subject_id == Export.id,
    )
