"""A request's body, received on the event loop and read on the thread that runs the statement."""

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

RECEIVE_TIMEOUT = 30.0
"""Seconds of silence within a body after which the client is given up, as on a server."""


class ClientGone(ClickHouseError):
    """Nobody is left to answer."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.NETWORK_ERROR, "The client closed the connection.")


class Body:
    """Pulled chunk by chunk, so that a client cannot send faster than the engine takes."""

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive = receive
        self._loop = loop
        self._pending: concurrent.futures.Future[bytes] | None = None
        self._abandoned = False
        self._first = b""
        self._finished = asyncio.Event()

    async def begin(self) -> None:
        """Receives the first chunk, which is often all: nobody takes a thread before having said something."""
        self._first = await self._next()

    def chunks(self) -> Iterator[bytes]:
        """For the thread."""
        if self._first:
            yield self._first
        while not self._finished.is_set():
            if self._abandoned:
                raise ClickHouseError(ErrorCode.QUERY_WAS_CANCELLED, "The query was cancelled.")
            self._pending = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
            try:
                chunk = self._pending.result()
            except concurrent.futures.CancelledError:
                raise ClickHouseError(ErrorCode.QUERY_WAS_CANCELLED, "The query was cancelled.") from None
            if chunk:
                yield chunk

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(RECEIVE_TIMEOUT):
                message = await self._receive()
        except TimeoutError:
            raise ClickHouseError(
                ErrorCode.SOCKET_TIMEOUT, f"No data from the client for {RECEIVE_TIMEOUT:.0f} seconds."
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        if not message.get("more_body", False):
            self._finished.set()
        return message.get("body", b"")

    async def departure(self) -> None:
        """Returns when the client goes away after it has sent everything; for the event loop."""
        await self._finished.wait()
        while (await self._receive())["type"] != "http.disconnect":
            continue

    def abandon(self) -> None:
        """Wakes a thread that waits for more."""
        self._abandoned = True
        if self._pending is not None:
            self._pending.cancel()
