"""The audit browser: what it shows to whom, that a verification is believed for good reasons, and the chain as a file."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import text

from cli.house import ROOT
from marketing_pipelines.defs.monitoring.automation import verify_audit_job
from marketing_pipelines.monitoring import audit_chains
from store import records
from store.audit import GENESIS, Actor, ActorKind
from store.clock import now
from store.records import audit_log
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.console.frame.test_browser import opened, press_tab_to, sign_in_by_keyboard
from tests.console.queries import counted
from tests.console.requested import asked_for, run, told
from tests.console.visitors import Person, submitted, written

HOSTILE = "<img src=x onerror=alert(1)>"
OFFLINE = ROOT / "docs" / "how-to" / "check-the-audit-chain.md"


def entries_of(house: Settings, tenant: TenantId, count: int, **said: str) -> None:
    actor = Actor(ActorKind.RUN, said.pop("run", "0123"))
    with records.session(house, Role.PIPELINES) as session:
        for number in range(count):
            audit_log.append(session, tenant, actor, "hold", "action", 900_000 + number, {}, dict(said))


@contextmanager
def forged(house: Settings, tenant: TenantId) -> Iterator[None]:
    """For as long as it lasts, somebody with the keys to the database has changed the tenant's second entry."""

    def write(what: str) -> None:
        with records.session(house, Role.OWNER) as session:
            session.execute(text("alter table audit_entries disable trigger user"))
            session.execute(
                text(f"update audit_entries set actor = {what} where tenant_id = :t and seq = 2"),
                {"t": tenant},
            )
            session.execute(text("alter table audit_entries enable trigger user"))

    write("actor || '0'")
    try:
        yield
    finally:
        write("left(actor, -1)")


def newest_request(house: Settings, tenant: TenantId) -> int:
    with records.session(house, Role.PIPELINES) as session:
        return session.execute(
            text("select max(id) from requested_runs where tenant_id = :t and kind = 'verify_audit'"),
            {"t": tenant},
        ).scalar_one()


def verified(house: Settings, tenant: TenantId) -> dict[str, object]:
    """Does what the daemon does with what was asked for."""
    asked = asked_for(house, newest_request(house, tenant))
    assert asked
    result = run(house, asked, verify_audit_job)
    return told(result, "verify_audit") if result.success else {}


def test_entries_are_told_in_words_newest_first(marketer: Person, people: dict[MemberRole, Person]) -> None:
    action = submitted(marketer)["id"]
    page = people[MemberRole.ANALYST].forms().get("/audit").text
    asked, wrote = page.index("asked for approval"), page.index("wrote it")
    assert asked < wrote
    assert f'href="/actions/{action}">Action {action}</a>' in page
    assert "Marketer of" in page
    assert "<code>pending_approval</code>" in page
    with marketer.api() as api:
        [last] = [it for it in api.get("/audit").json()["items"] if it["action"] == "submit"]
    assert " ".join(re.findall("....", last["hash"])) in page


def test_what_an_entry_holds_is_shown_as_text(house: Settings, admin: Person) -> None:
    entries_of(house, admin.tenant, 1, run=HOSTILE, note=HOSTILE)
    page = admin.forms().get("/audit").text
    assert "<img" not in page.replace('<img src="/static', "")
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_it_is_searched(house: Settings, marketer: Person) -> None:
    first, second = written(marketer), written(marketer)
    forms = marketer.forms()

    def shown(**wanted: str) -> list[str]:
        answer = forms.client.get("/audit", params=wanted)
        assert answer.status_code == 200
        return re.findall(r'<li id="entry-(\d+)"', answer.text)

    everything = shown()
    assert len(everything) >= 2
    assert len(shown(entity="action", entity_id=str(first))) == 1
    assert shown(entity="action", entity_id=str(second)) != shown(entity="action", entity_id=str(first))
    assert shown(entity="link") == []
    assert len(shown(actor=f"user:{marketer.id}", event="create")) >= 2
    assert shown(actor="user:1152921504606846976") == []
    today = now().date()
    assert shown(first=str(today - timedelta(days=1)), last=str(today + timedelta(days=1))) == everything
    assert shown(last=str(today - timedelta(days=2))) == []
    assert shown(first=str(today + timedelta(days=2))) == []


@pytest.mark.parametrize(
    "wrong", [{"first": "yesterday"}, {"first": "2026-03-02", "last": "2026-03-01"}, {"last": "2026-02-30"}]
)
def test_a_day_that_is_none_is_asked_for_again_beside_its_field(admin: Person, wrong: dict[str, str]) -> None:
    answer = admin.forms().client.get("/audit", params=wrong)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    for typed in wrong.values():
        assert f'value="{typed}"' in answer.text


def test_it_pages_on_and_takes_no_more_statements_for_more_rows(house: Settings, admin: Person) -> None:
    forms = admin.forms()
    entries_of(house, admin.tenant, 2)
    with counted(house) as few:
        forms.get("/audit")
    entries_of(house, admin.tenant, 58)
    with counted(house) as many:
        first = forms.get("/audit").text
    assert len(many) == len(few)
    shown = re.findall(r'<li id="entry-(\d+)"', first)
    assert len(shown) == 25
    on = re.search(r'rel="next" href="([^"]+)"', first)
    assert on
    second = re.findall(r'<li id="entry-(\d+)"', forms.get(on[1].replace("&amp;", "&")).text)
    assert int(second[0]) == int(shown[-1]) - 1


def test_a_viewer_sees_none_of_it(house: Settings, people: dict[MemberRole, Person]) -> None:
    forms = people[MemberRole.VIEWER].forms()
    assert forms.get("/audit").status_code == 403
    assert forms.get("/audit/export").status_code == 403
    assert forms.post_signed("/audit/verify").status_code == 403


