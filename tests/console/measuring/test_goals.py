"""Goals over the API: defined, changed as a whole, put at the head and archived, by whoever may."""

from typing import Any

import pytest

from store import records
from store.records import audit_log
from store.records.goals import MOST_LIVE
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.visitors import Person

People = dict[MemberRole, Person]
LEAD = {
    "name": "Leads",
    "event": "lead",
    "refund_event": "",
    "fixed_value": "12.5",
    "currency": "USD",
    "counting": "once",
    "once_days": 7,
    "lookback_days": 90,
}


def defined(person: Person, **changes: Any) -> dict[str, Any]:
    with person.api() as api:
        return api.post("/goals", json=LEAD | changes).raise_for_status().json()


def listed(person: Person) -> list[dict[str, Any]]:
    with person.api() as api:
        return api.get("/goals").raise_for_status().json()["items"]


def test_every_tenant_begins_with_purchases_at_the_head(viewer: Person) -> None:
    [goal] = listed(viewer)
    assert {name: goal[name] for name in LEAD} == {
        "name": "Purchases",
        "event": "purchase",
        "refund_event": "refund",
        "fixed_value": None,
        "currency": "",
        "counting": "each",
        "once_days": 30,
        "lookback_days": 30,
    }
    assert goal["is_headline"]


def test_a_goal_is_defined_read_and_changed_as_a_whole(people: People) -> None:
    analyst = people[MemberRole.ANALYST]
    with analyst.api() as api:
        answer = api.post("/goals", json=LEAD)
        assert answer.status_code == 201
        goal = answer.json()
        assert {name: goal[name] for name in LEAD} == LEAD | {"fixed_value": "12.5000"}
        path = answer.headers["location"].removeprefix("/api")
        assert api.get(path).json() == goal
        changed = api.put(path, json={"name": "Leads", "event": "signup"}).json()
        assert (changed["event"], changed["counting"], changed["fixed_value"]) == ("signup", "each", None)
        assert changed["changed_at"] > goal["changed_at"]


def test_the_head_is_exchanged_and_never_archived(house: Settings, marketer: Person) -> None:
    [purchases], leads = listed(marketer), defined(marketer)
    with marketer.api() as api:
        refused = api.delete(f"/goals/{purchases['id']}")
        assert (refused.status_code, "another goal at the head first" in refused.json()["detail"]) == (
            409,
            True,
        )
        assert api.post(f"/goals/{leads['id']}/make-headline").json()["is_headline"]
        assert [goal["name"] for goal in listed(marketer)] == ["Leads", "Purchases"]
        assert api.delete(f"/goals/{purchases['id']}").status_code == 204
        assert [goal["name"] for goal in listed(marketer)] == ["Leads"]
        assert api.get(f"/goals/{purchases['id']}").json()["archived_at"] is not None
        for gone in (
            api.put(f"/goals/{purchases['id']}", json=LEAD | {"name": "Back"}),
            api.post(f"/goals/{purchases['id']}/make-headline"),
            api.delete(f"/goals/{purchases['id']}"),
        ):
            assert (gone.status_code, "archived" in gone.json()["detail"]) == (409, True)
    with records.session(house, Role.OWNER) as session:
        entries = audit_log.of_entity(session, marketer.tenant, "goal", leads["id"])
        assert [(entry.action, entry.actor) for entry in entries] == [
            ("define", f"user:{marketer.id}"),
            ("make_headline", f"user:{marketer.id}"),
        ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "Purchases"}, "name"),
        ({"event": ""}, "event"),
        ({"event": "e" * 65}, "event"),
        ({"event": "null\0"}, "event"),
        ({"event": "refund", "refund_event": "refund"}, "refund_event"),
        ({"fixed_value": "-1"}, "fixed_value"),
        ({"fixed_value": "1e30"}, "fixed_value"),
        ({"fixed_value": "NaN"}, "fixed_value"),
        ({"fixed_value": "0.00001"}, "fixed_value"),
        ({"currency": "euro"}, "currency"),
        ({"currency": "eur"}, "currency"),
        ({"counting": "twice"}, "counting"),
        ({"once_days": 0}, "once_days"),
        ({"once_days": 401}, "once_days"),
        ({"lookback_days": 181}, "lookback_days"),
        ({"is_headline": True}, "is_headline"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(marketer: Person, change: dict[str, Any], field: str) -> None:
    goal = defined(marketer)
    with marketer.api() as api:
        for refused in (
            api.post("/goals", json=LEAD | {"name": "Others"} | change),
            api.put(f"/goals/{goal['id']}", json=LEAD | change),
        ):
            assert refused.status_code == 422
            assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert len(listed(marketer)) == 2


def test_there_are_only_so_many(marketer: Person) -> None:
    for number in range(MOST_LIVE - 1):
        defined(marketer, name=f"Step {number}")
    with marketer.api() as api:
        refused = api.post("/goals", json=LEAD)
    assert (refused.status_code, "archive one first" in refused.json()["detail"]) == (409, True)
