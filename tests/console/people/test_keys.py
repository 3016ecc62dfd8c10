"""API keys: a part of what their owner may do, until it ends, and never a signature."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from console.app import create_app
from console.door import scopes
from console.door.permissions import ACCESS
from console.rates import Rates
from store import records
from store.clock import now
from store.records.api_keys import Scope, is_well_formed
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.conftest import TRUST
from tests.console.conftest import served
from tests.console.door.test_permissions import NOT_THERE
from tests.console.visitors import Person, mail, submitted

People = dict[MemberRole, Person]
WRITING = ["actions:read", "actions:write"]
ALL = [scope.value for scope in Scope]
# These tests have no ClickHouse; whoever may ask it is told so.
NO_WAREHOUSE = 503


def made(owner: Person, *given: str, **more: Any) -> dict[str, Any]:
    with owner.api() as api:
        body = {"name": "The shop's server", "scopes": list(given) or WRITING, **more}
        return api.post("/keys", json=body).raise_for_status().json()


def by(key: dict[str, Any], site: str) -> httpx.Client:
    """A program that shows the key."""
    headers = {"Authorization": f"Bearer {key['key']}"}
    return httpx.Client(base_url=f"{site}/api", headers=headers, timeout=30, verify=TRUST)


def execute(house: Settings, statement: str, **values: object) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(text(statement), values)


def test_a_key_is_shown_once_and_kept_as_a_hash(house: Settings, marketer: Person) -> None:
    key = made(marketer)
    assert is_well_formed(key["key"])
    assert not is_well_formed(key["key"][:-1] + ("0" if key["key"][-1] != "0" else "1"))
    with marketer.api() as api:
        listed = api.get("/keys")
        assert listed.json()["items"][0]["hint"] == f"mp_…{key['key'][-4:]}"
        assert key["key"] not in listed.text
    with records.session(house, Role.OWNER) as session:
        rows = session.execute(text("select * from api_keys where id = :id"), {"id": key["about"]["id"]})
        assert key["key"] not in str(rows.one())


def test_what_is_shown_once_is_not_shown_to_whoever_repeats_the_request(marketer: Person) -> None:
    with marketer.api() as api:
        body, headers = {"name": "CI", "scopes": WRITING}, {"Idempotency-Key": "k"}
        first = api.post("/keys", json=body, headers=headers).raise_for_status().json()
        again = api.post("/keys", json=body, headers=headers)
        assert (again.status_code, first["key"] in again.text) == (409, False)
        assert len(api.get("/keys").json()["items"]) == 1


def test_every_endpoint_has_one_scope_or_none(house: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(scopes.SCOPES) == {
        name for name, roles in ACCESS.items() if " /api/" in name and roles is not None
    }
    for endpoint, scope in scopes.SCOPES.items():
        if scope is not None:
            assert scope.endswith(":read") == endpoint.startswith("GET "), endpoint
    assert set(Scope) == set(filter(None, scopes.SCOPES.values())), "a scope that opens nothing"
    monkeypatch.delitem(scopes.SCOPES, "GET /api/audit")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="GET /api/audit"):
        create_app(house)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_reaches_what_its_scope_says_and_nothing_else(admin: Person, site: str, scope: Scope) -> None:
    with by(made(admin, scope), site) as program:
        for endpoint, needed in scopes.SCOPES.items():
            method, _, path = endpoint.partition(" ")
            path = re.sub(r"{\w+}", str(NOT_THERE), path)
            body = None if method == "GET" else {"wrong": 1}
            answer = program.request(method, path.removeprefix("/api"), json=body)
            if needed in (scope, Scope.ME_READ):
                assert answer.status_code in {200, 202, 204, 404, 422, NO_WAREHOUSE}, (
                    f"{endpoint}: {answer.text}"
                )
            else:
                assert answer.status_code == 403, f"{endpoint}: {answer.text}"


def test_no_key_signs_or_lets_go(people: People, site: str) -> None:
    action = submitted(people[MemberRole.MARKETER])
    path = f"/actions/{action['id']}"
    vote = {"note": "x", "manifest_hash": action["manifest_hash"]}
    with by(made(people[MemberRole.ADMIN], *ALL), site) as program:
        for step in ("approve", "deny", "request-changes", "break-glass"):
            refused = program.post(f"{path}/{step}", json=vote)
            assert (refused.status_code, "a person does it" in refused.json()["detail"]) == (403, True)
        assert program.put("/policy", json={"rules": []}).status_code == 403
        assert program.post("/keys", json={"name": "x", "scopes": WRITING}).status_code == 403
        assert program.post("/kill-switch", json={"reason": "wrong price"}).json()["engaged"]
        released = program.post("/kill-switch", json={"engaged": False})
        assert (released.status_code, "API key" in released.json()["detail"]) == (403, True)
        assert program.get("/kill-switch").json()["switches"][0]["release_asked_at"] is None
        assert program.get(path).json()["state"] == "pending_approval"
        assert program.post(f"{path}/cancel").json()["state"] == "cancelled"


def test_a_key_may_no_more_than_its_owner_may_now(house: Settings, marketer: Person, site: str) -> None:
    with by(made(marketer, *ALL), site) as program:
        number = program.post("/actions", json=mail()).raise_for_status().json()["id"]
        assert program.delete(f"/recipients/{NOT_THERE}").status_code == 403, "for Admins"
        execute(house, "update memberships set role = 'viewer' where user_id = :id", id=marketer.id)
        assert program.post("/actions", json=mail()).status_code == 403
        assert program.get(f"/actions/{number}").status_code == 200
        execute(house, "delete from memberships where user_id = :id", id=marketer.id)
        assert program.get("/me").status_code == 401


@pytest.mark.parametrize(
    "end",
    [
        "update users set disabled_at = now() where id = :owner",
        "update api_keys set expires_at = now() where id = :key",
        "update api_keys set revoked_at = now() where id = :key",
    ],
)
def test_a_key_ends(house: Settings, marketer: Person, site: str, end: str) -> None:
    key = made(marketer, expires_at=(now() + timedelta(days=1)).isoformat())
    with by(key, site) as program:
        assert program.get("/me").json()["id"] == marketer.id
        execute(house, end.replace(":owner", str(marketer.id)).replace(":key", str(key["about"]["id"])))
        refused = program.get("/me")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


def test_owners_revoke_their_own_and_admins_all(people: People, site: str) -> None:
    marketer, approver = people[MemberRole.MARKETER], people[MemberRole.APPROVER]
    mine, other = made(marketer), made(marketer)
    with marketer.api() as api, approver.api() as stranger, people[MemberRole.ADMIN].api() as admin:
        path = f"/keys/{mine['about']['id']}"
        assert stranger.delete(path).status_code == 404
        assert stranger.get("/keys").json()["items"] == []
        assert stranger.get("/keys", params={"everyones": True}).status_code == 403
        assert len(admin.get("/keys", params={"everyones": True}).json()["items"]) == 2
        assert admin.get("/keys").json()["items"] == []
        assert api.delete(path).status_code == 204
        assert admin.delete(f"/keys/{other['about']['id']}").status_code == 204
        assert [key["revoked_at"] is not None for key in api.get("/keys").json()["items"]] == [True, True]
        for key in (mine, other):
            with by(key, site) as program:
                assert program.get("/me").status_code == 401
        chain = api.get("/audit", params={"entity": "api_key"}).json()["items"]
        assert [entry["action"] for entry in chain] == ["create", "create", "revoke", "revoke"]


def test_another_tenants_key_is_none(people: People, strangers: People) -> None:
    key = made(strangers[MemberRole.MARKETER])
    with people[MemberRole.ADMIN].api() as admin:
        assert admin.delete(f"/keys/{key['about']['id']}").status_code == 404
        assert admin.get("/keys", params={"everyones": True}).json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": " ", "scopes": WRITING},
        {"name": "x", "scopes": ["actions:approve"]},
        {"name": "x", "scopes": WRITING, "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "x", "scopes": WRITING, "user_id": 1},
    ],
)
def test_a_key_that_cannot_be_is_refused(marketer: Person, body: dict[str, Any]) -> None:
    with marketer.api() as api:
        assert api.post("/keys", json=body).status_code == 422


def test_nobody_writes_by_key_and_approves_by_hand(people: People, site: str) -> None:
    marketer, admin, approver = (
        people[role] for role in (MemberRole.MARKETER, MemberRole.ADMIN, MemberRole.APPROVER)
    )
    action = submitted(marketer)
    path = f"/actions/{action['id']}"
    with by(made(admin), site) as program, marketer.api() as author, admin.api() as owner:
        program.put(path, json={"payload": mail(subject="Free for all")["payload"]}).raise_for_status()
        author.post(f"{path}/submit").raise_for_status()
        refused = owner.post(
            f"{path}/approve", json={"manifest_hash": owner.get(path).json()["manifest_hash"]}
        )
        assert (refused.status_code, "own work" in refused.json()["detail"]) == (403, True)
        assert "This is your own work" in admin.forms().get(path).text
        with approver.api() as other:
            vote = {"manifest_hash": other.get(path).json()["manifest_hash"]}
            assert other.post(f"{path}/approve", json=vote).json()["state"] == "approved"


def test_the_chain_names_the_key_and_pages_name_its_owner(
    house: Settings, marketer: Person, site: str
) -> None:
    key = made(marketer)
    with by(key, site) as program, marketer.api() as api:
        number = program.post("/actions", json=mail()).raise_for_status().json()["id"]
        program.post(f"/actions/{number}/comments", json={"text": "made by night"}).raise_for_status()
        chain = api.get("/audit", params={"entity": "action", "entity_id": number}).json()["items"]
        assert {entry["actor"] for entry in chain} == {f"api_key:{key['about']['id']}"}
        assert api.get(f"/actions/{number}").json()["author_id"] == marketer.id
    assert "by the key The shop&#39;s server" in marketer.forms().get(f"/actions/{number}").text


def test_a_program_and_its_owner_have_their_own_idempotency_keys(marketer: Person, site: str) -> None:
    with by(made(marketer), site) as program, marketer.api() as api:
        headers = {"Idempotency-Key": "order 7"}
        answers = [who.post("/actions", json=mail(), headers=headers) for who in (program, api, program)]
        assert [answer.status_code for answer in answers] == [201] * 3
        first, second, third = (answer.json()["id"] for answer in answers)
        assert first == third != second


def test_last_use_is_written_once_a_minute(house: Settings, marketer: Person, site: str) -> None:
    key = made(marketer)
    with by(key, site) as program, marketer.api() as api:

        def last() -> str | None:
            program.get("/me").raise_for_status()
            return api.get("/keys").json()["items"][0]["last_used_at"]

        assert key["about"]["last_used_at"] is None
        first = last()
        assert first is not None
        assert last() == first
        execute(
            house,
            "update api_keys set last_used_at = last_used_at - interval '61 seconds' where id = :id",
            id=key["about"]["id"],
        )
        assert last() > first  # type: ignore[operator]


def test_keys_that_were_made_up_are_counted_by_address(house: Settings, marketer: Person) -> None:
    from store.records.api_keys import _checksum

    app = create_app(house)
    app.state.rates = Rates(5)
    with served(app) as address:
        answers = []
        for number in range(7):
            body = f"mp_{number:040d}"
            with by({"key": body + _checksum(body)}, address) as program:
                answers.append(program.get("/me").status_code)
        assert answers == [401] * 5 + [429] * 2
