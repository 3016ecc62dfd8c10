"""Sends what the house writes to people of the console; several senders at a time do no harm."""

import logging
import time
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import select

from connectors.errors import ChannelError, Invalid, UnknownOutcome
from connectors.face import OutgoingMail, SendsMail
from marketing_pipelines.email import addresses, system_letters
from marketing_pipelines.email.system_letters import Letter
from marketing_pipelines.outbound import mail_server
from store import records
from store.clock import now
from store.records import invitations, password_resets, system_mails
from store.records.database import Session
from store.records.invitations import Invitation
from store.records.people import User
from store.records.schema import UserId
from store.records.system_mails import Claimed, MailKind
from store.records.tenants import Tenant
from store.settings import Role, Service, Settings

PATIENCE_SECONDS = 8.0
SENDS_FOR_SECONDS = 15.0

log = logging.getLogger(__name__)


def send(settings: Settings) -> int:
    """Sends what waits, as far as a moment reaches, and gives how many; without a mail server nothing is sent."""
    if not settings.sends_mail:
        return 0
    count, ends = 0, time.monotonic() + SENDS_FOR_SECONDS
    with ExitStack() as closing:
        try:
            mailer = closing.enter_context(mail_server.connect(settings, timeout_seconds=PATIENCE_SECONDS))
        except ChannelError as unusable:
            log.error("the mails of the house wait, since the mail server cannot be used: %s", unusable)
            return 0
        while time.monotonic() < ends:
            claimed = _claimed(settings)
            if claimed is None:
                break
            mail, letter = claimed
            if letter is not None and not _handed_over(settings, mailer, mail, letter):
                break
            count += letter is not None
    return count


def _claimed(settings: Settings) -> tuple[Claimed, Letter | None] | None:
    """The next mail and what it says, or nothing to say any more; committed when this returns."""
    with records.session(settings, Role.WATCH) as session:
        mail = system_mails.claim(session)
        if mail is None:
            return None
        letter = _letter(session, settings, mail)
        if letter is None:
            system_mails.drop(session, mail.id)
        return mail, letter


def _letter(session: Session, settings: Settings, mail: Claimed) -> Letter | None:
    match mail.kind:
        case MailKind.INVITATION:
            return _invitation(session, settings, mail)
        case MailKind.RESET:
            return _reset(session, settings, mail)


def _invitation(session: Session, settings: Settings, mail: Claimed) -> Letter | None:
    found = session.get(Invitation, mail.invitation)
    if found is None or not found.is_open or found.has_lapsed:
        return None
    tenant = session.scalars(select(Tenant.name).where(Tenant.id == found.tenant_id)).one()
    return system_letters.invitation(
        tenant=tenant,
        role=found.role.capitalize(),
        address=link(settings, "/join", invitations.token_of(settings, found)),
        expires_at=found.expires_at,
    )


def _reset(session: Session, settings: Settings, mail: Claimed) -> Letter | None:
    """Only here it is looked up whether anybody has the address: the page that asks takes the same for everybody."""
    expires_at = mail.asked_at + timedelta(minutes=settings.reset_minutes)
    user = session.scalar(select(User.id).where(User.email == mail.recipient, User.disabled_at.is_(None)))
    if user is None or expires_at <= now():
        return None
    token = password_resets.begin(session, settings, UserId(user), mail.asked_at)
    return system_letters.reset(address=link(settings, "/reset", token), expires_at=expires_at)


def link(settings: Settings, page: str, token: str) -> str:
    """The address of a page of the console with a token, of the name that the settings give and no request."""
    return f"{settings.address(Service.CONSOLE)}{page}?{urlencode({'token': token})}"


def _handed_over(settings: Settings, mailer: SendsMail, mail: Claimed, letter: Letter) -> bool:
    """Hands the mail over and writes down how that went; whether it is worth going on with the next one."""
    try:
        _hand_over(settings, mailer, mail, letter)
    except (Invalid, UnknownOutcome) as refused:
        reason = _without_address(refused, mail)
        log.error("a mail of the house (%s %d) is given up: %s", mail.kind, mail.id, reason)
        with records.session(settings, Role.WATCH) as session:
            system_mails.give_up(session, mail.id, reason)
    except (ChannelError, ValueError) as trouble:  # MAIL_FROM may be no address
        reason = _without_address(trouble, mail)
        log.warning("a mail of the house (%s %d) was not taken: %s", mail.kind, mail.id, reason)
        with records.session(settings, Role.WATCH) as session:
            system_mails.not_taken(session, mail.id, reason)
        return False
    else:
        with records.session(settings, Role.WATCH) as session:
            system_mails.sent(session, mail.id)
    return True


def _hand_over(settings: Settings, mailer: SendsMail, mail: Claimed, letter: Letter) -> None:
    sender = addresses.sender(settings.mail_from)
    message_id = f"<console-{mail.kind}-{mail.id}@{sender.domain}>"
    raw = system_letters.as_mail(
        letter, sender=settings.mail_from, recipient=mail.recipient, message_id=message_id
    )
    sent = OutgoingMail(sender=sender.address, recipient=mail.recipient, message_id=message_id, raw=raw)
    mailer.send(sent)


def _without_address(trouble: Exception, mail: Claimed) -> str:
    """Servers like to repeat the address."""
    return str(trouble).replace(mail.recipient, "(an address)")
