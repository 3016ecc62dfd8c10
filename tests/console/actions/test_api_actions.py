"""The API of actions: the whole flow, and everything that it refuses."""

import threading
from typing import Any

import httpx
import pytest

from store.records.people import MemberRole
from tests.console.visitors import Person, mail, submitted, written


def test_write_submit_approve(marketer: Person, approver: Person) -> None:
    with marketer.api() as author, approver.api() as signer:
        created = author.post("/actions", json=mail())
        assert created.status_code == 201
        action = created.json()
        assert created.headers["location"] == f"/api/actions/{action['id']}"
        assert (action["state"], action["version"], action["manifest_hash"]) == ("draft", 0, None)
        frozen = author.post(f"/actions/{action['id']}/submit").json()
        assert (frozen["state"], frozen["version"], frozen["recipients"]) == ("pending_approval", 1, 1)
        assert len(bytes.fromhex(frozen["manifest_hash"])) == 32
        vote = {"status": "approved", "note": "Looks good!", "manifest_hash": frozen["manifest_hash"]}
        approved = signer.post(f"/actions/{action['id']}/approve", json=vote)
        assert approved.status_code == 200
        assert approved.json()["state"] == "approved"
        chain = author.get("/audit", params={"entity": "action", "entity_id": action["id"]}).json()
        assert [entry["action"] for entry in chain["items"]] == ["create", "submit", "approve"]


def test_the_body_of_the_docs_works_as_it_stands(marketer: Person, approver: Person) -> None:
    payload = {"recipient": "user@example.com", "subject": "…", "body": "…"}
    with marketer.api() as author, approver.api() as signer:
        body = {"type": "email", "payload": payload, "dry_run": False}
        action = author.post("/actions", json=body).raise_for_status().json()
        assert action["purpose"] == "marketing_by_consent", "the strictest, where nothing was chosen"
        author.post(f"/actions/{action['id']}/submit").raise_for_status()
        vote = {"status": "approved", "note": "Looks good!"}
        signer.post(f"/actions/{action['id']}/approve", json=vote).raise_for_status()


def test_a_time_without_an_offset_is_read_off_a_clock_in_its_zone(marketer: Person) -> None:
    """Winter and summer, and the hour that comes twice, of which it is the first."""
    with marketer.api() as api:
        for said, meant in (
            ("2027-01-15T09:00:00", "2027-01-15T08:00:00Z"),
            ("2027-07-15T09:00:00", "2027-07-15T07:00:00Z"),
            ("2027-10-31T02:30:00", "2027-10-31T00:30:00Z"),
            ("2027-01-15T09:00:00+05:30", "2027-01-15T03:30:00Z"),
        ):
            body = mail() | {"due_at": said, "time_zone": "Europe/Berlin"}
            action = api.post("/actions", json=body).raise_for_status().json()
            assert (action["due_at"], action["time_zone"]) == (meant, "Europe/Berlin")


def test_what_is_not_named_in_an_edit_stays(marketer: Person) -> None:
    window = {"opens": "09:00:00", "closes": "17:00:00", "days": [1, 2]}
    body = mail() | {
        "due_at": "2027-01-15T09:00:00",
        "time_zone": "Europe/Berlin",
        "window": window,
        "budget_cap": "12.50",
    }
    with marketer.api() as api:
        action = api.post("/actions", json=body).raise_for_status().json()
        path = f"/actions/{action['id']}"
        kept = ("due_at", "time_zone", "window", "budget_cap")
        changed = api.put(path, json={"payload": body["payload"], "title": "New"}).raise_for_status().json()
        assert {name: changed[name] for name in kept} == {name: action[name] for name in kept}
        changed = api.put(path, json={"payload": body["payload"], "window": None}).raise_for_status().json()
        assert changed["window"] is None
        assert changed["due_at"] == action["due_at"]
        frozen = api.post(f"{path}/submit").raise_for_status().json()
        assert frozen["cost"]["amount"] == "0.00"


def test_authors_do_not_approve_their_own(admin: Person) -> None:
    action = submitted(admin)
    with admin.api() as api:
        refused = api.post(
            f"/actions/{action['id']}/approve", json={"manifest_hash": action["manifest_hash"]}
        )
        assert refused.status_code == 403
        assert "own work" in refused.json()["detail"]
        assert api.get(f"/actions/{action['id']}").json()["state"] == "pending_approval"


