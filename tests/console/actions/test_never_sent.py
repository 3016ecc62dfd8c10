"""Ways to get something sent past the console without a valid approval; the mail server's own log is the judge."""

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import httpx
import jwt
import pytest

from console.app import create_app
from marketing_pipelines.outbound import executor
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Settings
from tests.console.conftest import served
from tests.console.visitors import Forms, Person, everyone, submitted, written
from tests.outbound.conftest import mail_server_log
from tests.outbound.office import MailServer

__all__ = ["mail_server_log"]


@dataclass
class House:
    """A console whose approved mails reach a real mail server."""

    settings: Settings
    site: str
    people: dict[MemberRole, Person]

    @property
    def marketer(self) -> Person:
        return self.people[MemberRole.MARKETER]

    @property
    def approver(self) -> Person:
        return self.people[MemberRole.APPROVER]

    def send(self) -> None:
        executor.execute(self.settings, f"run-{uuid.uuid4().hex[:8]}")

    def approve(self, action: dict, by: Person | None = None) -> httpx.Response:
        with (by or self.approver).api() as api:
            vote = {"manifest_hash": action["manifest_hash"]}
            return api.post(f"/actions/{action['id']}/approve", json=vote)


@pytest.fixture
def desk(house: Settings, tenant: TenantId, mail_server_log: MailServer) -> Iterator[House]:
    settings = house.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": mail_server_log.port,
            "smtp_tls": False,
            "gate_drain_seconds": 0,
        }
    )
    with served(create_app(settings)) as site:
        yield House(settings, site, everyone(house, site, tenant))


@pytest.fixture(autouse=True)
def _nothing_arrives(desk: House, mail_server_log: MailServer) -> Iterator[None]:
    """Whatever a test tries, two runs later the server has seen nothing; a valid action shows that it would."""
    yield
    desk.send()
    desk.send()
    assert mail_server_log.recipients == {}
    assert desk.approve(submitted(desk.marketer, recipient="control@example.com")).status_code == 200
    desk.send()
    assert mail_server_log.recipients == {"control@example.com": 1}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_link_that_is_followed(desk: House, method: str) -> None:
    action = submitted(desk.marketer)
    with desk.approver.api() as api:
        query = {"status": "approved", "manifest_hash": action["manifest_hash"]}
        for path in (f"/actions/{action['id']}/approve", f"/actions/{action['id']}"):
            api.request(method, path, params=query, headers={"X-HTTP-Method-Override": "POST"})
    forms = desk.approver.forms()
    forms.client.request(method, f"/actions/{action['id']}/approve", params=query | {"csrf": forms.csrf})
    assert state(desk, action) == "pending_approval"


def test_a_form_of_another_site(desk: House) -> None:
    action = submitted(desk.marketer)
    forms = desk.approver.forms()
    path = f"/actions/{action['id']}/approve"
    fields = {"manifest_hash": action["manifest_hash"], "csrf": forms.csrf}
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert forms.post(path, headers=headers, **fields).status_code == 403
    assert forms.post(path, manifest_hash=action["manifest_hash"]).status_code == 403


def forged(desk: House) -> list[str]:
    now = 1_900_000_000
    claims = {
        "sub": str(desk.approver.id),
        "tenant": desk.approver.tenant,
        "aud": "console-api",
        "iat": now - 10,
        "exp": now,
    }
    real = jwt.decode(desk.approver.token, options={"verify_signature": False})
    other = submitted_token(desk, MemberRole.VIEWER)
    header, _, signature = other.split(".")
    return [
        jwt.encode(claims, "another key that is long enough to be one", "HS256"),
        jwt.encode(claims, "", "none"),
        f"{header}.{desk.approver.token.split('.')[1]}.{signature}",
        jwt.encode({**real, "exp": now - 10**9}, desk.settings.token_key, "HS256"),
        jwt.encode({**real, "aud": "somebody-else"}, desk.settings.token_key, "HS256"),
    ]


