"""What the house writes to people of the console: fixed words around a name, a role and a link."""

from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from marketing_pipelines.email import addresses
from store.clock import now


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    body: str


def invitation(*, tenant: str, role: str, address: str, expires_at: datetime) -> Letter:
    """The role and the tenant's name are all of it that somebody else has chosen."""
    return Letter(
        f"You are invited to {tenant} at Marketing Pipelines",
        f"You are invited to work in {tenant} at Marketing Pipelines, in the role {role}.\n\n"
        f"To join, open this link. It holds until {_said(expires_at)} and works once:\n\n{address}\n\n"
        "If you know nothing of this, do nothing: without you, the link does nothing.\n",
    )


def reset(*, address: str, expires_at: datetime) -> Letter:
    return Letter(
        "A new password for Marketing Pipelines",
        "Somebody, most likely you, has asked for a new password for your account at Marketing Pipelines.\n\n"
        f"To choose one, open this link. It holds until {_said(expires_at)} and works once:\n\n{address}\n\n"
        "If it was not you, do nothing: your password stays as it is.\n",
    )


def as_mail(letter: Letter, *, sender: str, recipient: str, message_id: str) -> bytes:
    mail = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    mail["From"] = addresses.sender(sender).header
    mail["To"] = addresses.Sender(recipient).header
    mail["Subject"] = addresses.line(letter.subject)
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.body)
    return mail.as_bytes()


def _said(moment: datetime) -> str:
    return f"{moment:%-d %B %Y, %H:%M} UTC"
