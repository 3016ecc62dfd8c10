"""What is said twice in the same place stands out before somebody signs it."""

from datetime import timedelta
from typing import Any

import pytest

from store import records
from store.records import actions
from store.records.actions import ActionType
from store.records.approvals import Decision
from store.records.schema import ActionId
from store.settings import Role
from tests.outbound.office import Office

OPEN = {"network": "linkedin", "text": "We are open."}
SPRING = {
    "platform": "google_ads", "account": "1112223333", "change": "create", "name": "Spring", "daily_budget": "40",
}  # fmt: skip


def findings(office: Office, action_id: ActionId) -> list[tuple[str, str]]:
    with office.console() as session:
        action = actions.locked(session, office.tenant, action_id)
        assert action is not None
        version = actions.current_version(session, action)
        assert version is not None
        return [(found["code"], found["text"]) for found in version.manifest["findings"]]


def submitted(office: Office, type: ActionType, payload: dict[str, Any], **more: Any) -> ActionId:
    action_id = office.draft(type=type, payload=payload, **more)
    office.submit(action_id)
    return action_id


@pytest.mark.parametrize(
    ("type", "payload"), [(ActionType.SOCIAL_POST, OPEN), (ActionType.AD_CHANGE, SPRING)]
)
def test_the_second_of_the_same_words_names_the_first(
    office: Office, type: ActionType, payload: dict[str, Any]
) -> None:
    first = submitted(office, type, payload)
    assert findings(office, first) == []
    second = submitted(office, type, payload)
    assert findings(office, second) == [
        ("said_already", f"Action {first} says the very same there (pending_approval).")
    ]


def test_other_words_in_another_place_or_for_a_rehearsal_are_no_twins(office: Office) -> None:
    submitted(office, ActionType.SOCIAL_POST, OPEN, dry_run=True)
    submitted(office, ActionType.SOCIAL_POST, {**OPEN, "network": "facebook"})
    submitted(office, ActionType.SOCIAL_POST, {**OPEN, "text": "We are closed."})
    assert findings(office, submitted(office, ActionType.SOCIAL_POST, OPEN)) == []


def test_what_was_denied_or_said_long_ago_may_be_said(office: Office) -> None:
    denied, long_ago = (office.draft(type=ActionType.SOCIAL_POST, payload=OPEN) for _ in range(2))
    office.approve(denied, office.submit(denied), Decision.DENIED)
    office.submit(long_ago)
    month = timedelta(days=31)
    with records.session(office.settings, Role.OWNER) as session:
        row = actions.locked(session, office.tenant, long_ago)
        assert row is not None
        row.updated_at -= month
    assert findings(office, submitted(office, ActionType.SOCIAL_POST, OPEN)) == []


def test_pausing_a_campaign_twice_is_nothing_that_stands_out(office: Office) -> None:
    pause = {"platform": "google_ads", "account": "1112223333", "change": "pause", "campaign": "7"}
    submitted(office, ActionType.AD_CHANGE, pause)
    assert findings(office, submitted(office, ActionType.AD_CHANGE, pause)) == []
