"""What carries the house's mail by the settings: SendGrid where its key is set, else the SMTP server, else nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from connectors import public_network
from connectors.face import Endpoint, SendsMail, Wire
from connectors.sendgrid import SendGrid, SendGridCredentials
from connectors.smtp import Smtp, SmtpCredentials, TlsMode
from marketing_pipelines.outbound.manifest import MOCK
from store.settings import Settings

IMPLICIT_TLS_PORT = 465


def name(settings: Settings) -> str:
    """Where mail is handed over, as the manifest has it, or `mock` where it is handed over nowhere."""
    if _is_sendgrid(settings):
        return f"{SendGrid.title} ({_endpoint(settings).base_url})"
    return f"{settings.smtp_host}:{settings.smtp_port}" if settings.smtp_host else MOCK


@contextmanager
def connect(settings: Settings, *, timeout_seconds: float = 30.0) -> Iterator[SendsMail]:
    """A mailer that connects with its first message, and is closed with the block."""
    if not _is_sendgrid(settings):
        with _smtp(settings, timeout_seconds) as smtp:
            yield smtp
        return
    # None is kept open: one that is closed at the moment it is used leaves unknown what became of a mail.
    with public_network.client(
        allow_private=not settings.production,
        user_agent="marketing-pipelines",
        timeout=httpx.Timeout(timeout_seconds),
    ) as http:
        yield SendGrid(
            SendGridCredentials(api_key=settings.sendgrid_api_key.get_secret_value()),
            Wire(http=http, endpoint=_endpoint(settings)),
            longest_seconds=timeout_seconds,
        )


def _is_sendgrid(settings: Settings) -> bool:
    return bool(settings.sendgrid_api_key.get_secret_value())


def _endpoint(settings: Settings) -> Endpoint:
    return Endpoint(base_url=settings.sendgrid_url).or_default(SendGrid.endpoint)


def _smtp(settings: Settings, timeout_seconds: float) -> Smtp:
    return Smtp(
        SmtpCredentials(
            host=settings.smtp_host,
            port=settings.smtp_port,
            user=settings.smtp_user,
            password=settings.smtp_password.get_secret_value(),
            tls=_tls(settings),
            timeout_seconds=timeout_seconds,
        )
    )


def _tls(settings: Settings) -> TlsMode:
    if not settings.smtp_tls:
        return TlsMode.NONE
    return TlsMode.IMPLICIT if settings.smtp_port == IMPLICIT_TLS_PORT else TlsMode.STARTTLS
