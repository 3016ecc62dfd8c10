"""Connections that come to an end: heads are bounded, a client that dawdles is cut off, an answer is one write.

uvicorn bounds neither, since it expects a proxy in front. It looks from outside once a second, so that requests pay
nothing for it but one comparison.
"""

from asyncio import BaseTransport, Transport, get_running_loop
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from collector.metrics import Metrics

LARGEST_HEAD = 32 * 1024


class JoinedWrites:
    """A transport that hands the kernel at once what one step of a task has written.

    uvicorn writes an answer's head and body apart, and a second system call costs as much as admitting an event.
    """

    __slots__ = ("_call_soon", "_held", "_transport")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._call_soon = get_running_loop().call_soon
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._held:
            self._call_soon(self._flush)
        self._held.append(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size() + sum(map(len, self._held))

    def _flush(self) -> None:
        if self._held:
            whole = b"".join(self._held)
            self._held.clear()
            if not self._transport.is_closing():
                self._transport.write(whole)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class BoundedConnection(HttpToolsProtocol):
    """One client's connection."""

    living: ClassVar[set["BoundedConnection"]] = set()
    cut_off: ClassVar[int] = 0
    _head_bytes = 0
    _doing: object = None
    _since = 0.0

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast("Transport", JoinedWrites(cast("Transport", transport))))
        self.living.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.living.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_in_head:
            self._head_bytes += len(data)
            is_too_large = self._head_bytes > LARGEST_HEAD
        else:
            self._head_bytes = 0
            is_too_large = len(data) > LARGEST_HEAD and self._whole_head > LARGEST_HEAD
        if is_too_large and not self.transport.is_closing():
            self._cut()

    def cut_if_slow(self, moment: float, slowest: float) -> None:
        """Looks at what the client is busy with, and for how long it has been that already.

        Bounded are connecting without asking, a request from its first byte to its last, and taking an answer.
        """
        doing = self._busy_with()
        if doing is None or doing is not self._doing:
            self._doing, self._since = doing, moment
        elif moment - self._since > slowest:
            self._cut()

    @property
    def _is_in_head(self) -> bool:
        """Whether a request has begun whose headers are not complete."""
        return self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)

    @property
    def _whole_head(self) -> int:
        return sum(len(name) + len(value) for name, value in self.headers or ())

    def _busy_with(self) -> object:
        """The request that does not end, or the connection itself; None while nothing is expected of the client."""
        if self.scope is None:
            return self
        if self._is_in_head or (self.cycle.more_body and not self.cycle.response_complete):
            return self.scope
        return self.scope if self.transport.get_write_buffer_size() else None

    def _cut(self) -> None:
        BoundedConnection.cut_off += 1
        self.transport.abort()


def cut_the_slow(moment: float, slowest: float) -> None:
    """Once a second."""
    for connection in tuple(BoundedConnection.living):
        connection.cut_if_slow(moment, slowest)


def watched_by(metrics: Metrics) -> None:
    metrics.gauge("connections", lambda: len(BoundedConnection.living))
    metrics.tell_also(lambda: {("cut_off", ""): float(BoundedConnection.cut_off)})
