"""Ways to get something sent without a valid approval; the mail server's own log says that none of them works."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from marketing_pipelines.outbound import gate
from marketing_pipelines.outbound.freeze import NotReady
from store.clock import now
from store.records import actions, api_keys, approvals
from store.records.action_states import Move, State
from store.records.actions import Action, Purpose
from store.records.api_keys import Scope as KeyScope
from store.records.approvals import AlreadySettled, Decision, NotAllowed, StaleVersion
from store.records.campaigns import Campaign
from store.records.kill_switches import Scope
from store.records.people import MemberRole
from store.records.schema import ActionId, ApiKeyId, CampaignId
from tests.outbound.office import MailServer, Office

LAPSE = "update actions set expires_at = now() - interval '1 second' where id = :id"


@pytest.fixture(autouse=True)
def _nothing_arrives(office: Office, mail_server_log: MailServer) -> Iterator[None]:
    """Whatever a test tries, two runs later the server has seen nothing; a valid action shows that it would."""
    yield
    office.send()
    office.send()
    assert mail_server_log.recipients == {}
    office.choose()
    control = office.colleague()
    control.approved(to=["control@example.com"])
    office.send()
    assert mail_server_log.recipients == {"control@example.com": 1}


def test_a_draft(office: Office) -> None:
    office.draft()


def test_a_request_that_nobody_decided(office: Office) -> None:
    office.submit(office.draft())


@pytest.mark.parametrize("decision", [Decision.DENIED, Decision.CHANGES_REQUESTED])
def test_a_refused_action(office: Office, decision: Decision) -> None:
    action_id = office.draft()
    office.approve(action_id, office.submit(action_id), decision)


def test_a_cancelled_action(office: Office) -> None:
    action_id = office.approved()
    with office.console() as session:
        actions.move(session, office.locked(session, action_id), Move.CANCEL, office.by(office.author))


def test_a_request_whose_time_ran_out_is_expired_and_never_approved(office: Office) -> None:
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    office.tamper(LAPSE, action_id)
    with pytest.raises(AlreadySettled):
        office.approve(action_id, manifest_hash)
    gate.look(office.settings, "a sensor")
    assert office.now(action_id).state is State.EXPIRED


def test_an_approval_that_lapsed_before_it_was_sent_expires_instead(office: Office) -> None:
    action_id = office.approved()
    office.tamper(LAPSE, action_id)
    assert office.send() == {}
    gate.look(office.settings, "a sensor")
    assert office.now(action_id).state is State.EXPIRED


def test_an_approval_that_lapsed_while_the_action_was_held(office: Office) -> None:
    action_id = office.approved()
    force(office, action_id, Move.START, Move.HOLD)
    office.tamper(LAPSE, action_id)
    office.send()
    assert office.now(action_id).state is State.FAILED


def test_an_edit_after_the_approval(office: Office) -> None:
    action_id = office.approved()
    office.edit(action_id, "Something else")
    assert office.now(action_id).state is State.DRAFT


def test_a_new_version_on_the_vote_for_the_old_one(office: Office) -> None:
    action_id = office.approved()
    office.edit(action_id, "Something else")
    office.submit(action_id)
    office.tamper("update actions set state = 'approved' where id = :id", action_id)
    office.send()
    assert office.now(action_id).outcome == {"reason": "0 of 1 signatures on version 2 count"}


def test_a_vote_for_content_that_has_changed_meanwhile(office: Office) -> None:
    action_id = office.draft()
    seen = office.submit(action_id)
    office.edit(action_id, "Something else")
    office.submit(action_id)
    with pytest.raises(StaleVersion):
        office.approve(action_id, seen)


def test_a_vote_of_the_author(office: Office) -> None:
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    with pytest.raises(NotAllowed):
        replace(office, approver=office.author).approve(action_id, manifest_hash)


def test_a_vote_of_somebody_who_may_not(office: Office) -> None:
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    with office.console() as session, pytest.raises(NotAllowed):
        approvals.decide(
            session,
            office.tenant,
            action_id,
            Decision.APPROVED,
            user=office.approver,
            role=MemberRole.MARKETER,
            manifest_hash=manifest_hash,
        )


TWO = {"quorum": 2}
DOWNGRADE = "update memberships set role = 'viewer' where user_id = :id"


def test_one_signature_where_two_are_needed(office: Office) -> None:
    office.choose(TWO)
    action_id = office.draft()
    office.approve(action_id, office.submit(action_id))
    assert office.now(action_id).state is State.PENDING_APPROVAL


def test_one_signature_of_two_and_the_state_changed_in_the_database(office: Office) -> None:
    office.choose(TWO)
    action_id = office.draft()
    office.approve(action_id, office.submit(action_id))
    office.tamper("update actions set state = 'approved' where id = :id", action_id)
    office.send()
    assert office.now(action_id).outcome == {"reason": "1 of 2 signatures on version 1 count"}


def test_the_quorum_lowered_in_the_database(office: Office) -> None:
    office.choose(TWO)
    action_id = office.draft()
    office.approve(action_id, office.submit(action_id))
    for statement in (
        "update action_versions set manifest = jsonb_set(manifest, '{signing,quorum}', '1') where action_id = :id",
        "update actions set state = 'approved' where id = :id",
    ):
        office.tamper(statement, action_id)
    office.send()
    assert office.now(action_id).outcome == {"reason": "the manifest is not the one that was approved"}


@pytest.mark.parametrize(
    "happened",
    [
        DOWNGRADE,
        "delete from memberships where user_id = :id",
        "update users set disabled_at = now() where id = :id",
    ],
)
def test_whoever_signed_may_not_sign_any_more(office: Office, happened: str) -> None:
    action_id = office.approved()
    office.tamper(happened, ActionId(office.approver))
    office.send()
    assert office.now(action_id).outcome == {"reason": "0 of 1 signatures on version 1 count"}


def test_whoever_signed_had_a_hand_in_it_after_all(office: Office) -> None:
    """The approver's own edit, written to the chain by somebody who got around `decide`."""
    action_id = office.draft()
    with office.console() as session:
        action = office.locked(session, action_id)
        actions.edit(session, action, office.by(office.approver), dict(action.payload), action.channel)
    manifest_hash = office.submit(action_id)
    with pytest.raises(NotAllowed, match="own work"):
        office.approve(action_id, manifest_hash)
    office.tamper(
        f"""insert into approvals (tenant_id, action_id, version, manifest_hash, user_id, decision)
            select tenant_id, action_id, version, manifest_hash, {office.approver}, 'approved'
            from action_versions where action_id = :id""",
        action_id,
    )
    office.tamper("update actions set state = 'approved' where id = :id", action_id)
    office.send()
    assert office.now(action_id).state is State.FAILED


