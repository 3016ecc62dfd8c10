"""The chain in Postgres: writers take turns, and whoever changes the past with the owner's log-in is found out."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from store import records
from store.audit import GENESIS, Actor, ActorKind, link
from store.records import audit_log
from store.records.schema import TenantId
from store.settings import Role, Settings

SOMEONE = Actor(ActorKind.USER, "1")
LENGTH = 12
SEALS = ("audit_entries", "audited_entities")


@pytest.fixture
def chained(house: Settings, tenant: TenantId) -> TenantId:
    """A tenant with a chain about three actions."""
    for number in range(1, LENGTH + 1):
        with records.session(house, Role.CONSOLE, tenant=tenant) as session:
            seq = audit_log.append(
                session, tenant, SOMEONE, "edit", "action", number % 3, {"state": "draft"}, {"n": number}
            )
            assert seq == number
    return tenant


def change(house: Settings, tenant: TenantId, *statements: str) -> None:
    """Somebody who may do everything to the tables takes the seals off, and puts them back."""
    with records.session(house, Role.OWNER) as session:
        for table in SEALS:
            session.execute(text(f"alter table {table} disable trigger user"))
        for statement in statements:
            session.execute(text(statement), {"tenant": tenant})
        for table in SEALS:
            session.execute(text(f"alter table {table} enable trigger user"))


def hash_anew(house: Settings, tenant: TenantId, since: int) -> None:
    """Changes one entry and makes every later hash fit."""
    with records.session(house, Role.PIPELINES) as session:
        chain = list(audit_log.chain(session, tenant))
    previous = chain[since - 2][1] if since > 1 else GENESIS
    statements = []
    for entry, _ in chain[since - 1 :]:
        forged = replace(entry, actor="user:9") if entry.seq == since else entry
        previous = link(previous, forged)
        statements.append(
            f"update audit_entries set actor = '{forged.actor}', hash = decode('{previous.hex()}', 'hex') "
            f"where tenant_id = :tenant and seq = {forged.seq}"
        )
    change(house, tenant, *statements)


MEMORY_FOLLOWS = """
update audited_entities set seq = a.seq, hash = a.hash
from (
    select distinct on (entity_id) entity_id, seq, hash from audit_entries
    where tenant_id = :tenant order by entity_id, seq desc
) a where audited_entities.tenant_id = :tenant and a.entity_id = audited_entities.entity_id
"""
OF = "where tenant_id = :tenant and seq"
WAYS: dict[str, tuple[int, tuple[str, ...]]] = {
    "content": (5, (f"update audit_entries set after = '{{\"n\": 6}}' {OF} = 5",)),
    "actor": (5, (f"update audit_entries set actor = 'user:2' {OF} = 5",)),
    "time": (5, (f"update audit_entries set at = at + interval '1 microsecond' {OF} = 5",)),
    "hash": (5, (f"update audit_entries set hash = sha256('x') {OF} = 5",)),
    "one deleted": (5, (f"delete from audit_entries {OF} = 5",)),
    "the first deleted": (1, (f"delete from audit_entries {OF} = 1",)),
    "all deleted": (10, ("delete from audit_entries where tenant_id = :tenant",)),
    "the tail cut": (10, (f"delete from audit_entries {OF} > 9",)),
    "two exchanged": (
        5,
        (
            f"update audit_entries set seq = -5 {OF} = 5",
            f"update audit_entries set seq = 5 {OF} = 6",
            f"update audit_entries set seq = 6 {OF} = -5",
        ),
    ),
    "one inserted": (
        6,
        (
            f"update audit_entries set seq = -seq - 1 {OF} > 5",
            f"update audit_entries set seq = -seq {OF} < 0",
            f"""insert into audit_entries select tenant_id, 6, at, actor, action, entity, entity_id, before, after, hash
                from audit_entries {OF} = 5""",
        ),
    ),
    "one added": (
        LENGTH + 1,
        (
            f"""insert into audit_entries select tenant_id, {LENGTH + 1}, at, 'user:9', action, entity, entity_id,
                before, after, hash from audit_entries {OF} = {LENGTH}""",
        ),
    ),
    "moved to another tenant": (5, (f"update audit_entries set tenant_id = -1 {OF} = 5",)),
    "memory set back": (
        12,
        (
            """update audited_entities e set seq = a.seq, hash = a.hash from audit_entries a
               where e.tenant_id = :tenant and a.tenant_id = :tenant and e.seq = 12 and a.seq = 9""",
        ),
    ),
}  # fmt: skip


def test_an_untouched_chain_is_whole(house: Settings, chained: TenantId) -> None:
    with records.session(house, Role.PIPELINES) as session:
        head = audit_log.head(session, chained)
        assert head is not None
        assert head.seq == LENGTH
        assert audit_log.verify(session, chained, {head.seq: head.hash}) is None


@pytest.mark.parametrize("way", WAYS)
def test_whatever_is_done_to_the_past_is_found(house: Settings, chained: TenantId, way: str) -> None:
    found_at, statements = WAYS[way]
    change(house, chained, *statements)
    with records.session(house, Role.PIPELINES) as session:
        broken = audit_log.verify(session, chained)
    change(house, chained, "delete from audit_entries where tenant_id = -1")
    assert broken is not None
    assert (broken.tenant_id, broken.seq) == (chained, found_at), broken.reason


def test_a_chain_hashed_anew_is_not_what_its_things_remember(house: Settings, chained: TenantId) -> None:
    hash_anew(house, chained, since=5)
    with records.session(house, Role.PIPELINES) as session:
        broken = audit_log.verify(session, chained)
    assert broken is not None
    assert "remembers another" in broken.reason


@pytest.mark.parametrize("done", ["hashed anew", "cut"])
def test_with_their_memory_changed_as_well_the_signed_head_still_tells(
    house: Settings, chained: TenantId, done: str
) -> None:
    with records.session(house, Role.PIPELINES) as session:
        head = audit_log.head(session, chained)
    assert head is not None
    if done == "cut":
        change(house, chained, f"delete from audit_entries {OF} > 9")
    else:
        hash_anew(house, chained, since=5)
    change(house, chained, MEMORY_FOLLOWS)
    with records.session(house, Role.PIPELINES) as session:
        assert audit_log.verify(session, chained) is None
        broken = audit_log.verify(session, chained, {head.seq: head.hash})
    assert broken is not None
    assert broken.seq == (10 if done == "cut" else LENGTH)
    assert "signed head" in broken.reason


def test_writers_that_come_together_take_turns(house: Settings, tenant: TenantId) -> None:
    def write(writer: int) -> None:
        for number in range(20):
            with records.session(house, Role.CONSOLE, tenant=tenant) as session:
                audit_log.append(session, tenant, SOMEONE, "edit", "action", writer, {}, {"n": number})

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write, range(8)))
    with records.session(house, Role.PIPELINES) as session:
        assert audit_log.verify(session, tenant) is None
        head = audit_log.head(session, tenant)
    assert head is not None
    assert head.seq == 160


def test_what_is_rolled_back_leaves_no_gap(house: Settings, chained: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=chained) as session:
        audit_log.append(session, chained, SOMEONE, "edit", "action", 1, {}, {})
        session.rollback()
    with records.session(house, Role.CONSOLE, tenant=chained) as session:
        assert audit_log.append(session, chained, SOMEONE, "edit", "action", 1, {}, {}) == LENGTH + 1
    with records.session(house, Role.PIPELINES) as session:
        assert audit_log.verify(session, chained) is None
