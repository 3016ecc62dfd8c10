"""Calls to providers, counted for all processes together before they are made.

A window opens with the first call after the former one has closed, and lasts as long as its budget says, or until midnight
where a provider counts by its own days. A budget of one call a
second thus spaces calls evenly, one row is all that is kept, and people can be told how much of a day is left. A bucket that
fills steadily cannot tell that, and has the same seam: who spends everything at a window's end and again at the next one's
beginning is for a moment above what a provider that counts over a sliding window allows, and hears so from it. The moment
is the database's, the one clock that all processes share.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, LargeBinary, String, case, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.records.schema import Record

_NOW = func.clock_timestamp()


class CallsMade(Record):
    """Of whom a budget is stands here as a hash: an account's number is its tenant's own business."""

    __tablename__ = "call_budgets"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    budget: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    opened_at: Mapped[datetime]
    spent: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True, slots=True, order=True)
class Allowance:
    """A budget of one subject: of an app, a connection, an account or an endpoint.

    Where it names a time zone, a window ends at the next midnight there, however long `per` is.
    """

    channel: str
    budget: str
    subject: str
    most: int
    per: timedelta
    until_midnight_in: str = ""

    @property
    def key(self) -> tuple[str, str, bytes]:
        return self.channel, self.budget, hashlib.sha256(self.subject.encode()).digest()

    @property
    def named(self) -> dict[str, str | bytes]:
        """The key by the names of its columns."""
        return dict(zip(("channel", "budget", "subject"), self.key, strict=True))


class UsedUp(Exception):
    """One of the allowances is spent until this moment, which is so many seconds away."""

    def __init__(self, allowance: Allowance, until: datetime, wait: float) -> None:
        super().__init__(f"{allowance.most} calls are spent until {until:%Y-%m-%d %H:%M:%S} UTC")
        self.allowance, self.until, self.wait = allowance, until, wait


@dataclass(frozen=True, slots=True)
class Spent:
    """How much of an allowance is spent; without an open window nothing is, and there is no end to it."""

    allowance: Allowance
    calls: int
    until: datetime | None


def spend(session: Session, allowances: Iterable[Allowance]) -> None:
    """Counts a call by each of them, or raises UsedUp, after which the transaction must not be committed."""
    for allowance in sorted(allowances):  # in one order for everybody, so that no two wait for each other
        closed = _closes_at(allowance) <= _NOW
        counted = insert(CallsMade).values(**allowance.named, opened_at=_NOW, spent=1)
        counted = counted.on_conflict_do_update(
            index_elements=[CallsMade.channel, CallsMade.budget, CallsMade.subject],
            set_={
                "opened_at": case((closed, _NOW), else_=CallsMade.opened_at),
                "spent": case((closed, 1), else_=CallsMade.spent + 1),
            },
            where=or_(closed, CallsMade.spent < allowance.most),
        )
        if session.scalar(counted.returning(CallsMade.spent)) is None:
            raise _used_up(session, allowance)


def spent(session: Session, allowances: Iterable[Allowance]) -> list[Spent]:
    """How each of them stands, by one question."""
    asked = list(allowances)
    named = tuple_(CallsMade.channel, CallsMade.budget, CallsMade.subject)
    query = select(CallsMade, _NOW).where(named.in_([each.key for each in asked]))
    rows = {
        (row.channel, row.budget, row.subject): (row, now) for row, now in session.execute(query).tuples()
    }
    return [_standing(allowance, rows.get(allowance.key)) for allowance in asked]


def _standing(allowance: Allowance, found: tuple[CallsMade, datetime] | None) -> Spent:
    if found is None or (closes_at := _end_of(allowance, found[0].opened_at)) <= found[1]:
        return Spent(allowance, 0, None)
    return Spent(allowance, found[0].spent, closes_at)


def _end_of(allowance: Allowance, opened_at: datetime) -> datetime:
    if not allowance.until_midnight_in:
        return opened_at + allowance.per
    zone = ZoneInfo(allowance.until_midnight_in)
    tomorrow = opened_at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone)


def _closes_at(allowance: Allowance) -> ColumnElement[datetime]:
    """The same for the database, which knows the hour that a day may have more or less."""
    if not allowance.until_midnight_in:
        return CallsMade.opened_at + allowance.per
    day = func.date_trunc("day", func.timezone(allowance.until_midnight_in, CallsMade.opened_at))
    return func.timezone(allowance.until_midnight_in, day + timedelta(days=1))


def _used_up(session: Session, allowance: Allowance) -> UsedUp:
    until = _closes_at(allowance)
    left = select(until, until - _NOW).filter_by(**allowance.named)
    closes_at, wait = session.execute(left).one()
    return UsedUp(allowance, closes_at, max(0.0, wait.total_seconds()))
