"""What a sender knows of a message after every way a mail server can take it, refuse it or go away."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP as WIRE_FORM
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors import mail_sender
from connectors.errors import AuthRevoked, Forbidden, Invalid, Transient, UnknownOutcome
from connectors.face import Channel, OutgoingMail, Wire
from connectors.smtp import Smtp, SmtpCredentials, TlsMode


def mail(recipient: str = "anna@example.com", number: int = 1, text: str = "Hello") -> OutgoingMail:
    message_id = f"<{number}.test@mail.example.org>"
    message = EmailMessage(policy=WIRE_FORM)
    message["From"] = "News <news@example.org>"
    message["To"] = recipient
    message["Subject"] = "Autumn"
    message["Message-ID"] = message_id
    message.set_content(text)
    return OutgoingMail(
        sender="news@example.org", recipient=recipient, message_id=message_id, raw=message.as_bytes()
    )


class Mailbox:
    """A mail server's manners, which a test can spoil; it keeps what it has accepted, and counts visits."""

    def __init__(self) -> None:
        self.accepted: list[Envelope] = []
        self.visits = 0
        self.at_sender = self.at_recipient = "250 OK"
        self.at_content: Callable[[SMTP], str] = lambda _: "250 Queued as 4242"
        self.hang_up_at_recipient = False
        self.thinks_for = 0.0

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.visits += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.at_sender.startswith("2"):
            envelope.mail_from = address
        return self.at_sender

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.hang_up_at_recipient:
            hang_up(server)
        if self.at_recipient.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.at_recipient

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.accepted.append(envelope)
        await asyncio.sleep(self.thinks_for)
        return self.at_content(server)


def hang_up(server: SMTP) -> str:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
    return "250 too late to be heard"


@contextmanager
def served(mailbox: Mailbox, ssl_context: ssl.SSLContext | None = None, **more: Any) -> Iterator[int]:
    """A real mail server with these manners, on a port of the kernel's choice."""
    loop = asyncio.new_event_loop()
    listening = socket.create_server(("127.0.0.1", 0))
    opening = loop.create_server(
        lambda: SMTP(mailbox, loop=loop, hostname="localhost", **more), sock=listening, ssl=ssl_context
    )
    server = loop.run_until_complete(opening)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        listening.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                loop.run_until_complete(task)
        loop.close()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def sender(mailbox: Mailbox) -> Iterator[Smtp]:
    with served(mailbox) as port, plain_sender(port) as sender:
        yield sender


def plain_sender(port: int) -> Smtp:
    return Smtp(SmtpCredentials(host="127.0.0.1", port=port, tls=TlsMode.NONE, timeout_seconds=5))


def test_an_accepted_message_arrives_byte_for_byte(sender: Smtp, mailbox: Mailbox):
    sent = mail(text="Dear Anna,\n.\n..two dots\n.hidden\n\nGrüße")
    outcome = sender.send(sent)
    (received,) = mailbox.accepted
    assert received.content == sent.raw
    assert (received.mail_from, received.rcpt_tos) == (sent.sender, [sent.recipient])
    assert (outcome.message_id, outcome.recipient, outcome.code) == (sent.message_id, sent.recipient, 250)
    assert outcome.response == "Queued as 4242"


def test_a_run_uses_one_connection(sender: Smtp, mailbox: Mailbox):
    for number in range(5):
        sender.send(mail(number=number))
    assert len(mailbox.accepted) == 5
    assert mailbox.visits == 1


@pytest.mark.parametrize(("stage", "field"), [("at_sender", "sender"), ("at_recipient", "recipient")])
@pytest.mark.parametrize(
    ("code", "kind"), [(550, Invalid), (451, Transient), (552, Invalid), (450, Transient)]
)
def test_a_refusal_before_the_content_is_certain(
    sender: Smtp, mailbox: Mailbox, stage: str, field: str, code: int, kind: type[Exception]
):
    setattr(mailbox, stage, f"{code} Not like this")
    with pytest.raises(kind) as refusal:
        sender.send(mail())
    assert str(code) in str(refusal.value)
    assert "Not like this" in str(refusal.value)
    assert field in str(refusal.value)
    assert mailbox.accepted == []


