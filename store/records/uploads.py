"""Uploads: lists of what no page saw, checked line by line before any of it becomes an event.

The lines that are right wait here, with the numbers of contacts and never their addresses, until somebody confirms or
discards them, or a day has passed. Which events have been added is remembered for ever: a row that comes again, in
whatever file, adds nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    UniqueConstraint,
    and_,
    cast,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
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
    UploadId,
    UserId,
    belongs_to,
    key_for_children,
)
from store.records.turns import Turn

# How long checked lines wait for somebody to confirm them, and how many files of a tenant may.
WAITS = timedelta(hours=24)
MOST_WAITING = 50
LONGEST_FILE_NAME = 200
_AT_A_TIME = 100
_STILL_HERE = "added_at is null and discarded_at is null"


class UploadState(StrEnum):
    CHECKED = "checked"
    WAITING = "waiting"
    RUNNING = "running"
    ADDED = "added"
    FAILED = "failed"
    DISCARDED = "discarded"


class Upload(TenantOwned, Record):
    """A list as it was checked; `taken` of its lines a run has gone through, and `added` of them were new.

    A trigger in the migration forgets the lines, whichever way the upload ends.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        key_for_children(),
        belongs_to("requested_runs", "request_id"),
        CheckConstraint("added <= taken and taken <= right_lines", name="taken"),
        CheckConstraint("added_at is null or discarded_at is null", name="ends_once"),
        Index("ix_uploads_waiting", "expires_at", postgresql_where=text(_STILL_HERE)),
    )

    file_name: Mapped[str] = mapped_column(String(LONGEST_FILE_NAME))
    uploaded_by: Mapped[UserId] = mapped_column(ForeignKey("users.id"))
    # Deferred, since lists of uploads are read without what is in them.
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, deferred=True)
    right_lines: Mapped[int] = mapped_column(Integer)
    wrong_lines: Mapped[int] = mapped_column(Integer)
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    summary: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    expires_at: Mapped[datetime]
    request_id: Mapped[int | None]
    confirmed_at: Mapped[datetime | None]
    taken: Mapped[int] = mapped_column(Integer, server_default="0")
    added: Mapped[int] = mapped_column(Integer, server_default="0")
    added_at: Mapped[datetime | None]
    discarded_at: Mapped[datetime | None]


class UploadedEvent(TenantOwned, Record):
    """That an event was added, and by which upload; what it says is in the warehouse alone."""

    __tablename__ = "uploaded_events"
    __table_args__ = (
        UniqueConstraint("tenant_id", "event_id"),
        belongs_to("uploads", "upload_id"),
        Index("ix_uploaded_events_upload", "tenant_id", "upload_id"),
    )

    event_id: Mapped[str] = mapped_column(String(64))
    upload_id: Mapped[UploadId]


@dataclass(frozen=True, slots=True)
class Checked:
    """A list that was read: its right lines as they will be added, and what is wrong with the others."""

    file_name: str
    lines: Sequence[Mapping[str, Any]]
    wrong_lines: int
    problems: Sequence[Mapping[str, Any]] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Followed:
    """An upload with the run that adds it, once somebody has confirmed it."""

    upload: Upload
    request: RequestedRun | None

    @property
    def state(self) -> UploadState:
        upload = self.upload
        if upload.added_at is not None:
            return UploadState.ADDED
        if upload.discarded_at is not None or (self.request is None and upload.expires_at <= now()):
            return UploadState.DISCARDED
        if self.request is None:
            return UploadState.CHECKED
        match self.request.state:
            case RunState.WAITING:
                return UploadState.WAITING
            case RunState.FAILED:
                return UploadState.FAILED
            case _:
                return UploadState.RUNNING


def keep(session: Session, tenant: TenantId, actor: Actor, user: UserId, checked: Checked) -> Upload:
    """Keeps what was checked until somebody decides; raises NotUsable while too many of the tenant's wait."""
    turns.take(session, Turn.CHECKING_UPLOADS, tenant)
    waiting = select(func.count()).where(
        Upload.tenant_id == tenant, text(_STILL_HERE), Upload.expires_at > now()
    )
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise NotUsable(f"{MOST_WAITING} files wait to be confirmed or added; decide on one of them first.")
    upload = Upload(
        tenant_id=tenant,
        file_name=checked.file_name,
        uploaded_by=user,
        lines=[dict(line) for line in checked.lines],
        right_lines=len(checked.lines),
        wrong_lines=checked.wrong_lines,
        problems=[dict(problem) for problem in checked.problems],
        summary=dict(checked.summary),
        expires_at=now() + WAITS,
        taken=0,
        added=0,
    )
    session.add(upload)
    session.flush()
    told = {"right": upload.right_lines, "wrong": upload.wrong_lines}
    audit_log.append(session, tenant, actor, "check", "upload", upload.id, {}, told)
    return upload


def locked(session: Session, tenant: TenantId, number: int) -> Followed | None:
    """The upload as it is now, while nobody else decides on it."""
    query = _followed(tenant).where(Upload.id == number).with_for_update(of=Upload)
    found = session.execute(query.execution_options(populate_existing=True)).one_or_none()
    return Followed(*found) if found else None


