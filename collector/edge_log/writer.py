"""Group commit: the next batch forms while the current one is written and synced in a thread. No timer."""

import asyncio
import logging
import os
import time
from collections.abc import Iterable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

from collector.edge_log import lines, volumes
from collector.edge_log.committed import Committed
from collector.edge_log.volumes import Volume, sync_directory
from collector.metrics import Metrics
from collector.refusals import NotNow

logger = logging.getLogger(__name__)

# A segment is one insert, and must fit into one block of ClickHouse's, so that its token covers all of it.
SEGMENT_BYTES = 32 * 2**20
# The segment being written cannot be cleared away, so that it must be a small part of what the disk may hold.
SEGMENTS_IN_A_SPOOL = 8
SMALLEST_SEGMENT_BYTES = 128 * 1024
# fdatasync leaves out the file's times, not its length; macOS has fsync alone.
_sync = getattr(os, "fdatasync", os.fsync)


class Written(NamedTuple):
    length: int
    seconds: float


class Durable(asyncio.Future[None]):
    """What all wait for whose records are in one batch; one who gives up does not take the others' answer away."""

    def cancel(self, msg: object = None) -> bool:  # noqa: ARG002 (asyncio's own signature)
        return False


class Batch:
    """Records that become durable together."""

    __slots__ = ("durable", "records")

    def __init__(self) -> None:
        self.durable = Durable(loop=asyncio.get_running_loop())
        self.records: list[bytes] = []


class EdgeLog:
    """The log of one process. What `append` has answered for survives a `kill -9` and a power cut."""

    def __init__(
        self, volume: Volume, metrics: Metrics, *, spool_limit: int, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self.volume = volume
        self.spool_bytes = 0
        self.room = volumes.room(volume.path, spool_limit, used=0)
        self._metrics = metrics
        self._fsync_seconds = metrics.latency("fsync_seconds")
        self._limit = spool_limit
        self._segment_bytes = min(
            segment_bytes, max(self.room // SEGMENTS_IN_A_SPOOL, SMALLEST_SEGMENT_BYTES)
        )
        self._committed = Committed(volume.path)
        self._file: int | None = None
        self._forming: Batch | None = None
        self._writing: Batch | None = None
        self._batches: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = Thread(target=self._write_batches, name="edge-log", daemon=True)
        self._thread.start()
        metrics.gauge("spool_bytes", lambda: self.spool_bytes)

    @property
    def is_full(self) -> bool:
        return self.room <= 0

    def refuse_when_full(self) -> None:
        if self.room <= 0:
            raise NotNow(
                "The edge log has reached its disk limit (SPOOL_MAX_BYTES), or the disk is full; it is being loaded.",
                10,
            )

    def look_at_the_disk(self) -> None:
        """What all that write to it have left of the spool and its disk."""
        spool = self.volume.path.parent
        used = volumes.bytes_used(spool)
        self.spool_bytes, self.room = used, volumes.room(spool, self._limit, used)

    def append(self, records: Iterable[bytes]) -> Durable:
        """Takes records in; the future is done once they are on disk, or raises NotNow if they are not."""
        batch = self._forming
        if batch is None:
            batch = self._forming = Batch()
        batch.records.extend(records)
        if self._writing is None:
            self._hand_over()
        return batch.durable

    def append_unattended(self, records: Sequence[bytes]) -> None:
        """Takes records in that nobody waits for."""
        if records and not self.is_full:
            self.append(records).add_done_callback(lambda durable: durable.exception())

    async def close(self) -> None:
        """Returns when everything that was taken in is on disk."""
        while (batch := self._forming or self._writing) is not None:
            await asyncio.wait([batch.durable])
        self._batches.put(None)
        await asyncio.to_thread(self._thread.join)
        self._leave_segment()

    def _hand_over(self) -> None:
        self._writing, self._forming = self._forming, None
        if self._writing is not None:
            self._batches.put(self._writing)

    def _write_batches(self) -> None:
        """The log's thread: it holds the interpreter as little as it can, since requests wait for that too."""
        while (batch := self._batches.get()) is not None:
            outcome: Written | OSError
            try:
                outcome = self._commit(lines.batch(batch.records))
            except OSError as error:
                outcome = error
            batch.durable.get_loop().call_soon_threadsafe(self._answer, batch, outcome)

    def _answer(self, batch: Batch, outcome: Written | OSError) -> None:
        """Sends the next batch on its way, and then tells those who wait for this one."""
        self._hand_over()
        if isinstance(outcome, Written):
            self.spool_bytes += outcome.length
            self.room -= outcome.length
            self._fsync_seconds.add(outcome.seconds)
            batch.durable.set_result(None)
            return
        logger.error("the edge log could not be written: %s", outcome)
        self._metrics.count("log_failures")
        batch.durable.set_exception(NotNow("The edge log cannot be written at the moment."))

    def _commit(self, batch: bytes) -> Written:
        """Appends a batch and returns when it is on disk; what failed half-way is taken back, as nobody has read it."""
        segment, offset = self._committed.position
        if self._file is None or offset >= self._segment_bytes:
            segment, offset = self._begin_segment(), 0
        file = self._file
        assert file is not None
        begun = time.perf_counter()
        try:
            rest = memoryview(batch)
            while rest:
                rest = rest[os.write(file, rest) :]
            _sync(file)
        except OSError:
            self._take_back(file, offset)
            raise
        self._committed.move(segment, offset + len(batch))
        return Written(len(batch), time.perf_counter() - begun)

    def _begin_segment(self) -> int:
        self._leave_segment()
        number = self._committed.position.segment + 1
        path = self.volume.path_of(number)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        sync_directory(self.volume.path)
        self._committed.move(number, 0)
        return number

    def _take_back(self, file: int, offset: int) -> None:
        """Cuts a failed batch off; a segment of which even that cannot be said is left as it is."""
        try:
            os.ftruncate(file, offset)
            _sync(file)
        except OSError:
            self._leave_segment()

    def _leave_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
