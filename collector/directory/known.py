"""The directory itself: dictionaries that the requests read and the refresher writes, in one thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.directory.keys import HookSecret, Key
from collector.directory.links import Links
from collector.directory.senders import Rules, Sender, Trust
from collector.refusals import Reason, Refused
from marketing_pipelines.links.targets import BlockList
from store.records.collector_keys import ANY_ORIGIN, KeyKind


@dataclass(frozen=True, slots=True)
class Senders:
    """Who may send, as the records have it at one moment; `keyless` are the rules of events without a key."""

    rules: Mapping[int, Rules]
    keyless: Rules | None
    keys: Mapping[str, Key]
    hook_secrets: Mapping[str, Sequence[HookSecret]]


class Directory:
    """Serves what it knows also while Postgres is away."""

    def __init__(self) -> None:
        self.knows_senders = False
        self.knows_links = False
        self.is_fresh = False
        self.keys: Mapping[str, Key] = {}
        self.rules: Mapping[int, Rules] = {}
        self.salts: Mapping[int, bytes] = {}
        self.hook_secrets: Mapping[str, Sequence[HookSecret]] = {}
        self.links = Links()
        self.block_list = BlockList(())
        self._keyless: Sender | None = None
        self._by_origin: dict[str, Sender] = {}
        self._any_origin = False

    def welcomes(self, origin: str) -> bool:
        """Whether some key, or the lack of one, lets this origin in: what a browser asks before it sends a key."""
        return bool(origin) and (self._keyless is not None or self._any_origin or origin in self._by_origin)

    def page_sender(self, key: str | None, origin: str) -> Sender:
        """Whose page it is: by its key, else by its origin, else the tenant of keyless events."""
        if not key:
            return self._without_key(origin)
        known = self.keys.get(key)
        if known is None or known.kind is not KeyKind.BROWSER:
            raise Refused(Reason.UNKNOWN_KEY, "This is no browser key of ours, or it has been revoked.")
        if not known.allows(origin):
            page = origin[:200] or "no origin"
            raise Refused(
                Reason.WRONG_ORIGIN,
                f"The key is not for pages of {page}; add it to the key's origins.",
                known.sender.rules.tenant_id,
            )
        return known.sender

    def learn_senders(self, senders: Senders) -> None:
        self.knows_senders = True
        self.rules, self.keys, self.hook_secrets = senders.rules, senders.keys, senders.hook_secrets
        self._keyless = None if senders.keyless is None else Sender(senders.keyless, Trust.UNTRUSTED)
        named = [(origin, key.sender) for key in senders.keys.values() for origin in key.origins]
        self._any_origin = any(origin == ANY_ORIGIN for origin, _ in named)
        tenants: dict[str, set[int]] = {}
        for origin, sender in named:
            tenants.setdefault(origin, set()).add(sender.rules.tenant_id)
        # An origin that several tenants name says nothing about whose event it is.
        self._by_origin = {
            origin: sender for origin, sender in named if origin != ANY_ORIGIN and len(tenants[origin]) == 1
        }

    def _without_key(self, origin: str) -> Sender:
        sender = self._by_origin.get(origin) or self._keyless
        if sender is None:
            raise Refused(Reason.MISSING_KEY, "Send the site's key as `key`, ?key= or X-Write-Key.")
        return sender
