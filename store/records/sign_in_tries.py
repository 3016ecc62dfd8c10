"""Tries to get in, counted for all processes together: after a few, each takes a longer wait before the next.

A try is counted before the password is looked at, under a lock, so that parallel guesses count too. What is counted is
a key and no address, whether or not anybody has it: nobody learns from a wait who has an account, nor from the records
who tried. A wait never grows beyond its longest, tries during a wait are not counted, and a day without one forgets all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, LargeBinary, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.clock import now
from store.records.schema import Record

FORGOTTEN_AFTER = timedelta(days=1)
_FORGOTTEN_AT_A_TIME = 20


class SignInTries(Record):
    __tablename__ = "sign_in_tries"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    tries: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(index=True)
    waits_until: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How many tries are free, and how long the wait after them is at first and at last; it doubles between."""

    free: int
    first_wait: timedelta
    longest_wait: timedelta

    def wait_after(self, tries: int) -> timedelta | None:
        if tries < self.free:
            return None
        return min(self.first_wait * 2 ** min(tries - self.free, 20), self.longest_wait)


@dataclass(frozen=True, slots=True)
class Counted:
    """Something that tries are counted by."""

    key: bytes
    patience: Patience


@dataclass(frozen=True, slots=True)
class Verdict:
    """The wait that is left, if there is one, and the keys whose first wait begins with this try."""

    wait: timedelta | None
    locked_out: Sequence[bytes] = ()


def count(session: Session, counted: Sequence[Counted]) -> Verdict:
    """Counts one try by each key, or by none when one of them has to wait; always given in the same order."""
    at = now()
    _forget(session, at)
    rows = [_locked(session, of.key, at) for of in counted]
    waits = [row.waits_until - at for row in rows if row.waits_until is not None and row.waits_until > at]
    if waits:
        return Verdict(max(waits))
    for row, of in zip(rows, counted, strict=True):
        row.tries = 1 if row.last_at < at - FORGOTTEN_AFTER else row.tries + 1
        row.last_at = at
        wait = of.patience.wait_after(row.tries)
        row.waits_until = None if wait is None else at + wait
    session.flush()
    reached = [of.key for row, of in zip(rows, counted, strict=True) if row.tries == of.patience.free]
    return Verdict(None, reached)


def forgive(session: Session, key: bytes) -> None:
    """The right password was given: what was tried by this key is forgotten."""
    session.execute(delete(SignInTries).where(SignInTries.key == key))


def take_back(session: Session, key: bytes) -> None:
    """The last try by this key was no guess: it counts for nothing, those before it still do."""
    row = session.get(SignInTries, key, with_for_update=True)
    if row is not None:
        row.tries, row.waits_until = max(0, row.tries - 1), None


def _locked(session: Session, key: bytes, at: datetime) -> SignInTries:
    session.execute(insert(SignInTries).values(key=key, tries=0, last_at=at).on_conflict_do_nothing())
    return session.get_one(SignInTries, key, with_for_update=True, populate_existing=True)


def _forget(session: Session, at: datetime) -> None:
    """A few at a time, so that nobody's sign-in waits for a clean-up."""
    old = (
        select(SignInTries.key)
        .where(SignInTries.last_at < at - FORGOTTEN_AFTER)
        .limit(_FORGOTTEN_AT_A_TIME)
        .with_for_update(skip_locked=True)
    )
    session.execute(
        delete(SignInTries).where(SignInTries.key.in_(old)), execution_options={"synchronize_session": False}
    )
