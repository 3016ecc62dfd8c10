"""Exactly once, at the very moments where a crash could make it twice or never."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collector.admission import mint
from collector.edge_log import (
    CLICKS,
    EVENTS,
    REJECTS,
    EdgeLog,
    LoggedEvent,
    LoggedRejection,
    Topic,
    line,
    volumes,
)
from collector.edge_log.entries import Entry
from collector.edge_log.lines import batch
from collector.metrics import Metrics
from collector.shipping import cursor as cursors
from collector.shipping.cursor import Cursor
from collector.shipping.shipper import Shipper
from store import edge_shipper, events
from store.clock import now_ms
from store.settings import Settings

ALL = "events"


def entry(tenant: int, event_id: str) -> LoggedEvent:
    moment = now_ms()
    return LoggedEvent(
        tenant_id=tenant, event_id=event_id, event="lead", received_at=moment, occurred_at=moment,
        trust="server", consent="unknown",
    )  # fmt: skip


@contextmanager
def written(spool: Path, records: list[tuple[Topic, Entry]]) -> Iterator[EdgeLog]:
    """A log whose writer lives until the end of the block."""
    log = EdgeLog(volumes.create(spool), Metrics(), spool_limit=2**30)

    async def append() -> None:
        for topic, payload in records:
            await log.append([line(topic, payload)])
        await log.close()

    asyncio.run(append())
    yield log
    assert log.volume.lock is not None
    os.close(log.volume.lock)


def counted(client: events.Client, ids: list[str]) -> list[int]:
    """How often each id is there."""
    rows = client.query(
        "select event_id, count() from raw.events where has({ids:Array(String)}, event_id) group by event_id",
        parameters={"ids": ids},
    ).result_rows
    return [sum(count for found, count in rows if found == event_id) for event_id in ids]


@pytest.fixture
def ids() -> list[str]:
    return [mint(now_ms()) for _ in range(6)]


def test_each_topic_goes_its_own_way(
    tmp_path: Path, settings: Settings, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    rejected = LoggedRejection(
        tenant_id=tenant, received_at=now_ms(), reason="malformed", detail="because", door="collect", payload=ids[2]
    )  # fmt: skip
    records = [
        (EVENTS, entry(tenant, ids[0])), (CLICKS, entry(tenant, ids[1])), (REJECTS, rejected),
    ]  # fmt: skip
    shipper = Shipper(settings, tmp_path)
    with written(tmp_path, records):
        assert shipper.attempt()
        assert shipper.attempt()
        assert edge_shipper.heard(tmp_path).shipped_rows == {"events": 2, "rejects": 1}
    assert counted(clickhouse, ids[:3]) == [1, 1, 0]
    rows = clickhouse.query(
        "select reason, detail, payload, events from raw.rejected where tenant_id = {tenant:Int64}",
        parameters={"tenant": tenant},
    ).result_rows
    assert rows == [("malformed", "because", ids[2], 1)]


def test_a_row_says_where_in_the_log_it_stands(
    tmp_path: Path, settings: Settings, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    with written(tmp_path, [(EVENTS, entry(tenant, event_id)) for event_id in ids]) as log:
        Shipper(settings, tmp_path).attempt()
    content = (log.volume.path / "00000001.segment").read_bytes()
    for event_id in ids:
        [(segment, position)] = clickhouse.query(
            "select segment, position from raw.events where event_id = {id:String}",
            parameters={"id": event_id},
        ).result_rows
        assert segment == f"{log.volume.name}/00000001"
        assert event_id.encode() in content[position:].split(b"\n")[0]


def test_a_crash_between_load_and_cursor_loads_nothing_twice(
    tmp_path: Path, settings: Settings, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    """The log has grown when the load is tried again: the same bytes go out, and not the longer stretch."""
    with written(tmp_path, [(EVENTS, entry(tenant, event_id)) for event_id in ids[:3]]) as log:
        Shipper(settings, tmp_path).attempt()
        volume = log.volume.path
        done = cursors.read(volume, ALL)
        assert done.offset > 0
        cursors.keep(volume, ALL, Cursor(done.segment, 0, done.offset))
        with (volume / "00000001.segment").open("ab") as segment:
            segment.write(batch([line(EVENTS, entry(tenant, event_id)) for event_id in ids[3:]]))
    Shipper(settings, tmp_path).attempt()
    assert counted(clickhouse, ids) == [1] * 6


def test_a_crash_before_the_load_loses_nothing(
    tmp_path: Path, settings: Settings, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    with written(tmp_path, [(EVENTS, entry(tenant, event_id)) for event_id in ids]) as log:
        end = log.volume.path_of(1).stat().st_size
        cursors.keep(log.volume.path, ALL, Cursor(1, 0, end))
        Shipper(settings, tmp_path).attempt()
    assert counted(clickhouse, ids) == [1] * 6


def test_damage_costs_its_record_and_a_torn_tail_nothing(
    tmp_path: Path, settings: Settings, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    with written(tmp_path, [(EVENTS, entry(tenant, event_id)) for event_id in ids]) as log:
        path = log.volume.path_of(1)
        content = bytearray(path.read_bytes())
        content[content.index(ids[2].encode())] ^= 1
        path.write_bytes(bytes(content) + batch([line(EVENTS, entry(tenant, "torn"))])[:-5])
    shipper = Shipper(settings, tmp_path)
    assert shipper.attempt()
    assert counted(clickhouse, ids) == [1, 1, 0, 1, 1, 1]
    damaged = edge_shipper.heard(tmp_path).damaged_bytes
    assert 0 < damaged < len(content) / 3


def test_of_a_living_log_only_what_is_committed_is_shipped(
    tmp_path: Path, settings: Settings, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    with written(tmp_path, [(EVENTS, entry(tenant, ids[0]))]) as log:
        with log.volume.path_of(1).open("ab") as segment:
            segment.write(batch([line(EVENTS, entry(tenant, ids[1]))]))
        Shipper(settings, tmp_path).attempt()
        assert counted(clickhouse, ids[:2]) == [1, 0]
    # Its writer is gone now: what it had written is no secret any more.
    Shipper(settings, tmp_path).attempt()
    assert counted(clickhouse, ids[:2]) == [1, 1]


def test_several_living_logs_and_a_dead_one_on_one_spool(
    tmp_path: Path, settings: Settings, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    with written(tmp_path, [(EVENTS, entry(tenant, ids[0]))]):
        pass
    shipper = Shipper(settings, tmp_path)
    with (
        written(tmp_path, [(EVENTS, entry(tenant, ids[1]))]),
        written(tmp_path, [(EVENTS, entry(tenant, ids[2]))]),
    ):
        assert shipper.attempt()
        assert counted(clickhouse, ids[:3]) == [1, 1, 1]
    assert shipper.attempt()
    assert {path.suffix for path in tmp_path.glob("*/*0001.*")} == {".loaded"}


def test_a_torn_tail_is_no_damage(
    tmp_path: Path, settings: Settings, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    """A batch that a crash cut short was never answered for; whole records of it may be loaded all the same."""
    with written(tmp_path, [(EVENTS, entry(tenant, event_id)) for event_id in ids[:2]]) as log:
        torn = batch([line(EVENTS, entry(tenant, event_id)) for event_id in ids[2:4]])[:-20]
        with log.volume.path_of(1).open("ab") as segment:
            segment.write(torn)
    assert Shipper(settings, tmp_path).attempt()
    assert edge_shipper.heard(tmp_path).damaged_bytes == 0
    assert counted(clickhouse, ids[:4]) == [1, 1, 1, 0]
