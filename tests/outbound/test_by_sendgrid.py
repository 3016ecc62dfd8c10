"""Mail through the gate over SendGrid: what people have signed arrives as it was signed, once, or says why it does not."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from connectors.face import Channel
from marketing_pipelines.email import system_mails
from marketing_pipelines.monitoring.alert_sinks import configured
from marketing_pipelines.outbound import mail_server
from store import records, unsubscribe_tokens
from store.clock import now
from store.records import contacts
from store.records import system_mails as queue
from store.records.action_states import State
from store.records.alerts import Sink
from store.records.kill_switches import Scope
from store.records.schema import ActionId
from store.records.system_mails import MailKind
from store.settings import Role, Service
from store.unsubscribe_tokens import Leaving
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.outbound.office import MailServer, Office, over_sendgrid

__all__ = ["sandbox"]

SOON = "update deliveries set next_attempt_at = now() where action_id = :id"
WAITS_UNTIL = "select min(next_attempt_at) from deliveries where action_id = :id and state = 'queued'"


@pytest.fixture(autouse=True)
def _over_sendgrid(office: Office, sandbox: Sandbox, mail_server_log: MailServer) -> Any:
    """Beside a mail server, which is left alone."""
    sandbox.now = now()
    office.settings = over_sendgrid(office.settings, sandbox.address)
    yield
    assert not mail_server_log.received


def arrived(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """What SendGrid has accepted, by whom it is for; nobody gets two."""
    mails = [kept["mail"] for kept in sandbox.accepted(Channel.SENDGRID)]
    readers = Counter(to["email"] for mail in mails for each in mail["personalizations"] for to in each["to"])
    assert set(readers.values()) <= {1}
    return {mail["personalizations"][0]["to"][0]["email"]: mail for mail in mails}


def outcomes(office: Office, action_id: ActionId) -> list[str]:
    return office.column("select outcome from deliveries where action_id = :id order by id", action_id)


def test_an_approved_mail_arrives_once_in_the_words_that_were_signed(
    office: Office, sandbox: Sandbox
) -> None:
    body = "Grüße 🌲,\r\n.\r\nFrom here on it is free.\n" + "long " * 300
    payload = {
        "recipients": ["Reader@Example.com"],
        "subject": "Der erste Frost ❄",
        "body": body,
        "html": "<p>Grüße <a href='https://shop.example/r/frost'>🌲</a></p>",
        "sender": "Müller, Söhne & Co <hello@shop.example>",
    }
    action_id = office.approved(payload=payload)
    office.send()
    office.send()

    (manifest,) = office.column("select manifest from action_versions where action_id = :id", action_id)
    assert manifest["connection"] == f"SendGrid ({sandbox.address}/sendgrid)"
    [mail] = arrived(sandbox).values()
    way_out = mail["headers"]["List-Unsubscribe"].strip("<>")
    signed = manifest["template"]
    told = {part["type"]: part["value"] for part in mail["content"]}
    assert (
        told["text/plain"].splitlines() == signed["text"].replace("{{ unsubscribe }}", way_out).splitlines()
    )
    assert told["text/html"].splitlines() == signed["html"].replace("{{ unsubscribe }}", way_out).splitlines()
    assert mail["subject"] == signed["subject"] == payload["subject"]
    assert mail["from"] == {"email": "hello@shop.example", "name": "Müller, Söhne & Co"}
    assert list(arrived(sandbox)) == ["reader@example.com"]

    done = office.now(action_id)
    assert (done.state, done.outcome) == (State.SUCCEEDED, {"mode": "smtp", "sent": 1})
    [kept] = sandbox.accepted(Channel.SENDGRID)
    assert outcomes(office, action_id) == [f"202 accepted as {kept['id']}"]


def test_its_events_lead_back_to_the_delivery(office: Office, sandbox: Sandbox) -> None:
    action_id = office.approved(to=["a@example.com", "b@example.com"])
    office.send()
    marks = {
        mail["personalizations"][0]["custom_args"]["mp_message_id"] for mail in arrived(sandbox).values()
    }
    assert marks == {mail["headers"]["Message-ID"] for mail in arrived(sandbox).values()}
    assert marks == set(office.column("select message_id from deliveries where action_id = :id", action_id))


def test_each_reader_of_marketing_gets_a_way_out_of_their_own(office: Office, sandbox: Sandbox) -> None:
    action_id = office.approved(to=["a@example.com", "b@example.com"])
    office.send()
    key = office.settings.derived(unsubscribe_tokens.PURPOSE)
    door = f"{office.settings.address(Service.COLLECTOR)}/u/"
    left = set[Leaving | None]()
    for mail in arrived(sandbox).values():
        address = mail["headers"]["List-Unsubscribe"].strip("<>")
        assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert address in mail["content"][0]["value"]
        left.add(unsubscribe_tokens.read(key, address.removeprefix(door)))
    readers = office.column("select contact_id from action_recipients where action_id = :id", action_id)
    assert left == {Leaving(office.tenant, contact, action_id) for contact in readers}
    assert len(left) == 2


def test_who_unsubscribes_after_the_approval_gets_none(office: Office, sandbox: Sandbox) -> None:
    action_id = office.approved(to=["stays@example.com", "leaves@example.com"])
    with office.console() as session:
        leaving = contacts.ensure(session, office.tenant, "leaves@example.com")
        contacts.opt_out(session, leaving, office.by(office.author), "asked")
    office.send()
    assert list(arrived(sandbox)) == ["stays@example.com"]
    assert office.delivered(action_id) == {"sent": 1, "suppressed": 1}


def test_a_lost_answer_is_unknown_and_a_second_run_does_not_send_again(
    office: Office, sandbox: Sandbox
) -> None:
    sandbox.order(Channel.SENDGRID, "accepted_then_silent")
    action_id = office.approved(to=["lost@example.com", "after@example.com"])
    office.send()
    office.send()
    assert set(arrived(sandbox)) == {"lost@example.com", "after@example.com"}
    assert sandbox.requests(Channel.SENDGRID) == 2
    assert office.delivered(action_id) == {"unknown": 1, "sent": 1}
    assert office.now(action_id).state is State.PARTIALLY_FAILED


def test_a_breakdown_is_unknown_and_a_second_run_does_not_send_again(
    office: Office, sandbox: Sandbox
) -> None:
    sandbox.order(Channel.SENDGRID, "server_error")
    action_id = office.approved()
    office.send()
    office.send()
    assert sandbox.requests(Channel.SENDGRID) == 1
    assert office.now(action_id).outcome == {"mode": "smtp", "unknown": 1}


def test_who_is_told_to_slow_down_waits_as_long_and_goes_on_later(office: Office, sandbox: Sandbox) -> None:
    sandbox.order(Channel.SENDGRID, "rate_limited", hint_seconds=3600)
    everyone = [f"r{n}@example.com" for n in range(30)]
    action_id = office.approved(to=everyone)
    office.send()
    assert sandbox.requests(Channel.SENDGRID) == 1, "the others would have fared no better"
    assert office.delivered(action_id) == {"queued": 30}
    assert set(office.column("select attempts from deliveries where action_id = :id", action_id)) == {0}
    [waits_until] = office.column(WAITS_UNTIL, action_id)
    assert timedelta(minutes=58) < waits_until - now() < timedelta(minutes=62)

    office.send()
    assert sandbox.requests(Channel.SENDGRID) == 1, "not before its time"
    office.tamper(SOON, action_id)
    office.send()
    assert set(arrived(sandbox)) == set(everyone)
    assert office.now(action_id).outcome == {"mode": "smtp", "sent": 30}


def test_a_key_that_was_taken_away_holds_it_for_everyone_and_says_so(
    office: Office, sandbox: Sandbox
) -> None:
    action_id = office.approved(to=[f"r{n}@example.com" for n in range(30)])
    office.send(sendgrid_api_key=SecretStr("SG.taken.away"))
    assert sandbox.requests(Channel.SENDGRID) == 1
    assert office.delivered(action_id) == {"queued": 30}
    assert set(office.column("select attempts from deliveries where action_id = :id", action_id)) == {0}
    [said] = {reason for reason in outcomes(office, action_id) if reason}
    assert "SendGrid: The provided authorization grant is invalid" in said
    assert "connect the account again" in said
    assert "SG.taken" not in said

    office.tamper(SOON, action_id)
    office.send()
    assert len(arrived(sandbox)) == 30, "with a key that holds, it goes on"


def test_a_reader_that_is_refused_fails_alone(office: Office, sandbox: Sandbox) -> None:
    action_id = office.approved(to=["someone@localhost", "here@example.com"])
    office.send()
    assert list(arrived(sandbox)) == ["here@example.com"]
    assert office.delivered(action_id) == {"failed": 1, "sent": 1}
    [reason] = [said for said in outcomes(office, action_id) if "accepted" not in said]
    assert "personalizations.0.to.0.email" in reason


def test_what_was_approved_for_one_carrier_does_not_go_by_another(office: Office, sandbox: Sandbox) -> None:
    by_sendgrid = office.settings
    for signed, sent in (
        (by_sendgrid, by_sendgrid.model_copy(update={"sendgrid_api_key": SecretStr("")})),
        (by_sendgrid.model_copy(update={"sendgrid_api_key": SecretStr("")}), by_sendgrid),
        (by_sendgrid.model_copy(update={"sendgrid_url": ""}), by_sendgrid),
    ):
        office.settings = signed
        action_id = office.approved()
        office.settings = sent
        office.send()
        failed = office.now(action_id)
        assert failed.state is State.FAILED
        assert failed.outcome is not None
        assert "no longer handed over at" in failed.outcome["reason"]
    assert sandbox.requests(Channel.SENDGRID) == 0


def test_the_switch_of_mail_stops_it_whatever_carries_it(office: Office, sandbox: Sandbox) -> None:
    action_id = office.approved()
    with office.pulled(Scope.CHANNEL, "smtp"):
        office.send()
        assert sandbox.requests(Channel.SENDGRID) == 0
    office.send()
    assert office.now(action_id).state is State.SUCCEEDED


def test_one_place_says_what_carries_mail(office: Office) -> None:
    both = office.settings
    smtp = both.model_copy(update={"sendgrid_api_key": SecretStr("")})
    nothing = smtp.model_copy(update={"smtp_host": ""})
    sendgrid = both.model_copy(update={"smtp_host": "", "sendgrid_url": ""})
    assert mail_server.name(both) == f"SendGrid ({both.sendgrid_url})"
    assert mail_server.name(sendgrid) == "SendGrid (https://api.sendgrid.com)"
    assert mail_server.name(smtp) == f"127.0.0.1:{smtp.smtp_port}"
    assert mail_server.name(nothing) == "mock"
    for settings in (both, smtp, nothing, sendgrid):
        assert settings.sends_mail is (mail_server.name(settings) != "mock")
        assert (Sink.MAIL in configured(settings)) is settings.sends_mail


def test_the_mails_of_the_house_go_the_same_way(office: Office, sandbox: Sandbox) -> None:
    with records.session(office.settings, Role.OWNER) as session:
        session.execute(text("delete from system_mails"))
        [address] = session.scalars(
            text("select email from users where id = :id"), {"id": office.author}
        ).all()
        queue.ask(session, MailKind.RESET, address)
    assert system_mails.send(office.settings) == 1
    mail = arrived(sandbox)[address]
    assert mail["subject"] == "A new password for Marketing Pipelines"
    assert mail["headers"]["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in mail["headers"]
