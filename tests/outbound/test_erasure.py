"""A contact that is erased: what was frozen with it stays provable, and nothing more is sent to it."""

from datetime import timedelta

import pytest

from marketing_pipelines.outbound.manifest import manifest_hash, root
from store.clock import now
from store.records import actions, audit_log, contacts, erasure
from store.records.action_states import State
from store.records.contacts import Contact
from store.records.schema import ActionId, ContactId
from tests.outbound.office import MailServer, Office

GONE, STAYS = "gone@example.com", "stays@example.com"


def erase(office: Office, address: str) -> ContactId:
    with office.console() as session:
        known = contacts.ensure(session, office.tenant, address)
        contact = contacts.locked(session, office.tenant, ContactId(known.id))
        assert contact is not None
        erasure.erase(session, contact, office.by(office.author))
        return ContactId(contact.id)


def everything_said(office: Office) -> str:
    """All that the tenant's records hold, in one text."""
    tables = ("actions", "action_versions", "action_recipients", "contacts", "deliveries", "audit_entries")
    return " ".join(
        str(
            office.column(f"select {table}::text from {table} where tenant_id = :id", ActionId(office.tenant))
        )
        for table in tables
    )


def test_before_the_send_it_gets_nothing_and_the_others_do(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = office.approved(to=[GONE.title(), STAYS])
    erase(office, GONE)
    office.send()
    assert mail_server_log.recipients == {STAYS: 1}
    assert office.delivered(action_id) == {"sent": 1, "suppressed": 1}
    assert office.now(action_id).state is State.SUCCEEDED


def test_an_only_recipient_who_is_erased_ends_the_action_without_a_mail(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = office.approved(to=[GONE])
    erase(office, GONE)
    office.send()
    assert mail_server_log.recipients == {}
    assert office.delivered(action_id) == {"suppressed": 1}


def test_a_frozen_campaign_still_verifies(office: Office) -> None:
    action_id = office.approved(to=[GONE, STAYS])
    office.send()
    erase(office, GONE)
    with office.console() as session:
        action = office.now(action_id)
        version = actions.current_version(session, action)
        assert version is not None
        assert manifest_hash(version.manifest) == version.manifest_hash
        frozen = version.manifest["recipients"]
        assert root(row.leaf for row in actions.frozen_audience(session, action)).hex() == frozen["root"]
        assert audit_log.verify(session, office.tenant) is None


def test_nothing_says_any_more_who_it_was(office: Office) -> None:
    office.draft(to=[STAYS, GONE.upper()])
    office.approved(to=[GONE])
    office.approved(to=[GONE, STAYS], due_at=now() + timedelta(days=1))
    office.send()
    erase(office, GONE)
    assert GONE not in everything_said(office).lower()
    assert STAYS in everything_said(office)


def test_a_draft_that_named_it_cannot_reach_it_by_its_new_name(
    office: Office, mail_server_log: MailServer
) -> None:
    action_id = office.draft(to=[GONE, STAYS])
    erase(office, GONE)
    office.sign(action_id)
    office.send()
    assert mail_server_log.recipients == {STAYS: 1}


@pytest.mark.parametrize("had_left", [True, False])
def test_the_address_comes_back_as_it_went(office: Office, had_left: bool) -> None:
    with office.console() as session:
        contact = contacts.ensure(session, office.tenant, GONE)
        if had_left:
            contacts.opt_out(session, contact, office.by(office.author), "asked")
    first = erase(office, GONE)
    with office.console() as session:
        again: Contact = contacts.ensure(session, office.tenant, GONE)
        assert again.id != first
        assert (again.unsubscribed_at is not None) is had_left
