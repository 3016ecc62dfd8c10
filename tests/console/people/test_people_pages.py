"""People, roles, keys, tenants and settings as pages: what is shown, what is done, and by whom."""

import re
import uuid

import pytest
from playwright.sync_api import Browser
from sqlalchemy import event, text

from console.door.permissions import ACCESS
from store import records
from store.records.database import engine
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.console.frame.test_browser import fit_every_screen, opened, sign_in_by_keyboard
from tests.console.visitors import Forms, Person, person

People = dict[MemberRole, Person]
PAGES = ("/people", "/people/roles", "/keys", "/tenants", "/settings", "/account")


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def joined(house: Settings, who: Person, tenant: TenantId, role: MemberRole) -> None:
    with records.session(house, Role.OWNER) as session:
        session.execute(
            text("insert into memberships (tenant_id, user_id, role) values (:t, :u, :r)"),
            {"t": tenant, "u": who.id, "r": role},
        )


def test_an_admin_changes_a_role_and_removes_somebody(people: People) -> None:
    forms, viewer = people[MemberRole.ADMIN].forms(), people[MemberRole.VIEWER]
    for person_ in people.values():
        assert person_.email in forms.get("/people").text
    changed = forms.post_signed(f"/people/{viewer.id}/role", role="analyst")
    assert changed.headers["location"] == "/people?done=changed"
    with viewer.api() as api:
        assert api.get("/me").json()["role"] == "analyst"
    forms.post_signed(f"/people/{viewer.id}/remove")
    assert viewer.email not in forms.get("/people").text
    assert forms.post_signed(f"/people/{viewer.id}/role", role="admin").status_code == 404


def test_the_last_admin_stays(people: People) -> None:
    admin = people[MemberRole.ADMIN]
    forms = admin.forms()
    for what, fields in (("role", {"role": "viewer"}), ("remove", {}), ("disable", {})):
        refused = forms.post_signed(f"/people/{admin.id}/{what}", **fields)
        assert refused.status_code == 409, what
    assert forms.get("/people").status_code == 200


def test_whoever_is_disabled_is_out_at_once_and_comes_back_when_enabled(people: People) -> None:
    forms, marketer = people[MemberRole.ADMIN].forms(), people[MemberRole.MARKETER]
    theirs = marketer.forms()
    forms.post_signed(f"/people/{marketer.id}/disable")
    assert theirs.get("/").headers["location"] == "/login"
    assert Forms(marketer.site).post("/login", email=marketer.email, password="x").status_code == 401
    forms.post_signed(f"/people/{marketer.id}/enable")
    assert marketer.forms().get("/").status_code == 200


def test_another_tenants_people_are_nobody(people: People, strangers: People) -> None:
    forms, theirs = people[MemberRole.ADMIN].forms(), strangers[MemberRole.MARKETER]
    assert theirs.email not in forms.get("/people").text
    for what in ("role", "remove", "disable", "enable", "new-password"):
        assert forms.post_signed(f"/people/{theirs.id}/{what}", role="viewer").status_code == 404, what
    assert theirs.forms().get("/").status_code == 200


def test_an_invitation_that_cannot_be_is_said_beside_its_field(admin: Person) -> None:
    refused = admin.forms().post_signed("/people/invite", email="nobody", name="Nia <b>", role="viewer")
    assert refused.status_code == 422
    assert 'id="email-trouble"' in refused.text
    assert 'value="nobody"' in refused.text
    assert "Nia &lt;b&gt;" in refused.text


def test_the_page_of_roles_is_the_table_itself(people: People) -> None:
    shown = people[MemberRole.VIEWER].forms().get("/people/roles").text
    rows = dict(re.findall(r"<code>([A-Z]+ /[^<]*)</code></th>(.*?)</tr>", shown, re.DOTALL))
    assert set(rows) == set(ACCESS)
    for endpoint, cells in rows.items():
        said = re.findall(r'<span class="unseen">(may(?: not)?)</span>', cells)
        roles = ACCESS[endpoint]
        assert said == ["may" if roles is None or role in roles else "may not" for role in MemberRole], (
            endpoint
        )


