"""Who signs: as many as the policy asks for, in the roles it names, and one Admin alone where glass has to be broken."""

from dataclasses import replace

import pytest

from store.records import approvals, audit_log, comments
from store.records.action_states import State
from store.records.approvals import AlreadySettled, Decision, DecisionRefused, NotAllowed
from store.records.people import MemberRole
from store.records.schema import ActionId
from tests.outbound.office import MailServer, Office


def break_glass(office: Office, action_id: ActionId, manifest_hash: bytes, reason: str) -> None:
    with office.console() as session:
        approvals.break_glass(
            session,
            office.tenant,
            action_id,
            user=office.approver,
            role=MemberRole.ADMIN,
            manifest_hash=manifest_hash,
            reason=reason,
        )


def test_two_signatures_are_two_people(office: Office, mail_server_log: MailServer) -> None:
    office.choose({"quorum": 2})
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    office.approve(action_id, manifest_hash)
    with pytest.raises(AlreadySettled, match="You have voted"):
        office.approve(action_id, manifest_hash)
    assert office.now(action_id).state is State.PENDING_APPROVAL
    office.colleague().approve(action_id, manifest_hash)
    assert office.now(action_id).state is State.APPROVED
    office.send()
    assert mail_server_log.recipients == {"reader@example.com": 1}
    with office.console() as session:
        history = audit_log.of_entity(session, office.tenant, "action", action_id)
    assert [entry.action for entry in history][1:4] == ["submit", "sign", "approve"]


def test_one_denial_is_enough(office: Office) -> None:
    office.choose({"quorum": 2})
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    office.approve(action_id, manifest_hash)
    office.colleague().approve(action_id, manifest_hash, Decision.DENIED)
    assert office.now(action_id).state is State.DENIED


def test_an_edit_voids_the_first_of_two_signatures(office: Office) -> None:
    office.choose({"quorum": 2})
    action_id = office.draft()
    office.approve(action_id, office.submit(action_id))
    office.edit(action_id, "Something else")
    office.colleague().approve(action_id, office.submit(action_id))
    assert office.now(action_id).state is State.PENDING_APPROVAL


def test_a_signature_whose_role_was_taken_away_is_not_counted_when_the_next_comes(office: Office) -> None:
    office.choose({"quorum": 2})
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    office.approve(action_id, manifest_hash)
    office.tamper("delete from memberships where user_id = :id", ActionId(office.approver))
    office.colleague().approve(action_id, manifest_hash)
    assert office.now(action_id).state is State.PENDING_APPROVAL
    office.colleague().approve(action_id, manifest_hash)
    assert office.now(action_id).state is State.APPROVED


def test_the_terms_are_those_it_was_submitted_under(office: Office) -> None:
    office.choose({"quorum": 2})
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    office.choose({"quorum": 1})
    office.approve(action_id, manifest_hash)
    assert office.now(action_id).state is State.PENDING_APPROVAL


def test_a_policy_may_ask_for_admins(office: Office) -> None:
    office.choose({"type": "email", "roles": ["admin"]})
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    with pytest.raises(NotAllowed, match="signed by admin"):
        office.approve(action_id, manifest_hash)


def test_a_tenant_of_one_person_may_sign_its_own(office: Office, mail_server_log: MailServer) -> None:
    office.choose({"self_approval": True})
    action_id = office.draft()
    alone = replace(office, approver=office.author)
    office.tamper("update memberships set role = 'admin' where user_id = :id", ActionId(office.author))
    alone.approve(action_id, office.submit(action_id))
    office.send()
    assert mail_server_log.recipients == {"reader@example.com": 1}
    with office.console() as session:
        history = audit_log.of_entity(session, office.tenant, "action", action_id)
    [approved] = [entry for entry in history if entry.action == "approve"]
    assert approved.after["own_work"] is True, "the audit says so"


def test_many_recipients_take_two(office: Office) -> None:
    action_id = office.draft(to=[f"r{number}@example.com" for number in range(5_000)])
    office.approve(action_id, office.submit(action_id))
    assert office.now(action_id).state is State.PENDING_APPROVAL
    with office.console() as session:
        version = approvals.actions.current_version(session, office.now(action_id))
    assert version is not None
    assert version.manifest["risk"] == {"level": "high", "reasons": ["5,000 recipients"]}


def test_broken_glass_is_loud(office: Office, mail_server_log: MailServer) -> None:
    """An Admin sends their own work, with nobody else's signature."""
    office.choose({"quorum": 3})
    admin = office.colleague(MemberRole.ADMIN)
    admin = replace(admin, author=admin.approver)
    action_id = admin.draft()
    manifest_hash = admin.submit(action_id)
    with pytest.raises(DecisionRefused, match="reason"):
        break_glass(admin, action_id, manifest_hash, " ")
    break_glass(admin, action_id, manifest_hash, "the shop is closed today")
    office.send()
    assert mail_server_log.recipients == {"reader@example.com": 1}
    with office.console() as session:
        history = audit_log.of_entity(session, office.tenant, "action", action_id)
        [vote] = approvals.votes(session, office.now(action_id))
    told = [entry.action for entry in history]
    assert told[1:4] == ["submit", "break_glass", "approve"]
    assert (vote.break_glass, vote.note) == (True, "the shop is closed today")
    assert "closed" not in str([entry.after for entry in history])


def test_glass_can_be_broken_after_a_signature(office: Office) -> None:
    office.choose({"quorum": 2})
    admin = office.colleague(MemberRole.ADMIN)
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    admin.approve(action_id, manifest_hash)
    break_glass(admin, action_id, manifest_hash, "nobody else is here")
    assert office.now(action_id).state is State.APPROVED


def test_a_remark_decides_nothing_and_is_not_repeated_in_the_chain(office: Office) -> None:
    action_id = office.draft()
    office.submit(action_id)
    with office.console() as session:
        comments.add(
            session,
            office.tenant,
            action_id,
            office.by(office.author),
            user=office.author,
            text="  Is the price right? ",
        )
        [said] = comments.of_action(session, office.locked(session, action_id))
        history = audit_log.of_entity(session, office.tenant, "action", action_id)
    assert (said.text, said.version) == ("Is the price right?", 1)
    assert history[-1].after == {"version": 1, "comment": said.id}
    assert office.now(action_id).state is State.PENDING_APPROVAL
