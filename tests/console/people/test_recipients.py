"""Recipients and groups over the API: an address is one person, whose wishes and erasure are kept."""

import pytest

from store.records.people import MemberRole
from tests.console.visitors import Person

ANN = {"email": " Ann@Example.com ", "name": " Ann ", "consent": "the form on the fair, 3 May"}


def test_an_address_is_one_recipient(marketer: Person) -> None:
    with marketer.api() as api:
        made = api.post("/recipients", json=ANN)
        assert made.status_code == 201
        ann = made.json()
        assert made.headers["location"] == f"/api/recipients/{ann['id']}"
        assert (ann["email"], ann["name"], ann["active"]) == ("ann@example.com", "Ann", True)
        assert ann["consent_reason"] == "the form on the fair, 3 May"
        again = api.post("/recipients", json={"email": "ANN@example.com", "name": "Somebody else"})
        assert (again.status_code, again.json()["id"], again.json()["name"]) == (200, ann["id"], "Ann")
        changed = api.patch(f"/recipients/{ann['id']}", json={"name": "Ann B."}).raise_for_status().json()
        assert changed["name"] == "Ann B."


@pytest.mark.parametrize(
    "body",
    [
        {"email": "nobody"},
        {"email": "a@example.com\r\nBcc: b@example.com"},
        {"email": f"{'a' * 300}@example.com"},
        {"email": "a@example.com", "name": "x" * 201},
        {"email": "a@example.com", "name": "null \0"},
        {"email": "a@example.com", "groups": [2**62]},
        {"email": "a@example.com", "groups": [1.5]},
        {"email": "a@example.com", "active": True},
        {},
    ],
)
def test_what_is_no_recipient_is_refused_by_field(marketer: Person, body: dict[str, object]) -> None:
    with marketer.api() as api:
        refused = api.post("/recipients", json=body)
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"]


def test_wishes_are_kept_with_their_reasons(people: dict[MemberRole, Person]) -> None:
    with people[MemberRole.MARKETER].api() as api, people[MemberRole.APPROVER].api() as approver:
        ann = api.post("/recipients", json=ANN).json()["id"]
        assert approver.post(f"/recipients/{ann}/opt-out", json={"reason": " "}).status_code == 422
        left = approver.post(f"/recipients/{ann}/opt-out", json={"reason": "asked on the phone"}).json()
        assert (left["active"], left["unsubscribe_reason"]) == (False, "asked on the phone")
        assert ann not in [it["id"] for it in api.get("/recipients/active").json()["items"]]
        assert ann in [it["id"] for it in api.get("/recipients").json()["items"]]
        assert approver.post(f"/recipients/{ann}/opt-in", json={"reason": "x"}).status_code == 403
        back = api.post(f"/recipients/{ann}/opt-in", json={"reason": "signed up again in the shop"}).json()
        assert (back["active"], back["unsubscribed_at"]) == (True, None)
        chain = api.get("/audit", params={"entity": "contact", "entity_id": ann}).json()["items"]
        assert [entry["action"] for entry in chain] == ["add", "opt_in", "opt_out", "opt_in"]
        assert "example.com" not in str(chain)


def test_who_was_erased_after_leaving_stays_left(people: dict[MemberRole, Person]) -> None:
    with people[MemberRole.MARKETER].api() as api, people[MemberRole.ADMIN].api() as admin:
        ann = api.post("/recipients", json=ANN).json()["id"]
        ben = api.post("/recipients", json={"email": "ben@example.com"}).json()["id"]
        api.post(f"/recipients/{ann}/opt-out", json={"reason": "asked"}).raise_for_status()
        assert api.delete(f"/recipients/{ann}").status_code == 403
        for contact in (ann, ben):
            assert admin.delete(f"/recipients/{contact}").status_code == 204
            assert admin.delete(f"/recipients/{contact}").status_code == 404
            assert api.get(f"/recipients/{contact}").status_code == 404
        assert "ann" not in api.get("/recipients").text
        ann_again = api.post("/recipients", json=ANN).json()
        assert ann_again["id"] != ann
        assert (ann_again["active"], ann_again["consented_at"]) == (False, None)
        assert api.post("/recipients", json={"email": "ben@example.com"}).json()["active"]


def test_groups_hold_recipients_of_their_tenant(
    people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    with people[MemberRole.MARKETER].api() as api, strangers[MemberRole.MARKETER].api() as stranger:
        group = api.post("/groups", json={"name": "Readers"}).raise_for_status().json()
        assert api.post("/groups", json={"name": "Readers"}).status_code == 422
        ann = api.post("/recipients", json=ANN | {"groups": [group["id"]]}).json()
        assert ann["groups"] == [group["id"]]
        ben = api.post("/recipients", json={"email": "ben@example.com"}).json()["id"]
        theirs = stranger.post("/recipients", json={"email": "theirs@example.com"}).json()["id"]
        path = f"/groups/{group['id']}"
        assert api.post(f"{path}/recipients", json={"recipients": [ben, theirs]}).status_code == 422
        assert api.post(f"{path}/recipients", json={"recipients": [ben, ann["id"]]}).json() == {"added": 1}
        members = api.get(f"{path}/recipients").json()["items"]
        assert [member["email"] for member in members] == ["ann@example.com", "ben@example.com"]
        assert api.patch(path, json={"description": "of the letter"}).json()["recipients"] == 2
        assert api.delete(f"{path}/recipients/{ben}").status_code == 204
        assert api.delete(f"{path}/recipients/{ben}").status_code == 404
        assert [each["recipients"] for each in api.get("/groups").json()["items"]] == [1]
        for attempt in (
            stranger.get(f"{path}/recipients"),
            stranger.patch(path, json={"name": "Mine"}),
            stranger.post(f"{path}/recipients", json={"recipients": [theirs]}),
            stranger.get(f"/recipients/{ben}"),
            stranger.post(f"/recipients/{ben}/opt-out", json={"reason": "x"}),
        ):
            assert attempt.status_code == 404, attempt.request.url


def test_many_come_a_page_at_a_time_and_are_found_by_a_part_of_their_name(marketer: Person) -> None:
    with marketer.api() as api:
        for number in range(7):
            api.post("/recipients", json={"email": f"r{number}@many.example"}).raise_for_status()
        first = api.get("/recipients", params={"search": "@MANY.", "limit": 4}).json()
        assert len(first["items"]) == 4
        rest = api.get(
            "/recipients", params={"search": "@MANY.", "limit": 4, "cursor": first["next_cursor"]}
        ).json()
        assert [it["email"] for it in rest["items"]] == [f"r{number}@many.example" for number in (4, 5, 6)]
        assert rest["next_cursor"] is None
        assert api.get("/recipients", params={"search": "%"}).json()["items"] == []


def test_a_viewer_sees_no_addresses(people: dict[MemberRole, Person]) -> None:
    with people[MemberRole.VIEWER].api() as viewer:
        assert viewer.get("/recipients").status_code == 403
        assert viewer.get("/groups").status_code == 200
