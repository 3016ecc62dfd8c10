"""What was approved is sent, once, in the bytes that were frozen."""

import threading
from collections import Counter
from datetime import timedelta
from email.utils import parsedate_to_datetime

from marketing_pipelines.email import render
from store import unsubscribe_tokens
from store.clock import now
from store.records import audit_log, contacts
from store.records.action_states import State
from store.records.actions import Purpose
from store.records.schema import ActionId
from store.settings import Service
from store.unsubscribe_tokens import Leaving
from tests.outbound.office import MailServer, Office, wait_for


def test_an_approved_mail_is_sent_once_in_the_bytes_that_were_frozen(
    office: Office, mail_server_log: MailServer
) -> None:
    body = "Grüße,\r\n.\r\nFrom here on it is free.\n" + "long " * 300
    action_id = office.approved(to=["Reader@Example.com"], body=body)

    office.send()
    office.send()

    assert mail_server_log.recipients == {"reader@example.com": 1}
    (manifest,) = office.column("select manifest from action_versions where action_id = :id", action_id)
    received = mail_server_log.received[0]
    mail = received.mail
    frozen = render.message(
        manifest,
        {"email": "reader@example.com"},
        mail["Message-ID"],
        parsedate_to_datetime(mail["Date"]),
        mail["List-Unsubscribe"].strip("<>"),
    )
    assert received.raw == frozen
    assert mail["From"] == "Shop <shop@example.com>"
    assert mail.get_content().replace("\r\n", "\n").startswith(body.replace("\r\n", "\n").rstrip())
    done = office.now(action_id)
    assert done.state is State.SUCCEEDED
    assert done.outcome == {"mode": "smtp", "sent": 1}