def confirm(session: Session, found: Followed, actor: Actor, user: UserId) -> Followed:
    """Asks for the run that adds the right lines, or once more for it where it has failed. The caller holds its lock."""
    upload = found.upload
    if found.state not in (UploadState.CHECKED, UploadState.FAILED):
        raise NotUsable(_SETTLED[found.state])
    if not upload.right_lines:
        raise NotUsable("No line of it is right; put the list right, and upload it again.")
    request = requested_runs.ask(session, upload.tenant_id, user, RunKind.ADD_UPLOAD, upload.id)
    # What was received once was received then, however often a run tries.
    upload.confirmed_at = upload.confirmed_at or now()
    upload.expires_at, upload.request_id = now() + WAITS, request.id
    session.flush()
    told = {"right": upload.right_lines}
    audit_log.append(session, upload.tenant_id, actor, "confirm", "upload", upload.id, {}, told)
    return Followed(upload, request)


def discard(session: Session, found: Followed, actor: Actor) -> Followed:
    """Lets go of the lines, none of which has become an event. The caller holds its lock."""
    if found.state is not UploadState.CHECKED:
        raise NotUsable(_SETTLED.get(found.state, _BEGUN))
    _discard(session, found.upload, actor)
    return found


def by_number(session: Session, tenant: TenantId, number: int) -> Upload | None:
    return session.scalars(
        select(Upload).where(Upload.tenant_id == tenant, Upload.id == number)
    ).one_or_none()


def followed(session: Session, tenant: TenantId, number: int) -> Followed | None:
    found = session.execute(_followed(tenant).where(Upload.id == number)).one_or_none()
    return Followed(*found) if found else None


def listed(
    session: Session, tenant: TenantId, *, cursor: int | None, limit: int
) -> tuple[list[Followed], int | None]:
    """A page of uploads, newest first, and where the next begins."""
    query = _followed(tenant).order_by(Upload.id.desc()).limit(limit + 1)
    rows = session.execute(query.where(Upload.id < cursor) if cursor else query).all()
    shown = [Followed(*row) for row in rows[:limit]]
    return shown, (shown[-1].upload.id if len(rows) > limit else None)


def known(session: Session, tenant: TenantId, events: Sequence[str]) -> set[str]:
    """Which of these events have been added before."""
    these = func.any(cast(list(events), ARRAY(String)))
    return set(
        session.scalars(
            select(UploadedEvent.event_id).where(
                UploadedEvent.tenant_id == tenant, UploadedEvent.event_id == these
            )
        )
    )


def claim(session: Session, upload: Upload, events: Sequence[str]) -> set[str]:
    """Notes these events as this upload's, and gives those that are: others have been added by an earlier one."""
    if not events:
        return set()
    # In one order, so that two runs with the same rows wait for each other and never both.
    rows = [
        {"tenant_id": upload.tenant_id, "event_id": event, "upload_id": upload.id} for event in sorted(events)
    ]
    session.execute(
        insert(UploadedEvent).values(rows).on_conflict_do_nothing(index_elements=["tenant_id", "event_id"])
    )
    mine = select(UploadedEvent.event_id).where(
        UploadedEvent.tenant_id == upload.tenant_id,
        UploadedEvent.upload_id == upload.id,
        UploadedEvent.event_id == func.any(cast(list(events), ARRAY(String))),
    )
    return set(session.scalars(mine))


def note_taken(session: Session, upload: Upload, *, lines: int, added: int) -> None:
    """So many more lines have been gone through, and so many of them are in the warehouse now."""
    upload.taken += lines
    upload.added += added
    session.flush()


def is_added(session: Session, actor: Actor, upload: Upload) -> None:
    upload.added_at = now()
    session.flush()
    told = {"lines": upload.taken, "added": upload.added}
    audit_log.append(session, upload.tenant_id, actor, "add", "upload", upload.id, {}, told)


def let_go_of_undecided(session: Session, actor: Actor) -> int:
    """Discards what nobody has confirmed in time; gives how many.

    What was confirmed stays until it is added: some of it may be in the warehouse, and no other list adds that again.
    """
    over = session.scalars(
        select(Upload)
        .where(text(_STILL_HERE), Upload.confirmed_at.is_(None), Upload.expires_at <= now())
        .order_by(Upload.id)
        .limit(_AT_A_TIME)
        .with_for_update(skip_locked=True)
    ).all()
    for upload in over:
        _discard(session, upload, actor)
    return len(over)


_BEGUN = "A run adds it, or has begun to: events that are there stay."
_SETTLED: Mapping[UploadState, str] = {
    UploadState.WAITING: "It is confirmed already; a run adds it.",
    UploadState.RUNNING: "It is confirmed already; a run adds it.",
    UploadState.ADDED: "It has been added; events that are there stay.",
    UploadState.DISCARDED: "It was discarded, or nobody confirmed it within a day; upload the file again.",
}


def _discard(session: Session, upload: Upload, actor: Actor) -> None:
    upload.discarded_at = now()
    session.flush()
    audit_log.append(session, upload.tenant_id, actor, "discard", "upload", upload.id, {}, {})


def _followed(tenant: TenantId) -> Select[tuple[Upload, RequestedRun]]:
    return select(Upload, RequestedRun).outerjoin(RequestedRun, _its_run()).where(Upload.tenant_id == tenant)


def _its_run() -> Any:
    return and_(RequestedRun.tenant_id == Upload.tenant_id, RequestedRun.id == Upload.request_id)
