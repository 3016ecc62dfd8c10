"""How much the API answers at once and how long it tries, both by settings."""

import uuid
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text

from console.app import create_app
from store import records
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.console.conftest import served
from tests.console.scripted import LIST, in_a_day
from tests.console.visitors import Person, mail, person

LISTS = [
    "/actions", "/recipients", "/recipients/active", "/groups", "/audit", "/keys", "/tenants", "/users", "/campaigns",
    "/projects", "/links", "/assets", "/alerts", "/dead-letters", "/standing-approvals",
    "/exports", "/hold-outs", "/uploads", "/identity/splits", "/feeds", "/ads",
]  # fmt: skip
# What only the gate and its watchers write: four alerts, four failed actions of four messages, four standing approvals.
BY_THE_GATE = (
    """insert into alerts (tenant_id, kind, subject, occurred_at, about)
       select :tenant, 'glass_broken', n::text, now(), '{}' from generate_series(1, 4) n""",
    *(
        f"update actions set state = '{state}' where tenant_id = :tenant"
        for state in ("pending_approval", "approved", "executing", "failed")
    ),
    """insert into deliveries (tenant_id, action_id, version, recipient_key, message_id, state, outcome, settled_at)
       select :tenant, actions.id, 0, n::text, actions.id || '/' || n, 'failed', 'no', now()
       from actions, generate_series(1, 4) n where tenant_id = :tenant""",
    """insert into standing_approvals (tenant_id, action_id, version, most, until)
       select :tenant, (select min(id) from actions where tenant_id = :tenant), n, 1, current_date
       from generate_series(1, 4) n""",
    "insert into connections (tenant_id, channel, name) values (:tenant, 'meta', 'Meta')",
    """insert into ad_accounts (tenant_id, channel, account_id, name, connection_id)
       select :tenant, 'meta', '1', 'Shop', id from connections where tenant_id = :tenant""",
    """insert into ad_campaigns (tenant_id, ad_account_id, external_id, name, status)
       select :tenant, a.id, n::text, 'Spring', 'running' from ad_accounts a, generate_series(1, 4) n where tenant_id = :tenant""",
)


@pytest.fixture
def sparing(house: Settings) -> Iterator[str]:
    chosen = {"api_page_size": 2, "api_largest_page": 3, "api_query_seconds": 1}
    with served(create_app(house.model_copy(update=chosen))) as address:
        yield address


@pytest.fixture
def admin(house: Settings, sparing: str, tenant: TenantId) -> Person:
    return person(house, sparing, tenant, MemberRole.ADMIN)


def fill(api: httpx.Client, house: Settings, tenant_id: TenantId) -> list[str]:
    """Four of everything, and the lists of what is in a group, was said of an action and failed of one."""
    people = [api.post("/recipients", json={"email": f"r{n}@example.com"}).json()["id"] for n in range(4)]
    groups = [api.post("/groups", json={"name": f"Group {n}"}).json()["id"] for n in range(4)]
    actions = [api.post("/actions", json=mail()).json()["id"] for _ in range(4)]
    members, remarks = f"/groups/{groups[0]}/recipients", f"/actions/{actions[0]}/comments"
    api.post(members, json={"recipients": people}).raise_for_status()
    for number in range(4):
        api.post(remarks, json={"text": f"Remark {number}"}).raise_for_status()
        api.post("/keys", json={"name": f"Key {number}", "scopes": ["actions:read"]}).raise_for_status()
        tenant = {"slug": f"l-{uuid.uuid4().hex[:12]}", "name": f"Tenant {number}"}
        api.post("/tenants", json=tenant).raise_for_status()
        user = {"email": f"{uuid.uuid4().hex}@example.com", "role": "viewer", "password": "x" * 12}
        api.post("/users", json=user).raise_for_status()
        api.post("/campaigns", json={"name": f"Campaign {number}"}).raise_for_status()
        api.post("/projects", json={"name": f"Project {number}"}).raise_for_status()
        api.post("/links", json={"long_url": f"https://example.com/{number}"}).raise_for_status()
        words = {"kind": "text", "name": "Claim", "text": f"Claim {number}"}
        api.post("/assets", json=words).raise_for_status()
        asked = {"report": "timeseries", "arguments": {"metric": "spend"}}
        api.post("/exports", json=asked).raise_for_status()
        api.post("/uploads", json={"text": LIST}).raise_for_status()
        hold_out = {"name": "x", "question": "x", "first_day": in_a_day(), "last_day": in_a_day()}
        api.post("/hold-outs", json=hold_out).raise_for_status()
        api.post("/feeds", json={"name": "News", "url": f"https://{number}.example/"}).raise_for_status()
        split = {"visitor_id": f"device {number}", "person_id": "user:ann", "reason": "The till in the shop."}
        api.post("/identity/splits", json=split).raise_for_status()
    with records.session(house, Role.OWNER) as session:
        for statement in BY_THE_GATE:
            session.execute(text(statement), {"tenant": tenant_id})
    return [members, remarks, f"/dead-letters/{actions[0]}", f"/actions/{actions[0]}/deliveries"]


def test_every_list_has_the_pages_that_are_set(house: Settings, admin: Person) -> None:
    with admin.api() as api:
        described = api.get("/openapi.json").json()["paths"].values()
        lists = [*LISTS, *fill(api, house, admin.tenant)]
        assert len(lists) == sum("next_cursor" in str(methods.get("get")) for methods in described)
        for path in lists:
            first = api.get(path).json()
            assert len(first["items"]) == 2, path
            second = api.get(path, params={"cursor": first["next_cursor"]}).json()
            assert second["items"][0] not in first["items"], path
            assert len(api.get(path, params={"limit": 3}).json()["items"]) == 3, path
            refused = api.get(path, params={"limit": 4})
            assert refused.status_code == 422, path
            assert refused.json()["errors"] == [
                {"field": "limit", "reason": "must be at most 3; `next_cursor` leads on"}
            ]
            assert api.get(path, params={"limit": 0}).status_code == 422


def test_what_takes_too_long_is_given_up_and_changes_nothing(house: Settings, admin: Person) -> None:
    """Somebody holds the row; the request does not wait for ever."""
    with admin.api() as api:
        path = f"/actions/{api.post('/actions', json=mail()).json()['id']}"
        with records.session(house, Role.OWNER) as session:
            session.execute(
                text("select 1 from actions where id = :id for update"), {"id": path.split("/")[-1]}
            )
            given_up = api.post(f"{path}/cancel")
        assert given_up.status_code == 503
        assert "took too long" in given_up.json()["detail"]
        assert int(given_up.headers["retry-after"]) > 0
        assert api.get(path).json()["state"] == "draft"
        assert api.post(f"{path}/cancel").json()["state"] == "cancelled"
