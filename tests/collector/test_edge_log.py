"""The log on a real disk: group commit, rolling, failure, and what a dead process leaves."""

import asyncio
import errno
import os
import resource
from pathlib import Path

import pytest

from collector.edge_log import EdgeLog, Topic, volumes
from collector.edge_log.framing import Frame, framed, read
from collector.metrics import Metrics
from collector.refusals import NotNow

LIMIT = 100 * 2**20


def open_log(spool: Path, *, limit: int = LIMIT, segment_bytes: int = 2**20) -> EdgeLog:
    return EdgeLog(volumes.create(spool), Metrics(), spool_limit=limit, segment_bytes=segment_bytes)


def on_disk(log: EdgeLog) -> list[bytes]:
    payloads: list[bytes] = []
    for segment in log.volume.segments():
        content = segment.path.read_bytes()
        payloads += [bytes(found.payload) for found in read(content) if isinstance(found, Frame)]
    return payloads


def test_what_is_answered_is_on_disk_in_fewer_syncs_than_records(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    payloads = [b"%d" % number for number in range(500)]

    async def write() -> None:
        async def one(payload: bytes) -> None:
            await log.append([framed(Topic.EVENTS, payload)])
            assert payload in on_disk(log)

        await asyncio.gather(*map(one, payloads))
        await log.close()

    asyncio.run(write())
    assert sorted(on_disk(log)) == sorted(payloads)
    assert log._metrics.total("fsyncs") < len(payloads)


def test_segments_roll_by_size(tmp_path: Path) -> None:
    log = open_log(tmp_path, segment_bytes=100)

    async def write() -> None:
        for number in range(10):
            await log.append([framed(Topic.EVENTS, b"%060d" % number)])
        await log.close()

    asyncio.run(write())
    assert [segment.number for segment in log.volume.segments()] == [1, 2, 3, 4, 5]
    assert len(on_disk(log)) == 10


def test_what_nobody_waits_for_is_written_before_the_end(tmp_path: Path) -> None:
    log = open_log(tmp_path)

    async def write() -> None:
        log.append_unattended([framed(Topic.REJECTS, b"first")])
        log.append_unattended([framed(Topic.REJECTS, b"second")])
        await log.close()

    asyncio.run(write())
    assert on_disk(log) == [b"first", b"second"]


def test_a_waiter_that_gives_up_does_not_stop_the_others(tmp_path: Path) -> None:
    log = open_log(tmp_path)

    async def write() -> None:
        first = log.append([framed(Topic.EVENTS, b"first")])
        second = log.append([framed(Topic.EVENTS, b"second")])
        third = log.append([framed(Topic.EVENTS, b"third")])
        second.cancel()
        await asyncio.gather(first, third)
        await log.close()

    asyncio.run(write())
    assert on_disk(log) == [b"first", b"second", b"third"]


def test_a_full_spool_says_not_now(tmp_path: Path) -> None:
    log = open_log(tmp_path, limit=100)

    async def write() -> None:
        log.refuse_when_full()
        await log.append([framed(Topic.EVENTS, b"x" * 100)])
        with pytest.raises(NotNow):
            log.refuse_when_full()
        log.append_unattended([framed(Topic.REJECTS, b"no room")])
        await log.close()

    asyncio.run(write())
    assert on_disk(log) == [b"x" * 100]


def test_a_write_that_fails_is_answered_so_and_the_log_goes_on(tmp_path: Path) -> None:
    """The kernel refuses to let a file grow beyond the limit, in the middle of a record."""
    log = open_log(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def write() -> None:
        await log.append([framed(Topic.EVENTS, b"before")])
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        try:
            with pytest.raises(NotNow):
                await log.append([framed(Topic.EVENTS, b"x" * 5000)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        await log.append([framed(Topic.EVENTS, b"after")])
        await log.close()

    asyncio.run(write())
    assert on_disk(log) == [b"before", b"after"]
    assert [segment.number for segment in log.volume.segments()] == [1, 2]


def test_a_volume_belongs_to_its_writer_until_that_is_gone(tmp_path: Path) -> None:
    first, second = volumes.create(tmp_path), volumes.create(tmp_path)
    assert list(volumes.left_behind(tmp_path, {second.name})) == []
    first.release()
    [taken_over] = volumes.left_behind(tmp_path, {second.name})
    assert taken_over.name == first.name
    assert list(volumes.left_behind(tmp_path, {second.name})) == []
    taken_over.remove()
    assert [path.name for path in tmp_path.iterdir()] == [second.name]
    second.release()
    assert _error_of_closing(second.lock) == errno.EBADF


def _error_of_closing(descriptor: int) -> int | None:
    try:
        os.close(descriptor)
    except OSError as error:
        return error.errno
    return None