@pytest.mark.parametrize("is_known", [True, False])
def test_whoever_signed_had_written_it_with_a_key(office: Office, is_known: bool) -> None:
    """The key's owner signs by hand; what a key did that nobody has made may be anyone's."""
    with office.console() as session:
        key, _ = api_keys.make(
            session, office.tenant, office.approver, name="x", scopes=[KeyScope.ACTIONS_WRITE]
        )
    number = ApiKeyId(key.id if is_known else key.id + 1_000_000)
    action_id = office.draft()
    with office.console() as session:
        action = office.locked(session, action_id)
        actions.edit(session, action, api_keys.named(number), dict(action.payload), action.channel)
    manifest_hash = office.submit(action_id)
    with pytest.raises(NotAllowed, match="own work"):
        office.approve(action_id, manifest_hash)
    for statement in (
        f"""insert into approvals (tenant_id, action_id, version, manifest_hash, user_id, decision)
            select tenant_id, action_id, version, manifest_hash, {office.approver}, 'approved'
            from action_versions where action_id = :id""",
        "update actions set state = 'approved' where id = :id",
    ):
        office.tamper(statement, action_id)
    # The row says that it was somebody else's; the chain says whose it was.
    office.tamper(f"update api_keys set user_id = {office.author} where id = :id", ActionId(key.id))
    office.send()
    assert office.now(action_id).outcome == {"reason": "0 of 1 signatures on version 1 count"}


