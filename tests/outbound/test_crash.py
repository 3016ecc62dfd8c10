"""A sending process is killed, and killed again: nobody gets two, and what nobody can know is called unknown."""

import random

import pytest

from store.records import audit_log
from store.records.action_states import State
from store.records.deliveries import OPEN
from store.records.schema import ActionId
from tests.outbound.office import MailServer, Office, wait_for


def test_a_killed_sender_leaves_unknown_what_was_in_flight_and_nobody_gets_two(
    office: Office, mail_server_log: MailServer
) -> None:
    mail_server_log.slowness = 0.02
    everyone = [f"r{n}@example.com" for n in range(70)]
    action_id = office.approved(to=everyone)
    with office.sender() as run:
        wait_for(lambda: len(mail_server_log.received) >= 25)
        run.kill()
        run.wait()
    in_flight = office.delivered(action_id)["sending"]
    assert 0 < in_flight <= 20

    assert office.send() == {}, "the lease of the dead run still holds"
    office.let_leases_lapse(action_id)
    office.send()

    assert set(mail_server_log.recipients.values()) == {1}
    assert office.delivered(action_id) == {"sent": 70 - in_flight, "unknown": in_flight}
    assert office.now(action_id).state is State.PARTIALLY_FAILED
    with office.console() as session:
        assert audit_log.verify(session, office.tenant) is None


def mend(office: Office, mail_server_log: MailServer, action_id: ActionId) -> set[str]:
    """Holds it, mends its typo, has it signed again and lets it go on; gives who has had it with the typo."""
    before = len(mail_server_log.received)
    with office.sender():
        wait_for(lambda: len(mail_server_log.received) > before)
        office.pull()
        wait_for(lambda: office.now(action_id).state is State.HELD)
    office.let_leases_lapse(action_id)
    had_it = set(mail_server_log.recipients)
    office.edit(action_id, "Hello.")
    office.sign(action_id)
    office.release()
    return had_it


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_thirty_kills_of_two_senders_at_once(office: Office, mail_server_log: MailServer) -> None:
    """Half-way it is held, a typo is mended, and version 2 goes to those who have had nothing."""
    chance = random.Random(5)
    mail_server_log.slowness = 0.005
    everyone = [f"r{n}@example.com" for n in range(10_000)]
    action_id = office.approved(to=everyone, body="Helo.")
    had_the_typo = set[str]()
    for kill in range(30):
        if kill == 15:
            had_the_typo = mend(office, mail_server_log, action_id)
        before = len(mail_server_log.received)
        with office.sender() as first, office.sender() as second:
            target = before + chance.randrange(1, 200)
            wait_for(lambda target=target: len(mail_server_log.received) >= target)
            for run in (first, second):
                run.kill()
        office.let_leases_lapse(action_id)
    mail_server_log.slowness = 0.0
    while office.now(action_id).state is State.EXECUTING:
        office.send()
        office.let_leases_lapse(action_id)

    delivered = office.delivered(action_id)
    assert set(mail_server_log.recipients.values()) == {1}, "somebody got two"
    assert not OPEN.intersection(delivered)
    assert delivered.keys() <= {"sent", "unknown"}
    assert delivered.total() == len(everyone)
    assert delivered["sent"] <= len(mail_server_log.recipients) <= delivered.total()
    with_typo = {letter.to for letter in mail_server_log.received if b"Helo." in letter.raw}
    assert with_typo == had_the_typo
    assert office.now(action_id).version == 2
    print(f"10,000 recipients: {dict(delivered)}, of them {len(with_typo)} in version 1")
    with office.console() as session:
        assert audit_log.verify(session, office.tenant) is None
