"""Group commit: the next batch forms while the current one is written and synced in a thread. No timer."""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from collector.edge_log.volumes import Volume, sync_directory
from collector.metrics import Metrics
from collector.refusals import NotNow

logger = logging.getLogger(__name__)

SEGMENT_BYTES = 32 * 2**20
# The segment being written cannot be cleared away, so that it must be a small part of what the disk may hold.
SEGMENTS_IN_A_SPOOL = 8
# From here on loaded segments give way before their time.
CROWDED = 0.8
# fdatasync leaves out the file's times, not its length; macOS has fsync alone.
_sync = getattr(os, "fdatasync", os.fsync)


class Position(NamedTuple):
    segment: int
    offset: int


class EdgeLog:
    """The log of one process. What `append` has answered for survives a `kill -9` and a power cut."""

    def __init__(
        self, volume: Volume, metrics: Metrics, *, spool_limit: int, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self.volume = volume
        self.spool_bytes = 0
        self.committed = Position(0, 0)
        self._metrics = metrics
        self._limit = spool_limit
        self._segment_bytes = min(segment_bytes, spool_limit // SEGMENTS_IN_A_SPOOL)
        self._file: int | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="edge-log")
        self._frames: list[bytes] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._writing: asyncio.Future[int] | None = None
        metrics.gauge("spool_bytes", lambda: self.spool_bytes)

    @property
    def is_full(self) -> bool:
        return self.spool_bytes >= self._limit

    @property
    def is_crowded(self) -> bool:
        return self.spool_bytes >= self._limit * CROWDED

    def refuse_when_full(self) -> None:
        if self.is_full:
            raise NotNow("The edge log has reached its disk limit (SPOOL_MAX_BYTES); it is being loaded.", 10)

    def append(self, frames: Sequence[bytes]) -> asyncio.Future[None]:
        """Takes records in; the future is done once they are on disk, or raises NotNow if they are not."""
        waiter = asyncio.get_running_loop().create_future()
        self._frames.extend(frames)
        self._waiters.append(waiter)
        if self._writing is None:
            self._write_batch()
        return waiter

    def append_unattended(self, frames: Sequence[bytes]) -> None:
        """Takes records in that nobody waits for."""
        if frames and not self.is_full:
            self.append(frames).add_done_callback(lambda waiter: waiter.cancelled() or waiter.exception())

    async def close(self) -> None:
        """Returns when everything that was taken in is on disk."""
        while self._writing is not None:
            await asyncio.wait([self._writing])
            await asyncio.sleep(0)
        self._thread.shutdown()
        if self._file is not None:
            os.close(self._file)

    def _write_batch(self) -> None:
        frames, self._frames = self._frames, []
        waiters, self._waiters = self._waiters, []
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(self._thread, self._commit, b"".join(frames))
        self._writing.add_done_callback(lambda written: self._answer(written, waiters))

    def _answer(self, written: asyncio.Future[int], waiters: list[asyncio.Future[None]]) -> None:
        problem = written.exception()
        self._writing = None
        if self._waiters:
            self._write_batch()
        if problem is None:
            self.spool_bytes += written.result()
            self._metrics.count("fsyncs")
        else:
            logger.error("the edge log could not be written: %s", problem)
            self._metrics.count("log_failures")
        for waiter in waiters:
            if waiter.done():
                continue
            if problem is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(NotNow("The edge log cannot be written at the moment."))

    def _commit(self, batch: bytes) -> int:
        """Runs in the log's thread. After a failure the segment is left as it is and a new one begun:
        what a failed sync left on disk is unknown, and a reader must never see bytes change."""
        if self._file is None or self.committed.offset >= self._segment_bytes:
            self._begin_segment()
        file = self._file
        assert file is not None
        try:
            rest = memoryview(batch)
            while rest:
                rest = rest[os.write(file, rest) :]
            _sync(file)
        except OSError:
            if os.fstat(file).st_size != self.committed.offset:
                self._leave_segment()
            raise
        self.committed = Position(self.committed.segment, self.committed.offset + len(batch))
        return len(batch)

    def _begin_segment(self) -> None:
        self._leave_segment()
        number = self.committed.segment + 1
        path = self.volume.path_of(number)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        sync_directory(self.volume.path)
        self.committed = Position(number, 0)

    def _leave_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
