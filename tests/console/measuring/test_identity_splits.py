"""Identity splits over the API: decided with a reason, listed, and taken back."""

from typing import Any

import pytest

from store.records.people import MemberRole
from tests.console.visitors import Person

People = dict[MemberRole, Person]
TILL = {"visitor_id": "till", "person_id": "ann", "reason": "The till in the shop."}


def test_a_device_is_split_from_a_person_and_joined_again(people: People) -> None:
    analyst = people[MemberRole.ANALYST]
    with analyst.api() as api:
        answer = api.post("/identity/splits", json=TILL)
        assert answer.status_code == 201
        decision = answer.json()
        assert decision == TILL | {
            "id": decision["id"],
            "decided_by": f"user:{analyst.id}",
            "created_at": decision["created_at"],
            "taken_back_by": None,
            "taken_back_at": None,
        }
        path = answer.headers["location"].removeprefix("/api")
        assert api.get(path).json() == decision
        again = api.post("/identity/splits", json=TILL)
        assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "visitor_id")
        assert api.delete(path).status_code == 204
        back = api.get(path).json()
        assert back["taken_back_by"] == f"user:{analyst.id}"
        assert api.delete(path).status_code == 409
        api.post("/identity/splits", json=TILL).raise_for_status()
        assert [item["taken_back_at"] is None for item in api.get("/identity/splits").json()["items"]] == [
            True,
            False,
        ]


def test_a_list_goes_on(marketer: Person) -> None:
    with marketer.api() as api:
        made = [
            api.post("/identity/splits", json=TILL | {"visitor_id": f"device-{n}"}).json()["id"]
            for n in range(3)
        ]
        first = api.get("/identity/splits", params={"limit": 2}).json()
        rest = api.get("/identity/splits", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in (*first["items"], *rest["items"])] == made[::-1]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"visitor_id": " "}, "visitor_id"),
        ({"visitor_id": "v" * 129}, "visitor_id"),
        ({"person_id": "null\0"}, "person_id"),
        ({"reason": ""}, "reason"),
        ({"reason": "r" * 501}, "reason"),
        ({"decided_by": "user:1"}, "decided_by"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(marketer: Person, change: dict[str, Any], field: str) -> None:
    with marketer.api() as api:
        refused = api.post("/identity/splits", json=TILL | change)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]


def test_ids_of_visitors_are_not_for_everybody(people: People) -> None:
    with people[MemberRole.VIEWER].api() as api:
        assert api.get("/identity/splits").status_code == 403
