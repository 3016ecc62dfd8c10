"""The ids of clicks on our links, signed: what a page sends back as `mp_cid` counts only if it was given out here."""

from hashlib import blake2b

PURPOSE = "click-ids"
_PROOF_BYTES = 8


class ClickIds:
    """Signs for a tenant, so that one tenant's clicks are worth nothing on another's pages."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def signed(self, tenant_id: int, event_id: str) -> str:
        """What the target's address carries: the click's own id and its proof."""
        return f"{event_id}.{self._proof(tenant_id, event_id)}"

    def proved(self, tenant_id: int, given: str) -> str:
        """The click's own id, or "" for one that nobody here has given out."""
        event_id, _, proof = given.partition(".")
        # Whether it is right is no secret: it is told by what the tenant's own reports say.
        return event_id if proof and proof == self._proof(tenant_id, event_id) else ""

    def _proof(self, tenant_id: int, event_id: str) -> str:
        said = b"%d:%b" % (tenant_id, event_id.encode("utf-8", "replace"))
        return blake2b(said, key=self._key, digest_size=_PROOF_BYTES).hexdigest()