@pytest.mark.parametrize(("code", "kind"), [(554, Invalid), (451, Transient), (421, Transient)])
def test_a_refusal_after_the_content_is_certain_too(
    sender: Smtp, mailbox: Mailbox, code: int, kind: type[Exception]
):
    mailbox.at_content = lambda _: f"{code} Content refused"
    with pytest.raises(kind):
        sender.send(mail())
    mailbox.at_content = lambda _: "250 OK"
    assert sender.send(mail(number=2)).code == 250


def test_after_a_refused_recipient_the_next_message_is_clean(sender: Smtp, mailbox: Mailbox):
    mailbox.at_recipient = "550 No such user"
    with pytest.raises(Invalid) as refusal:
        sender.send(mail("nobody@example.com"))
    assert refusal.value.field == "recipient"
    mailbox.at_recipient = "250 OK"
    sender.send(mail("anna@example.com", number=2))
    assert [envelope.rcpt_tos for envelope in mailbox.accepted] == [["anna@example.com"]]
    assert mailbox.visits == 1


def test_a_connection_lost_after_the_content_leaves_the_outcome_unknown(sender: Smtp, mailbox: Mailbox):
    mailbox.at_content = hang_up
    with pytest.raises(UnknownOutcome) as unknown:
        sender.send(mail())
    assert "never send it again unseen" in str(unknown.value)
    assert len(mailbox.accepted) == 1  # it had arrived, and nothing in here sent it twice


def test_an_unreadable_answer_after_the_content_leaves_the_outcome_unknown(sender: Smtp, mailbox: Mailbox):
    mailbox.at_content = lambda _: "what was that?"
    with pytest.raises(UnknownOutcome):
        sender.send(mail())
    assert len(mailbox.accepted) == 1


def test_a_silent_server_after_the_content_leaves_the_outcome_unknown(mailbox: Mailbox):
    mailbox.thinks_for = 2.0
    with served(mailbox) as port:
        hasty = SmtpCredentials(host="127.0.0.1", port=port, tls=TlsMode.NONE, timeout_seconds=0.3)
        with Smtp(hasty) as sender, pytest.raises(UnknownOutcome):
            sender.send(mail())
    assert len(mailbox.accepted) == 1


def test_a_connection_lost_before_the_content_is_transient(sender: Smtp, mailbox: Mailbox):
    mailbox.hang_up_at_recipient = True
    with pytest.raises(Transient):
        sender.send(mail())
    mailbox.hang_up_at_recipient = False
    assert sender.send(mail(number=2)).code == 250
    assert len(mailbox.accepted) == 1


def test_a_connection_closed_while_idle_is_opened_again(mailbox: Mailbox):
    with served(mailbox, timeout=0.2) as port, plain_sender(port) as sender:
        sender.send(mail(number=1))
        assert sender._connection
        assert sender._connection.sock
        sender._connection.sock.recv(1, 2)  # MSG_PEEK: wait until the server has taken its leave
        sender.send(mail(number=2))
    assert len(mailbox.accepted) == 2
    assert mailbox.visits == 2


def test_a_server_that_is_not_there_is_transient():
    with plain_sender(1) as sender, pytest.raises(Transient):
        sender.send(mail())


@pytest.mark.parametrize(
    "address",
    [
        "anna@example.com\r\nRCPT TO:<eve@example.com>",
        "anna@example.com> NOTIFY=NEVER",
        "anna@",
        "@example.com",
        "anna",
        "a b@example.com",
        "a@b@c",
        "",
        "x" * 65 + "@example.com",
    ],
)
@pytest.mark.parametrize("field", ["sender", "recipient"])
def test_an_address_cannot_carry_a_command(field: str, address: str):
    good = mail()
    given = {"sender": good.sender, "recipient": good.recipient, field: address}
    with pytest.raises(Invalid) as invalid:
        OutgoingMail(**given, message_id=good.message_id, raw=good.raw)
    assert invalid.value.field == field


