"""Every endpoint × every role, over HTTP, is exactly the table; another tenant's number is no number at all."""

import itertools

import httpx
import pytest

from console.app import create_app, endpoints
from console.permissions import ACCESS
from store.records.people import MemberRole
from store.settings import Settings
from tests.console.visitors import Forms, Person, submitted

API = "/api/"
NOT_THERE = 2**60
OPEN = frozenset(endpoint for endpoint, roles in ACCESS.items() if roles is None)


def knock(visitor: Forms | httpx.Client, endpoint: str, action: int) -> httpx.Response:
    """Calls an endpoint with as little as it takes to be let in or turned away."""
    method, _, path = endpoint.partition(" ")
    path = path.replace("{action_id}", str(action))
    if isinstance(visitor, httpx.Client):
        return visitor.request(method, path.removeprefix("/api"), json=None if method == "GET" else {})
    return visitor.get(path) if method == "GET" else visitor.post_signed(path)


def test_the_table_names_every_endpoint() -> None:
    assert set(endpoints()) == set(ACCESS)


def test_an_endpoint_without_a_row_does_not_start(house: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ACCESS, "GET /api/audit")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="GET /api/audit"):
        create_app(house)


@pytest.mark.parametrize("role", list(MemberRole))
def test_a_role_may_exactly_what_the_table_says(people: dict[MemberRole, Person], role: MemberRole) -> None:
    forms, api = people[role].forms(), people[role].api()
    closed = {endpoint for endpoint in ACCESS if endpoint not in OPEN and endpoint != "POST /logout"}
    with api:
        refused = {
            endpoint
            for endpoint in closed
            if knock(api if API in endpoint else forms, endpoint, NOT_THERE).status_code == 403
        }
    assert refused == {endpoint for endpoint in closed if role not in (ACCESS[endpoint] or ())}


def test_nobody_passes_without_signing_in(site: str) -> None:
    stranger = httpx.Client(base_url=site, headers={"Origin": site})
    with stranger:
        for endpoint in set(ACCESS) - OPEN:
            method, _, path = endpoint.partition(" ")
            answer = stranger.request(method, path.replace("{action_id}", "1"), data={})
            if API in endpoint:
                assert answer.status_code == 401, endpoint
                assert answer.headers["www-authenticate"] == "Bearer"
            else:
                assert answer.status_code in {302, 303}, endpoint
                assert answer.headers["location"].startswith("/login"), endpoint


def test_another_tenants_number_is_a_404(
    people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    theirs = submitted(strangers[MemberRole.MARKETER])
    mine = people[MemberRole.ADMIN]
    vote = {"note": "mine now", "manifest_hash": theirs["manifest_hash"]}
    edit = {"payload": theirs["payload"]}
    forms = mine.forms()
    with mine.api() as api:
        for action, suffix in itertools.product(
            (theirs["id"], NOT_THERE),
            ("", "/html", "/submit", "/cancel", "/approve", "/deny", "/request-changes"),
        ):
            path = f"/actions/{action}{suffix}"
            shown = forms.get(path) if suffix in {"", "/html"} else forms.post_signed(path, **vote)
            assert shown.status_code == 404, path
            if suffix != "/html":
                answer = api.get(path) if suffix == "" else api.post(path, json=vote)
                assert answer.status_code == 404, path
        assert api.put(f"/actions/{theirs['id']}", json=edit).status_code == 404
        assert theirs["id"] not in [item["id"] for item in api.get("/actions").json()["items"]]
    with strangers[MemberRole.VIEWER].api() as theirs_still:
        assert theirs_still.get(f"/actions/{theirs['id']}").json()["state"] == "pending_approval"


def test_a_role_taken_away_is_gone_at_the_next_request(house: Settings, approver: Person) -> None:
    from sqlalchemy import text

    from store import records
    from store.settings import Role

    forms = approver.forms()
    with approver.api() as api:
        assert api.get("/me").json()["role"] == "approver"
        with records.session(house, Role.OWNER) as session:
            session.execute(
                text("update memberships set role = 'viewer' where user_id = :user"), {"user": approver.id}
            )
        assert api.get("/me").json()["role"] == "viewer"
        assert forms.post_signed("/kill-switch/pull").status_code == 403
        with records.session(house, Role.OWNER) as session:
            session.execute(text("delete from memberships where user_id = :user"), {"user": approver.id})
        assert api.get("/me").status_code == 401
        assert forms.get("/").headers["location"] == "/login"
