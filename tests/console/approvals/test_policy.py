"""The tenant's policy over the API: chosen by an Admin, read by all, in force for what is submitted next."""

from store.records.people import MemberRole
from tests.console.visitors import Person, submitted

TWO = {"rules": [{"quorum": 2}]}


def test_an_admin_chooses_and_the_next_submission_takes_two(people: dict[MemberRole, Person]) -> None:
    marketer, approver, admin = (
        people[role] for role in (MemberRole.MARKETER, MemberRole.APPROVER, MemberRole.ADMIN)
    )
    with admin.api() as api:
        shown = api.get("/policy").json()
        assert (shown["rules"], shown["house_rules"][0]["quorum"]) == ([], 1)
        assert api.put("/policy", json=TWO).raise_for_status().json()["rules"][0]["quorum"] == 2
        action = submitted(marketer)
        assert action["signatures"] == {"given": 0, "needed": 2}
        path = f"/actions/{action['id']}/approve"
        with approver.api() as first:
            signed = first.post(path, json={}).raise_for_status().json()
            assert (signed["state"], signed["signatures"]["given"]) == ("pending_approval", 1)
            assert first.post(path, json={}).status_code == 409
        assert api.post(path, json={}).raise_for_status().json()["state"] == "approved"
        chain = api.get("/audit", params={"entity": "tenant"}).json()["items"]
        assert [entry["action"] for entry in chain] == ["choose_policy"]


def test_only_an_admin_chooses_and_only_what_can_be_used(people: dict[MemberRole, Person]) -> None:
    with people[MemberRole.APPROVER].api() as approver, people[MemberRole.ADMIN].api() as admin:
        assert approver.put("/policy", json=TWO).status_code == 403
        assert approver.get("/policy").status_code == 200
        wrong = admin.put("/policy", json={"rules": [{"quorum": 0}]})
        assert (wrong.status_code, "quorum" in wrong.json()["detail"]) == (422, True)
        assert admin.put("/policy", json={"rules": [{"roles": ["viewer"]}]}).status_code == 422
        assert admin.get("/policy").json()["rules"] == []


def test_broken_glass_needs_an_admin_and_a_reason(people: dict[MemberRole, Person]) -> None:
    action = submitted(people[MemberRole.MARKETER])
    path = f"/actions/{action['id']}/break-glass"
    with people[MemberRole.APPROVER].api() as approver, people[MemberRole.ADMIN].api() as admin:
        assert approver.post(path, json={"note": "x"}).status_code == 403
        assert admin.post(path, json={"note": " "}).status_code == 422
        broken = admin.post(
            path, json={"note": "The shop is closed", "manifest_hash": action["manifest_hash"]}
        )
        assert broken.raise_for_status().json()["state"] == "approved"
        assert admin.post(path, json={"note": "again"}).status_code == 409


def test_remarks_are_read_by_all_who_may_see_the_action(
    people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    action = submitted(people[MemberRole.MARKETER])
    path = f"/actions/{action['id']}/comments"
    with people[MemberRole.ANALYST].api() as analyst, people[MemberRole.VIEWER].api() as viewer:
        assert analyst.post(path, json={"text": "Is the price right?"}).status_code == 201
        assert analyst.post(path, json={"text": " "}).status_code == 422
        assert viewer.post(path, json={"text": "x"}).status_code == 403
        assert [said["text"] for said in viewer.get(path).json()["items"]] == ["Is the price right?"]
    with strangers[MemberRole.ADMIN].api() as stranger:
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, json={"text": "x"}).status_code == 404
