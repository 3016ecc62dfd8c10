"""The mail server of the settings, as a connection that messages can be handed to."""

from connectors.face import SendsMail
from connectors.smtp import Smtp, SmtpCredentials, TlsMode
from store.settings import Settings

IMPLICIT_TLS_PORT = 465


def connect(settings: Settings, *, timeout_seconds: float = 30.0) -> SendsMail:
    """A mailer that connects with its first message."""
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
