"""The people of a tenant over the API: let in, given a role, taken out, and never without an Admin."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from store import records
from store.records.people import MemberRole, User
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.conftest import wait_until
from tests.console.visitors import PASSWORD, Person, person

People = dict[MemberRole, Person]


def somebody(**changes: Any) -> dict[str, Any]:
    email = f"new-{uuid.uuid4().hex[:10]}@example.com"
    return {"email": email, "role": "marketer", "password": PASSWORD, **changes}


def test_an_admin_lets_somebody_in_who_signs_in(people: People, site: str) -> None:
    with people[MemberRole.ADMIN].api() as admin:
        body = somebody(name="Ann")
        made = admin.post("/users", json=body)
        assert made.status_code == 201, made.text
        ann = made.json()
        assert (ann["name"], ann["role"], ann["disabled"]) == ("Ann", "marketer", False)
        assert PASSWORD not in made.text
        assert admin.get(made.headers["location"].removeprefix("/api")).json() == ann
        log_in = {"email": body["email"], "password": PASSWORD}
        assert httpx.post(f"{site}/api/auth/login", json=log_in).status_code == 200
        again = admin.post("/users", json=body)
        assert (again.status_code, "already" in again.json()["detail"]) == (422, True)
        chain = admin.get("/audit", params={"entity": "user", "entity_id": ann["id"]}).json()["items"]
        assert [(entry["action"], entry["after"]) for entry in chain] == [("admit", {"role": "marketer"})]
        assert body["email"] not in str(chain)


def test_whoever_has_an_account_keeps_its_password(people: People, strangers: People, site: str) -> None:
    stranger = strangers[MemberRole.VIEWER]
    with people[MemberRole.ADMIN].api() as admin:
        body = somebody(email=stranger.email, name="Another name", password="another password altogether")
        joined = admin.post("/users", json=body).raise_for_status().json()
        assert (joined["id"], joined["name"]) == (stranger.id, f"Viewer of {stranger.tenant}")
    wrong = {"email": stranger.email, "password": "another password altogether"}
    assert httpx.post(f"{site}/api/auth/login", json=wrong).status_code == 401
    with stranger.api() as api:
        assert api.get("/me").json()["tenant"]["id"] == stranger.tenant, "the first one that let them in"
        assert len(api.get("/tenants").json()["items"]) == 2


def test_a_role_is_changed_at_once_and_fits_what_was_read(people: People) -> None:
    viewer = people[MemberRole.VIEWER]
    with people[MemberRole.ADMIN].api() as admin, viewer.api() as theirs:
        path = f"/users/{viewer.id}"
        read = admin.get(path)
        assert theirs.get("/users").status_code == 403
        tag = {"If-Match": read.headers["etag"]}
        assert admin.patch(path, json={"role": "analyst"}, headers=tag).json()["role"] == "analyst"
        assert admin.patch(path, json={"role": "admin"}, headers=tag).status_code == 412
        assert theirs.get("/me").json()["role"] == "analyst"
        assert len(theirs.get("/users").json()["items"]) == len(MemberRole)
        assert theirs.patch(path, json={"role": "admin"}).status_code == 403
        chain = admin.get("/audit", params={"entity": "user", "entity_id": viewer.id}).json()["items"]
        assert (chain[-1]["before"], chain[-1]["after"]) == ({"role": "viewer"}, {"role": "analyst"})


def test_whoever_is_taken_out_is_out_at_once_and_so_are_their_keys(people: People, site: str) -> None:
    marketer = people[MemberRole.MARKETER]
    with people[MemberRole.ADMIN].api() as admin, marketer.api() as theirs:
        body = {"name": "CI", "scopes": ["actions:read"]}
        key = theirs.post("/keys", json=body).raise_for_status().json()["key"]
        path = f"/users/{marketer.id}"
        assert admin.delete(path).status_code == 204
        assert admin.delete(path).status_code == 404
        assert theirs.get("/me").status_code == 401
        back = {"email": marketer.email, "role": "marketer", "password": PASSWORD}
        admin.post("/users", json=back).raise_for_status()
        assert theirs.get("/me").status_code == 200
        by_key = httpx.get(f"{site}/api/me", headers={"Authorization": f"Bearer {key}"})
        assert by_key.status_code == 401, "a key does not come back with its owner"
        chain = admin.get("/audit", params={"entity": "user", "entity_id": marketer.id}).json()["items"]
        assert [entry["action"] for entry in chain] == ["remove", "admit"]


def test_the_last_admin_stays(house: Settings, people: People, tenant: TenantId, site: str) -> None:
    admin = people[MemberRole.ADMIN]
    path = f"/users/{admin.id}"
    with admin.api() as api:
        for attempt in (api.patch(path, json={"role": "viewer"}), api.delete(path)):
            assert (attempt.status_code, "last Admin" in attempt.json()["detail"]) == (409, True)
        second = person(house, site, tenant, MemberRole.ADMIN)
        assert api.patch(path, json={"role": "viewer"}).status_code == 200
        assert api.patch(f"/users/{second.id}", json={"role": "viewer"}).status_code == 403


def test_two_admins_who_take_each_other_out_leave_one(
    house: Settings, people: People, tenant: TenantId, site: str
) -> None:
    one, other = people[MemberRole.ADMIN], person(house, site, tenant, MemberRole.ADMIN)
    start, answers = threading.Barrier(2), []

    def take_out(api: httpx.Client, whom: Person) -> None:
        start.wait()
        answers.append(api.delete(f"/users/{whom.id}").status_code)

    with one.api() as first, other.api() as second:
        assert {api.get("/me").status_code for api in (first, second)} == {200}
        threads = [
            threading.Thread(target=take_out, args=(first, other)),
            threading.Thread(target=take_out, args=(second, one)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers.count(204) == 1
    assert set(answers) <= {204, 401, 404, 409}


def test_another_tenants_people_are_nobody(people: People, strangers: People) -> None:
    theirs = strangers[MemberRole.MARKETER]
    with people[MemberRole.ADMIN].api() as admin:
        path = f"/users/{theirs.id}"
        for attempt in (admin.get(path), admin.patch(path, json={"role": "viewer"}), admin.delete(path)):
            assert attempt.status_code == 404
        assert theirs.id not in [user["id"] for user in admin.get("/users").json()["items"]]


@pytest.mark.parametrize(
    "wrong", [{"email": "nobody"}, {"password": "short"}, {"role": "owner"}, {"name": "x" * 201}, {"id": 1}]
)
def test_somebody_who_cannot_be_is_refused_by_field(admin: Person, wrong: dict[str, Any]) -> None:
    with admin.api() as api:
        refused = api.post("/users", json=somebody(**wrong))
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == list(wrong)


def test_an_account_that_somebody_else_makes_at_the_same_moment_is_said_and_not_an_error(
    house: Settings, admin: Person
) -> None:
    """Two tenants let the same person in: whoever comes second waits for the first and is told to try again."""
    email = f"{uuid.uuid4().hex}@example.com"
    body = {"email": email, "role": "viewer", "password": PASSWORD}
    with admin.api() as api, ThreadPoolExecutor(1) as second:
        with records.session(house, Role.OWNER) as first:
            first.add(User(email=email, name="Nia", password_hash="of the other tenant"))
            first.flush()
            answer = second.submit(api.post, "/users", json=body)
            wait_until("the second", lambda: waits_for_another(house))
        refused = answer.result()
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "email")
        assert "try again" in refused.json()["detail"]
        assert api.post("/users", json=body).status_code == 201


def waits_for_another(house: Settings) -> bool:
    waiting = "select exists (select from pg_locks where not granted and locktype = 'transactionid')"
    with records.session(house, Role.OWNER) as session:
        return bool(session.scalar(text(waiting)))
