"""What each role may do, for people: the table of permissions itself, by subject, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastapi.routing import APIRoute

from console.door import scopes
from console.door.permissions import ACCESS
from console.door.versions import API
from store.records.api_keys import Scope
from store.records.people import MemberRole

# Where a subject's pages and its part of the API are called differently.
_SAME = {
    **dict.fromkeys(("login", "logout", "forgot", "reset", "join", "setup", "me", "auth"), "sign-in"),
    **dict.fromkeys(("recipients", "groups"), "contacts"),
    **dict.fromkeys(("healthz", "readyz"), "health"),
    "users": "people",
    "approvals": "actions",
    "policy": "settings",
    "standing-approvals": "settings",
    "admin": "",
    "docs": "",
}
_WITHOUT_SUBJECT = "overview"

ABOUT: dict[MemberRole, str] = {
    MemberRole.ADMIN: "Runs the tenant: people, keys, policy. Signs, writes and stops.",
    MemberRole.MARKETER: "Writes campaigns, mails and links, and asks for approval. Signs nothing.",
    MemberRole.APPROVER: "Reads exactly what will be sent, and signs it or not. Writes nothing.",
    MemberRole.ANALYST: "Reads figures, contacts and the audit, and works in the Dagster UI.",
    MemberRole.VIEWER: "Looks at campaigns, actions and figures, and changes nothing.",
}


@dataclass(frozen=True, slots=True)
class Right:
    """One endpoint: what it does, by page or by API, and who may; `roles` None is anybody, signed in or not."""

    name: str
    endpoint: str
    roles: frozenset[MemberRole] | None
    scope: Scope | None

    @property
    def by_api(self) -> bool:
        return f" {API}" in self.endpoint

    def allows(self, role: MemberRole) -> bool:
        return self.roles is None or role in self.roles


@dataclass(frozen=True, slots=True)
class Subject:
    name: str
    rights: Sequence[Right]


def subjects(routes: Iterable[object]) -> list[Subject]:
    """Every row of the table once, in words; subjects by name, what only looks before what changes."""
    found: dict[str, list[Right]] = {}
    for route in routes:
        if not isinstance(route, APIRoute):
            continue
        for method in route.methods or ():
            endpoint = f"{method} {route.path}"
            if endpoint in ACCESS:
                said = route.name.replace("_", " ").capitalize()
                right = Right(said, endpoint, ACCESS[endpoint], scopes.SCOPES.get(endpoint))
                found.setdefault(_subject(route.path), []).append(right)
    return [
        Subject(name.replace("-", " ").capitalize(), sorted(rights, key=_order))
        for name, rights in sorted(found.items())
    ]


def _subject(path: str) -> str:
    first = path.removeprefix(API).strip("/").partition("/")[0]
    return _SAME.get(first, first) or _WITHOUT_SUBJECT


def _order(right: Right) -> tuple[bool, bool, str]:
    return right.by_api, not right.endpoint.startswith("GET "), right.endpoint
