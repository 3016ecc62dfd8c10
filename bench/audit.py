"""The audit chain: what an entry costs while others write, and how long a million take to verify.

python -m bench.audit

An entry is written by 8 writers at once: into a chain each, and all into one, where they must take turns. The limit
beside it is the same row inserted by the same writers without a chain. Verifying is held against reading the same rows
and doing nothing with them.
"""

import json
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bench.edge.peers import running
from cli import readiness
from store import migrations, records
from store.audit import GENESIS, Actor, ActorKind, Entry, link
from store.clock import now
from store.embedded import commands, postgres
from store.records import audit_log
from store.records.database import engine
from store.records.schema import TenantId
from store.settings import Role, Settings, load

WRITERS = 8
ENTRIES_A_WRITER = 300
CHAIN = 1_000_000
SOMEONE = Actor(ActorKind.RUN, "0123456789abcdef")
COLUMNS = "tenant_id, seq, at, actor, action, entity, entity_id, before, after, hash"
Write = Callable[[records.Session, int, int], object]


def timings(house: Settings, write: Write) -> list[float]:
    """Seconds that each write took, from asking for its place to knowing it; the commit comes on top."""

    def many(writer: int) -> list[float]:
        taken = []
        for number in range(ENTRIES_A_WRITER):
            with records.session(house, Role.PIPELINES) as session:
                session.connection()
                began = time.perf_counter()
                write(session, writer, number)
                taken.append(time.perf_counter() - began)
        return taken

    with ThreadPoolExecutor(WRITERS) as writers:
        return sorted(second for seconds in writers.map(many, range(WRITERS)) for second in seconds)


def chained(first_tenant: int, chains: int) -> Write:
    """Writes to as many chains, by turns of the writers."""

    def write(session: records.Session, writer: int, number: int) -> object:
        told = {"state": "approved", "version": number}
        tenant = TenantId(first_tenant + writer % chains)
        return audit_log.append(session, tenant, SOMEONE, "approve", "action", number, {}, told)

    return write


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


def a_long_chain(house: Settings, tenant: int) -> None:
    previous, began = GENESIS, now()
    with engine(house, Role.OWNER).connect() as connection:
        cursor = connection.connection.cursor()
        with cursor.copy(f"copy audit_entries ({COLUMNS}) from stdin") as copy:  # type: ignore[attr-defined]
            for seq in range(1, CHAIN + 1):
                at = began + timedelta(milliseconds=seq)
                told = {"state": "executing", "version": seq % 7, "manifest_hash": "ab" * 32}
                entry = Entry(
                    tenant,
                    seq,
                    at,
                    str(SOMEONE),
                    "start",
                    "action",
                    str(seq % 50_000),
                    {"state": "approved"},
                    told,
                )
                previous = link(previous, entry)
                copy.write_row(
                    (
                        tenant, seq, at, entry.actor, entry.action, entry.entity, entry.entity_id,
                        '{"state": "approved"}', json.dumps(told), previous,
                    )
                )  # fmt: skip
        connection.connection.commit()
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


def verified(house: Settings, tenant: int) -> float:
    began = time.perf_counter()
    with records.session(house, Role.PIPELINES) as session:
        assert audit_log.verify(session, TenantId(tenant)) is None
    return time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = load(_env_file=None, data_dir=Path(folder), port_base=readiness.free_base(18000, 20))
        environment = {**os.environ, "DATA_DIR": folder, "PORT_BASE": str(house.port_base)}
        with running(
            commands.postgres(), lambda: postgres.is_ready(house), environment=environment, stop=signal.SIGINT
        ):
            postgres.ensure_databases(house)
            migrations.migrate_postgres(house)
            measure(house)


def measure(house: Settings) -> None:
    rows = {
        "a chain each": timings(house, chained(100, WRITERS)),
        "all into one chain": timings(house, chained(200, 1)),
        "without a chain (the limit)": timings(house, unchained),
    }
    print(f"{WRITERS} writers, {ENTRIES_A_WRITER} entries each")
    print(f"{'':<32}{'p50 ms':>10}{'p95 ms':>10}{'of the limit':>14}")
    limit = statistics.median(rows["without a chain (the limit)"])
    for name, seconds in rows.items():
        p50, p95 = statistics.median(seconds), seconds[int(len(seconds) * 0.95)]
        print(f"{name:<32}{p50 * 1000:>10.2f}{p95 * 1000:>10.2f}{p50 / limit:>13.1f}×")
    a_long_chain(house, 50)
    reading, verifying = read_only(house, 50), verified(house, 50)
    print(f"{CHAIN:,} entries: verified in {verifying:.1f} s, only read in {reading:.1f} s")


if __name__ == "__main__":
    main()
