"""The pipe through which an answer leaves the engine: chDB writes it, the event loop reads it.

chDB streams block by block only in formats without a beginning and an end.  Written INTO OUTFILE to a pipe, an answer
streams in every format, the pipe's size is all the memory that it takes, and a slow client slows the engine down.
"""

import asyncio
import contextlib
import fcntl
import os

_CAPACITY = 1 << 20


class AnswerPipe:
    """One answer; each end is closed by its own side."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        # a refusal (too many big pipes of one user) leaves the default size, which is only slower
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(self._read_end, fcntl.F_SETPIPE_SZ, _CAPACITY)
        self._closed = False

    @property
    def path(self) -> str:
        """Where a statement writes its answer."""
        return f"/dev/fd/{self._write_end}"

    def write(self, data: bytes) -> None:
        """For the thread, when the answer came whole."""
        view = memoryview(data)
        with contextlib.suppress(BrokenPipeError):
            while view:
                view = view[os.write(self._write_end, view) :]

    def finish(self) -> None:
        """For the thread, when it has run: the reader sees the end."""
        os.close(self._write_end)

    async def read(self) -> bytes:
        """What has been written, or nothing at the end."""
        while True:
            try:
                return os.read(self._read_end, _CAPACITY)
            except BlockingIOError:
                await self._readable()

    async def _readable(self) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(self._read_end, _wake, ready)
        try:
            await ready
        finally:
            self._loop.remove_reader(self._read_end)

    def close(self) -> None:
        """For the reader, read or not."""
        if not self._closed:
            self._closed = True
            os.close(self._read_end)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
