"""The salt of each day's cookieless visitor ids: random, shared by all collectors, thrown away when the day is over."""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import LargeBinary, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.records.schema import Record

SALT_BYTES = 32
# Made ahead, so that a midnight without Postgres is no midnight without ids.
DAYS_AHEAD = 2


class VisitorSalt(Record):
    __tablename__ = "visitor_salts"

    day: Mapped[date] = mapped_column(primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(SALT_BYTES))


def kept_for(session: Session, today: date) -> Mapping[date, bytes]:
    """The salts of today and the days after; yesterday's is forgotten for good."""
    session.execute(delete(VisitorSalt).where(VisitorSalt.day < today))
    made = [
        {"day": today + timedelta(days=ahead), "salt": secrets.token_bytes(SALT_BYTES)}
        for ahead in range(DAYS_AHEAD + 1)
    ]
    session.execute(insert(VisitorSalt).values(made).on_conflict_do_nothing())
    return dict(session.execute(select(VisitorSalt.day, VisitorSalt.salt)).tuples().all())
