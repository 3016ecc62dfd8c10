"""Signing in and staying signed in; forged, replayed and foreign requests change nothing."""

import time
from datetime import timedelta

import httpx
import jwt
import pytest
from sqlalchemy import text

from console.door.origins import path_of_ours
from store import records
from store.clock import now
from store.settings import Role, Settings, load
from tests.console.visitors import PASSWORD, Forms, Person, submitted


def test_a_wrong_password_and_an_unknown_address_look_the_same(site: str, approver: Person) -> None:
    forms = Forms(site)
    wrong = forms.post("/login", email=approver.email, password="wrong")
    unknown = forms.post("/login", email="nobody@example.com", password="wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace(approver.email, "") == unknown.text.replace("nobody@example.com", "")
    assert not forms.client.cookies


def test_the_cookie_is_kept_from_scripts_and_other_sites(site: str, approver: Person) -> None:
    answer = Forms(site).post("/login", email=approver.email, password=PASSWORD)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie


def test_signing_out_ends_the_log_in_and_not_just_the_cookie(approver: Person) -> None:
    forms = approver.forms()
    kept = dict(forms.client.cookies)
    assert forms.post_signed("/logout").status_code == 303
    assert httpx.get(approver.site, cookies=kept).headers["location"] == "/login"


def test_a_log_in_ends_after_a_while(house: Settings, approver: Person) -> None:
    for column, length in (
        ("last_seen_at", timedelta(minutes=house.session_idle_minutes)),
        ("created_at", timedelta(hours=house.session_absolute_hours)),
    ):
        forms = approver.forms()
        assert forms.get("/").status_code == 200
        with records.session(house, Role.OWNER) as session:
            session.execute(
                text(f"update log_ins set {column} = :then where user_id = :user"),
                {"then": now() - length - timedelta(minutes=1), "user": approver.id},
            )
        assert forms.get("/").headers["location"] == "/login"


@pytest.mark.parametrize(
    "origin",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_form_changes_nothing(
    marketer: Person, approver: Person, origin: dict[str, str]
) -> None:
    action = submitted(marketer)
    forms = approver.forms()
    fields = {"csrf": forms.csrf, "manifest_hash": action["manifest_hash"]}
    refused = forms.post(f"/actions/{action['id']}/approve", headers=origin, **fields)
    assert refused.status_code == 403
    with approver.api() as api:
        assert api.get(f"/actions/{action['id']}").json()["state"] == "pending_approval"
        program = api.post(f"/actions/{action['id']}/approve", json={}, headers=origin)
        assert program.status_code == 403


def test_a_form_that_says_nothing_of_its_origin_is_refused(approver: Person) -> None:
    forms = approver.forms()
    silent = forms.client.post("/kill-switch/pull", data={"csrf": forms.csrf})
    assert silent.status_code == 403


def test_a_forged_or_borrowed_token_is_refused(marketer: Person, approver: Person, admin: Person) -> None:
    action = submitted(marketer)
    forms, other = approver.forms(), admin.forms()
    path, fields = f"/actions/{action['id']}/approve", {"manifest_hash": action["manifest_hash"]}
    for token in ("", "0" * 64, other.csrf, "Ω"):
        assert forms.post(path, csrf=token, **fields).status_code == 403
    assert forms.post(path, **fields).status_code == 403
    assert forms.post(path, csrf=forms.csrf, **fields).status_code == 303


def test_a_get_signs_nothing(marketer: Person, approver: Person) -> None:
    action = submitted(marketer)
    forms = approver.forms()
    for suffix in ("approve", "deny", "cancel", "submit"):
        assert forms.get(f"/actions/{action['id']}/{suffix}").status_code == 405
    with approver.api() as api:
        assert api.get(f"/actions/{action['id']}/approve").status_code == 405
        assert api.get(f"/actions/{action['id']}").json()["state"] == "pending_approval"


def test_a_token_that_was_tampered_with_does_not_hold(house: Settings, approver: Person) -> None:
    claims = {"sub": str(approver.id), "tenant": approver.tenant, "aud": "console-api"}
    later = int(time.time()) + 600
    whole = claims | {"iat": later - 1200, "exp": later}
    tokens = [
        jwt.encode(whole, "another key that is long enough to sign", "HS256"),
        jwt.encode(whole, "", "none"),
        jwt.encode(whole | {"exp": later - 1100}, house.token_key, "HS256"),
        jwt.encode(whole | {"aud": "elsewhere"}, house.token_key, "HS256"),
        jwt.encode(claims, house.token_key, "HS256"),
        jwt.encode(whole | {"tenant": approver.tenant + 1}, house.token_key, "HS256"),
        jwt.encode(whole | {"tenant": "x"}, house.token_key, "HS256"),
        "not.a.token",
    ]
    for token in tokens:
        refused = httpx.get(f"{approver.site}/api/me", headers={"Authorization": f"Bearer {token}"})
        assert refused.status_code == 401, token
    good = jwt.encode(whole, house.token_key, "HS256")
    assert (
        httpx.get(f"{approver.site}/api/me", headers={"Authorization": f"Bearer {good}"}).status_code == 200
    )


def test_the_cookie_does_not_open_the_api(approver: Person) -> None:
    assert approver.forms().get("/api/me").status_code == 401


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "",
        "\\\\e",
    ],
)
def test_next_leads_to_a_path_of_ours_only(site: str, approver: Person, target: str) -> None:
    assert path_of_ours(target) == "/"
    answer = Forms(site).post("/login", email=approver.email, password=PASSWORD, next=target)
    assert answer.headers["location"] == "/"


def test_signing_in_leads_back_to_what_was_wanted(site: str, approver: Person) -> None:
    forms = Forms(site)
    sent = forms.get("/actions?state=denied")
    assert sent.headers["location"] == "/login?next=%2Factions%3Fstate%3Ddenied"
    assert 'value="/actions?state=denied"' in forms.get(sent.headers["location"]).text


def test_the_dagster_ui_opens_for_whom_the_console_knows(people: dict, site: str) -> None:
    asked = {"X-Forwarded-Uri": "/runs?view=all", "X-Forwarded-Method": "GET"}
    sent = httpx.get(f"{site}/auth/forward", headers=asked)
    assert (sent.status_code, sent.headers["location"]) == (302, "/login?next=%2Fruns%3Fview%3Dall")
    stray = httpx.get(f"{site}/auth/forward", headers={"X-Forwarded-Uri": "//evil.example/"})
    assert stray.headers["location"] == "/login"
    for role, person in people.items():
        answer = person.forms().get("/auth/forward", **asked)
        works = role in {"admin", "analyst", "marketer"}
        assert answer.status_code == 204, role
        assert answer.headers["x-auth-door"] == ("works" if works else "reads"), role


def test_another_sites_request_does_not_reach_the_dagster_ui(admin: Person) -> None:
    forms = admin.forms()
    post = {"X-Forwarded-Uri": "/graphql", "X-Forwarded-Method": "POST"}
    assert forms.get("/auth/forward", Origin="https://evil.example", **post).status_code == 403
    assert forms.get("/auth/forward", Origin=forms.site, **post).status_code == 204


def test_over_tls_the_cookie_is_bound_to_its_host(house: Settings, approver: Person) -> None:
    from console.app import create_app
    from tests.console.conftest import served

    tls = load(
        _env_file=None,
        data_dir=house.data_dir,
        port_base=house.port_base,
        public_api_host="https://console.example.com",
    )
    with served(create_app(tls)) as address:
        answer = Forms(address).post("/login", email=approver.email, password=PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-console=")
    assert "secure" in cookie.lower()
    assert "strict-transport-security" in answer.headers
