"""The gate's records: which run was asked for or has taken which slice of an action, and who is watching."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Time,
    UniqueConstraint,
    and_,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.clock import now
from store.records import campaigns, kill_switches
from store.records.action_states import State
from store.records.actions import Action
from store.records.deliveries import Delivery, DeliveryState
from store.records.kill_switches import KillSwitch
from store.records.schema import ActionId, Record, TenantOwned, belongs_to, enumerated, one_of


class Slice(TenantOwned, Record):
    """A part of an action's sending that one run takes; asked for by a sensor or taken by a run that waited."""

    __tablename__ = "slices"
    __table_args__ = (
        UniqueConstraint("tenant_id", "action_id", "version", "number"),
        belongs_to("actions", "action_id"),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    attempt: Mapped[int] = mapped_column(Integer)
    asked_at: Mapped[datetime]
    run_id: Mapped[str | None] = mapped_column(String(100))
    leased_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def run_key(self) -> str:
        """What a run for this attempt is called; Dagster runs no key twice, so a retry needs another."""
        return f"{self.tenant_id}-{self.action_id}-{self.version}-{self.number}-{self.attempt}"


class WatcherKind(StrEnum):
    SENSOR = "sensor"
    RUN = "run"
    APPROVER = "approver"
    ASKED_AHEAD = "asked_ahead"


class Watcher(Record):
    """Who looks for work and when last: sensors, runs that wait for more, people who read what they may sign.

    One more row says when a run was last asked for ahead of the work.
    """

    __tablename__ = "gate_watchers"
    __table_args__ = (one_of("kind", WatcherKind),)

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    kind: Mapped[WatcherKind] = mapped_column(enumerated(WatcherKind, 20))
    seen_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Taken:
    """An action under its row lock and the slice of it that a run has just taken."""

    action: Action
    slice: Slice


def ask(session: Session, patience: timedelta) -> Slice | None:
    """Asks for one run where work is due that nobody has and nobody was asked for; None when all is quiet.

    One run is enough: it goes on with whatever else is due, and one that was asked for ahead does so too.
    After `patience` an ask that no run has answered is made again under another key.
    """
    unanswered = and_(Slice.run_id.is_(None), Slice.leased_until.is_(None))
    since = now() - patience
    if session.scalar(
        select(or_(exists().where(_asked_since(since)), exists().where(_asked_ahead_since(since))))
    ):
        return None
    free = or_(_nobody_has_it(), and_(unanswered, Slice.asked_at < now() - patience))
    for action, newest in _locked(session, free):
        asked = _next_attempt(session, action, newest)
        asked.run_id = asked.leased_until = None
        asked.asked_at = now()
        session.flush()
        return asked
    return None


def take(session: Session, run_id: str, lease: timedelta) -> Taken | None:
    """Gives a run the next slice of whatever is due, asked for or not, and locks the action's row."""
    unanswered = and_(Slice.run_id.is_(None), Slice.leased_until.is_(None), Slice.ended_at.is_(None))
    for action, newest in _locked(session, or_(_nobody_has_it(), unanswered)):
        was_asked = newest is not None and newest.run_id is None and newest.ended_at is None
        taken = newest if was_asked and newest else _next_attempt(session, action, newest)
        taken.run_id, taken.asked_at, taken.leased_until = run_id, now(), now() + lease
        session.flush()
        return Taken(action, taken)
    return None


def is_quiet(session: Session) -> bool:
    """Whether nothing at all may go now; a plain read, for those who look often."""
    return session.execute(_due().limit(1)).first() is None


def is_expecting(session: Session, reading_since: timedelta, due_within: timedelta) -> bool:
    """Whether work is about to come: somebody reads what they may sign, or an approved action falls due."""
    reads = exists().where(Watcher.kind == WatcherKind.APPROVER, Watcher.seen_at > now() - reading_since)
    falls_due = exists().where(
        Action.state == State.APPROVED,
        Action.due_at.between(now(), now() + due_within),
        _nothing_stops_it(),
    )
    return bool(session.scalar(select(or_(reads, falls_due))))


def ask_ahead(session: Session, patience: timedelta) -> str | None:
    """The key of a run that is wanted before there is work; None while one that was asked for may still come."""
    asked_at = session.scalar(
        insert(Watcher)
        .values(name=WatcherKind.ASKED_AHEAD, kind=WatcherKind.ASKED_AHEAD, seen_at=now())
        .on_conflict_do_update(
            index_elements=["name"], set_={"seen_at": now()}, where=Watcher.seen_at < now() - patience
        )
        .returning(Watcher.seen_at)
    )
    return f"ahead-{asked_at:%Y%m%dT%H%M%S%f}" if asked_at else None


def arrive(session: Session) -> None:
    """A run is there: what was asked ahead has been answered."""
    leave(session, WatcherKind.ASKED_AHEAD)


def end(session: Session, slice: Slice) -> None:
    """The run is through with the slice; what is left of the action is another slice's work."""
    session.execute(update(Slice).where(Slice.id == slice.id).values(ended_at=now(), leased_until=None))


def give_back(session: Session, slice: Slice) -> None:
    """The run could not finish the slice; it is taken up again, by anyone, as another attempt."""
    session.execute(update(Slice).where(Slice.id == slice.id).values(leased_until=None))


def renew(session: Session, slice: Slice, lease: timedelta) -> None:
    """The run is still at it."""
    session.execute(update(Slice).where(Slice.id == slice.id).values(leased_until=now() + lease))


def has_a_run(session: Session, action: Action) -> bool:
    """Whether a run is at a slice of the action this moment."""
    held = (Slice.tenant_id == action.tenant_id, Slice.action_id == action.id, Slice.leased_until >= now())
    return bool(session.scalar(select(exists().where(*held))))


def watch(session: Session, name: str, kind: WatcherKind) -> None:
    """Notes that somebody is looking for due work right now."""
    session.execute(
        insert(Watcher)
        .values(name=name, kind=kind, seen_at=now())
        .on_conflict_do_update(index_elements=["name"], set_={"seen_at": now()})
    )


def approver_reads(session: Session) -> None:
    """Notes that somebody has what they may sign before their eyes; who it is, the gate need not know."""
    watch(session, WatcherKind.APPROVER, WatcherKind.APPROVER)


def leave(session: Session, name: str) -> None:
    """Whoever looked for work has found some, or has gone."""
    session.execute(delete(Watcher).where(Watcher.name == name))


def run_waits(session: Session, within: timedelta) -> bool:
    """Whether a warm run is there to take what becomes due, so that none has to be started."""
    return bool(
        session.scalar(
            select(exists().where(Watcher.kind == WatcherKind.RUN, Watcher.seen_at > now() - within))
        )
    )


def last_seen(session: Session) -> datetime | None:
    """When a sensor last looked: what the console shows as the gate's sign of life."""
    return session.scalar(select(func.max(Watcher.seen_at)).where(Watcher.kind == WatcherKind.SENSOR))


def _due() -> Select[tuple[Action, Slice]]:
    """Actions that may go now and have something to do, with the newest slice of each.

    Selected by state and not by a cursor, so that a daemon that was down misses nothing. Those that
    nobody has had go first, so that a long send does not keep a short one waiting.
    """
    return (
        select(Action, Slice)
        .outerjoin(Slice, _newest_of_the_action())
        .where(
            Action.state.in_({State.APPROVED, State.EXECUTING, State.HELD}),
            or_(Action.due_at.is_(None), Action.due_at <= now()),
            or_(Action.state != State.APPROVED, Action.expires_at > now()),
            _window_is_open(),
            _nothing_stops_it(),
            or_(Action.state == State.APPROVED, _ready_deliveries(), ~_open_deliveries()),
        )
        .order_by(Slice.asked_at.nulls_first(), Action.due_at.nulls_first(), Action.id)
    )


def _newest_of_the_action() -> ColumnElement[bool]:
    later = Slice.__table__.alias("later")
    newest = (
        select(func.max(later.c.number))
        .where(
            later.c.tenant_id == Action.tenant_id,
            later.c.action_id == Action.id,
            later.c.version == Action.version,
        )
        .scalar_subquery()
    )
    return and_(
        Slice.tenant_id == Action.tenant_id,
        Slice.action_id == Action.id,
        Slice.version == Action.version,
        Slice.number == newest,
    )


def _window_is_open() -> ColumnElement[bool]:
    """The hours and days of `schedules.py`, by the clocks of the action's zone."""
    local = func.timezone(Action.time_zone, func.now())
    hour, day = cast(local, Time), cast(func.extract("isodow", local), String)
    open_now = and_(
        hour >= Action.window_opens,
        hour < Action.window_closes,
        Action.window_days.contains(cast(day, JSONB)),
    )
    return or_(Action.window_opens.is_(None), open_now)


def _nothing_stops_it() -> ColumnElement[bool]:
    """No switch is pulled for it, and its campaign runs or is a draft."""
    campaign = campaigns.stops(Action.tenant_id.expression, Action.campaign_id.expression)
    return and_(~exists().where(_stopped()), ~exists().where(campaign))


def _stopped() -> ColumnElement[bool]:
    return and_(
        KillSwitch.id.is_not(None),
        kill_switches.stops(
            Action.tenant_id.expression,
            cast(Action.type.expression, String),
            cast(Action.channel.expression, String),
            Action.campaign_id.expression,
        ),
    )


def _of_the_action() -> ColumnElement[bool]:
    return and_(Delivery.tenant_id == Action.tenant_id, Delivery.action_id == Action.id)


def _ready_deliveries() -> ColumnElement[bool]:
    waiting = and_(
        Delivery.state == DeliveryState.QUEUED,
        or_(Delivery.next_attempt_at.is_(None), Delivery.next_attempt_at <= now()),
    )
    abandoned = and_(Delivery.state == DeliveryState.SENDING, Delivery.leased_until < now())
    return exists().where(_of_the_action(), or_(waiting, abandoned))


def _open_deliveries() -> ColumnElement[bool]:
    return exists().where(_of_the_action(), Delivery.state.in_({DeliveryState.QUEUED, DeliveryState.SENDING}))


def _nobody_has_it() -> ColumnElement[bool]:
    """Never taken, ended, given back, or held by a run whose lease has lapsed."""
    return or_(
        Slice.id.is_(None),
        Slice.ended_at.is_not(None),
        Slice.leased_until < now(),
        and_(Slice.run_id.is_not(None), Slice.leased_until.is_(None)),
    )


def _asked_since(moment: datetime) -> ColumnElement[bool]:
    return and_(Slice.run_id.is_(None), Slice.ended_at.is_(None), Slice.asked_at >= moment)


def _asked_ahead_since(moment: datetime) -> ColumnElement[bool]:
    return and_(Watcher.kind == WatcherKind.ASKED_AHEAD, Watcher.seen_at >= moment)


def _locked(session: Session, free: ColumnElement[bool]) -> Iterator[tuple[Action, Slice | None]]:
    """Due and free actions under their row lock, looked at again once the lock is held."""
    candidates = session.execute(_due().where(free).with_only_columns(Action.id)).scalars().all()
    for action_id in candidates:
        held = session.scalars(
            select(Action).where(Action.id == action_id).with_for_update(skip_locked=True)
        ).one_or_none()
        if held is None:
            continue
        still = session.execute(
            _due().where(free, Action.id == action_id).execution_options(populate_existing=True)
        ).one_or_none()
        if still is not None:
            yield still[0], still[1]


def _next_attempt(session: Session, action: Action, newest: Slice | None) -> Slice:
    """Another attempt at the slice that was begun, or the first at the next one.

    A run that got somewhere before it went away has done a slice, if a short one.
    """
    if newest is not None and newest.ended_at is None:
        if not _got_somewhere(session, newest):
            newest.attempt += 1
            return newest
        newest.ended_at = now()
    following = Slice(
        tenant_id=action.tenant_id,
        action_id=ActionId(action.id),
        version=action.version,
        number=newest.number + 1 if newest else 1,
        attempt=1,
        asked_at=now(),
    )
    session.add(following)
    return following


def _got_somewhere(session: Session, slice: Slice) -> bool:
    settled = exists().where(
        Delivery.tenant_id == slice.tenant_id,
        Delivery.action_id == slice.action_id,
        Delivery.leased_by == slice.run_id,
        Delivery.settled_at >= slice.asked_at,
    )
    return bool(session.scalar(select(settled)))