def test_a_forged_token(desk: House) -> None:
    action = submitted(desk.marketer)
    for token in forged(desk):
        answer = httpx.post(
            f"{desk.site}/api/actions/{action['id']}/approve",
            json={"manifest_hash": action["manifest_hash"]},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 401


def test_a_forged_or_an_old_cookie(desk: House) -> None:
    action = submitted(desk.marketer)
    ended = desk.approver.forms()
    cookie, csrf = ended.client.cookies["console"], ended.csrf
    ended.post_signed("/logout")
    for stolen in (cookie, "x" * 43, cookie[:-1], f"{cookie}x", ""):
        forms = Forms(desk.site)
        forms.client.cookies.set("console", stolen)
        fields = {"manifest_hash": action["manifest_hash"], "csrf": csrf}
        assert forms.post(f"/actions/{action['id']}/approve", **fields).status_code in (303, 401, 403)
    assert state(desk, action) == "pending_approval"


def test_an_approver_of_another_tenant(desk: House, strangers: dict[MemberRole, Person]) -> None:
    action = submitted(desk.marketer)
    for stranger in strangers.values():
        there = replace(stranger, site=desk.site)
        assert desk.approve(action, by=there).status_code in (403, 404)
    assert state(desk, action) == "pending_approval"


@pytest.mark.parametrize("role", [MemberRole.MARKETER, MemberRole.ANALYST, MemberRole.VIEWER])
def test_somebody_who_may_not_sign(desk: House, role: MemberRole) -> None:
    assert desk.approve(submitted(desk.marketer), by=desk.people[role]).status_code == 403


def test_an_admin_who_signs_their_own(desk: House) -> None:
    admin = desk.people[MemberRole.ADMIN]
    assert desk.approve(submitted(admin), by=admin).status_code == 403


def test_a_request_that_is_replayed_after_an_edit(desk: House) -> None:
    action = submitted(desk.marketer)
    edit(desk, action)
    with desk.approver.api() as api:
        request = api.build_request(
            "POST", f"/actions/{action['id']}/approve", json={"manifest_hash": action["manifest_hash"]}
        )
        for _ in range(3):
            refused = api.send(request)
            assert refused.status_code == 409
            assert refused.json()["current_hash"] != action["manifest_hash"]


def test_a_vote_that_is_replayed_at_another_action(desk: House) -> None:
    first, second = submitted(desk.marketer), submitted(desk.marketer, subject="Another")
    assert desk.approve({**second, "manifest_hash": first["manifest_hash"]}).status_code == 409
    with desk.approver.api() as api:
        api.post(f"/actions/{first['id']}/deny", json={"note": "no"}).raise_for_status()
    assert desk.approve(first).status_code == 409, "a denial is not taken back"


def test_a_vote_without_a_hash_on_a_second_version(desk: House) -> None:
    action = submitted(desk.marketer)
    edit(desk, action)
    with desk.approver.api() as api:
        for vote in ({}, {"status": "approved"}, {"manifest_hash": None}):
            assert api.post(f"/actions/{action['id']}/approve", json=vote).status_code == 409
        for vote in ({"manifest_hash": ""}, {"manifest_hash": "0" * 63}, {"manifest_hash": 7}):
            assert api.post(f"/actions/{action['id']}/approve", json=vote).status_code == 422


def test_an_edit_in_the_very_moment_of_the_vote(desk: House) -> None:
    """Whoever is first: an edit voids the vote, or the vote finds another content."""
    for _ in range(8):
        action = submitted(desk.marketer)
        together(lambda action=action: edit(desk, action), lambda action=action: desk.approve(action))
        assert state(desk, action) == "pending_approval"
        with desk.marketer.api() as api:
            shown = api.get(f"/actions/{action['id']}").json()
        assert (shown["version"], shown["signatures"]["given"]) == (2, 0)


def test_a_cancellation_in_the_very_moment_of_the_vote(desk: House) -> None:
    for _ in range(8):
        action = submitted(desk.marketer)
        together(lambda action=action: cancel(desk, action), lambda action=action: desk.approve(action))
        assert state(desk, action) == "cancelled"


def test_a_draft_that_says_it_is_approved(desk: House) -> None:
    with desk.marketer.api() as api:
        action = written(desk.marketer)
        payload = api.get(f"/actions/{action}").json()["payload"]
        for claim in ({"state": "approved"}, {"version": 9}, {"expires_at": "2099-01-01T00:00:00Z"}):
            assert api.put(f"/actions/{action}", json={"payload": payload, **claim}).status_code == 422
            body = {"type": "email", "payload": payload, **claim}
            assert api.post("/actions", json=body).status_code == 422
        assert api.post(f"/actions/{action}/approve", json={}).status_code == 403
    assert desk.approve({"id": action, "manifest_hash": None}).status_code == 409


def test_glass_that_an_approver_breaks(desk: House) -> None:
    action = submitted(desk.marketer)
    for role in set(MemberRole) - {MemberRole.ADMIN}:
        with desk.people[role].api() as api:
            body = {"note": "now", "manifest_hash": action["manifest_hash"]}
            assert api.post(f"/actions/{action['id']}/break-glass", json=body).status_code == 403


def submitted_token(desk: House, role: MemberRole) -> str:
    return desk.people[role].token


def edit(desk: House, action: dict) -> None:
    """The author thinks better of it and asks again."""
    payload = {**action["payload"], "subject": "Something else"}
    with desk.marketer.api() as api:
        api.put(f"/actions/{action['id']}", json={"payload": payload}).raise_for_status()
        api.post(f"/actions/{action['id']}/submit").raise_for_status()


def cancel(desk: House, action: dict) -> None:
    with desk.marketer.api() as api:
        api.post(f"/actions/{action['id']}/cancel").raise_for_status()


def state(desk: House, action: dict) -> str:
    with desk.marketer.api() as api:
        return api.get(f"/actions/{action['id']}").raise_for_status().json()["state"]


def together(*steps: Callable[[], object]) -> None:
    start = threading.Barrier(len(steps))

    def take(step: Callable[[], object]) -> None:
        start.wait()
        step()

    threads = [threading.Thread(target=take, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
