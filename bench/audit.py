"""The audit chain: what an entry costs while others write, and how long a million take to search and to verify.

python -m bench.audit

An entry is written by 8 writers at once: into a chain each, and all into one, where they must take turns. The limit
beside it is the same row inserted by the same writers without a chain. Verifying is held against reading the same rows
and doing nothing with them. A search is the console's, for a page of 25, the slowest of twenty.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from sqlalchemy import make_url, text

from bench import houses
from store import records
from store.audit import GENESIS, Actor, ActorKind, Entry, link
from store.clock import now
from store.embedded import postgres
from store.records import audit_log
from store.records.audit_log import Search
from store.records.schema import TenantId
from store.settings import Role, Settings

WRITERS = 8
ENTRIES_A_WRITER = 300
WARMING = 20
CHAIN = 1_000_000
SOMEONE = Actor(ActorKind.RUN, "0123456789abcdef")
COLUMNS = "tenant_id, seq, at, actor, action, entity, entity_id, before, after, hash"
Write = Callable[[records.Session, int, int], object]


def timings(house: Settings, write: Write) -> list[float]:
    """Seconds that each write took, from asking for its place to knowing it; the commit comes on top."""
    with ProcessPoolExecutor(WRITERS) as writers:
        taken = writers.map(many, [house] * WRITERS, [write] * WRITERS, range(WRITERS))
        return sorted(second for seconds in taken for second in seconds)


def many(house: Settings, write: Write, writer: int) -> list[float]:
    """One writer's; the first few, which open its connection, are not counted."""
    taken = []
    for number in range(ENTRIES_A_WRITER + WARMING):
        with records.session(house, Role.PIPELINES) as session:
            session.connection()
            began = time.perf_counter()
            write(session, writer, number)
            taken.append(time.perf_counter() - began)
    return taken[WARMING:]


def in_a_chain_each(session: records.Session, writer: int, number: int) -> object:
    return appended(session, 100 + writer, number)


def in_one_chain(session: records.Session, _: int, number: int) -> object:
    return appended(session, 99, number)


def appended(session: records.Session, tenant: int, number: int) -> int:
    told = {"state": "approved", "version": number}
    return audit_log.append(session, TenantId(tenant), SOMEONE, "approve", "action", number, {}, told)


def unchained(session: records.Session, writer: int, number: int) -> object:
    row = {
        "t": 10_000 + writer, "seq": number, "at": now(), "actor": str(SOMEONE), "id": str(number), "hash": GENESIS,
        "after": '{"state": "approved"}',
    }  # fmt: skip
    return session.execute(
        text(
            f"insert into audit_entries ({COLUMNS}) "
            "values (:t, :seq, :at, :actor, 'approve', 'action', :id, '{}', cast(:after as jsonb), :hash)"
        ),
        row,
    )


def an_entry(tenant: int, seq: int, at: datetime) -> Entry:
    told = {"state": "executing", "version": seq % 7, "manifest_hash": "ab" * 32}
    before = {"state": "approved"}
    return Entry(tenant, seq, at, str(SOMEONE), "start", "action", str(seq % 50_000), before, told)


def a_long_chain(house: Settings, tenant: int) -> None:
    previous, began = GENESIS, now()
    database = make_url(house.postgres_url(Role.OWNER)).database
    # Whoever is bound by row-level security cannot COPY.
    with (
        psycopg.connect(postgres.superuser_url(house, database or "")) as connection,
        connection.cursor().copy(f"copy audit_entries ({COLUMNS}) from stdin") as copy,
    ):
        for seq in range(1, CHAIN + 1):
            entry = an_entry(tenant, seq, began + timedelta(milliseconds=seq))
            previous = link(previous, entry)
            copy.write_row(
                (
                    tenant, seq, entry.at, entry.actor, entry.action, entry.entity, entry.entity_id,
                    json.dumps(entry.before), json.dumps(entry.after), previous,
                )
            )  # fmt: skip
    with records.session(house, Role.OWNER) as session:
        session.execute(
            text(
                "insert into audited_entities select distinct on (entity, entity_id) "
                "tenant_id, entity, entity_id, seq, hash from audit_entries where tenant_id = :t "
                "order by entity, entity_id, seq desc"
            ),
            {"t": tenant},
        )
        session.execute(text("analyze audit_entries, audited_entities"))


def read_only(house: Settings, tenant: int) -> float:
    began = time.perf_counter()
    with records.session(house, Role.PIPELINES) as session:
        rows = session.execute(
            text(f"select {COLUMNS} from audit_entries where tenant_id = :t order by seq"),
            {"t": tenant},
            execution_options={"yield_per": 10_000},
        )
        assert sum(1 for _ in rows) == CHAIN
    return time.perf_counter() - began


def searches(house: Settings, tenant: int) -> dict[str, float]:
    """What people search for, from what every entry is to what none is."""
    halfway = now() + timedelta(milliseconds=CHAIN // 2)
    wanted = {
        "everything": Search(),
        "one thing": Search(entity="action", entity_id="777"),
        "by whoever wrote all": Search(actor=str(SOMEONE), action="start"),
        "by nobody": Search(actor="user:1", action="start"),
        "of no kind there is": Search(entity="link"),
        "until a moment long ago": Search(until=halfway),
    }
    return {name: max(search_once(house, tenant, what) for _ in range(20)) for name, what in wanted.items()}


def search_once(house: Settings, tenant: int, search: Search) -> float:
    with records.session(house, Role.CONSOLE, tenant=TenantId(tenant)) as session:
        began = time.perf_counter()
        audit_log.entries(session, TenantId(tenant), search, cursor=None, limit=25, newest_first=True)
        return time.perf_counter() - began


def verified(house: Settings, tenant: int) -> float:
    began = time.perf_counter()
    with records.session(house, Role.PIPELINES) as session:
        assert audit_log.verify(session, TenantId(tenant)) is None
    return time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = houses.settled(Path(folder))
        with houses.with_records(house):
            measure(house)


def measure(house: Settings) -> None:
    rows = {
        "a chain each": timings(house, in_a_chain_each),
        "all into one chain": timings(house, in_one_chain),
        "without a chain (the limit)": timings(house, unchained),
    }
    print(f"{WRITERS} writers, {ENTRIES_A_WRITER} entries each")
    print(f"{'':<32}{'p50 ms':>10}{'p95 ms':>10}{'of the limit':>14}")
    limit = statistics.median(rows["without a chain (the limit)"])
    for name, seconds in rows.items():
        p50, p95 = statistics.median(seconds), seconds[int(len(seconds) * 0.95)]
        print(f"{name:<32}{p50 * 1000:>10.2f}{p95 * 1000:>10.2f}{p50 / limit:>13.1f}×")
    a_long_chain(house, 50)
    for name, seconds in searches(house, 50).items():
        print(f"searched for {name:<28}{seconds * 1000:>8.1f} ms")
    reading, verifying = read_only(house, 50), verified(house, 50)
    print(f"{CHAIN:,} entries: verified in {verifying:.1f} s, only read in {reading:.1f} s")


if __name__ == "__main__":
    main()
