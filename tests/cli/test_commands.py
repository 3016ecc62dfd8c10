"""The `mp` command as an operator types it."""

import subprocess
import sys
import uuid

import pytest

from store import records
from store.records.people import MemberRole, role_in, user_with
from store.records.schema import UserId
from store.settings import Role, Settings
from tests.conftest import environment_of, free_port_base

PASSWORD = "a password of the test"


def mp(house: Settings, *words: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        env={**environment_of(house), "ADMIN_PASSWORD": PASSWORD, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("words", [["seed"], ["kill", "status"], ["audit", "verify"], ["migrate"]])
def test_a_house_that_is_not_up_is_one_line(house: Settings, words: list[str]) -> None:
    refused = mp(house, *words, PORT_BASE=str(free_port_base()))
    assert refused.returncode == 2
    assert "make up" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_new_tenant_has_an_admin_who_can_sign_in(house: Settings) -> None:
    slug = f"shop-{uuid.uuid4().hex[:8]}"
    email = f"{slug}@example.com"
    added = mp(house, "tenant", "add", slug, "--admin", email.upper())
    assert added.returncode == 0, added.stderr
    with records.session(house, Role.OWNER) as session:
        tenant = records.tenants.by_slug(session, slug)
        assert tenant
        user = user_with(session, email, PASSWORD)
        assert user
        assert role_in(session, UserId(user.id), tenant.id) is MemberRole.ADMIN
        assert records.audit_log.verify(session, tenant.id) is None
        assert len(list(records.audit_log.chain(session, tenant.id))) == 2
    again = mp(house, "tenant", "add", slug, "--admin", email)
    assert (again.returncode, "already" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("slug", "email", "password", "reason"),
    [
        ("Shop!", "a@example.com", PASSWORD, "no slug"),
        ("fresh-shop", "nobody", PASSWORD, "no email address"),
        ("fresh-shop", "a@example.com", "short", "too short"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_nothing_is_left(
    house: Settings, slug: str, email: str, password: str, reason: str
) -> None:
    refused = mp(house, "tenant", "add", slug, "--admin", email, ADMIN_PASSWORD=password)
    assert refused.returncode == 2
    assert reason in refused.stderr
    with records.session(house, Role.OWNER) as session:
        assert records.tenants.by_slug(session, slug) is None
