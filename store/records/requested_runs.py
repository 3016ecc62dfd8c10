"""Requested runs: work that people ask for in the console and that Dagster does in the background, where it can be seen.

A request is free while it is open and its `due_at` has passed: taking it moves `due_at` ahead, so that it comes free again
by itself when its run has died.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor, ActorKind
from store.clock import now
from store.records import audit_log
from store.records.schema import (
    Record,
    TenantId,
    TenantOwned,
    UserId,
    enumerated,
    key_for_children,
    one_of,
)

# Longer than one step of the work takes; each step renews it.
LEASE = timedelta(minutes=2)
# A run that was asked for and has not come is asked for again, under another key.
PATIENCE = timedelta(minutes=5)
MOST_ATTEMPTS = 5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_REASON = 500
_AT_A_TIME = 50
# What concerns a tenant as a whole, and no one thing of it.
WHOLE_TENANT = 0


class RunKind(StrEnum):
    TAKE_IN_RECIPIENTS = "take_in_recipients"
    FETCH_FEEDS = "fetch_feeds"
    VERIFY_AUDIT = "verify_audit"
    MAKE_EXPORT = "make_export"
    ADD_UPLOAD = "add_upload"


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


OPEN = frozenset({RunState.WAITING, RunState.RUNNING})


class NotMine(Exception):
    """Another run has taken the request over, or it is settled: whoever hears this stops at once."""


class RequestedRun(TenantOwned, Record):
    """`subject_id` is what it is about: a campaign whose recipients are taken in, an export, an upload, or the tenant as a whole."""

    __tablename__ = "requested_runs"
    __table_args__ = (
        key_for_children(),
        one_of("kind", RunKind),
        one_of("state", RunState),
        Index(
            "uq_requested_runs_waiting",
            "tenant_id",
            "kind",
            "subject_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_requested_runs_subject", "tenant_id", "kind", "subject_id"),
        Index("ix_requested_runs_open", "due_at", postgresql_where=text("state in ('waiting', 'running')")),
    )

    kind: Mapped[RunKind] = mapped_column(enumerated(RunKind, 40))
    subject_id: Mapped[int] = mapped_column(server_default=str(WHOLE_TENANT))
    asked_by: Mapped[UserId] = mapped_column(ForeignKey("users.id"))
    state: Mapped[RunState] = mapped_column(enumerated(RunState, 20), server_default=RunState.WAITING)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime]
    run_id: Mapped[str | None] = mapped_column(String(100))
    ended_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON), server_default="")

    @property
    def run_key(self) -> str:
        """What the next run for it is called; Dagster runs no key twice, so each attempt and each repeated ask has its own."""
        asked = max(0, int((now() - self.due_at) / PATIENCE))
        return f"{self.kind}-{self.id}-{self.attempts + 1}-{asked}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A request in the hands of one run."""

    id: int
    tenant: TenantId
    subject: int
    asked_by: UserId
    run_id: str

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.RUN, self.run_id)


def ask(
    session: Session, tenant: TenantId, user: UserId, kind: RunKind, subject: int = WHOLE_TENANT
) -> RequestedRun:
    """A new request, or the one that waits already for the same."""
    same = {"tenant_id": tenant, "kind": kind, "subject_id": subject}
    made = session.scalar(
        insert(RequestedRun)
        .values(**same, asked_by=user, state=RunState.WAITING, due_at=now())
        .on_conflict_do_nothing()
        .returning(RequestedRun)
    )
    if made is not None:
        actor = Actor(ActorKind.USER, str(user))
        told = {"state": RunState.WAITING, "kind": kind, "subject": subject}
        audit_log.append(session, tenant, actor, "ask", "requested_run", made.id, {}, told)
        return made
    waiting = select(RequestedRun).filter_by(**same, state=RunState.WAITING)
    # Taken in between: what is asked for now may have been missed by that run.
    return session.scalars(waiting).one_or_none() or ask(session, tenant, user, kind, subject)


