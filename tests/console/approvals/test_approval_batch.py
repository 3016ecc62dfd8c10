"""Several requests decided at once: each by its own hash, and never what has to be read alone."""

import re
from typing import Any

import pytest

from store.records.people import MemberRole
from store.settings import Settings
from tests.console.queries import counted
from tests.console.visitors import Forms, Person, mail, person, submitted

VOTE = re.compile(r'name="vote" value="([^"]+)"')
RISKY = mail(html='<a href="https://evil.example/">https://bank.example/</a>')["payload"]


def asked(author: Person, title: str, **body: Any) -> int:
    with author.api() as api:
        action = api.post("/actions", json=mail() | {"title": title} | body).raise_for_status().json()["id"]
        api.post(f"/actions/{action}/submit").raise_for_status()
        return action


def chosen(forms: Forms, *actions: int) -> str:
    answer = forms.get("/approvals/batch?" + "&".join(f"action={action}" for action in actions))
    assert answer.status_code == 200, answer.text
    return answer.text


def state_of(reader: Person, action: int) -> str:
    with reader.api() as api:
        return api.get(f"/actions/{action}").json()["state"]


def told(page: str, title: str) -> str:
    """What became of one of them."""
    found = next(piece for piece in page.split('<li class="row">') if f">{title}</a>" in piece)
    return " ".join(re.sub(r"<[^>]+>", " ", found.partition("</li>")[0]).split())


def test_several_are_read_and_approved_each_under_its_own_hash(marketer: Person, approver: Person) -> None:
    one, two = (
        asked(marketer, "One"),
        asked(marketer, "Two", payload=mail(subject="Second", body="Its words")["payload"]),
    )
    forms = approver.forms()
    page = chosen(forms, one, two)
    for part in (
        "2 requests",
        "One",
        "Second",
        "Its words",
        "user@example.com",
        "Low risk",
        "Approve these 2",
    ):
        assert part in page, part
    votes = VOTE.findall(page)
    assert [vote.partition(":")[0] for vote in votes] == [str(one), str(two)]
    answer = forms.post_signed("/approvals/batch", decision="approved", vote=votes)
    assert answer.status_code == 200
    assert "2 of 2 approved" in answer.text
    assert "Approved. It is sent as soon as" in told(answer.text, "One")
    assert (state_of(approver, one), state_of(approver, two)) == ("approved", "approved")
    again = forms.post_signed("/approvals/batch", decision="approved", vote=votes)
    assert "0 of 2 approved" in again.text, "posted again, it changes nothing"
    assert "Already approved by" in told(again.text, "One")


def test_each_says_what_became_of_it(
    house: Settings, site: str, marketer: Person, approver: Person, admin: Person
) -> None:
    fine, quicker, changed, own, gone = (
        asked(author, title)
        for author, title in (
            (marketer, "Fine"),
            (marketer, "Quicker"),
            (marketer, "Changed"),
            (admin, "Own"),
            (marketer, "Cancelled"),
        )
    )
    forms = admin.forms()
    votes = VOTE.findall(chosen(forms, fine, quicker, changed, own, gone))
    with approver.api() as api:
        api.post(f"/actions/{quicker}/deny", json={"note": "no"}).raise_for_status()
    with marketer.api() as api:
        api.put(f"/actions/{changed}", json={"payload": mail(body="Other")["payload"], "title": "Changed"})
        api.post(f"/actions/{changed}/submit").raise_for_status()
        api.post(f"/actions/{gone}/cancel").raise_for_status()
    answer = forms.post_signed(
        "/approvals/batch", decision="approved", vote=[*votes, f"{2**50}:{'0' * 64}"]
    ).text
    assert "1 of 6 approved" in answer
    assert "Approved" in told(answer, "Fine")
    assert "Somebody was quicker" in told(answer, "Quicker")
    assert f"Already denied by Approver of {approver.tenant}" in told(answer, "Quicker")
    assert "Changed meanwhile" in told(answer, "Changed")
    assert "Not yours to sign" in told(answer, "Own")
    assert "The action is cancelled" in told(answer, "Cancelled")
    assert "Not there" in told(answer, f"Action {2**50}")
    assert [state_of(admin, action) for action in (fine, quicker, changed, own)] == [
        "approved",
        "denied",
        "pending_approval",
        "pending_approval",
    ]


def test_high_risk_is_never_approved_in_a_batch_not_even_by_a_forged_form(
    marketer: Person, approver: Person
) -> None:
    risky, fine = asked(marketer, "Risky", payload=RISKY), asked(marketer, "Fine")
    forms = approver.forms()
    page = chosen(forms, risky, fine)
    assert "High risk is never approved together with others." in page
    assert "Approve this one" in page
    votes = VOTE.findall(page)
    answer = forms.post_signed("/approvals/batch", decision="approved", vote=votes).text
    assert "1 of 2 approved" in answer
    assert "High risk is never approved together" in told(answer, "Risky")
    with approver.api() as api:
        assert api.get(f"/actions/{risky}").json()["signatures"]["given"] == 0


