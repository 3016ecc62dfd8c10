"""What an Admin does with the people of a tenant; each function is one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Select, select

from console import etags
from console.problems import FieldError, Refused, nothing_here
from console.sign_in import Visitor
from store.records import people
from store.records.database import Session
from store.records.people import LastAdmin, MemberRole, Membership, User
from store.records.schema import NotUsable, UserId


@dataclass(frozen=True, slots=True)
class Member:
    user: User
    membership: Membership

    @property
    def etag(self) -> str:
        return etags.of(self.user.id, self.user.email, self.user.name, self.user.disabled_at, self.membership)


def admit(visitor: Visitor, email: str, name: str, role: MemberRole, password: str) -> Member:
    with visitor.records() as session:
        try:
            user = people.admit(
                session, visitor.actor, visitor.tenant, email=email, name=name, role=role, password=password
            )
        except NotUsable as unusable:
            raise Refused(422, str(unusable), [FieldError("email", str(unusable))]) from None
        return _found(session, visitor, user.id)


def listed(visitor: Visitor, *, cursor: int | None, limit: int) -> tuple[Sequence[Member], int | None]:
    """A page of the tenant's people."""
    query = _all(visitor).order_by(User.id).limit(limit + 1)
    with visitor.records() as session:
        rows = session.execute(query.where(User.id > cursor) if cursor else query).all()
    shown = [Member(user, membership) for user, membership in rows[:limit]]
    return shown, (shown[-1].user.id if len(rows) > limit else None)


def read(visitor: Visitor, user_id: int) -> Member:
    with visitor.records() as session:
        return _found(session, visitor, user_id)


def change_role(visitor: Visitor, user_id: int, role: MemberRole) -> Member:
    with visitor.records() as session, _keeping_an_admin():
        member = _taken(session, visitor, user_id)
        people.change_role(session, member.membership, visitor.actor, role)
        return member


def remove(visitor: Visitor, user_id: int) -> None:
    with visitor.records() as session, _keeping_an_admin():
        people.remove(session, _taken(session, visitor, user_id).membership, visitor.actor)


def _all(visitor: Visitor) -> Select[tuple[User, Membership]]:
    return (
        select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == visitor.tenant)
    )


def _found(session: Session, visitor: Visitor, user_id: int) -> Member:
    row = session.execute(_all(visitor).where(User.id == UserId(user_id))).one_or_none()
    if row is None:
        raise nothing_here()
    return Member(*row)


def _taken(session: Session, visitor: Visitor, user_id: int) -> Member:
    """The member while nobody else changes who is who in the tenant."""
    people.take_turn(session, visitor.tenant)
    member = _found(session, visitor, user_id)
    visitor.conditions.require(lambda: member.etag)
    return member


@contextmanager
def _keeping_an_admin() -> Iterator[None]:
    try:
        yield
    except LastAdmin as last:
        raise Refused(409, str(last)) from None
