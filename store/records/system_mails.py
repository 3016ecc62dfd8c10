"""Mails that the house itself sends to people of the console: asked for by a page, sent by whoever watches.

A mail is handed over once: that it was is committed before the wire. What the server surely did not take is tried again;
what it may have taken is not, and a person asks for another.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, String, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.clock import now
from store.records.schema import Numbered, Record, TenantId, belongs_to, enumerated, one_of

MOST_ATTEMPTS = 12
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_ERROR = 500


class MailKind(StrEnum):
    INVITATION = "invitation"
    RESET = "reset"


class MailState(StrEnum):
    """What has become of a mail, as far as is known."""

    WAITING = "waiting"
    HANDED_OVER = "handed_over"
    SENT = "sent"
    GIVEN_UP = "given_up"


class SystemMail(Numbered, Record):
    """`tenant_id` is empty where the mail is about an account, which is of no tenant."""

    __tablename__ = "system_mails"
    __table_args__ = (
        belongs_to("invitations", "invitation_id"),
        one_of("kind", MailKind),
        Index(
            "ix_system_mails_waiting",
            "next_attempt_at",
            postgresql_where=text("handed_over_at is null and given_up_at is null"),
        ),
    )

    tenant_id: Mapped[TenantId | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    kind: Mapped[MailKind] = mapped_column(enumerated(MailKind, 20))
    recipient: Mapped[str] = mapped_column(String(254))
    invitation_id: Mapped[int | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    handed_over_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(LONGEST_ERROR), server_default="")

    @property
    def state(self) -> MailState:
        if self.sent_at is not None:
            return MailState.SENT
        if self.given_up_at is not None:
            return MailState.GIVEN_UP
        return MailState.WAITING if self.handed_over_at is None else MailState.HANDED_OVER


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that this process alone hands over."""

    id: int
    kind: MailKind
    recipient: str
    tenant: TenantId | None
    invitation: int | None
    asked_at: datetime


def ask(
    session: Session,
    kind: MailKind,
    recipient: str,
    *,
    tenant: TenantId | None = None,
    invitation: int | None = None,
) -> None:
    """Puts a mail in the queue; whoever asks need not be able to read it again."""
    row = {"kind": kind, "recipient": recipient, "tenant_id": tenant, "invitation_id": invitation}
    session.execute(insert(SystemMail).values(**row).inline())


def claim(session: Session) -> Claimed | None:
    """The mail that has waited longest; once this is committed, nobody else hands it over."""
    row = session.scalars(
        select(SystemMail)
        .where(
            SystemMail.handed_over_at.is_(None),
            SystemMail.given_up_at.is_(None),
            SystemMail.next_attempt_at <= now(),
        )
        .order_by(SystemMail.next_attempt_at, SystemMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    row.attempts += 1
    row.handed_over_at = now()
    session.flush()
    return Claimed(row.id, row.kind, row.recipient, row.tenant_id, row.invitation_id, row.created_at)


def sent(session: Session, mail: int) -> None:
    row = session.get_one(SystemMail, mail)
    row.sent_at, row.error = now(), ""
    _forget_address(session, row)


def not_taken(session: Session, mail: int, error: str) -> None:
    """The server surely has not taken it: tried again later, in growing steps, up to a last time."""
    row = session.get_one(SystemMail, mail)
    if row.attempts >= MOST_ATTEMPTS:
        give_up(session, mail, error)
        return
    row.error, row.handed_over_at = error[:LONGEST_ERROR], None
    row.next_attempt_at = now() + min(FIRST_PAUSE * 2 ** (row.attempts - 1), LONGEST_PAUSE)


def give_up(session: Session, mail: int, error: str) -> None:
    row = session.get_one(SystemMail, mail)
    row.error, row.given_up_at = error[:LONGEST_ERROR], now()
    _forget_address(session, row)


def drop(session: Session, mail: int) -> None:
    """Nobody is there to be mailed, or what it was about is over."""
    session.delete(session.get_one(SystemMail, mail))


def _forget_address(session: Session, row: SystemMail) -> None:
    """Of an invitation its Admins see what became of the mail; nobody sees it of a forgotten password."""
    if row.kind is MailKind.RESET:
        session.delete(row)
