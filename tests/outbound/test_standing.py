"""What was signed once, a sequence or a rule, lets later actions through, so far and no further."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import ProgrammingError

from marketing_pipelines.outbound import standing
from marketing_pipelines.outbound.freeze import freeze
from marketing_pipelines.outbound.standing import NotCovered
from store.clock import now
from store.records import actions, audit_log, standing_approvals
from store.records.action_states import State
from store.records.actions import ActionType
from store.records.schema import ActionId, NotUsable, StandingId
from tests.outbound.office import MailServer, Office

UNTIL = (now() + timedelta(days=7)).date().isoformat()
STEPS = [
    {"after_days": 0, "subject": "Welcome", "body": "Glad you are here."},
    {"after_days": 3, "subject": "Still here?", "body": "We are."},
]
SEQUENCE = {"name": "Welcome", "steps": STEPS, "most": 3, "until": UNTIL}
WELCOME = {"subject": "Welcome", "body": "Glad you are here."}
RULE = {
    "platform": "meta",
    "account": "act_1",
    "change": "rule",
    "campaigns": ["c1"],
    "changes": ["budget"],
    "daily_budget": "20.00",
    "most": 2,
    "until": UNTIL,
}
BUDGET = {
    "platform": "meta",
    "account": "act_1",
    "change": "budget",
    "campaign": "c1",
    "daily_budget": "19.00",
}


def test_a_signed_sequence_lets_its_mails_through(office: Office, mail_server_log: MailServer) -> None:
    number = in_force(office)
    for address, step in (("a@example.com", STEPS[0]), ("a@example.com", STEPS[1])):
        words = {"subject": step["subject"], "body": step["body"], "recipient": address}
        assert draw(office, number, payload=words) is State.APPROVED
    office.send()
    assert [received.mail["subject"] for received in mail_server_log.received] == ["Welcome", "Still here?"]
    with office.console() as session:
        kept = standing_approvals.locked(session, office.tenant, number)
        assert kept is not None
        assert kept.drawn == 2
        assert audit_log.verify(session, office.tenant) is None


def test_it_has_a_cap(office: Office, mail_server_log: MailServer) -> None:
    number = in_force(office)
    draw(office, number, payload={**WELCOME, "recipients": ["a@example.com", "b@example.com"]})
    with pytest.raises(NotUsable, match="has 1 of 3 left, this takes 2"):
        draw(office, number, payload={**WELCOME, "recipients": ["c@example.com", "d@example.com"]})
    office.send()
    assert mail_server_log.recipients == {"a@example.com": 1, "b@example.com": 1}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"body": "Something else."}, "word for word"),
        ({"html": "<p>More</p>"}, "word for word"),
        ({"subject": "Still here?"}, "word for word"),
    ],
)
def test_other_words_are_not_covered(office: Office, change: dict[str, str], reason: str) -> None:
    number = in_force(office)
    with pytest.raises(NotCovered, match=reason):
        draw(office, number, payload={**WELCOME, "recipient": "a@example.com", **change})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"daily_budget": "20.01"}, r"the rule allows 20\.00 a day"),
        ({"campaign": "c2"}, "does not name this campaign"),
        ({"account": "act_2"}, "another account"),
        ({"change": "pause", "daily_budget": None}, "the rule allows budget"),
    ],
)
def test_an_optimiser_stays_within_its_rule(office: Office, change: dict[str, Any], reason: str) -> None:
    number = in_force(office, ActionType.AD_CHANGE, RULE)
    assert draw(office, number, ActionType.AD_CHANGE, BUDGET) is State.APPROVED
    wanted = {name: value for name, value in {**BUDGET, **change}.items() if value is not None}
    with pytest.raises(NotCovered, match=reason):
        draw(office, number, ActionType.AD_CHANGE, wanted)


def test_a_rule_does_not_cover_mails_nor_a_sequence_budgets(office: Office) -> None:
    sequence, rule = in_force(office), in_force(office, ActionType.AD_CHANGE, RULE)
    with pytest.raises(NotCovered):
        draw(office, rule, payload={**WELCOME, "recipient": "a@example.com"})
    with pytest.raises(NotCovered):
        draw(office, sequence, ActionType.AD_CHANGE, BUDGET)


def test_what_was_revoked_lets_nothing_through_not_even_what_waits(
    office: Office, mail_server_log: MailServer
) -> None:
    number = in_force(office)
    draw(office, number, payload={**WELCOME, "recipient": "a@example.com"})
    revoke(office, number)
    with pytest.raises(NotCovered, match="revoked"):
        draw(office, number, payload={**WELCOME, "recipient": "b@example.com"})
    office.send()
    assert not mail_server_log.received


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("update standing_approvals set until = current_date - 1 where tenant_id = :id", "ended on"),
        ("delete from approvals where tenant_id = :id", "0 of 1 signatures"),
        ("update memberships set role = 'viewer' where tenant_id = :id", "0 of 1 signatures"),
        (
            "update action_versions set manifest = jsonb_set(manifest, '{template,most}', '999') "
            "where tenant_id = :id and manifest->>'type' = 'sequence'",
            "not there as it was signed",
        ),
    ],
)
def test_what_no_longer_holds_lets_nothing_through(
    office: Office, mail_server_log: MailServer, statement: str, reason: str
) -> None:
    number = in_force(office)
    waiting = draft(office, number, payload={**WELCOME, "recipient": "a@example.com"})
    submit(office, waiting)
    office.tamper(statement, ActionId(office.tenant))
    office.send()
    assert not mail_server_log.received
    assert reason in str(office.now(waiting).outcome)
    with pytest.raises(NotCovered, match=reason):
        draw(office, number, payload={**WELCOME, "recipient": "b@example.com"})


def test_an_action_cannot_be_hung_onto_another_approval_later(
    office: Office, mail_server_log: MailServer
) -> None:
    number = in_force(office)
    action_id = office.draft()
    office.submit(action_id)
    office.tamper(f"update actions set standing_id = {number}, state = 'approved' where id = :id", action_id)
    office.send()
    assert not mail_server_log.received
    assert "not the one that was named" in str(office.now(action_id).outcome)


def test_what_was_only_submitted_stands_for_nothing(office: Office) -> None:
    action_id = office.draft(type=ActionType.SEQUENCE, payload=SEQUENCE)
    office.submit(action_id)
    office.send()
    assert not office.column("select id from standing_approvals where action_id = :id", action_id)


def test_only_the_gate_puts_one_in_force(office: Office) -> None:
    action_id = office.draft(type=ActionType.SEQUENCE, payload=SEQUENCE)
    with pytest.raises(ProgrammingError, match="permission denied"), office.console() as session:
        standing_approvals.put_in_force(
            session, office.by(office.author), office.tenant, action_id, 1, most=1, until=now().date()
        )


def in_force(
    office: Office, type: ActionType = ActionType.SEQUENCE, payload: dict[str, Any] = SEQUENCE
) -> StandingId:
    action_id = office.approved(type=type, payload=payload)
    office.send()
    assert office.now(action_id).state is State.SUCCEEDED
    [number] = office.column("select id from standing_approvals where action_id = :id", action_id)
    return StandingId(number)


def draft(office: Office, number: StandingId, type: ActionType = ActionType.EMAIL, **more: Any) -> ActionId:
    return office.draft(type=type, standing=number, **more)


def submit(office: Office, action_id: ActionId) -> State:
    with office.console() as session:
        action = office.locked(session, action_id)
        frozen = freeze(session, office.settings, action)
        version = actions.submit(session, action, frozen, office.by(office.author), by=office.author)
        standing.approve(session, action, version, office.by(office.author))
        return action.state


def draw(
    office: Office,
    number: StandingId,
    type: ActionType = ActionType.EMAIL,
    payload: dict[str, Any] = WELCOME,
) -> State:
    return submit(office, draft(office, number, type, payload=payload))


def revoke(office: Office, number: StandingId) -> None:
    with office.console() as session:
        found = standing_approvals.locked(session, office.tenant, number)
        assert found is not None
        standing_approvals.revoke(session, found, office.by(office.approver), "no longer wanted")


def test_the_way_out_of_a_sequences_mails_is_no_placeholder_that_was_left_in(office: Office) -> None:
    action_id = office.draft(type=ActionType.SEQUENCE, payload=SEQUENCE)
    office.submit(action_id)
    with office.console() as session:
        version = actions.current_version(session, office.now(action_id))
    assert version is not None
    assert version.manifest["findings"] == []
    assert "{{ unsubscribe }}" in version.manifest["template"]["steps"][0]["text"]
