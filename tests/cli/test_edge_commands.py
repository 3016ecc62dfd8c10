"""`mp key`, `mp hook` and `mp tenant privacy`: what an operator gives to pages, servers and providers."""

import re
import subprocess
import sys
import uuid

import pytest

from marketing_pipelines.outbound import mail_events
from store import records
from store.clock import now
from store.records import collector_keys, hooks
from store.records.collector_keys import NotAnOrigin, origin
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.conftest import environment_of


@pytest.fixture(scope="module")
def slug(house: Settings) -> str:
    name = f"t-{uuid.uuid4().hex[:10]}"
    with records.session(house, Role.OWNER) as session:
        session.add(Tenant(slug=name, name=name))
    return name


def mp(house: Settings, *words: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        env=environment_of(house) | given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("https://Shop.Example", "https://shop.example"),
        (" https://shop.example:443/ ", "https://shop.example"),
        ("http://localhost:8007", "http://localhost:8007"),
        ("http://[::1]:80", "http://[::1]"),
        ("*", "*"),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(written: str, named: str) -> None:
    assert origin(written) == named


@pytest.mark.parametrize(
    "written", ["shop.example", "https://shop.example/coats", "ftp://x", "https://", "", "https://a b"]
)
def test_what_is_no_origin_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(NotAnOrigin, match=r"https://shop\.example"):
        origin(written)


def test_a_key_for_pages_comes_with_its_snippet(house: Settings, slug: str) -> None:
    added = mp(
        house,
        "key",
        "add",
        "--tenant",
        slug,
        "--origin",
        "https://shop.example",
        "--origin",
        "https://www.shop.example",
    )
    assert added.returncode == 0, added.stderr
    [key] = set(re.findall(r"pk_[0-9a-f]{24}", added.stdout))
    assert "integrity=" in added.stdout.replace("\n", "")
    assert key in mp(house, "key", "list", "--tenant", slug).stdout
    assert mp(house, "key", "revoke", key, "--tenant", slug).returncode == 0
    assert key not in mp(house, "key", "list", "--tenant", slug).stdout
    assert mp(house, "key", "revoke", key, "--tenant", slug).returncode == 2
    assert mp(house, "key", "add", "--tenant", slug).returncode == 2
    assert "no tenant" in mp(house, "key", "list", "--tenant", "nobody").stderr


def test_a_servers_secret_is_shown_once_and_can_be_changed(house: Settings, slug: str) -> None:
    added = mp(house, "key", "add", "--tenant", slug, "--server")
    [key] = set(re.findall(r"sk_[0-9a-f]{24}", added.stdout))
    secret = re.findall(r"secret\s+(\S{40,})", added.stdout)[0]
    listed = mp(house, "key", "list", "--tenant", slug).stdout
    assert key in listed
    assert secret not in listed
    rotated = mp(house, "key", "rotate", key, "--tenant", slug, "--hours", "2")
    assert re.findall(r"secret\s+(\S{40,})", rotated.stdout)[0] != secret
    with records.session(house, Role.OWNER) as session:
        [row] = [
            each
            for each in collector_keys.living(session, records.tenants.named(session, slug).id)
            if each.public_key == key
        ]
        assert row.retiring_secret_sealed is not None
        assert row.secret_sealed != row.retiring_secret_sealed
        assert records.audit_log.verify(session, row.tenant_id) is None


def test_a_providers_secret_is_checked_before_it_is_kept(house: Settings, slug: str) -> None:
    wrong = mp(house, "hook", "add", "meta", "--tenant", slug, HOOK_SECRET="only-one-word")
    assert wrong.returncode == 2
    assert "only-one-word" not in wrong.stderr
    secret = f"whsec_{uuid.uuid4().hex}"
    kept = mp(house, "hook", "add", "stripe", "--tenant", slug, "--label", "shop", HOOK_SECRET=secret)
    assert kept.returncode == 0, kept.stderr
    assert "/hooks/stripe" in kept.stdout
    assert secret not in kept.stdout
    assert mp(house, "hook", "add", "stripe", "--tenant", slug, HOOK_SECRET=secret).returncode == 2
    assert mp(house, "hook", "add", "teapot", "--tenant", slug, HOOK_SECRET=secret).returncode == 2
    with records.session(house, Role.OWNER) as session:
        [row] = hooks.living_secrets(session, records.tenants.named(session, slug).id)
        number = str(row.id)
    assert "shop" in mp(house, "hook", "list", "--tenant", slug).stdout
    assert mp(house, "hook", "revoke", number, "--tenant", slug).returncode == 0
    assert "mp hook add" in mp(house, "hook", "list", "--tenant", slug).stdout


def test_calls_of_which_nothing_could_be_made_are_named(house: Settings, slug: str) -> None:
    with records.session(house, Role.OWNER) as session:
        tenant = records.tenants.named(session, slug).id
        call = {
            "tenant_id": tenant, "provider": "sendgrid", "event_id": None, "received_at": now(), "headers": {},
            "body": b"{}", "place": uuid.uuid4().hex,
        }  # fmt: skip
        hooks.keep_calls(session, [call])
    mail_events.interpret(house)
    listed = mp(house, "hook", "list", "--tenant", slug)
    assert "sendgrid: the body is not a list of events" in " ".join(listed.stdout.split()), listed.stderr


def test_a_tenant_says_what_is_kept_of_its_visitors(house: Settings, slug: str) -> None:
    said = mp(house, "tenant", "privacy", slug, "--consent", "opt_in", "--visitor-ids", "daily")
    assert "consent by opt_in, visitor ids daily, addresses shortened" in said.stdout
    again = mp(house, "tenant", "privacy", slug, "--addresses", "none")
    assert "consent by opt_in, visitor ids daily, addresses none" in again.stdout
    assert mp(house, "tenant", "privacy", slug, "--consent", "perhaps").returncode == 2