def test_glass_that_was_broken_by_somebody_who_is_no_admin(office: Office) -> None:
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    with office.console() as session, pytest.raises(NotAllowed):
        approvals.break_glass(
            session, office.tenant, action_id, user=office.approver, role=MemberRole.APPROVER,
            manifest_hash=manifest_hash, reason="in a hurry",
        )  # fmt: skip
    office.tamper(
        f"""insert into approvals (tenant_id, action_id, version, manifest_hash, user_id, decision, break_glass)
            select tenant_id, action_id, version, manifest_hash, {office.approver}, 'approved', true
            from action_versions where action_id = :id""",
        action_id,
    )
    office.tamper("update actions set state = 'approved' where id = :id", action_id)
    office.send()
    assert office.now(action_id).outcome == {"reason": "0 of 1 signatures on version 1 count"}


def test_glass_broken_by_an_admin_who_is_none_any_more(office: Office) -> None:
    admin = office.colleague(MemberRole.ADMIN).approver
    action_id = office.draft()
    manifest_hash = office.submit(action_id)
    with office.console() as session:
        approvals.break_glass(
            session, office.tenant, action_id, user=admin, role=MemberRole.ADMIN,
            manifest_hash=manifest_hash, reason="the warehouse is on fire",
        )  # fmt: skip
    office.tamper(DOWNGRADE, ActionId(admin))
    office.send()
    assert office.now(action_id).outcome == {"reason": "0 of 1 signatures on version 1 count"}


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            """update action_versions set manifest = jsonb_set(manifest, '{template,text}', '"Buy!"')
               where action_id = :id""",
            id="a word of the manifest",
        ),
        pytest.param(
            "update action_versions set manifest_hash = sha256('x') where action_id = :id",
            id="the manifest's hash",
        ),
        pytest.param(
            "update approvals set manifest_hash = sha256('x') where action_id = :id", id="the vote's hash"
        ),
        pytest.param("update approvals set decision = 'denied' where action_id = :id", id="the vote"),
        pytest.param("delete from approvals where action_id = :id", id="no vote"),
        pytest.param(
            """update actions set payload = jsonb_set(payload, '{body}', '"Buy!"') where id = :id""",
            id="a word of the payload",
        ),
        pytest.param(
            """update actions set payload = jsonb_set(payload, '{recipients,1}', '"x@example.com"')
               where id = :id""",
            id="one more recipient in the payload",
        ),
        pytest.param(
            """update action_recipients set "values" = '{"email": "x@example.com"}' where action_id = :id""",
            id="a recipient's address",
        ),
        pytest.param("update action_recipients set leaf = sha256('x') where action_id = :id", id="a leaf"),
        pytest.param("delete from action_recipients where action_id = :id", id="no recipients"),
        pytest.param(
            "update actions set due_at = now() - interval '1 second' where id = :id", id="the time to send"
        ),
    ],
)
def test_a_row_changed_in_the_database_after_the_approval(office: Office, statement: str) -> None:
    action_id = office.approved()
    office.tamper(statement, action_id)
    office.send()
    assert office.now(action_id).state is State.FAILED


def test_a_recipient_added_in_the_database_after_the_approval(office: Office) -> None:
    action_id = office.approved()
    office.tamper(
        """insert into action_recipients (tenant_id, action_id, version, recipient_key, contact_id, "values", leaf)
           select tenant_id, action_id, version, 'contact:0', contact_id, '{"email": "x@example.com"}', sha256('x')
           from action_recipients where action_id = :id""",
        action_id,
    )
    office.send()
    assert office.now(action_id).state is State.FAILED