def test_a_key_is_shown_once_and_does_what_it_is_for(people: People) -> None:
    import httpx

    marketer, admin = people[MemberRole.MARKETER], people[MemberRole.ADMIN]
    forms = marketer.forms()
    nothing = forms.post_signed("/keys", name="Till 7", days="90")
    assert (nothing.status_code, "Tick what the key is for" in nothing.text) == (422, True)
    made = forms.post_signed("/keys", name="Till 7", days="90", scopes=["actions:read", "links:read"])
    secret = re.search(r"mp_[0-9A-Za-z]{48}", made.text)
    assert secret
    assert secret[0] not in forms.get("/keys").text
    headers = {"Authorization": f"Bearer {secret[0]}"}
    assert httpx.get(f"{marketer.site}/api/actions", headers=headers).status_code == 200
    assert httpx.get(f"{marketer.site}/api/campaigns", headers=headers).status_code == 403
    number = re.findall(r"/keys/(\d+)/revoke", forms.get("/keys").text)[0]
    assert people[MemberRole.APPROVER].forms().post_signed(f"/keys/{number}/revoke").status_code == 404
    assert people[MemberRole.APPROVER].forms().get("/keys?everyones=true").status_code == 403
    boss = admin.forms()
    assert "Till 7" not in boss.get("/keys").text
    assert "Till 7" in boss.get("/keys?everyones=true").text
    assert boss.post_signed(f"/keys/{number}/revoke").headers["location"] == "/keys?done=revoked"
    assert httpx.get(f"{marketer.site}/api/actions", headers=headers).status_code == 401


def test_the_switch_leads_to_tenants_of_ones_own_only(
    house: Settings, people: People, strangers: People
) -> None:
    marketer, stranger = people[MemberRole.MARKETER], strangers[MemberRole.ADMIN]
    forms = marketer.forms()
    assert 'id="tenant-switch"' not in forms.get("/").text, "who has one tenant needs no switch"
    foreign = forms.post_signed("/tenants/switch", tenant=stranger.tenant)
    assert foreign.status_code == 404
    assert forms.post_signed("/tenants/switch", tenant=2**60).status_code == 404
    joined(house, marketer, stranger.tenant, MemberRole.VIEWER)
    assert 'id="tenant-switch"' in forms.get("/").text
    gone = forms.post_signed("/tenants/switch", tenant=stranger.tenant)
    assert gone.headers["location"] == "/"
    there = plain(forms.get("/account").text)
    assert "Viewer in Strangers" in there
    assert forms.post_signed("/kill-switch/pull").status_code == 403, "the role is the one of that tenant"
    forms.post_signed("/tenants/switch", tenant=marketer.tenant)
    assert "Marketer in" in plain(forms.get("/account").text)


def test_an_admin_says_what_the_tenant_is_called_and_opens_another(people: People) -> None:
    forms = people[MemberRole.ADMIN].forms()
    wrong = forms.post_signed("/tenants/change", name="X", time_zone="Mars/Crater", currency="EUR")
    assert (wrong.status_code, "Mars/Crater" in wrong.text) == (422, True)
    fields = {"name": "Renamed", "time_zone": "Europe/Berlin", "currency": "chf"}
    assert forms.post_signed("/tenants/change", **fields).headers["location"] == "/tenants?done=changed"
    page = plain(forms.get("/tenants").text)
    assert "Renamed" in page
    assert "CHF" in page
    slug = f"n-{uuid.uuid4().hex[:10]}"
    opening = {"slug": slug, "name": "Another", "time_zone": "UTC", "currency": "EUR"}
    assert forms.post_signed("/tenants", **opening).headers["location"] == "/tenants?done=opened"
    taken = forms.post_signed("/tenants", **opening)
    assert (taken.status_code, "taken" in taken.text) == (422, True)
    assert slug in forms.get("/tenants").text


def test_the_policy_is_a_form(people: People) -> None:
    admin = people[MemberRole.ADMIN]
    forms = admin.forms()
    given = {
        "default_purpose": "contract",
        "allow_lone_release": "1",
        "rule-0": "1",
        "type-0": "email",
        "risk-0": "high",
        "quorum-0": "3",
        "signer-0": "approver",
        "self_approval-0": "no",
        "expires_hours-0": "24",
        "most_a_day-0": "5000",
        "rule-1": "1",
        "type-1": "",
    }
    assert forms.post_signed("/settings/policy", **given).headers["location"] == "/settings?done=policy"
    with admin.api() as api:
        policy = api.get("/policy").json()
    assert policy["default_purpose"] == "contract"
    assert policy["allow_lone_release"] is True
    rule = {name: value for name, value in policy["rules"][0].items() if value is not None}
    assert rule == {
        "type": "email",
        "risk": "high",
        "quorum": 3,
        "roles": ["approver"],
        "self_approval": False,
        "expires_hours": 24,
        "most_a_day": 5000,
    }
    assert len(policy["rules"]) == 1
    shown = forms.get("/settings").text
    assert 'name="most_a_day-0" type="text" value="5000"' in shown
    wrong = forms.post_signed("/settings/policy", **(given | {"quorum-0": "many"}))
    assert (wrong.status_code, 'value="many"' in wrong.text) == (422, True)
    assert 'role="alert"' in wrong.text
    forms.post_signed("/settings/policy", **(given | {"drop-0": "1"}))
    with admin.api() as api:
        assert api.get("/policy").json()["rules"] == []


