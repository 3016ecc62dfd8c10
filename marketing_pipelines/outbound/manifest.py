"""The hashes that bind an approval to what is sent: canonical JSON (RFC 8785) under SHA-256."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785

# The connection of what is handed over nowhere, since nothing is set that could take it.
MOCK = "mock"


def manifest_hash(manifest: Mapping[str, Any]) -> bytes:
    """What an approver votes on."""
    return hashlib.sha256(rfc8785.dumps(dict(manifest))).digest()


def leaf_hash(recipient_key: str, values: Mapping[str, Any]) -> bytes:
    """One recipient of a frozen audience; the leaf stays true when the values behind it are erased."""
    inner = hashlib.sha256(rfc8785.dumps(dict(values))).digest()
    return hashlib.sha256(recipient_key.encode() + inner).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """One hash over a whole audience, whatever order it is read in."""
    return hashlib.sha256(b"".join(sorted(leaves))).digest()
