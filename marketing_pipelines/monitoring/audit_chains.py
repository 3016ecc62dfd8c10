"""The audit chains of the house and of every tenant: whether they are whole, and their heads signed for later."""

from collections.abc import Iterator
from dataclasses import dataclass

from store import audit_heads, records
from store.audit import BrokenLink, Head
from store.audit_heads import SignedHead
from store.clock import now
from store.records.audit_log import HOUSE
from store.records.schema import TenantId
from store.settings import Role, Settings


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one chain was found to be; `signed` is how many signed heads it was held against."""

    tenant: TenantId
    head: Head | None
    signed: int
    broken: BrokenLink | None

    @property
    def entries(self) -> int:
        return self.head.seq if self.head else 0


def verified(settings: Settings) -> Iterator[Verdict]:
    """Walks every chain from its start; raises NotOurs where the file of heads is not what we have signed."""
    trusted = [audit_heads.public_key(settings), *settings.audit_trusted_keys.split(",")]
    known = audit_heads.kept(settings.audit_heads, trusted)
    with records.session(settings, Role.PIPELINES) as session:
        tenants = [HOUSE, *records.tenants.all_ids(session)]
    for tenant in tenants:
        with records.session(settings, Role.PIPELINES) as session:
            # Read first: what is added while the chain is being walked belongs to the next walk.
            head = records.audit_log.head(session, tenant)
            signed = known.get(tenant, {})
            broken = records.audit_log.verify(session, tenant, signed)
        yield Verdict(tenant, head, len(signed), broken)


def sign(settings: Settings, verdicts: Iterator[Verdict] | list[Verdict]) -> list[SignedHead]:
    """Signs the heads of the chains that are whole: a signature under a broken one would vouch for it."""
    heads = [verdict.head for verdict in verdicts if verdict.head and verdict.broken is None]
    signed = audit_heads.sign(settings, heads, now())
    audit_heads.keep(settings.audit_heads, signed)
    return signed
