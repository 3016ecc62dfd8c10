"""Mail over one SMTP server: a connection that lasts a run, and an honest account of every message."""

import contextlib
import ipaddress
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

import msgspec

from connectors.answers import credentials_as
from connectors.errors import AuthRevoked, ChannelError, Forbidden, Invalid, Transient, UnknownOutcome
from connectors.face import Ask, Capability, Channel, Consent, Endpoint, OutgoingMail, SendOutcome, Wire

_GOING_AWAY = 421
_AUTHENTICATION_REFUSED = frozenset({530, 534, 535, 538})


class TlsMode(StrEnum):
    """How the connection is protected; `none` is for a server on this machine or one that asks no password."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpCredentials:
    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    user: str = ""
    password: str = field(default="", repr=False)
    tls: TlsMode = TlsMode.STARTTLS
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0


class Smtp:
    """A sender for one thread; it connects with the first message and reconnects when it must."""

    channel: ClassVar[Channel] = Channel.SMTP
    title: ClassVar[str] = "SMTP"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.MAIL})
    endpoint: ClassVar[Endpoint] = Endpoint()
    consent: ClassVar[Consent | None] = None
    asks: ClassVar[tuple[Ask, ...]] = ()

    def __init__(self, credentials: SmtpCredentials, *, tls_context: ssl.SSLContext | None = None) -> None:
        self._credentials = credentials
        self._where = f"SMTP {credentials.host}:{credentials.port}"
        self._tls_context = tls_context or ssl.create_default_context()
        self._connection: smtplib.SMTP | None = None
        if credentials.user and credentials.tls is TlsMode.NONE and not _is_loopback(credentials.host):
            raise Invalid(what="a password may not travel unencrypted", where=self._where, field="tls")

    @classmethod
    def connect(cls, credentials: Mapping[str, Any], wire: Wire) -> Self:
        """Speaks no HTTP, so that it needs nothing of the wire."""
        del wire
        return cls(credentials_as(SmtpCredentials, credentials, where="SMTP"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, mail: OutgoingMail) -> SendOutcome:
        connection = self._introduced(mail)
        return self._delivered(connection, mail)

    def close(self) -> None:
        """Take leave of the server; what it has accepted it keeps, however the leave-taking goes."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def _introduced(self, mail: OutgoingMail) -> smtplib.SMTP:
        """A connection on which the server waits for the content; until then nothing can have been accepted."""
        was_open = self._connection is not None
        try:
            return self._announce(mail)
        except _Lost as lost:
            if not was_open:
                raise lost.as_transient(self._where) from lost
        # A server may close a connection that has been idle: a fresh one tells whether it still answers.
        try:
            return self._announce(mail)
        except _Lost as lost:
            raise lost.as_transient(self._where) from lost

    def _announce(self, mail: OutgoingMail) -> smtplib.SMTP:
        connection = self._connection = self._connection or self._opened()
        options = self._options(connection, mail)
        self._step("sender", connection, f"MAIL FROM:<{mail.sender}>{options}", expected=250)
        self._step("recipient", connection, f"RCPT TO:<{mail.recipient}>", expected=250)
        self._step("content", connection, "DATA", expected=354)
        return connection

    def _options(self, connection: smtplib.SMTP, mail: OutgoingMail) -> str:
        if (mail.sender + mail.recipient).isascii():
            return ""
        if not connection.has_extn("smtputf8"):
            what = "the server takes no addresses beyond ASCII"
            raise Invalid(what=what, where=self._where, field="recipient")
        connection.command_encoding = "utf-8"
        return " SMTPUTF8"

    def _step(self, field: str, connection: smtplib.SMTP, command: str, *, expected: int) -> None:
        try:
            code, text = connection.docmd(command)
        except (smtplib.SMTPException, OSError) as broken:
            self._drop()
            raise _Lost(broken) from broken
        if code == expected or (expected == 250 and code in (251, 252)):
            return
        if code == _GOING_AWAY:
            self._drop()
            raise _Lost(_readable(text))
        self._reset(connection)
        raise self._refusal(code, text, field)

    def _delivered(self, connection: smtplib.SMTP, mail: OutgoingMail) -> SendOutcome:
        """From the first byte of the content on, a lost answer may hide an acceptance."""
        try:
            connection.send(_dot_stuffed(mail.raw))
            code, text = connection.getreply()
        except (smtplib.SMTPException, OSError) as broken:
            self._drop()
            raise self._unknown(
                f"the connection broke while the message was handed over: {broken}"
            ) from broken
        if 200 <= code <= 299:
            return SendOutcome(
                message_id=mail.message_id, recipient=mail.recipient, code=code, response=_readable(text)
            )
        if not 400 <= code <= 599:
            self._drop()
            raise self._unknown(f"the server answered something else: {code} {_readable(text)}")
        if code == _GOING_AWAY:
            self._drop()
        raise self._refusal(code, text, "content")

    def _opened(self) -> smtplib.SMTP:
        given = self._credentials
        try:
            if given.tls is TlsMode.IMPLICIT:
                connection = smtplib.SMTP_SSL(
                    given.host, given.port, timeout=given.timeout_seconds, context=self._tls_context
                )
            else:
                connection = smtplib.SMTP(given.host, given.port, timeout=given.timeout_seconds)
        except smtplib.SMTPConnectError as refused:
            raise self._refusal(refused.smtp_code, refused.smtp_error, "connection") from refused
        except ssl.SSLCertVerificationError as untrusted:
            raise self._untrusted(untrusted) from untrusted
        except (smtplib.SMTPException, OSError) as broken:
            raise Transient(what=f"cannot connect: {broken}", where=self._where) from broken
        try:
            self._greet(connection)
        except ChannelError:
            connection.close()
            raise
        return connection

    def _greet(self, connection: smtplib.SMTP) -> None:
        try:
            connection.ehlo_or_helo_if_needed()
            if self._credentials.tls is TlsMode.STARTTLS:
                connection.starttls(context=self._tls_context)
                connection.ehlo()
            if self._credentials.user:
                connection.login(self._credentials.user, self._credentials.password)
        except smtplib.SMTPResponseException as refused:
            raise self._refusal(refused.smtp_code, refused.smtp_error, "connection") from refused
        except smtplib.SMTPNotSupportedError as missing:
            raise Forbidden(what=f"the server does not offer it: {missing}", where=self._where) from missing
        except ssl.SSLCertVerificationError as untrusted:
            raise self._untrusted(untrusted) from untrusted
        except (smtplib.SMTPException, OSError) as broken:
            raise Transient(what=f"the connection broke: {broken}", where=self._where) from broken

    def _refusal(self, code: int, text: bytes | str, field: str) -> ChannelError:
        what = f"{field} refused: {_readable(text)}"
        if code in _AUTHENTICATION_REFUSED:
            return AuthRevoked(what=what, where=self._where, code=str(code))
        if 500 <= code <= 599 and field == "connection":
            return Forbidden(what=what, where=self._where, code=str(code))
        if 500 <= code <= 599:
            return Invalid(what=what, where=self._where, code=str(code), field=field)
        return Transient(what=what, where=self._where, code=str(code))

    def _untrusted(self, untrusted: ssl.SSLCertVerificationError) -> Forbidden:
        what = f"its certificate is not trusted: {untrusted.verify_message}"
        return Forbidden(what=what, where=self._where, code="tls")

    def _unknown(self, what: str) -> UnknownOutcome:
        return UnknownOutcome(what=what, where=self._where)

    def _reset(self, connection: smtplib.SMTP) -> None:
        """Forget the refused message, so that the next one starts clean."""
        try:
            code, _ = connection.docmd("RSET")
        except (smtplib.SMTPException, OSError):
            code = -1
        if code != 250:
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class _Lost(Exception):
    """The connection went away before any content was sent."""

    def as_transient(self, where: str) -> Transient:
        return Transient(what=f"the connection broke before the message was handed over: {self}", where=where)


def _dot_stuffed(raw: bytes) -> bytes:
    """The content as DATA wants it: leading dots doubled, ended by a dot of its own."""
    content = re.sub(rb"(?m)^\.", b"..", raw)
    return content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")


def _readable(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
