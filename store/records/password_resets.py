"""Forgotten passwords: one link at a time for a person, for one use, for a while."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Integer, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import entry_tokens
from store.clock import now
from store.records import people
from store.records.people import User
from store.records.schema import NotUsable, Record, UserId
from store.settings import Settings

KEY = "password-resets"


class PasswordReset(Record):
    """The newest link of a person; `issue` is in its token, so that each new one voids those before."""

    __tablename__ = "password_resets"

    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    issue: Mapped[int] = mapped_column(Integer)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


def begin(session: Session, settings: Settings, user: UserId, asked_at: datetime) -> str:
    """The token of a new link; the ones before it are void."""
    ends = asked_at + timedelta(minutes=settings.reset_minutes)
    values = {"user_id": user, "issue": 1, "expires_at": ends, "used_at": None}
    issue = session.scalar(
        insert(PasswordReset)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["user_id"],
            set_={"issue": PasswordReset.issue + 1, "expires_at": ends, "used_at": None},
        )
        .returning(PasswordReset.issue)
    )
    assert issue is not None, "an upsert gives its row"
    return entry_tokens.token(settings.derived(KEY), user, issue=issue)


def behind(session: Session, settings: Settings, token: str, *, lock: bool = False) -> User | None:
    """Whose living link this is; looking uses nothing up."""
    named = entry_tokens.names(token)
    if len(named) != 1 or named[0] > people.LARGEST_ID:
        return None
    query = select(PasswordReset).where(PasswordReset.user_id == UserId(named[0]))
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or not entry_tokens.fits(token, settings.derived(KEY), *named, issue=found.issue):
        return None
    if found.used_at is not None or found.expires_at <= now():
        return None
    return session.scalar(select(User).where(User.id == found.user_id, User.disabled_at.is_(None)))


def use(session: Session, settings: Settings, token: str, password: str) -> User:
    """The new password holds, the link and every log-in of the person are over; tokens of programs too."""
    user = behind(session, settings, token, lock=True)
    if user is None:
        raise NotUsable("This link is of no use any more.")
    people.choose_password(session, people.of_person(UserId(user.id)), user, password, "reset_password")
    session.get_one(PasswordReset, user.id).used_at = now()
    return user


def void(session: Session, user: UserId) -> None:
    """Whatever link is under way is of no use any more."""
    found = session.get(PasswordReset, user)
    if found is not None and found.used_at is None:
        found.used_at = now()
