"""The audit chain: each entry's hash covers the one before, so that a changed past shows.

Pure: what is stored and where is `records/audit_log.py`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
import rfc8785

GENESIS = bytes(32)

_sorted = msgspec.json.Encoder(order="sorted").encode


class ActorKind(StrEnum):
    USER = "user"
    API_KEY = "api_key"
    SENSOR = "sensor"
    PROVIDER = "provider"
    RUN = "run"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: an id, never a name or an address, so that erasure does not break the chain."""

    kind: ActorKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One state change. `before` and `after` carry ids, states and hashes, no personal data."""

    tenant_id: int
    seq: int
    at: datetime
    actor: str
    action: str
    entity: str
    entity_id: str
    before: dict[str, Any]
    after: dict[str, Any]

    def canonical(self) -> bytes:
        return rfc8785.dumps(self._said())

    def quickly_canonical(self) -> bytes:
        """The same bytes ten times sooner, but for fractions and other rarities that entries do without."""
        return _sorted(self._said())

    def _said(self) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant_id,
            "seq": self.seq,
            "at": self.at.isoformat(timespec="microseconds"),
            "actor": self.actor,
            "action": self.action,
            "entity": self.entity,
            "entity_id": self.entity_id,
            "before": self.before,
            "after": self.after,
        }


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain at some moment: whoever has kept it knows all that came before."""

    tenant_id: int
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first entry that does not follow from the one before it."""

    tenant_id: int
    seq: int
    reason: str


def link(previous: bytes, entry: Entry) -> bytes:
    return hashlib.sha256(previous + entry.canonical()).digest()


def first_broken(
    tenant: int, chain: Iterable[tuple[Entry, bytes]], known: Mapping[int, bytes]
) -> BrokenLink | None:
    """Walks one tenant's chain from its start, in the order of `seq`.

    `known` holds hashes that were written down elsewhere, by number: a chain that was hashed anew does not meet them.
    """
    previous, expected = GENESIS, 1
    for entry, stored in chain:
        if entry.seq != expected:
            return BrokenLink(tenant, expected, f"missing; the next entry found is {entry.seq}")
        if not _follows(previous, entry, stored):
            return BrokenLink(tenant, entry.seq, "its hash does not follow from its content")
        if known.get(entry.seq, stored) != stored:
            return BrokenLink(
                tenant, entry.seq, "it is not the entry that a signed head names: the chain was written anew"
            )
        previous, expected = stored, expected + 1
    furthest = max(known, default=0)
    if furthest >= expected:
        return BrokenLink(tenant, expected, f"cut off; a signed head names entry {furthest}")
    return None


def as_hashed(previous: bytes, entry: Entry, stored: bytes) -> bytes:
    """The bytes that an entry's hash was made of; where it was made of none, those that it should have been made of."""
    quick = entry.quickly_canonical()
    return quick if hashlib.sha256(previous + quick).digest() == stored else entry.canonical()


def _follows(previous: bytes, entry: Entry, stored: bytes) -> bool:
    quick = hashlib.sha256(previous + entry.quickly_canonical()).digest()
    return stored == quick or stored == link(previous, entry)
