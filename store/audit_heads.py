"""Signed heads of the audit chains: what is kept outside the database, so that a chain written anew can be told.

One JSON object a line, only ever added to. A signature is Ed25519 over the canonical JSON of the other fields, so that
anyone with the public key can check a line, and with it the whole chain up to there.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from store.audit import Head
from store.settings import Settings

SIGNED_FOR = "audit-heads"


class SignedHead(msgspec.Struct, frozen=True):
    """A chain's last entry at a moment; `key` is the public one, and bytes are written as hex."""

    tenant_id: int
    seq: int
    hash: str
    at: str
    key: str
    signature: str = ""

    def signed(self) -> bytes:
        said = {"tenant_id": self.tenant_id, "seq": self.seq, "hash": self.hash, "at": self.at}
        return rfc8785.dumps({**said, "key": self.key})


class NotOurs(Exception):
    """A line of the file of heads is not what we have signed; says which and what to do."""


def public_key(settings: Settings) -> str:
    """What others check our signatures with."""
    return _private_key(settings).public_key().public_bytes_raw().hex()


def sign(settings: Settings, heads: Iterable[Head], at: datetime) -> list[SignedHead]:
    key, moment = _private_key(settings), at.astimezone(UTC).isoformat(timespec="seconds")
    public = key.public_key().public_bytes_raw().hex()
    bare = [SignedHead(head.tenant_id, head.seq, head.hash.hex(), moment, public) for head in heads]
    return [msgspec.structs.replace(head, signature=key.sign(head.signed()).hex()) for head in bare]


def keep(file: Path, heads: Sequence[SignedHead]) -> None:
    """Adds lines behind those that are there, and returns when they are on disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = b"".join(msgspec.json.encode(head) + b"\n" for head in heads)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, lines)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def kept(file: Path, trusted: Sequence[str]) -> dict[int, list[SignedHead]]:
    """The heads that were signed with a trusted key, by tenant, in the order of their signing."""
    known: dict[int, list[SignedHead]] = {}
    if not file.exists():
        return known
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        head = _checked(line, f"{file}, line {number}", trusted)
        known.setdefault(head.tenant_id, []).append(head)
    return known


def hashes(heads: Iterable[SignedHead]) -> dict[int, bytes]:
    """What the entries with these numbers have to be."""
    return {head.seq: bytes.fromhex(head.hash) for head in heads}


def _checked(line: bytes, where: str, trusted: Sequence[str]) -> SignedHead:
    try:
        head = msgspec.json.decode(line, type=SignedHead)
        if head.key not in trusted:
            raise NotOurs(
                f"{where}: signed with the key {head.key[:16]}…, which is not trusted. If SECRET_KEY was changed, "
                "name the former key in AUDIT_TRUSTED_KEYS (mp audit key shows the present one)."
            )
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(head.key)).verify(
            bytes.fromhex(head.signature), head.signed()
        )
    except (msgspec.MsgspecError, ValueError, InvalidSignature):
        raise NotOurs(f"{where}: is not a head as it was signed; the file was changed.") from None
    return head


def _private_key(settings: Settings) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(settings.derived(SIGNED_FOR))