def test_all_of_them_are_denied_with_one_reason(marketer: Person, approver: Person) -> None:
    risky, fine = asked(marketer, "Risky", payload=RISKY), asked(marketer, "Fine")
    forms = approver.forms()
    votes = VOTE.findall(chosen(forms, risky, fine))
    refused = forms.post_signed("/approvals/batch", decision="denied", vote=votes, note="  ")
    assert refused.status_code == 422
    assert "Say why: a denial needs a note." in refused.text
    assert VOTE.findall(refused.text) == votes, "what was chosen is kept"
    assert state_of(approver, fine) == "pending_approval"
    answer = forms.post_signed("/approvals/batch", decision="denied", vote=votes, note="Wrong season")
    assert "2 of 2 denied" in answer.text
    assert (state_of(approver, risky), state_of(approver, fine)) == ("denied", "denied")
    assert "Wrong season" in forms.get(f"/actions/{risky}").text


def test_a_signature_of_several_is_one_of_several(
    house: Settings, site: str, marketer: Person, approver: Person, admin: Person
) -> None:
    with admin.api() as api:
        api.put("/policy", json={"rules": [{"quorum": 2}]}).raise_for_status()
    action = asked(marketer, "One")
    for signer, said in ((approver, "once the other signatures are there"), (admin, "as soon as its time")):
        forms = signer.forms()
        votes = VOTE.findall(chosen(forms, action))
        assert said in told(
            forms.post_signed("/approvals/batch", decision="approved", vote=votes).text, "One"
        )
    assert state_of(admin, action) == "approved"


def test_twenty_at_once_and_no_more(marketer: Person, approver: Person) -> None:
    actions = [submitted(marketer, subject=f"Mail {number}")["id"] for number in range(21)]
    forms = approver.forms()
    page = chosen(forms, *actions)
    votes = VOTE.findall(page)
    assert len(votes) == 20
    assert "20 at once at most" in page
    too_many = [*votes, f"{actions[20]}:{'0' * 64}"]
    assert forms.post_signed("/approvals/batch", decision="approved", vote=too_many).status_code == 422
    assert state_of(approver, actions[0]) == "pending_approval"


@pytest.mark.parametrize(
    "fields",
    [
        {"decision": "approved"},
        {"decision": "maybe", "vote": f"1:{'0' * 64}"},
        {"decision": "approved", "vote": "1"},
        {"decision": "approved", "vote": "1:zz"},
        {"decision": "approved", "vote": f"-1:{'0' * 64}"},
    ],
)
def test_a_form_that_names_no_hash_is_refused(approver: Person, fields: dict[str, str]) -> None:
    assert approver.forms().post_signed("/approvals/batch", **fields).status_code == 422


def test_none_chosen_leads_back(approver: Person) -> None:
    forms = approver.forms()
    answer = forms.get("/approvals/batch")
    assert (answer.status_code, answer.headers["location"]) == (303, "/approvals?done=none-chosen")
    assert "Choose at least one" in forms.get("/approvals?done=none-chosen").text


def test_what_does_not_wait_any_more_is_left_out_and_said(
    marketer: Person, approver: Person, strangers: dict[MemberRole, Person]
) -> None:
    still, denied = asked(marketer, "Still"), asked(marketer, "Denied")
    theirs = asked(strangers[MemberRole.MARKETER], "Theirs")
    with approver.api() as api:
        api.post(f"/actions/{denied}/deny", json={"note": "no"}).raise_for_status()
    page = chosen(approver.forms(), still, denied, theirs)
    assert len(VOTE.findall(page)) == 1
    assert "2 of those you chose do not wait any more." in page
    assert "Theirs" not in page
    assert "None of these waits any more" in chosen(approver.forms(), denied)


def test_a_vote_from_elsewhere_or_without_a_token_changes_nothing(marketer: Person, approver: Person) -> None:
    action = asked(marketer, "One")
    forms = approver.forms()
    vote = VOTE.findall(chosen(forms, action))
    assert forms.post("/approvals/batch", decision="approved", vote=vote).status_code == 403
    foreign = forms.client.post(
        "/approvals/batch",
        data={"csrf": forms.csrf, "decision": "approved", "vote": vote},
        headers={"Origin": "https://evil.example"},
    )
    assert foreign.status_code == 403
    assert marketer.forms().post_signed("/approvals/batch", decision="approved", vote=vote).status_code == 403
    assert state_of(approver, action) == "pending_approval"


def test_the_number_of_queries_does_not_grow_with_what_was_chosen(
    house: Settings, site: str, marketer: Person, approver: Person, admin: Person
) -> None:
    with admin.api() as api:
        api.put("/policy", json={"rules": [{"quorum": 2}]}).raise_for_status()
    another = person(house, site, marketer.tenant, MemberRole.APPROVER)
    actions = [submitted(marketer) for _ in range(8)]
    with another.api() as api:
        for action in actions:
            vote = {"manifest_hash": action["manifest_hash"]}
            api.post(f"/actions/{action['id']}/approve", json=vote).raise_for_status()
    forms = approver.forms()
    seen: list[int] = []
    for count in (1, 8):
        with counted(house) as statements:
            chosen(forms, *[action["id"] for action in actions[:count]])
        seen.append(len(statements))
    assert seen[0] == seen[1], seen
