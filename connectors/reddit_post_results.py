"""How one person's posts on Reddit do, and how many have joined the community in which they stand.

Others' posts in a community are none of ours: only what this person posted is told. How many have seen a post Reddit tells its pages
alone.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connectors.answers import canonical
from connectors.posts import PostResult, beginning_of
from connectors.publishing import Network
from connectors.reddit_posts import words_of
from connectors.reddit_site import Posted, RedditSite, address_of, place_named
from connectors.verbatim import fingerprint

# The rest of what is said of a post is about its community, or changes with whoever looks.
_KEPT = (
    "name",
    "title",
    "subreddit",
    "selftext",
    "url",
    "permalink",
    "is_self",
    "created_utc",
    "score",
    "upvote_ratio",
    "num_comments",
    "num_crossposts",
    "removed_by_category",
)


class RedditPostResults:
    def __init__(self, site: RedditSite) -> None:
        self._site = site

    def read(self, place: str, network: Network, since: datetime) -> Iterator[PostResult]:
        return self._rows(place_named(place, network), since)

    def followers(self, place: str, network: Network) -> int | None:
        return _count(self._site.place(place_named(place, network)).subscribers)

    def _rows(self, place: str, since: datetime) -> Iterator[PostResult]:
        """A community that is closed to us, or is none, says so: of our own posts alone it could not be told."""
        self._site.place(place)
        seen: set[str] = set()
        for posted, said in self._site.posted_since(place, since):
            # What is posted while the list is read moves the others on, so that some come twice.
            if posted.name not in seen:
                seen.add(posted.name)
                yield _result(place, posted, said)


def _result(place: str, posted: Posted, said: Any) -> PostResult:
    words = canonical({name: said[name] for name in _KEPT if name in said})
    return PostResult(
        network=Network.REDDIT,
        place_id=place,
        post_id=posted.name,
        post_url=address_of(posted.name),
        published_at=posted.at,
        beginning=beginning_of(words_of(posted)),
        reactions=_count(posted.score),
        comments=_count(posted.num_comments),
        shares=_count(posted.num_crossposts),
        raw=words.decode(),
        raw_hash=fingerprint(words),
    )


def _count(told: int | None) -> int | None:
    """A score falls below nought where more vote against a post than for it, which no counter can say."""
    return None if told is None or not 0 <= told < 2**63 else told
