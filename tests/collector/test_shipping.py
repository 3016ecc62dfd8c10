"""Exactly once, at the very moments where a crash could make it twice or never."""

import asyncio
from pathlib import Path

import pytest

from collector.admission import mint
from collector.edge_log import EdgeLog, LoggedEvent, LoggedRejection, Topic, Volume, volumes
from collector.edge_log.framing import framed
from collector.metrics import Metrics
from collector.requests import now_ms
from collector.shipping import cursor as cursors
from collector.shipping.cursor import Cursor
from collector.shipping.loading import load_next, readable
from collector.shipping.sinks import SINKS
from collector.taking import packed
from store import events

EVENTS, CLICKS, REJECTS = SINKS


def entry(tenant: int, event_id: str) -> bytes:
    moment = now_ms()
    return packed(LoggedEvent(tenant, event_id, "lead", moment, moment, "server", "unknown"))


def write(spool: Path, records: list[tuple[Topic, bytes]]) -> tuple[EdgeLog, Volume]:
    log = EdgeLog(volumes.create(spool), Metrics(), spool_limit=2**30)

    async def append() -> None:
        for topic, payload in records:
            await log.append([framed(topic, payload)])
        await log.close()

    asyncio.run(append())
    return log, log.volume


def counted(client: events.Client, ids: list[str]) -> list[int]:
    """How often each id is there."""
    rows = client.query(
        "select event_id, count() from raw.events where has({ids:Array(String)}, event_id) group by event_id",
        parameters={"ids": ids},
    ).result_rows
    return [sum(count for found, count in rows if found == event_id) for event_id in ids]


def ship_all(volume: Volume, log: EdgeLog, client: events.Client) -> None:
    for sink in SINKS:
        while load_next(volume, sink, readable(volume, log), client, Metrics()):
            pass


@pytest.fixture
def ids() -> list[str]:
    return [mint(now_ms()) for _ in range(6)]


def test_each_topic_goes_its_own_way(
    tmp_path: Path, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    rejected = LoggedRejection(now_ms(), tenant, "malformed", "because", "events", ids[2])
    log, volume = write(
        tmp_path,
        [(Topic.EVENTS, entry(tenant, ids[0])), (Topic.CLICKS, entry(tenant, ids[1])), (Topic.REJECTS, packed(rejected))],
    )  # fmt: skip
    ship_all(volume, log, clickhouse)
    ship_all(volume, log, clickhouse)
    assert counted(clickhouse, ids[:3]) == [1, 1, 0]
    rows = clickhouse.query(
        "select reason, detail, payload from raw.rejected where tenant_id = {tenant:Int64}",
        parameters={"tenant": tenant},
    ).result_rows
    assert rows == [("malformed", "because", ids[2])]


def test_a_crash_between_load_and_cursor_loads_nothing_twice(
    tmp_path: Path, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    """The log has grown when the load is tried again: the same bytes go out, and not the longer stretch."""
    log, volume = write(tmp_path, [(Topic.EVENTS, entry(tenant, event_id)) for event_id in ids[:3]])
    assert load_next(volume, EVENTS, readable(volume, log), clickhouse, Metrics())
    done = cursors.read(volume, Topic.EVENTS)
    cursors.keep(volume, Topic.EVENTS, Cursor(done.segment, 0, done.offset))
    with volume.path_of(1).open("ab") as segment:
        for event_id in ids[3:]:
            segment.write(framed(Topic.EVENTS, entry(tenant, event_id)))
    volume.release()
    after_crash, [left] = log_of_next_process(tmp_path)
    ship_all(left, after_crash, clickhouse)
    assert counted(clickhouse, ids) == [1] * 6


def test_a_crash_before_the_load_loses_nothing(
    tmp_path: Path, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    log, volume = write(tmp_path, [(Topic.EVENTS, entry(tenant, event_id)) for event_id in ids])
    end = volume.segments()[0].size
    cursors.keep(volume, Topic.EVENTS, Cursor(1, 0, end))
    ship_all(volume, log, clickhouse)
    assert counted(clickhouse, ids) == [1] * 6


def test_damage_costs_its_record_and_a_torn_tail_nothing(
    tmp_path: Path, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    _log, volume = write(tmp_path, [(Topic.EVENTS, entry(tenant, event_id)) for event_id in ids])
    path = volume.path_of(1)
    content = bytearray(path.read_bytes())
    content[content.index(ids[2].encode())] ^= 1
    path.write_bytes(bytes(content) + framed(Topic.EVENTS, entry(tenant, "torn"))[:-5])
    volume.release()
    after_crash, [left] = log_of_next_process(tmp_path)
    ship_all(left, after_crash, clickhouse)
    assert counted(clickhouse, ids) == [1, 1, 0, 1, 1, 1]


def test_of_a_living_log_only_what_is_committed_is_read(
    tmp_path: Path, clickhouse: events.Client, ids: list[str], tenant: int
) -> None:
    log, volume = write(tmp_path, [(Topic.EVENTS, entry(tenant, ids[0]))])
    with volume.path_of(1).open("ab") as segment:
        segment.write(framed(Topic.EVENTS, entry(tenant, ids[1])))
    ship_all(volume, log, clickhouse)
    assert counted(clickhouse, ids[:2]) == [1, 0]


def log_of_next_process(spool: Path) -> tuple[EdgeLog, list[Volume]]:
    log = EdgeLog(volumes.create(spool), Metrics(), spool_limit=2**30)
    return log, list(volumes.left_behind(spool, {log.volume.name}))
