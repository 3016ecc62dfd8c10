"""`/api/v1` is the same API, and speaks of itself as v1."""

import httpx

from tests.console.visitors import Person, mail


def test_v1_is_the_same_api_and_leads_to_itself(marketer: Person) -> None:
    with marketer.api() as api:
        made = api.post("/v1/actions", json=mail())
        assert made.status_code == 201
        number = made.json()["id"]
        assert made.headers["location"] == f"/api/v1/actions/{number}"
        assert api.get(f"/v1/actions/{number}").json() == api.get(f"/actions/{number}").json()
        listed = api.get("/v1/actions", params={"limit": 1}).json()["items"]
        assert [item["id"] for item in listed] == [number]


def test_problems_of_v1_name_what_was_asked_for(marketer: Person) -> None:
    with marketer.api() as api:
        for path, status in (("/v1/actions/9000000000", 404), ("/v1/nothing", 404), ("/v1/actions/x", 422)):
            refused = api.get(path)
            assert (refused.status_code, refused.json()["instance"]) == (status, f"/api{path}")


def test_v1_is_guarded_by_the_same_table(site: str, approver: Person) -> None:
    assert httpx.get(f"{site}/api/v1/me").status_code == 401
    with approver.api() as api:
        assert api.post("/v1/actions", json=mail()).status_code == 403
        assert api.get("/v1/v1/me").status_code == 404
        assert api.get("/v2/me").status_code == 404
