"""`mp link`: what marketers' helpers do with short links from a shell."""

import csv
import uuid
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from store import records
from store.records.campaigns import Campaign
from store.records.links import Link
from store.records.tenants import Tenant
from store.settings import Role, Settings
from tests.cli.test_edge_commands import mp


@pytest.fixture(scope="module")
def slug(house: Settings) -> str:
    name = f"t-{uuid.uuid4().hex[:10]}"
    with records.session(house, Role.OWNER) as session:
        tenant = Tenant(slug=name, name=name)
        session.add(tenant)
        session.flush()
        session.add(Campaign(tenant_id=tenant.id, name="Spring sale", utm_campaign="spring"))
    return name


def test_a_link_is_made_by_chance_listed_and_put_away(settings: Settings, slug: str) -> None:
    made = mp(
        settings, "link", "add", "https://shop.example/a", "--tenant", slug, "--campaign", "Spring sale"
    )
    assert made.returncode == 0, made.stderr
    found = made.stdout.strip().rpartition("/r/")[2]
    assert len(found) == 7
    listed = mp(settings, "link", "list", "--tenant", slug)
    assert listed.returncode == 0, listed.stderr
    assert found in listed.stdout
    assert all(heading in listed.stdout for heading in ("all clicks", "people", "programs"))
    assert mp(settings, "link", "archive", found, "--tenant", slug).returncode == 0
    assert "(ended)" in mp(settings, "link", "list", "--tenant", slug).stdout
    assert mp(settings, "link", "restore", found, "--tenant", slug).returncode == 0
    assert mp(settings, "link", "archive", "no-such", "--tenant", slug).returncode == 2


def test_every_term_is_kept(house: Settings, slug: str) -> None:
    chosen = f"s-{uuid.uuid4().hex[:8]}"
    made = mp(
        house, "link", "add", "https://shop.example/a", "--tenant", slug, "--slug", chosen,
        "--title", "A sale", "--channel", "email", "--tag", "one", "--tag", "two",
        "--starts", "2026-11-30T18:00Z", "--expires", "2026-12-30", "--max-clicks", "5",
        "--fallback", "https://shop.example/over", "--pass-on", "gclid, fbclid",
        "--targets", '[{"url": "https://shop.example/at", "countries": ["AT"]}]',
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    with records.session(house, Role.OWNER) as session:
        link = records.links.found(session, records.tenants.named(session, slug).id, chosen)
        assert (link.title, link.tags, link.max_clicks) == ("A sale", ["one", "two"], 5)
        assert (link.fallback_url, link.passed_parameters) == (
            "https://shop.example/over",
            ["gclid", "fbclid"],
        )
        assert [target.countries for target in link.targets] == [["AT"]]
        assert records.audit_log.verify(session, link.tenant_id) is None
    again = mp(house, "link", "add", "https://shop.example/b", "--tenant", slug, "--slug", chosen)
    assert (again.returncode, "is taken" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("javascript:alert(1)",), "none on the web"),
        (("http://127.0.0.1:8001/r/x",), "leads back"),
        (("https://shop.example", "--campaign", "winter"), "no campaign"),
        (("https://shop.example", "--targets", "{"), "cannot be read"),
    ],
)
def test_what_is_no_link_is_refused_in_a_line(
    house: Settings, slug: str, words: tuple[str, ...], reason: str
) -> None:
    if "8001" in words[0]:
        words = (words[0].replace("8001", str(house.port_base + 1)),)
    refused = mp(house, "link", "add", *words, "--tenant", slug)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert reason in " ".join(refused.stderr.split())


def test_links_come_in_from_a_list_and_go_out_as_one(house: Settings, slug: str, tmp_path: Path) -> None:
    unique = uuid.uuid4().hex[:8]
    bitly = tmp_path / "bitly.csv"
    bitly.write_text(
        "Link,Title,Long URL,Created,Total Engagements\n"
        f"https://bit.ly/b{unique},A sale,https://shop.example/sale,2024-05-01,1234\n"
        f"https://bit.ly/c{unique},No address,not-an-address,2024-05-01,1\n"
        f"https://bit.ly/d{unique},Another,https://shop.example/other,2024-05-01,7\n"
    )
    tried = mp(house, "link", "import", str(bitly), "--tenant", slug, "--dry-run")
    assert "2 links would come in, 1 rows were left out" in tried.stdout
    taken = mp(house, "link", "import", str(bitly), "--tenant", slug)
    assert taken.returncode == 2  # something was left out, which a script is to notice
    assert "row 3" in taken.stderr
    assert "2 links came in, 1 rows were left out" in taken.stdout
    again = mp(house, "link", "import", str(bitly), "--tenant", slug)
    assert again.stderr.count("is taken") == 2
    out = tmp_path / "ours.csv"
    assert mp(house, "link", "export", "--tenant", slug, "--to", str(out)).returncode == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["slug"]: row for row in csv.DictReader(file)}
    sale = rows[f"b{unique}"]
    assert (sale["target_url"], sale["title"], sale["clicks"]) == (
        "https://shop.example/sale",
        "A sale",
        "1234",
    )
    assert sale["created_at"].startswith("2024-05-01")


def test_a_code_is_drawn(house: Settings, slug: str, tmp_path: Path) -> None:
    chosen = f"q-{uuid.uuid4().hex[:8]}"
    assert (
        mp(house, "link", "add", "https://shop.example", "--tenant", slug, "--slug", chosen).returncode == 0
    )
    for name, head in (("code.svg", b"<svg"), ("code.png", b"\x89PNG")):
        drawn = mp(house, "link", "qr", chosen, "--tenant", slug, "--to", str(tmp_path / name))
        assert drawn.returncode == 0, drawn.stderr
        assert (tmp_path / name).read_bytes().startswith(head)
    refused = mp(house, "link", "qr", chosen, "--tenant", slug, "--to", str(tmp_path / "code.gif"))
    assert (refused.returncode, "neither in .svg" in refused.stderr) == (2, True)


def test_a_host_is_blocked_in_one_spelling(house: Settings) -> None:
    host = f"{uuid.uuid4().hex[:10]}.example"
    assert mp(house, "link", "block", f"*.{host.upper()}", "--reason", "phishing").returncode == 0
    assert f".{host}" in mp(house, "link", "blocked").stdout
    assert mp(house, "link", "unblock", f".{host}").returncode == 0
    assert mp(house, "link", "unblock", f".{host}").returncode == 2


def test_a_password_is_kept_as_its_hash(house: Settings, slug: str) -> None:
    chosen = f"p-{uuid.uuid4().hex[:8]}"
    words = ("link", "add", "https://shop.example", "--tenant", slug, "--slug", chosen, "--password")
    made = mp(house, *words, LINK_PASSWORD="let me in")
    assert made.returncode == 0, made.stderr
    assert "let me in" not in made.stdout + made.stderr
    with records.session(house, Role.OWNER) as session:
        link = session.query(Link).filter_by(slug=chosen).one()
        assert link.password_hash is not None
        assert PasswordHasher().verify(link.password_hash, "let me in")
