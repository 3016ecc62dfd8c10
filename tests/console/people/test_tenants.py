"""Tenants over the API: a new one, those that one belongs to, and a token for each."""

import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from store import records
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.visitors import PASSWORD, Person, mail

People = dict[MemberRole, Person]


def a_slug() -> str:
    return f"n-{uuid.uuid4().hex[:12]}"


def signed_in(person: Person, slug: str) -> httpx.Response:
    body = {"email": person.email, "password": PASSWORD, "tenant": slug}
    return httpx.post(f"{person.site}/api/auth/login", json=body, timeout=30)


def at_work_in(person: Person, slug: str) -> httpx.Client:
    token = signed_in(person, slug).raise_for_status().json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{person.site}/api", headers=headers, timeout=30)


def test_whoever_opens_a_tenant_is_its_admin_and_takes_a_token_for_it(admin: Person) -> None:
    slug = a_slug()
    body = {"slug": slug, "name": "Branch", "time_zone": "Europe/Berlin", "currency": "CHF"}
    with admin.api() as api:
        headers = {"Idempotency-Key": slug}
        made = api.post("/tenants", json=body, headers=headers)
        assert made.status_code == 201, made.text
        assert api.post("/tenants", json=body, headers=headers).json() == made.json()
        branch = made.json()
        assert (branch["role"], branch["currency"]) == ("admin", "CHF")
        mine = api.get("/tenants").json()["items"]
        assert [tenant["id"] for tenant in mine] == [admin.tenant, branch["id"]]
        assert api.get("/me").json()["tenant"]["id"] == admin.tenant, "the token is still for the first one"
        number = api.post("/actions", json=mail()).json()["id"]
    with at_work_in(admin, slug) as there:
        assert there.get("/me").json()["tenant"] == {"id": branch["id"], "name": "Branch"}
        assert there.get(made.headers["location"].removeprefix("/api")).json() == branch
        assert there.get(f"/actions/{number}").status_code == 404
        chain = there.get("/audit").json()["items"]
        assert [(entry["action"], entry["actor"]) for entry in chain] == [
            ("create", f"user:{admin.id}"),
            ("admit", f"user:{admin.id}"),
        ]
        there.post("/actions", json=mail()).raise_for_status()


def test_a_token_is_had_for_ones_own_tenants_only(admin: Person, strangers: People) -> None:
    slug = a_slug()
    with strangers[MemberRole.ADMIN].api() as stranger:
        theirs = stranger.post("/tenants", json={"slug": slug, "name": "Theirs"}).raise_for_status().json()
    for other in (slug, "no-such-tenant"):
        refused = signed_in(admin, other)
        assert (refused.status_code, "no tenant" in refused.json()["detail"]) == (403, True)
    with admin.api() as api:
        assert theirs["id"] not in [tenant["id"] for tenant in api.get("/tenants").json()["items"]]
        for number in (theirs["id"], strangers[MemberRole.ADMIN].tenant, 2**60):
            assert api.get(f"/tenants/{number}").status_code == 404
            assert api.patch(f"/tenants/{number}", json={"name": "Mine"}).status_code == 404


def test_an_admin_says_what_the_tenant_is_called_and_counts_in(people: People) -> None:
    with people[MemberRole.ADMIN].api() as admin, people[MemberRole.VIEWER].api() as viewer:
        path = f"/tenants/{people[MemberRole.ADMIN].tenant}"
        before = viewer.get(path)
        assert viewer.patch(path, json={"name": "Mine"}).status_code == 403
        changed = admin.patch(path, json={"time_zone": "Asia/Tokyo", "currency": "JPY"}).json()
        assert (changed["name"], changed["time_zone"]) == (before.json()["name"], "Asia/Tokyo")
        tag = {"If-Match": before.headers["etag"]}
        assert admin.patch(path, json={"name": "Late"}, headers=tag).status_code == 412
        chain = admin.get("/audit", params={"entity": "tenant"}).json()["items"]
        assert chain[-1]["before"] == {"time_zone": "UTC", "currency": "EUR"}
        assert chain[-1]["after"]["changed"] == ["currency", "time_zone"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"slug": "-x"}, "slug"),
        ({"slug": "Groß"}, "slug"),
        ({"slug": "x\n"}, "slug"),
        ({"name": " "}, "name"),
        ({"time_zone": "Europe/Nowhere"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"currency": "euro"}, "currency"),
        ({"policy": {}}, "policy"),
        ({"id": 1}, "id"),
    ],
)
def test_a_tenant_that_cannot_be_is_refused(admin: Person, wrong: dict[str, Any], field: str) -> None:
    with admin.api() as api:
        refused = api.post("/tenants", json={"slug": a_slug(), "name": "x"} | wrong)
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == [field]


def test_a_slug_is_taken_once(admin: Person) -> None:
    slug = a_slug()
    with admin.api() as api:
        assert api.post("/tenants", json={"slug": slug, "name": "One"}).status_code == 201
        taken = api.post("/tenants", json={"slug": slug, "name": "Two"})
        assert (taken.status_code, taken.json()["errors"][0]["field"]) == (422, "slug")


def test_who_opens_tenants_is_an_admin(people: People) -> None:
    for role in set(MemberRole) - {MemberRole.ADMIN}:
        with people[role].api() as api:
            assert api.post("/tenants", json={"slug": a_slug(), "name": "x"}).status_code == 403, role


@pytest.mark.parametrize(
    "statement",
    [
        "insert into tenants (slug, name, suppression_salt) values ('x', 'x', '')",
        "update tenants set slug = 'x'",
        "update users set email = 'x'",
        "delete from api_keys",
        "update api_keys set user_id = 1",
    ],
)
def test_the_consoles_own_log_in_can_do_no_more(house: Settings, admin: Person, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        records.session(house, Role.CONSOLE, tenant=admin.tenant) as session,
    ):
        session.execute(text(statement))
