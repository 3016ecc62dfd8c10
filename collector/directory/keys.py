"""Keys of pages and servers, and what proves the calls of providers."""

from dataclasses import dataclass

from collector.directory.senders import Sender
from store.records.collector_keys import ANY_ORIGIN, KeyKind


@dataclass(frozen=True, slots=True)
class Key:
    """A server key has secrets (two while one is being changed), a browser key has origins."""

    sender: Sender
    kind: KeyKind
    origins: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = ()

    def allows(self, origin: str) -> bool:
        return origin in self.origins or ANY_ORIGIN in self.origins


@dataclass(frozen=True, slots=True)
class HookSecret:
    number: int
    tenant_id: int
    secret: str


def normal_origin(origin: str) -> str:
    """Scheme, host and port as browsers send them."""
    return origin.strip().rstrip("/").lower()
