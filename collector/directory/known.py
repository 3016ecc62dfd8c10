"""The directory itself: dictionaries that the requests read and the refresher writes, in one thread."""

from collections.abc import Mapping

from collector.directory.keys import Key
from collector.directory.links import PreparedLink


class Directory:
    """Serves what it knows also while Postgres is away."""

    def __init__(self) -> None:
        self.is_loaded = False
        self.is_fresh = False
        self.keys: Mapping[str, Key] = {}
        self.default_tenant: int | None = None
        self._links: dict[str, PreparedLink] = {}
        self._slugs: dict[int, str] = {}
        self._origins: frozenset[str] = frozenset()

    @property
    def link_count(self) -> int:
        return len(self._links)

    def link(self, slug: str) -> PreparedLink | None:
        return self._links.get(slug)

    def welcomes(self, origin: str) -> bool:
        """Whether some key, or the lack of one, lets this origin in: what a browser asks before it sends a key."""
        return bool(origin) and (
            self.default_tenant is not None or origin in self._origins or "*" in self._origins
        )

    def learn_keys(self, keys: Mapping[str, Key], default_tenant: int | None) -> None:
        self.keys = keys
        self.default_tenant = default_tenant
        self._origins = frozenset(origin for key in keys.values() for origin in key.origins)

    def learn_all_links(self, links: dict[str, PreparedLink]) -> None:
        self._links = links
        self._slugs = {link.link_id: slug for slug, link in links.items()}

    def learn_links(self, changed: set[int], found: Mapping[str, PreparedLink]) -> None:
        """Takes in the links that changed; those of them that are found no more are forgotten."""
        for link_id in changed:
            self._links.pop(self._slugs.pop(link_id, ""), None)
        for slug, link in found.items():
            self._links[slug] = link
            self._slugs[link.link_id] = slug
