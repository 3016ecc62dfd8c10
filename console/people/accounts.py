"""What a person does with their own account; each change is one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request

from console.door import attempts
from console.door.problems import FieldError, Refused
from console.door.sign_in import Cookie, Visitor
from store.records import password_resets, people
from store.records.database import Session, enter_tenant
from store.records.people import User
from store.secrets import fingerprint


@dataclass(frozen=True, slots=True)
class Standing:
    """A log-in that holds; `is_this` is the one that the page was asked for with."""

    since: datetime
    last_seen_at: datetime
    is_this: bool


def log_ins(session: Session, visitor: Visitor) -> Sequence[Standing]:
    settings, this = visitor.settings, fingerprint(visitor.cookie or "")
    found = people.log_ins_of(
        session,
        visitor.user,
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(hours=settings.session_absolute_hours),
    )
    return [Standing(row.created_at, row.last_seen_at, row.id_hash == this) for row in found]


def rename(visitor: Visitor, name: str) -> None:
    with visitor.records() as session:
        people.rename(session, visitor.tenant, session.get_one(User, visitor.user), name)


def change_password(request: Request, visitor: Visitor, present: str, wanted: str) -> Cookie:
    """A new log-in in the place of all there were; whoever found a browser open has to know the password too."""
    attempt = attempts.to_sign_in(request, visitor.settings, visitor.email)
    with visitor.records() as session:
        user = people.user_with(session, visitor.email, present)
        if user is None:
            reason = "This is not your present password"
            raise Refused(422, reason, [FieldError("present", reason)])
        people.choose_password(session, visitor.actor, user, wanted, "change_password")
        password_resets.void(session, visitor.user)
        enter_tenant(session, visitor.tenant)
        cookie = Cookie(people.log_in(session, user, visitor.tenant))
    attempt.succeeded()
    return cookie


def sign_out_elsewhere(visitor: Visitor) -> None:
    with visitor.records() as session:
        people.end_log_ins(session, visitor.user, but=visitor.cookie or "")
