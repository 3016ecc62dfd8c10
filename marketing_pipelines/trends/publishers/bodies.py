"""Bodies: a document as it comes over the wire, unpacked piece by piece and never beyond what is allowed."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

import brotli

from marketing_pipelines.trends.publishers.troubles import Obstacle, Trouble

ACCEPTED = "gzip, br"
# What is named here was not asked for and cannot be read. Other words are slips, such as `utf-8`, over which
# browsers pass as well.
_NOT_ASKED_FOR = frozenset({"deflate", "zstd", "compress", "x-compress", "dcb", "dcz"})
_STEP = 2**18
_MOST_MEMBERS = 100


class TooLarge(Obstacle):
    """A document that has more bytes than allowed, as it was sent or once it is unpacked."""

    def __init__(self, largest: int) -> None:
        super().__init__(Trouble.TOO_LARGE, f"The document has more than {largest / 2**20:.1f} MiB.")


def unpacked(pieces: Iterable[bytes], encoding: str, largest: int) -> Iterator[bytes]:
    """The pieces of a document, or an Obstacle where it is too large, damaged or packed in a way not asked for."""
    unpack = _unpacker(encoding.strip().lower())
    received = sent = 0
    for piece in pieces:
        received += len(piece)
        if received > largest:
            raise TooLarge(largest)
        for part in unpack.parts(piece):
            sent += len(part)
            if sent > largest:
                raise TooLarge(largest)
            yield part
    if not unpack.whole:
        raise Obstacle(Trouble.DAMAGED, "The compressed answer ends too early.")


class _Unpacks(Protocol):
    def parts(self, piece: bytes) -> Iterator[bytes]: ...

    @property
    def whole(self) -> bool: ...


def _unpacker(encoding: str) -> _Unpacks:
    if encoding in {"gzip", "x-gzip"}:
        return _Gzip()
    if encoding == "br":
        return _Brotli()
    if encoding in _NOT_ASKED_FOR or "," in encoding:
        raise Obstacle(Trouble.DAMAGED, f"The answer is encoded as {encoding[:40]}, which was not asked for.")
    return _Plain()


class _Plain:
    whole = True

    def parts(self, piece: bytes) -> Iterator[bytes]:
        yield piece


class _Gzip:
    """One gzip member after another, as they may be joined; what follows the last is passed over."""

    def __init__(self) -> None:
        self._members = 1
        self._inflate = _member()

    @property
    def whole(self) -> bool:
        return self._inflate.eof

    def parts(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            if self._inflate.eof and not self._begins_another(piece):
                return
            try:
                yield self._inflate.decompress(piece, _STEP)
            except zlib.error as error:
                raise Obstacle(Trouble.DAMAGED, "The compressed answer is damaged.") from error
            piece = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail

    def _begins_another(self, piece: bytes) -> bool:
        if not piece.startswith(b"\x1f") or self._members == _MOST_MEMBERS:
            return False
        self._members += 1
        self._inflate = _member()
        return True


def _member() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)


class _Brotli:
    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    @property
    def whole(self) -> bool:
        return self._decompressor.is_finished()

    def parts(self, piece: bytes) -> Iterator[bytes]:
        try:
            yield self._decompressor.process(piece, output_buffer_limit=_STEP)
            while not self._decompressor.can_accept_more_data():
                yield self._decompressor.process(b"", output_buffer_limit=_STEP)
        except brotli.error as error:
            raise Obstacle(Trouble.DAMAGED, "The compressed answer is damaged.") from error