def test_a_manifest_and_a_vote_copied_from_another_action(office: Office) -> None:
    wanted = office.draft()
    office.submit(wanted)
    office.approved(due_at=now() + timedelta(days=1))
    for statement in (
        """update action_versions v set manifest = o.manifest, manifest_hash = o.manifest_hash
           from action_versions o where v.action_id = :id and o.action_id = v.action_id + 1""",
        """insert into approvals (tenant_id, action_id, version, manifest_hash, user_id, decision)
           select tenant_id, action_id - 1, version, manifest_hash, user_id, decision
           from approvals where action_id = :id + 1""",
        "update actions set state = 'approved' where id = :id",
    ):
        office.tamper(statement, wanted)
    office.send()
    assert office.now(wanted).outcome == {"reason": "the manifest was approved for another action"}


def test_an_approval_written_over_a_denial(office: Office) -> None:
    action_id = office.draft()
    office.approve(action_id, office.submit(action_id), Decision.DENIED)
    with pytest.raises(IntegrityError, match="cannot move from denied to approved"):
        office.tamper("update actions set state = 'approved' where id = :id", action_id)


def test_a_contact_who_left_before_the_submission(office: Office) -> None:
    office.submit(office.draft(to=["gone@example.com"]))
    office.tamper(
        "update contacts set unsubscribed_at = now() where tenant_id = :id", ActionId(office.tenant)
    )
    with pytest.raises(NotReady, match=r"gone@example\.com"):
        office.submit(office.draft(to=["gone@example.com"], purpose=Purpose.MARKETING))


class TestKillSwitch:
    @pytest.fixture
    def campaign(self, office: Office) -> CampaignId:
        with office.console() as session:
            row = Campaign(tenant_id=office.tenant, name="x", utm_campaign="x")
            session.add(row)
            session.flush()
            return CampaignId(row.id)

    @pytest.mark.parametrize("scope", list(Scope))
    def test_pulled_before_anything_is_sent(self, office: Office, campaign: CampaignId, scope: Scope) -> None:
        subject = {Scope.CHANNEL: "smtp", Scope.TYPE: "email", Scope.CAMPAIGN: str(campaign)}.get(scope, "*")
        action_id = office.approved(campaign=campaign)
        with office.pulled(scope, subject):
            assert office.send() == {}
            assert gate.look(office.settings, "a sensor") is None
            assert office.now(action_id).state is State.APPROVED
            cancel(office, action_id)

    def test_set_in_the_environment(self, office: Office) -> None:
        action_id = office.approved()
        killed = office.settings.model_copy(update={"kill_switch": True})
        assert office.send(kill_switch=True) == {}
        assert gate.look(killed, "a sensor") is None
        assert office.now(action_id).state is State.APPROVED
        cancel(office, action_id)


def cancel(office: Office, action_id: ActionId) -> None:
    force(office, action_id, Move.CANCEL)


def force(office: Office, action_id: ActionId, *steps: Move) -> Action:
    with office.console() as session:
        action = office.locked(session, action_id)
        for step in steps:
            actions.move(session, action, step, office.by(office.approver))
        return action


def test_while_somebody_may_have_unsubscribed_unheard(office: Office) -> None:
    """The edge has taken something down, and whoever applies it does not speak."""
    volume = office.settings.data_dir / "spool" / "volume"
    volume.mkdir(parents=True)
    (volume / "00000001.segment").write_bytes(b"lines")
    try:
        action_id = office.approved()
        assert gate.look(office.settings, "a sensor") is None
        assert office.send() == {}
        assert office.now(action_id).state is State.APPROVED
        with office.console() as session:
            actions.move(session, office.locked(session, action_id), Move.CANCEL, office.by(office.author))
    finally:
        shutil.rmtree(volume.parent)