def test_a_colleagues_edit_makes_no_stranger_of_the_first_author(admin: Person, marketer: Person) -> None:
    with admin.api() as first, marketer.api() as second:
        action = first.post("/actions", json=mail()).raise_for_status().json()
        path = f"/actions/{action['id']}"
        payload = mail(subject="Autumn sale")["payload"]
        second.put(path, json={"payload": payload, "title": "Autumn"}).raise_for_status()
        second.post(f"{path}/submit").raise_for_status()
        refused = first.post(f"{path}/approve", json={})
        assert refused.status_code == 403
        assert "own work" in refused.json()["detail"]
        history = first.get("/audit", params={"entity": "action", "entity_id": action["id"]})
        edits = [entry for entry in history.json()["items"] if entry["action"] == "edit"]
        assert [entry["after"]["changed"] for entry in edits] == [["payload", "title"]]


def test_a_vote_on_what_was_edited_since_is_answered_with_the_current_hash(
    marketer: Person, approver: Person
) -> None:
    first = submitted(marketer)
    path = f"/actions/{first['id']}"
    with marketer.api() as author, approver.api() as signer:
        edited = author.put(path, json={"payload": mail(subject="Summer sale")["payload"]}).json()
        assert edited["state"] == "draft"
        second = author.post(f"{path}/submit").raise_for_status().json()
        assert second["manifest_hash"] != first["manifest_hash"]
        for vote in ({"manifest_hash": first["manifest_hash"]}, {}):
            refused = signer.post(f"{path}/approve", json=vote)
            assert refused.status_code == 409
            assert refused.json()["current_hash"] == second["manifest_hash"]
        signer.post(f"{path}/approve", json={"manifest_hash": second["manifest_hash"]}).raise_for_status()


def test_the_second_answer_learns_who_was_quicker(marketer: Person, approver: Person, admin: Person) -> None:
    path = f"/actions/{submitted(marketer)['id']}"
    with approver.api() as first, admin.api() as second:
        assert first.post(f"{path}/deny", json={}).status_code == 422, "a denial needs a note"
        assert first.post(f"{path}/deny", json={"note": "Wrong price"}).json()["state"] == "denied"
        late = second.post(f"{path}/approve", json={})
        assert late.status_code == 409
        assert "Already denied" in late.json()["detail"]


def test_of_many_votes_at_once_one_counts(marketer: Person, approver: Person, admin: Person) -> None:
    path = f"/actions/{submitted(marketer)['id']}"
    answers: list[int] = []
    start = threading.Barrier(6)

    def vote(api: httpx.Client, decision: str) -> None:
        start.wait()
        answers.append(api.post(f"{path}/{decision}", json={"note": "now"}).status_code)

    with approver.api() as one, admin.api() as two:
        votes = [
            (one, "approve"),
            (two, "deny"),
            (one, "deny"),
            (two, "approve"),
            (one, "approve"),
            (two, "deny"),
        ]
        threads = [threading.Thread(target=vote, args=each) for each in votes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200, 409, 409, 409, 409, 409]
        chain = one.get("/audit", params={"entity": "action", "entity_id": path.split("/")[-1]}).json()
        assert len(chain["items"]) == 3


def test_changes_are_asked_for_and_made(marketer: Person, approver: Person) -> None:
    path = f"/actions/{submitted(marketer)['id']}"
    with marketer.api() as author, approver.api() as signer:
        asked = signer.post(f"{path}/request-changes", json={"note": "Shorter, please"})
        assert asked.json()["state"] == "changes_requested"
        author.put(path, json={"payload": mail(body="Cold.")["payload"], "title": "Short"}).raise_for_status()
        again = author.post(f"{path}/submit").json()
        assert (again["version"], again["title"]) == (2, "Short")


def test_what_is_cancelled_stays_cancelled(marketer: Person) -> None:
    path = f"/actions/{written(marketer)}"
    with marketer.api() as api:
        assert api.post(f"{path}/cancel").json()["state"] == "cancelled"
        refused = api.post(f"{path}/submit")
        assert refused.status_code == 409
        assert "cancelled" in refused.json()["detail"]


