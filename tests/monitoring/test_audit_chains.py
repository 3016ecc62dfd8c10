"""Signed heads: what is kept outside the database, and what nobody without the key can add to it."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from marketing_pipelines.monitoring import audit_chains
from marketing_pipelines.monitoring.audit_chains import Verdict
from store import audit_heads, records
from store.audit import Actor, ActorKind
from store.audit_heads import NotOurs
from store.records import audit_log
from store.records.schema import TenantId
from store.settings import Role, Settings


@pytest.fixture
def signing(house: Settings, tenant: TenantId, tmp_path: Path) -> Settings:
    """The house with a file of heads of its own, and a tenant with three entries."""
    for number in range(3):
        with records.session(house, Role.PIPELINES) as session:
            audit_log.append(
                session, tenant, Actor(ActorKind.USER, "1"), "edit", "action", number, {}, {"n": number}
            )
    return house.model_copy(update={"audit_heads_file": tmp_path / "kept" / "heads.jsonl"})


def verdict_on(settings: Settings, tenant: TenantId) -> Verdict:
    [found] = [verdict for verdict in audit_chains.verified(settings) if verdict.tenant == tenant]
    return found


def sign(settings: Settings) -> None:
    audit_chains.sign(settings, list(audit_chains.verified(settings)))


def cut(settings: Settings, tenant: TenantId) -> None:
    """Takes the last entry away, with everything in the database that remembers it."""
    with records.session(settings, Role.OWNER) as session:
        for table in ("audit_entries", "audited_entities"):
            session.execute(text(f"alter table {table} disable trigger user"))
            session.execute(text(f"delete from {table} where tenant_id = :t and seq = 3"), {"t": tenant})
            session.execute(text(f"alter table {table} enable trigger user"))


def test_each_night_adds_a_signed_line_a_chain(signing: Settings, tenant: TenantId) -> None:
    assert verdict_on(signing, tenant).signed == 0
    sign(signing)
    sign(signing)
    lines = [json.loads(line) for line in signing.audit_heads.read_text().splitlines()]
    mine = [line for line in lines if line["tenant_id"] == tenant]
    assert [line["seq"] for line in mine] == [3, 3]
    assert {line["key"] for line in lines} == {audit_heads.public_key(signing)}
    verdict = verdict_on(signing, tenant)
    assert (verdict.broken, verdict.entries, verdict.signed) == (None, 3, 1)


def test_a_tail_cut_with_all_that_remembers_it_is_told_by_the_head(
    signing: Settings, tenant: TenantId
) -> None:
    sign(signing)
    cut(signing, tenant)
    broken = verdict_on(signing, tenant).broken
    assert broken is not None
    assert broken.reason == "cut off; a signed head names entry 3"


def test_a_broken_chain_is_not_signed(signing: Settings, tenant: TenantId) -> None:
    sign(signing)
    cut(signing, tenant)
    before = signing.audit_heads.read_text().count(f'"tenant_id":{tenant},')
    sign(signing)
    assert signing.audit_heads.read_text().count(f'"tenant_id":{tenant},') == before


@pytest.mark.parametrize("change", [('"seq":3', '"seq":2'), ('"hash":"', '"hash":"00'), ("{", "")])
def test_a_line_that_was_changed_is_not_ours(
    signing: Settings, tenant: TenantId, change: tuple[str, str]
) -> None:
    sign(signing)
    text_of = signing.audit_heads.read_text()
    assert change[0] in text_of
    signing.audit_heads.write_text(text_of.replace(*change))
    with pytest.raises(NotOurs, match=r"heads\.jsonl, line \d+: is not a head as it was signed"):
        verdict_on(signing, tenant)


def test_after_a_change_of_the_secret_the_former_key_is_named(signing: Settings, tenant: TenantId) -> None:
    sign(signing)
    passwords = {role: SecretStr(signing.role_password(role)) for role in Role}
    other = {"secret_key": SecretStr("another-secret-of-some-length"), "role_passwords": passwords}
    changed = signing.model_copy(update=other)
    with pytest.raises(NotOurs, match="AUDIT_TRUSTED_KEYS"):
        verdict_on(changed, tenant)
    trusting = changed.model_copy(update={"audit_trusted_keys": audit_heads.public_key(signing)})
    assert verdict_on(trusting, tenant).broken is None
