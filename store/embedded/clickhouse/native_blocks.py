"""ClickHouse's own compression, which `compress=1` and `decompress=1` ask for: checksummed blocks, no frames.

A block is sixteen bytes of CityHash128, one byte of method, the packed size (these nine bytes counted in), the plain
size, and the packed bytes.
"""

import struct
from collections.abc import Iterable, Iterator
from enum import IntEnum

from store.embedded.clickhouse.cityhash import cityhash128
from store.embedded.clickhouse.errors import ClickHouseError, ErrorCode

_CHECKSUM = 16
_HEADER = struct.Struct("<BII")
_PLAIN_BLOCK = 1 << 18
_MOST = 1 << 28
"""A block is written by a client as it likes; a server takes up to 1 GiB, this one a quarter of it."""


class Method(IntEnum):
    NONE = 0x02
    LZ4 = 0x82
    ZSTD = 0x90


class BlockEncoder:
    """Packs an answer into LZ4 blocks."""

    def encode(self, data: bytes) -> bytes:
        return b"".join(_block(data[at : at + _PLAIN_BLOCK]) for at in range(0, len(data), _PLAIN_BLOCK))

    def finish(self) -> bytes:
        return b""


def _block(plain: bytes) -> bytes:
    import lz4.block

    packed = lz4.block.compress(plain, store_size=False)
    body = _HEADER.pack(Method.LZ4, len(packed) + _HEADER.size, len(plain)) + packed
    return cityhash128(body) + body


def decoded_blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpacks a body; the checksum is not looked at, since loopback loses no bits and hashing in Python is slow."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= _CHECKSUM + _HEADER.size:
            method, packed_size, plain_size = _HEADER.unpack_from(buffer, _CHECKSUM)
            if not _HEADER.size <= packed_size <= _MOST or plain_size > _MOST:
                raise ClickHouseError(
                    ErrorCode.CANNOT_DECOMPRESS,
                    f"A compressed block claims {packed_size} bytes for {plain_size}.",
                )
            end = _CHECKSUM + packed_size
            if len(buffer) < end:
                break
            yield _plain(method, bytes(buffer[_CHECKSUM + _HEADER.size : end]), plain_size)
            del buffer[:end]
    if buffer:
        raise ClickHouseError(
            ErrorCode.CANNOT_DECOMPRESS, "The body ends in the middle of a compressed block."
        )


def _plain(method: int, packed: bytes, size: int) -> bytes:
    import lz4.block
    import zstandard

    try:
        match method:
            case Method.NONE:
                plain = packed
            case Method.LZ4:
                plain = lz4.block.decompress(packed, uncompressed_size=size)
            case Method.ZSTD:
                plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=size)
            case _:
                raise ClickHouseError(ErrorCode.CANNOT_DECOMPRESS, f"Unknown codec {method:#04x} in a block.")
    except (lz4.block.LZ4BlockError, zstandard.ZstdError) as error:
        raise ClickHouseError(
            ErrorCode.CANNOT_DECOMPRESS, f"A compressed block is broken: {error}"
        ) from error
    if len(plain) != size:
        raise ClickHouseError(
            ErrorCode.CANNOT_DECOMPRESS, "A compressed block has not the size that it claims."
        )
    return plain
