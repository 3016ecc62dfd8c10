"""Standing approvals over the API: what was signed once, what goes on it, and its end."""

from datetime import timedelta

from marketing_pipelines.outbound import executor
from store.clock import now
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.visitors import Person, mail

UNTIL = (now() + timedelta(days=7)).date().isoformat()
STEP = {"after_days": 0, "subject": "Welcome", "body": "Glad you are here."}


def test_a_sequence_is_signed_once_and_ended_by_whoever_acts(
    house: Settings, marketer: Person, approver: Person
) -> None:
    body = {
        "type": "sequence",
        "payload": {"name": "Welcome", "steps": [STEP], "most": 1, "until": UNTIL},
        "purpose": "contract",
    }
    welcome = mail(subject=STEP["subject"], body=STEP["body"])
    with marketer.api() as author, approver.api() as signer:
        assert author.get("/standing-approvals").json() == {"items": [], "next_cursor": None}
        action = author.post("/actions", json=body).raise_for_status().json()
        author.post(f"/actions/{action['id']}/submit").raise_for_status()
        signer.post(f"/actions/{action['id']}/approve", json={}).raise_for_status()
        executor.execute(house.model_copy(update={"gate_drain_seconds": 0}), "a run")
        [standing] = author.get("/standing-approvals").raise_for_status().json()["items"]
        assert (standing["action_id"], standing["most"], standing["drawn"]) == (action["id"], 1, 0)
        assert standing["in_force"]

        drawn = {**welcome, "standing_approval_id": standing["id"]}
        first = author.post("/actions", json=drawn).raise_for_status().json()
        assert author.post(f"/actions/{first['id']}/submit").json()["state"] == "approved"
        path = f"/standing-approvals/{standing['id']}"
        assert not author.get(path).json()["in_force"], "it is used up"

        second = author.post("/actions", json=drawn).raise_for_status().json()
        refused = author.post(f"/actions/{second['id']}/submit")
        assert refused.status_code == 422
        assert refused.json()["errors"] == [
            {
                "field": "standing_approval_id",
                "reason": "The standing approval has 0 of 1 left, this takes 1.",
            }
        ]
        assert author.get(f"/actions/{second['id']}").json()["state"] == "draft"

        ended = author.post(f"{path}/revoke", json={"reason": "over"}).raise_for_status().json()
        assert (ended["in_force"], ended["revoke_reason"]) == (False, "over")
        assert author.post(f"{path}/revoke", json={"reason": "over"}).status_code == 409


def test_another_tenants_is_not_there(
    house: Settings, marketer: Person, approver: Person, strangers: dict[MemberRole, Person]
) -> None:
    with strangers[MemberRole.ADMIN].api() as api:
        for path in ("/standing-approvals/1", "/standing-approvals/999999"):
            assert api.get(path).status_code == 404
        assert api.post("/standing-approvals/1/revoke", json={"reason": "x"}).status_code == 404
        body = {**mail(), "standing_approval_id": 1}
        assert api.post("/actions", json=body).status_code == 404