def test_a_verification_is_a_run_whose_finding_is_kept(
    house: Settings, tenant: TenantId, marketer: Person, people: dict[MemberRole, Person]
) -> None:
    submitted(marketer)
    forms = people[MemberRole.APPROVER].forms()
    assert "Nobody has had it verified here yet" in forms.get("/audit").text
    answer = forms.post_signed("/audit/verify")
    assert answer.headers["location"] == "/audit?done=asked#evidence"
    assert "A verification is under way" in forms.get("/audit").text
    request = newest_request(house, tenant)
    forms.post_signed("/audit/verify")
    assert newest_request(house, tenant) == request, "one verification is enough"
    found = verified(house, tenant)
    page = forms.get("/audit").text
    assert "<strong>Whole.</strong>" in page
    assert "under way" not in page
    assert "Approver of" in page
    with records.session(house, Role.PIPELINES) as session:
        finish = audit_log.of_entity(session, tenant, "requested_run", request)[-1]
        assert finish.action == "finish"
        assert finish.after["outcome"]["head"] == found["head"], "the chain itself says what was found"
    assert "1 since it was verified" in page


def test_it_is_held_against_the_last_signed_head(house: Settings, tenant: TenantId, marketer: Person) -> None:
    submitted(marketer)
    audit_chains.sign(house, [it for it in audit_chains.verified(house) if it.tenant == tenant])
    forms = marketer.forms()
    forms.post_signed("/audit/verify")
    found = verified(house, tenant)
    assert found["signed_heads"] == 1
    page = forms.get("/audit").text
    assert f"entry {found['signed_entry']}" in page
    assert " ".join(re.findall("....", str(found["signed_hash"]))) in page


def test_a_broken_chain_says_where(house: Settings, tenant: TenantId, marketer: Person) -> None:
    submitted(marketer)
    forms = marketer.forms()
    forms.post_signed("/audit/verify")
    with forged(house, tenant):
        found = verified(house, tenant)
    assert found["broken_at"] == 2
    page = forms.get("/audit").text
    assert "Broken at entry 2:" in page
    assert "its hash does not follow from its content" in page
    assert "<strong>Whole.</strong>" not in page


def test_heads_that_are_not_ours_are_no_finding(house: Settings, tenant: TenantId, marketer: Person) -> None:
    forms = marketer.forms()
    forms.post_signed("/audit/verify")
    before = house.audit_heads.read_bytes() if house.audit_heads.exists() else None
    house.audit_heads.write_bytes(b'{"tenant_id": 1}\n')
    try:
        assert verified(house, tenant) == {}
    finally:
        house.audit_heads.unlink()
        if before is not None:
            house.audit_heads.write_bytes(before)
    page = forms.get("/audit").text
    assert "The signed heads cannot be trusted" in page
    assert "Whole." not in page


def test_the_chain_is_taken_away_and_checked_without_us(
    house: Settings, tmp_path: Path, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    submitted(strangers[MemberRole.MARKETER])
    submitted(marketer, subject="Grüße aus dem Süden ☀")
    entries_of(house, marketer.tenant, 2_100, note='Ünïcödé \u2028 " \\ \x7f')
    answer = marketer.forms().get("/audit/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert "attachment" in answer.headers["content-disposition"]
    lines = answer.content.splitlines()
    previous = GENESIS
    for number, line in enumerate(lines, start=1):
        told = json.loads(line)
        assert (told["entry"]["seq"], told["entry"]["tenant_id"]) == (number, marketer.tenant)
        body = line[len(b'{"entry":') : line.rindex(b',"hash":"')]
        previous = hashlib.sha256(previous + body).digest()
        assert previous.hex() == told["hash"]
    assert len(lines) > 2_100

    [program] = re.findall(r"```python\n(.*?)```", OFFLINE.read_text(), re.DOTALL)
    script, exported = tmp_path / "check.py", tmp_path / "chain.ndjson"
    script.write_text(program)
    exported.write_bytes(answer.content)

    def checked() -> str:
        done = subprocess.run(
            [sys.executable, "-I", str(script), str(exported)], capture_output=True, text=True, check=False
        )
        return done.stdout.strip() or done.stderr.strip()

    assert checked() == f"whole: {len(lines)} entries, head {previous.hex()}"
    exported.write_bytes(answer.content.replace(b'"action":"submit"', b'"action":"create"', 1))
    assert checked().startswith("broken at entry")
    exported.write_bytes(b"\n".join([*lines[:5], *lines[6:]]) + b"\n")
    assert checked() == "broken at entry 6"


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_auditor_verifies_by_keyboard(
    house: Settings, site: str, browser: Browser, people: dict[MemberRole, Person], scripts: bool
) -> None:
    analyst = people[MemberRole.ANALYST]
    submitted(people[MemberRole.MARKETER])
    with opened(browser, site, java_script_enabled=scripts) as page:
        sign_in_by_keyboard(page, analyst, "/audit")
        press_tab_to(page, "Verify the chain")
        page.keyboard.press("Enter")
        expect(page.get_by_text("A verification is under way")).to_be_visible()
        verified(house, analyst.tenant)
        if not scripts:
            press_tab_to(page, "Look again")
            page.keyboard.press("Enter")
        expect(page.get_by_text("Whole.", exact=True)).to_be_visible()
        before = page.get_by_role("columnheader", name="Before").first
        expect(before).to_be_hidden()
        press_tab_to(page, "Before and after")
        page.keyboard.press("Enter")
        expect(before).to_be_visible()
