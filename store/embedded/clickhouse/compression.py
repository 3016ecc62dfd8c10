"""Bodies as they travel: HTTP's own encodings, read in bounded pieces and written as one frame."""

import zlib
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Protocol

from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode

PIECE = 1 << 20
"""The most that a decoder gives at once, so that a few bytes that unpack to gigabytes cost no memory."""

_ZSTD_INPUT = 2048
"""zstd cannot be told to stop early: 2 KiB of input unpack to at most 64 MiB."""


class Encoding(Enum):
    """The encodings that both sides speak, the one a server likes best first."""

    ZSTD = "zstd"
    LZ4 = "lz4"
    GZIP = "gzip"
    DEFLATE = "deflate"


class Encoder(Protocol):
    """Makes one frame out of many pieces."""

    def encode(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


def of_request(header: str) -> Encoding | None:
    """The encoding of a body, from Content-Encoding."""
    name = header.strip().lower().removeprefix("x-")
    if name in ("", "identity"):
        return None
    try:
        return Encoding(name)
    except ValueError:
        known = ", ".join(encoding.value for encoding in Encoding)
        raise ClickHouseError(
            ErrorCode.NOT_IMPLEMENTED, f"Unknown compression method '{header}': this server reads {known}."
        ) from None


def of_answer(header: str) -> Encoding | None:
    """The encoding to answer in, from Accept-Encoding; None when the client takes none of ours."""
    offered = set()
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            offered.add(name.strip())
    return next((encoding for encoding in Encoding if encoding.value in offered), None)


def decoded(chunks: Iterable[bytes], encoding: Encoding | None) -> Iterator[bytes]:
    """The plain bytes; a body may hold several frames one behind the other, and may not stop within one."""
    match encoding:
        case None:
            return iter(chunks)
        case Encoding.GZIP:
            return _inflated(chunks, zlib.MAX_WBITS | 16)
        case Encoding.DEFLATE:
            return _inflated(chunks, zlib.MAX_WBITS)
        case Encoding.LZ4:
            return _unpacked_lz4(chunks)
        case Encoding.ZSTD:
            return _unpacked_zstd(chunks)


def limited(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Refuses a body that unpacks to more than this server takes in one request."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise ClickHouseError(ErrorCode.TOO_MANY_BYTES, f"The body unpacks to more than {most} bytes.")
        yield chunk


def _cut_off(code: ErrorCode, encoding: Encoding) -> ClickHouseError:
    return ClickHouseError(code, f"The {encoding.value} body ends in the middle of a frame.")


def _inflated(chunks: Iterable[bytes], window: int) -> Iterator[bytes]:
    decoder = zlib.decompressobj(window)
    begun = False
    for chunk in chunks:
        data = chunk
        while data:
            if decoder.eof:
                decoder = zlib.decompressobj(window)
            begun = True
            try:
                piece = decoder.decompress(data, PIECE)
            except zlib.error as error:
                raise ClickHouseError(ErrorCode.ZLIB_INFLATE_FAILED, f"inflate failed: {error}") from error
            if piece:
                yield piece
            data = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    # what the decoder still holds back after the last byte of input
    while begun and not decoder.eof:
        piece = decoder.decompress(b"", PIECE)
        if not piece:
            raise _cut_off(ErrorCode.ZLIB_INFLATE_FAILED, Encoding.GZIP)
        yield piece


def _unpacked_lz4(chunks: Iterable[bytes]) -> Iterator[bytes]:
    import lz4.frame

    decoder = lz4.frame.LZ4FrameDecompressor()
    begun = False
    for chunk in chunks:
        data: bytes = chunk
        while data or (begun and not decoder.eof and not decoder.needs_input):
            if decoder.eof:
                decoder = lz4.frame.LZ4FrameDecompressor()
            begun = True
            try:
                piece = decoder.decompress(data, PIECE)
            except (RuntimeError, EOFError) as error:
                raise ClickHouseError(ErrorCode.LZ4_DECODER_FAILED, f"LZ4 decode failed: {error}") from error
            if piece:
                yield piece
            data = bytes(decoder.unused_data or b"") if decoder.eof else b""
    if begun and not decoder.eof:
        raise _cut_off(ErrorCode.LZ4_DECODER_FAILED, Encoding.LZ4)


def _unpacked_zstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    import zstandard

    library = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    decoder = library.decompressobj()
    begun = False
    pieces: list[bytes] = []
    held = 0
    for chunk in chunks:
        for at in range(0, len(chunk), _ZSTD_INPUT):
            data = chunk[at : at + _ZSTD_INPUT]
            while data:
                if decoder.eof:
                    decoder = library.decompressobj()
                begun = True
                try:
                    piece = decoder.decompress(data)
                except zstandard.ZstdError as error:
                    raise ClickHouseError(
                        ErrorCode.ZSTD_DECODER_FAILED, f"ZSTD decode failed: {error}"
                    ) from error
                pieces.append(piece)
                held += len(piece)
                if held >= PIECE:
                    yield b"".join(pieces)
                    pieces, held = [], 0
                data = decoder.unused_data if decoder.eof else b""
    if begun and not decoder.eof:
        raise _cut_off(ErrorCode.ZSTD_DECODER_FAILED, Encoding.ZSTD)
    if held:
        yield b"".join(pieces)


class _Deflater:
    def __init__(self, window: int) -> None:
        self._codec = zlib.compressobj(level=3, wbits=window)

    def encode(self, data: bytes) -> bytes:
        return self._codec.compress(data)

    def finish(self) -> bytes:
        return self._codec.flush()


class _Lz4Frame:
    def __init__(self) -> None:
        import lz4.frame

        self._codec = lz4.frame.LZ4FrameCompressor(block_size=lz4.frame.BLOCKSIZE_MAX1MB)
        self._begun = False

    def _head(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return self._codec.begin()

    def encode(self, data: bytes) -> bytes:
        return self._head() + self._codec.compress(data)

    def finish(self) -> bytes:
        return self._head() + self._codec.flush()


class _ZstdFrame:
    def __init__(self) -> None:
        import zstandard

        self._codec = zstandard.ZstdCompressor(level=1).compressobj()

    def encode(self, data: bytes) -> bytes:
        return self._codec.compress(data)

    def finish(self) -> bytes:
        return self._codec.flush()


def encoder(encoding: Encoding) -> Encoder:
    match encoding:
        case Encoding.ZSTD:
            return _ZstdFrame()
        case Encoding.LZ4:
            return _Lz4Frame()
        case Encoding.GZIP:
            return _Deflater(zlib.MAX_WBITS | 16)
        case Encoding.DEFLATE:
            return _Deflater(zlib.MAX_WBITS)
