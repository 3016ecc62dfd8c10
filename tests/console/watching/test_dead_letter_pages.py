"""Dead letters as pages: what failed and why, put back or settled by forms that say what is missing."""

import re

import pytest

from store import records
from store.records import dead_letters
from store.records.action_states import State
from store.records.people import MemberRole
from store.records.schema import ActionId
from store.settings import Role
from tests.console.queries import counted
from tests.console.visitors import Forms, everyone
from tests.outbound.conftest import mail_server_log, office
from tests.outbound.test_dead_letters import Desk, desk

__all__ = ["desk", "mail_server_log", "office"]


def forms_of(desk: Desk, role: MemberRole = MemberRole.MARKETER) -> Forms:
    return desk.people[role].forms()


def numbers(desk: Desk, action_id: ActionId) -> list[str]:
    return [str(letter["id"]) for letter in desk.letters(action_id)]


def decisions(desk: Desk, action_id: ActionId) -> list[tuple[str, int, str]]:
    with records.session(desk.office.settings, Role.PIPELINES) as session:
        rows = session.query(dead_letters.DeadLetterDecision).filter_by(action_id=action_id).order_by("id")
        return [(row.verdict, row.count, row.reason) for row in rows]


def test_the_list_says_what_failed_and_why(desk: Desk) -> None:
    action_id = desk.partly_failed()
    page = forms_of(desk).get("/dead-letters").text
    assert "1 failed" in page
    assert "no such mailbox" in page
    assert f'href="/dead-letters/{action_id}"' in page
    viewer = forms_of(desk, MemberRole.VIEWER)
    page = viewer.get("/dead-letters").text
    assert "@example.com" not in page
    assert f'href="/actions/{action_id}"' in page
    assert viewer.get(f"/dead-letters/{action_id}").status_code == 403


def test_nothing_to_show_says_what_would_be_there(desk: Desk) -> None:
    assert "Everything has arrived" in forms_of(desk).get("/dead-letters").text


def test_all_that_failed_is_put_back_with_a_reason(desk: Desk) -> None:
    action_id = desk.partly_failed()
    forms = forms_of(desk)
    page = forms.get(f"/dead-letters/{action_id}").text
    assert "gone@example.com" in page
    assert "here@example.com" not in page
    refused = forms.post_signed(f"/dead-letters/{action_id}/requeue", everything="true", reason=" ")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert decisions(desk, action_id) == []
    done = forms.post_signed(
        f"/dead-letters/{action_id}/requeue", everything="true", reason="the mailbox is back"
    )
    assert (done.status_code, done.headers["location"]) == (303, f"/dead-letters/{action_id}?done=requeued")
    assert decisions(desk, action_id) == [("requeued", 1, "the mailbox is back")]
    desk.office.send()
    assert desk.server.recipients == {"gone@example.com": 1, "here@example.com": 1}
    assert "Nothing lies here any more" in forms.get(f"/dead-letters/{action_id}").text


def test_nothing_chosen_is_asked_for_again_and_what_was_typed_is_kept(desk: Desk) -> None:
    action_id = desk.partly_failed()
    answer = forms_of(desk).post_signed(f"/dead-letters/{action_id}/requeue", reason='a "good" one')
    assert answer.status_code == 422
    assert "Choose at least one message." in answer.text
    assert 'value="a &#34;good&#34; one"' in answer.text
    assert decisions(desk, action_id) == []


def test_what_may_have_arrived_goes_back_only_when_somebody_says_that_they_know(desk: Desk) -> None:
    action_id = desk.unknown("a@example.com")
    forms, [number] = forms_of(desk), numbers(desk, action_id)
    assert "they may have arrived" in forms.get("/dead-letters").text
    path = f"/dead-letters/{action_id}/requeue"
    refused = forms.post_signed(path, deliveries=number, reason="try again")
    assert refused.status_code == 422
    assert 'id="arrived-trouble"' in refused.text
    assert f'value="{number}" checked' in refused.text
    done = forms.post_signed(path, deliveries=number, reason="try again", may_have_arrived="true")
    assert done.status_code == 303
    assert decisions(desk, action_id) == [("requeued", 1, "try again")]


@pytest.mark.parametrize(
    ("arrived", "verdict", "word"),
    [("true", "arrived", "arrived"), ("false", "did_not_arrive", "failed")],
)
def test_what_is_unknown_is_settled(desk: Desk, arrived: str, verdict: str, word: str) -> None:
    action_id = desk.unknown("a@example.com", "b@example.com")
    forms, named = forms_of(desk), numbers(desk, action_id)
    path = f"/dead-letters/{action_id}/resolve"
    assert forms.post_signed(path, arrived=arrived, reason="asked").status_code == 422
    done = forms.post_signed(path, deliveries=named, arrived=arrived, reason="asked them")
    assert done.headers["location"] == f"/dead-letters/{action_id}?done={word}"
    assert decisions(desk, action_id) == [(verdict, 2, "asked them")]


@pytest.mark.parametrize("role", [MemberRole.APPROVER, MemberRole.ANALYST])
def test_who_may_not_decide_sees_no_form(desk: Desk, role: MemberRole) -> None:
    action_id = desk.partly_failed()
    forms = forms_of(desk, role)
    assert "Put back" not in forms.get(f"/dead-letters/{action_id}").text
    path = f"/dead-letters/{action_id}/requeue"
    assert forms.post_signed(path, everything="true", reason="x").status_code == 403
    assert desk.office.now(action_id).state is State.PARTIALLY_FAILED


def test_what_is_another_tenants_is_not_there(desk: Desk, strangers: dict, site: str) -> None:
    action_id = desk.partly_failed()
    stranger = everyone(
        desk.office.settings, desk.people[MemberRole.ADMIN].site, strangers[MemberRole.ADMIN].tenant
    )
    forms = stranger[MemberRole.ADMIN].forms()
    assert forms.get(f"/dead-letters/{action_id}").status_code == 404
    for step in ("requeue", "resolve"):
        answer = forms.post_signed(
            f"/dead-letters/{action_id}/{step}", everything="true", deliveries="1", arrived="true", reason="x"
        )
        assert answer.status_code == 404
    assert "Everything has arrived" in forms.get("/dead-letters").text


def test_more_of_them_take_no_more_statements(desk: Desk) -> None:
    forms = forms_of(desk)
    first = desk.unknown("a@example.com")
    with counted(desk.office.settings) as few:
        forms.get("/dead-letters")
        forms.get(f"/dead-letters/{first}")
    second = desk.unknown(*(f"{n}@example.com" for n in range(6)))
    with counted(desk.office.settings) as many:
        forms.get("/dead-letters")
        page = forms.get(f"/dead-letters/{second}").text
    assert len(many) == len(few)
    assert len(re.findall(r'name="deliveries"', page)) == 6
