"""Mails to groups of recipients: who is in it when it is submitted, but for those who want none."""

from collections.abc import Iterable

import pytest

from marketing_pipelines.outbound.kinds.face import NotReady
from store.records import actions, contacts, erasure, groups
from store.records.actions import Purpose
from store.records.groups import Group
from store.records.schema import ContactId
from tests.outbound.office import MailServer, Office

WORDS = {"subject": "News", "body": "Hello there."}


def test_everyone_in_the_groups_gets_one(office: Office, mail_server_log: MailServer) -> None:
    first = group(office, "first", ["a@example.com", "b@example.com"])
    second = group(office, "second", ["b@example.com", "c@example.com"])
    office.approved(
        payload={**WORDS, "groups": [first, second], "recipients": ["C@example.com", "d@example.com"]}
    )
    office.send()
    assert mail_server_log.recipients == {f"{letter}@example.com": 1 for letter in "abcd"}


def test_who_wants_no_marketing_is_left_out_and_counted(office: Office, mail_server_log: MailServer) -> None:
    number = group(office, "all", ["stays@example.com", "left@example.com"])
    opt_out(office, "left@example.com")
    action_id = office.approved(payload={**WORDS, "groups": [number]})
    with office.console() as session:
        version = actions.current_version(session, office.now(action_id))
    assert version is not None
    assert version.manifest["recipients"]["count"] == 1
    assert version.manifest["recipients"]["left_out"] == 1
    office.send()
    assert mail_server_log.recipients == {"stays@example.com": 1}


def test_what_is_part_of_a_contract_reaches_them_all(office: Office, mail_server_log: MailServer) -> None:
    number = group(office, "all", ["stays@example.com", "left@example.com"])
    opt_out(office, "left@example.com")
    office.approved(payload={**WORDS, "groups": [number]}, purpose=Purpose.CONTRACT)
    office.send()
    assert mail_server_log.recipients == {"stays@example.com": 1, "left@example.com": 1}


def test_who_comes_into_the_group_after_it_was_signed_gets_nothing(
    office: Office, mail_server_log: MailServer
) -> None:
    number = group(office, "all", ["early@example.com"])
    office.approved(payload={**WORDS, "groups": [number]})
    with office.console() as session:
        put_in(office, session, number, ["late@example.com"])
    office.send()
    assert mail_server_log.recipients == {"early@example.com": 1}


def test_other_groups_in_the_draft_than_were_signed(office: Office, mail_server_log: MailServer) -> None:
    number, other = group(office, "all", ["a@example.com"]), group(office, "other", ["b@example.com"])
    action_id = office.approved(payload={**WORDS, "groups": [number]})
    office.tamper(
        f"update actions set payload = jsonb_set(payload, '{{groups}}', '[{other}]') where id = :id",
        action_id,
    )
    office.send()
    assert not mail_server_log.received
    assert office.now(action_id).outcome == {"reason": "the payload was changed after the approval"}


@pytest.mark.parametrize("members", [[], ["left@example.com"]])
def test_an_empty_group_cannot_be_written_to(office: Office, members: list[str]) -> None:
    number = group(office, "empty", members)
    for address in members:
        opt_out(office, address)
    action_id = office.draft(payload={**WORDS, "groups": [number]})
    with pytest.raises(NotReady, match="groups: nobody is left to write to"):
        office.submit(action_id)


def test_a_group_that_is_not_there_is_named(office: Office) -> None:
    action_id = office.draft(payload={**WORDS, "groups": [2**40]})
    with pytest.raises(NotReady, match=f"groups: there is no group {2**40}"):
        office.submit(action_id)


def group(office: Office, name: str, members: Iterable[str]) -> int:
    with office.console() as session:
        made = groups.add(session, office.tenant, office.by(office.author), name)
        put_in(office, session, made.id, members)
        return made.id


def put_in(office: Office, session: groups.Session, number: int, members: Iterable[str]) -> None:
    known = contacts.ensure_all(session, office.tenant, members)
    made = session.get_one(Group, number)
    groups.put_in(session, made, office.by(office.author), {ContactId(contact.id) for contact in known})


def opt_out(office: Office, address: str) -> None:
    with office.console() as session:
        contact = contacts.ensure(session, office.tenant, address)
        contacts.opt_out(session, contact, office.by(office.author), "by phone")


def test_more_addresses_than_a_statement_has_parameters(office: Office) -> None:
    """One of them had asked for no more mail, and was erased since."""
    with office.console() as session:
        left = contacts.ensure(session, office.tenant, "r7@example.com")
        contacts.opt_out(session, left, office.by(office.author), "by phone")
        erasure.erase(session, left, office.by(office.author))
        known = contacts.ensure_all(session, office.tenant, [f"r{n}@example.com" for n in range(70_000)])
    assert len(known) == 70_000
    assert [contact.email for contact in known if contact.unsubscribed_at] == ["r7@example.com"]