def test_lists_go_on_where_they_ended(marketer: Person) -> None:
    made = [written(marketer, subject=f"Number {number}") for number in range(5)]
    with marketer.api() as api:
        seen: list[int] = []
        cursor: int | None = None
        while True:
            page = api.get("/actions", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
            assert len(page["items"]) <= 2
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == made[::-1]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (mail(recipient="not an address"), 422, "payload.recipient"),
        (mail(subject="two\nlines"), 422, "payload.subject"),
        (mail(surprise="x"), 422, "payload.surprise"),
        (mail(body="null \0 character"), 422, "payload"),
        (mail(body="half a pair \ud800"), 422, "payload"),
        (mail() | {"type": "pigeon"}, 422, "type"),
        (mail() | {"title": "x" * 201}, 422, "title"),
        (mail() | {"due_at": "2026-03-29T02:30:00", "time_zone": "Europe/Berlin"}, 422, "due_at"),
        (mail() | {"due_at": "9999-12-31T23:59:59-12:00"}, 422, "due_at"),
        (mail() | {"time_zone": "Europe/Atlantis"}, 422, "time_zone"),
        (mail() | {"time_zone": "../../etc/passwd"}, 422, "time_zone"),
        (mail() | {"window": {"opens": "17:00", "closes": "09:00"}}, 422, "window"),
        (mail() | {"window": {"opens": "09:00", "closes": "17:00", "days": [8]}}, 422, "window.days.0"),
        (mail() | {"window": {"opens": "09:00+01:00", "closes": "17:00"}}, 422, "window.opens"),
        (mail() | {"budget_cap": 0}, 422, "budget_cap"),
        (mail() | {"provenance": [{"kind": "Feed Entry", "id": "1"}]}, 422, "provenance.0.kind"),
        (mail() | {"standing_approval_id": 1}, 404, "standing_approval_id"),
        (mail(groups=[1]), 422, "payload.recipient"),
        (mail() | {"campaign_id": 2**62}, 404, "campaign_id"),
        (mail() | {"campaign_id": 2**70}, 422, "campaign_id"),
        (mail() | {"state": "approved"}, 422, "state"),
        ({"type": "email"}, 422, "payload"),
        ([], 422, "body"),
    ],
)
def test_a_wrong_field_is_named_with_its_reason(
    marketer: Person, body: dict[str, Any], status: int, field: str
) -> None:
    import json

    with marketer.api() as api:
        headers = {"Content-Type": "application/json"}
        refused = api.post("/actions", content=json.dumps(body), headers=headers)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert (problem["status"], problem["instance"]) == (status, "/api/actions")
    assert problem["request_id"] == refused.headers["x-request-id"]
    assert [error["field"] for error in problem["errors"]] == [field]
    assert all(error["reason"] for error in problem["errors"])


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b'{"a":' * 50_000, b"1" * 5_000])
def test_what_is_not_json_is_a_400(marketer: Person, content: bytes) -> None:
    with marketer.api() as api:
        refused = api.post("/actions", content=content, headers={"Content-Type": "application/json"})
    assert refused.status_code in {400, 422}
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_body_over_the_limit_is_a_413_stated_or_not(marketer: Person) -> None:
    large = b'{"type": "email", "payload": {"body": "' + b"x" * 1_100_000 + b'"}}'
    headers = {"Content-Type": "application/json"}
    with marketer.api() as api:
        for content in (large, (large[at : at + 65536] for at in range(0, len(large), 65536))):
            refused = api.post("/actions", content=content, headers=headers)
            assert refused.status_code == 413
            assert refused.json()["title"]


def test_marketing_does_not_reach_who_wants_none(marketer: Person) -> None:
    with marketer.api() as api:
        gone = api.post("/recipients", json={"email": "gone@example.com"}).raise_for_status().json()["id"]
        api.post(f"/recipients/{gone}/opt-out", json={"reason": "asked on the phone"}).raise_for_status()
        body = mail(recipient="gone@example.com") | {"purpose": "marketing_by_consent"}
        action = api.post("/actions", json=body).json()["id"]
        refused = api.post(f"/actions/{action}/submit")
        assert refused.status_code == 422
        assert "want no marketing" in refused.json()["errors"][0]["reason"]
        assert api.get(f"/actions/{action}").json()["state"] == "draft"


def test_an_endpoint_that_is_not_there_is_a_problem_too(people: dict[MemberRole, Person]) -> None:
    with people[MemberRole.VIEWER].api() as api:
        missing = api.get("/nothing")
        assert missing.status_code == 404
        assert missing.headers["content-type"] == "application/problem+json"
        assert api.delete("/actions").status_code == 405
