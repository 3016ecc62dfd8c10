"""What an Admin does with the people of a tenant; each function is one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Select, select

from console.door import etags
from console.door.problems import FieldError, Refused, nothing_here
from console.door.sign_in import Visitor
from marketing_pipelines.email import system_mails as links
from store.clock import now
from store.records import audit_log, invitations, password_resets, people, system_mails
from store.records.database import Session
from store.records.invitations import Invitation
from store.records.people import LastAdmin, MemberRole, Membership, User
from store.records.schema import NotUsable, UserId
from store.records.system_mails import MailKind, SystemMail


@dataclass(frozen=True, slots=True)
class Member:
    user: User
    membership: Membership

    @property
    def etag(self) -> str:
        return etags.of(self.user.id, self.user.email, self.user.name, self.user.disabled_at, self.membership)


def admit(visitor: Visitor, email: str, name: str, role: MemberRole, password: str) -> Member:
    with visitor.records() as session:
        people.take_turn(session, visitor.tenant)
        try:
            user = people.admit(
                session, visitor.actor, visitor.tenant, email=email, name=name, role=role, password=password
            )
        except NotUsable as unusable:
            raise Refused(422, str(unusable), [FieldError("email", str(unusable))]) from None
        return _found(session, visitor, user.id)


def invite(visitor: Visitor, email: str, name: str, role: MemberRole) -> str:
    """Asks somebody in: by mail, or else with the link given back for the Admin to hand over."""
    with visitor.records() as session:
        people.take_turn(session, visitor.tenant)
        try:
            made = invitations.invite(
                session, visitor.settings, visitor.actor, visitor.tenant, email=email, name=name, role=role
            )
        except NotUsable as unusable:
            raise Refused(422, str(unusable), [FieldError("email", str(unusable))]) from None
        return _mail_or_link(session, visitor, made)


def invite_again(visitor: Visitor, invitation: int) -> str:
    """The same with a new link, which voids the one before."""
    with visitor.records() as session:
        found = _open_invitation(session, visitor, invitation)
        try:
            invitations.renew(session, visitor.settings, visitor.actor, found)
        except NotUsable as unusable:
            raise Refused(409, str(unusable)) from None
        return _mail_or_link(session, visitor, found)


def withdraw(visitor: Visitor, invitation: int) -> None:
    with visitor.records() as session:
        invitations.withdraw(session, visitor.actor, _open_invitation(session, visitor, invitation))


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


def disable(visitor: Visitor, user_id: int) -> None:
    """Closes the account of somebody who works in this tenant only; elsewhere, other Admins decide too."""
    with visitor.records() as session, _keeping_an_admin():
        member = _taken(session, visitor, user_id)
        if member.user.id == visitor.user:
            raise Refused(409, "You cannot disable your own account; another Admin can.")
        _require_alone(session, visitor, member)
        people.disable(session, member.membership, member.user, visitor.actor)
        password_resets.void(session, UserId(member.user.id))


def enable(visitor: Visitor, user_id: int) -> None:
    with visitor.records() as session:
        member = _taken(session, visitor, user_id)
        _require_alone(session, visitor, member)
        people.enable(session, member.membership, member.user, visitor.actor)


def new_password(visitor: Visitor, user_id: int) -> str:
    """Mails a member the link to a new password; without a mail server the Admin is given it to hand over.

    That is only for members of no other tenant: with the link, one could be them there.
    """
    with visitor.records() as session:
        member = _taken(session, visitor, user_id)
        user, number = member.user, UserId(member.user.id)
        if user.disabled_at is not None:
            raise Refused(409, "The account is disabled; enable it first.")
        audit_log.append(session, visitor.tenant, visitor.actor, "offer_new_password", "user", number, {}, {})
        if visitor.settings.sends_mail:
            system_mails.ask(session, MailKind.RESET, user.email)
            return ""
        _require_alone(session, visitor, member)
        token = password_resets.begin(session, visitor.settings, number, now())
        return links.link(visitor.settings, "/reset", token)


def mails(session: Session, waiting: Sequence[Invitation]) -> dict[int, SystemMail]:
    """The last mail of each of these invitations."""
    numbers = [invitation.id for invitation in waiting]
    query = select(SystemMail).where(SystemMail.invitation_id.in_(numbers)).order_by(SystemMail.id)
    return {mail.invitation_id: mail for mail in session.scalars(query) if mail.invitation_id is not None}


def _open_invitation(session: Session, visitor: Visitor, number: int) -> Invitation:
    found = invitations.locked(session, visitor.tenant, number)
    if found is None:
        raise nothing_here()
    return found


def _mail_or_link(session: Session, visitor: Visitor, made: Invitation) -> str:
    if visitor.settings.sends_mail:
        system_mails.ask(session, MailKind.INVITATION, made.email, tenant=visitor.tenant, invitation=made.id)
        return ""
    return links.link(visitor.settings, "/join", invitations.token_of(visitor.settings, made))


def _require_alone(session: Session, visitor: Visitor, member: Member) -> None:
    theirs = people.tenants_of(session, UserId(member.user.id))
    if theirs != [visitor.tenant]:
        raise Refused(
            409,
            "This person works in other tenants too, where you decide nothing. Remove them from this one, "
            "or ask who runs the installation.",
        )


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
