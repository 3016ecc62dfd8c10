"""How published posts do: what a network counts of each of them, and who follows the place they stand in."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from connectors.publishing import Network

LONGEST_BEGINNING = 300
# What is counted of a post, by the names of the fields of a PostResult.
COUNTERS = (
    "impressions", "views", "reach", "reactions", "comments", "shares", "saves", "clicks", "video_watch_seconds"
)  # fmt: skip


class PostResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A post and its counters since it was published, as they stand now; None is what its network does not tell.

    A counter may fall: people take a reaction back, and a network takes out what programs did. What a network counts and
    what it calls that differs, so that counters of two networks do not add up.
    """

    network: Network
    place_id: str
    post_id: str
    post_url: str
    published_at: datetime
    beginning: str
    """Of its words, as readers see them; empty where it has none."""
    impressions: int | None = None
    views: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    clicks: int | None = None
    video_watch_seconds: int | None = None
    raw: str
    raw_hash: str


def beginning_of(words: str) -> str:
    return words.replace("\0", "").strip()[:LONGEST_BEGINNING]


@runtime_checkable
class ReadsPosts(Protocol):
    """A channel that tells how the posts in its places do, whoever published them."""

    def post_results(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        """Every post that has appeared there since then, newest first, with its counters as of now.

        A counter that is refused for one post is None and costs nothing else. A reading that fails raises a ChannelError;
        each row that it gave before is whole.
        """
        ...

    def followers(self, place: str, network: Network) -> int | None:
        """How many follow the place now, None where its network does not tell."""
        ...
