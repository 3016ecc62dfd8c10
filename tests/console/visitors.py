"""People of a tenant, and the three ways in which they come: with a form, with a token, with a browser."""

import re
import uuid
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import httpx

from store import passwords, records
from store.records.people import MemberRole, Membership, User
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.conftest import TRUST

PASSWORD = "a horse that is correct"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@cache
def _hash() -> str:
    return passwords.hashed(PASSWORD)


@dataclass(frozen=True)
class Person:
    """Somebody with a role in a tenant, and the site where they work."""

    id: int
    email: str
    role: MemberRole
    tenant: TenantId
    site: str

    def api(self) -> httpx.Client:
        """A program that acts for this person."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=f"{self.site}/api", headers=headers, timeout=30, verify=TRUST)

    @cached_property
    def token(self) -> str:
        log_in = {"email": self.email, "password": PASSWORD}
        answer = httpx.post(f"{self.site}/api/auth/login", json=log_in, timeout=30, verify=TRUST)
        return answer.raise_for_status().json()["access_token"]

    def forms(self) -> "Forms":
        """A signed-in browser without its engine."""
        forms = Forms(self.site)
        forms.post("/login", email=self.email, password=PASSWORD, next="/")
        assert forms.client.cookies, "not signed in"
        return forms


def begun(client: httpx.Client, path: str, **asked: Any) -> httpx.Response:
    """What is there; a stream is left as soon as it has begun, since it has no end to wait for."""
    with client.stream("GET", path, **asked) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.read()
    return answer


class Forms:
    """Opens pages and posts their forms, with the headers that a browser sends."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.client = httpx.Client(base_url=site, timeout=30, verify=TRUST)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return begun(self.client, path, headers=headers)

    @cached_property
    def csrf(self) -> str:
        found = _CSRF.search(self.get("/kill-switch").text)
        assert found
        return found[1]

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        return self.client.post(path, data=fields, headers={"Origin": self.site, **(headers or {})})

    def post_signed(self, path: str, **fields: Any) -> httpx.Response:
        return self.post(path, csrf=self.csrf, **fields)


def person(house: Settings, site: str, tenant: TenantId, role: MemberRole, name: str = "") -> Person:
    with records.session(house, Role.OWNER) as session:
        user = User(
            email=f"{role}-{uuid.uuid4().hex[:10]}@example.com",
            name=name or f"{role.capitalize()} of {tenant}",
            password_hash=_hash(),
        )
        session.add(user)
        session.flush()
        session.add(Membership(tenant_id=tenant, user_id=user.id, role=role))
        return Person(user.id, user.email, role, tenant, site)


def everyone(house: Settings, site: str, tenant: TenantId) -> dict[MemberRole, Person]:
    return {role: person(house, site, tenant, role) for role in MemberRole}


def mail(**changes: Any) -> dict[str, Any]:
    """The body of a new action that can be submitted."""
    payload = {"recipient": "user@example.com", "subject": "Winter sale", "body": "Hello,\n\nit is cold."}
    return {"type": "email", "payload": payload | changes, "purpose": "contract", "dry_run": False}


def written(author: Person, **changes: Any) -> int:
    """A draft."""
    with author.api() as api:
        return api.post("/actions", json=mail(**changes)).raise_for_status().json()["id"]


def submitted(author: Person, **changes: Any) -> dict[str, Any]:
    """An action that waits for approval, as the API shows it."""
    action = written(author, **changes)
    with author.api() as api:
        return api.post(f"/actions/{action}/submit").raise_for_status().json()