def newest(
    session: Session,
    tenant: TenantId,
    *,
    kind: RunKind | None = None,
    cursor: int | None = None,
    limit: int,
) -> tuple[list[RequestedRun], int | None]:
    """A page of what a tenant has asked for, the last first, and where the next one begins."""
    query = select(RequestedRun).where(RequestedRun.tenant_id == tenant).order_by(RequestedRun.id.desc())
    if kind is not None:
        query = query.where(RequestedRun.kind == kind)
    rows = list(
        session.scalars((query.where(RequestedRun.id < cursor) if cursor else query).limit(limit + 1))
    )
    shown = rows[:limit]
    return shown, (shown[-1].id if len(rows) > limit else None)


def free(session: Session) -> list[RequestedRun]:
    """Those that wait for a run, the longest first; a plain read."""
    query = select(RequestedRun).where(RequestedRun.state.in_(OPEN), RequestedRun.due_at <= now())
    return list(session.scalars(query.order_by(RequestedRun.due_at, RequestedRun.id).limit(_AT_A_TIME)))


def take(session: Session, request_id: int, run_id: str) -> Taken | None:
    """Gives the request to a run, if it is still free; one that has had its attempts has failed."""
    request = _locked(session, request_id)
    if request is None or request.state not in OPEN or request.due_at > now():
        return None
    taken = Taken(request.id, request.tenant_id, request.subject_id, request.asked_by, run_id)
    if request.attempts >= MOST_ATTEMPTS:
        told = request.reason or "none of them came to an end"
        _settle(session, request, taken, RunState.FAILED, f"Given up after {MOST_ATTEMPTS} runs: {told}")
        return None
    before = {"state": request.state}
    request.state, request.run_id = RunState.RUNNING, run_id
    request.attempts += 1
    request.due_at = now() + LEASE
    _record(session, request, taken.actor, "take", before)
    return taken


def keep(session: Session, taken: Taken) -> None:
    """Says that the run is still at it, and locks the request until the transaction ends; else NotMine."""
    _mine(session, taken).due_at = now() + LEASE
    session.flush()


def finish(session: Session, taken: Taken, outcome: Mapping[str, Any]) -> None:
    request = _mine(session, taken)
    request.outcome = dict(outcome)
    _settle(session, request, taken, RunState.DONE, "")


def fail(session: Session, taken: Taken, reason: str) -> None:
    """It cannot be done, however often it is tried."""
    _settle(session, _mine(session, taken), taken, RunState.FAILED, reason)


def give_back(session: Session, taken: Taken, reason: str) -> None:
    """The run could not do it; another one tries it later, after a pause that doubles."""
    request = _mine(session, taken)
    request.reason = reason[:LONGEST_REASON]
    request.due_at = now() + FIRST_PAUSE * 2 ** (request.attempts - 1)
    session.flush()


def _locked(session: Session, request_id: int) -> RequestedRun | None:
    return session.scalars(
        select(RequestedRun)
        .where(RequestedRun.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _mine(session: Session, taken: Taken) -> RequestedRun:
    request = _locked(session, taken.id)
    if request is None or request.state is not RunState.RUNNING or request.run_id != taken.run_id:
        raise NotMine(f"request {taken.id} is not this run's any more")
    return request


def _settle(session: Session, request: RequestedRun, by: Taken, state: RunState, reason: str) -> None:
    before = {"state": request.state}
    request.state, request.reason, request.ended_at = state, reason[:LONGEST_REASON], now()
    _record(session, request, by.actor, "finish" if state is RunState.DONE else "fail", before)


def _record(session: Session, request: RequestedRun, actor: Actor, step: str, before: dict[str, Any]) -> None:
    session.flush()
    told = {"state": request.state, "attempts": request.attempts}
    if request.outcome:
        told["outcome"] = request.outcome
    audit_log.append(session, request.tenant_id, actor, step, "requested_run", request.id, before, told)
