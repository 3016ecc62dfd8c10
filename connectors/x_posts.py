"""X's posts in the name of the account that somebody has consented for."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from connectors.errors import ChannelError, Duplicate, Invalid
from connectors.publishing import Network, Post, PostLimits, Price, Published, with_link
from connectors.x_api import XApi
from connectors.x_credentials import WHERE
from connectors.x_length import LONGEST, links_in, weighted
from connectors.x_pictures import XPictures
from connectors.x_timeline import Timeline

# By X's list of prices for those who pay per use, November 2026.
PRICE = Price(currency="USD", post=Decimal("0.015"), with_link=Decimal("0.20"), links_in=links_in)
LIMITS = PostLimits(longest_text=LONGEST, length=weighted, link_takes_room=True, price=PRICE)

# X does not say which post it takes another one for; what it remembers is younger than that.
_REMEMBERED = timedelta(days=2)
_LONGEST_LINK = 2000


class _Made(msgspec.Struct):
    id: str


class _Answered(msgspec.Struct):
    data: _Made


class XPosts:
    """One account's word."""

    def __init__(self, api: XApi, timeline: Timeline, pictures: XPictures) -> None:
        self._api, self._timeline, self._pictures = api, timeline, pictures

    def publish(self, place: str, network: Network, post: Post) -> Published:
        words = _words(post)
        speaker = self._timeline.speaker(place, network)
        body: dict[str, Any] = {"text": words}
        if post.image:
            body["media"] = {"media_ids": [self._pictures.bring(post.image)]}
        try:
            made = self._api.write("tweets", body, _Answered).data
        except Duplicate as refused:
            refused.existing_id = self._standing_there(place, network, post)
            raise
        return Published(id=made.id, url=speaker.address_of(made.id))

    def _standing_there(self, place: str, network: Network, post: Post) -> str:
        """The one that X takes it for, where that can be seen."""
        try:
            there = self.published_since(place, network, post, self._api.now() - _REMEMBERED)
        except ChannelError:
            return ""
        return there.id if there else ""

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        """By words alone, whatever became of the white space between them, and of what a link begins with."""
        speaker, wanted = self._timeline.speaker(place, network), _plain(_words(post))
        for page in self._timeline.posted_since(speaker, since):
            for posted, _ in page:
                if _plain(posted.words) == wanted:
                    return Published(id=posted.id, url=speaker.address_of(posted.id))
        return None


def _words(post: Post) -> str:
    """A link stands in the words, at their end unless it is in them."""
    if not post.text.strip():
        raise Invalid(what="a post on X says something", where=WHERE, field="text")
    if post.link and (not post.link.startswith(("https://", "http://")) or len(post.link) > _LONGEST_LINK):
        raise Invalid(
            what=f"is no web address of up to {_LONGEST_LINK} characters", where=WHERE, field="link"
        )
    if (weight := LIMITS.taken_by(post.text, post.link)) > LIMITS.longest_text:
        raise Invalid(what=f"weighs {weight} of {LIMITS.longest_text}", where=WHERE, field="text")
    return with_link(post.text, post.link)


def _plain(words: str) -> list[str]:
    return [each.removeprefix("https://").removeprefix("http://").rstrip("/") for each in words.split()]
