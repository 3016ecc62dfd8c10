"""Exports: reports that somebody asked for as a file. A run makes each, and its bytes are let go of when they expire.

The bytes lie in `store.asset_files`, on the shelf of exports, under the tenant and their SHA-256. What becomes of an export
while it is made is said by its requested run; the record says what was asked for and what came of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log, requested_runs, turns
from store.records.requested_runs import RequestedRun, RunKind, RunState
from store.records.schema import (
    NotUsable,
    Record,
    TenantId,
    TenantOwned,
    UserId,
    belongs_to,
    enumerated,
    key_for_children,
    one_of,
)
from store.records.turns import Turn

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
    """`sha256` is written down before the bytes are, so that none lie anywhere without a record that leads to them."""

    __tablename__ = "exports"
    __table_args__ = (
        key_for_children(),
        belongs_to("requested_runs", "request_id", ondelete="RESTRICT"),
        one_of("format", ExportFormat),
        CheckConstraint(
            "ready_at is null or (sha256, rows, size, expires_at) is not null", name="ready_is_whole"
        ),
        CheckConstraint("let_go_at is null or sha256 is null", name="let_go_is_gone"),
        Index("ix_exports_kept", "expires_at", postgresql_where=text("sha256 is not null")),
    )

    request_id: Mapped[int | None]
    report: Mapped[str] = mapped_column(String(40))
    arguments: Mapped[dict[str, Any]]
    format: Mapped[ExportFormat] = mapped_column(enumerated(ExportFormat, 10))
    asked_by: Mapped[UserId] = mapped_column(ForeignKey("users.id"))
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    rows: Mapped[int | None] = mapped_column(Integer)
    size: Mapped[int | None]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    let_go_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report with its arguments, which are JSON, as a file of a format."""

    report: str
    arguments: Mapped[dict[str, Any]] | Mapping[str, Any]
    format: ExportFormat
