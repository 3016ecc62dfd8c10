"""The kill switch while mails are on their way: what is left stays here, and goes on when it is released."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from store import records
from store.records import audit_log
from store.records.action_states import State
from store.settings import Role
from tests.outbound.office import MailServer, Office, wait_for

EVERYONE = [f"r{n}@example.com" for n in range(80)]


def test_pulled_half_way_it_holds_the_rest_until_it_is_released(
    office: Office, mail_server_log: MailServer
) -> None:
    mail_server_log.slowness = 0.05
    action_id = office.approved(to=EVERYONE)
    with office.sender():
        wait_for(lambda: len(mail_server_log.received) >= 5)
        office.pull()
        wait_for(lambda: office.now(action_id).state is State.HELD)
        held_at = len(mail_server_log.received)
        assert held_at < len(EVERYONE)
        assert office.delivered(action_id) == {"sent": held_at, "queued": len(EVERYONE) - held_at}

        mail_server_log.slowness = 0.0
        office.release()
        wait_for(lambda: office.now(action_id).state is State.SUCCEEDED)
    assert mail_server_log.recipients == Counter(EVERYONE)
    with office.console() as session:
        history = audit_log.of_entity(session, office.tenant, "action", action_id)
    held = next(entry for entry in history if entry.action == "hold")
    assert held.after["reason"] == "kill switch: tenant *"


def test_a_switch_that_cannot_be_read_counts_as_pulled(office: Office, mail_server_log: MailServer) -> None:
    mail_server_log.slowness = 0.05
    action_id = office.approved(to=EVERYONE)
    with office.sender():
        wait_for(lambda: len(mail_server_log.received) >= 5)
        with no_reading_of_switches(office):
            wait_for(lambda: office.now(action_id).state is State.HELD)
        assert len(mail_server_log.received) < len(EVERYONE)
    assert set(mail_server_log.recipients.values()) == {1}


@contextmanager
def no_reading_of_switches(office: Office) -> Iterator[None]:
    """Takes the right to read kill switches away from the sender, and gives it back."""
    with records.session(office.settings, Role.OWNER) as session:
        session.execute(text(f"revoke select on kill_switches from {Role.PIPELINES}"))
    try:
        yield
    finally:
        with records.session(office.settings, Role.OWNER) as session:
            session.execute(text(f"grant select on kill_switches to {Role.PIPELINES}"))
