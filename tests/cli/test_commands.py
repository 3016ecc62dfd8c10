"""The `mp` command as an operator types it."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from store import records
from store.audit import Actor, ActorKind
from store.records.kill_switches import Reach, Scope
from store.records.people import MemberRole, role_in, user_with
from store.records.schema import TenantId, UserId
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


@pytest.fixture
def slug(house: Settings, tenant: TenantId) -> str:
    with records.session(house, Role.OWNER) as session:
        return records.tenants.slugs(session)[tenant]


def test_a_part_is_stopped_and_released_by_two(house: Settings, tenant: TenantId, slug: str) -> None:
    part = ["--tenant", slug, "--type", "email"]
    assert mp(house, "kill", "on", *part, "--reason", "wrong price").returncode == 0
    assert f"type email of {slug}: wrong price" in " ".join(mp(house, "kill", "status").stdout.split())
    asked = mp(house, "kill", "off", *part, "--reason", "mended")
    assert (asked.returncode, "second person" in " ".join(asked.stdout.split())) == (0, True)
    alone = mp(house, "kill", "off", *part, "--reason", "mended")
    assert (alone.returncode, "a second person" in alone.stderr) == (2, True)
    with records.session(house, Role.PIPELINES) as session:
        reach = Reach(Scope.TYPE, tenant, "email")
        assert records.kill_switches.release(session, Actor(ActorKind.USER, "1"), reach)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (["--type", "email"], "Say whose"),
        (["--tenant", "nobody"], "There is no tenant"),
        (["--tenant", "{slug}", "--type", "email", "--channel", "smtp"], "Name one of"),
        (["--tenant", "{slug}", "--campaign", "987654321"], "has no campaign"),
    ],
)
def test_a_part_that_is_not_there_is_not_stopped(
    house: Settings, slug: str, part: list[str], reason: str
) -> None:
    refused = mp(house, "kill", "on", *(word.format(slug=slug) for word in part))
    assert (refused.returncode, reason in refused.stderr) == (2, True)
    assert "INFO" not in refused.stderr


def test_the_chains_are_signed_and_held_against_what_was_signed(
    house: Settings, tenant: TenantId, slug: str, tmp_path: Path
) -> None:
    with records.session(house, Role.PIPELINES) as session:
        records.audit_log.append(session, tenant, Actor(ActorKind.USER, "1"), "edit", "action", 1, {}, {})
    given = {"AUDIT_HEADS_FILE": str(tmp_path / "heads.jsonl")}
    signed = mp(house, "audit", "sign", **given)
    assert f"{slug}: entry 1 signed" in signed.stdout, signed.stderr
    verified = mp(house, "audit", "verify", **given)
    assert f"{slug}: whole, 1 entries, held against 1 signed heads" in " ".join(verified.stdout.split())
    key = mp(house, "audit", "key").stdout.strip()
    assert f'"key":"{key}"' in (tmp_path / "heads.jsonl").read_text()
    (tmp_path / "heads.jsonl").write_text("{}\n")
    refused = mp(house, "audit", "verify", **given)
    assert (refused.returncode, "is not a head as it was signed" in refused.stderr) == (2, True)
