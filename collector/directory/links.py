"""What the edge keeps of every link: small while nobody asks for it, ready when somebody does."""

from collections.abc import Iterable, Mapping, Set

import msgspec

from marketing_pipelines.links.targets import Target


class Terms(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What only some links have. Moments are milliseconds since 1970; what is 0 or empty says nothing."""

    is_archived: bool = False
    opens_at: int = 0
    closes_at: int = 0
    password_hash: str = ""
    has_limit: bool = False
    fallback: str = ""
    passed_parameters: frozenset[str] = frozenset()
    targets: tuple[Target, ...] = ()


class PreparedLink(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A link whose addresses have their campaign's tags already; no target where the record's is not usable."""

    link_id: int  # comes first: `_Number` reads no further
    tenant_id: int
    campaign_id: int
    target: str
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    terms: Terms | None = None


class _Number(msgspec.Struct, array_like=True, gc=False):
    link_id: int


_packed = msgspec.msgpack.Encoder().encode
_unpacked = msgspec.msgpack.Decoder(PreparedLink).decode
_numbered = msgspec.msgpack.Decoder(_Number).decode


class Links:
    """By slug, a million in some 300 MB: each is one string of bytes until somebody follows it.

    Requests read while one thread writes; what is being read anew is changed in place, so that nobody
    ever finds it empty and it never takes twice the memory.
    """

    def __init__(self) -> None:
        self._links: dict[str, bytes] = {}
        self._highest = 0

    def __len__(self) -> int:
        return len(self._links)

    def get(self, slug: str) -> PreparedLink | None:
        packed = self._links.get(slug)
        return None if packed is None else _unpacked(packed)

    def learn_each(self, found: Iterable[tuple[str, PreparedLink]]) -> int:
        """Takes in links, and says how many."""
        count = 0
        for slug, link in found:
            self._learn(slug, link)
            count += 1
        return count

    def forget_all_but(self, slugs: Set[str]) -> None:
        for slug in self._links.keys() - slugs:
            del self._links[slug]

    def learn(self, changed: Iterable[int], found: Mapping[str, PreparedLink]) -> None:
        """Takes in the links that changed; those of them that are found no more are forgotten."""
        moved = {link_id for link_id in changed if link_id <= self._highest} - self._numbers_at(found)
        if moved:
            # Links are seldom deleted and never renamed, and to know the slug of each number costs a third more.
            for slug in [slug for slug, packed in self._links.items() if _numbered(packed).link_id in moved]:
                del self._links[slug]
        for slug, link in found.items():
            self._learn(slug, link)

    def _numbers_at(self, found: Mapping[str, PreparedLink]) -> set[int]:
        """Of the links that were found, those that stand under the same slug already."""
        known = ((self._links.get(slug), link.link_id) for slug, link in found.items())
        return {number for packed, number in known if packed and _numbered(packed).link_id == number}

    def _learn(self, slug: str, link: PreparedLink) -> None:
        packed = _packed(link)
        if self._links.get(slug) != packed:
            self._links[slug] = packed
        self._highest = max(self._highest, link.link_id)
