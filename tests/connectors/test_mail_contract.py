"""What every channel that carries mail owes its caller, whatever it speaks: SMTP and SendGrid, each to a real server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

import httpx
import pytest
from aiosmtpd.smtp import SMTP

from connectors import mail_sender
from connectors.errors import Transient, UnknownOutcome
from connectors.face import Channel, Endpoint, SendsMail, Wire
from connectors.sandbox import CREDENTIALS
from tests.connectors.running_sandbox import Sandbox
from tests.connectors.test_smtp import Mailbox, hang_up, mail, plain_sender, served

NOBODY = {
    Channel.SMTP: {"host": "127.0.0.1", "port": "9", "tls": "none"},
    Channel.SENDGRID: CREDENTIALS[Channel.SENDGRID],
}


@dataclass(frozen=True)
class Carrier:
    """A sender, what has arrived at the other end, and a way to make the next answer get lost."""

    sender: SendsMail
    arrived: Callable[[], list[tuple[str, str, str]]]
    lose_the_next_answer: Callable[[], None]


@pytest.fixture(params=[Channel.SMTP, Channel.SENDGRID])
def carrier(request: pytest.FixtureRequest) -> Iterator[Carrier]:
    """Message-ID, subject and text of each mail tell one from another."""
    if request.param is Channel.SMTP:
        yield from by_smtp()
    else:
        yield by_sendgrid(request.getfixturevalue("sandbox"))


def by_smtp() -> Iterator[Carrier]:
    mailbox = Mailbox()

    def arrived() -> list[tuple[str, str, str]]:
        return [told(envelope.content) for envelope in mailbox.accepted]

    def told(content: str | bytes | None) -> tuple[str, str, str]:
        assert isinstance(content, bytes)
        read = message_from_bytes(content, policy=policy.SMTP)
        assert isinstance(read, EmailMessage)
        return read["Message-ID"], read["Subject"], read.get_content().replace("\r\n", "\n")

    def lose() -> None:
        def once(server: SMTP) -> str:
            mailbox.at_content = lambda _: "250 Queued"
            return hang_up(server)

        mailbox.at_content = once

    with served(mailbox) as port, plain_sender(port) as sender:
        yield Carrier(sender, arrived, lose)


def by_sendgrid(sandbox: Sandbox) -> Carrier:
    def arrived() -> list[tuple[str, str, str]]:
        kept = [each["mail"] for each in sandbox.accepted(Channel.SENDGRID)]
        return [(it["headers"]["Message-ID"], it["subject"], it["content"][0]["value"]) for it in kept]

    return Carrier(
        sandbox.sender(Channel.SENDGRID),
        arrived,
        lambda: sandbox.order(Channel.SENDGRID, "accepted_then_silent"),
    )


def test_each_mail_arrives_once_and_its_outcome_says_which_it_was(carrier: Carrier) -> None:
    mails = [mail(f"r{number}@example.com", number, f"Grüße {number}\n") for number in range(3)]
    outcomes = [carrier.sender.send(each) for each in mails]
    assert [(it.message_id, it.recipient) for it in outcomes] == [
        (each.message_id, each.recipient) for each in mails
    ]
    assert carrier.arrived() == [
        (each.message_id, "Autumn", f"Grüße {number}\n") for number, each in enumerate(mails)
    ]


def test_a_lost_answer_is_unknown_and_concerns_that_mail_alone(carrier: Carrier) -> None:
    carrier.lose_the_next_answer()
    with pytest.raises(UnknownOutcome):
        carrier.sender.send(mail(number=1))
    carrier.sender.send(mail(number=2))
    assert [message_id for message_id, _, _ in carrier.arrived()] == [
        mail(number=number).message_id for number in (1, 2)
    ]


@pytest.mark.parametrize("channel", list(NOBODY))
def test_where_nobody_answers_the_next_mail_would_fare_no_better(channel: Channel) -> None:
    with httpx.Client(timeout=2) as http:
        wire = Wire(http=http, endpoint=Endpoint(base_url="http://127.0.0.1:9"))
        with pytest.raises(Transient) as away:
            mail_sender(channel, NOBODY[channel], wire).send(mail())
    assert not away.value.code
