"""The log on a real disk: group commit, rolling, failure, and what a dead process leaves."""

import asyncio
import json
import os
import resource
from pathlib import Path

import pytest

from collector.edge_log import EVENTS, REJECTS, EdgeLog, Volume, committed, line, volumes
from collector.edge_log.entries import Entry
from collector.metrics import Metrics
from collector.refusals import NotNow

LIMIT = 100 * 2**20


class Said(Entry, frozen=True, kw_only=True):
    """What a record of a test says."""

    text: str


def open_log(spool: Path, *, limit: int = LIMIT, segment_bytes: int = 2**20) -> EdgeLog:
    return EdgeLog(volumes.create(spool), Metrics(), spool_limit=limit, segment_bytes=segment_bytes)


def record(text: str) -> bytes:
    return line(EVENTS, Said(tenant_id=1, received_at=1, text=text))


def on_disk(log: EdgeLog) -> list[str]:
    """What a reader of the living log finds."""
    segments = Volume(log.volume.path, None).segments()
    readable = b"".join(segment.path.read_bytes()[: segment.readable] for segment in segments)
    said = [json.loads(each) for each in readable.split(b"\n")[:-1]]
    return [each["text"] for each in said if "text" in each]


def numbers(log: EdgeLog) -> list[int]:
    return [segment.number for segment in Volume(log.volume.path, None).segments()]


def test_what_is_answered_is_on_disk_in_fewer_syncs_than_records(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    texts = [f"{number}" for number in range(500)]

    async def write() -> None:
        async def one(text: str) -> None:
            await log.append([record(text)])
            assert text in on_disk(log)

        await asyncio.gather(*map(one, texts))
        await log.close()

    asyncio.run(write())
    assert sorted(on_disk(log)) == sorted(texts)
    content = log.volume.path_of(1).read_bytes()
    assert 0 < content.count(b'{"log":"#') < len(texts)


def test_segments_roll_by_size(tmp_path: Path) -> None:
    log = open_log(tmp_path, segment_bytes=200)

    async def write() -> None:
        for number in range(10):
            await log.append([record(f"{number:060d}")])
        await log.close()

    asyncio.run(write())
    assert numbers(log) == [1, 2, 3, 4, 5]
    assert len(on_disk(log)) == 10


def test_what_nobody_waits_for_is_written_before_the_end(tmp_path: Path) -> None:
    log = open_log(tmp_path)

    async def write() -> None:
        log.append_unattended([line(REJECTS, Said(tenant_id=1, received_at=1, text="first"))])
        log.append_unattended([line(REJECTS, Said(tenant_id=1, received_at=1, text="second"))])
        await log.close()

    asyncio.run(write())
    assert on_disk(log) == ["first", "second"]


def test_whoever_gives_up_does_not_take_the_answer_from_the_others(tmp_path: Path) -> None:
    log = open_log(tmp_path)

    async def write() -> None:
        async def one(text: str) -> str:
            await log.append([record(text)])
            return text

        # The second and the third wait for one and the same batch.
        first, second, third = (asyncio.create_task(one(text)) for text in ("first", "second", "third"))
        await asyncio.sleep(0)
        second.cancel()
        assert await asyncio.gather(first, third) == ["first", "third"]
        with pytest.raises(asyncio.CancelledError):
            await second
        await log.close()

    asyncio.run(write())
    assert on_disk(log) == ["first", "second", "third"]


def test_a_full_spool_says_not_now(tmp_path: Path) -> None:
    log = open_log(tmp_path, limit=100)

    async def write() -> None:
        log.refuse_when_full()
        await log.append([record("x" * 100)])
        with pytest.raises(NotNow):
            log.refuse_when_full()
        log.append_unattended([line(REJECTS, Said(tenant_id=1, received_at=1, text="no room"))])
        await log.close()

    asyncio.run(write())
    assert on_disk(log) == ["x" * 100]


def test_a_write_that_fails_is_answered_so_and_leaves_nothing(tmp_path: Path) -> None:
    """The kernel refuses to let a file grow beyond the limit, in the middle of a record."""
    log = open_log(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def write() -> None:
        await log.append([record("before")])
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        try:
            with pytest.raises(NotNow):
                await log.append([record("x" * 5000)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        await log.append([record("after")])
        await log.close()

    asyncio.run(write())
    assert on_disk(log) == ["before", "after"]
    assert numbers(log) == [1]
    assert b"xxx" not in log.volume.path_of(1).read_bytes()


def test_of_a_living_log_only_what_is_durable_is_readable(tmp_path: Path) -> None:
    log = open_log(tmp_path)

    async def write() -> None:
        await log.append([record("durable")])

    asyncio.run(write())
    with log.volume.path_of(1).open("ab") as segment:
        segment.write(record("on its way"))
    assert on_disk(log) == ["durable"]
    [segment_of_dead] = log.volume.segments()
    assert segment_of_dead.readable == segment_of_dead.path.stat().st_size


def test_the_position_of_a_writer_is_told_to_other_processes(tmp_path: Path) -> None:
    committed.create(tmp_path)
    ours = committed.Committed(tmp_path)
    assert committed.read(tmp_path) == (0, 0)
    for position in ((1, 0), (3, 2**35), (2**20, 7)):
        ours.move(*position)
        assert committed.read(tmp_path) == position


def test_a_volume_belongs_to_its_writer_until_that_is_gone(tmp_path: Path) -> None:
    volume = volumes.create(tmp_path)
    assert volume.lock is not None
    assert volumes.all_in(tmp_path) == [volume.path]
    assert volumes.locked(volume.path / volumes.LOCK) is None
    os.close(volume.lock)
    lock = volumes.locked(volume.path / volumes.LOCK)
    assert lock is not None
    Volume(volume.path, lock).remove()
    assert volumes.all_in(tmp_path) == []
