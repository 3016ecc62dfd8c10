"""The audit chains of the house and of every tenant: whether they are whole, and their heads signed for later."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketing_pipelines.requests.working import Turn
from store import audit_heads, records
from store.audit import BrokenLink, Head
from store.audit_heads import NotOurs, SignedHead
from store.clock import now
from store.records.audit_log import HOUSE
from store.records.schema import NotUsable, TenantId
from store.settings import Role, Settings


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one chain was found to be; `signed` is how many signed heads it was held against, and the last of them."""

    tenant: TenantId
    head: Head | None
    signed: int
    last_signed: SignedHead | None
    broken: BrokenLink | None

    @property
    def entries(self) -> int:
        return self.head.seq if self.head else 0


def verified(settings: Settings) -> Iterator[Verdict]:
    """Walks every chain from its start; raises NotOurs where the file of heads is not what we have signed."""
    known = _signed_heads(settings)
    with records.session(settings, Role.PIPELINES) as session:
        tenants = [HOUSE, *records.tenants.all_ids(session)]
    for tenant in tenants:
        yield _verified(settings, tenant, known.get(tenant, []))


def verify_as_asked(turn: Turn) -> Mapping[str, Any]:
    """One tenant's chain because one of its people asked: what is found is kept with the request, and in the chain.

    Done by a process that is none of the console's, so that whoever has got hold of the console cannot answer for it.
    """
    try:
        known = _signed_heads(turn.settings)
    except NotOurs as tampered:
        raise NotUsable(
            f"The signed heads cannot be trusted, so nothing can be held against them. {tampered}"
        ) from None
    tenant = turn.taken.tenant
    return _told(_verified(turn.settings, tenant, known.get(tenant, []), turn.go_on))


def _told(verdict: Verdict) -> Mapping[str, Any]:
    told: dict[str, Any] = {"entries": verdict.entries, "signed_heads": verdict.signed}
    if verdict.head is not None:
        told["head"] = verdict.head.hash.hex()
    if (last := verdict.last_signed) is not None:
        told |= {"signed_entry": last.seq, "signed_hash": last.hash, "signed_at": last.at}
    if verdict.broken is not None:
        told |= {"broken_at": verdict.broken.seq, "broken_because": verdict.broken.reason}
    return told


def _signed_heads(settings: Settings) -> dict[int, list[SignedHead]]:
    trusted = [audit_heads.public_key(settings), *settings.audit_trusted_keys.split(",")]
    return audit_heads.kept(settings.audit_heads, trusted)


def _verified(
    settings: Settings,
    tenant: TenantId,
    signed: Sequence[SignedHead],
    go_on: Callable[[], object] | None = None,
) -> Verdict:
    with records.session(settings, Role.PIPELINES) as session:
        # Read first: what is added while the chain is being walked belongs to the next walk.
        head = records.audit_log.head(session, tenant)
        known = audit_heads.hashes(signed)
        broken = records.audit_log.verify(session, tenant, known, go_on)
    return Verdict(tenant, head, len(known), signed[-1] if signed else None, broken)


def sign(settings: Settings, verdicts: Iterator[Verdict] | list[Verdict]) -> list[SignedHead]:
    """Signs the heads of the chains that are whole: a signature under a broken one would vouch for it."""
    heads = [verdict.head for verdict in verdicts if verdict.head and verdict.broken is None]
    signed = audit_heads.sign(settings, heads, now())
    audit_heads.keep(settings.audit_heads, signed)
    return signed
