"""Writes small databases in MaxMind's format, so that the real reader has real files to read."""

from enum import IntEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Any

RECORD_BYTES = 3
MARKER = b"\xab\xcd\xefMaxMind.com"


class Kind(IntEnum):
    """Kinds of values by the format's numbers."""

    UTF8 = 2
    UINT16 = 5
    UINT32 = 6
    MAP = 7
    UINT64 = 9
    ARRAY = 11


WIDTHS = {Kind.UINT16: 2, Kind.UINT32: 4, Kind.UINT64: 8}
KINDS_OF_METADATA = {"build_epoch": Kind.UINT64, "node_count": Kind.UINT32}


def write(path: Path, database_type: str, records: dict[str, dict[str, Any]]) -> Path:
    """A database of IPv4 networks: a binary tree over the bits of addresses, then what its leaves say."""
    tree: list[list[Any]] = [[None, None]]
    data = bytearray()
    for network, record in records.items():
        spot = ("data", len(data))
        data += _encoded(record)
        _plant(tree, ip_network(network), spot)
    metadata = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_795_000_000,
        "database_type": database_type,
        "description": {"en": "for tests"},
        "ip_version": 4,
        "languages": ["en"],
        "node_count": len(tree),
        "record_size": RECORD_BYTES * 8,
    }
    nodes = b"".join(_number(tree, side).to_bytes(RECORD_BYTES) for node in tree for side in node)
    path.write_bytes(nodes + bytes(16) + data + MARKER + _metadata(metadata))
    return path


def _plant(tree: list[list[Any]], network: Any, spot: tuple[str, int]) -> None:
    address, node = int(network.network_address), 0
    for depth in range(network.prefixlen):
        bit = address >> (network.max_prefixlen - 1 - depth) & 1
        if depth == network.prefixlen - 1:
            tree[node][bit] = spot
        else:
            if tree[node][bit] is None:
                tree.append([None, None])
                tree[node][bit] = len(tree) - 1
            node = tree[node][bit]


def _number(tree: list[list[Any]], side: Any) -> int:
    """A record of the tree: another node, nothing (the count of nodes), or a spot in the data behind the tree."""
    if side is None:
        return len(tree)
    return len(tree) + 16 + side[1] if isinstance(side, tuple) else side


def _metadata(metadata: dict[str, Any]) -> bytes:
    """A map whose numbers have the widths that readers insist on."""
    pairs = (
        _encoded(name) + _encoded(value, KINDS_OF_METADATA.get(name, Kind.UINT16))
        for name, value in metadata.items()
    )
    return _head(Kind.MAP, len(metadata)) + b"".join(pairs)


def _encoded(value: Any, number: Kind = Kind.UINT32) -> bytes:
    if isinstance(value, str):
        raw = value.encode()
        return _head(Kind.UTF8, len(raw)) + raw
    if isinstance(value, int):
        return _head(number, WIDTHS[number]) + value.to_bytes(WIDTHS[number])
    if isinstance(value, list):
        return _head(Kind.ARRAY, len(value)) + b"".join(map(_encoded, value))
    return _head(Kind.MAP, len(value)) + b"".join(_encoded(part) for pair in value.items() for part in pair)


def _head(kind: Kind, size: int) -> bytes:
    """Kind and size in a byte; later kinds and sizes of 29 and more have one of their own each."""
    in_byte, further = (size, b"") if size < 29 else (29, bytes([size - 29]))
    if kind > Kind.MAP:
        return bytes([in_byte, kind - Kind.MAP]) + further
    return bytes([kind << 5 | in_byte]) + further
