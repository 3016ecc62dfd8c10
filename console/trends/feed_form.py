"""The form of a feed: what was typed, and what it means."""

from dataclasses import asdict, dataclass, replace

from console.frame import form_bodies
from console.trends.bodies import FeedListing
from console.trends.feed_finding import Preview, with_scheme
from marketing_pipelines.trends.publishers import fetching
from marketing_pipelines.trends.seeds import FeedSeed
from store.records.feeds import LONGEST_NAME, Listing


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields, each a text."""

    name: str = ""
    url: str = ""
    topic: str = ""
    language: str = ""
    weight: str = "1"
    interval_minutes: str = "60"
    obeys_robots: str = ""

    @classmethod
    def of(cls, listing: Listing) -> "Typed":
        return cls(
            name=listing.name,
            url=listing.url,
            topic=listing.topic,
            language=listing.language,
            weight=f"{listing.weight:g}",
            interval_minutes=str(listing.interval_minutes),
            obeys_robots="true" if listing.obeys_robots else "",
        )

    @classmethod
    def found(cls, preview: Preview) -> "Typed":
        """What a feed says of itself, to begin with."""
        return cls(name=preview.title[:LONGEST_NAME], url=preview.url, language=preview.language)

    @classmethod
    def unseen(cls, address: str) -> "Typed":
        """What can be said of a feed that nobody has looked at."""
        url = with_scheme(address.strip())
        return cls(name=fetching.host_of(url)[:LONGEST_NAME], url=url)

    @classmethod
    def shipped(cls, seed: FeedSeed) -> "Typed":
        return cls(
            seed.name, str(seed.url), seed.topic, seed.language, f"{seed.weight:g}", str(seed.interval)
        )

    def as_listing(self, before: Listing | None = None) -> Listing:
        """The site's address is the publisher's word or a program's; the form leaves it as it is."""
        said: dict[str, str | bool] = {name: value.strip() for name, value in asdict(self).items()}
        said["obeys_robots"] = bool(self.obeys_robots)
        listing = form_bodies.read(FeedListing, said).as_listing()
        if before is None or before.url != listing.url:
            return listing
        return replace(listing, site_url=before.site_url)