def test_each_reader_of_marketing_gets_a_way_out_of_their_own(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = office.approved(to=["a@example.com", "b@example.com"])
    office.send()
    key = office.settings.derived(unsubscribe_tokens.PURPOSE)
    door = f"{office.settings.address(Service.COLLECTOR)}/u/"
    leaving = {}
    for received in mail_server_log.received:
        address = received.mail["List-Unsubscribe"].strip("<>")
        assert address in received.mail.get_content()
        leaving[received.to] = unsubscribe_tokens.read(key, address.removeprefix(door))
    contacts = dict(
        zip(
            office.column("select email from contacts where tenant_id = :id", ActionId(office.tenant)),
            office.column("select id from contacts where tenant_id = :id", ActionId(office.tenant)),
            strict=True,
        )
    )
    assert leaving == {to: Leaving(office.tenant, contact, action_id) for to, contact in contacts.items()}


def test_what_is_part_of_a_contract_cannot_be_left(office: Office, mail_server_log: MailServer) -> None:
    office.approved(purpose=Purpose.CONTRACT)
    office.send()
    [received] = mail_server_log.received
    assert received.mail["List-Unsubscribe"] is None
    assert "nsubscribe" not in received.mail.get_content()


def test_every_step_is_in_the_audit_chain_with_one_entry_a_chunk(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = office.approved(to=[f"r{n}@example.com" for n in range(45)])
    office.send()
    with office.console() as session:
        history = audit_log.of_entity(session, office.tenant, "action", action_id)
        assert audit_log.verify(session, office.tenant) is None
    assert [entry.action for entry in history] == [
        "create",
        "submit",
        "approve",
        "start",
        "deliver",
        "deliver",
        "deliver",
        "succeed",
    ]
    assert [entry.after["count"] for entry in history if entry.action == "deliver"] == [20, 20, 5]
    assert "example.com" not in str([(entry.before, entry.after) for entry in history])
    assert len(mail_server_log.received) == 45


def test_two_runs_at_once_send_nothing_twice(office: Office, mail_server_log: MailServer) -> None:
    mail_server_log.slowness = 0.002
    action_ids = [
        office.approved(to=[f"{name}{n}@example.com" for n in range(50)]) for name in ("a", "b", "c")
    ]
    runs = [threading.Thread(target=office.send) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(mail_server_log.recipients) == 150
    assert set(mail_server_log.recipients.values()) == {1}
    assert {office.now(action_id).state for action_id in action_ids} == {State.SUCCEEDED}


def test_a_dry_run_does_everything_but_touch_the_wire(office: Office, mail_server_log: MailServer) -> None:
    action_id = office.approved(dry_run=True)
    office.send()
    assert not mail_server_log.received
    assert office.now(action_id).outcome == {"mode": "dry_run", "simulated": 1}


def test_without_a_mail_server_the_outcome_says_mock(office: Office, mail_server_log: MailServer) -> None:
    office.settings = office.settings.model_copy(update={"smtp_host": ""})
    action_id = office.approved()
    office.send()
    assert not mail_server_log.received
    assert office.now(action_id).outcome == {"mode": "mock", "simulated": 1}


def test_what_was_approved_for_no_mail_server_does_not_go_to_one(
    office: Office, mail_server_log: MailServer
) -> None:
    with_server = office.settings
    office.settings = with_server.model_copy(update={"smtp_host": ""})
    action_id = office.approved()
    office.settings = with_server
    office.send()
    assert not mail_server_log.received
    assert office.now(action_id).state is State.FAILED


def test_a_recipient_that_is_refused_fails_alone(office: Office, mail_server_log: MailServer) -> None:
    mail_server_log.refusals["gone@example.com"] = ["550 <gone@example.com> unknown"]
    action_id = office.approved(to=["gone@example.com", "here@example.com"])
    office.send()
    assert mail_server_log.recipients == {"here@example.com": 1}
    assert office.delivered(action_id) == {"failed": 1, "sent": 1}
    assert office.now(action_id).state is State.PARTIALLY_FAILED
    assert not any(
        "gone@" in said
        for said in office.column("select outcome from deliveries where action_id = :id", action_id)
    )


def test_a_recipient_that_is_busy_is_tried_again_later_and_not_for_ever(
    office: Office, mail_server_log: MailServer
) -> None:
    mail_server_log.refusals["busy@example.com"] = ["451 later"]
    mail_server_log.refusals["never@example.com"] = ["451 later"] * 20
    action_id = office.approved(to=["busy@example.com", "never@example.com"])
    for _ in range(6):
        office.send()
        if office.now(action_id).state is State.EXECUTING:
            office.tamper("update deliveries set next_attempt_at = now() where action_id = :id", action_id)
    assert mail_server_log.recipients == {"busy@example.com": 1}
    assert office.delivered(action_id) == {"sent": 1, "failed": 1}
    assert len(mail_server_log.refusals["never@example.com"]) == 15


def test_a_mail_server_that_is_away_costs_no_recipient_an_attempt(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = office.approved(to=[f"r{n}@example.com" for n in range(30)])
    away = office.settings.model_copy(update={"smtp_user": "x"})
    office_away = Office(away, office.tenant, office.author, office.approver)
    office_away.send()
    assert not mail_server_log.received
    assert office.delivered(action_id) == {"queued": 30}
    assert set(office.column("select attempts from deliveries where action_id = :id", action_id)) == {0}
    office.tamper("update deliveries set next_attempt_at = now() where action_id = :id", action_id)
    office.send()
    assert len(mail_server_log.recipients) == 30
    assert office.column("select attempt from slices where action_id = :id", action_id) == [2]


def test_an_answer_that_was_lost_is_unknown_and_never_sent_again(
    office: Office, mail_server_log: MailServer
) -> None:
    async def accept_and_hang_up(server, session, envelope):  # type: ignore[no-untyped-def]
        await MailServer.handle_DATA(mail_server_log, server, session, envelope)
        server.transport.abort()
        return "250 never heard"

    mail_server_log.handle_DATA = accept_and_hang_up  # type: ignore[method-assign]
    action_id = office.approved()
    office.send()
    office.send()
    assert mail_server_log.recipients == {"reader@example.com": 1}
    assert office.now(action_id).outcome == {"mode": "smtp", "unknown": 1}
    assert office.now(action_id).state is State.PARTIALLY_FAILED


def test_who_unsubscribes_after_the_approval_gets_no_marketing(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = office.approved(to=["stays@example.com", "leaves@example.com"])
    contractual = office.approved(to=["leaves@example.com"], purpose=Purpose.CONTRACT)
    with office.console() as session:
        leaving = contacts.ensure(session, office.tenant, "leaves@example.com")
        contacts.opt_out(session, leaving, office.by(office.author), "asked")
    office.send()
    assert mail_server_log.recipients == {"stays@example.com": 1, "leaves@example.com": 1}
    assert office.delivered(action_id) == {"sent": 1, "suppressed": 1}
    assert office.delivered(contractual) == {"sent": 1}
    assert office.now(action_id).state is State.SUCCEEDED


def test_who_was_erased_gets_nothing_and_the_rest_still_verifies(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = office.approved(to=["erased@example.com", "stays@example.com"])
    office.tamper(
        """update action_recipients r set "values" = '{}' from contacts c
           where r.action_id = :id and c.id = r.contact_id and c.email = 'erased@example.com'""",
        action_id,
    )
    office.tamper(
        """update actions set payload = jsonb_set(payload, '{recipients}', '["stays@example.com"]')
           where id = :id""",
        action_id,
    )
    office.send()
    assert mail_server_log.recipients == {"stays@example.com": 1}
    assert office.delivered(action_id) == {"sent": 1, "suppressed": 1}


def test_a_typo_fixed_half_way_mails_only_those_who_had_nothing(
    office: Office, mail_server_log: MailServer
) -> None:
    mail_server_log.slowness = 0.01
    everyone = [f"r{n}@example.com" for n in range(60)]
    action_id = office.approved(to=everyone, body="Helo")
    sending = threading.Thread(target=office.send)
    sending.start()
    wait_for(lambda: len(mail_server_log.received) > 5)
    office.pull()
    sending.join()
    had_something = len(mail_server_log.received)
    assert office.now(action_id).state is State.HELD
    assert 5 < had_something < 60

    office.edit(action_id, "Hello")
    office.approve(action_id, office.submit(action_id))
    office.release()
    office.send()

    assert mail_server_log.recipients == Counter(everyone)
    bodies = Counter(received.mail.get_content().split()[0] for received in mail_server_log.received)
    assert bodies == {"Helo": had_something, "Hello": 60 - had_something}
    assert office.now(action_id).outcome == {"mode": "smtp", "sent": 60}


def test_what_is_due_later_waits_for_its_time(office: Office, mail_server_log: MailServer) -> None:
    action_id = office.approved(due_at=now() + timedelta(hours=1))
    office.send()
    assert not mail_server_log.received
    assert office.now(action_id).state is State.APPROVED


def test_a_run_stays_for_what_is_approved_while_it_waits(office: Office, mail_server_log: MailServer) -> None:
    first = office.approved(to=["first@example.com"])
    with office.sender():
        wait_for(lambda: office.now(first).state is State.SUCCEEDED)
        second = office.approved(to=["second@example.com"])
        wait_for(lambda: office.now(second).state is State.SUCCEEDED)
    assert mail_server_log.recipients == {"first@example.com": 1, "second@example.com": 1}
    assert len(set(office.column("select run_id from slices where action_id >= :id", first))) == 1