def test_a_rule_that_names_two_kinds_of_signers_keeps_both(people: People) -> None:
    admin = people[MemberRole.ADMIN]
    with admin.api() as api:
        rules = [{"type": "email", "roles": ["admin", "approver"], "quorum": 2}]
        api.put("/policy", json={"rules": rules}).raise_for_status()
        shown = admin.forms().get("/settings").text
        chosen = re.findall(r'id="signer-0".*?</select>', shown, re.DOTALL)[0]
        assert 'value="admin approver" selected' in chosen
        fields = {"rule-0": "1", "type-0": "email", "signer-0": "admin approver", "quorum-0": "2"}
        admin.forms().post_signed("/settings/policy", **fields)
        assert api.get("/policy").json()["rules"][0]["roles"] == ["admin", "approver"]


def test_what_is_kept_of_visitors_is_chosen_there(house: Settings, people: People) -> None:
    admin = people[MemberRole.ADMIN]
    chosen = {"consent_rule": "opt_in", "visitor_ids": "daily", "stored_addresses": "none"}
    forms = admin.forms()
    assert forms.post_signed("/settings/privacy", **chosen).headers["location"] == "/settings?done=privacy"
    with records.session(house, Role.OWNER) as session:
        row = session.execute(
            text("select consent_rule, visitor_ids, stored_addresses from tenants where id = :t"),
            {"t": admin.tenant},
        ).one()
    assert tuple(row) == ("opt_in", "daily", "none")
    assert forms.post_signed("/settings/privacy", **(chosen | {"visitor_ids": "forever"})).status_code == 422


def test_the_installation_is_shown_to_admins_without_its_secrets(house: Settings, people: People) -> None:
    shown = people[MemberRole.ADMIN].forms().get("/settings").text
    assert "SESSION_IDLE_MINUTES" in shown
    secrets = [house.derived("csrf").hex(), house.token_key, house.root_secret.decode()]
    assert not [secret for secret in secrets if secret in shown]
    for name in ("SECRET_KEY", "SMTP_PASSWORD", "DATABASE_URL", "CLICKHOUSE_URL", "ROLE_PASSWORDS"):
        row = re.search(rf"<code>{name}</code>.*?<td[^>]*>(.*?)</td>", shown, re.DOTALL)
        assert row, name
        assert row[1] in {"set", "not set"}, name
    assert "SESSION_IDLE_MINUTES" not in people[MemberRole.MARKETER].forms().get("/settings").text


def test_a_page_asks_the_records_no_more_for_more_people(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    few = statements(house, forms, "/people")
    for _ in range(12):
        person(house, admin.site, admin.tenant, MemberRole.VIEWER)
        forms.post_signed("/people/invite", email=f"{uuid.uuid4().hex}@example.com", name="", role="viewer")
    assert statements(house, forms, "/people") == few


def statements(house: Settings, forms: Forms, path: str) -> int:
    counted: list[str] = []

    def count(*given: object) -> None:
        counted.append(str(given[2]))

    watched = engine(house, Role.CONSOLE)
    event.listen(watched, "before_cursor_execute", count)
    try:
        assert forms.get(path).status_code == 200
    finally:
        event.remove(watched, "before_cursor_execute", count)
    return len(counted)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_every_screen(browser: Browser, people: People, scheme: str) -> None:
    admin = people[MemberRole.ADMIN]
    admin.forms().post_signed(
        "/people/invite", email=f"{uuid.uuid4().hex}@example.com", name="", role="viewer"
    )
    with opened(browser, admin.site, color_scheme=scheme) as page:
        sign_in_by_keyboard(page, admin)
        fit_every_screen(page, (*PAGES, "/forgot"))