@pytest.mark.parametrize(
    "raw",
    [
        b"Message-ID: <1.test@mail.example.org>\n\nbare line ends\n",
        b"Message-ID: <1.test@mail.example.org>\r\n\r\nsmuggled\n.\nMAIL FROM:<eve@example.com>\r\n",
        b"Subject: no id\r\n\r\nHello\r\n",
        b"Message-ID: <2.other@mail.example.org>\r\n\r\nHello\r\n",
        b"Subject: late\r\n\r\nMessage-ID: <1.test@mail.example.org>\r\n",
    ],
)
def test_a_message_must_be_in_wire_form_and_carry_its_id(raw: bytes):
    with pytest.raises(Invalid) as invalid:
        OutgoingMail(
            sender="news@example.org",
            recipient="anna@example.com",
            message_id="<1.test@mail.example.org>",
            raw=raw,
        )
    assert invalid.value.field == "raw"


def test_an_address_beyond_ascii_travels_where_the_server_takes_it(mailbox: Mailbox):
    with served(mailbox, enable_SMTPUTF8=True) as port, plain_sender(port) as sender:
        sender.send(mail("jürgen@example.com"))
    assert mailbox.accepted[0].rcpt_tos == ["jürgen@example.com"]


def test_an_address_beyond_ascii_is_refused_where_the_server_does_not(mailbox: Mailbox):
    with served(mailbox, enable_SMTPUTF8=False) as port, plain_sender(port) as sender, pytest.raises(Invalid):
        sender.send(mail("jürgen@example.com"))


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate for this machine, and a client that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - day, now + day
        )
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


def only_anna(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"anna", b"right"), handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("mode", [TlsMode.STARTTLS, TlsMode.IMPLICIT])
def test_encrypted_and_logged_in(mode: TlsMode, mailbox: Mailbox, tmp_path: Path):
    at_server, at_client = certificate(tmp_path)
    context = {"tls_context": at_server} if mode is TlsMode.STARTTLS else {"ssl_context": at_server}
    more = {"authenticator": only_anna, "auth_required": True, "auth_require_tls": mode is TlsMode.STARTTLS}
    with served(mailbox, **context, **more) as port:
        right = SmtpCredentials(host="127.0.0.1", port=port, user="anna", password="right", tls=mode)
        wrong = SmtpCredentials(host="127.0.0.1", port=port, user="anna", password="wrong-one", tls=mode)
        with Smtp(right, tls_context=at_client) as sender:
            assert sender.send(mail()).code == 250
        with Smtp(wrong, tls_context=at_client) as sender, pytest.raises(AuthRevoked) as revoked:
            sender.send(mail())
        with Smtp(right) as sender, pytest.raises(Forbidden, match="not trusted"):
            sender.send(mail())
    assert "wrong-one" not in str(revoked.value) + repr(wrong)
    assert len(mailbox.accepted) == 1


def test_encryption_that_is_not_offered_is_not_done_without(mailbox: Mailbox):
    with served(mailbox) as port:
        asked = SmtpCredentials(host="127.0.0.1", port=port, tls=TlsMode.STARTTLS)
        with Smtp(asked) as sender, pytest.raises(Forbidden):
            sender.send(mail())
    assert mailbox.accepted == []


def test_a_password_does_not_leave_this_machine_unencrypted():
    with pytest.raises(Invalid) as invalid:
        Smtp(SmtpCredentials(host="mail.example.com", user="anna", password="x", tls=TlsMode.NONE))
    assert invalid.value.field == "tls"


@pytest.mark.parametrize(
    ("wrong", "field"), [({"port": "70000"}, "port"), ({"tls": "maybe"}, "tls"), ({"port": "x"}, "port")]
)
def test_credentials_are_checked_at_the_door(wrong: dict[str, str], field: str):
    with httpx.Client() as http, pytest.raises(Invalid) as invalid:
        mail_sender(Channel.SMTP, {"host": "mail.example.com", **wrong}, Wire(http=http))
    assert invalid.value.field == field
